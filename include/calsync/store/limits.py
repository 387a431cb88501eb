"""Request limits that all tasks share: permits per key, reserved from the database in slices of one second, and pauses.

All processes together are given `per_second` permits in a slice, the fractions in those slices in which they have added
up to one. So any window of w seconds holds at most (w + 1) * per_second of them, rounded up: a caller under a rolling
limit chooses `per_second` accordingly, and a little less, as requests are sent a moment after their permits were given.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from sqlalchemy import Connection, Engine, and_, bindparam, case, delete, select, tuple_, update
from sqlalchemy.sql.dml import Insert

from include.calsync.errors import BudgetExhausted
from include.calsync.store import budgets
from include.calsync.store.budgets import Budget, budget_of
from include.calsync.store.tables import pause, rate_slot
from include.calsync.store.upsert import insert

DEFAULT_MAX_WAIT_S = 60.0
SLICES_KEPT_S = 60
LONGEST_PAUSE = timedelta(hours=25)
"""A day, and what the longest one has more."""
CLOCKS_APART = timedelta(seconds=60)
FIRST_REST, LONGEST_REST = timedelta(minutes=1), timedelta(minutes=15)
REST_FORGOTTEN = timedelta(hours=1)
"""After that a new trouble is not the old one any more: it rests for FIRST_REST again."""
SHARED_FOR = timedelta(seconds=10)
"""So long another process is counted with after it took permits."""
_SECOND = timedelta(seconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Slice:
    start: datetime
    end: datetime
    permit_count: int

    @property
    def before(self) -> datetime:
        """Start of the slice before."""
        return self.start - (self.end - self.start)


@dataclass(slots=True)
class _Share:
    """What this process holds of the present slice of one key. `granted`: all that it was given of the slice so far."""

    start: datetime | None = None
    left: int = 0
    granted: int = 0
    used: int = 0
    used_before: int = 0
    full: bool = False
    shared_until: datetime = _EPOCH

    def enter(self, start: datetime) -> None:
        """Permits left over from an earlier slice are void."""
        if start != self.start:
            self.start, self.left, self.granted, self.full = start, 0, 0, False
            self.used_before, self.used = self.used, 0

    @property
    def demand(self) -> int:
        """How many permits to ask for: what was used lately, so that few are reserved in vain."""
        return max(1, self.used, self.used_before)

    def portion(self, present: _Slice, given: int) -> int:
        """How many permits to take of a slice of which `given` were taken so far, by all.

        Half of what is left, where others took some lately, so that nobody takes a slice alone; else all but one, by
        which another who comes makes itself known.
        """
        if given > self.granted:
            self.shared_until = present.start + SHARED_FOR
        left = max(0, present.permit_count - given)
        alone = present.start >= self.shared_until and left > 1
        return min(self.demand, left - 1 if alone else math.ceil(left / 2))

    def take(self, count: int) -> None:
        """Permits reserved for this process."""
        self.left += count
        self.granted += count
        self.full = self.left == 0


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
        self._lock = threading.Lock()
        self._shares: dict[str, _Share] = {}
        self._rates: dict[str, float] = {}

    def acquire(self, limits: Mapping[str, float]) -> None:
        """Return when one request may be sent that counts under each of these keys, with its permits per second.

        Permits are taken of all keys at once: one that waited for another's would be used in a later slice than its
        own. Below one per second the slices are longer instead. Raises BudgetExhausted (with `retry_at`) if a key is
        paused for longer than `max_wait_s`.
        """
        while (wait_s := self._try(limits)) > 0:
            self._sleep(wait_s)

    def pause(self, key: str, until: datetime, reason: str) -> None:
        """No request for `key` before `until` (aware), in any process; a later pause already set stays."""
        now = self._clock()
        with self._engine.begin() as connection:
            _set_pause(connection, key, now, min(until, now + LONGEST_PAUSE), reason)
        self._void(key)

    def back_off(self, key: str, now: datetime, reason: str) -> datetime:
        """Pause `key` from `now` on for FIRST_REST, twice as long each time that did not help, up to LONGEST_REST.

        Who hears the refusal while it rests already does not lengthen the rest.
        """
        with self._engine.begin() as connection:
            row = connection.execute(select(pause).where(pause.c.key == key)).first()
            rested, count = (row.rested_until, int(row.rests_count)) if row is not None else (None, 0)
            until: datetime = rested or now
            if now < until <= now + LONGEST_REST + CLOCKS_APART:
                return until
            if until < now - REST_FORGOTTEN:
                count = 0
            until = now + min(FIRST_REST * 2 ** min(count, 10), LONGEST_REST)
            _set_pause(connection, key, now, until, reason, rested_until=until, rests_count=count + 1)
        self._void(key)
        return until

    def budget_returns(self, key: str, now: datetime) -> datetime:
        """When to ask again after `key`'s daily budget was found used up at `now`."""
        with self._engine.begin() as connection:
            return budgets.returns_at(connection, key, now)

    def spend(self, key: str, tokens: int, remaining: int | None) -> None:
        """Book `tokens` of the day's budget; `remaining` as the answer said, None if it said nothing."""
        with self._engine.begin() as connection:
            budgets.book(connection, key, tokens, remaining, self._clock())

    def budget(self, key: str) -> Budget:
        """What is known of the budget of the service's present day."""
        return budget_of(self._engine, key, self._clock())

    def _void(self, key: str) -> None:
        """Permits in hand are worth nothing in a pause."""
        with self._lock:
            self._shares.setdefault(key, _Share()).left = 0

    def _try(self, limits: Mapping[str, float]) -> float:
        """Take one permit of each key and return 0, or return the seconds after which to try again."""
        with self._lock:
            now = self._clock()
            slices = {key: _slice_at(now, per_second) for key, per_second in limits.items()}
            shares = {key: self._shares.setdefault(key, _Share()) for key in limits}
            for key, share in shares.items():
                share.enter(slices[key].start)
            if not any(share.full for share in shares.values()):
                empty = {key: slices[key] for key, share in shares.items() if share.left == 0}
                paused = self._fill(empty, limits, now)
                if paused is not None:
                    return self._waited_s(*paused, now)
            ends = [slices[key].end for key, share in shares.items() if share.full]
            if ends:
                return (max(ends) - now).total_seconds()
            for share in shares.values():
                share.left -= 1
                share.used += 1
            self._rates.update(limits)
            return 0.0

    def _fill(
        self, empty: Mapping[str, _Slice], limits: Mapping[str, float], now: datetime
    ) -> tuple[datetime, str] | None:
        """Reserve permits of keys of which none is left. Returns end and reason of the longest pause, if there is one.

        All that was in use in the slice before is reserved along with what is asked for: one transaction for a second.
        """
        if not empty:
            return None
        wanted = {**self._expected(limits, now), **empty}
        with self._engine.begin() as connection:
            paused = _pause_ends(connection, wanted, now)
            if told := [end for key, end in paused.items() if key in empty]:
                return max(told)
            open_ = {key: present for key, present in wanted.items() if key not in paused}
            granted = _reserve(connection, open_, {key: self._shares[key] for key in open_})
        for key, count in granted.items():
            self._shares[key].take(count)
        return None

    def _expected(self, limits: Mapping[str, float], now: datetime) -> dict[str, _Slice]:
        """Slices that just began, of other keys that were in use in the one before."""
        found = {}
        for key, per_second in self._rates.items():
            share, present = self._shares[key], _slice_at(now, per_second)
            if key not in limits and share.used and share.start == present.before:
                share.enter(present.start)
                found[key] = present
        return found

    def _waited_s(self, until: datetime, reason: str, now: datetime) -> float:
        paused_s = float((until - now).total_seconds())
        if paused_s > self._max_wait_s:
            at = until.isoformat(timespec="seconds")
            raise BudgetExhausted(f"Nothing is sent before {at}: {reason}", retry_at=until)
        return paused_s


