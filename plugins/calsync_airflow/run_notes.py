"""Gives each of our runs a note with its totals, which stands in Airflow's list of runs.

A task can't write a run's note. So task close leaves it in an XCom, and a listener, which Airflow calls where it finds
that a run is over (in the scheduler), moves it over within that transaction. One row is read, and of our runs alone.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from airflow.listeners import hookimpl

from calsync_airflow import RUN_NOTE, TAG

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun


@hookimpl
def on_dag_run_success(dag_run: DagRun) -> None:
    """The run is green."""
    _note(dag_run)


@hookimpl
def on_dag_run_failed(dag_run: DagRun) -> None:
    """The run is red."""
    _note(dag_run)


def _note(dag_run: DagRun) -> None:
    """Write the run's note, unless a person did."""
    from airflow.models.dagrun import DagRunNote
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy.orm import object_session

    if dag_run.dag is None or TAG not in (dag_run.dag.tags or ()):
        return
    known = object_session(dag_run)
    # `airflow dags test` asks with a run of no session, and merges what it becomes.
    with nullcontext(known) if known is not None else create_session(scoped=False) as session:
        left = XComModel.get_many(run_id=dag_run.run_id, dag_ids=dag_run.dag_id, task_ids="close", key=RUN_NOTE)
        found = session.scalars(left.limit(1)).first()
        if found is None or session.get(DagRunNote, dag_run.id) is not None:
            return
        text = str(XComModel.deserialize_value(found))
    dag_run.dag_run_note = DagRunNote(content=text)  # type: ignore[no-untyped-call]
