"""Held: `GET holds`, one of them, the two decisions, and its items as a table for other programs."""

from __future__ import annotations

import csv
import io
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Query
from fastapi.responses import Response

from calsync_airflow.web import questions, values
from calsync_airflow.web.access import Right, needs
from calsync_airflow.web.view import View, Viewing
from calsync_airflow.web.words import N_
from include.calsync.errors import CalsyncError
from include.calsync.flows.holds import Undecidable, decide_at, view_of
from include.calsync.flows.page import holds
from include.calsync.flows.page.holds import OneHold
from include.calsync.store.page_holds import HoldHead

router = APIRouter()

Before = Annotated[int | None, Query(ge=1)]
Page = Annotated[int, Query(ge=1, le=10_000)]
Hash = Annotated[str, Form(max_length=64)]
Seen = Annotated[str, Form(max_length=9 * holds.SEEN_AT_MOST)]
COLUMNS = {
    "what": N_("What"),
    "activity": N_("Activity"),
    "event": N_("Event"),
    "when": N_("When"),
    "type": N_("Type"),
    "changes": N_("Changes"),
    "because": N_("Because"),
}
"""Of the table for other programs."""


@router.get("/holds", dependencies=[needs(Right.LOOK)])
def show(view: Viewing, before: Before = None) -> Response:
    """What waits for a person, and what was decided. `before`: decisions about older holds."""
    return view.page("holds.html", holds.read(view.engine, before=before), values=values, before=before)


@router.get("/holds/{hold_id:int}.csv", dependencies=[needs(Right.LOOK)])
def as_csv(view: Viewing, hold_id: int) -> Response:
    """All that is held, with titles. 404: there is no such hold, or nothing can be told of it any more."""
    view.must_read(_google_user(_known(view, hold_id).head))
    try:
        lines = view_of(view.engine, hold_id, personal=True, language=view.language).lines
    except CalsyncError as error:
        raise HTTPException(404) from error
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(view.words.say(text) for text in COLUMNS.values())
    for line in lines:
        rows.writerow([_cell(str(getattr(line, name))) for name in COLUMNS])
    headers = {"Content-Disposition": f'attachment; filename="hold-{hold_id}.csv"'}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/holds/{hold_id:int}", dependencies=[needs(Right.LOOK)])
def show_one(view: Viewing, hold_id: int, page: Page = 1) -> Response:
    """One of them with all its items, a hundred at a time. 404: there is no such hold."""
    return view.page("hold.html", _known(view, hold_id, page), values=values, sure=False, trouble="")


@router.post("/holds/{hold_id:int}/search", dependencies=[needs(Right.LOOK)])
def search(
    view: Viewing,
    hold_id: int,
    q: Annotated[str, Form(max_length=200)] = "",
    page: Annotated[int, Form(ge=0, le=10_000)] = 1,
) -> Response:
    """What is held of this subject or date; of none, what `page` showed before: 0 is the first few.

    A POST: a subject is personal, and addresses are logged.

    404: there is no such hold. 403: what is in its account is not to be read.
    """
    model = _known(view, hold_id, page)
    view.must_read(_google_user(model.head))
    found = holds.search(model, q, lambda when: values.moment(view.local, when)) if q.strip() else None
    if view.is_fragment:
        return view.fragment("hold_items.html", None, hold=model, found=found, values=values)
    return view.page("hold.html", model, values=values, sure=False, trouble="", found=found, query=q.strip())


@router.get("/holds/{hold_id:int}/approve", dependencies=[needs(Right.DECIDE)])
def ask_again(view: Viewing, hold_id: int) -> Response:
    """Whether it is really meant: a dialog for htmx, else the page with the question on top."""
    model = _known(view, hold_id)
    if view.is_fragment:
        return view.fragment("hold_sure.html", model)
    return view.page("hold.html", model, values=values, sure=True, trouble="")


@router.post("/holds/{hold_id:int}/approve", dependencies=[needs(Right.DECIDE)])
def approve(view: Viewing, hold_id: int, plan_hash: Hash, seen: Seen = "") -> Response:
    """Let the next run do exactly what was shown. 409: it is something else by now, or somebody has decided."""
    return _decide(view, hold_id, plan_hash, seen, approve=True)


@router.post("/holds/{hold_id:int}/reject", dependencies=[needs(Right.DECIDE)])
def reject(view: Viewing, hold_id: int, plan_hash: Hash, seen: Seen = "") -> Response:
    """Let the next run restore what was edited or deleted. 409: as above."""
    return _decide(view, hold_id, plan_hash, seen, approve=False)


def _decide(view: View, hold_id: int, plan_hash: str, seen: str, *, approve: bool) -> Response:
    head = _known(view, hold_id).head
    # As a mass of changes is decided by what it is about: who may not read that decides nothing.
    view.must_read(_google_user(head))
    assert view.user is not None
    try:
        decide_at(view.engine, view.local.now, hold_id, approve=approve, by=view.user_name, plan_hash=plan_hash)
    except Undecidable:
        model = _known(view, hold_id, seen=seen)
        trouble = "changed" if model.head.state == "open" else "over"
        return view.page("hold.html", model, status=409, values=values, sure=False, trouble=trouble)
    questions.answer(hold_id, approve=approve, user=view.user)
    return view.goes_to("holds", done="approved" if approve else "rejected")


def _known(view: View, hold_id: int, page: int = 1, seen: str = "") -> OneHold:
    found = holds.read_one(view.engine, hold_id, page=page, seen=seen)
    if found is None:
        raise HTTPException(404)
    return found


def _google_user(head: HoldHead) -> str:
    return str((head.settings or {}).get("google_user", ""))


def _cell(text: str) -> str:
    """What a spreadsheet would take for a formula is text: people choose titles."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
