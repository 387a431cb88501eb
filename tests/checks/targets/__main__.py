"""The whole bench: what calsync was to reach, beside what it reaches, and the other programs beside it.

    python -m tests.checks.targets                            # make bench: all of it, an hour; nothing else should run
    python -m tests.checks.targets --only one_user,records    # single works, printed
    python -m tests.checks.targets --docs                     # and docs/benchmarks.md with its picture is written
    python -m tests.checks.targets --resume --docs            # goes on where one was cut off

Figures are printed: a target that is not reached fails nothing. A run that writes what nobody edited does.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator

from tests.checks.peers import __main__ as peers
from tests.checks.peers.report import Report, write
from tests.checks.runs import __main__ as airflow_runs
from tests.checks.targets import imports, kept, pairs, users
from tests.checks.targets.line import HEAD, Line, markdown

ALONE: dict[str, Callable[[], Iterator[Line]]] = {
    "quiet": lambda: pairs.quiet(pairs.FEW, pairs.MANY, 3),
    "edited": lambda: pairs.edited(pairs.EDITED),
    "one_user": lambda: users.one_user(900),
    "many_users": lambda: users.many_users(3_000, 50),
    "memory": lambda: users.upload_memory(10_000, 100_000),
    "accounts": lambda: users.many_accounts(500),
    "records": lambda: users.records(20, 30),
    "imports": lambda: imports.dag_files(5),
    "runs": airflow_runs.lines,
}
"""Works of calsync's own."""


def main(arguments: list[str]) -> int:
    """Measure, print, and write where that is asked for."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", help=f"single works, of: {', '.join([*ALONE, 'beside'])}")
    parser.add_argument("--docs", action="store_true", help="write docs/benchmarks.md and its picture")
    parser.add_argument("--resume", action="store_true", help="measure only what the last run did not come to")
    given = parser.parse_args(arguments)
    asked = [name for name in given.only.split(",") if name] or [*ALONE, "beside"]
    if unknown := set(asked) - {*ALONE, "beside"}:
        parser.error(f"--only: no work is called {', '.join(sorted(unknown))}")
    report = Report(pairs.COMPARED, 1_000_000, 3)
    known = kept.read() if given.resume else {}
    for name in asked:
        known[name] = list(shown(known.get(name) or (ALONE[name]() if name in ALONE else beside(report))))
        kept.write(known)
    lines = [line for name in asked for line in known[name]]
    from include.scripts.demo.tables import table

    print(table(HEAD, [line.cells() for line in lines]))
    print(report.circumstances())
    if given.docs:
        write(report, markdown(lines))
    problems = peers.wrong(report) if report.lines else []
    for problem in problems:
        print(f"wrong: {problem}")
    return 1 if problems else 0


def shown(lines: Iterable[Line]) -> Iterator[Line]:
    """The lines, each printed as soon as it is there."""
    for line in lines:
        print(" · ".join(line.cells()), flush=True)
        yield line


def beside(report: Report) -> Iterator[Line]:
    """The other programs beside calsync, into the report; and the targets that are ratios to theirs."""
    peers.measure(report)
    figures = {line.contender: line.figure for line in report.of("diff")}
    own, dicts = figures["calsync"], figures["dicts"]
    yield Line(
        f"three-way diff of {report.rows:,} rows in pandas, 1 % changed, as the loop over dicts finds them",
        f"{own.seconds:.2f} s, {dicts.seconds / own.seconds:.1f} × faster than dicts",
        "0.9 s, 2 × faster",
        own.seconds <= 0.9 and dicts.seconds >= 2 * own.seconds,
    )
    wholes = {line.contender: line.figure for line in report.of("compared")}
    yield from pairs.compared(wholes["calsync"], wholes["vdirsyncer"], pairs.COMPARED_MANY)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
