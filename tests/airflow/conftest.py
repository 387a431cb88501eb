"""Airflow as deployed: the project's folders, and a database of its own in the private AIRFLOW_HOME."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from include.sandbox.server import Sandbox
from tests.flows.world import World

ROOT = Path(__file__).resolve().parents[2]

# Read at the first import of airflow, which is why they are set here.
os.environ |= {
    "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
    "AIRFLOW__API_AUTH__JWT_SECRET": "x" * 64,
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{os.environ['AIRFLOW_HOME']}/airflow.db",
}

Connect = Callable[..., str]


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Connect:
    """`connect("pipedrive_default", conn_type="pipedrive", host=…)` defines an Airflow connection; returns its id."""

    def define(conn_id: str, **fields: Any) -> str:
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(fields))
        return conn_id

    return define


@pytest.fixture
def world(sandbox: Sandbox, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A company whose store and services are in Airflow's connections."""
    connect("calsync_db", conn_type="sqlite", host=str(tmp_path / "calsync.db"))
    world = World(sandbox, tmp_path, f"sqlite:///{tmp_path / 'calsync.db'}")
    token = world.tokens["pipedrive_default"]
    connect("pipedrive_default", conn_type="pipedrive", host=sandbox.pipedrive.url, password=token)
    extra = {"keyfile_dict": world.google.service_account_key(), "api_endpoint": sandbox.google.url}
    connect("google_calendar_default", conn_type="google_calendar", extra=extra)
    monkeypatch.setenv("CALSYNC_ACCOUNTS_FILE", str(world.accounts_file))
    monkeypatch.setenv("CALSYNC_DEPLOYMENT", "sandbox")
    return world


@pytest.fixture(scope="session")
def airflow_database() -> None:
    """Airflow's tables, made once per test process."""
    from airflow.utils.db import initdb

    initdb()
