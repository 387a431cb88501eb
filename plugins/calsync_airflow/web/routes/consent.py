"""Connecting a service by consent: a link, the way to the consent page and back, and how far it got.

The link may be opened in another browser by another person: it carries the right of who made it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from airflow.configuration import conf
from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import RedirectResponse, Response

from calsync_airflow.consents import app_of, connection_of, consents, save
from calsync_airflow.web import services
from calsync_airflow.web.access import Right, needs
from calsync_airflow.web.routes.connect import Service
from calsync_airflow.web.view import View, Viewing
from include.calsync.core.account_records import PAGE, ConfiguredAccount
from include.calsync.core.consents import Attempt
from include.calsync.errors import CalsyncError
from include.calsync.flows.consent import Answer, Connected
from include.calsync.flows.editing import accounts as editing
from include.calsync.flows.page import connections

router = APIRouter()
COOKIE = "calsync_consent"
COOKIE_LASTS_S = 900
AccountId = Annotated[int | None, Form()]


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a consent page, told once. `error`: why there is none; the attempt is looked for by its id."""

    service: str
    who: str
    attempt_id: str = ""
    address: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How far a link got. `conn_id`: the connection that it makes; `is_file`: the account's file has to name it."""

    attempt: Attempt | None
    conn_id: str = ""
    is_over: bool = True
    is_file: bool = False
    error: str = ""


@router.post("/connect/{service}/attempts", dependencies=[needs(Right.CONNECT)])
def make_link(view: Viewing, service: Service, account_id: AccountId = None) -> Response:
    """A link, for 15 minutes. 404: Google's belongs to an account, and there is none of this id."""
    found = editing.get_account(view.engine, account_id) if account_id is not None else None
    if service is Service.GOOGLE and (found is None or found.removed_at is not None):
        raise HTTPException(404)
    link = _link(view, service, found if service is Service.GOOGLE else None)
    if view.is_fragment:
        return view.fragment("consent_link.html", link)
    return view.page("consent_link_page.html", link)


def _link(view: View, service: Service, account: ConfiguredAccount | None) -> Link:
    who = account.name if account is not None else ""
    try:
        app_of(service)
    except CalsyncError as error:
        return Link(service, who, error=str(error))
    person = str(account.settings.get("google_user", "")) if account is not None else ""
    attempt_id, ticket = consents(view.engine).ask(
        service=service, account=account.name if account else None, person=person, asked_by=view.user_name
    )
    return Link(service, who, attempt_id, f"{_host(view)}{view.to('connect', service, 'start', ticket)}")


def _host(view: View) -> str:
    """Where people reach Airflow, like `https://airflow.example`; its path is part of our addresses."""
    known, asked = urlsplit(conf.get("api", "base_url", fallback="")), view.request.base_url
    return f"{known.scheme}://{known.netloc}" if known.netloc else f"{asked.scheme}://{asked.netloc}"


def _back(view: View, service: Service) -> str:
    return f"{_host(view)}{view.to('connect', service, 'done')}"


@router.get("/connect/{service}/start/{ticket}", dependencies=[needs(Right.LOOK)])
def start(view: Viewing, service: Service, ticket: str) -> Response:
    """On to the consent page, bound to this browser. 422: the link is not good any more."""
    try:
        address, browser = consents(view.engine).start(ticket, app_of(service), _back(view, service))
    except CalsyncError as error:
        return _refused(view, str(error))
    answer = RedirectResponse(address, status_code=303)
    secure = _host(view).startswith("https")
    answer.set_cookie(
        COOKIE, browser, COOKIE_LASTS_S, path=view.to("connect"), secure=secure, httponly=True, samesite="lax"
    )
    return answer


@router.get("/connect/{service}/done", dependencies=[needs(Right.LOOK)])
def done(view: Viewing, service: Service, state: str = "", code: str = "", error: str = "") -> Response:
    """Back from the consent page: the connection is written. 303 to an address without the code. 422: it is not."""
    browser = view.request.cookies.get(COOKIE, "")
    answer = Answer(state, browser, code, error)
    company_id = _company(view) if service is Service.PIPEDRIVE else None
    try:
        found = consents(view.engine).finish(answer, app_of(service), _back(view, service), save, company_id=company_id)
        _use(view, found)
    except CalsyncError as problem:
        return _refused(view, str(problem))
    conn_id = connection_of(service, found.attempt.account)
    connections.note_check(view.engine, service, conn_id, view.local.now, works=True)
    went = view.goes_to("connect", "attempts", found.attempt.id)
    went.delete_cookie(COOKIE, path=view.to("connect"))
    return went


def _refused(view: View, text: str) -> Response:
    return view.page("consent_done.html", Waiting(None, error=text), status=422)


def _company(view: View) -> int | None:
    """The company that the accounts belong to, if runs know it."""
    known = {each.company_id for each in editing.list_accounts(view.engine) if each.company_id is not None}
    return int(known.pop()) if len(known) == 1 else None


def _use(view: View, found: Connected) -> None:
    """Let the account use the connection, by who made the link; one of the file names it there."""
    conn_id = connection_of(found.attempt.service, found.attempt.account)
    account = _account_of(view, found.attempt)
    if account is None or account.source != PAGE or account.settings.get("google_conn_id") == conn_id:
        return
    with services.opened(view.engine) as opened:
        settings = {**account.settings, "google_conn_id": conn_id}
        editing.save(opened, account.id, settings, base_version=account.version, by=found.attempt.asked_by)


def _account_of(view: View, attempt: Attempt) -> ConfiguredAccount | None:
    if attempt.account is None:
        return None
    return next((each for each in editing.list_accounts(view.engine) if each.name == attempt.account), None)


@router.get("/connect/attempts/{attempt_id}", dependencies=[needs(Right.LOOK)])
def show(view: Viewing, attempt_id: str) -> Response:
    """How far a link got: to htmx for the page that waits, else for the tab that came back. 404: it is not known."""
    attempt = consents(view.engine).progress(attempt_id)
    if attempt is None:
        raise HTTPException(404)
    account = _account_of(view, attempt)
    conn_id = connection_of(attempt.service, attempt.account)
    named = account is not None and account.settings.get("google_conn_id") == conn_id
    is_file = account is not None and account.source != PAGE and not named
    is_over = attempt.used_at is not None or attempt.expires_at <= view.local.now
    model = Waiting(attempt, conn_id, is_over, is_file, attempt.error or "")
    if view.is_fragment:
        return view.fragment("consent_waiting.html", model, last=is_over)
    return view.page("consent_done.html", model)
