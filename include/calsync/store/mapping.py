"""The mapping: links, the intents that become links, and items set aside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from include.calsync.store import formers, upsert
from include.calsync.store.tables import held_item, hold, intent, link, quarantine

# Ids, state and digests: a link without what it holds, which is a hundred times as much.
HEAD = [
    column
    for column in link.c
    if column.name not in ("base_activity", "base_event", "rendered", "activity_raw", "event_raw")
]
IDS_PER_QUERY = 500
MEETING_OF = ("meeting", "company_id", "calendar_id", "event_id")


def heads(conn: Connection, *, company_ids: Iterable[str], calendar_ids: Iterable[str] = ()) -> list[Row[Any]]:
    """The heads of all links of the companies and calendars, whichever account they belong to, by id."""
    mine = or_(link.c.company_id.in_(list(company_ids)), link.c.calendar_id.in_(list(calendar_ids)))
    return list(conn.execute(select(*HEAD).where(mine).order_by(link.c.id)))


def whole(conn: Connection, link_ids: Iterable[int]) -> dict[int, Row[Any]]:
    """These links with all they hold, by id."""
    return {row.id: row for part in _parts(link_ids) for row in conn.execute(select(link).where(link.c.id.in_(part)))}


def bases(conn: Connection, link_ids: Iterable[int]) -> dict[int, Row[Any]]:
    """What the activities of these links showed when last equal (`base_activity`, `field_set`), by activity id."""
    query = select(link.c.activity_id, link.c.base_activity, link.c.field_set)
    rows = (row for part in _parts(link_ids) for row in conn.execute(query.where(link.c.id.in_(part))))
    return {row.activity_id: row for row in rows}


def _parts(ids: Iterable[int]) -> Iterator[list[int]]:
    remaining = iter(ids)
    while part := list(islice(remaining, IDS_PER_QUERY)):
        yield part


def get_link(conn: Connection, link_id: int) -> Row[Any] | None:
    """One link; None if it is gone."""
    return conn.execute(select(link).where(link.c.id == link_id)).first()


def link_of_activity(conn: Connection, company_id: str, activity_id: int) -> Row[Any] | None:
    """The link of an activity."""
    query = select(link).where(link.c.company_id == company_id, link.c.activity_id == activity_id)
    return conn.execute(query).first()


def link_of_event(conn: Connection, calendar_id: str, event_id: str) -> Row[Any] | None:
    """The link of an event."""
    query = select(link).where(link.c.calendar_id == calendar_id, link.c.event_id == event_id)
    return conn.execute(query).first()


def add_link(conn: Connection, **values: Any) -> int:
    """Store a new link; the schema refuses a second one for the same activity or event."""
    if "meeting" in values:
        values["meeting"] = own_meeting(conn, **{name: values[name] for name in MEETING_OF})
    formers.forget(conn, values["calendar_id"], values["event_id"])
    return int(conn.execute(insert(link).values(**values).returning(link.c.id)).scalar_one())


def set_link(conn: Connection, link_id: int, **values: Any) -> None:
    """Change a link."""
    if values.get("meeting") is not None:
        mine = conn.execute(select(link.c.company_id, link.c.calendar_id, link.c.event_id).where(link.c.id == link_id))
        place = {**mine.one()._mapping, **values}
        values["meeting"] = own_meeting(conn, **{name: place[name] for name in MEETING_OF})
    conn.execute(update(link).where(link.c.id == link_id).values(**values))


def own_meeting(conn: Connection, meeting: str | None, company_id: str, calendar_id: str, event_id: str) -> str | None:
    """The meeting of an event, unless another event of its calendar is, or may be, the link of it (law 1).

    Two events of one calendar may carry one iCalUID: then the first that gets an activity is what copies in other
    calendars are copies of, and the other is a meeting that nobody shares.
    """
    if meeting is None:
        return None
    for table in (link, intent):
        same = table.c.company_id == company_id, table.c.meeting == meeting, table.c.calendar_id == calendar_id
        if conn.execute(select(table.c.id).where(*same, table.c.event_id != event_id)).first():
            return None
    return meeting


def end_link(conn: Connection, link_id: int, at: datetime) -> None:
    """The pair is none any more. What it held is kept, as one of its sides may come back."""
    formers.remember(conn, link_id, at)
    drop_link(conn, link_id)


def drop_link(conn: Connection, link_id: int) -> None:
    """Forget a link; the change log keeps its story."""
    conn.execute(delete(held_item).where(held_item.c.link_id == link_id))
    conn.execute(delete(link).where(link.c.id == link_id))


def intents(conn: Connection, account_id: int) -> list[Row[Any]]:
    """Activities that may have been created although no link says so."""
    return list(conn.execute(select(intent).where(intent.c.account_id == account_id).order_by(intent.c.id)))


def intend(conn: Connection, *, calendar_id: str, event_id: str, **values: Any) -> None:
    """Note that an activity is about to be created for this event; a repeated attempt moves the time."""
    row = {"calendar_id": calendar_id, "event_id": event_id, **values}
    upsert.put(conn, intent, row, key=["calendar_id", "event_id"])


def was_intended(conn: Connection, calendar_id: str, event_id: str, run_id: str) -> bool:
    """Whether this run attempted the creation already: an earlier try of its task, which died."""
    same = (intent.c.calendar_id == calendar_id, intent.c.event_id == event_id, intent.c.run_id == run_id)
    return conn.execute(select(intent.c.id).where(*same)).first() is not None


def drop_intent(conn: Connection, calendar_id: str, event_id: str) -> None:
    """The creation is linked, or was refused for certain."""
    conn.execute(delete(intent).where(intent.c.calendar_id == calendar_id, intent.c.event_id == event_id))


def set_aside(conn: Connection, account_id: int) -> list[Row[Any]]:
    """The account's items in quarantine or to be read again."""
    query = select(quarantine).where(quarantine.c.account_id == account_id)
    return list(conn.execute(query.order_by(quarantine.c.next_try_at)))


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
    upsert.put(conn, quarantine, item | state, key=item, kept=["since"])


def take_back(conn: Connection, *, account_id: int, side: str, item_id: str) -> None:
    """The item is an ordinary one again."""
    key = quarantine.c
    conn.execute(delete(quarantine).where(key.account_id == account_id, key.side == side, key.item_id == item_id))


def open_holds(conn: Connection, account_id: int) -> list[Row[Any]]:
    """The account's open holds."""
    return list(conn.execute(select(hold).where(hold.c.account_id == account_id, hold.c.state == "open")))


def held_items(conn: Connection, account_id: int) -> list[Row[Any]]:
    """What the account's open holds keep back."""
    query = select(held_item).join(hold, hold.c.id == held_item.c.hold_id)
    return list(conn.execute(query.where(held_item.c.account_id == account_id, hold.c.state == "open")))


def release(conn: Connection, link_id: int) -> None:
    """The held action no longer applies: the pair is an active one again. The last one closes its hold."""
    hold_id = conn.execute(select(held_item.c.hold_id).where(held_item.c.link_id == link_id)).scalar()
    conn.execute(delete(held_item).where(held_item.c.link_id == link_id))
    conn.execute(update(link).where(link.c.id == link_id, link.c.state == "held").values(state="active", cause=None))
    rest = select(held_item.c.id).where(held_item.c.hold_id == hold_id).exists()
    conn.execute(update(hold).where(hold.c.id == hold_id, hold.c.state == "open", ~rest).values(state="lapsed"))
