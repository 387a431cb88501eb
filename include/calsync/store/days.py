"""What the runs of a day did for an account: added up when a run is closed, so that nobody has to count the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache

from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite

from include.calsync.store.tables import account_day
from include.calsync.store.upsert import insert

DONE = ("created", "updated", "deleted")
KEY = ("account_id", "day")


def add(conn: Connection, account_id: int, at: datetime, *, conflicts: int, **sides: Mapping[str, int]) -> None:
    """Add what a run did: of `activities` and `events` how many were created, updated, deleted; how many `conflicts`.

    Nothing is stored if it did nothing. `at`: when; its day in UTC counts.
    """
    counts = {f"{side}_{done}": counted[done] for side, counted in sides.items() for done in DONE}
    counts["conflicts"] = conflicts
    if any(counts.values()):
        day = at.astimezone(UTC).date().isoformat()
        conn.execute(_add(conn.dialect.name, tuple(counts)), {"account_id": account_id, "day": day, **counts})


@cache
def _add(dialect: str, counted: tuple[str, ...]) -> sqlite.Insert:
    statement = insert(dialect, account_day)
    total = {name: account_day.c[name] + statement.excluded[name] for name in counted}
    return statement.on_conflict_do_update(index_elements=list(KEY), set_=total)
