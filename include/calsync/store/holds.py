"""Holds: what a person is asked to decide, what waits for it, and what was decided.

A held pair is known by its link. New items have none, so they are known by account, side and id. What was decided
stays until it is carried out: what was rejected and can't be undone stays as long as it is the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, false, insert, or_, select, true, update

from include.calsync.core.decide import Action
from include.calsync.core.planning.row_format import ROW_FORMAT
from include.calsync.core.records import LinkHead, Payload
from include.calsync.core.run_records import Held, HeldCreation, NewHold, NewRow, PlanRow, StoredHold
from include.calsync.store.columns import columns_of, record_of, records
from include.calsync.store.tables import held_creation, held_item, hold, link
from include.calsync.store.upsert import put

_HOLD = columns_of(StoredHold, hold)
_HELD = columns_of(Held, held_item, hold)
_HELD_CREATION = columns_of(HeldCreation, held_creation, hold)
UNDO = "undo"
"""Rule of what an undo asks the next run to restore; nobody is asked about it."""
REVIEW = "review"
"""Rule of the deletions that a person agreed to who saved reviewed settings: nothing is held by it."""
ASKS_NOBODY = (UNDO, REVIEW)
_KNOWN = and_(hold.c.state != "lapsed", hold.c.rule != REVIEW)


def open_hold(
    conn: Connection, new: NewHold, *, account_id: int, run_id: str, opened_at: datetime, item_count: int
) -> int:
    """Ask a person to decide. Who changes the limits decides, too. Returns the hold's id."""
    values = {"account_id": account_id, "run_id": run_id, "opened_at": opened_at, "item_count": item_count}
    values |= {"rule": new.rule, "message": new.message, "limits": new.limits}
    return int(conn.execute(insert(hold).values(**values).returning(hold.c.id)).scalar_one())


def messages(conn: Connection, run_id: str) -> list[str]:
    """What the holds say that this run opened."""
    query = select(hold.c.message).where(hold.c.run_id == run_id, hold.c.rule.not_in(ASKS_NOBODY))
    return [str(text) for text in conn.execute(query).scalars()]


def get(conn: Connection, hold_id: int) -> StoredHold | None:
    """One hold; None: there is none of this id."""
    return record_of(StoredHold, conn.execute(select(*_HOLD).where(hold.c.id == hold_id)).first())


def open_holds(conn: Connection, *, unasked: bool = False) -> list[StoredHold]:
    """The holds that wait for a person, oldest first. `unasked`: only those that nobody was asked about."""
    query = select(*_HOLD).where(hold.c.state == "open").order_by(hold.c.id)
    return records(StoredHold, conn.execute(query.where(hold.c.asked_by.is_(None)) if unasked else query))


def ask(conn: Connection, hold_id: int, by: str, *, again: bool = False) -> bool:
    """A person is asked about it by this Airflow run. False: it is not open, or another run asks (unless `again`)."""
    mine = or_(hold.c.asked_by.is_(None), hold.c.asked_by == by, true() if again else false())
    asked = update(hold).where(hold.c.id == hold_id, hold.c.state == "open", mine).values(asked_by=by)
    return bool(conn.execute(asked).rowcount)


def decide(conn: Connection, hold_id: int, *, state: str, by: str, at: datetime) -> bool:
    """A person decides: `approved` or `rejected`. False: it is not open any more."""
    mine = hold.c.id == hold_id, hold.c.state == "open"
    return bool(conn.execute(update(hold).where(*mine).values(state=state, decided_by=by, decided_at=at)).rowcount)


def expired(conn: Connection, account_id: int, before: datetime) -> list[StoredHold]:
    """The account's holds that wait since then or longer."""
    query = select(*_HOLD).where(hold.c.account_id == account_id, hold.c.state == "open", hold.c.opened_at < before)
    return records(StoredHold, conn.execute(query))


# Pairs.


KEPT = ("account_id", "link_id", "action", "side", "reason", "payload", "conflicts", "rule", "format")
"""The columns of a held row."""


def hold_item(conn: Connection, hold_id: int, row: NewRow) -> None:
    """Keep a plan row, which is what would be done to a pair, until a person decides. In place of an older one."""
    put(conn, held_item, {"hold_id": hold_id, **{name: getattr(row, name) for name in KEPT}}, key=["link_id"])


def held_items(conn: Connection, *account_ids: int) -> list[Held]:
    """What is kept of these accounts' holds, whether or not it is decided."""
    return _items(conn, held_item.c.account_id.in_(account_ids), _KNOWN)


def items_of(conn: Connection, hold_id: int) -> list[Held]:
    """What a hold keeps back of pairs."""
    return _items(conn, held_item.c.hold_id == hold_id, _KNOWN)


def _items(conn: Connection, *mine: ColumnElement[bool]) -> list[Held]:
    query = select(*_HELD).join(hold, hold.c.id == held_item.c.hold_id)
    return records(Held, conn.execute(query.where(*mine).order_by(held_item.c.id)))


