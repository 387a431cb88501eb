"""The screen Accounts: what needs a person, what was written in two weeks, and the accounts, fifty at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from include.calsync.store import page_accounts as store
from include.calsync.store.page_accounts import Day, Head
from include.calsync.store.page_frame import Progress
from include.calsync.store.transaction import Connection, Engine, reading

PER_PAGE = 50
PROBLEMS_SHOWN = 5
DAYS = 14
STALE = timedelta(hours=1)
"""So long without a run that got through, and something may be wrong."""


class State(StrEnum):
    """How an account stands; the first that holds."""

    HELD = "held"
    FAILED = "failed"
    RUNNING = "running"
    PAUSED = "paused"
    BUSY = "busy"
    """Another run works on it."""
    UNTRIED = "untried"
    OK = "ok"


class Filter(StrEnum):
    """Which accounts are listed."""

    ALL = "all"
    ATTENTION = "attention"
    RUNNING = "running"
    PAUSED = "paused"


class Trouble(StrEnum):
    """Why an account needs a person, the most urgent first."""

    HELD = "held"
    FAILED = "failed"
    ASIDE = "aside"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that needs a person. `since`: when it began, if that is known."""

    trouble: Trouble
    account: Head
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Row:
    """One account in the table. `days`: one per day of DAYS, oldest first."""

    account: Head
    state: State
    progress: Progress | None
    pair_count: int
    days: Sequence[Day]

    @property
    def today(self) -> int:
        """What was written today (UTC)."""
        return self.days[-1].activities + self.days[-1].events


@dataclass(frozen=True, slots=True)
class Table:
    """The accounts of one page. `counts`: how many there are by filter."""

    rows: Sequence[Row]
    shown: Filter
    page: int
    counts: Mapping[Filter, int]
    query: str = ""
    found_count: int = 0

    @property
    def page_count(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.found_count // PER_PAGE))

    @property
    def first(self) -> int:
        """Place of the first row, from 1; 0: there is none."""
        return (self.page - 1) * PER_PAGE + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """Place of the last row."""
        return self.first + len(self.rows) - 1 if self.rows else 0


@dataclass(frozen=True, slots=True)
class Accounts:
    """The screen. `days`: one per day of DAYS, oldest first, of all accounts."""

    problems: Sequence[Problem]
    more_problems_count: int
    days: Sequence[Day]
    pair_count: int
    state_counts: Mapping[State, int]
    table: Table

    @property
    def today(self) -> Day:
        """What was written today (UTC)."""
        return self.days[-1]


def read(engine: Engine, now: datetime, *, running: str | None, shown: Filter = Filter.ALL, page: int = 1) -> Accounts:
    """Four queries, five in a run. `running`: id of the run that works now."""
    since = (now - timedelta(days=DAYS - 1)).astimezone(UTC).date()
    with reading(engine) as conn:
        heads = store.heads(conn)
        pairs = store.pair_counts(conn)
        days = _every_day(store.days(conn, since), now)
        progress = store.progress(conn, running) if running else {}
        states = {head.id: _state(head, progress) for head in heads}
        troubles = {head.id: list(_troubles(head, states[head.id], now)) for head in heads}
        fitting = {each: [head for head in heads if _fits(each, states[head.id], troubles[head.id])] for each in Filter}
        listed = fitting[shown]
        rows = _rows(conn, _cut(listed, page), states, progress, pairs, now)
    problems = [Problem(trouble, head, since) for head in heads for trouble, since in troubles[head.id]]
    problems.sort(key=lambda each: list(Trouble).index(each.trouble))
    return Accounts(
        problems=problems[:PROBLEMS_SHOWN],
        more_problems_count=max(0, len(problems) - PROBLEMS_SHOWN),
        days=days,
        pair_count=sum(pairs.get(head.id, 0) for head in heads),
        state_counts={state: list(states.values()).count(state) for state in State},
        table=Table(rows, shown, page, {each: len(found) for each, found in fitting.items()}, found_count=len(listed)),
    )


def search(engine: Engine, now: datetime, query: str, *, running: str | None) -> Table:
    """The first accounts whose name, addresses or calendar hold the text, upper or lower case."""
    with reading(engine) as conn:
        heads = store.heads(conn)
        progress = store.progress(conn, running) if running else {}
        states = {head.id: _state(head, progress) for head in heads}
        listed = [head for head in heads if query.strip().casefold() in _searched(head)]
        cut = _cut(listed, 1)
        rows = _rows(conn, cut, states, progress, store.pair_counts(conn, [head.id for head in cut]), now)
    return Table(rows, Filter.ALL, 1, {}, query=query.strip(), found_count=len(listed))


def _searched(head: Head) -> str:
    settings = head.settings or {}
    written = (str(settings.get(key, "")) for key in ("pipedrive_user", "google_user", "calendar"))
    values = (head.name, head.calendar_name or "", *written)
    return "\n".join(values).casefold()


def _cut(listed: Sequence[Head], page: int) -> Sequence[Head]:
    return listed[(page - 1) * PER_PAGE : page * PER_PAGE]


def _rows(
    conn: Connection,
    heads: Sequence[Head],
    states: Mapping[int, State],
    progress: Mapping[int, Progress],
    pairs: Mapping[int, int],
    now: datetime,
) -> list[Row]:
    since = (now - timedelta(days=DAYS - 1)).astimezone(UTC).date()
    written = store.days_of(conn, [head.id for head in heads], since)
    return [
        Row(head, states[head.id], progress.get(head.id), pairs.get(head.id, 0), _every_day(written[head.id], now))
        for head in heads
    ]


def _every_day(found: Iterable[Day], now: datetime) -> list[Day]:
    """With days on which nothing was written."""
    known = {day.day: day for day in found}
    last = now.astimezone(UTC).date()
    dates = [last - timedelta(days=back) for back in reversed(range(DAYS))]
    return [known.get(each) or Day(each, 0, 0, 0, 0) for each in dates]


def state_of(head: Head, progress: Progress | None = None) -> State:
    """How the account stands."""
    paused = head.state == "paused" or not (head.settings or {}).get("enabled", True)
    if head.hold_id is not None and not paused:
        return State.HELD
    if head.state == "failed" and not paused:
        return State.FAILED
    if progress is not None and progress.done_count < progress.planned_count:
        return State.RUNNING
    if paused:
        return State.PAUSED
    if head.busy_since is not None:
        return State.BUSY
    return State.OK if head.tried else State.UNTRIED


def _state(head: Head, progress: Mapping[int, Progress]) -> State:
    return state_of(head, progress.get(head.id))


def _fits(shown: Filter, state: State, troubles: Sequence[object]) -> bool:
    match shown:
        case Filter.ALL:
            return True
        case Filter.ATTENTION:
            return bool(troubles)
        case Filter.RUNNING | Filter.PAUSED:
            return state == shown.value


def _troubles(head: Head, state: State, now: datetime) -> Iterable[tuple[Trouble, datetime | None]]:
    if state is State.PAUSED:
        return
    if head.hold_id is not None:
        yield Trouble.HELD, None
    if head.state == "failed":
        yield Trouble.FAILED, head.failing_since or head.last_success_at
    if head.aside_count:
        yield Trouble.ASIDE, None
    if head.state == "ok" and head.last_success_at is not None and now - head.last_success_at > STALE:
        yield Trouble.STALE, head.last_success_at
