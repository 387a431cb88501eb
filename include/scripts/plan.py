"""Shows the stored plan of a sync run, whole: what was, or would be, written, and why.

    python -m include.scripts.plan <sync_run_id> [--csv]

The run's id stands in the log of its task plan, and in the result of task close. Run it where Airflow runs, with
Airflow's environment and PYTHONPATH. Nothing is written and no service is asked. Titles and values are shown only if
CALSYNC_LOG_PERSONAL_DATA is true, and of private items never.
"""

from __future__ import annotations

import argparse
import csv
import logging
import os
import sys
import warnings
from pathlib import Path

from include.calsync.environment import Environment
from include.calsync.errors import CalsyncError, SettingsError
from include.calsync.flows import stored_plan
from include.calsync.store.engine import create_store_engine
from include.calsync.store.schema import is_current, schema_state

PLUGINS = str(Path(__file__).resolve().parents[2] / "plugins")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m include.scripts.plan",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sync_run_id", help="as the log of task plan names it")
    parser.add_argument("--csv", action="store_true", help="comma-separated, a row for each change")
    asked = parser.parse_args()
    # Like `airflow connections`: else connections of Airflow's database are not looked at.
    os.environ["_AIRFLOW_PROCESS_CONTEXT"] = "server"
    if PLUGINS not in sys.path:
        sys.path.append(PLUGINS)
    logging.disable(logging.WARNING)  # libraries have much to tell
    try:
        with warnings.catch_warnings(action="ignore"):
            show(asked.sync_run_id, as_csv=asked.csv)
    except CalsyncError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        logging.disable(logging.NOTSET)
    return 0


def show(run_id: str, *, as_csv: bool) -> None:
    """Print the plan. Raises CalsyncError, naming the remedy, if there is none to be read."""
    from calsync_airflow.hooks.store import StoreHook

    personal = Environment.from_env(os.environ).log_personal_data
    url = StoreHook().get_url()
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        raise SettingsError([f"Start a run first: {url.database} does not exist yet."])
    engine = create_store_engine(url.render_as_string(hide_password=False))
    try:
        is_well, state = schema_state(engine)
        if not is_well or not is_current(engine):
            raise SettingsError([f"Connection calsync_db: {state}"])
        plan = stored_plan.read(engine, run_id)
    finally:
        engine.dispose()
    if as_csv:
        out = csv.writer(sys.stdout)
        out.writerow(stored_plan.CSV_HEAD)
        out.writerows(stored_plan.csv_rows(plan, personal=personal))
    else:
        print("\n".join(stored_plan.text(plan, personal=personal)))


if __name__ == "__main__":
    sys.exit(main())
