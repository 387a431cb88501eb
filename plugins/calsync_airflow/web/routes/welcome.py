"""First steps: `GET /` leads here until the first account has synced, then to the accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airflow.sdk.exceptions import AirflowNotFoundException
from fastapi import APIRouter
from fastapi.responses import Response

from calsync_airflow.hooks.connections import StrictHook
from calsync_airflow.web import airflow_side
from calsync_airflow.web.access import RECONCILE, Right, needs
from calsync_airflow.web.view import Viewing
from include.calsync.errors import CalsyncError
from include.calsync.flows.page import welcome
from include.calsync.flows.page.connections import GOOGLE, PIPEDRIVE

router = APIRouter()
SUGGESTED_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Step:
    """One of the steps. `is_now`: the first one that is not done."""

    key: str
    is_done: bool
    is_now: bool


@router.get("/", dependencies=[needs(Right.LOOK)])
def begin(view: Viewing) -> Response:
    """For who sets up: the first steps, until an account has synced. For all others the accounts."""
    if view.may("settings") and not welcome.read(view.engine).has_synced:
        return view.goes_to("welcome")
    return view.goes_to("accounts")


@router.get("/welcome", dependencies=[needs(Right.LOOK)])
def show(view: Viewing) -> Response:
    """The four steps. No service is asked: whether a connection works, its last check says, or a run."""
    model = welcome.read(view.engine)
    around, schedule = view.around()
    done = {
        "pipedrive": model.works["pipedrive"] is True,
        "google": model.works["google"] is True or model.waits_for_consent,
        "accounts": model.account_count > 0,
        "on": schedule.known and not schedule.paused and model.account_count > 0,
    }
    first = next((key for key, is_done in done.items() if not is_done), None)
    steps = [Step(key, is_done, key == first) for key, is_done in done.items()]
    there = {"pipedrive": _is_there(PIPEDRIVE), "google": _is_there(GOOGLE)}
    shown: dict[str, Any] = {"steps": steps, "there": there, "dags": f"{view.airflow_root}dags/"}
    shown["compares"] = airflow_side.is_on(RECONCILE)
    shown["most_suggested"] = SUGGESTED_SHOWN
    return view.page("welcome.html", model, around=around, schedule=schedule, **shown)


def _is_there(conn_id: str) -> bool:
    try:
        StrictHook.get_connection(conn_id)
    except AirflowNotFoundException:
        return False
    except CalsyncError:
        pass  # it is there, and something is wrong with it: the check says what
    return True
