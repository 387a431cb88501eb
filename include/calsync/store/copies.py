"""Copies of meetings: events of accounts whose meeting has its activity through another account's event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, exists, select, text, union, update

from include.calsync.core.records import Copy, Intent
from include.calsync.store import upsert
from include.calsync.store.columns import columns_of, parts, records
from include.calsync.store.tables import UNSETTLED, copy, intent, link

_COPY = columns_of(Copy, copy)
_INTENT = columns_of(Intent, intent)
_KEYS: BindParameter[Any] = bindparam("keys", expanding=True)
_PLACE: BindParameter[Any] = bindparam("place")
_OF_EVENTS = select(*_COPY).where(copy.c.calendar_id == _PLACE, copy.c.event_id.in_(_KEYS))
_OF_MEETINGS = select(*_COPY).where(copy.c.company_id == _PLACE, copy.c.meeting.in_(_KEYS))
_OF_CALENDAR = union(_OF_EVENTS, select(*_COPY).where(copy.c.calendar_id == _PLACE, copy.c.series_id.in_(_KEYS)))


def concerned(
    conn: Connection, events: Mapping[str, Iterable[str]], meetings: Mapping[str, Iterable[str]]
) -> list[Copy]:
    """Copies that are one of these events (by calendar), or of one of these meetings (by company)."""
    found: dict[int, Copy] = {}
    for places, query in ((events, _OF_EVENTS), (meetings, _OF_MEETINGS)):
        for place, keys in places.items():
            for part in parts(keys):
                rows = records(Copy, conn.execute(query, {"place": place, "keys": part}))
                found |= {each.id: each for each in rows}
    return list(found.values())


def unsettled(conn: Connection, company_ids: Iterable[str], account_ids: Iterable[int]) -> list[Copy]:
    """Copies of the companies that somebody is still to be told of, and those of the accounts whose meeting has no
    activity any more."""
    here = copy.c.company_id.in_(list(company_ids))
    has_one = [
        exists().where(table.c.company_id == copy.c.company_id, table.c.meeting == copy.c.meeting)
        for table in (link, intent)
    ]
    query = union(
        select(*_COPY).where(here, text(UNSETTLED)),
        select(*_COPY).where(copy.c.account_id.in_(list(account_ids)), *(~each for each in has_one)),
    )
    return records(Copy, conn.execute(query))


def of_resting(conn: Connection, account_ids: Iterable[int]) -> list[Copy]:
    """Copies of meetings that have their activity through an event of one of these accounts."""
    theirs = link.c.company_id == copy.c.company_id, link.c.meeting == copy.c.meeting, link.c.state == "active"
    query = select(*_COPY).where(exists().where(*theirs, link.c.account_id.in_(list(account_ids))))
    return records(Copy, conn.execute(query))


def of_events(conn: Connection, calendar_id: str, event_ids: Iterable[str]) -> list[Copy]:
    """Those of the calendar's events that are copies, and occurrences of these events that are."""
    found: dict[int, Copy] = {}
    for part in parts(event_ids):
        rows = conn.execute(_OF_CALENDAR, {"place": calendar_id, "keys": part})
        found |= {each.id: each for each in records(Copy, rows)}
    return list(found.values())


def intents_of(conn: Connection, company_ids: Iterable[str]) -> list[Intent]:
    """Activities that may have been created for a meeting, whoever's event it was."""
    mine = intent.c.company_id.in_(list(company_ids)), intent.c.meeting.is_not(None)
    return records(Intent, conn.execute(select(*_INTENT).where(*mine).order_by(intent.c.id)))


def is_taken(conn: Connection, company_id: str, meeting: str | None, calendar_id: str) -> bool:
    """Whether the meeting has an activity, or may have one, through another calendar."""
    if meeting is None:
        return False
    return any(
        conn.execute(
            select(table.c.id).where(
                table.c.company_id == company_id, table.c.meeting == meeting, table.c.calendar_id != calendar_id
            )
        ).first()
        for table in (link, intent)
    )


def put(conn: Connection, values: Mapping[str, Any], *, attends: bool = False, waits: bool = False) -> None:
    """A new copy. `attends`: its rep is an attendee already, and not yet to become one. `waits`: as in the table."""
    mine = copy.c.account_id == values["account_id"], copy.c.event_id == values["event_id"]
    conn.execute(delete(copy).where(*mine, copy.c.calendar_id != values["calendar_id"]))
    occurrence = " " in values["meeting"]
    series_id = values["event_id"].rpartition("_")[0] if occurrence else None
    row = {**values, "state": "shown" if attends else "new", "waits": waits, "series_id": series_id}
    upsert.put(conn, copy, row, key=["calendar_id", "event_id"])


def drop(conn: Connection, account_id: int, event_id: str) -> None:
    """The event is no copy any more."""
    conn.execute(delete(copy).where(copy.c.account_id == account_id, copy.c.event_id == event_id))


def leave(conn: Connection, account_id: int, event_id: str) -> None:
    """The event is gone: its rep, if an attendee, is one no longer."""
    this = copy.c.account_id == account_id, copy.c.event_id == event_id
    conn.execute(delete(copy).where(*this, copy.c.state == "new"))
    conn.execute(update(copy).where(*this).values(state="gone"))


def attended(conn: Connection, company_id: str, meeting: str | None) -> None:
    """The activity's attendees are what the copies say."""
    if meeting is not None:
        these = copy.c.company_id == company_id, copy.c.meeting == meeting
        conn.execute(delete(copy).where(*these, copy.c.state == "gone"))
        conn.execute(update(copy).where(*these, copy.c.waits.is_(False)).values(state="shown"))
