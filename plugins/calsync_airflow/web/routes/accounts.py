"""Accounts: `GET accounts`, searching, the live part, and starting the sync."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query
from fastapi.responses import Response

from calsync_airflow.web import airflow_side, charts
from calsync_airflow.web.access import SYNC, Right, needs
from calsync_airflow.web.view import View, Viewing
from include.calsync.flows.page import accounts, frame
from include.calsync.flows.page.accounts import Accounts, Filter
from include.calsync.flows.page.frame import Frame

router = APIRouter()

State = Annotated[Filter, Query()]
Page = Annotated[int, Query(ge=1, le=10_000)]


@router.get("/accounts", dependencies=[needs(Right.LOOK)])
def show(view: Viewing, state: State = Filter.ALL, page: Page = 1) -> Response:
    """The whole screen."""
    around, schedule = view.around()
    model = _read(view, around, state, page)
    return view.page("accounts.html", model, around=around, schedule=schedule, charts=charts)


@router.get("/accounts/live", dependencies=[needs(Right.LOOK)])
def show_live(view: Viewing, state: Filter | None = None, page: Page = 1) -> Response:
    """What changes by itself. `state` and `page`: of the table that is shown; None: it shows what was searched for."""
    around, schedule = view.around()
    model = _read(view, around, state or Filter.ALL, page)
    with_table = state is not None
    return view.fragment(
        "accounts_live.html", model, around=around, schedule=schedule, charts=charts, with_table=with_table
    )


@router.post("/accounts/search", dependencies=[needs(Right.LOOK)])
def search(view: Viewing, q: Annotated[str, Form(max_length=200)] = "") -> Response:
    """The table of what was found. A POST: what is searched for is a name, and addresses are logged."""
    around, schedule = view.around()
    if not view.is_fragment:
        model = _read(view, around, Filter.ALL, 1)
        found = accounts.search(view.engine, view.local.now, q, running=_running(around))
        return view.page("accounts.html", model, around=around, schedule=schedule, charts=charts, found=found)
    if not q.strip():
        table = _read(view, around, Filter.ALL, 1).table
    else:
        table = accounts.search(view.engine, view.local.now, q, running=_running(around))
    return view.fragment("accounts_table.html", table, charts=charts)


@router.post("/sync", dependencies=[needs(Right.SYNC)])
def sync(view: Viewing) -> Response:
    """Start a run of all accounts now. 409: the sync is not in Airflow, or it is switched off there."""
    airflow_side.must_be_on(SYNC)
    airflow_side.start(SYNC, {}, view.user_name)
    return view.goes_to("accounts", done="started")


def _read(view: View, around: Frame, shown: Filter, page: int) -> Accounts:
    return accounts.read(view.engine, view.local.now, running=_running(around), shown=shown, page=page)


def _running(around: frame.Frame) -> str | None:
    return around.running.id if around.running is not None else None
