"""Filling the table: which cases there are, and what was wrong with each."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tests.checks.faults import deaths, strikes
from tests.checks.faults.faults import FAULTS, TESTS
from tests.checks.faults.outcomes import LETTERS, Case, secrets_of, untouched
from tests.checks.faults.work import Moment, make
from tests.store.conftest import Databases

ROOT = Path(__file__).parents[3]
NO_BATCH = ("F117", "F118")
Judged = Callable[[Any], Case]


@dataclass(frozen=True)
class Ask:
    """What to fill in: faults, and of their cases those with number `at`, and each `every`th (at least one)."""

    ids: set[str]
    at: int | None = None
    every: int = 1
    tests: bool = True


@dataclass
class Table:
    """Cases and bad cases by fault; bad ones by outcome too. `say` is told of each bad case, and of how far it is."""

    say: Callable[[str], object]
    cases: Counter[str] = field(default_factory=Counter)
    bad: Counter[tuple[str, str]] = field(default_factory=Counter)
    tests: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Passed and failed tests."""
    told: list[str] = field(default_factory=list)

    def add(self, ids: Iterable[str], name: str, case: Case) -> None:
        """One case that was judged; it counts for each of these faults."""
        known = list(ids)
        if any("batch" in request.path for request in case.sent):
            case.note("e", "a batch was sent")
        self.cases.update([*known, *NO_BATCH, "F803"])
        for letter, texts in case.bad.items():
            if texts:
                self.bad.update((each, letter) for each in (*known, *(["F803"] if letter == "f" else [])))
                self.told.append(f"({letter}) {name}: {texts[0]}")
                self.say(self.told[-1][:1500])

    @property
    def cases_count(self) -> int:
        """Cases that were judged, each once, whatever faults it is one of; and tests."""
        return self.cases[NO_BATCH[0]] + sum(map(sum, self.tests.values()))

    @property
    def bad_count(self) -> int:
        return sum(self.bad.values()) + sum(failed for _, failed in self.tests.values())

    def lines(self, ids: set[str]) -> list[str]:
        """The table, printed."""
        width = max(map(len, FAULTS.values()))
        columns = "".join(f"{f'({letter})':>5}" for letter in LETTERS)
        out = [f"{'id':5}{'fault':{width}}{'cases':>7}{columns}{'tests':>7}{'failed':>8}{'bad':>6}"]
        for fault, text in FAULTS.items():
            if fault not in ids:
                continue
            passed, failed = self.tests.get(fault, (0, 0))
            cells = [self.bad[fault, letter] for letter in LETTERS]
            shown = "".join(f"{cell if self.cases[fault] else '':>5}" for cell in cells)
            tests = f"{passed + failed or '':>7}{failed if passed + failed else '':>8}"
            out.append(f"{fault:5}{text:{width}}{self.cases[fault] or '':>7}{shown}{tests}{sum(cells) + failed:>6}")
        return out


def fill(table: Table, ask: Ask, stack: ExitStack, folder: Path, databases: Databases | None = None) -> Table:
    """Judge all cases that are asked for."""
    work = make(stack, folder, databases)
    moment, secrets = Moment(work, databases), secrets_of(work.company)
    want, requests = untouched(moment, secrets)
    struck = [(spec, (spec.strike.id,)) for spec in strikes.specs(requests)]
    _judge(table, ask, struck, lambda spec: strikes.judge(spec, moment, secrets, want))
    if ask.ids & {"F01", "F02", "F03", "F04", "F05", "F07", "F08", "F09", "F701", "F702"}:
        victims = deaths.Victims(stack, folder)
        steps = deaths.steps_of(moment, victims)
        moment.restore()
        died = [(death, death.ids) for death in deaths.deaths(work, steps)]
        _judge(table, ask, died, lambda death: deaths.judge(death, moment, secrets, want, victims))
        failed = [(trouble, (trouble.id,)) for trouble in deaths.store_troubles(steps)]
        _judge(table, ask, failed, lambda trouble: deaths.judge_store(trouble, moment, secrets, want))
    if ask.tests:
        table.tests |= run_tests({fault: TESTS[fault] for fault in TESTS if fault in ask.ids})
    return table


def _judge(table: Table, ask: Ask, cases: Sequence[tuple[Any, tuple[str, ...]]], judge: Judged) -> None:
    wanted: dict[int, None] = {}
    for fault in FAULTS:
        if fault in ask.ids:
            mine = [at for at, (_, ids) in enumerate(cases) if fault in ids]
            # One that is in the middle, if no more are asked for.
            wanted |= dict.fromkeys(mine[min(ask.every, len(mine)) // 2 :: ask.every])
    for number, at in enumerate(sorted(wanted)):
        case, ids = cases[at]
        if number % 100 == 0:
            table.say(f"{number} of {len(wanted)} like «{case}»; {table.bad_count} bad")
        if ask.at is None or case.at == ask.at:
            table.add(set(ids) & ask.ids, str(case), judge(case))


def run_tests(nodes: dict[str, tuple[str, ...]]) -> dict[str, tuple[int, int]]:
    """Passed and failed tests by fault; a test that was not found is a failed one."""
    files = sorted({node.removesuffix("::test_") for group in nodes.values() for node in group})
    if not files:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *(f"tests/{file}" for file in files)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "plugins")])}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if not report.exists():
            raise RuntimeError(f"pytest made no report: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        outcome: dict[str, list[bool]] = defaultdict(list)
        for each in ElementTree.parse(report).iter("testcase"):
            file = each.get("classname", "").removeprefix("tests.").replace(".", "/") + ".py"
            name = re.sub(r"\[.*", "", each.get("name", ""), flags=re.DOTALL)
            passed = not any(child.tag in ("failure", "error", "skipped") for child in each)
            outcome[f"{file}::{name}"].append(passed)
            outcome[f"{file}::test_"].append(passed)
    counts = {}
    for fault, group in nodes.items():
        results = [passed for node in group for passed in outcome.get(node, [False])]
        counts[fault] = (sum(results), len(results) - sum(results))
    return counts
