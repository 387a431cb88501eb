"""Says why an activity or event is, or is not, synced: what is known of it, what was decided, and what waits.

    python -m include.calsync.explain <id or link> [--account NAME] [--personal]

A number is the id of an activity, anything else that of an event; the address of its page in Pipedrive or Google
Calendar does as well. Run it where Airflow runs, with Airflow's environment and PYTHONPATH. Nothing is written. Only an
item that is not linked is asked for at its service. It ends with 0 if anything is known of the item, else with 1.

Titles and values are shown only if CALSYNC_LOG_PERSONAL_DATA is true, or with --personal: who sits at the shell decides
whether they may stand there. Of private items they are never shown.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from include.calsync.core.item_ids import item_id
from include.calsync.errors import CalsyncError
from include.calsync.flows import explain_text
from include.calsync.flows.explain import explain
from include.scripts.commands import environment_now, in_airflow, opened_store, reading_services

PROGRAM = "python -m include.calsync.explain"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("item", help="id or address of an activity or event")
    parser.add_argument("--account", help="the account to ask for an item that is not linked")
    parser.add_argument("--personal", action="store_true", help="show titles and values, but of private items")
    asked = parser.parse_args(arguments)
    try:
        with in_airflow():
            return _show(asked.item, asked.account, personal=asked.personal)
    except (CalsyncError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1


def _show(item: str, account: str | None, *, personal: bool) -> int:
    named, environment = item_id(item), environment_now()
    with opened_store() as store, reading_services(environment, store) as services:
        found = explain(services, named, account=account)
        for line in explain_text.text(found, personal=personal or environment.log_personal_data):
            print(line)
    return 0 if found.is_known else 1


if __name__ == "__main__":
    sys.exit(main())
