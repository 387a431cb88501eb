"""What old runs leave behind is dropped, a part in each run: plans hold what people typed, and all of it grows.

Nothing that is still to be done depends on what is dropped: holds keep their own copy of a plan row, and quarantine,
intents, open writes and links stand for themselves.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, insert, or_, select, text, update

from include.calsync.store import account_erasure, consents
from include.calsync.store.tables import (
    FULL,
    change_log,
    former,
    held_creation,
    held_item,
    hold,
    log_guard,
    plan_row,
    sync_run,
)

PAYLOADS_KEPT = timedelta(days=7)
"""What a plan's rows would have written; what was decided, and why, is kept as long as the run."""
QUIET_RUNS_KEPT = timedelta(days=1)
"""Of a scheduled run that found nothing to do; there are 288 of them a day."""
ROWS_AT_ONCE = 2000
RUNS_AT_ONCE = 100


def prune(conn: Connection, now: datetime, kept: timedelta) -> None:
    """Drop the payloads of plans after a week, and so many at once of what is older than `kept`: entries of the change
    log, runs with their plans and results (quiet ones after a day), what ended pairs held, and holds that are over; and
    earlier settings of accounts. Links to consent pages go a day after they expired.

    Rows that were not carried out stay whole as long as their run: a task of it that is started again must see that it
    is not done. A run stays whose hold waits for a person, and of ended pairs those whose event is still to be removed.
    """
    consents.drop_old(conn, now)
    _empty_plans(conn, now - PAYLOADS_KEPT)
    _drop_runs(conn, now, kept)
    _drop_entries(conn, now - kept)
    account_erasure.prune(conn, now, now - kept)
    ended = select(former.c.id).where(former.c.ended_at < now - kept, ~former.c.leaves).order_by(former.c.ended_at)
    conn.execute(delete(former).where(former.c.id.in_(ended.limit(ROWS_AT_ONCE))))
    rest = or_(
        select(held_item.c.id).where(held_item.c.hold_id == hold.c.id).exists(),
        select(held_creation.c.id).where(held_creation.c.hold_id == hold.c.id).exists(),
    )
    over = hold.c.opened_at < now - kept, hold.c.state != "open", ~rest
    conn.execute(delete(hold).where(hold.c.id.in_(_first(select(hold.c.id).where(*over).order_by(hold.c.opened_at)))))


def _empty_plans(conn: Connection, before: datetime) -> None:
    """The oldest rows that have a payload and are carried out, or never will be."""
    oldest = select(plan_row.c.id, plan_row.c.run_id).where(text(f"({FULL})")).order_by(plan_row.c.id)
    first = oldest.limit(ROWS_AT_ONCE).subquery()
    old = select(first.c.id).join(sync_run, sync_run.c.id == first.c.run_id).where(sync_run.c.started_at < before)
    conn.execute(update(plan_row).where(plan_row.c.id.in_(old)).values(payload={}, conflicts=None, format=0))


def _drop_runs(conn: Connection, now: datetime, kept: timedelta) -> None:
    """First their plans, as many rows as may go at once; then runs that have none any more."""
    started = sync_run.c.started_at
    past = or_(started < now - kept, and_(sync_run.c.quiet, started < now - QUIET_RUNS_KEPT))
    waits = select(hold.c.id).where(hold.c.run_id == sync_run.c.id, hold.c.state == "open").exists()
    runs = select(sync_run.c.id).where(past, ~waits).order_by(started).limit(RUNS_AT_ONCE)
    rows = select(plan_row.c.id).where(plan_row.c.run_id.in_(runs))
    conn.execute(delete(plan_row).where(plan_row.c.id.in_(_first(rows))))
    has_rows: ColumnElement[bool] = select(plan_row.c.id).where(plan_row.c.run_id == sync_run.c.id).exists()
    conn.execute(delete(sync_run).where(sync_run.c.id.in_(runs), ~has_rows))


def _drop_entries(conn: Connection, before: datetime) -> None:
    """The log is append-only but for this: the database lets entries go only from before the time that is said."""
    first = select(change_log.c.id, change_log.c.at).order_by(change_log.c.id).limit(ROWS_AT_ONCE).subquery()
    old = select(first.c.id).where(first.c.at < before)
    if conn.execute(old.limit(1)).first() is None:
        return
    conn.execute(insert(log_guard).values(key="prune", before=before))
    conn.execute(delete(change_log).where(change_log.c.id.in_(old)))
    conn.execute(delete(log_guard).where(log_guard.c.key == "prune"))


def _first(rows: Select[tuple[int]]) -> Select[tuple[int]]:
    return rows.limit(ROWS_AT_ONCE)
