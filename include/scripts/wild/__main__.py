"""Fetches calendars that nobody here wrote, imports them into the sandbox's Google Calendar, and syncs them.

python -m include.scripts.wild            # make wild: exits 0 if all is well, 1 if not, 2 if nothing was fetched
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

from include.sandbox.server import Sandbox
from include.scripts.demo.tables import table
from include.scripts.wild.check import Check, Report
from include.scripts.wild.fetch import NotFetched, calendar_files
from include.scripts.wild.load import describe

SHOWN_PROBLEMS = 50


def main() -> int:
    logging.basicConfig(level=logging.ERROR)
    warnings.simplefilter("ignore")  # of the icalendar library, about zones that it has to guess
    try:
        files = calendar_files()
    except NotFetched as error:
        print(f"wild: {error}", file=sys.stderr)
        return 2
    begun = time.monotonic()
    packages = sorted({file.package for file in files})
    with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox:
        report = Check(sandbox, Path(folder), packages).run(files)
    show(report)
    print(f"\n{len(report.problems)} problems, {time.monotonic() - begun:.0f} s")
    for text in report.problems[:SHOWN_PROBLEMS]:
        print(f"  {text}")
    return 1 if report.problems else 0


def show(report: Report) -> None:
    """Print what became of everything."""
    names = list(report.loads)
    counts = {name: Counter(describe(load)) for name, load in report.loads.items()}
    for name, load in report.loads.items():
        deleted = sum("deleted" in item.reasons for item in load.events.values())
        counts[name] |= Counter({"  made an activity": report.made[name], "  deleted in Google": deleted})
        counts[name] |= Counter({f"  skipped: {reason}": n for reason, n in report.skipped[name].items()})
    labels = list(dict.fromkeys(label for counted in counts.values() for label in counted))
    counts["all"] = sum(counts.values(), Counter[str]())
    rows = [(label, *(counted[label] for counted in counts.values())) for label in labels]
    print(table(("calendars from the wild", *names, "all"), rows))
    refused = sum((load.refused for load in report.loads.values()), Counter[str]())
    print("\n" + table(("refused by Google", "VEVENTs"), refused.most_common()))
    print("\n" + table(("sync", "write requests"), report.writes.items()))
    for load in report.loads.values():
        for text in load.unreadable:
            print(f"  unreadable: {text}")


if __name__ == "__main__":
    sys.exit(main())
