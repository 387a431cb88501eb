"""Lets savepoints of Airflow's own SQLite database begin as writers.

Python's sqlite3 begins no transaction before a savepoint, so one that reads before it writes fails with "database is
locked" as soon as anybody else has written in between, however long it would wait (sqlite.org, rescode.html:
SQLITE_BUSY_SNAPSHOT), and one that is released is committed. `airflow backfill create` makes each run in a savepoint:
it failed beside a busy scheduler, and took runs back that the scheduler had begun, which ended the scheduler.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, event


def install(target: type[Engine] | Engine) -> None:
    """For one engine, or for all of this process. Other databases are left alone."""
    event.listen(target, "savepoint", _begin)


def _begin(conn: Connection, name: Any) -> None:
    if conn.dialect.name == "sqlite" and not getattr(conn.connection.dbapi_connection, "in_transaction", True):
        conn.exec_driver_sql("BEGIN IMMEDIATE")
