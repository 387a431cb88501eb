"""Connection `calsync_db`: which database it names, and what happens without it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from calsync_airflow.hooks.store import StoreHook
from include.calsync.errors import SettingsError
from include.calsync.store.engine import migrate, reading
from tests.airflow.conftest import Connect


def _url(connect: Connect, **fields: Any) -> str:
    connect("calsync_db", **fields)
    return StoreHook().get_url().render_as_string(hide_password=False)


def test_absent_means_a_file_in_airflow_home() -> None:
    assert str(StoreHook().get_url()) == f"sqlite:///{os.environ['AIRFLOW_HOME']}/calsync.db"


def test_sqlite_file_works(connect: Connect, tmp_path: Path) -> None:
    connect("calsync_db", conn_type="sqlite", host=str(tmp_path / "store.db"))
    engine = StoreHook().get_conn()
    migrate(engine)
    with reading(engine) as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM account").scalar_one() == 0
    engine.dispose()
    assert (tmp_path / "store.db").exists()


def test_sqlite_as_a_uri(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_CALSYNC_DB", "sqlite:////var/lib/calsync.db")
    assert str(StoreHook().get_url()) == "sqlite:////var/lib/calsync.db"


@pytest.mark.parametrize("conn_type", ["postgres", "postgresql"])
def test_postgres_goes_through_psycopg_3(connect: Connect, conn_type: str) -> None:
    fields = {"host": "db.example", "port": 5433, "login": "calsync", "password": "p@ss/:word", "schema": "calsync"}
    assert _url(connect, conn_type=conn_type, **fields, extra={"sslmode": "require", "options": ""}) == (
        "postgresql+psycopg://calsync:p%40ss%2F%3Aword@db.example:5433/calsync?sslmode=require"
    )


def test_postgres_by_a_socket(connect: Connect) -> None:
    """A folder as host: PostgreSQL on the same machine. An address can hold it among its options only."""
    url = _url(connect, conn_type="postgres", host="/run/postgresql", login="calsync", schema="calsync")
    read = make_url(url)
    assert (read.host, read.query["host"], read.database) == (None, "/run/postgresql", "calsync")


def test_postgres_as_a_uri(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_CALSYNC_DB", "postgresql://calsync:secret-word@db.example/calsync?sslmode=require")
    assert str(StoreHook().get_url()) == "postgresql+psycopg://calsync:***@db.example/calsync?sslmode=require"


@pytest.mark.parametrize(
    ("fields", "remedy"),
    [
        ({"conn_type": "mysql", "host": "db"}, "use postgres or sqlite"),
        ({"conn_type": "sqlite", "host": "calsync.db"}, "absolute path"),
        ({"conn_type": "sqlite"}, "absolute path"),
        ({"conn_type": "postgres", "host": "db", "password": "secret-word"}, "host and database"),
        ({"conn_type": "postgres", "schema": "calsync"}, "host and database"),
        ({"conn_type": "postgres", "schema": "calsync", "host": "db", "extra": "[1]"}, "extra as a JSON object"),
    ],
)
def test_unusable_connection_is_a_settings_error(connect: Connect, fields: dict[str, str], remedy: str) -> None:
    connect("calsync_db", **fields)
    with pytest.raises(SettingsError, match=r"^Connection calsync_db: ") as caught:
        StoreHook().get_url()
    assert remedy in str(caught.value)
    assert "secret-word" not in json.dumps(caught.value.problems)
