"""
### Upload of what is not synced yet

`calendar_sync` brings over what was created or edited since an account was connected. This DAG brings the rest, by
hand: activities into the calendar, events into Pipedrive, or both. Items that surely are the same (equal start and end,
and a title that is the subject or the rendered title) are linked instead of created. It is safe to run twice: what is
linked is left alone.

#### Params

| param | meaning |
|---|---|
| `accounts` | names of the accounts; empty: all enabled |
| `direction` | `to_google` (activities become events), `to_pipedrive` (events become activities) or `both` |
| `due_from`, `due_to` | first and last day, in UTC; empty: no limit |
| `types` | keys of activity types (`call`, `meeting`, …); empty: all that the account syncs |
| `include_done` | activities that are marked as done, too |
| `dry_run` | show the plan in the log of task *plan* and write nothing |

#### When it is red

Read the message of **close**: it names the accounts and items, and what to do. Start it again with the same params once
that is done: it goes on where this one stopped, and repeats nothing. A direction that an account's `mode` forbids
fails that account; an account that a sync is working on is tried again, and fails if that does not help.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG, Param

from calsync_airflow.operators.close import CloseRunOperator
from calsync_airflow.operators.plan import PlanSyncOperator
from calsync_airflow.operators.pull import PullActivitiesOperator, PullEventsOperator
from calsync_airflow.operators.upsert import UpsertActivitiesOperator, UpsertEventsOperator
from calsync_airflow.retries import DEFAULT_ARGS

with DAG(
    dag_id="upload_unsynced_activities",
    description="Brings over what was there before an account was connected",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2020, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    params={
        "accounts": Param(
            None,
            type=["null", "array"],
            items={"type": "string"},
            title="Accounts",
            description="Names, one per line. Empty: all enabled accounts.",
        ),
        "direction": Param(
            "to_google",
            enum=["to_google", "to_pipedrive", "both"],
            type="string",
            title="Direction",
            description="Activities to Google Calendar, events to Pipedrive, or both.",
        ),
        "due_from": Param(
            None, type=["null", "string"], format="date", title="From", description="First day (UTC). Empty: no limit."
        ),
        "due_to": Param(
            None, type=["null", "string"], format="date", title="To", description="Last day (UTC). Empty: no limit."
        ),
        "types": Param(
            None,
            type=["null", "array"],
            items={"type": "string"},
            title="Activity types",
            description="Keys, one per line. Empty: all that the account syncs.",
        ),
        "include_done": Param(True, type="boolean", title="Done activities", description="Bring done ones, too."),
        "dry_run": Param(False, type="boolean", title="Dry run", description="Show the plan and write nothing."),
    },
    tags=["calsync"],
):
    pull_activities = PullActivitiesOperator(task_id="pull_activities", upload=True)
    run = {"sync_run_id": pull_activities.opened}
    shards = pull_activities.output

    pull_events = PullEventsOperator.partial(task_id="pull_events", **run).expand(shard=shards)
    plan = PlanSyncOperator(task_id="plan", **run)
    upsert_events = UpsertEventsOperator.partial(task_id="upsert_events", **run).expand(shard=shards)
    upsert_activities = UpsertActivitiesOperator.partial(task_id="upsert_activities", **run).expand(shard=shards)
    close = CloseRunOperator(task_id="close", opened_by=pull_activities.task_id)

    pull_activities >> pull_events >> plan >> upsert_events >> upsert_activities >> close
