"""Runs and what they hold: accounts taking part, observations, plan rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Connection, bindparam, delete, exists, func, insert, or_, select, update

from include.calsync.core.observations import NOBODY, Observation
from include.calsync.core.records import Columns
from include.calsync.core.run_records import AccountInRun, NewRow, PlanRow, StoredRun
from include.calsync.store.columns import columns_of, parts, record_of, records
from include.calsync.store.leases import owner_run
from include.calsync.store.tables import account, observation, open_write, plan_row, run_account, run_usage, sync_run

_ACCOUNT = columns_of(AccountInRun, run_account, account)
_ROW = columns_of(PlanRow, plan_row)
_NEW = [each.name for each in fields(NewRow) if each.name in plan_row.c]
_OBSERVED = [
    func.coalesce(column, NOBODY) if column.name == "account_id" else column
    for column in columns_of(Observation, observation)
]
_GET = select(*columns_of(StoredRun, sync_run)).where(sync_run.c.id == bindparam("run_id"))
# As the run knows it: an account may have got another name since; a dry run may be about what one would be.
_NAME = run_account.c.settings["name"].as_string()
_ASKED = (
    run_account.c.run_id == bindparam("run_id"),
    or_(bindparam("everyone", type_=Boolean), _NAME.in_(bindparam("names", expanding=True))),
)
_ACCOUNTS = select(*_ACCOUNT).join(account, account.c.id == run_account.c.account_id).where(*_ASKED)
_ACCOUNTS = _ACCOUNTS.order_by(_NAME)
_FENCES = select(run_account.c.account_id, _NAME.label("name"), run_account.c.fence).where(*_ASKED)
_FENCES = _FENCES.where(run_account.c.state == "ok").order_by(run_account.c.account_id)
_SET_ACCOUNT = update(run_account).where(
    run_account.c.run_id == bindparam("of_run"), run_account.c.account_id == bindparam("of_account")
)
_PLANNED = plan_row.c.state == "planned"
_SET_ROW = update(plan_row).where(plan_row.c.id == bindparam("row_id"))


def create(conn: Connection, *, run_id: str, dag_id: str, kind: str, dry_run: bool, request: Any, at: datetime) -> None:
    """Open a run."""
    conn.execute(
        insert(sync_run).values(id=run_id, dag_id=dag_id, kind=kind, dry_run=dry_run, request=request, started_at=at)
    )


def drop_earlier_tries(conn: Connection, owner: str, since: datetime) -> None:
    """Forget what earlier tries to open the same run of Airflow's left: they were refused, or died, and planned
    nothing. `owner`: of this try."""
    begun = sync_run.c.started_at >= since, sync_run.c.planned_at.is_(None), sync_run.c.finished_at.is_(None)
    same = sync_run.c.request["owner"].as_string().startswith(f"{owner_run(owner)} ", autoescape=True)
    conn.execute(delete(sync_run).where(*begun, same))


def get(conn: Connection, run_id: str) -> StoredRun | None:
    """The run's row, if it is still kept."""
    return record_of(StoredRun, conn.execute(_GET, {"run_id": run_id}).first())


def is_over(conn: Connection, run_id: str) -> bool:
    """Whether the run is closed."""
    return conn.execute(select(sync_run.c.finished_at).where(sync_run.c.id == run_id)).scalar() is not None


def finish(conn: Connection, run_id: str, at: datetime, summary: Mapping[str, Any], *, quiet: bool) -> None:
    """Close the run and drop what it staged. `quiet`: nothing came of it that anybody would want to look up."""
    values = {"finished_at": at, "summary": dict(summary), "quiet": quiet}
    conn.execute(update(sync_run).where(sync_run.c.id == run_id).values(**values))
    conn.execute(delete(observation).where(observation.c.run_id == run_id))


def drop_stale(conn: Connection, before: datetime) -> None:
    """Forget what dead runs staged. One that goes on all the same must not take that for nothing to do."""
    old = sync_run.c.started_at < before
    conn.execute(delete(observation).where(observation.c.run_id.in_(select(sync_run.c.id).where(old))))
    unplanned = select(sync_run.c.id).where(old, sync_run.c.planned_at.is_(None), sync_run.c.finished_at.is_(None))
    pulled = run_account.c.activities_pulled | run_account.c.events_pulled
    asleep = run_account.c.run_id.in_(unplanned), pulled
    conn.execute(update(run_account).where(*asleep).values(activities_pulled=False, events_pulled=False))