def release(conn: Connection, link_id: int) -> None:
    """The held action no longer applies: the pair is an active one again. The last one closes its hold."""
    hold_id = conn.execute(select(held_item.c.hold_id).where(held_item.c.link_id == link_id)).scalar()
    drop_item(conn, link_id)
    conn.execute(update(link).where(link.c.id == link_id, link.c.state == "held").values(state="active", cause=None))
    rest = select(held_item.c.id).where(held_item.c.hold_id == hold_id).exists()
    conn.execute(update(hold).where(hold.c.id == hold_id, hold.c.state == "open", ~rest).values(state="lapsed"))


def drop_item(conn: Connection, link_id: int) -> None:
    """What was decided about a pair is carried out."""
    conn.execute(delete(held_item).where(held_item.c.link_id == link_id))


def restore(
    conn: Connection, link_id: int, payload: Payload, *, account_id: int, run_id: str, by: str, at: datetime
) -> None:
    """As if the deletion of this pair's activity had been held and rejected: the next run restores its event."""
    values = {"account_id": account_id, "run_id": run_id, "rule": UNDO, "message": "", "limits": [], "item_count": 1}
    values |= {"state": "rejected", "opened_at": at, "decided_at": at, "decided_by": by}
    hold_id = conn.execute(insert(hold).values(**values).returning(hold.c.id)).scalar_one()
    item = {"hold_id": hold_id, "account_id": account_id, "link_id": link_id, "action": str(Action.DELETE_ACTIVITY)}
    item |= {"side": "activities", "reason": UNDO, "payload": payload, "rule": UNDO, "format": ROW_FORMAT}
    put(conn, held_item, item, key=["link_id"])
    conn.execute(update(link).where(link.c.id == link_id).values(state="held", cause=UNDO))


# What a review's reader agreed to.


def agree(
    conn: Connection, rows: Sequence[PlanRow], links: Mapping[int, LinkHead], *, account_id: int, by: str, at: datetime
) -> None:
    """These rows of a dry run may be carried out whatever the limits say. `links`: those that they are about. What is
    held of them is held no more: it was decided about now."""
    values = {"account_id": account_id, "run_id": rows[0].run_id, "rule": REVIEW, "message": "", "limits": []}
    values |= {"state": "approved", "opened_at": at, "decided_at": at, "decided_by": by, "item_count": len(rows)}
    hold_id = conn.execute(insert(hold).values(**values).returning(hold.c.id)).scalar_one()
    for row in rows:
        whose = links[row.named_link]
        if whose.state == "held":
            release(conn, whose.id)
        item = {name: getattr(row, name) for name in KEPT} | {"hold_id": hold_id, "account_id": whose.account_id}
        put(conn, held_item, item, key=["link_id"])


def agreed(conn: Connection, *account_ids: int) -> list[Held]:
    """The deletions of these accounts' pairs that were agreed to, and are not carried out yet."""
    return _items(conn, held_item.c.account_id.in_(account_ids), hold.c.rule == REVIEW)


def forget_agreed(conn: Connection, before: datetime) -> None:
    """What was agreed to before then holds no more."""
    old = select(hold.c.id).where(hold.c.rule == REVIEW, hold.c.opened_at < before)
    conn.execute(delete(held_item).where(held_item.c.hold_id.in_(old)))


# New items.


def hold_creation(conn: Connection, hold_id: int, row: NewRow, *, side: str, item_id: str) -> None:
    """Hold an item back from being created on the other side. In place of an older one."""
    values = {"hold_id": hold_id, "account_id": row.account_id, "side": side, "item_id": item_id}
    put(conn, held_creation, values | {"payload": row.payload}, key=["account_id", "side", "item_id"])


def held_creations(conn: Connection, *account_ids: int) -> list[HeldCreation]:
    """Held new items of these accounts, each with its hold's rule, limits and state."""
    return _creations(conn, held_creation.c.account_id.in_(account_ids))


def creations_of(conn: Connection, hold_id: int) -> list[HeldCreation]:
    """The new items that a hold keeps back."""
    return _creations(conn, held_creation.c.hold_id == hold_id)


def _creations(conn: Connection, mine: ColumnElement[bool]) -> list[HeldCreation]:
    query = select(*_HELD_CREATION).join(hold, hold.c.id == held_creation.c.hold_id)
    return records(HeldCreation, conn.execute(query.where(mine, _KNOWN).order_by(held_creation.c.id)))


def release_creations(conn: Connection, rows: Sequence[HeldCreation]) -> None:
    """These are held no more. The last one closes its hold."""
    conn.execute(delete(held_creation).where(held_creation.c.id.in_([row.id for row in rows])))
    rest = select(held_creation.c.id).where(held_creation.c.hold_id == hold.c.id).exists()
    mine = hold.c.id.in_({row.hold_id for row in rows}), hold.c.state == "open", ~rest
    conn.execute(update(hold).where(*mine).values(state="lapsed"))


def drop_creation(conn: Connection, account_id: int, *, activity_id: int | None, event_id: str | None) -> None:
    """What was decided about a new item is carried out."""
    row = held_creation.c
    activity = (row.side == "activities") & (row.item_id == str(activity_id))
    event = (row.side == "events") & (row.item_id == str(event_id))
    conn.execute(delete(held_creation).where(row.account_id == account_id, activity | event))
