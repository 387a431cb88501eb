"""Cursors: where the next pull of each side starts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from include.calsync.core.run_records import Cursor
from include.calsync.store import upsert
from include.calsync.store.columns import columns_of, record_of
from include.calsync.store.tables import cursor

_CURSOR = columns_of(Cursor, cursor)


def get(conn: Connection, account_id: int, side: str) -> Cursor | None:
    """The cursor of one side."""
    query = select(*_CURSOR).where(cursor.c.account_id == account_id, cursor.c.side == side)
    return record_of(Cursor, conn.execute(query).first())


def save(
    conn: Connection,
    *,
    account_id: int,
    side: str,
    run_id: str,
    at: datetime,
    watermark: datetime | None = None,
    sync_token: str | None = None,
    params_digest: str | None = None,
) -> None:
    """Move a cursor. The schema refuses it while the run still has planned rows for the account (law 7)."""
    place = {"account_id": account_id, "side": side}
    position = {"watermark": watermark, "sync_token": sync_token, "params_digest": params_digest}
    upsert.put(conn, cursor, {**place, **position, "run_id": run_id, "saved_at": at}, key=place)