def accounts(conn: Connection, run_id: str, names: Iterable[str] | None = None) -> list[AccountInRun]:
    """The accounts of the run, joined with what the store knows of each."""
    return records(AccountInRun, conn.execute(_ACCOUNTS, {"run_id": run_id, **_named(names)}))


def fences(conn: Connection, run_id: str, names: Iterable[str] | None) -> list[tuple[int, str, int | None]]:
    """The accounts of the run that are worked on, by id: id, name, and the fencing number as the last task had it."""
    return [(row.account_id, row.name, row.fence) for row in conn.execute(_FENCES, {"run_id": run_id, **_named(names)})]


def _named(names: Iterable[str] | None) -> dict[str, Any]:
    return {"everyone": names is None, "names": list(names or ())}


def fence_of(conn: Connection, run_id: str, account_id: int) -> int | None:
    """The fencing number of an account of the run, as the run's last task has it."""
    this = run_account.c.run_id == run_id, run_account.c.account_id == account_id
    return conn.execute(select(run_account.c.fence).where(*this)).scalar()


def add_account(conn: Connection, **values: Any) -> None:
    """Let an account take part."""
    conn.execute(insert(run_account).values(**{"notices": [], "counts": {}, **values}))


def set_account(conn: Connection, run_id: str, account_id: int, **values: Any) -> None:
    """Change the account's part in the run."""
    conn.execute(_SET_ACCOUNT, {"of_run": run_id, "of_account": account_id, **values})


def stop_account(
    conn: Connection, run_id: str, account_id: int, *, state: str, error: str, fence: int | None, or_free: bool
) -> bool:
    """The account stops here, if its lease is the one of `fence`; `or_free`: or if none is known.

    Returns: whether it did.
    """
    row = run_account.c
    ours = or_(row.fence.is_(None), row.fence == fence) if or_free else row.fence == fence
    this = row.run_id == run_id, row.account_id == account_id, ours
    return bool(conn.execute(update(run_account).where(*this).values(state=state, error=error)).rowcount)


def observe(conn: Connection, run_id: str, seen: Iterable[Observation]) -> None:
    """Stage what a pull saw."""
    rows = [_staged(run_id, each) for each in seen]
    if rows:
        conn.execute(insert(observation), rows)


def _staged(run_id: str, seen: Observation) -> Columns:
    shown = {name: getattr(seen, name) for name in Observation.__dataclass_fields__}
    return {**shown, "run_id": run_id, "account_id": None if seen.account_id == NOBODY else seen.account_id}


def forget_observations(conn: Connection, run_id: str, side: str, account_ids: Iterable[int] | None = None) -> None:
    """Drop an earlier try's staging, so that a retried task starts clean."""
    query = delete(observation).where(observation.c.run_id == run_id, observation.c.side == side)
    again = update(run_account).where(run_account.c.run_id == run_id).values({f"{side}_pulled": False})
    if account_ids is not None:
        ids = list(account_ids)
        query = query.where(observation.c.account_id.in_(ids))
        again = again.where(run_account.c.account_id.in_(ids))
    conn.execute(query)
    conn.execute(again)


def observations(conn: Connection, run_id: str, side: str) -> list[Observation]:
    """What was staged, in the order it was seen."""
    query = select(*_OBSERVED).where(observation.c.run_id == run_id, observation.c.side == side)
    return records(Observation, conn.execute(query.order_by(observation.c.id)))


def observed_ids(conn: Connection, run_id: str, side: str) -> set[Any]:
    """Ids of what was staged; those of activities are numbers."""
    found = conn.execute(
        select(observation.c.item_id).where(observation.c.run_id == run_id, observation.c.side == side)
    )
    return {int(item_id) if side == "activities" else item_id for item_id in found.scalars()}


def store_plan(conn: Connection, run_id: str, account_ids: Iterable[int], rows: Iterable[NewRow]) -> None:
    """Store the run's plan for these accounts. A run has one plan: see `claim_plan`."""
    for part in parts(rows):  # what a plan holds as text is more than the plan
        conn.execute(
            insert(plan_row), [{"run_id": run_id, **{name: getattr(row, name) for name in _NEW}} for row in part]
        )
    planned = run_account.c.run_id == run_id, run_account.c.account_id.in_(list(account_ids))
    conn.execute(update(run_account).where(*planned).values(planned=True))


def claim_plan(conn: Connection, run_id: str, at: datetime) -> bool:
    """Be the one try that stores the run's plan, with this transaction. False: another one has stored it."""
    unplanned = sync_run.c.id == run_id, sync_run.c.planned_at.is_(None), sync_run.c.finished_at.is_(None)
    return conn.execute(update(sync_run).where(*unplanned).values(planned_at=at)).rowcount == 1


