"""Migrations: the same schema as the tables say, on both databases, whoever asks for it and how often."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, event, inspect, select, text
from sqlalchemy.engine.reflection import ObjectKind
from sqlalchemy.exc import DBAPIError

from include.calsync.errors import CalsyncError, SettingsError
from include.calsync.store import schema
from include.calsync.store.engine import create_store_engine, migrate
from include.calsync.store.tables import account, metadata
from include.calsync.store.transaction import reader_of


def test_the_migrated_schema_is_the_one_of_the_tables(store: Engine) -> None:
    options = {"compare_type": True, "compare_server_default": True, "version_table": schema.VERSION_TABLE}
    with store.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_every_constraint_and_default_is_the_one_of_the_tables(store: Engine, empty: Engine) -> None:
    """More than Alembic compares: checks, foreign keys' actions, key order, identity."""
    metadata.create_all(empty)
    assert _described(store) == _described(empty)


def _described(engine: Engine) -> dict[str, Any]:
    look = inspect(engine)
    parts: dict[str, dict[Any, Any]] = {
        "columns": look.get_multi_columns(kind=ObjectKind.TABLE),
        "primary keys": look.get_multi_pk_constraint(),
        "foreign keys": look.get_multi_foreign_keys(),
        "unique": look.get_multi_unique_constraints(),
        "checks": look.get_multi_check_constraints(),
        "indexes": look.get_multi_indexes(),
        "comments": look.get_multi_table_comment() if engine.dialect.supports_comments else {},
    }
    return {
        part: {name: _plain(value) for (_, name), value in found.items() if name != schema.VERSION_TABLE}
        for part, found in parts.items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return sorted((_plain(each) for each in value), key=repr)
    if isinstance(value, dict):
        return {key: value[key] if key == "constrained_columns" else _plain(value[key]) for key in sorted(value)}
    return value if isinstance(value, (str, int, bool, type(None))) else str(value)


def test_head_is_the_newest_revision(empty: Engine) -> None:
    with empty.connect() as connection:
        script = ScriptDirectory.from_config(schema.alembic_config(connection))
    assert script.get_heads() == [schema.HEAD]


def test_processes_that_migrate_at_once_all_succeed(empty_url: str, empty: Engine, workers: Any) -> None:
    workers("run_migrate", empty_url, [[]] * 3)
    assert _revision(empty) == schema.HEAD
    assert _tables(empty) == {*metadata.tables, schema.VERSION_TABLE}


def test_a_process_killed_in_mid_migration_leaves_nothing(empty_url: str, empty: Engine, workers: Any) -> None:
    workers("die_in_migration", empty_url, [[]], returncode=-9)
    assert _tables(empty) == set()
    migrate(empty)
    assert _revision(empty) == schema.HEAD


def test_at_head_it_costs_one_query(store: Engine) -> None:
    with _statements(store) as seen:
        migrate(store)
    asked = [each for each in seen if not each.startswith("BEGIN")]
    assert asked == [f"SELECT version_num FROM {schema.VERSION_TABLE}"]


def test_it_works_from_any_directory(empty: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    migrate(empty)
    assert _revision(empty) == schema.HEAD


def test_logging_is_left_alone(empty: Engine) -> None:
    mine = logging.getLogger("airflow.task.of.a.test")
    before = (logging.root.handlers[:], logging.root.level, mine.disabled, logging.getLogger("alembic").level)
    migrate(empty)
    assert (logging.root.handlers, logging.root.level, mine.disabled, logging.getLogger("alembic").level) == before


def test_a_newer_database_is_refused_with_the_remedy_and_left_as_it_is(store: Engine) -> None:
    with store.begin() as connection:
        connection.execute(text(f"UPDATE {schema.VERSION_TABLE} SET version_num = '9876'"))
    with pytest.raises(SettingsError, match=rf"9876.*knows up to {schema.HEAD}.*Update calsync"):
        migrate(store)
    assert _revision(store) == "9876"


def test_downgrade_removes_everything_and_the_way_back_works(store: Engine) -> None:
    schema.downgrade(store, "base")
    assert _tables(store) == {schema.VERSION_TABLE}
    assert _routines_and_triggers(store) == []
    migrate(store)
    assert _tables(store) == {*metadata.tables, schema.VERSION_TABLE}


def test_a_failing_migration_changes_nothing(empty: Engine) -> None:
    def fail() -> None:
        with schema._exclusive(empty) as connection:
            schema._upgrade(connection)
            connection.execute(text("SELECT no_such_column FROM link"))

    with pytest.raises(DBAPIError, match="no_such_column"):
        fail()
    assert _tables(empty) == set()


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_rebuild_that_would_orphan_rows_is_refused(store: Engine, account_id: int) -> None:
    """Foreign keys are off while SQLite's tables are rebuilt, so the end result is checked instead."""
    with pytest.raises(CalsyncError, match="without parents in: lease"), schema._exclusive(store) as connection:
        _insert_orphan(connection)
    with store.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM lease").scalar() == 0
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def _insert_orphan(connection: Connection) -> None:
    connection.execute(
        text("INSERT INTO lease (account_id, owner, fence, expires_at) VALUES (77, 'r', 1, '2026-03-02')")
    )


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return connection.execute(text(f"SELECT version_num FROM {schema.VERSION_TABLE}")).scalar()


def _tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names())


def _routines_and_triggers(engine: Engine) -> list[Any]:
    found = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
    if engine.dialect.name == "postgresql":
        found = """
            SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
            UNION ALL SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1
        """
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(found))]


@contextmanager
def _statements(engine: Engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    both = {engine, reader_of(engine)}
    for each in both:
        event.listen(each, "before_cursor_execute", note)
    yield seen
    for each in both:
        event.remove(each, "before_cursor_execute", note)


def test_both_kinds_of_url_reach_the_same_database(store_url: str, account_id: int) -> None:
    engine = create_store_engine(store_url.replace("postgresql://", "postgres://"))
    with engine.connect() as connection:
        assert connection.execute(select(account.c.id)).scalars().all() == [account_id]
    engine.dispose()
