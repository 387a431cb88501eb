"""What the DAGs have in common: the steps of a run, one after the other, and their params."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Param

from calsync_airflow.operators.close import CloseRunOperator
from calsync_airflow.operators.plan import PlanSyncOperator
from calsync_airflow.operators.pull import PullActivitiesOperator, PullEventsOperator
from calsync_airflow.operators.upsert import UpsertActivitiesOperator, UpsertEventsOperator
from calsync_airflow.retries import DEFAULT_ARGS

RUNS: dict[str, Any] = {
    "start_date": datetime(2020, 1, 1, tzinfo=UTC),
    "catchup": False,
    "max_active_runs": 1,
    "default_args": DEFAULT_ARGS,
    "tags": ["calsync"],
}
"""Arguments of each DAG. The start is far back, because a run before it would succeed without a task."""


def accounts_param() -> Param:
    """Which accounts take part."""
    return Param(
        None,
        type=["null", "array"],
        items={"type": "string"},
        title="Accounts",
        description="Names, one per line. Empty: all enabled accounts.",
    )


UNPAUSES = (
    "While this DAG is paused, first look at a plan with `airflow dags test`: the box that unpauses it on trigger is "
    "ticked by Airflow, without it the run waits, and a DAG that is not paused also runs by its schedule, which writes."
)


def dry_run_param(*, scheduled: bool = True) -> Param:
    """Whether to stop after the plan. `scheduled`: the DAG has runs of its own that write, once it is not paused."""
    text = "Show the plan and write nothing."
    return Param(False, type="boolean", title="Dry run", description=f"{text} {UNPAUSES}" if scheduled else text)


def run_steps(*, upload: bool = False, reconcile: bool = False) -> None:
    """Add a run's tasks to the DAG that is being defined."""
    pull_activities = PullActivitiesOperator(task_id="pull_activities", upload=upload, reconcile=reconcile)
    run = {"sync_run_id": pull_activities.opened}
    pull_events = PullEventsOperator.partial(task_id="pull_events", **run).expand(shard=pull_activities.output)
    plan = PlanSyncOperator(task_id="plan", **run)
    at_work = plan.output
    upsert_events = UpsertEventsOperator.partial(task_id="upsert_events", **run).expand(shard=at_work)
    upsert_activities = UpsertActivitiesOperator.partial(task_id="upsert_activities", **run).expand(shard=at_work)
    close = CloseRunOperator(task_id="close", opened_by=pull_activities.task_id)

    pull_activities >> pull_events >> plan >> upsert_events >> upsert_activities >> close
