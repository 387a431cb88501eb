"""Copies of meetings: events of accounts whose meeting has its activity through another account's event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, delete, select, update

from include.calsync.core.records import Copy, Intent
from include.calsync.store import upsert
from include.calsync.store.columns import columns_of, records
from include.calsync.store.tables import copy, intent, link

_COPY = columns_of(Copy, copy)
_INTENT = columns_of(Intent, intent)


def of_companies(conn: Connection, company_ids: Iterable[str]) -> list[Copy]:
    """All copies of these companies."""
    query = select(*_COPY).where(copy.c.company_id.in_(list(company_ids)))
    return records(Copy, conn.execute(query.order_by(copy.c.id)))


def of_calendar(conn: Connection, calendar_id: str) -> dict[str, str]:
    """The calendar's events that are copies: the meeting of each, by event id."""
    found = conn.execute(select(copy.c.event_id, copy.c.meeting).where(copy.c.calendar_id == calendar_id))
    return {row.event_id: row.meeting for row in found}


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
    row = {**values, "state": "shown" if attends else "new", "waits": waits}
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
