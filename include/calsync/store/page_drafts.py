"""What the page reads of a dry run that tries out a draft."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from include.calsync.core.run_records import PlanRow
from include.calsync.store.columns import columns_of, records
from include.calsync.store.tables import plan_row, run_account, sync_run


@dataclass(frozen=True, slots=True)
class TrialRun:
    """The last dry run of a draft."""

    id: str
    planned_at: datetime | None
    finished_at: datetime | None


def trial(conn: Connection, draft_id: int, since: datetime) -> TrialRun | None:
    """The last run that tries this draft out, of those that began since then."""
    row = sync_run.c
    mine = row.started_at >= since, row.dry_run.is_(True), row.request["draft_id"].as_integer() == draft_id
    query = select(*columns_of(TrialRun, sync_run)).where(*mine).order_by(row.started_at.desc())
    found = records(TrialRun, conn.execute(query.limit(1)))
    return found[0] if found else None


def errors(conn: Connection, run_id: str) -> list[str]:
    """Why accounts of the run failed."""
    query = select(run_account.c.error).where(run_account.c.run_id == run_id, run_account.c.error.is_not(None))
    return list(conn.execute(query).scalars())


def counts(conn: Connection, run_id: str) -> dict[tuple[str, str, str], int]:
    """How many rows the run's plan has: by side, action and state."""
    columns = plan_row.c.side, plan_row.c.action, plan_row.c.state
    query = select(*columns, func.count()).where(plan_row.c.run_id == run_id).group_by(*columns)
    return {(row[0], row[1], row[2]): row[3] for row in conn.execute(query)}


def first_rows(conn: Connection, run_id: str, first: Collection[str], limit: int, offset: int = 0) -> list[PlanRow]:
    """Rows of the plan: those of the actions that come `first`, then as they would be carried out."""
    query = select(*columns_of(PlanRow, plan_row)).where(plan_row.c.run_id == run_id)
    place = case((plan_row.c.action.in_(first), 0), else_=1)
    return records(PlanRow, conn.execute(query.order_by(place, plan_row.c.id).limit(limit).offset(offset)))
