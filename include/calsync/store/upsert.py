"""INSERT … ON CONFLICT, which SQLAlchemy spells per dialect although both databases speak it alike.

Looking first and then inserting is no substitute: on PostgreSQL two transactions may both find nothing, and the
later one dies of the unique key.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert(bind: Engine | Connection, table: Table) -> sqlite.Insert:
    """An insert into `table` with `on_conflict_do_update` and `on_conflict_do_nothing` for `bind`'s dialect."""
    if bind.dialect.name == "postgresql":
        # The two classes have these methods in common, with the same parameters.
        return postgresql.insert(table)  # type: ignore[return-value]
    return sqlite.insert(table)


def put(
    conn: Connection, table: Table, values: Mapping[str, Any], *, key: Collection[str], kept: Collection[str] = ()
) -> None:
    """Insert a row, or overwrite the one of the same unique `key`, whose columns `kept` stay as they are."""
    statement = insert(conn, table).values(dict(values))
    changed = {name: statement.excluded[name] for name in values if name not in key and name not in kept}
    conn.execute(statement.on_conflict_do_update(index_elements=list(key), set_=changed))
