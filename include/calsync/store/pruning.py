"""What old runs leave behind is dropped, a part in each run: plans hold what people typed, and all of it grows.

The change log stays. Nothing that is still to be done depends on what is dropped: holds keep their own copy of a plan
row, and quarantine, intents, open writes and links stand for themselves.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, delete, or_, select

from include.calsync.store.tables import former, plan_row, sync_run

PLANS_KEPT = timedelta(days=7)
RUNS_KEPT = timedelta(days=90)
QUIET_RUNS_KEPT = timedelta(days=1)
"""Of a scheduled run that found nothing to do; there are 288 of them a day."""
FORMERS_KEPT = timedelta(days=400)
"""An activity may get a date again, or be reopened, long after it left the calendar."""
ROWS_AT_ONCE = 2000
RUNS_AT_ONCE = 100


def prune(conn: Connection, now: datetime) -> None:
    """Drop plan rows after a week, whole runs after 90 days (quiet ones after one) and former links after 400, so many
    at once.

    Rows that were not carried out stay as long as their run: a task of it that is started again must see that it is
    not done.
    """
    oldest = select(plan_row.c.id, plan_row.c.run_id).where(plan_row.c.state != "planned").order_by(plan_row.c.id)
    first = oldest.limit(ROWS_AT_ONCE).subquery()
    old = select(first.c.id).join(sync_run, sync_run.c.id == first.c.run_id)
    conn.execute(delete(plan_row).where(plan_row.c.id.in_(old.where(sync_run.c.started_at < now - PLANS_KEPT))))
    started, quiet = sync_run.c.started_at, sync_run.c.quiet
    past = or_(started < now - RUNS_KEPT, and_(quiet, started < now - QUIET_RUNS_KEPT))
    runs = select(sync_run.c.id).where(past).order_by(started)
    conn.execute(delete(sync_run).where(sync_run.c.id.in_(runs.limit(RUNS_AT_ONCE))))
    ended = select(former.c.id).where(former.c.ended_at < now - FORMERS_KEPT).order_by(former.c.ended_at)
    conn.execute(delete(former).where(former.c.id.in_(ended.limit(ROWS_AT_ONCE))))
