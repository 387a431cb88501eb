"""Changing accounts: the forms of a new one and of one that there is, and what is sent with them."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any

from airflow.exceptions import DagNotFound
from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from calsync_airflow.web import account_form, airflow_side, services
from calsync_airflow.web.access import SYNC, Right, needs
from calsync_airflow.web.account_form import Fields
from calsync_airflow.web.rates import Rate
from calsync_airflow.web.routes import account as account_screen
from calsync_airflow.web.view import View, Viewing
from calsync_airflow.web.words import N_
from include.calsync.core.raw import Json
from include.calsync.errors import CalsyncError
from include.calsync.flows import calendar_names
from include.calsync.flows.editing import accounts as editing
from include.calsync.flows.editing import drafts
from include.calsync.flows.editing.results import Conflict, Drafted, FromFile, Gone, Invalid, Refused, Saved
from include.calsync.settings import Account

router = APIRouter()
looks = Rate(10)
REMOVED_SHOWN = 50
PEOPLE_SHOWN = 30


async def _sent(request: Request) -> FormData:
    return await request.form()


Sent = Annotated[FormData, Depends(_sent)]
Version = Annotated[int, Form(ge=0)]


@router.get("/accounts/new", dependencies=[needs(Right.SETTINGS)])
def show_new(view: Viewing, draft: int | None = None, user: int | None = None) -> Response:
    """The form of a new account. `draft`: goes on with editing it; `user`: filled for this user of Pipedrive."""
    form = account_screen.form_of_draft(view, draft, None) or account_form.Form(account_form.new_fields())
    person = None if user is None else account_screen.lists_of(view, form.fields).person(user)
    if person is not None:
        form.fields.update(account_form.fields_for(person.email))
    return new_page(view, form)


@router.post("/accounts/new", dependencies=[needs(Right.SETTINGS)])
def draft_new(view: Viewing, sent: Sent) -> Response:
    """Try a new account out. 422: something is wrong with the form, which is shown again.

    Without a script the title's buttons send the form as well: it is shown with another order.
    """
    fields = account_form.sent(sent)
    if "move" in sent:
        return new_page(view, account_form.Form(account_form.moved(fields, str(sent["move"]))))
    if not fields["enabled"]:
        fields["enabled"] = "true"
    with services.opened(view.engine) as opened:
        result = drafts.draft(opened, account_form.values_of(fields), by=view.user_name)
    if isinstance(result, Drafted):
        return _try_out(view, result)
    assert isinstance(result, Invalid), result
    return new_page(view, account_form.Form(fields, 0, errors_of(view, result)), status=422)


def new_page(view: View, form: account_form.Form, *, status: int = 200, **more: Any) -> Response:
    """The form of a new account."""
    known = editing.list_accounts(view.engine, removed=True)
    removed = [each for each in known if each.removed_at is not None]
    context = {**account_screen.form_context(view, form), **more}
    people = context["lists"].without_account(each.settings.get("pipedrive_user") for each in known)
    context |= {"people": people, "most_people": PEOPLE_SHOWN}
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
    return again(view, account_id, fields, version, result)


@router.post("/accounts/{account_id:int}", dependencies=[needs(Right.SETTINGS)])
def save(view: Viewing, sent: Sent, account_id: int, version: Version = 0) -> Response:
    """Save changed settings as they are, not tried out. 422, 409: as above."""
    fields, settings = _values(view, sent, account_id)
    with services.opened(view.engine) as opened:
        result = editing.save(opened, account_id, settings, base_version=version, by=view.user_name)
    if isinstance(result, Saved):
        return saved(view, result, version)
    return again(view, account_id, fields, version, result)


def _values(view: View, sent: FormData, account_id: int) -> tuple[Fields, Json]:
    fields = account_form.sent(sent)
    now = editing.get_account(view.engine, account_id)
    theirs = now.settings if now is not None else {}
    return fields, account_form.with_choices(account_form.values_of(fields), sent, theirs)


def again(view: View, account_id: int, fields: Fields, version: int, result: Refused) -> Response:
    """The form once more, with what is in the way of what was sent."""
    match result:
        case Invalid():
            form = account_form.Form(fields, version, errors_of(view, result))
            return account_screen.page(view, account_id, form, status=422)
        case Conflict():
            return account_screen.page(view, account_id, account_form.merged_form(fields, result), status=409)
        case FromFile():
            return account_screen.page(view, account_id, status=409)
        case Gone():
            raise HTTPException(404)


def errors_of(view: View, result: Invalid) -> dict[str, str]:
    """What is wrong, by setting, in the person's language."""
    found = account_form.errors_of(result)
    return {key: view.told(text) for key, text in found.items()}


def _try_out(view: View, result: Drafted) -> Response:
    if not airflow_side.schedule().paused:
        with suppress(DagNotFound):  # the review says that no run came
            airflow_side.start(SYNC, {"dry_run": True, "draft_id": result.draft.id}, view.user_name)
    return view.goes_to("drafts", result.draft.id, doubt=1 if result.remark else None)


def saved(view: View, result: Saved, base_version: int) -> Response:
    """On to the account; the address names the version that was made, if another one was there before."""
    done, made = "saved_not_synced" if result.remark else "saved", result.account.version
    return view.goes_to("accounts", result.account.id, done=done, version=made if made > base_version > 0 else None)


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
        return new_page(view, form, calendars_error=error)
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
        return view.told(str(error))
    return ""
