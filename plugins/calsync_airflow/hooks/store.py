"""Airflow connection -> the store's database."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowNotFoundException
from sqlalchemy import URL

from calsync_airflow.hooks.connections import StrictHook
from include.calsync.errors import AccountError, SettingsError

if TYPE_CHECKING:
    from airflow.sdk import Connection
    from sqlalchemy import Engine


class StoreHook(StrictHook):
    """The database that connection `calsync_db` names; without one, SQLite at `$AIRFLOW_HOME/calsync.db`."""

    conn_name_attr = "store_conn_id"
    default_conn_name = "calsync_db"
    hook_name = "calsync store"

    def __init__(self, store_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.store_conn_id = store_conn_id

    def get_url(self) -> URL:
        """Return the database's address. Raises SettingsError for a connection that can't be one."""
        try:
            conn = self.get_connection(self.store_conn_id)
        except AirflowNotFoundException:
            return _sqlite(_airflow_home() / "calsync.db")
        except AccountError as error:
            raise SettingsError([str(error)]) from None
        if conn.conn_type == "sqlite":
            return _sqlite(self._file(conn))
        if conn.conn_type in ("postgres", "postgresql"):
            return self._postgres(conn)
        raise self._wrong(f"type {conn.conn_type!r} is not supported; use postgres or sqlite")

    def get_conn(self) -> Engine:
        """Return an engine; the caller disposes of it."""
        from include.calsync.store.engine import create_store_engine

        return create_store_engine(self.get_url().render_as_string(hide_password=False))

    def _file(self, conn: Connection) -> Path:
        path = Path(conn.host or conn.schema or "").expanduser()
        if not path.is_absolute():
            raise self._wrong("give the database file's absolute path as host")
        return path

    def _postgres(self, conn: Connection) -> URL:
        if not (conn.host and conn.schema):
            raise self._wrong("give host and database (schema)")
        options = {key: str(value) for key, value in conn.extra_dejson.items() if value not in (None, "")}
        by_socket = conn.host.startswith("/")  # the folder of a socket: as host it is lost when the address is read
        if by_socket:
            options["host"] = conn.host
        return URL.create(
            "postgresql+psycopg",
            username=conn.login or None,
            password=conn.password or None,
            host=None if by_socket else conn.host,
            port=conn.port,
            database=conn.schema,
            query=options,
        )

    def _wrong(self, what: str) -> SettingsError:
        return SettingsError([f"Connection {self.store_conn_id}: {what}."])


def _airflow_home() -> Path:
    return Path(os.path.expandvars(os.environ.get("AIRFLOW_HOME", "~/airflow"))).expanduser()


def _sqlite(path: Path) -> URL:
    return URL.create("sqlite", database=str(path))
