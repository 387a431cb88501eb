"""
### A person decides about what is held

Starts by itself when a sync holds something back: more deletions, edits or creations than an account allows, removals
by a changed setting, items that are not found. Each hold is a question under **Required Actions** (in the menu:
Browse), with the items, what would happen to each, and why. While it waits no worker is occupied, and the schedule goes
on: only what is held stays as it is.

* **Approve**: the next run does exactly what is listed. An item that was edited since is held anew, and asked about
  again.
* **Reject**: the next run restores: what was deleted is made anew with all that it had, what was edited is put back.
  Items that were added on one side stay there, and get no partner.
* **Nobody decides** for 7 days: the items are read again. If it is still too much, it is asked about anew.

Who decided is in the change log of each write.

#### Params

| param | meaning |
|---|---|
| `hold_id` | one hold, to be asked about again, or decided; empty: all that nobody was asked about |
| `decision` | `ask` a person under Required Actions, or decide `hold_id` at once: `approve`, `reject` |

#### When it is red

The database could not be reached: clear the task, or start the DAG again. What was asked and is decided elsewhere, or
is over, is *skipped* within a quarter of an hour; its log says why.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, Param

from calsync_airflow.operators.holds import EXPIRES, LOOKS_AGAIN, DecideHoldOperator, FindHoldsOperator
from calsync_airflow.operators.plan import HOLDS
from calsync_airflow.steps import runs_of

MOST_AT_ONCE = 1000
"""A run lasts as long as its questions are open, and must not keep the next ones waiting."""
TRYING = timedelta(minutes=10)
"""Of one try of a task; while a person is waited for none goes on."""

with DAG(
    dag_id="approve_held_changes",
    description="A person decides about what is held",
    doc_md=__doc__,
    schedule=[HOLDS],
    is_paused_upon_creation=False,
    max_active_tasks=MOST_AT_ONCE,
    params={
        "hold_id": Param(
            None,
            type=["null", "integer"],
            title="Hold",
            description="Its number. Empty: all that nobody was asked about.",
        ),
        "decision": Param(
            "ask",
            enum=["ask", "approve", "reject"],
            type="string",
            title="Decision",
            description="Ask a person under Required Actions, or decide that one hold at once.",
        ),
    },
    **runs_of("approval") | {"max_active_runs": MOST_AT_ONCE, "dagrun_timeout": EXPIRES + timedelta(days=1)},
):
    find_holds = FindHoldsOperator(
        task_id="find_holds",
        execution_timeout=TRYING,
        doc_md="Finds what nobody was asked about, or decides the hold of the params.",
    )
    DecideHoldOperator.partial(
        task_id="decide",
        response_timeout=LOOKS_AGAIN,
        execution_timeout=TRYING,
        map_index_template="hold {{ task.hold_id }}",
        doc_md="Asks under **Required Actions**, waits without a worker, and stores the answer.",
    ).expand(hold_id=find_holds.output)
