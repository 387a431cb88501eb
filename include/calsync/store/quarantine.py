"""Items set aside: in quarantine after an error, or only to be read again in a later run."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, String, bindparam, cast, delete, func, select, update

from include.calsync.core.records import SetAside
from include.calsync.store.columns import columns_of, records
from include.calsync.store.tables import plan_row, quarantine
from include.calsync.store.upsert import put

_ENTRY = columns_of(SetAside, quarantine)
_TAKE_BACK = delete(quarantine).where(
    quarantine.c.account_id == bindparam("whose"),
    quarantine.c.side == bindparam("which_side"),
    quarantine.c.item_id == bindparam("which"),
)


def set_aside(conn: Connection, *account_ids: int) -> list[SetAside]:
    """Items of these accounts in quarantine or to be read again."""
    query = select(*_ENTRY).where(quarantine.c.account_id.in_(account_ids))
    return records(SetAside, conn.execute(query.order_by(quarantine.c.next_try_at)))


def attempts_count(conn: Connection, account_id: int, side: str, item_id: str) -> int:
    """How often the item failed in a row."""
    key = quarantine.c
    mine = (key.account_id == account_id) & (key.side == side) & (key.item_id == item_id)
    return conn.execute(select(key.attempts).where(mine)).scalar() or 0


def is_aside(conn: Connection, account_id: int, side: str, item_id: str) -> bool:
    """Whether the item is set aside."""
    key = quarantine.c
    mine = key.account_id == account_id, key.side == side, key.item_id == item_id
    return conn.execute(select(key.item_id).where(*mine)).first() is not None


def put_aside(
    conn: Connection,
    *,
    account_id: int,
    side: str,
    item_id: str,
    reason: str,
    attempts: int,
    next_try_at: datetime,
    at: datetime,
) -> None:
    """Set an item aside until `next_try_at`; of what was known of it only since when (`at`) stays."""
    item = {"account_id": account_id, "side": side, "item_id": item_id}
    state = {"reason": reason[:2000], "attempts": attempts, "next_try_at": next_try_at, "since": at}
    put(conn, quarantine, item | state, key=item, kept=["since"])


def due(conn: Connection, *, account_id: int, side: str, item_id: str, at: datetime) -> None:
    """The item, if it is set aside, is to be tried again from then on, if its time comes later."""
    key = quarantine.c
    mine = key.account_id == account_id, key.side == side, key.item_id == item_id, key.next_try_at > at
    conn.execute(update(quarantine).where(*mine).values(next_try_at=at))


def drop_all(conn: Connection, account_id: int) -> None:
    """Nothing of this account is to be tried again."""
    conn.execute(delete(quarantine).where(quarantine.c.account_id == account_id))


def take_back(conn: Connection, *, account_id: int, side: str, item_id: str) -> None:
    """The item is an ordinary one again."""
    conn.execute(_TAKE_BACK, {"whose": account_id, "which_side": side, "which": item_id})


def take_back_tried(conn: Connection, *, account_id: int, run_id: str, due_at: datetime) -> None:
    """Items whose time came until `due_at` are ordinary ones again, but for those that this run set aside anew.

    That is told by the plan, not by the time: the tasks of a run may have clocks that disagree.
    """
    again = plan_row.c.run_id == run_id, plan_row.c.account_id == account_id
    entry, item = quarantine.c, func.coalesce(plan_row.c.event_id, cast(plan_row.c.activity_id, String))
    anew = select(plan_row.c.id).where(*again, plan_row.c.state.in_(("deferred", "quarantined")), item == entry.item_id)
    due = entry.account_id == account_id, entry.next_try_at <= due_at
    conn.execute(quarantine.delete().where(*due, ~anew.exists()))


def waiting(conn: Connection, account_id: int, reason: str) -> tuple[int, str | None]:
    """How many items are set aside for reasons that begin so, and one of the reasons."""
    entry = quarantine.c
    mine = entry.account_id == account_id, entry.reason.startswith(reason)
    count, why = conn.execute(select(func.count(), func.min(entry.reason)).where(*mine)).one()
    return int(count), why
