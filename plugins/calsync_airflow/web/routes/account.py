"""One account: `GET accounts/{id}`, and the live preview of an event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import Response

from calsync_airflow.web import account_form, services, setting_words, values
from calsync_airflow.web.access import Right, needs
from calsync_airflow.web.view import View, Viewing
from include.calsync.core.account_records import PAGE
from include.calsync.core.model import When
from include.calsync.flows.editing import accounts as editing
from include.calsync.flows.editing import drafts
from include.calsync.flows.page import account, lists
from include.calsync.flows.page.account import PARTS, event_of
from include.calsync.flows.page.lists import Lists
from include.calsync.settings import Account
from include.calsync.store.page_accounts import Head

router = APIRouter()

CONNECTIONS = ("pipedrive_conn_id", "google_conn_id")
SAMPLE = {
    "deal": "Nordwind roll-out",
    "person": "Lena Vogt",
    "organization": "Nordwind GmbH",
    "subject": "Product demo",
    "phone": "+49 40 66969 142",
    "email": "lena.vogt@nordwind.example",
    "place": "Hafenstraße 12, Hamburg",
    "note": "Budget is tight",
}
"""Nobody's: so everybody may see it."""


@router.get("/accounts/{account_id:int}", dependencies=[needs(Right.LOOK)])
def show(view: Viewing, account_id: int, draft: int | None = None, version: int | None = None) -> Response:
    """The screen of an account. 404: there is none of this id, or it was removed. `draft`: goes on with editing it.

    `version`: was just saved; it can be taken back while it is the latest one.
    """
    return page(view, account_id, form_of_draft(view, draft, account_id), saved_version=version)


def page(
    view: View, account_id: int, form: account_form.Form | None = None, *, status: int = 200, **more: Any
) -> Response:
    """The screen; `form`: with what a person typed instead of what is stored."""
    around, schedule = view.around()
    running = around.running.id if around.running is not None else None
    model = account.read(view.engine, account_id, running=running)
    if model is None:
        raise HTTPException(404)
    settings = model.settings
    stored = settings.model_dump(mode="json") if settings is not None else {}
    if form is None and settings is not None:
        form = account_form.Form(account_form.fields_of(stored), model.account.version)
    can_undo = model.account.version == more.pop("saved_version", None) and view.may("settings")
    more |= {
        "undone_version": model.account.version if can_undo else None,
        "changed": form.changed(stored) if form is not None else (),
        "editable": form is not None and model.account.source == PAGE and view.may("settings"),
        "yaml": editing.as_yaml(stored) if stored and view.may("settings") else "",
    }
    context = {**form_context(view, form, model.account), **more}
    return view.page("account.html", model, status=status, around=around, schedule=schedule, **context)


def form_context(view: View, form: account_form.Form | None, head: Head | None = None) -> dict[str, Any]:
    """What the templates of a form name, beside the form. `head`: of an account that there is."""
    fields = form.fields if form is not None else account_form.new_fields()
    known = lists_of(view, fields)
    names = dict(known.calendars)
    if head is not None and head.calendar_name:
        names[head.calendar_id or ""] = head.calendar_name
    return {
        "form": form,
        **_example(view, fields["title"] or PARTS, fields["include_context"], fields["include_note"]),
        "parts": PARTS,
        "lists": known,
        "calendars_error": "",
        **words_context(view, names),
    }


def lists_of(view: View, fields: Mapping[str, Any]) -> Lists:
    """What there is to choose from for an account with these settings, or controls."""
    conn_ids = [str(fields.get(key) or Account.model_fields[key].default) for key in CONNECTIONS]
    return lists.read(view.engine, conn_ids[0], (conn_ids[1], str(fields.get("google_user") or "").strip()))


def calendar_names(view: View, settings: Mapping[str, Any]) -> dict[str, str]:
    """Of the calendars that there are to choose from, by id."""
    return dict(lists_of(view, settings).calendars)


def words_context(view: View, calendars: Mapping[str, str]) -> dict[str, Any]:
    """How templates call settings and their values. `calendars`: names by id, as far as they are known."""
    return {
        "labels": setting_words.LABELS,
        "choices": setting_words.CHOICES,
        "part_names": setting_words.PARTS,
        "calendar_names": calendars,
        "said": lambda key, value: setting_words.said(view.words, key, value, calendars),
    }


def form_of_draft(view: View, draft_id: int | None, account_id: int | None) -> account_form.Form | None:
    """The form as it was sent for review, for who may change settings; None: there is no such draft any more."""
    if draft_id is None or not view.may("settings"):
        return None
    with services.opened(view.engine) as opened:
        found = drafts.get_draft(opened, draft_id)
    if found is None or found.account_id != account_id:
        return None
    return account_form.Form(account_form.fields_of(found.settings), found.base_version)


@router.post("/preview/title", dependencies=[needs(Right.LOOK)])
def preview_title(
    view: Viewing,
    title: Annotated[list[str] | None, Form(max_length=10)] = None,
    include_context: Annotated[str, Form(max_length=10)] = "",
    include_note: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """How an event will look whose title has these parts, in this order."""
    return view.fragment("account_event.html", None, **_example(view, title or [], include_context, include_note))


def _example(view: View, order: Sequence[str], include_context: str, include_note: str) -> dict[str, Any]:
    """What the template of an event names."""
    told = {"include_context": include_context != "false", "include_note": include_note == "true"}
    begin = datetime.combine(view.local.today + timedelta(days=1), time(14), view.local.zone)
    when = When(start=begin.astimezone(UTC), duration=timedelta(minutes=45))
    return {"event": event_of(order, SAMPLE, **told), "sample": SAMPLE, "sample_when": values.moment(view.local, when)}
