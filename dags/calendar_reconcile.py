"""
### Comparison of both sides with the mapping

`calendar_sync` follows what both services say has changed. This DAG reads everything there is, once a night, compares
it with the stored pairs and repairs what differs, with the same decisions and within the same limits. It finds what no
change feed shows: a page that a listing lost, an edit that left no trace, a deletion of long ago. Names of deals,
persons and organizations are read anew, so that titles show new ones at once; while tokens are scarce that is left to
`calendar_sync`, and said.

The log of **plan** has a table of what drifted, item by item; task **close** returns the counts by account, as `drift`:

| drift | means |
|---|---|
| `missing` | one item of a pair is gone, or is not found any more |
| `extra` | an item that belongs into a pair and is in none |
| `differing` | a pair whose sides do not show the same |
| `orphaned` | a link whose items are both gone, or whose account is not in use while another account has its activity |

What people did since the last sync is among it.

#### Params

| param | meaning |
|---|---|
| `accounts` | names of the accounts to compare; empty: all enabled |
| `dry_run` | stop after *plan*: what drifted is shown, and nothing is written |

**A dry run of a paused DAG** is made from the command line, and leaves it paused:
`airflow dags test calendar_reconcile --conf '{"dry_run": true}'`.
In Airflow's form the box that unpauses the DAG is ticked. Without it the run waits until the DAG is unpaused. A DAG
that is not paused also runs by its schedule, and those runs write.

#### When to start what

* It runs daily at 02:30 UTC. A run **by hand** compares everything, too.
* A **backfill** compares only what is *dated* in its interval (due dates, starts of events; whole days count as
  midnight UTC): the way to mend weeks or months, one run a day. Items that were moved out of the interval are found by
  their ids. Days last from 02:30 to 02:30 UTC: begin a day earlier and end a day later. More than one run at once only
  wait for each other. All of October:
  `airflow backfill create --dag-id calendar_reconcile --from-date 2026-09-30 --to-date 2026-11-01 --max-active-runs 1`
* It moves no cursor, so that `calendar_sync` goes on as if nothing had been; repeating it writes nothing.

#### When it is red

Read the message of **close**: it names the accounts and items, and what to do. Everything else was compared. There is
nothing to clear or resume: start it again, or let it run the next night.

* *held*: more deletions, edits or creations than the account allows, or events that are not found although their
  calendar answers. Approve or reject it under Required Actions (menu Browse).
* *tokens*: what is left of Pipedrive's daily budget does not suffice. Nothing was asked. Start it after midnight UTC,
  or with fewer `accounts`.
* *busy*: a sync works on the account. It is tried again after a minute, twice; then a run by hand or a backfill fails,
  and a scheduled one leaves the account to the next night.
"""

from __future__ import annotations

from airflow.sdk import DAG, CronDataIntervalTimetable

from calsync_airflow.steps import accounts_param, dry_run_param, run_steps, runs_of

with DAG(
    dag_id="calendar_reconcile",
    description="Complete comparison of both sides with the mapping",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("30 2 * * *", timezone="UTC"),
    params={"accounts": accounts_param(), "dry_run": dry_run_param()},
    **runs_of("comparison"),
):
    run_steps(reconcile=True)
