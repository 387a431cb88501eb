"""Request limits that all tasks share: permits per key, reserved from the database in slices of one second.

In each slice at most `per_second` permits are given out over all processes, so that any window of w seconds holds at
most (w + 1) * per_second of them: a caller under a rolling limit chooses `per_second` accordingly.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, and_, case, delete, func, select, update

from include.calsync.errors import BudgetExhausted
from include.calsync.store.tables import pause, rate_slot, token_budget
from include.calsync.store.transaction import reading
from include.calsync.store.upsert import insert

DEFAULT_MAX_WAIT_S = 60.0
SLICES_KEPT_S = 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Budget:
    """Tokens of one UTC day: `spent` by us, `remaining` as the service last said (None: never)."""

    spent: int
    remaining: int | None


@dataclass(frozen=True, slots=True)
class _Slice:
    start: datetime
    end: datetime
    permit_count: int


@dataclass(slots=True)
class _Share:
    """What this process holds of the present slice of one key."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    start: datetime | None = None
    left: int = 0
    used: int = 0
    used_before: int = 0
    full: bool = False

    def enter(self, start: datetime) -> None:
        """Permits left over from an earlier slice are void."""
        if start != self.start:
            self.start, self.left, self.used_before, self.used, self.full = start, 0, self.used, 0, False

    @property
    def demand(self) -> int:
        """How many permits to ask for: what was used lately, so that few are reserved in vain."""
        return max(1, self.used, self.used_before)


class StoreLimiter:
    """The clients' limiter over the store. Safe for threads; processes need clocks that agree.

    `clock` gives the present instant (aware), `sleep` waits for seconds, `max_wait_s` is the longest pause that is
    slept through instead of raised. Keys must hold no secret and no personal data: they are stored.
    """

    def __init__(
        self,
        engine: Engine,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        *,
        max_wait_s: float = DEFAULT_MAX_WAIT_S,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._sleep = sleep
        self._max_wait_s = max_wait_s
        self._shares: dict[str, _Share] = {}

    def acquire(self, key: str, *, per_second: float) -> None:
        """Return when one request may be sent. Below one per second the slices are longer instead.

        Raises BudgetExhausted (with `retry_at`) if the key is paused for longer than `max_wait_s`.
        """
        share = self._shares.setdefault(key, _Share())
        while (wait_s := self._try(share, key, per_second)) > 0:
            self._sleep(wait_s)

    def pause(self, key: str, until: datetime, reason: str) -> None:
        """No request for `key` before `until` (aware), in any process; a later pause already set stays."""
        statement = insert(self._engine, pause).values(key=key, until=until, reason=reason)
        later = statement.excluded.until > pause.c.until
        statement = statement.on_conflict_do_update(
            index_elements=[pause.c.key],
            set_={
                "until": case((later, statement.excluded.until), else_=pause.c.until),
                "reason": case((later, statement.excluded.reason), else_=pause.c.reason),
            },
        )
        with self._engine.begin() as connection:
            connection.execute(statement)
        share = self._shares.setdefault(key, _Share())
        with share.lock:
            share.left = 0

    def spend(self, key: str, tokens: int, remaining: int | None) -> None:
        """Book `tokens` of the day's budget; `remaining` as the answer said, None if it said nothing."""
        row = {"key": key, "day": self._today(), "spent": tokens, "remaining": remaining}
        statement = insert(self._engine, token_budget).values(row)
        statement = statement.on_conflict_do_update(
            index_elements=[token_budget.c.key, token_budget.c.day],
            set_={
                "spent": token_budget.c.spent + statement.excluded.spent,
                "remaining": func.coalesce(statement.excluded.remaining, token_budget.c.remaining),
            },
        )
        with self._engine.begin() as connection:
            connection.execute(statement)

    def budget(self, key: str) -> Budget:
        """What is known of the present UTC day's budget."""
        return budget_of(self._engine, key, self._clock())

    def _today(self) -> str:
        return _day(self._clock())

    def _try(self, share: _Share, key: str, per_second: float) -> float:
        """Take one permit and return 0, or return the seconds after which to try again."""
        with share.lock:
            now = self._clock()
            present = _slice_at(now, per_second)
            share.enter(present.start)
            if share.left == 0 and not share.full:
                with self._engine.begin() as connection:
                    paused_s = self._paused_s(connection, key, now)
                    if paused_s > 0:
                        return paused_s
                    share.left = _reserve(connection, key, present, share.demand)
                share.full = share.left == 0
            if share.full:
                return (present.end - now).total_seconds()
            share.left -= 1
            share.used += 1
            return 0.0

    def _paused_s(self, connection: Connection, key: str, now: datetime) -> float:
        row = connection.execute(select(pause.c.until, pause.c.reason).where(pause.c.key == key)).first()
        if row is None or row.until <= now:
            return 0.0
        paused_s = float((row.until - now).total_seconds())
        if paused_s > self._max_wait_s:
            until = row.until.isoformat(timespec="seconds")
            raise BudgetExhausted(f"Nothing is sent before {until}: {row.reason}", retry_at=row.until)
        return paused_s


def budget_of(engine: Engine, key: str, now: datetime) -> Budget:
    """What is known of the budget of `now`'s UTC day."""
    today = and_(token_budget.c.key == key, token_budget.c.day == _day(now))
    with reading(engine) as connection:
        row = connection.execute(select(token_budget.c.spent, token_budget.c.remaining).where(today)).first()
    return Budget(0, None) if row is None else Budget(row.spent, row.remaining)


def _day(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()


def _slice_at(now: datetime, per_second: float) -> _Slice:
    """The slice that `now` is in: one second with the whole permits of it, or the time that one permit takes."""
    if not per_second > 0:
        raise ValueError("per_second must be positive")
    length = timedelta(seconds=max(1.0, 1.0 / per_second))
    start = now - (now - _EPOCH) % length
    return _Slice(start, start + length, max(1, math.floor(per_second)))


def _reserve(connection: Connection, key: str, present: _Slice, demand: int) -> int:
    """Reserve up to `demand` permits, at most half of what is left, so that no process takes a slice alone."""
    this = and_(rate_slot.c.key == key, rate_slot.c.slice_start == present.start)
    fresh = insert(connection, rate_slot).values(key=key, slice_start=present.start, used=0).on_conflict_do_nothing()
    if connection.execute(fresh.returning(rate_slot.c.key)).first() is not None:
        _remove_old_slices(connection, key, present.start)
    used = int(connection.execute(select(rate_slot.c.used).where(this).with_for_update()).scalar_one())
    granted = min(demand, math.ceil(max(0, present.permit_count - used) / 2))
    if granted:
        connection.execute(update(rate_slot).where(this).values(used=rate_slot.c.used + granted))
    return granted


def _remove_old_slices(connection: Connection, key: str, start: datetime) -> None:
    # Rows that another process is just removing are skipped: waiting for it could become a deadlock.
    old = and_(rate_slot.c.key == key, rate_slot.c.slice_start < start - timedelta(seconds=SLICES_KEPT_S))
    starts = select(rate_slot.c.slice_start).where(old).with_for_update(skip_locked=True)
    connection.execute(delete(rate_slot).where(rate_slot.c.key == key, rate_slot.c.slice_start.in_(starts)))
