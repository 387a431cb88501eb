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

The log of task *plan* also says how many items were left out, and why.

#### When it is red

Read the message of **close**: it names the accounts and items, and what to do. Start it again with the same params once
that is done: it goes on where this one stopped, and repeats nothing. A direction that an account's `mode` forbids
fails that account; an account that a sync is working on is tried again, and fails if that does not help.
"""

from __future__ import annotations

from airflow.sdk import DAG, Param

from calsync_airflow.steps import accounts_param, dry_run_param, run_steps, runs_of

with DAG(
    dag_id="upload_unsynced_activities",
    description="Brings over what was there before an account was connected",
    doc_md=__doc__,
    schedule=None,
    is_paused_upon_creation=False,  # only a person starts it
    params={
        "accounts": accounts_param(),
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
        "dry_run": dry_run_param(scheduled=False),
    },
    **runs_of("upload", upload=True),
):
    run_steps(upload=True)
