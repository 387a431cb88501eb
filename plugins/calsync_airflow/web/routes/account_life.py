"""An account's life: paused, resumed, removed, and set as it was earlier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import Response

from calsync_airflow.web import account_form, services
from calsync_airflow.web.access import Right, needs
from calsync_airflow.web.routes import account as account_screen
from calsync_airflow.web.routes.account_edit import Version, again
from calsync_airflow.web.view import View, Viewing
from include.calsync.core.account_records import FILE
from include.calsync.flows.editing import accounts as editing
from include.calsync.flows.editing.results import Refused, Saved

router = APIRouter()


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


@router.post("/accounts/{account_id:int}/undo", dependencies=[needs(Right.SETTINGS)])
def undo(view: Viewing, account_id: int, version: Version = 0) -> Response:
    """Take back what made this version. 409: somebody else saved meanwhile, and it collides."""
    with services.opened(view.engine) as opened:
        return _done(view, account_id, editing.undo(opened, account_id, version, by=view.user_name), "restored")


def _done(view: View, account_id: int, result: Saved | Refused, done: str) -> Response:
    if isinstance(result, Saved):
        return view.goes_to("accounts", result.account.id, done=done)
    return _again_now(view, account_id, result)


def _again_now(view: View, account_id: int, result: Refused) -> Response:
    """The form as it is stored, with what is in the way."""
    now = editing.get_account(view.engine, account_id)
    if now is None:
        raise HTTPException(404)
    return again(view, account_id, account_form.fields_of(now.settings), now.version, result)


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
    words = account_screen.words_context(view, account_screen.calendar_names(view, account.settings))
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
