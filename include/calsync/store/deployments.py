"""The installation that the store belongs to."""

from __future__ import annotations

from sqlalchemy import Connection, select

from include.calsync.store.tables import deployment
from include.calsync.store.upsert import put

KEY = "store"


def owner(conn: Connection) -> str | None:
    """The installation that the store belongs to; None: to nobody yet."""
    return conn.execute(select(deployment.c.id).where(deployment.c.key == KEY)).scalar()


def claim(conn: Connection, deployment_id: str) -> None:
    """From now on the store is this installation's."""
    put(conn, deployment, {"key": KEY, "id": deployment_id}, key=["key"])
