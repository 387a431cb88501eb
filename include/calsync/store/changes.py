"""The change log: every write with before, after, reason and run. Append-only.

A write is noted before it is sent, and its entry is appended when its outcome is known, by whichever run learns it:
so a process that dies in between leaves no gap.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, or_, select, update

from include.calsync.core.records import LinkHead
from include.calsync.core.run_records import LogEntry, OpenWrite
from include.calsync.store.columns import columns_of, parts, records
from include.calsync.store.tables import change_log, open_write

IDS_PER_QUERY = 500
_OPEN = columns_of(OpenWrite, open_write)
_ENTRY = columns_of(LogEntry, change_log)
ENTRY = [column for column in open_write.c if column.name not in ("id", "seen")]
# Said once, as each is sent with every write: to put a statement together costs more than to carry it out.
_APPEND = insert(change_log)
_NOTE = insert(open_write).returning(open_write.c.id)
_NOTED = select(*ENTRY).where(open_write.c.id == bindparam("write_id"))
_DROP = delete(open_write).where(open_write.c.id == bindparam("write_id"))


def append(conn: Connection, **values: Any) -> None:
    """Add one entry."""
    conn.execute(_APPEND, values)


def note(conn: Connection, **values: Any) -> int:
    """Note a write that is about to be sent; commit this before the request."""
    return int(conn.execute(_NOTE, values).scalar_one())


def confirm(conn: Connection, write_id: int, noted: Mapping[str, Any] | None = None, **known: Any) -> None:
    """The write happened: its note becomes an entry. `known`: what is known better by now.

    `noted`: what `note` was given, by who has it still.
    """
    entry = dict(noted or conn.execute(_NOTED, {"write_id": write_id}).one()._mapping) | known
    entry.pop("seen", None)
    append(conn, **entry)
    drop(conn, write_id)


def drop(conn: Connection, write_id: int) -> None:
    """The write did not happen."""
    conn.execute(_DROP, {"write_id": write_id})


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


def open_writes(conn: Connection, account_id: int) -> list[OpenWrite]:
    """Writes whose outcome nobody knows yet, in the order in which they were sent."""
    query = select(*_OPEN).where(open_write.c.account_id == account_id)
    return records(OpenWrite, conn.execute(query.order_by(open_write.c.id)))


def removed(conn: Connection, activity_ids: Mapping[str, Iterable[int]]) -> set[tuple[str, int]]:
    """Which of these activities (by company) once had an event that we removed ourselves: companies and ids."""
    column = change_log.c
    found: set[tuple[str, int]] = set()
    for company_id, ids in activity_ids.items():
        mine = column.company_id == company_id, column.action == "remove_event"
        remaining = iter(ids)
        while part := list(islice(remaining, IDS_PER_QUERY)):
            query = select(column.activity_id).where(*mine, column.activity_id.in_(part))
            found |= {(company_id, activity_id) for activity_id in conn.execute(query).scalars()}
    return found


def log_rekey(
    conn: Connection, link: LinkHead, columns: Mapping[str, Any], *, run_id: str, at: datetime, reason: str
) -> None:
    """Log that a link (as it was before) belongs to another event or activity now."""
    now = {name: columns[name] for name in ("activity_id", "event_id") if name in columns}
    before = {name: getattr(link, name) for name in now}
    ids = {"activity_id": link.activity_id, "event_id": link.event_id} | now
    where = {"company_id": link.company_id, "calendar_id": link.calendar_id}
    what = {"side": "store", "action": "rekey", "reason": reason, "before": before, "after": now}
    who = {"run_id": run_id, "account_id": link.account_id, "link_id": link.id}
    append(conn, at=at, **who, **where, **ids, **what)


# What the log is asked.


def of_run(conn: Connection, run_id: str, account_ids: Iterable[int], link_id: int | None = None) -> list[LogEntry]:
    """What a run wrote for these accounts (and of one link), oldest first."""
    row = change_log.c
    query = select(*_ENTRY).where(row.run_id == run_id, row.account_id.in_(list(account_ids)))
    if link_id is not None:
        query = query.where(row.link_id == link_id)
    return records(LogEntry, conn.execute(query.order_by(row.id)))


def entry(conn: Connection, entry_id: int) -> LogEntry | None:
    """One entry; None: there is none, or no more."""
    found = conn.execute(select(*_ENTRY).where(change_log.c.id == entry_id)).first()
    return None if found is None else LogEntry(*found)


def accounts_of_run(conn: Connection, run_id: str) -> set[int]:
    """For which accounts a run wrote something."""
    row = change_log.c
    return set(conn.execute(select(row.account_id).where(row.run_id == run_id).distinct()).scalars())


def last_run_of(conn: Connection, link_id: int) -> str | None:
    """The last run that wrote to a side of this link."""
    row = change_log.c
    query = select(row.run_id).where(row.link_id == link_id, row.side != "store").order_by(row.id.desc()).limit(1)
    return conn.execute(query).scalar()


def written_since(conn: Connection, last: Mapping[int, int]) -> set[tuple[int, str, str]]:
    """What was written to links after an entry of each (`last`: by link): link, side and field.

    Link by link, as runs write side by side: another one may have written to a link before this one was over.
    """
    row, found = change_log.c, set()
    for part in parts(sorted(last)):
        first = min(last[link_id] for link_id in part)
        query = select(row.id, row.link_id, row.side, row.after).where(row.link_id.in_(part), row.id > first)
        for entry_id, link_id, side, after in conn.execute(query):
            if entry_id > last[link_id]:
                found |= {(link_id, side, name) for name in after or ()}
    return found


def counts(conn: Connection, run_id: str, account_id: int) -> dict[tuple[str, str], int]:
    """How many entries the run has of this account: by side that was written, and action."""
    columns = (change_log.c.side, change_log.c.action)
    query = select(*columns, func.count().label("items_count")).group_by(*columns)
    found = conn.execute(query.where(change_log.c.run_id == run_id, change_log.c.account_id == account_id))
    return {(row.side, row.action): row.items_count for row in found}


def conflicts_count(conn: Connection, run_id: str, account_id: int) -> int:
    """In how many of the run's entries of this account a value lost."""
    row = change_log.c
    query = select(func.count()).where(row.run_id == run_id, row.account_id == account_id, row.lost.is_not(None))
    return int(conn.execute(query).scalar_one())


