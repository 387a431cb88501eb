"""
### Two-way sync of Pipedrive activities and Google Calendar events

Runs by the schedule (`CALSYNC_SCHEDULE`, every 5 minutes by default) over all enabled accounts:

1. **pull_activities** opens the run, takes the accounts' leases, reads what changed in Pipedrive
2. **pull_events** reads what changed in each calendar
3. **plan** compares both with what they showed when they were last equal; its log shows what was read and left out,
   and every change to be made
4. **upsert_events**, **upsert_activities** carry the plan out; Airflow skips them if there is nothing to write
5. **close** moves the cursors and returns the result; it fails if an account or an item did

#### Params

| param | meaning |
|---|---|
| `accounts` | names of the accounts to sync; empty: all enabled |
| `dry_run` | stop after *plan*: nothing is written, neither to a service nor to a cursor |
| `full` | ignore the cursors and read everything |
| `draft_id` | dry runs only: try out settings of an account before they are saved on the page |

**A dry run of a paused DAG** is made from the command line, and leaves it paused:
`airflow dags test calendar_sync --conf '{"dry_run": true}'`.
In Airflow's form the box that unpauses the DAG is ticked. Without it the run waits until the DAG is unpaused. A DAG
that is not paused also runs by its schedule, and those runs write.

A **backfill** replays the items whose latest change lies in the interval, and leaves the cursors alone.

#### When it is red

Read the message of **close**: it names the accounts and items, and what to do. Everything else was synced. There is
nothing to clear or resume: the next run takes up whatever this one left, and repeats nothing.

* *settings*: correct the accounts file; the message has path and line. No request was made. Settings of the page are
  named by account.
* *a credential was refused, a connection is missing*: correct it under Admin > Connections, press Test there.
* *held*: more deletions, edits or creations than the account allows. Approve or reject them under Required Actions
  (menu Browse).
* *held* as `hidden`: activities are not found any more since what the credential may see has changed, or are refused to
  it (403). Give it the right to see them, or delete the events of activities that are gone.
* *Changes that wait*: Google takes no more writes to this calendar for now. They are sent when it does again.
* *a task failed* (database or Airflow unreachable, a worker killed): its log says what. The next run completes it.
* *busy* (runs started by hand): another run works on the account. It is retried, and fails if that does not help.

#### When it is green and does nothing

An account that is *busy* in the result rests. *Nothing is sent before …*: a limit or the daily budget was hit. The run
that hit it was red; the sync goes on by itself at that time. *the sync runs every …*: the daily budget runs low.
If no run gets through to an account for an hour, the runs are red.
"""

from __future__ import annotations

import os

from airflow.sdk import DAG, CronDataIntervalTimetable, Param

from calsync_airflow.steps import accounts_param, dry_run_param, run_steps, runs_of

with DAG(
    dag_id="calendar_sync",
    description="Two-way sync of Pipedrive activities and Google Calendar events",
    doc_md=__doc__,
    # A bare cron string has empty data intervals; backfills need real ones.
    schedule=CronDataIntervalTimetable(os.environ.get("CALSYNC_SCHEDULE") or "*/5 * * * *", timezone="UTC"),
    params={
        "accounts": accounts_param(),
        "dry_run": dry_run_param(),
        "full": Param(False, type="boolean", title="Full pull", description="Ignore the cursors and read everything."),
        "draft_id": Param(
            None,
            type=["null", "integer"],
            title="Draft",
            description="Dry runs only: settings of an account that are tried out before they are saved on the page.",
        ),
    },
    **runs_of("sync"),
):
    run_steps()
