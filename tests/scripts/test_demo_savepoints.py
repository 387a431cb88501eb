"""Savepoints that read first are writers from their beginning, and end with their transaction."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import OperationalError

from include.scripts.demo.savepoints import install


def engines(path: Path) -> tuple[Engine, Engine]:
    """Two processes' views of one database in WAL mode, as Airflow sets it."""
    made = [create_engine(f"sqlite:///{path}/airflow.db?timeout={seconds}") for seconds in (20, 0.1)]
    with made[0].begin() as conn:
        conn.exec_driver_sql("PRAGMA journal_mode=WAL")
        conn.exec_driver_sql("CREATE TABLE run (id INTEGER)")
    return made[0], made[1]


def write(engine: Engine) -> None:
    with engine.begin() as conn:
        conn.exec_driver_sql("INSERT INTO run VALUES (1)")


def count(engine: Engine) -> int:
    with engine.connect() as conn:
        return int(conn.exec_driver_sql("SELECT count(*) FROM run").scalar_one())


def test_nobody_writes_between_its_reading_and_its_writing(tmp_path: Path) -> None:
    ours, theirs = engines(tmp_path)
    install(ours)
    with ours.begin() as conn:
        with conn.begin_nested():
            conn.exec_driver_sql("SELECT * FROM run").all()
            with pytest.raises(OperationalError, match="locked"):
                write(theirs)
            conn.exec_driver_sql("INSERT INTO run VALUES (2)")
        assert count(theirs) == 0, "released, not committed"
    assert count(theirs) == 1
    write(theirs)


def test_without_it_the_savepoint_fails_at_once(tmp_path: Path) -> None:
    ours, theirs = engines(tmp_path)
    with ours.connect() as conn, conn.begin_nested():
        conn.exec_driver_sql("SELECT * FROM run").all()
        write(theirs)
        with pytest.raises(OperationalError, match="locked"):
            conn.exec_driver_sql("INSERT INTO run VALUES (2)")
