"""History: runs and what they wrote, conflicts with both values, and taking a run back after trying it out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Query
from fastapi.responses import Response

from calsync_airflow.web import airflow_side, values
from calsync_airflow.web.access import UNDO, Right, needs
from calsync_airflow.web.view import View, Viewing
from include.calsync.flows.page import aside, history
from include.calsync.flows.page.history import Asked, Did, RunPage

router = APIRouter()

Account = Annotated[str, Query(pattern=r"^\d{0,18}$")]
Written = Annotated[str, Query(pattern=r"^(events|activities)?$")]
What = Annotated[str, Query(pattern=r"^(created|changed|deleted|conflicts|aside)?$")]
Moment = Annotated[int | None, Query(ge=0, le=10**16)]
"""Microseconds since 1970."""
RunId = Annotated[str, Form(max_length=36)]


@router.get("/history", dependencies=[needs(Right.LOOK)])
def show(view: Viewing, account: Account = "", side: Written = "", what: What = "", before: Moment = None) -> Response:
    """Runs, the latest first, and what lost a conflict in them; or what is set aside."""
    if what == "aside":
        found = aside.read(view.engine, int(account) if account else None, side, view.may_read)
        return view.page("aside.html", found, values=values)
    at = None if before is None else _moment(before)
    asked = Asked(int(account) if account else None, side, Did(what) if what else None, at)
    model = history.read(view.engine, asked, view.may_read)
    older = None if model.older is None else round(model.older.timestamp() * 1_000_000)
    return view.page("history.html", model, values=values, older=older)


@router.get("/history/{run_id}", dependencies=[needs(Right.LOOK)])
def show_run(view: Viewing, run_id: str, after: Annotated[int, Query(ge=0)] = 0) -> Response:
    """What a run wrote: a part of the page for htmx, else a page of its own. 404: there is no such run."""
    model = _run(view, run_id, after)
    if view.is_fragment:
        return view.fragment("history_writes.html", model, values=values)
    return view.page("history_run.html", model, values=values)


@router.post("/undo/preview", dependencies=[needs(Right.UNDO)])
def try_undo(view: Viewing, run_id: RunId) -> Response:
    """Try out what taking a run back would do: a dry run. 409: Airflow would not run it."""
    _start(view, run_id, dry_run=True)
    return view.goes_to("undo", run_id, since=round(view.local.now.timestamp()))


@router.get("/undo/{run_id}", dependencies=[needs(Right.UNDO)])
def show_trial(view: Viewing, run_id: str, since: Annotated[int, Query(ge=0, le=10**10)]) -> Response:
    """What the dry run found; until it is over the part asks again."""
    model = history.head_of(view.engine, run_id)
    if model is None:
        raise HTTPException(404)
    trial = history.tried(view.engine, run_id, datetime.fromtimestamp(since, UTC))
    if view.is_fragment:
        return view.fragment("undo_trial.html", model, last=trial is not None, trial=trial, since=since)
    return view.page("undo.html", model, trial=trial, since=since)


@router.post("/undo", dependencies=[needs(Right.UNDO)])
def undo(view: Viewing, run_id: RunId) -> Response:
    """Take a run back. 409: Airflow would not run it."""
    _start(view, run_id, dry_run=False)
    return view.goes_to("history", done="undoing")


@router.post("/conflicts/{entry_id:int}/other", dependencies=[needs(Right.UNDO)])
def take_other(view: Viewing, entry_id: int, field: Annotated[str, Form(max_length=40)]) -> Response:
    """Bring both sides to the value that lost a conflict. 409: Airflow would not run it."""
    airflow_side.must_be_on(UNDO)
    conf = {"conflict_id": entry_id, "conflict_field": field, "dry_run": False}
    airflow_side.start(UNDO, conf, view.user_name)
    return view.goes_to("history", done="taking_other")


def _start(view: View, run_id: str, *, dry_run: bool) -> None:
    _run(view, run_id, 0)
    airflow_side.must_be_on(UNDO)
    airflow_side.start(UNDO, {"sync_run_id": run_id, "link_id": None, "dry_run": dry_run}, view.user_name)


def _run(view: View, run_id: str, after: int) -> RunPage:
    found = history.read_run(view.engine, run_id, view.may_read, after=after, language=view.language)
    if found is None:
        raise HTTPException(404)
    return found


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)