def recent_count(
    conn: Connection,
    account_id: int,
    since: datetime,
    actions: Collection[str],
    *,
    also: tuple[str, str] | None = None,
    side: str | None = None,
    but: Collection[str] = (),
) -> int:
    """How many entries of these actions the account has since then, but for what a person decided.

    Args:
        also: another action, and how the reason begins for which it counts.
        side: only what was written there.
        but: reasons that don't count.
    """
    column = change_log.c
    ours: list[ColumnElement[bool]] = [column.action.in_(actions)]
    if also is not None:
        ours.append((column.action == also[0]) & column.reason.startswith(also[1]))
    query = (
        select(func.count())
        .select_from(change_log)
        .where(column.account_id == account_id, or_(*ours), column.at > since, column.reason.not_in(but))
        .where(column.actor.is_(None))
    )
    if side is not None:
        query = query.where(column.side == side)
    return int(conn.execute(query).scalar_one())


def made_between(
    conn: Connection, account_id: int, actions: Collection[str], first: datetime, last: datetime
) -> list[tuple[int | None, str, datetime]]:
    """Link, action and time of the account's entries of these actions in that time."""
    column = change_log.c
    query = select(column.link_id, column.action, column.at).where(
        column.account_id == account_id, column.action.in_(actions), column.at.between(first, last)
    )
    return [(row.link_id, row.action, row.at) for row in conn.execute(query)]


def written_to_events(conn: Connection, run_id: str, account_id: int) -> list[tuple[int, Mapping[str, Any]]]:
    """Link and new values (by field) of what the run wrote to events of the account's links."""
    row = change_log.c
    mine = row.run_id == run_id, row.account_id == account_id, row.side == "events", row.link_id.is_not(None)
    entries = conn.execute(select(row.link_id, row.after).where(*mine))
    return [(int(each.link_id), each.after or {}) for each in entries]
