"""Holds: what a person is asked to decide, and what waits for it.

A held pair is known by its link. New items have none, so they are known by account, side and id.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from include.calsync.core.run_records import Held, HeldCreation, NewHold, NewRow
from include.calsync.store.columns import columns_of, records
from include.calsync.store.tables import held_creation, held_item, hold, link
from include.calsync.store.upsert import put

_HELD = columns_of(Held, held_item)
_HELD_CREATION = columns_of(HeldCreation, held_creation, hold)


def open_hold(conn: Connection, new: NewHold, *, account_id: int, run_id: str, opened_at: datetime) -> int:
    """Ask a person to decide. Who changes the limits decides, too. Returns the hold's id."""
    values = {"account_id": account_id, "run_id": run_id, "opened_at": opened_at}
    values |= {"rule": new.rule, "message": new.message, "limits": new.limits}
    return int(conn.execute(insert(hold).values(**values).returning(hold.c.id)).scalar_one())


def messages(conn: Connection, run_id: str) -> list[str]:
    """What the holds say that this run opened."""
    return [str(text) for text in conn.execute(select(hold.c.message).where(hold.c.run_id == run_id)).scalars()]


# Pairs.


KEPT = ("account_id", "link_id", "action", "side", "reason", "payload", "conflicts", "rule", "format")
"""The columns of a held row."""


def hold_item(conn: Connection, hold_id: int, row: NewRow) -> None:
    """Keep a plan row, which is what would be done to a pair, until a person decides."""
    conn.execute(insert(held_item).values(hold_id=hold_id, **{name: getattr(row, name) for name in KEPT}))


def held_items(conn: Connection, *account_ids: int) -> list[Held]:
    """What the open holds of these accounts keep back."""
    query = select(*_HELD).join(hold, hold.c.id == held_item.c.hold_id)
    return records(Held, conn.execute(query.where(held_item.c.account_id.in_(account_ids), hold.c.state == "open")))


def release(conn: Connection, link_id: int) -> None:
    """The held action no longer applies: the pair is an active one again. The last one closes its hold."""
    hold_id = conn.execute(select(held_item.c.hold_id).where(held_item.c.link_id == link_id)).scalar()
    conn.execute(delete(held_item).where(held_item.c.link_id == link_id))
    conn.execute(update(link).where(link.c.id == link_id, link.c.state == "held").values(state="active", cause=None))
    rest = select(held_item.c.id).where(held_item.c.hold_id == hold_id).exists()
    conn.execute(update(hold).where(hold.c.id == hold_id, hold.c.state == "open", ~rest).values(state="lapsed"))


# New items.


def hold_creation(conn: Connection, *, hold_id: int, account_id: int, side: str, item_id: str) -> None:
    """Hold an item back from being created on the other side."""
    values = {"hold_id": hold_id, "account_id": account_id, "side": side, "item_id": item_id}
    put(conn, held_creation, values, key=["account_id", "side", "item_id"])


def held_creations(conn: Connection, *account_ids: int) -> list[HeldCreation]:
    """Held new items of these accounts, each with its hold's `rule` and `limits`."""
    query = select(*_HELD_CREATION).join(hold, hold.c.id == held_creation.c.hold_id)
    mine = held_creation.c.account_id.in_(account_ids), hold.c.state == "open"
    return records(HeldCreation, conn.execute(query.where(*mine).order_by(held_creation.c.id)))


def release_creations(conn: Connection, rows: Sequence[HeldCreation]) -> None:
    """These are held no more. The last one closes its hold."""
    conn.execute(delete(held_creation).where(held_creation.c.id.in_([row.id for row in rows])))
    rest = select(held_creation.c.id).where(held_creation.c.hold_id == hold.c.id).exists()
    mine = hold.c.id.in_({row.hold_id for row in rows}), hold.c.state == "open", ~rest
    conn.execute(update(hold).where(*mine).values(state="lapsed"))
