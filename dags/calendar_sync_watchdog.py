"""
### Says when nothing is synced any more

Every 10 minutes it looks into calsync's database and tells whom the section `alerts` of the accounts file names. It
asks neither Pipedrive nor Google. The syncs tell the same at their end; this DAG tells it when they do not run.

* Accounts that no run got through to for too long
* Holds that nobody was asked about, as `approve_held_changes` does not run
* What could not be sent before

Each alert is sent once by each notifier, and once more when it is over. Without a section `alerts` nobody is told.

A scheduler that is dead tells nothing: let a monitor ask for `/calsync/health`.

#### When it is red

Read the log: it names the notifier that could not send, or the mistake in the accounts file. What was not sent is sent
by the next run.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG

from calsync_airflow.operators.watchdog import TellAlertsOperator
from calsync_airflow.steps import runs_of

with DAG(
    dag_id="calendar_sync_watchdog",
    description="Says when nothing is synced any more",
    doc_md=__doc__,
    schedule="*/10 * * * *",
    is_paused_upon_creation=False,
    **runs_of("watchdog"),
):
    TellAlertsOperator(
        task_id="tell_alerts",
        retries=0,
        execution_timeout=timedelta(minutes=5),
        doc_md="Finds what somebody is to be told of, and sends it. **Its log names a notifier that fails.**",
    )
