"""
### Takes back what a run wrote

For one run, or for one pair in it. **It begins with a dry run**: look at the log of *plan*, then start it again with
`dry_run` off.

* What the run **wrote** goes back, field by field.
* What it **made** is removed. The pair stays apart: no later edit makes it again, only an upload does.
* What it **removed** is made anew with all that it had: guests (nobody is mailed), color, reminders; deal, contact,
  type, note, done. Where both sides are gone, the activity comes with this run, and its event with the next sync.
* What was **edited since stays**. So does what a later run wrote. The log of *close* names each.

Both sides may differ afterwards: what people did on the other side is theirs, and stays. The next sync does not write
it again; the next edit does.

An undo is a run like any other: it is logged with the name of who started it, and can be undone.

#### Params

| param | meaning |
|---|---|
| `sync_run_id` | the run, as its result names it; empty: the last one that wrote to `link_id` |
| `link_id` | one pair; empty: all that the run wrote |
| `conflict_id` | instead of both: a conflict, by its number in the change log; both sides get the value that lost |
| `conflict_field` | of a conflict: one field, like `subject`; empty: all that lost |
| `dry_run` | show the plan and write nothing; on unless you turn it off |

#### When it is red

Read the message of **close**. What could not be written now is not tried again by itself: start the undo again. What is
done is not done twice.
"""

from __future__ import annotations

from airflow.sdk import DAG, Param

from calsync_airflow.steps import run_steps, runs_of

with DAG(
    dag_id="undo_sync_run",
    description="Takes back what a run wrote",
    doc_md=__doc__,
    schedule=None,
    is_paused_upon_creation=False,  # only a person starts it
    params={
        "sync_run_id": Param(
            None,
            type=["null", "string"],
            title="Sync run",
            description="Its id, from its result. Empty: the last run that wrote to the link.",
        ),
        "link_id": Param(
            None, type=["null", "integer"], title="Link", description="One pair. Empty: all that the run wrote."
        ),
        "conflict_id": Param(
            None,
            type=["null", "integer"],
            title="Conflict",
            description="Its number in the change log: both sides get the value that lost. Empty: nothing of the kind.",
        ),
        "conflict_field": Param(
            None, type=["null", "string"], title="Field", description="Of the conflict. Empty: all that lost."
        ),
        "dry_run": Param(True, type="boolean", title="Dry run", description="Show the plan and write nothing."),
    },
    **runs_of("undo"),
):
    run_steps(undo=True)
