"""Gives each of our runs a note with its totals, which stands in Airflow's list of runs.

A task can't write a run's note. So task close leaves it in an XCom, and a listener, which Airflow calls where it finds
that a run is over (in the scheduler), moves it over within that transaction. One row is read, and of our runs alone.
"""

from __future__ import annotations

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
    from airflow.models.xcom import XComModel
    from sqlalchemy.orm import object_session

    session, dag = object_session(dag_run), dag_run.dag
    if session is None or dag is None or TAG not in (dag.tags or ()) or dag_run.note:
        return
    query = XComModel.get_many(run_id=dag_run.run_id, dag_ids=dag_run.dag_id, task_ids="close", key=RUN_NOTE, limit=1)
    found = session.scalars(query).first()
    if found is not None:
        dag_run.note = str(XComModel.deserialize_value(found))
