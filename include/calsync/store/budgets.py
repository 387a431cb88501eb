"""Pipedrive's daily budget: what is left of it, and at which time of the day it comes back.

The budget returns at a midnight whose zone Pipedrive does not name. So the time is learnt from when what remains jumps
up; until then it is taken for midnight UTC, and if that proves wrong, it is asked for once an hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, and_, func, select, update

from include.calsync.store.columns import columns_of, record_of
from include.calsync.store.tables import budget_reset, token_budget
from include.calsync.store.transaction import reading
from include.calsync.store.upsert import insert

JUMP_TOKENS = 1000
"""Answers that overtake each other make what remains rise, too, but by less."""
LONGEST_GAP = timedelta(minutes=70)
"""Between two answers, for the time of a reset between them to be known."""
LATE = timedelta(minutes=1)
"""Clocks disagree a little: who asks too early waits for another hour."""
HOUR, QUARTER = 60, 15


@dataclass(frozen=True, slots=True)
class Budget:
    """Tokens of one of the service's days: `spent` by us, `remaining` as the service last said (None: never)."""

    spent: int
    remaining: int | None


@dataclass(frozen=True, slots=True)
class _Reset:
    """When the budget comes back: the minute of the day in UTC; and since when it was found used up."""

    minute: int | None
    exhausted_since: datetime | None


_RESET = columns_of(_Reset, budget_reset)


def next_midnight(now: datetime) -> datetime:
    """The coming midnight UTC."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)


def budget_of(engine: Engine, key: str, now: datetime) -> Budget:
    """What is known of the budget of the service's day that `now` is in."""
    with reading(engine) as conn:
        today = and_(token_budget.c.key == key, token_budget.c.day == _day(_reset(conn, key), now))
        row = conn.execute(select(token_budget.c.spent, token_budget.c.remaining).where(today)).first()
    return Budget(0, None) if row is None else Budget(row.spent, row.remaining)


def resets_at(engine: Engine, key: str, now: datetime) -> datetime:
    """When the budget comes back next, as far as that is known."""
    with reading(engine) as conn:
        return _next_reset(_reset(conn, key), now)


def book(conn: Connection, key: str, tokens: int, remaining: int | None, now: datetime) -> None:
    """Book `tokens`; `remaining` as the answer said, None if it said nothing. Learns when the budget comes back."""
    if remaining is not None:
        _learn(conn, key, remaining, now)
    row = {"key": key, "day": _day(_reset(conn, key), now), "spent": tokens, "remaining": remaining}
    statement = insert(conn.dialect.name, token_budget).values(**row, seen_at=None if remaining is None else now)
    statement = statement.on_conflict_do_update(
        index_elements=[token_budget.c.key, token_budget.c.day],
        set_={
            "spent": token_budget.c.spent + statement.excluded.spent,
            "remaining": func.coalesce(statement.excluded.remaining, token_budget.c.remaining),
            "seen_at": func.coalesce(statement.excluded.seen_at, token_budget.c.seen_at),
        },
    )
    conn.execute(statement)


def returns_at(conn: Connection, key: str, now: datetime) -> datetime:
    """When to ask again after the budget was found used up: when it is said to come back, and hourly if it did not."""
    row = _reset(conn, key)
    since = min(row.exhausted_since, now) if row is not None and row.exhausted_since is not None else now
    _note(conn, key, exhausted_since=since)
    full_hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    latest = full_hour if next_midnight(since) <= now else next_midnight(now)
    return min(latest, _next_reset(row, now)) + LATE


def _learn(conn: Connection, key: str, remaining: int, now: datetime) -> None:
    """If more remains than before, the budget came back between the two answers."""
    seen, row = token_budget.c, _reset(conn, key)
    query = select(seen.remaining, seen.seen_at).where(seen.key == key, seen.seen_at <= now)
    before = conn.execute(query.order_by(seen.seen_at.desc()).limit(1)).first()
    # Who has nothing to spend overtakes nobody.
    exhausted = row is not None and row.exhausted_since is not None
    if before is None or remaining <= before.remaining + (0 if exhausted else JUMP_TOKENS):
        return
    minute = _minute_between(before.seen_at, now)
    learnt = {} if minute is None else {"minute": minute, "learnt_at": now}
    if learnt or exhausted:
        _note(conn, key, exhausted_since=None, **learnt)


def _minute_between(earlier: datetime, later: datetime) -> int | None:
    """The minute of the day (UTC) between two instants at which it is midnight somewhere: a full hour, else a quarter.

    None: there is none, so that it was a top-up; or they lie too far apart to tell.
    """
    if later - earlier > LONGEST_GAP:
        return None
    for each in (HOUR, QUARTER):
        length_s = each * 60
        at_s = int(later.timestamp()) // length_s * length_s
        if at_s > earlier.timestamp():
            return at_s // 60 % (24 * 60)
    return None


def _next_reset(row: _Reset | None, now: datetime) -> datetime:
    if row is None or row.minute is None:
        return next_midnight(now)
    ahead = timedelta(minutes=row.minute)
    return next_midnight(now - ahead) + ahead


def _day(row: _Reset | None, now: datetime) -> str:
    """The service's day, by the date in UTC that it begins at."""
    ahead = timedelta(minutes=row.minute or 0) if row is not None else timedelta(0)
    return (now.astimezone(UTC) - ahead).date().isoformat()


def _reset(conn: Connection, key: str) -> _Reset | None:
    return record_of(_Reset, conn.execute(select(*_RESET).where(budget_reset.c.key == key)).first())


def _note(conn: Connection, key: str, **values: Any) -> None:
    conn.execute(insert(conn.dialect.name, budget_reset).values(key=key).on_conflict_do_nothing())
    conn.execute(update(budget_reset).where(budget_reset.c.key == key).values(**values))
