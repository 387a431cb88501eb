"""The bench beside peers, on a few items: what is ours of it. The peers' environment is not made here."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.checks.peers import bare, items
from tests.checks.peers.__main__ import LOCK, WHOLE, wrong
from tests.checks.peers.measured import Figure, in_process, measured, middle
from tests.checks.peers.product import Company
from tests.checks.peers.report import FAULTS, Line, Report, cells, picture, printed
from tests.checks.peers.rows import LEAST, Rows, make_rows

COUNT = 200
HERE = Path(sys.executable)


def test_the_product_finds_what_the_loop_over_dicts_finds_in_the_lowest_bits_too(tmp_path):
    rows = make_rows(COUNT * 10)
    rows.write(tmp_path)
    assert Rows.read(tmp_path) == rows
    found = {name: bare.OURS[name](rows)().outcome() for name in bare.OURS}
    assert len(set(found.values())) == 1
    bases = dict(zip(rows.keys, rows.first_base, strict=True))
    seen = dict(zip(rows.first_keys, rows.first_seen, strict=True))
    assert any(seen[key] ^ base == 1 for key, base in bases.items())
    assert min(rows.keys) >= LEAST > 2**53


def test_floats_would_be_found_out():
    rows = make_rows(COUNT * 10)
    floats = Rows(**{name: [int(float(value)) for value in values] for name, values in vars(rows).items()})
    assert bare.dicts(floats)().outcome() != bare.dicts(rows)().outcome()


@pytest.mark.parametrize("name", bare.OURS)
def test_a_contender_runs_in_a_process_of_its_own(tmp_path, name):
    make_rows(COUNT).write(tmp_path)
    figure = in_process(HERE, "bare", name, str(tmp_path), "2")
    assert figure.outcome.startswith("1 1 1 1 ")  # two links differ: one on each side
    assert figure.seconds > 0
    assert figure.memory_before > 0


def test_a_contender_that_fails_says_why(tmp_path):
    with pytest.raises(RuntimeError, match="No such file"):
        in_process(HERE, "bare", "dicts", str(tmp_path), "1")


def test_memory_is_what_the_work_added():
    figure, made = measured(lambda: bytearray(b"x" * 50_000_000))
    assert len(made) == 50_000_000
    assert figure.memory_added >= 45


def test_runs_of_one_contender_come_to_the_same():
    runs = [Figure(seconds, 1, 1, 1, "0 written", {"plan": seconds}) for seconds in (3, 1, 2)]
    assert (middle(runs).seconds, middle(runs).parts) == (2, {"plan": 2})
    with pytest.raises(ValueError, match="differ"):
        middle([*runs, Figure(1, 1, 1, 1, "1 written")])


def test_the_products_runs_write_what_was_edited_and_nothing_else(tmp_path):
    with Company(tmp_path, COUNT) as company:
        lines = [Line(case, "calsync", company.run(case)) for case in WHOLE]
    assert [line.figure.outcome for line in lines] == ["0 written", "0 written", "2 written"]
    assert all("plan" in line.figure.parts for line in lines)


def test_both_forms_of_a_meeting_say_the_same():
    for edition in (0, 1):
        shown, text = items.meeting(7, edition), items.calendar(7, edition)
        assert json.loads(items.line(7, edition)) == shown
        assert f"UID:{shown['id']}\r\n" in text
        assert f"SUMMARY:{shown['subject']}\r\n" in text
    assert [number for number in range(COUNT) if items.edition(number, "changed")] == [0, 100]


def _report(**outcomes: str) -> Report:
    right = {"calsync": "1 1", "dicts": "1 1", "datacompy": "0 1"} | outcomes
    lines = [Line("diff", name, Figure(1, seconds, 1, 1, right[name])) for seconds, name in enumerate(right, 1)]
    written = Figure(1, 1, 1, 1, "0 written", {"plan": 1.5})
    return Report(COUNT, COUNT, 1, [*lines, Line("compared", "calsync", written)])


def test_the_report_names_the_wrong_result_and_shows_each_bar():
    report = _report()
    assert not wrong(report)
    assert wrong(_report(calsync="0 1")) == ["diff, calsync: 0 1, not 1 1"]
    assert [row[2] for row in cells(report, "diff")] == ["", "2 ×", "3 ×"]
    assert FAULTS["datacompy"] in printed(report)
    assert "`plan` 1.5" in printed(report)
    bars = ElementTree.fromstring(picture(report)).findall("{http://www.w3.org/2000/svg}rect")
    assert len(bars) == 1 + len(report.lines)


def test_the_lock_names_each_peer_with_a_hash():
    lines = LOCK.with_suffix(".in").read_text().splitlines()
    asked = [line for line in lines if not line.startswith("#")]
    locked = LOCK.read_text()
    assert len(asked) == 6
    for name in asked:
        _, found, pinned = locked.partition(f"\n{name}==")
        assert found
        assert "--hash=sha256:" in pinned.partition("\n    # via")[0]
