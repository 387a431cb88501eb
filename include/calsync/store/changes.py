"""The change log: every write with before, after, reason and run. Append-only."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert

from include.calsync.store.tables import change_log


def append(conn: Connection, **values: Any) -> None:
    """Add one entry."""
    conn.execute(insert(change_log).values(**values))
