"""INSERT … ON CONFLICT, which SQLAlchemy spells per dialect although both databases speak it alike."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert(bind: Engine | Connection, table: Table) -> sqlite.Insert:
    """An insert into `table` with `on_conflict_do_update` and `on_conflict_do_nothing` for `bind`'s dialect."""
    if bind.dialect.name == "postgresql":
        # The two classes have these methods in common, with the same parameters.
        return postgresql.insert(table)  # type: ignore[return-value]
    return sqlite.insert(table)
