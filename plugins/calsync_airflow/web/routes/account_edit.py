"""Changing accounts: adding one, reviewing by a draft and its dry run, saving, pausing, removing, earlier settings."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

from airflow.exceptions import DagNotFound
from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from calsync_airflow.web import account_form, airflow_side, services, values
from calsync_airflow.web.access import SYNC, Right, needs
from calsync_airflow.web.account_form import Fields
from calsync_airflow.web.airflow_side import Schedule
from calsync_airflow.web.rates import Rate
from calsync_airflow.web.routes import account as account_screen
from calsync_airflow.web.view import View, Viewing
from calsync_airflow.web.words import N_
from include.calsync.core.account_records import FILE
from include.calsync.core.raw import Json
from include.calsync.errors import CalsyncError
from include.calsync.flows import calendar_names
from include.calsync.flows.editing import accounts as editing
from include.calsync.flows.editing import drafts
from include.calsync.flows.editing.results import Conflict, Drafted, FromFile, Gone, Invalid, Refused, Saved
from include.calsync.flows.page import draft as review
from include.calsync.flows.page.draft import Review
from include.calsync.settings import Account

router = APIRouter()
looks = Rate(10)
REMOVED_SHOWN = 50


async def _sent(request: Request) -> FormData:
    return await request.form()


Sent = Annotated[FormData, Depends(_sent)]
Version = Annotated[int, Form(ge=0)]
Page = Annotated[int | None, Query(ge=1, le=10_000)]


@router.get("/accounts/new", dependencies=[needs(Right.SETTINGS)])
def show_new(view: Viewing, draft: int | None = None) -> Response:
    """The form of a new account. `draft`: goes on with editing it."""
    form = account_screen.form_of_draft(view, draft, None) or account_form.Form(account_form.new_fields())
    return _new(view, form)


@router.post("/accounts/new", dependencies=[needs(Right.SETTINGS)])
def draft_new(view: Viewing, sent: Sent) -> Response:
    """Try a new account out. 422: something is wrong with the form, which is shown again.

    Without a script the title's buttons send the form as well: it is shown with another order.
    """
    fields = account_form.sent(sent)
    if "move" in sent:
        return _new(view, account_form.Form(account_form.moved(fields, str(sent["move"]))))
    if not fields["enabled"]:
        fields["enabled"] = "true"
    with services.opened(view.engine) as opened:
        result = drafts.draft(opened, account_form.values_of(fields), by=view.user_name)
    if isinstance(result, Drafted):
        return _try_out(view, result)
    assert isinstance(result, Invalid), result
    return _new(view, account_form.Form(fields, 0, _errors(view, result)), status=422)


def _new(view: View, form: account_form.Form, *, status: int = 200, **more: Any) -> Response:
    known = editing.list_accounts(view.engine, removed=True)
    removed = [each for each in known if each.removed_at is not None]
    context = {**account_screen.form_context(view, form), **more}
    return view.page("account_new.html", removed[:REMOVED_SHOWN], status=status, editable=True, **context)


@router.post("/accounts/{account_id:int}/drafts", dependencies=[needs(Right.SETTINGS)])
def draft_account(view: Viewing, sent: Sent, account_id: int, version: Version = 0) -> Response:
    """Try changed settings out. 422, 409: the form is shown again, with what is wrong or who saved meanwhile.

    Without a script the title's buttons send it, as above.
    """
    fields, settings = _values(view, sent, account_id)
    if "move" in sent:
        moved = account_form.Form(account_form.moved(fields, str(sent["move"])), version)
        return account_screen.page(view, account_id, moved)
    with services.opened(view.engine) as opened:
        result = drafts.draft(opened, settings, by=view.user_name, account_id=account_id, base_version=version)
    if isinstance(result, Drafted):
        return _try_out(view, result)
    return _again(view, account_id, fields, version, result)


@router.post("/accounts/{account_id:int}", dependencies=[needs(Right.SETTINGS)])
def save(view: Viewing, sent: Sent, account_id: int, version: Version = 0) -> Response:
    """Save changed settings as they are, not tried out. 422, 409: as above."""
    fields, settings = _values(view, sent, account_id)
    with services.opened(view.engine) as opened:
        result = editing.save(opened, account_id, settings, base_version=version, by=view.user_name)
    if isinstance(result, Saved):
        return _saved(view, result)
    return _again(view, account_id, fields, version, result)


def _values(view: View, sent: FormData, account_id: int) -> tuple[Fields, Json]:
    fields = account_form.sent(sent)
    now = editing.get_account(view.engine, account_id)
    theirs = now.settings if now is not None else {}
    return fields, account_form.with_choices(account_form.values_of(fields), sent, theirs)


def _again(view: View, account_id: int, fields: Fields, version: int, result: Refused) -> Response:
    match result:
        case Invalid():
            form = account_form.Form(fields, version, _errors(view, result))
            return account_screen.page(view, account_id, form, status=422)
        case Conflict():
            return account_screen.page(view, account_id, account_form.merged_form(fields, result), status=409)
        case FromFile():
            return account_screen.page(view, account_id, status=409)
        case Gone():
            raise HTTPException(404)


def _errors(view: View, result: Invalid) -> dict[str, str]:
    found = account_form.errors_of(result)
    return {key: view.told(text) for key, text in found.items()}


# Reviewing.


def _try_out(view: View, result: Drafted) -> Response:
    if not airflow_side.schedule().paused:
        with suppress(DagNotFound):  # the review says that no run came
            airflow_side.start(SYNC, {"dry_run": True, "draft_id": result.draft.id}, view.user_name)
    return view.goes_to("drafts", result.draft.id, doubt=1 if result.remark else None)


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
    words = account_screen.words_context(view, _calendar_names(view, model.draft.settings))
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
        return _saved(view, result)
    fields = account_form.fields_of(found.settings)
    if found.account_id is not None:
        return _again(view, found.account_id, fields, found.base_version, result)
    if isinstance(result, Invalid):
        return _new(view, account_form.Form(fields, 0, _errors(view, result)), status=422)
    raise HTTPException(404)


def _saved(view: View, result: Saved) -> Response:
    return view.goes_to("accounts", result.account.id, done="saved_not_synced" if result.remark else "saved")


# Pausing, removing, earlier settings.


@router.post("/accounts/{account_id:int}/pause", dependencies=[needs(Right.SETTINGS)])
def pause(view: Viewing, account_id: int) -> Response:
    """Let it take part in no run until it is resumed."""
    with services.opened(view.engine) as opened:
        return _done(view, account_id, editing.pause(opened, account_id, by=view.user_name), "paused")


@router.post("/accounts/{account_id:int}/resume", dependencies=[needs(Right.SETTINGS)])
def resume(view: Viewing, account_id: int) -> Response:
    """Let it take part again."""
    with services.opened(view.engine) as opened:
        return _done(view, account_id, editing.resume(opened, account_id, by=view.user_name), "resumed")


@router.post("/accounts/{account_id:int}/remove", dependencies=[needs(Right.SETTINGS)])
def remove(view: Viewing, account_id: int, sure: Annotated[str, Form(max_length=10)] = "") -> Response:
    """Let it take part no more; nothing is deleted on either side. Who is not `sure` is asked."""
    known = editing.get_account(view.engine, account_id)
    if known is not None and known.source != FILE and not sure:
        return view.page("account_remove.html", known)
    with services.opened(view.engine) as opened:
        result = editing.remove(opened, account_id, by=view.user_name)
    return (
        view.goes_to("accounts", done="removed") if isinstance(result, Saved) else _again_now(view, account_id, result)
    )


@router.post("/accounts/{account_id:int}/restore", dependencies=[needs(Right.SETTINGS)])
def restore(view: Viewing, account_id: int, version: Version = 0) -> Response:
    """Set it as it was in an earlier version."""
    with services.opened(view.engine) as opened:
        return _done(view, account_id, editing.restore(opened, account_id, version, by=view.user_name), "restored")


def _done(view: View, account_id: int, result: Saved | Refused, done: str) -> Response:
    if isinstance(result, Saved):
        return view.goes_to("accounts", result.account.id, done=done)
    return _again_now(view, account_id, result)


def _again_now(view: View, account_id: int, result: Refused) -> Response:
    """The form as it is stored, with what is in the way."""
    now = editing.get_account(view.engine, account_id)
    if now is None:
        raise HTTPException(404)
    return _again(view, account_id, account_form.fields_of(now.settings), now.version, result)


@dataclass(frozen=True, slots=True)
class VersionShown:
    """A version in words: `changes` are setting, value before (None: it is the first one) and after."""

    version: int
    by: str
    at: Any
    changes: list[tuple[str, str | None, str]]


@router.get("/accounts/{account_id:int}/versions", dependencies=[needs(Right.SETTINGS)])
def show_versions(view: Viewing, account_id: int) -> Response:
    """What the settings were, newest first."""
    account = editing.get_account(view.engine, account_id)
    if account is None:
        raise HTTPException(404)
    known = editing.versions(view.engine, account_id)
    words = account_screen.words_context(view, _calendar_names(view, account.settings))
    said = words["said"]
    shown = []
    for place, each in enumerate(known):
        before = known[place + 1].settings if place + 1 < len(known) else None
        changed = [key for key, value in each.settings.items() if before is not None and before.get(key) != value]
        changes = [(key, said(key, (before or {}).get(key)), said(key, each.settings[key])) for key in changed]
        shown.append(VersionShown(each.version, each.by, each.at, list(changes)))
    more = {
        "account": account,
        "is_removed": account.removed_at is not None,
        "is_file": account.source == FILE,
        **words,
    }
    return view.page("account_versions.html", shown, **more)


def _calendar_names(view: View, settings: Json) -> dict[str, str]:
    return dict(account_screen.lists_of(view, settings).calendars)


# Lists.


@router.post("/lists/calendars", dependencies=[needs(Right.SETTINGS)])
def list_calendars(view: Viewing, sent: Sent, account: int | None = None, version: Version = 0) -> Response:
    """Ask for the Google user's calendars, and offer them in the form. 429: more than ten times a minute.

    `account`: whose form it is; None: of a new one.
    """
    looks.take(view.user_id)
    fields = account_form.sent(sent)
    error = _ask(view, fields)
    form = account_form.Form(fields, version)
    if view.is_fragment:
        context = account_screen.form_context(view, form) | {"calendars_error": error}
        return view.fragment("account_calendars.html", None, account_id=account, **context)
    if account is None:
        return _new(view, form, calendars_error=error)
    return account_screen.page(view, account, form, calendars_error=error)


def _ask(view: View, fields: Fields) -> str:
    """Returns why they can't be shown."""
    user, conn_id = fields["google_user"].strip(), fields["google_conn_id"].strip()
    if not user:
        return view.words.say(N_("Fill in the Google user first."))
    try:
        with services.opened(view.engine) as opened:
            calendar_names.ask(opened, conn_id or Account.model_fields["google_conn_id"].default, user)
    except CalsyncError as error:
        return str(error)
    return ""
