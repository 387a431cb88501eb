"""From a database URL to an engine that behaves alike on SQLite and PostgreSQL.

`engine.begin()` is for writing, `reading(engine)` for reading, `migrate(engine)` comes before both.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import ArgumentError

from include.calsync.errors import SettingsError
from include.calsync.store.schema import migrate
from include.calsync.store.transaction import reading, set_reader
from include.calsync.store.turns import Turns

__all__ = ["create_store_engine", "migrate", "reading"]

BUSY_TIMEOUT_S = 30.0
TURN_TIMEOUT_S = 60.0
"""For the writer's connection: whoever has it may wait for another process for as long as BUSY_TIMEOUT_S."""
READERS_KEPT = 8
CONNECT_TIMEOUT_S = 10

PRIVATE = 0o600
_creating = threading.Lock()

# FULL: a confirmed row survives a power cut too; a commit costs one more flush (well under 1 ms on an SSD).
# recursive_triggers: else INSERT OR REPLACE would delete rows past the triggers that forbid it.
SQLITE_PRAGMAS = ("synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON")


def create_store_engine(url: str) -> Engine:
    """Engine for `url`: SQLite with an absolute file path, or PostgreSQL (always through psycopg 3).

    Connects to nothing yet. Raises SettingsError, without the URL's secrets, if it can't be used.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise _refused("this is not a database URL; an example is postgresql://user:password@host/calsync") from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return _sqlite_engine(parsed)
    if backend in {"postgres", "postgresql"}:
        return _postgresql_engine(parsed)
    raise _refused(f"{backend!r} is not supported; use PostgreSQL 14 or later, or SQLite")


def takes_one_writer(engine: Engine) -> bool:
    """Whether those who write at once only wait for each other."""
    return engine.dialect.name == "sqlite"


def _refused(problem: str) -> SettingsError:
    return SettingsError([f"connection calsync_db: {problem}"])


def _postgresql_engine(url: URL) -> Engine:
    defaults = {"connect_timeout": str(CONNECT_TIMEOUT_S), "application_name": "calsync"}
    missing = {key: value for key, value in defaults.items() if key not in url.query}
    url = url.set(drivername="postgresql+psycopg").update_query_dict(missing)
    engine = create_engine(url, pool_pre_ping=True, hide_parameters=True, json_serializer=to_json)
    event.listen(engine, "handle_error", _without_row_values)
    event.listen(engine, "connect", _speak_utc)
    return engine


def _speak_utc(connection: Any, _record: Any) -> None:
    # The first and last hours of the calendar can't be read back in any other zone.
    connection.execute("SET TIME ZONE 'UTC'")
    connection.commit()


_ENCODE = json.JSONEncoder(allow_nan=False).encode


def to_json(value: Any) -> str:
    """JSON as PostgreSQL takes it, too: Python reads and writes NaN and Infinity, which are none."""
    try:
        return _ENCODE(value)
    except ValueError:
        return _ENCODE(_finite(value))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _without_row_values(context: ExceptionContext) -> None:
    # PostgreSQL quotes the failing row under DETAIL, and tracebacks end up in task logs.
    diagnosis = getattr(context.original_exception, "diag", None)
    if diagnosis is None or diagnosis.message_primary is None:
        return
    context.original_exception.args = (diagnosis.message_primary,)
    if context.sqlalchemy_exception is not None:
        name = type(context.original_exception).__name__
        context.sqlalchemy_exception.args = (f"({name}) {diagnosis.message_primary}",)


def _sqlite_engine(url: URL) -> Engine:
    """All that writes goes through one connection, turn by turn; each reader has one of its own.

    They are kept apart, as letting a connection write or not makes SQLite prepare all its statements anew.
    """
    _check_sqlite_path(url.database)
    engine = _sqlite_pool(url, "BEGIN IMMEDIATE", poolclass=Turns, pool_timeout=TURN_TIMEOUT_S)
    reader = _sqlite_pool(url, "BEGIN", poolclass=QueuePool, pool_size=READERS_KEPT, max_overflow=-1)
    event.listen(reader, "connect", lambda connection, _: connection.execute("PRAGMA query_only=ON"))
    event.listen(engine, "engine_disposed", lambda _: reader.dispose())
    set_reader(engine, reader)
    return engine


def _sqlite_pool(url: URL, begin: str, **options: Any) -> Engine:
    # begin: IMMEDIATE, as a lock that is upgraded in mid-transaction fails at once if another writer was quicker.
    options |= {"hide_parameters": True, "json_serializer": to_json}
    engine = create_engine(url.set(drivername="sqlite"), connect_args={"timeout": BUSY_TIMEOUT_S}, **options)
    event.listen(engine, "do_connect", lambda *_: _keep_private(Path(str(url.database)).resolve()))
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _check_sqlite_path(path: str | None) -> None:
    if not path or path == ":memory:":
        raise _refused("SQLite in memory can't be shared between tasks; name a file: sqlite:////absolute/path.db")
    if not Path(path).is_absolute():
        raise _refused(f"the SQLite path {path!r} must be absolute: not all components start in the same place")
    if not Path(path).parent.is_dir():
        raise _refused(f"the directory of the SQLite file {path!r} does not exist; create it")


def _keep_private(path: Path) -> None:
    """Let nobody but its owner read the file: it holds what people typed. SQLite gives its side files the same mode."""
    # One at a time: closing a file drops every lock that this process has on it, those of SQLite included.
    with _creating, contextlib.suppress(OSError):  # what can't be created is SQLite's to report
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, PRIVATE))
        path.chmod(PRIVATE)  # whatever the umask is
    for file in (path, *(path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm"))):
        with contextlib.suppress(OSError):  # not there, or another user's
            mode = file.stat().st_mode & 0o777
            if mode & ~PRIVATE:
                file.chmod(mode & PRIVATE)


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver begins no transactions by itself any more: the engine's listener does.
    connection.isolation_level = None
    _switch_to_wal(connection)
    for pragma in SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    # SQLite does not apply the busy timeout to this switch, so the first connections to a new file may collide.
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
