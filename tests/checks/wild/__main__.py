"""Fetches calendars that nobody here wrote, imports them into the sandbox's Google Calendar, and syncs them.

python -m tests.checks.wild            # make wild: exits 0 if all is well, 1 if not, 2 if nothing was fetched
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from include.sandbox.server import Sandbox
from include.scripts.demo.tables import table
from tests.checks.wild.check import Check, Report, years_of
from tests.checks.wild.fetch import CalendarFile, NotFetched, calendar_files
from tests.checks.wild.load import describe

SHOWN_PROBLEMS = 50
# A store in memory spares thousands of waits for a disk that nobody will read again.
MEMORY = Path("/dev/shm")


def main() -> int:
    logging.basicConfig(level=logging.ERROR)
    warnings.simplefilter("ignore")  # of the icalendar library, about zones that it has to guess
    try:
        files = calendar_files()
    except NotFetched as error:
        print(f"wild: {error}", file=sys.stderr)
        return 2
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        reports = [check(files, Path(folder), year) for year in (None, *years_of(files))]
    show(reports[0])
    show_series(reports)
    found = [text for report in reports for text in report.problems]
    print(f"\n{len(found)} problems, {time.monotonic() - begun:.0f} s")
    for text in found[:SHOWN_PROBLEMS]:
        print(f"  {text}")
    return 1 if found else 0


def check(files: Sequence[CalendarFile], folder: Path, year: int | None) -> Report:
    """One company, at today's time or that year's."""
    packages = sorted({file.package for file in files})
    with Sandbox() as sandbox:
        return Check(sandbox, folder / str(year), packages, year, tell=lambda text: print(text, flush=True)).run(files)


def show(report: Report) -> None:
    """Print what became of everything today."""
    names = list(report.loads)
    counts = {name: Counter(describe(load)) for name, load in report.loads.items()}
    for name, load in report.loads.items():
        deleted = sum("deleted" in item.reasons for item in load.events.values())
        counts[name] |= Counter({"  made an activity": report.made[name], "  deleted in Google": deleted})
        counts[name] |= Counter({f"  skipped: {reason}": n for reason, n in report.skipped[name].items()})
    labels = list(dict.fromkeys(label for counted in counts.values() for label in counted))
    counts["all"] = sum(counts.values(), Counter[str]())
    rows = [(label, *(counted[label] for counted in counts.values())) for label in labels]
    print("\n" + table(("calendars from the wild", *names, "all"), rows))
    refused = sum((load.refused for load in report.loads.values()), Counter[str]())
    print("\n" + table(("refused by Google", "VEVENTs"), refused.most_common()))
    print("\n" + table(("sync", "write requests"), report.writes.items()))
    for load in report.loads.values():
        for text in load.unreadable:
            print(f"  unreadable: {text}")


def show_series(reports: Sequence[Report]) -> None:
    """Print what was compared of series, by the time at which they were synced."""
    head = ("synced in", "series", "of them compared", "occurrences compared", "later writes", "problems", "seconds")
    rows = [
        (
            report.name, report.series_count, report.expected.series_count, len(report.expected.occurrences),
            sum(list(report.writes.values())[2:]), len(report.problems), round(report.seconds),
        )
        for report in reports
    ]  # fmt: skip
    print("\n" + table(head, [*rows, ("all", *(sum(column) for column in list(zip(*rows, strict=True))[1:]))]))
    told = sum((report.expected.reasons for report in reports), Counter[str]())
    print("\n" + table(("not compared, or not as it stands in the file", "times"), told.most_common()))


if __name__ == "__main__":
    sys.exit(main())
