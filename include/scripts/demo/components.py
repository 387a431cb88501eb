"""Airflow's components, started for real and waited for."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from include.calsync.store.engine import create_store_engine, migrate
from include.scripts.demo.home import USER, Home
from include.scripts.demo.processes import DemoError, Processes
from include.scripts.demo.rest import Airflow

START_TIMEOUT_S = 300.0
WORK_FOLDER = "components"
AIRFLOW = [sys.executable, "-m", "airflow"]
# Separate components rather than `airflow standalone`, whose log servers would listen on every address.
COMPONENTS = {
    "api-server": ["api-server", "--workers", "1"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}


def start(
    processes: Processes,
    home: Home,
    connections: Callable[[], Mapping[str, Mapping[str, Any]]],
    dags: set[str],
    say: Callable[[str], None],
) -> Airflow:
    """Migrate both databases, start Airflow, store the connections, and wait for the DAGs. Raises DemoError."""
    processes.run("migrate-airflow", [*AIRFLOW, "db", "migrate"])
    migrate(create_store_engine(f"sqlite:///{home.store}"))
    say("databases of Airflow and calsync are migrated")
    for name, command in COMPONENTS.items():
        processes.start(name, [*AIRFLOW, *command])
    airflow = Airflow(home.url)
    wait(processes, "Airflow's components", lambda: set(airflow.health().values()) == {"healthy"}, START_TIMEOUT_S)
    airflow.login(USER, home.password)
    say(f"Airflow runs at {home.url}, login {USER} / {home.password}")
    for conn_id, fields in connections().items():
        airflow.connect(conn_id, fields)
    airflow.connect("calsync_db", {"conn_type": "sqlite", "host": str(home.store)})
    say("connections are in Airflow: Admin > Connections")
    wait(processes, "the DAGs", lambda: _known(airflow, dags), START_TIMEOUT_S)
    return airflow


def _known(airflow: Airflow, dags: set[str]) -> bool:
    errors = airflow.import_errors()
    if errors:
        raise DemoError("Airflow could not import the DAGs:\n" + "\n".join(errors))
    return airflow.dag_ids() >= dags


def wait(processes: Processes, what: str, done: Callable[[], bool], timeout_s: float, pause_s: float = 0.5) -> None:
    """Ask every `pause_s` until it is done. Raises DemoError when a component ends, or after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not done():
        processes.check()
        if time.monotonic() > deadline:
            raise DemoError(f"{what} not ready after {timeout_s:.0f} s; logs: {processes.logs}")
        time.sleep(pause_s)
