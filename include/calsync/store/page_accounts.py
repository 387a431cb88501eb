"""What the page's list of accounts reads: all of them in short, and more of those that one page shows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, case, func, literal, select

from include.calsync.core.raw import Json
from include.calsync.store.directory import CALENDAR
from include.calsync.store.holds import UNDO
from include.calsync.store.page_frame import IS_SHOWN, Progress
from include.calsync.store.tables import account, account_day, directory, hold, link, plan_row, quarantine

_day = account_day.c
WRITTEN = {
    "activities": _day.activities_created + _day.activities_updated + _day.activities_deleted,
    "events": _day.events_created + _day.events_updated + _day.events_deleted,
}
_CREATED = _day.activities_created + _day.events_created


@dataclass(frozen=True, slots=True)
class Head:
    """One account in short."""

    id: int
    name: str
    state: str
    error: str | None
    failure: str | None
    """One of Failure: why it has failed."""
    settings: Json | None
    """As a person wrote them: keys that are missing have their defaults."""
    source: str | None
    source_line: int | None
    version: int
    last_success_at: datetime | None
    failing_since: datetime | None
    busy_since: datetime | None
    tried: bool
    """Whether it took part in a run."""
    hold_id: int | None
    """Its oldest hold that waits for a person."""
    held_count: int
    """Items of such holds, when they were opened."""
    aside_count: int
    """Items in quarantine."""
    calendar_id: str | None
    calendar_name: str | None
    """As runs saw it last; None: it has none, or no run has seen it."""

    @property
    def told(self) -> str:
        """The error as it was told, without the account's name in front."""
        return (self.error or "").removeprefix(f"account {self.name}: ")


@dataclass(frozen=True, slots=True)
class Day:
    """What was written in one day (UTC), to activities and to events."""

    day: date
    activities: int
    events: int
    conflicts: int
    created: int


def _head() -> Any:
    waits = hold.c.account_id == account.c.id, hold.c.state == "open", hold.c.rule != UNDO
    aside = quarantine.c.account_id == account.c.id, quarantine.c.attempts > 0
    row = account.c
    named = directory.c.scope == literal(CALENDAR).concat(row.calendar_id)
    return select(
        row.id, row.name, row.state, row.error, row.failure, row.settings, row.source, row.source_line, row.version,
        row.last_success_at, row.failing_since, row.busy_since,
        (row.activities_connected_at.is_not(None) | row.last_run_id.is_not(None)).label("tried"),
        select(func.min(hold.c.id)).where(*waits).scalar_subquery(),
        select(func.coalesce(func.sum(hold.c.item_count), 0)).where(*waits).scalar_subquery(),
        select(func.count()).select_from(quarantine).where(*aside).scalar_subquery(),
        row.calendar_id,
        select(directory.c.content["name"].as_string()).where(named).scalar_subquery(),
    ).where(row.removed_at.is_(None), IS_SHOWN)  # fmt: skip


def heads(conn: Connection) -> list[Head]:
    """All accounts that are configured, or still take part, by name."""
    return [Head(*row) for row in conn.execute(_head().order_by(account.c.name))]


def head(conn: Connection, account_id: int) -> Head | None:
    """One of them."""
    row = conn.execute(_head().where(account.c.id == account_id)).first()
    return None if row is None else Head(*row)


def pair_counts(conn: Connection, account_ids: Collection[int] | None = None) -> dict[int, int]:
    """How many pairs each account has, or each of these; who has none is not in it."""
    query = select(link.c.account_id, func.count()).where(link.c.state != "detached").group_by(link.c.account_id)
    if account_ids is not None:
        query = query.where(link.c.account_id.in_(account_ids))
    return {row[0]: row[1] for row in conn.execute(query)}


def days(conn: Connection, since: date) -> list[Day]:
    """Of all accounts together, the days on which something was written, oldest first."""
    day = account_day.c
    sums = [func.sum(each) for each in (WRITTEN["activities"], WRITTEN["events"], day.conflicts, _CREATED)]
    query = select(day.day, *sums).where(day.day >= since.isoformat()).group_by(day.day).order_by(day.day)
    return [Day(date.fromisoformat(row[0]), *map(int, row[1:])) for row in conn.execute(query)]


def days_of(conn: Connection, account_ids: Collection[int], since: date) -> dict[int, list[Day]]:
    """The same of these accounts, each for itself."""
    day = account_day.c
    mine = day.account_id.in_(account_ids), day.day >= since.isoformat()
    query = select(day.account_id, day.day, WRITTEN["activities"], WRITTEN["events"], day.conflicts, _CREATED)
    found: dict[int, list[Day]] = {account_id: [] for account_id in account_ids}
    for row in conn.execute(query.where(*mine).order_by(day.account_id, day.day)):
        found[row[0]].append(Day(date.fromisoformat(row[1]), *row[2:]))
    return found


def progress(conn: Connection, run_id: str) -> dict[int, Progress]:
    """How far the run is with each account that it has something to do for."""
    done = func.count(case((plan_row.c.state != "planned", 1)))
    query = select(plan_row.c.account_id, done, func.count()).where(plan_row.c.run_id == run_id)
    return {row[0]: Progress(row[1], row[2]) for row in conn.execute(query.group_by(plan_row.c.account_id))}
