"""Measures calsync beside other programs that sync or compare. Figures are printed.

    python -m tests.checks.peers                                  # make bench ARGS=--peers
    python -m tests.checks.peers --items 2000 --rows 100000 --runs 1

Each contender is a process of its own: in the bare diff one for all its runs, in the whole syncs one for each. Exits 1
if a contender wrote what nobody edited, or has another result of the bare diff than the loop over dicts, except where
that is the contender's known fault (`report.FAULTS`).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from tests.checks import environment
from tests.checks.peers import bare, whole
from tests.checks.peers.items import CHANGED_EVERY
from tests.checks.peers.measured import Figure, in_process, middle
from tests.checks.peers.product import Company
from tests.checks.peers.report import FAULTS, Line, Report, printed
from tests.checks.peers.rows import make_rows

LOCK = Path(__file__).with_name("requirements.txt")

WHOLE = {
    "known": ("calsync", "vdirsyncer"),
    "compared": ("calsync", *whole.PEERS),
    "changed": ("calsync", *whole.PEERS),
}
"""Who takes part in which case of the whole syncs. Only two can know without reading that nothing was edited."""


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=--peers", description=__doc__.partition("\n")[0])
    parser.add_argument("--items", type=int, default=20_000, help="linked pairs of the whole syncs (default: 20,000)")
    parser.add_argument("--rows", type=int, default=1_000_000, help="links of the bare diff (default: 1,000,000)")
    parser.add_argument("--runs", type=int, default=3, help="of each contender; medians are shown (default: 3)")
    given = parser.parse_args(arguments)
    report = Report(given.items, given.rows, given.runs)
    measure(report)
    print(f"\n{printed(report)}")
    problems = wrong(report)
    for problem in problems:
        print(f"wrong: {problem}")
    return 1 if problems else 0


def measure(report: Report) -> None:
    """Let all contenders run, and put their figures into the report."""
    peers = environment.python("peers", LOCK)
    bare_lines = of_bare_diff(peers, report.rows, report.runs)
    for line in chain(bare_lines, of_whole_syncs(peers, report.items, report.runs)):
        report.lines.append(line)
        print(f"{line.work}, {line.contender}: {line.figure.cpu_s:.2f} s of CPU, {line.figure.outcome}", flush=True)


def of_bare_diff(peers: Path, count: int, runs: int) -> Iterator[Line]:
    """The bare diff, contender by contender."""
    with tempfile.TemporaryDirectory() as folder:
        make_rows(count).write(Path(folder))
        for names, python in ((bare.OURS, Path(sys.executable)), (bare.PEERS, peers)):
            for name in names:
                yield Line("diff", name, in_process(python, "bare", name, folder, str(runs)))


def of_whole_syncs(peers: Path, count: int, runs: int) -> Iterator[Line]:
    """The whole syncs, case by case; all contenders of a case one after the other."""
    with tempfile.TemporaryDirectory() as folder, Company(Path(folder), count) as company:

        def run(name: str, case: str) -> Figure:
            if name == "calsync":
                return company.run(case)
            return in_process(peers, "whole", name, case, str(count), folder)

        for name in whole.PEERS:
            run(name, "prepared")
        for case, names in WHOLE.items():
            for name in names:
                yield Line(case, name, middle([run(name, case) for _ in range(runs)]))


def wrong(report: Report) -> list[str]:
    """What should not have come out."""
    oracle = next(line.figure.outcome for line in report.lines if line.contender == "dicts")
    written = {"known": 0, "compared": 0, "changed": len(range(0, report.items, CHANGED_EVERY))}
    problems = []
    for line in report.lines:
        expected = oracle if line.work == "diff" else f"{written[line.work]} written"
        if line.figure.outcome != expected and line.contender not in FAULTS:
            problems.append(f"{line.work}, {line.contender}: {line.figure.outcome}, not {expected}")
    return problems


if __name__ == "__main__":
    sys.exit(main())
