"""What stands around each screen of the page: a few counts, and the latest runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, case, func, or_, select

from include.calsync.store.columns import columns_of, records
from include.calsync.store.holds import UNDO
from include.calsync.store.tables import account, budget_reset, hold, pause, plan_row, sync_run, token_budget

RECENT_RUNS = 30
A_DAY = timedelta(days=1)
SOME_DAYS = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand. `known_count`: accounts of any kind; those that are not paused are `ok` or `failed`."""

    known_count: int
    ok_count: int
    failed_count: int
    held_count: int
    """Holds that wait for a person."""
    used_up_until: datetime | None
    """When Pipedrive's daily tokens come back; None: there are some."""
    tokens_left: int | None
    """Of Pipedrive's day, as it said last; None: it has not said since a day."""
    tokens_spent: int | None
    tokens_known: int | None
    """The most tokens that were ours, or left, on one of the last days: so many a day has at least."""
    failed_name: str | None
    """One of the accounts that failed."""

    @property
    def others_share(self) -> int | None:
        """How many percent of the day's tokens other apps used at least; None: that can't be told, or hardly any."""
        if self.tokens_left is None or self.tokens_spent is None or not self.tokens_known:
            return None
        others = self.tokens_known - self.tokens_left - self.tokens_spent
        return round(100 * others / self.tokens_known) or None


@dataclass(frozen=True, slots=True)
class RecentRun:
    """A run that writes, of any DAG."""

    id: str
    dag_id: str
    kind: str
    started_at: datetime
    planned_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: planned rows, and those that are done with in one way or another."""

    done_count: int
    planned_count: int


IS_SHOWN = or_(account.c.source.is_not(None), and_(account.c.state != "paused", account.c.company_id.is_not(None)))
"""Says that an account is configured, or still takes part. What a dry run tries out is nothing but a name."""
_RUN = columns_of(RecentRun, sync_run)


def standing(conn: Connection, now: datetime) -> Standing:
    """One row of counts."""
    state = account.c.state
    held = select(func.count()).select_from(hold).where(hold.c.state == "open", hold.c.rule != UNDO).scalar_subquery()
    shown = and_(account.c.removed_at.is_(None), IS_SHOWN)
    counts = [func.count(case((and_(shown, each), 1))) for each in (account.c.id > 0, state == "ok", state == "failed")]
    spent = pause.c.key == budget_reset.c.key, budget_reset.c.exhausted_since.is_not(None), pause.c.until > now
    used_up = select(func.max(pause.c.until)).where(*spent).scalar_subquery()
    seen = token_budget.c.seen_at > now - A_DAY
    last = [
        select(column).where(seen).order_by(token_budget.c.seen_at.desc()).limit(1).scalar_subquery()
        for column in (token_budget.c.remaining, token_budget.c.spent)
    ]
    lately = token_budget.c.seen_at > now - SOME_DAYS
    known = select(func.max(token_budget.c.remaining + token_budget.c.spent)).where(lately).scalar_subquery()
    failed = func.min(case((and_(shown, state == "failed"), account.c.name)))
    return Standing(*conn.execute(select(*counts, held, used_up, *last, known, failed)).one())


def recent_runs(conn: Connection, since: datetime) -> list[RecentRun]:
    """The latest runs that write and began since then, newest first."""
    query = select(*_RUN).where(sync_run.c.started_at >= since, sync_run.c.dry_run.is_(False))
    return records(RecentRun, conn.execute(query.order_by(sync_run.c.started_at.desc()).limit(RECENT_RUNS)))


def last_finished_at(conn: Connection) -> datetime | None:
    """When a run that writes ended last."""
    ended = sync_run.c.finished_at.is_not(None), sync_run.c.dry_run.is_(False)
    query = select(sync_run.c.finished_at).where(*ended).order_by(sync_run.c.started_at.desc())
    return conn.execute(query.limit(1)).scalar()


def progress(conn: Connection, run_id: str) -> Progress:
    """How far the run's rows are carried out."""
    done = func.count(case((plan_row.c.state != "planned", 1)))
    query = select(done, func.count()).where(plan_row.c.run_id == run_id)
    return Progress(*conn.execute(query).one())
