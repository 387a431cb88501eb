"""INSERT … ON CONFLICT, which SQLAlchemy spells per dialect although both databases speak it alike.

Looking first and then inserting is no substitute: on PostgreSQL two transactions may both find nothing, and the
later one dies of the unique key.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert(dialect: str, table: Table) -> sqlite.Insert:
    """An insert into `table` with `on_conflict_do_update` and `on_conflict_do_nothing` for the dialect of that name."""
    if dialect == "postgresql":
        # The two classes have these methods in common, with the same parameters.
        return postgresql.insert(table)  # type: ignore[return-value]
    return sqlite.insert(table)


def put(
    conn: Connection, table: Table, values: Mapping[str, Any], *, key: Collection[str], kept: Collection[str] = ()
) -> None:
    """Insert a row, or overwrite the one of the same unique `key`, whose columns `kept` stay as they are."""
    conn.execute(_put(conn.dialect.name, table, tuple(values), tuple(key), tuple(kept)), dict(values))


@cache
def _put(
    dialect: str, table: Table, names: tuple[str, ...], key: tuple[str, ...], kept: tuple[str, ...]
) -> sqlite.Insert:
    """Put together once: that costs more than to carry it out."""
    statement = insert(dialect, table)
    changed = {name: statement.excluded[name] for name in names if name not in key and name not in kept}
    return statement.on_conflict_do_update(index_elements=list(key), set_=changed)
