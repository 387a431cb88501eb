"""Shows the stored plan of a sync run, whole: what was, or would be, written, and why.

    python -m include.scripts.plan <sync_run_id> [--csv]

The run's id stands in the log of its task plan, and in the result of task close. Run it where Airflow runs, with
Airflow's environment and PYTHONPATH. Nothing is written and no service is asked. Titles and values are shown only if
CALSYNC_LOG_PERSONAL_DATA is true, and of private items never.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys

from include.calsync.environment import Environment
from include.calsync.errors import CalsyncError
from include.calsync.flows import stored_plan
from include.scripts.commands import in_airflow, opened_store


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m include.scripts.plan",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sync_run_id", help="as the log of task plan names it")
    parser.add_argument("--csv", action="store_true", help="comma-separated, a row for each change")
    asked = parser.parse_args()
    try:
        with in_airflow():
            show(asked.sync_run_id, as_csv=asked.csv)
    except CalsyncError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def show(run_id: str, *, as_csv: bool) -> None:
    """Print the plan. Raises CalsyncError, naming the remedy, if there is none to be read."""
    personal = Environment.from_env(os.environ).log_personal_data
    with opened_store() as engine:
        plan = stored_plan.read(engine, run_id)
    if as_csv:
        out = csv.writer(sys.stdout)
        out.writerow(stored_plan.CSV_HEAD)
        out.writerows(stored_plan.csv_rows(plan, personal=personal))
    else:
        print("\n".join(stored_plan.text(plan, personal=personal)))


if __name__ == "__main__":
    sys.exit(main())
