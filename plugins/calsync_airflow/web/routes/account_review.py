"""Reviewing changed settings: what would be saved, and what the dry run says that it would do."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Query
from fastapi.responses import Response

from calsync_airflow.web import account_form, airflow_side, services, values
from calsync_airflow.web.access import Right, needs
from calsync_airflow.web.airflow_side import Schedule
from calsync_airflow.web.routes import account as account_screen
from calsync_airflow.web.routes import account_edit
from calsync_airflow.web.view import View, Viewing
from include.calsync.flows.editing import drafts
from include.calsync.flows.editing.results import Invalid, Saved
from include.calsync.flows.page import draft as review
from include.calsync.flows.page.draft import Review

router = APIRouter()
Page = Annotated[int | None, Query(ge=1, le=10_000)]


@router.get("/drafts/{draft_id:int}", dependencies=[needs(Right.SETTINGS)])
def show_draft(view: Viewing, draft_id: int, doubt: int = 0, page: Page = None) -> Response:
    """What would be saved, and what it would do. To htmx the part that the dry run fills. 404: it is over.

    `doubt`: a look at the services said that it can't be synced yet. `page`: of all that would be done.
    """
    schedule = airflow_side.schedule()
    model = _reviewed(view, draft_id, schedule, page)
    if view.is_fragment:
        return view.fragment("draft_polled.html", model, last=model.is_over, schedule=schedule, values=values)
    return _review(view, model, schedule, doubt=bool(doubt))


def _reviewed(view: View, draft_id: int, schedule: Schedule, page: int | None = None) -> Review:
    off = schedule.paused or not schedule.known
    personal, language, now = view.may("contents"), view.language, view.local.now
    model = review.read(view.engine, draft_id, now, paused=off, personal=personal, language=language, page=page)
    if model is None:
        raise HTTPException(404)
    return model


def _review(view: View, model: Review, schedule: Schedule, *, status: int = 200, **more: bool) -> Response:
    around, _ = view.around()
    words = account_screen.words_context(view, account_screen.calendar_names(view, model.draft.settings))
    more = {"doubt": False, "unasked": False, **more}
    shown = {"around": around, "schedule": schedule, "values": values, **more, **words}
    return view.page("draft.html", model, status=status, **shown)


@router.post("/drafts/{draft_id:int}/save", dependencies=[needs(Right.SETTINGS)])
def save_draft(
    view: Viewing,
    draft_id: int,
    removes: Annotated[int, Form(ge=0)] = 0,
    run: Annotated[str, Form(max_length=36)] = "",
) -> Response:
    """Save what was reviewed. 409: somebody else saved meanwhile; 404: the draft is over.

    `removes`: how many deletions and moves the person agreed to, of which dry `run`. 422: there are more: one is asked.
    """
    schedule = airflow_side.schedule()
    model = _reviewed(view, draft_id, schedule)
    agreed = model.run_id if model.asked_count else None
    if model.asked_count > removes or (agreed is not None and agreed != run):
        return _review(view, model, schedule, status=422, unasked=True)
    with services.opened(view.engine) as opened:
        found = drafts.get_draft(opened, draft_id)
        if found is None:
            raise HTTPException(404)
        result = drafts.save_draft(opened, draft_id, by=view.user_name, agreed=agreed)
    if isinstance(result, Saved):
        return account_edit.saved(view, result, found.base_version)
    fields = account_form.fields_of(found.settings)
    if found.account_id is not None:
        return account_edit.again(view, found.account_id, fields, found.base_version, result)
    if isinstance(result, Invalid):
        return account_edit.new_page(
            view, account_form.Form(fields, 0, account_edit.errors_of(view, result)), status=422
        )
    raise HTTPException(404)
