"""Gives each of our runs a note with its totals, which stands in Airflow's list of runs.

A task can't write a run's note. So task close leaves it in an XCom, and a listener, which Airflow calls where it finds
that a run is over (in the scheduler), moves it over within that transaction. One row is read, and of our runs alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from airflow.listeners import hookimpl

from calsync_airflow import RUN_NOTE, TAG

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from sqlalchemy.orm import Session


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

    with left_by_close(dag_run, RUN_NOTE) as (session, text):
        if text is None or session.get(DagRunNote, dag_run.id) is not None:
            return
    dag_run.dag_run_note = DagRunNote(content=str(text))  # type: ignore[no-untyped-call]


@contextmanager
def left_by_close(dag_run: DagRun, key: str) -> Iterator[tuple[Session, Any]]:
    """What task close of one of our runs left under this key, and the session it is read in; None: nothing."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy.orm import object_session

    known = object_session(dag_run)
    # `airflow dags test` asks with a run of no session, and merges what it becomes.
    with nullcontext(known) if known is not None else create_session(scoped=False) as session:
        found = None
        if dag_run.dag is not None and TAG in (dag_run.dag.tags or ()):
            left = XComModel.get_many(run_id=dag_run.run_id, dag_ids=dag_run.dag_id, task_ids="close", key=key)
            found = session.scalars(left.limit(1)).first()
        yield session, XComModel.deserialize_value(found) if found is not None else None
