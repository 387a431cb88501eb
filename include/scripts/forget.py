"""Blanks what the database keeps of a person: in the log of writes, plans, what ended pairs held, and notices.

    python -m include.calsync.forget <address | person:ID | user:ID> [--yes]

It finds every item that names the address, or the person or user of Pipedrive, and blanks all that is kept of it. That
it was written, when, and why, stays. Without --yes it only counts. Delete the items in Pipedrive and Google first, and
let a run see it: what pairs hold is needed as long as they live, and comes from there. Run it where Airflow runs, while
no run is at work. The services are not asked. It ends with 0, or with 1 if it could not be done.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from include.calsync.core.persons import person
from include.calsync.errors import CalsyncError
from include.calsync.flows.forget import Forgotten, forget
from include.scripts.commands import in_airflow, opened_store

PROGRAM = "python -m include.calsync.forget"
BLANKED = {
    "log": "entries of the log of writes: their values",
    "deciders": "entries of the log of writes, and holds: who decided them",
    "plans": "rows of plans: their values",
    "ended": "ended pairs: what they held, which made whole what comes back",
    "looked_up": "users and persons as they were looked up",
    "settings": "drafts, earlier versions, and removed accounts: their settings",
    "runs": "settings that runs took, of accounts that are removed or name somebody else by now",
    "links": "links to consent pages",
    "savers": "versions and drafts of settings: who saved them",
    "notices": "notices and results of runs: the address",
}
STAYS = {
    "pairs": "pairs of items that live. Delete the items in Pipedrive and Google, let a run see it, and repeat this",
    "attendees": "meetings of several calendars, as long as they live",
    "held": "changes that wait for a decision. Decide them, and repeat this",
    "accounts": "accounts that name the person. Change or remove them, let a run see it, and repeat this",
    "unfinished": "changes that are not finished. Let a run finish them, and repeat this",
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("person", help="an e-mail address, or person:17 or user:11 with the id in Pipedrive")
    parser.add_argument("--yes", action="store_true", help="do it; without it, only count")
    asked = parser.parse_args(arguments)
    try:
        who = person(asked.person)
        with in_airflow(), opened_store() as engine:
            _show(forget(engine, who, do=asked.yes), done=asked.yes)
    except (CalsyncError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _show(forgotten: Forgotten, *, done: bool) -> None:
    print("Blanked:" if done else "To be blanked (nothing is done without --yes):")
    for name, count in forgotten.blanked.items():
        print(f"  {count:6}  {BLANKED[name]}")
    if any(forgotten.stays.values()):
        print("Stays for now:")
        for name, count in forgotten.stays.items():
            if count:
                print(f"  {count:6}  {STAYS[name]}")


if __name__ == "__main__":
    sys.exit(main())
