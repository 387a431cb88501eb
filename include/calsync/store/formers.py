"""Former links: what a pair that ended held last. If one of its sides comes back, the other is made anew from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, bindparam, delete, or_, select, text, update

from include.calsync.core.records import Former
from include.calsync.store import upsert
from include.calsync.store.columns import columns_of, record_of, records
from include.calsync.store.tables import LEAVES, former, link

IDS_PER_QUERY = 500
_FORMER = columns_of(Former, former)
# Later ones replace earlier ones.
_OF_ACTIVITIES = (
    select(*_FORMER)
    .where(former.c.company_id == bindparam("company_id"), former.c.activity_id.in_(bindparam("ids", expanding=True)))
    .order_by(former.c.ended_at, former.c.id)
)
_FORGET = delete(former).where(
    former.c.calendar_id == bindparam("in_calendar"), former.c.event_id == bindparam("of_event")
)
_HELD = [column.name for column in former.c if column.name not in ("id", "ended_at", "leaves")]


def remember(conn: Connection, link_id: int, at: datetime, *, leaves: bool = False) -> None:
    """Keep what the link holds; of an event only what it held last is kept. `leaves`: the event is to be removed."""
    known = conn.execute(select(*(link.c[name] for name in _HELD)).where(link.c.id == link_id)).first()
    if known is not None:
        values = {**known._mapping, "ended_at": at, "leaves": leaves}
        upsert.put(conn, former, values, key=["calendar_id", "event_id"])


def intend(conn: Connection, link_id: int, at: datetime, calendar_id: str, event_id: str) -> None:
    """An event is about to be made for the link in another calendar: to be removed, unless it becomes the link's."""
    known = conn.execute(select(*(link.c[name] for name in _HELD)).where(link.c.id == link_id)).first()
    if known is not None:
        ids = {"calendar_id": calendar_id, "event_id": event_id}
        values = {**known._mapping, **ids, "ended_at": at, "leaves": True}
        held = [name for name in values if name != "leaves"]  # what an earlier link of that event held last
        upsert.put(conn, former, values, key=list(ids), kept=held)


def forget(conn: Connection, calendar_id: str, event_id: str) -> None:
    """The event has a link again, or nothing of it may be kept."""
    conn.execute(_FORGET, {"in_calendar": calendar_id, "of_event": event_id})


def leaving(conn: Connection, *, company_id: str | None = None, calendar_ids: Iterable[str] = ()) -> list[Former]:
    """What ended links of the company, or of the calendars, held whose events are still to be removed."""
    mine = or_(former.c.company_id == company_id, former.c.calendar_id.in_(list(calendar_ids)))
    query = select(*_FORMER).where(mine, text(LEAVES))
    return records(Former, conn.execute(query.order_by(former.c.id)))


def left(conn: Connection, calendar_id: str, event_id: str) -> None:
    """The event is there no more, or not ours to remove."""
    this = former.c.calendar_id == calendar_id, former.c.event_id == event_id
    conn.execute(update(former).where(*this).values(leaves=False))


def arrived(conn: Connection, company_id: str, activity_id: int, calendar_id: str) -> None:
    """The activity has its event in this calendar: none there is to be removed."""
    this = former.c.company_id == company_id, former.c.activity_id == activity_id, former.c.calendar_id == calendar_id
    conn.execute(update(former).where(*this).values(leaves=False))


def set_event(conn: Connection, calendar_id: str, event_id: str, event_raw: Any) -> None:
    """What the event shows by now."""
    this = former.c.calendar_id == calendar_id, former.c.event_id == event_id
    conn.execute(update(former).where(*this).values(event_raw=event_raw))


def of_event(conn: Connection, calendar_id: str, event_id: str) -> Former | None:
    """What the event's last link held."""
    this = former.c.calendar_id == calendar_id, former.c.event_id == event_id
    return record_of(Former, conn.execute(select(*_FORMER).where(*this)).first())


def of_activity(conn: Connection, company_id: str, activity_id: int) -> Former | None:
    """What the activity's last link held."""
    return of_activities(conn, {company_id: [activity_id]}).get((company_id, activity_id))


def of_activities(conn: Connection, ids: Mapping[str, Iterable[int]]) -> dict[tuple[str, int], Former]:
    """What the last links of these activities (by company) held."""
    found: dict[tuple[str, int], Former] = {}
    for company_id, wanted in ids.items():
        remaining = iter(wanted)
        while part := list(islice(remaining, IDS_PER_QUERY)):
            rows = records(Former, conn.execute(_OF_ACTIVITIES, {"company_id": company_id, "ids": part}))
            found |= {(company_id, row.activity_id): row for row in rows}
    return found


def of_events(conn: Connection, ids: Mapping[str, Iterable[str]]) -> dict[tuple[str, str], Former]:
    """What the last links of these events (by calendar) held."""
    found: dict[tuple[str, str], Former] = {}
    for calendar_id, wanted in ids.items():
        remaining = iter(wanted)
        while part := list(islice(remaining, IDS_PER_QUERY)):
            mine = former.c.calendar_id == calendar_id, former.c.event_id.in_(part)
            rows = records(Former, conn.execute(select(*_FORMER).where(*mine)))
            found |= {(calendar_id, row.event_id): row for row in rows}
    return found
