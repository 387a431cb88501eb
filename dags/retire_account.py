"""
### Leaves an account cleanly

For an account that takes no part any more: switched off (`enabled: false`), or gone from the accounts. Its pairs end,
and nothing waits for a person any more. **It begins with a dry run**: look at the log of *plan*, then start it again
with `dry_run` off.

* **`keep`**: its events stay as they are. Only the name of this installation is taken off them.
* **`remove`**: the events that the sync made leave the calendar. Nobody is mailed. An event stays if something would be
  lost: it was edited since the last sync, it has guests, or its activity is gone. So does what people made in Google.

Activities stay in both cases. The log of *plan* names each event, and why it goes or stays.

Connected again, the account begins as a new one does. What was kept is linked again, and not doubled. What was removed
comes back with `upload_unsynced_activities`. `undo_sync_run` takes a retirement back.

#### Params

| param | meaning |
|---|---|
| `account` | its name |
| `events` | `keep` (default) or `remove` the events that the sync made |
| `dry_run` | show the plan and write nothing; on unless you turn it off |

#### When it is red

Read the message of **close**. What could not be done is named: start it again. What is done is not done twice.
"""

from __future__ import annotations

from airflow.sdk import DAG, Param

from calsync_airflow.steps import run_steps, runs_of

with DAG(
    dag_id="retire_account",
    description="Leaves an account cleanly: ends its pairs, and keeps or removes its events",
    doc_md=__doc__,
    schedule=None,
    is_paused_upon_creation=False,  # only a person starts it
    params={
        "account": Param(
            type="string", minLength=1, title="Account", description="Its name. It takes no part any more."
        ),
        "events": Param(
            "keep",
            type="string",
            enum=["keep", "remove"],
            title="Events",
            description="What becomes of the events that the sync made.",
        ),
        "dry_run": Param(True, type="boolean", title="Dry run", description="Show the plan and write nothing."),
    },
    **runs_of("retirement"),
):
    run_steps(retire=True)
