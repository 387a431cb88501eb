"""Airflow's API server with our plugin, as its own process: `python -m tests.browser.serve PORT simple|fab`.

Its settings are in the environment. The databases are made first, with the DAGs, and under FAB with the users: each
person is named after a role, which is also the password.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import uvicorn

ROOT = Path(__file__).resolve().parents[2]
ROLES = ("viewer", "user", "op", "admin")


def main() -> None:
    port, auth_manager = sys.argv[1:]
    os.environ["_AIRFLOW_PROCESS_CONTEXT"] = "server"  # as `airflow api-server` does: connections are in its database
    make_databases()
    if auth_manager == "fab":
        _add_people()
    from airflow.api_fastapi.app import create_app

    uvicorn.run(create_app(apps="core"), host="127.0.0.1", port=int(port), log_level="warning", access_log=False)


def make_databases() -> None:
    """Airflow's own, with the DAGs in it, as the DAG processor stores them."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.utils.db import initdb

    initdb()
    DagBundlesManager().sync_bundles_to_db()
    sync_bag_to_db(DagBag(ROOT / "dags", bundle_path=ROOT / "dags"), "dags-folder", None)


def _add_people() -> None:
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        builder.sm.sync_roles()
        for name in ROLES:
            role = builder.sm.find_role(name.title())
            assert builder.sm.add_user(name, name.title(), "Example", f"{name}@acme.example", role, name)


if __name__ == "__main__":
    main()
