"""Upload: what was there before an account was connected is counted first, and brought over when somebody says so."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, HTTPException, Query
from fastapi.responses import Response

from calsync_airflow.web import airflow_side
from calsync_airflow.web.access import UPLOAD, Right, needs
from calsync_airflow.web.view import View, Viewing
from include.calsync.core.sentences import left_out
from include.calsync.flows.page import lists, upload
from include.calsync.flows.page.account import parsed
from include.calsync.flows.page.connections import PIPEDRIVE
from include.calsync.flows.page.upload import UploadRun
from include.calsync.store.page_accounts import Head

router = APIRouter()

DIRECTIONS = ("to_google", "to_pipedrive")
FORBIDDEN = {"to_google": ("to_pipedrive",), "to_pipedrive": ("to_google", "pipedrive_only")}
"""By direction: the modes in which nothing new flows that way."""

RunId = Annotated[str, Query(max_length=250)]
AccountId = Annotated[int | None, Query(ge=1, le=10**18)]
Text = Annotated[str, Form(max_length=250)]
Types = Annotated[list[str] | None, Form(max_length=100)]


@router.get("/upload", dependencies=[needs(Right.UPLOAD)])
def show(view: Viewing, run: RunId = "", account: AccountId = None) -> Response:
    """The form, and above it the run that the address names: so reloading loses nothing. 404: there is no such run.

    `account`: chosen beforehand.
    """
    found = _run(view, run) if run else None
    if found is None and run:
        raise HTTPException(404)
    given = _given(found)
    return _page(view, found, given if account is None else {**given, "account": str(account)}, {})


@router.get("/runs/{run_id}/progress", dependencies=[needs(Right.UPLOAD)])
def progress(view: Viewing, run_id: str) -> Response:
    """How far a run is, every two seconds until it is over. 404: there is no such upload."""
    found = _run(view, run_id)
    if found is None:
        raise HTTPException(404)
    return view.fragment("upload_run.html", found, last=found.is_over, quoted=quote, left_out=left_out)


def _form(
    account: Text = "", direction: Text = "", due_from: Text = "", due_to: Text = "", types: Types = None
) -> dict[str, Any]:
    """What the form sent. `types`: keys, each on its own or several with commas between them; none: all."""
    listed = [key.strip() for each in types or () for key in each.split(",") if key.strip()]
    return {"account": account, "direction": direction, "due_from": due_from, "due_to": due_to, "types": listed}


Given = Annotated[dict[str, Any], Depends(_form)]


@router.post("/upload/count", dependencies=[needs(Right.UPLOAD)])
def count(view: Viewing, given: Given) -> Response:
    """Count by a dry run. 422 with the form: it is not right. 409: uploading is switched off in Airflow."""
    return _start(view, given, dry_run=True)


@router.post("/upload", dependencies=[needs(Right.UPLOAD)])
def start(view: Viewing, given: Given) -> Response:
    """Bring it over; answers as `count` does. 409 with the form: another upload is under way.

    `account`: its id or, from what was counted, its name.
    """
    return _start(view, given, dry_run=False)


@router.post("/runs/{run_id}/stop", dependencies=[needs(Right.UPLOAD)])
def stop(view: Viewing, run_id: str) -> Response:
    """End an upload where it is: what it wrote stays, and the next one goes on. 404: there is no such upload."""
    run = airflow_side.run_of(UPLOAD, run_id)
    if run is None:
        raise HTTPException(404)
    # Whether or not it has just ended by itself: the page shows how it stands.
    if airflow_side.stop(UPLOAD, run_id):
        upload.stop(view.engine, UPLOAD, run_id, run.queued_at, view.local.now, by=view.user_name)
    return view.goes_to("upload", run=quote(run_id, safe=""))


def _start(view: View, given: dict[str, Any], *, dry_run: bool) -> Response:
    accounts = upload.accounts(view.engine)
    chosen = next((head for head in accounts if given["account"] in (str(head.id), head.name)), None)
    errors = dict(_errors(view, given, chosen))
    if errors or chosen is None:
        return _page(view, None, given, errors, status=422)
    airflow_side.must_be_on(UPLOAD)
    if not dry_run and airflow_side.upload_under_way() is not None:
        return _page(view, None, {**given, "account": str(chosen.id)}, {}, status=409)
    days = {key: given[key] or None for key in ("due_from", "due_to")}
    asked = {"direction": given["direction"], **days, "types": given["types"] or None}
    conf = {"accounts": [chosen.name], **asked, "dry_run": dry_run}
    run_id = airflow_side.start(UPLOAD, conf, view.user_name)
    return view.goes_to("upload", run=quote(run_id, safe=""))


def _errors(view: View, given: dict[str, Any], chosen: Head | None) -> list[tuple[str, str]]:
    """By field, what is wrong."""
    say, found = view.words.say, list[tuple[str, str]]()
    if chosen is None:
        found.append(("account", say("Choose an account.")))
    days: dict[str, date] = {}
    for key in ("due_from", "due_to"):
        try:
            days |= {key: date.fromisoformat(given[key])} if given[key] else {}
        except ValueError:
            found.append((key, say("This is no date.")))
    if len(days) == 2 and days["due_from"] > days["due_to"]:
        found.append(("due_to", say("This is before the first day.")))
    settings = parsed(chosen) if chosen is not None else None
    if given["direction"] not in DIRECTIONS:
        found.append(("direction", say("Choose a direction.")))
    elif settings is not None and settings.mode in FORBIDDEN[given["direction"]]:
        found.append(("direction", say("The mode of this account doesn’t allow this direction.")))
    return found


def _run(view: View, run_id: str) -> UploadRun | None:
    run = airflow_side.run_of(UPLOAD, run_id)
    if run is None:
        return None
    return upload.read(view.engine, UPLOAD, run_id, run.conf, run.queued_at, ended=run.ended, stopped=run.stopped)


def _given(run: UploadRun | None) -> dict[str, Any]:
    """The form as it was sent, so that what was counted can be uploaded."""
    if run is None:
        return _form(direction="to_google")
    first, last = (day.isoformat() if day is not None else "" for day in (run.options.due_from, run.options.due_to))
    return {"names": ", ".join(run.names), **_form("", run.options.direction, first, last, run.options.types)}


def _page(
    view: View, run: UploadRun | None, given: dict[str, Any], errors: dict[str, str], *, status: int = 200
) -> Response:
    accounts = upload.accounts(view.engine)
    named = {head.name: str(head.id) for head in accounts}
    given = {**given, "account": given["account"] or named.get(given.get("names", ""), "")}
    under_way = airflow_side.upload_under_way()
    more: dict[str, Any] = {"given": given, "errors": errors, "accounts": accounts, "refused": status == 409}
    more |= {"under_way": None if run is not None and run.airflow_id == under_way else under_way}
    more |= {"types": lists.read(view.engine, PIPEDRIVE).types}
    return view.page("upload.html", run, status=status, quoted=quote, left_out=left_out, **more)