def _set_pause(connection: Connection, key: str, now: datetime, until: datetime, reason: str, **values: object) -> None:
    """`length_s` tells the others how far away the end may be at most."""
    row = {"until": until, "reason": reason, "length_s": max(0.0, (until - now).total_seconds())}
    statement = insert(connection.dialect.name, pause).values(key=key, **row, **values)
    later = statement.excluded.until > pause.c.until
    changes = {name: case((later, statement.excluded[name]), else_=pause.c[name]) for name in row}
    connection.execute(statement.on_conflict_do_update(index_elements=[pause.c.key], set_={**changes, **values}))


def _pause_ends(connection: Connection, keys: Iterable[str], now: datetime) -> dict[str, tuple[datetime, str]]:
    """When the present pauses of these keys end, and why there are any.

    Whoever set one may have a clock that is ahead: it lasts no longer from now on than it was meant to last.
    """
    found = {}
    for row in connection.execute(_PAUSES, {"of_keys": list(keys), "now": now}).all():
        longest = LONGEST_PAUSE if row.length_s is None else min(timedelta(seconds=row.length_s), LONGEST_PAUSE)
        found[row.key] = (row.until, row.reason)
        if row.until > now + longest + CLOCKS_APART:
            this = pause.c.key == row.key, pause.c.until == row.until
            connection.execute(update(pause).where(*this).values(until=now + longest))
            found[row.key] = (now + longest, row.reason)
    return found


