"""What the page asks of Airflow itself: how the sync is scheduled, and to start a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow.api.common.mark_tasks import set_dag_run_state_to_failed
from airflow.api.common.trigger_dag import trigger_dag
from airflow.models.dag import DagModel
from airflow.models.dagbag import DBDagBag
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from airflow.utils.types import DagRunTriggeredByType
from fastapi import HTTPException
from sqlalchemy import and_, select

from calsync_airflow.web.access import SYNC, UPLOAD
from include.calsync.errors import InfrastructureError


@dataclass(frozen=True, slots=True)
class Schedule:
    """How Airflow has `calendar_sync`. `next_at`: when the next run is made; None: it is paused, or not known."""

    known: bool
    paused: bool
    next_at: datetime | None


def schedule() -> Schedule:
    """One query to Airflow's database."""
    with create_session(scoped=False) as session:
        asked = select(DagModel.is_paused, DagModel.next_dagrun_create_after).where(DagModel.dag_id == SYNC)
        found = session.execute(asked).first()
    if found is None:
        return Schedule(known=False, paused=False, next_at=None)
    return Schedule(known=True, paused=bool(found[0]), next_at=None if found[0] else found[1])


def is_on(dag_id: str) -> bool:
    """Whether Airflow has the DAG, and it is not paused there: else a run that is started waits. One query."""
    with create_session(scoped=False) as session:
        return session.scalar(select(DagModel.is_paused).where(DagModel.dag_id == dag_id)) is False


class SwitchedOff(HTTPException):
    """A DAG is paused in Airflow: what is asked of it would wait."""

    def __init__(self, dag_id: str) -> None:
        super().__init__(409)
        self.dag_id = dag_id


def must_be_on(dag_id: str) -> None:
    """Raises SwitchedOff unless Airflow has the DAG, and it is not paused there."""
    if not is_on(dag_id):
        raise SwitchedOff(dag_id)


@dataclass(frozen=True, slots=True)
class StartedRun:
    """A run as Airflow has it. `ended`: it is over, whatever came of it; `stopped`: as somebody ended it."""

    conf: Mapping[str, Any]
    queued_at: datetime
    ended: bool
    stopped: bool


def run_of(dag_id: str, run_id: str) -> StartedRun | None:
    """One query. None: there is no such run."""
    task = TaskInstance
    last = and_(task.dag_id == DagRun.dag_id, task.run_id == DagRun.run_id, task.task_id == "close")
    asked = select(DagRun.conf, DagRun.run_after, DagRun.state, task.state).outerjoin(task, last)
    with create_session(scoped=False) as session:
        found = session.execute(asked.where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)).first()
    if found is None:
        return None
    ended = str(found[2]) in ("success", "failed")
    # The last task runs whatever happened before, unless the run was ended from outside.
    return StartedRun(found[0] or {}, found[1], ended, ended and str(found[3]) == "skipped")


def upload_under_way() -> str | None:
    """Airflow's id of an upload that writes, or is about to; None: there is none. One query."""
    asked = select(DagRun.run_id, DagRun.conf).where(DagRun.dag_id == UPLOAD, DagRun.state.in_(("queued", "running")))
    with create_session(scoped=False) as session:
        found = session.execute(asked.order_by(DagRun.id)).all()
    return next((str(run_id) for run_id, conf in found if not (conf or {}).get("dry_run")), None)


def stop(dag_id: str, run_id: str) -> bool:
    """End a run as a person does who marks it as failed in Airflow. False: there is none that could be ended."""
    with create_session(scoped=False) as session:
        run = session.scalar(select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id))
        dag = DBDagBag().get_dag_for_run(run, session=session) if run is not None else None
        if run is None or dag is None or str(run.state) not in ("queued", "running"):
            return False
        set_dag_run_state_to_failed(dag=dag, run_id=run_id, commit=True, session=session)
    return True


def start(dag_id: str, conf: Mapping[str, Any], by: str) -> str:
    """Start a run as a person does. Returns Airflow's id of it. Raises DagNotFound, ValueError as Airflow does."""
    run = trigger_dag(
        dag_id,
        triggered_by=DagRunTriggeredByType.UI,
        triggering_user_name=by,
        conf=dict(conf),
        replace_microseconds=False,
    )
    if run is None:
        raise InfrastructureError(f"Airflow started no run of {dag_id}.")
    return str(run.run_id)
