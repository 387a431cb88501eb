"""What the page reads of a dry run that tries out a draft."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, func, not_, or_, select

from include.calsync.core.decide import Action
from include.calsync.core.row_words import REMOVING
from include.calsync.core.run_records import PlanRow
from include.calsync.store.columns import columns_of, records
from include.calsync.store.tables import plan_row, run_account, sync_run

REMOVE_EVENT = str(Action.REMOVE_EVENT)


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


def counts(conn: Connection, run_id: str) -> dict[tuple[str, str, str, bool], int]:
    """How many rows the run's plan has: by side, action, why events leave, and whether they would wait for a person."""
    cause = case(
        (plan_row.c.action == REMOVE_EVENT, func.coalesce(plan_row.c.payload["cause"].as_string(), "")), else_=""
    )
    columns = plan_row.c.side, plan_row.c.action, cause.label("cause"), _waits().label("waits")
    rows = select(*columns).where(plan_row.c.run_id == run_id).subquery()
    query = select(*rows.c, func.count()).group_by(*rows.c)
    return {(row[0], row[1], row[2], bool(row[3])): row[4] for row in conn.execute(query)}


def _waits() -> ColumnElement[bool]:
    """What is deleted is agreed to in the review, but for what nobody proved to be gone, or what is not as a person saw
    it."""
    said = {key: plan_row.c.payload[key].as_string().is_not(None) for key in ("waits", "unproven", "changed_since")}
    asked = or_(said["unproven"], said["changed_since"])
    return case((plan_row.c.action.in_(REMOVING), asked), else_=said["waits"])


def removals(conn: Connection, run_id: str) -> list[PlanRow]:
    """The deletions of pairs' items in the run's plan that are agreed to by agreeing to the review."""
    mine = plan_row.c.run_id == run_id, plan_row.c.action.in_(REMOVING), plan_row.c.link_id.is_not(None), not_(_waits())
    return records(PlanRow, conn.execute(select(*columns_of(PlanRow, plan_row)).where(*mine)))


def first_rows(conn: Connection, run_id: str, limit: int, offset: int = 0) -> list[PlanRow]:
    """Rows of the plan: those that delete something come first, then as they would be carried out."""
    query = select(*columns_of(PlanRow, plan_row)).where(plan_row.c.run_id == run_id)
    place = case((plan_row.c.action.in_(REMOVING), 0), else_=1)
    return records(PlanRow, conn.execute(query.order_by(place, plan_row.c.id).limit(limit).offset(offset)))
