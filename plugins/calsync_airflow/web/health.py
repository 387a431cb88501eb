"""`GET /calsync/health`: 200 if all goes on, else 503 with the reasons. So a monitor notices a dead scheduler, too.

It names accounts, and nothing that is personal.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any

from airflow.api.common.airflow_health import get_airflow_health
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState
from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from calsync_airflow.hooks.store import StoreHook
from calsync_airflow.web.access import SYNC, reads_health
from include.calsync.errors import CalsyncError
from include.calsync.flows import health
from include.calsync.flows.health import Reason
from include.calsync.flows.services import utc_now

LATE = timedelta(minutes=10)
"""A run is made and started within seconds of its time."""
ACTIVE = (DagRunState.QUEUED, DagRunState.RUNNING)

router = APIRouter()


@router.get("/health", dependencies=[Depends(reads_health)])
def get_health(minutes: Annotated[int, Query(ge=1, le=100_000)] = 60) -> JSONResponse:
    """How the syncs are. `minutes`: how long an account may be without a run that got through."""
    now = utc_now()
    found = [*_airflow(now), *_store(now, timedelta(minutes=minutes))]
    body: dict[str, Any] = {"healthy": not found, "reasons": [asdict(each) for each in found]}
    return JSONResponse(body, status_code=503 if found else 200, headers={"Cache-Control": "no-store"})


def _store(now: datetime, longest: timedelta) -> list[Reason]:
    try:
        engine = StoreHook().get_conn()
        try:
            return health.reasons(engine, now, longest)
        finally:
            engine.dispose()
    except (SQLAlchemyError, CalsyncError) as error:
        # What a driver says may hold the database's address.
        return [Reason("store", f"The database of calsync can't be read ({type(error).__name__}).")]


def _airflow(now: datetime) -> list[Reason]:
    """Whether the scheduler lives, and makes and starts runs of the sync."""
    if get_airflow_health()["scheduler"]["status"] != "healthy":
        return [Reason("scheduler", "The scheduler is not running.")]
    with create_session() as session:
        dag = session.get(DagModel, SYNC)
        mine = select(DagRun.state, DagRun.queued_at).where(DagRun.dag_id == SYNC, DagRun.state.in_(ACTIVE))
        active = session.execute(mine.order_by(DagRun.queued_at)).all()
    if dag is None:
        return [Reason("no_dag", f"Airflow does not know {SYNC}.")]
    if dag.is_paused:
        return [Reason("paused", f"{SYNC} is paused.")]
    due = dag.next_dagrun_create_after
    if not active and due is not None and now - due > LATE:
        return [Reason("no_runs", f"No run of {SYNC} was made since {due:%Y-%m-%d %H:%M} UTC.")]
    waits = [run.queued_at for run in active if run.state == DagRunState.QUEUED and run.queued_at is not None]
    if waits and len(waits) == len(active) and now - waits[0] > LATE:
        return [Reason("no_start", f"A run of {SYNC} waits since {waits[0]:%Y-%m-%d %H:%M} UTC to be started.")]
    return []
