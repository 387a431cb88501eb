"""Connections: `GET connect`, and `POST connect/{service}/check`, which asks as Airflow's own Test button does."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from airflow.sdk.exceptions import AirflowNotFoundException
from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import Response

from calsync_airflow.hooks.connections import StrictHook
from calsync_airflow.hooks.google_calendar import SCOPES, GoogleCalendarHook
from calsync_airflow.hooks.pipedrive import PipedriveHook
from calsync_airflow.web import services
from calsync_airflow.web.access import Right, needs
from calsync_airflow.web.rates import Rate
from calsync_airflow.web.view import View, Viewing
from include.calsync.errors import CalsyncError
from include.calsync.flows.editing import accounts as editing
from include.calsync.flows.opening.identity import ask_company
from include.calsync.flows.page import connections

router = APIRouter()
checks = Rate(10)


class Service(StrEnum):
    """Which of the two."""

    PIPEDRIVE = "pipedrive"
    GOOGLE = "google"


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found. `missing`: Airflow has no such connection. `waits`: it is an OAuth app alone."""

    conn_id: str
    is_well: bool
    text: str
    missing: bool = False
    waits: bool = False


@router.get("/connect", dependencies=[needs(Right.CONNECT)])
def show(view: Viewing) -> Response:
    """The connections in use. Nothing is asked before somebody presses Check."""
    return _page(view, connections.read(view.engine))


@router.post("/connect/{service}/check", dependencies=[needs(Right.CONNECT)])
def check(view: Viewing, service: Service, conn_id: Annotated[str, Form(max_length=250)]) -> Response:
    """Ask the service with this connection. 404: no account uses it. 429: more than ten checks a minute."""
    used = connections.read(view.engine)
    if conn_id not in used.ids(service):
        raise HTTPException(404)
    checks.take(view.user_id)
    found = _checked(service, conn_id)
    connections.note_check(view.engine, service, conn_id, view.local.now, works=None if found.waits else found.is_well)
    if found.is_well and service is Service.PIPEDRIVE:
        # So that people and types are offered before the first run; what fails here, the run says.
        with suppress(CalsyncError), services.opened(view.engine) as opened:
            ask_company(opened, conn_id)
    if view.is_fragment:
        return view.fragment("connect_checked.html", found)
    return _page(view, used, checked=found)


def _page(view: View, used: connections.Connections, **more: Any) -> Response:
    accounts = editing.list_accounts(view.engine)
    return view.page("connect.html", used, scopes=",".join(SCOPES), accounts=accounts, **more)


def _checked(service: Service, conn_id: str) -> Checked:
    try:
        StrictHook.get_connection(conn_id)
        if service is Service.PIPEDRIVE:
            is_well, text = PipedriveHook(conn_id).test_connection()
        else:
            hook = GoogleCalendarHook(conn_id)
            if hook.waits_for_consent():
                return Checked(conn_id, False, "", waits=True)
            is_well, text = hook.test_connection()
    except AirflowNotFoundException:
        return Checked(conn_id, False, "", missing=True)
    except CalsyncError as error:
        return Checked(conn_id, False, str(error))
    return Checked(conn_id, is_well, text)