def plan_rows(conn: Connection, run_id: str, *, account_id: int | None = None, **where: Any) -> list[PlanRow]:
    """Plan rows in the order they are to be carried out."""
    query = select(*_ROW).where(plan_row.c.run_id == run_id)
    if account_id is not None:
        query = query.where(plan_row.c.account_id == account_id)
    for name, value in where.items():
        query = query.where(plan_row.c[name] == value)
    return records(PlanRow, conn.execute(query.order_by(plan_row.c.id)))


def planned_ids(conn: Connection, run_id: str, account_id: int, side: str) -> list[int]:
    """The account's rows of this side that are still to be carried out, in their order."""
    mine = plan_row.c.run_id == run_id, plan_row.c.account_id == account_id, plan_row.c.side == side, _PLANNED
    return list(conn.execute(select(plan_row.c.id).where(*mine).order_by(plan_row.c.id)).scalars())


def planned_rows(conn: Connection, ids: Iterable[int]) -> list[PlanRow]:
    """Those of these rows that are still to be carried out."""
    asked = (select(*_ROW).where(plan_row.c.id.in_(part), _PLANNED) for part in parts(ids))
    return [row for query in asked for row in records(PlanRow, conn.execute(query))]


def plan_counts(conn: Connection, run_id: str, account_id: int) -> dict[tuple[str, str, str], int]:
    """How many plan rows the run has of this account: by side, action and state."""
    columns = (plan_row.c.side, plan_row.c.action, plan_row.c.state)
    query = select(*columns, func.count().label("items_count")).group_by(*columns)
    found = conn.execute(query.where(plan_row.c.run_id == run_id, plan_row.c.account_id == account_id))
    return {(row.side, row.action, row.state): row.items_count for row in found}


def names_with_work(conn: Connection, run_id: str) -> list[str]:
    """The accounts of the run with planned rows, or with writes whose outcome nobody knows yet; by name."""
    mine = run_account.c.run_id == run_id, run_account.c.state == "ok"
    account_id = run_account.c.account_id
    planned = exists().where(plan_row.c.run_id == run_id, plan_row.c.account_id == account_id, _PLANNED)
    unsettled = exists().where(open_write.c.account_id == account_id)
    return list(conn.execute(select(_NAME).where(*mine, or_(planned, unsettled)).order_by(_NAME)).scalars())


def has_rows(conn: Connection, run_id: str) -> bool:
    """Whether anything was planned."""
    return conn.execute(select(plan_row.c.id).where(plan_row.c.run_id == run_id).limit(1)).first() is not None


def set_row(conn: Connection, row_id: int, **values: Any) -> None:
    """Change a plan row."""
    conn.execute(_SET_ROW, {"row_id": row_id, **values})


def has_other_format(conn: Connection, run_id: str, account_id: int, row_format: int) -> bool:
    """Whether rows that are still to be carried out, or shown, are of another format than this one."""
    query = select(plan_row.c.id).where(plan_row.c.run_id == run_id, plan_row.c.account_id == account_id)
    other = query.where(plan_row.c.state.in_(("planned", "shown")), plan_row.c.format != row_format)
    return conn.execute(other.limit(1)).first() is not None


def unfinished_count(conn: Connection, run_id: str, account_id: int) -> int:
    """Rows that are neither carried out nor durably set aside."""
    query = select(func.count()).where(plan_row.c.run_id == run_id, plan_row.c.account_id == account_id, _PLANNED)
    return int(conn.execute(query).scalar_one())


def add_usage(conn: Connection, run_id: str, pipedrive: int, google: int, tokens: int) -> None:
    """Note what a task asked of the services."""
    values = {"pipedrive_requests": pipedrive, "google_requests": google, "pipedrive_tokens": tokens}
    conn.execute(insert(run_usage).values(run_id=run_id, **values))


def usage(conn: Connection, run_id: str) -> tuple[int, int, int]:
    """Requests to Pipedrive, requests to Google Calendar, and Pipedrive tokens of the whole run."""
    columns = (run_usage.c.pipedrive_requests, run_usage.c.google_requests, run_usage.c.pipedrive_tokens)
    query = select(*(func.coalesce(func.sum(column), 0) for column in columns)).where(run_usage.c.run_id == run_id)
    row = conn.execute(query).one()
    return int(row[0]), int(row[1]), int(row[2])