_PAUSES = select(pause).where(pause.c.key.in_(bindparam("of_keys", expanding=True)), pause.c.until > bindparam("now"))


def _slice_at(now: datetime, per_second: float) -> _Slice:
    """The slice that `now` is in: one second with the permits that are due by its end, or the time one permit takes."""
    if not per_second > 0:
        raise ValueError("per_second must be positive")
    if per_second < 1:
        length = timedelta(seconds=1.0 / per_second)
        start = now - (now - _EPOCH) % length
        return _Slice(start, start + length, 1)
    second = (now - _EPOCH) // _SECOND
    start = _EPOCH + second * _SECOND
    due_count = math.floor((second + 1) * per_second) - math.floor(second * per_second)
    return _Slice(start, start + _SECOND, due_count)


def _reserve(connection: Connection, slices: Mapping[str, _Slice], shares: Mapping[str, _Share]) -> dict[str, int]:
    """Reserve permits of these slices, as many as each share's portion. Returns: how many, by key."""
    keys = sorted(slices)  # in one order, or two processes may wait for each other
    fresh = [key for key in keys if not shares[key].granted]
    if fresh:
        rows = [{"key": key, "slice_start": slices[key].start, "used": 0} for key in fresh]
        connection.execute(_fresh(connection.dialect.name), rows)
        oldest = min(slices[key].start for key in fresh) - timedelta(seconds=SLICES_KEPT_S)
        connection.execute(_REMOVE_OLD, {"of_keys": fresh, "oldest": oldest})
    starts = {slices[key].start for key in keys}
    used = connection.execute(_USED, {"of_keys": keys, "of_slices": list(starts)}).all()
    given = {row.key: int(row.used) for row in used if row.slice_start == slices[row.key].start}
    granted = {key: shares[key].portion(slices[key], given[key]) for key in keys}
    taken = [{"of_key": key, "of_slice": slices[key].start, "granted": n} for key, n in granted.items() if n]
    if taken:
        connection.execute(_GRANT, taken)
    return granted


# Said once, as they are sent for each second: to put a statement together costs more than to carry it out.
_OF_KEYS = rate_slot.c.key.in_(bindparam("of_keys", expanding=True))
_THESE = and_(_OF_KEYS, rate_slot.c.slice_start.in_(bindparam("of_slices", expanding=True)))
_USED = select(rate_slot).where(_THESE).order_by(rate_slot.c.key).with_for_update()
_THIS = and_(rate_slot.c.key == bindparam("of_key"), rate_slot.c.slice_start == bindparam("of_slice"))
_GRANT = update(rate_slot).where(_THIS).values(used=rate_slot.c.used + bindparam("granted"))
# Rows that another process is just removing are skipped: waiting for it could become a deadlock.
_OLD = and_(_OF_KEYS, rate_slot.c.slice_start < bindparam("oldest"))
_OLD_ROWS = select(rate_slot.c.key, rate_slot.c.slice_start).where(_OLD).with_for_update(skip_locked=True)
_REMOVE_OLD = delete(rate_slot).where(tuple_(rate_slot.c.key, rate_slot.c.slice_start).in_(_OLD_ROWS))


@cache
def _fresh(dialect: str) -> Insert:
    """An insert of a slice's row, if there is none yet."""
    return insert(dialect, rate_slot).on_conflict_do_nothing()
