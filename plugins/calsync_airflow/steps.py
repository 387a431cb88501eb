"""What the DAGs have in common: the steps of a run, one after the other, and their params."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Param, chain

from calsync_airflow import TAG
from calsync_airflow.operators import NAMES
from calsync_airflow.operators.close import CloseRunOperator
from calsync_airflow.operators.plan import PlanSyncOperator
from calsync_airflow.operators.pull import PullActivitiesOperator, PullEventsOperator
from calsync_airflow.operators.upsert import UpsertActivitiesOperator, UpsertEventsOperator
from calsync_airflow.retries import DEFAULT_ARGS

OWNER = "calsync"
TAGS = [TAG, "pipedrive", "google calendar"]

# An upload of 100,000 activities writes for three hours at 10 a second, and a shard may have several such accounts, one
# after the other. Each limit is far from what lawful work takes, and ends what hangs: as one run is active at a time,
# nothing else would. What it ends loses nothing: the next run, or the upload started again, does the rest.
READING = timedelta(hours=6)
PLANNING = timedelta(hours=3)
WRITING, UPLOADING = timedelta(days=1), timedelta(days=3)
CLOSING = timedelta(hours=1)


DOCS = {
    "pull_activities": "Opens the run, takes the accounts for it, and reads what changed in Pipedrive. Its log has a "
    "line for each account.",
    "pull_events": "Reads what changed in the calendars of these accounts. Its log has a line for each.",
    "plan": "Compares both sides with what they showed when they were last equal. **Its log shows what was read and "
    "left out, and every change to be made, with the reason.** Nothing is written here.",
    "upsert_events": "Writes to Google Calendar what the plan says. Its log has a line for each account, and for each "
    "of the first writes. Skipped if there is nothing to write, and in a dry run.",
    "upsert_activities": "Writes to Pipedrive what the plan says, as `upsert_events` does to Google Calendar.",
    "close": "Ends the run, whatever happened before. **If it is red, its message says what to do.** Its log has a "
    "table of what was done for each account, and the run's note has the totals.",
}
"""What each task is for, and what is to be read in its log; shown with the task."""


def runs_of(*tags: str, upload: bool = False) -> dict[str, Any]:
    """Return arguments of a DAG. The start is far back, because a run before it would succeed without a task.

    `upload`: it writes as much as there is. `tags`: its own, besides those of all.
    """
    write = UPLOADING if upload else WRITING
    return {
        "start_date": datetime(2020, 1, 1, tzinfo=UTC),
        "catchup": False,
        "max_active_runs": 1,
        # Both sides are written one after the other.
        "dagrun_timeout": 2 * (READING + write) + PLANNING + CLOSING,
        "default_args": DEFAULT_ARGS | {"owner": OWNER},
        "tags": [*TAGS, *tags],
    }


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


def run_steps(*, upload: bool = False, reconcile: bool = False, undo: bool = False, retire: bool = False) -> None:
    """Add a run's tasks to the DAG that is being defined."""
    pull_activities = PullActivitiesOperator(
        upload=upload, reconcile=reconcile, undo=undo, retire=retire, **_task("pull_activities", READING)
    )
    run = {"sync_run_id": pull_activities.opened}
    shard = run | {"map_index_template": NAMES}
    pull_events = PullEventsOperator.partial(**shard, **_task("pull_events", READING))
    plan = PlanSyncOperator(**run, **_task("plan", PLANNING))
    write = UPLOADING if upload else WRITING
    upsert_events = UpsertEventsOperator.partial(**shard, **_task("upsert_events", write))
    upsert_activities = UpsertActivitiesOperator.partial(**shard, **_task("upsert_activities", write))
    close = CloseRunOperator(opened_by=pull_activities.task_id, **_task("close", CLOSING))

    reads = pull_events.expand(shard=pull_activities.output)
    writes = [each.expand(shard=plan.output) for each in (upsert_events, upsert_activities)]
    chain(pull_activities, reads, plan, *writes, close)


def _task(task_id: str, longest: timedelta) -> dict[str, Any]:
    return {"task_id": task_id, "doc_md": DOCS[task_id], "execution_timeout": longest}
