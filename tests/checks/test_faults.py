"""A sample of the table of faults × outcomes; `make faults` fills in all of it."""

from __future__ import annotations

import ast
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.checks.faults.faults import FAULTS, TESTS
from tests.checks.faults.table import Ask, Table, fill
from tests.proofs import WHOLE

TESTS_FOLDER = Path(__file__).parents[1]
EVERY = 1000
"""Of each fault one case, the one in the middle."""
GROUPS = {"F0": 9, "F1": 19, "F2": 5, "F3": 7, "F4": 7, "F5": 6, "F6": 8, "F7": 6, "F8": 3}
IDS = [f"{group}{number}" if group == "F0" else f"{group}{number:02}" for group, last in GROUPS.items()
       for number in range(1, last + 1)]  # fmt: skip


@pytest.mark.timeout(600)
def test_a_sample_of_the_table() -> None:
    table, chosen = Table(lambda _: None), set(FAULTS) if WHOLE else set(sorted(FAULTS)[::4])
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        fill(table, Ask(chosen, every=EVERY, tests=False), stack, Path(folder))
    assert table.told == []
    assert table.bad_count == 0
    assert {fault for fault in chosen if not table.cases[fault] and fault not in TESTS} == set()
    assert [line.split()[0] for line in table.lines(set(FAULTS))[1:]] == IDS


def test_every_fault_is_in_the_table() -> None:
    assert list(FAULTS) == IDS
    assert set(TESTS) <= set(FAULTS)


def test_a_bad_case_is_counted_and_named() -> None:
    from tests.checks.faults.outcomes import Case

    case = Case.__new__(Case)
    case.bad, case.sent = {"a": ["law 5: no partner"], "f": []}, []
    told: list[str] = []
    table = Table(told.append)
    table.add(["F106"], "--only F106 --at 3", case)
    assert told == ["(a) --only F106 --at 3: law 5: no partner"]
    assert (table.cases["F106"], table.cases["F117"], table.bad["F106", "a"], table.bad_count) == (1, 1, 1, 1)


@pytest.mark.parametrize("node", sorted({node for nodes in TESTS.values() for node in nodes}))
def test_a_story_has_its_test(node: str) -> None:
    file, _, name = node.partition("::")
    tree = ast.parse((TESTS_FOLDER / file).read_text(encoding="utf-8"))
    functions = {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}
    assert name in functions or (name == "test_" and functions)
