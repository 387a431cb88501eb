"""New items that are held: they have no link, so they are known by account, side and id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from include.calsync.store.tables import held_creation, hold
from include.calsync.store.upsert import put


def hold_creation(conn: Connection, *, hold_id: int, account_id: int, side: str, item_id: str) -> None:
    """Hold an item back from being created on the other side."""
    values = {"hold_id": hold_id, "account_id": account_id, "side": side, "item_id": item_id}
    put(conn, held_creation, values, key=["account_id", "side", "item_id"])


def held_creations(conn: Connection, account_id: int) -> list[Row[Any]]:
    """The account's held items, each with its hold's `rule` and `limits`."""
    query = select(held_creation, hold.c.rule, hold.c.limits).join(hold, hold.c.id == held_creation.c.hold_id)
    mine = held_creation.c.account_id == account_id, hold.c.state == "open"
    return list(conn.execute(query.where(*mine).order_by(held_creation.c.id)))


def release_creations(conn: Connection, rows: Sequence[Row[Any]]) -> None:
    """These are held no more. The last one closes its hold."""
    conn.execute(delete(held_creation).where(held_creation.c.id.in_([row.id for row in rows])))
    rest = select(held_creation.c.id).where(held_creation.c.hold_id == hold.c.id).exists()
    mine = hold.c.id.in_({row.hold_id for row in rows}), hold.c.state == "open", ~rest
    conn.execute(update(hold).where(*mine).values(state="lapsed"))
