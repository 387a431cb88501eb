"""The change log: every write with before, after, reason and run. Append-only.

A write is noted before it is sent, and its entry is appended when its outcome is known, by whichever run learns it:
so a process that dies in between leaves no gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from include.calsync.store.tables import change_log, open_write

IDS_PER_QUERY = 500
ENTRY = [column for column in open_write.c if column.name not in ("id", "seen")]


def append(conn: Connection, **values: Any) -> None:
    """Add one entry."""
    conn.execute(insert(change_log).values(**values))


def note(conn: Connection, **values: Any) -> int:
    """Note a write that is about to be sent; commit this before the request."""
    return int(conn.execute(insert(open_write).values(**values).returning(open_write.c.id)).scalar_one())


def confirm(conn: Connection, write_id: int, **known: Any) -> None:
    """The write happened: its note becomes an entry. `known`: what is known better by now."""
    noted = conn.execute(select(*ENTRY).where(open_write.c.id == write_id)).one()
    append(conn, **{**noted._mapping, **known})
    drop(conn, write_id)


def drop(conn: Connection, write_id: int) -> None:
    """The write did not happen."""
    conn.execute(delete(open_write).where(open_write.c.id == write_id))


def drop_creations(conn: Connection, calendar_id: str, event_id: str) -> None:
    """Earlier attempts to create an activity for this event came to nothing."""
    column = open_write.c
    same = column.side == "activities", column.calendar_id == calendar_id, column.event_id == event_id
    conn.execute(delete(open_write).where(*same, column.activity_id.is_(None)))


def rename_event(conn: Connection, calendar_id: str, event_id: str, now: str) -> None:
    """Attempts to create an activity for an event that has another id by now."""
    column = open_write.c
    same = column.side == "activities", column.calendar_id == calendar_id, column.event_id == event_id
    conn.execute(update(open_write).where(*same).values(event_id=now))


def open_writes(conn: Connection, account_id: int) -> list[Row[Any]]:
    """Writes whose outcome nobody knows yet, in the order in which they were sent."""
    return list(conn.execute(select(open_write).where(open_write.c.account_id == account_id).order_by("id")))


def removed(conn: Connection, activity_ids: Mapping[str, Iterable[int]]) -> set[int]:
    """Which of these activities (by company) once had an event that we removed ourselves."""
    column, found = change_log.c, set()
    for company_id, ids in activity_ids.items():
        mine = column.company_id == company_id, column.action == "remove_event"
        remaining = iter(ids)
        while part := list(islice(remaining, IDS_PER_QUERY)):
            found |= set(conn.execute(select(column.activity_id).where(*mine, column.activity_id.in_(part))).scalars())
    return found


def log_rekey(
    conn: Connection, link: Row[Any], columns: Mapping[str, Any], *, run_id: str, at: datetime, reason: str
) -> None:
    """Log that a link (as it was before) belongs to another event or activity now."""
    now = {name: columns[name] for name in ("activity_id", "event_id") if name in columns}
    before = {name: getattr(link, name) for name in now}
    ids = {"activity_id": link.activity_id, "event_id": link.event_id} | now
    where = {"company_id": link.company_id, "calendar_id": link.calendar_id}
    what = {"side": "store", "action": "rekey", "reason": reason, "before": before, "after": now}
    who = {"run_id": run_id, "account_id": link.account_id, "link_id": link.id}
    append(conn, at=at, **who, **where, **ids, **what)
