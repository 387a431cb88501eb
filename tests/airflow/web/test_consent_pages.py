"""Connecting by consent: the link, the way to the consent page and back, and the connection that it makes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests
from airflow.models.connection import Connection
from airflow.utils.session import create_session
from cryptography.fernet import Fernet
from sqlalchemy import Engine, delete, select

from include.calsync.store.tables import account
from include.sandbox.server import Sandbox
from tests.airflow.conftest import Connect
from tests.airflow.web.conftest import GERMAN, HOST, Browser, People
from tests.airflow.web.team import add_account

ANNA = "anna@acme.example"
MADE = "calsync_google_anna"
SCOPES = {
    f"scope_calendar.{each}": "yes" for each in ("events", "calendarlist.readonly", "calendars.readonly", "app.created")
}
LINK = re.compile(r'id="consent-\w+" readonly value="([^"]+)"')


@pytest.fixture
def apps(sandbox: Sandbox, connect: Connect, store: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Both OAuth apps stand in their connections, and know this page."""
    from airflow.sdk.crypto import get_fernet

    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", Fernet.generate_key().decode())
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")  # as in the API server, which reads its own database
    get_fernet.cache_clear()
    google, pipedrive = sandbox.google.state, sandbox.pipedrive.state
    google.add_user(ANNA)
    user = pipedrive.add_user("Anna Müller", ANNA)
    google.options.app_redirect_uris = {f"{HOST}/calsync/connect/google/done"}
    pipedrive.options.app_redirect_uri = f"{HOST}/calsync/connect/pipedrive/done"
    url = sandbox.google.url
    extra = {"client_id": google.options.app_client_id, "client_secret": google.options.app_client_secret,
             "auth_uri": f"{url}/o/oauth2/v2/auth", "token_uri": f"{url}/token", "api_endpoint": f"{url}/"}  # fmt: skip
    connect("google_calendar_default", conn_type="google_calendar", extra=extra)
    token = pipedrive.token_for(user["id"])
    connect("pipedrive_default", conn_type="pipedrive", host=sandbox.pipedrive.url, password=token)
    yield sandbox
    get_fernet.cache_clear()
    with create_session() as session:
        session.execute(delete(Connection).where(Connection.conn_id.in_((MADE, "pipedrive_default"))))


def link(op: Browser, store: Engine, **row: object) -> str:
    """A link for Anna's account, which is the page's or the file's."""
    with store.begin() as conn:
        add_account(conn, 1, "anna", **row)  # type: ignore[arg-type]
    found = LINK.search(op.submit("connect/google/attempts", account_id=1).text)
    assert found is not None
    return found[1].removeprefix(HOST)


def agreed(rep: Browser, path: str, **fields: str) -> str:
    """The link is opened and the consent page answered; the path that it leads back to."""
    went = rep.get(path)
    assert went.status_code == 303, went.text
    cookie = went.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    answer = requests.post(went.headers["location"], data=fields, allow_redirects=False, timeout=10)
    back = urlsplit(answer.headers["Location"])
    assert f"{back.scheme}://{back.netloc}" == HOST
    return f"{back.path}?{back.query}"


def made() -> Connection | None:
    with create_session() as session:
        return session.scalars(select(Connection).where(Connection.conn_id == MADE)).one_or_none()


def test_a_link_becomes_the_accounts_connection(people: People, store: Engine, apps: Sandbox) -> None:
    op, rep = people("OP"), people("VIEWER", name="anna")
    path = link(op, store)
    back = rep.get(agreed(rep, path, action="allow", account=ANNA, **SCOPES))
    assert back.status_code == 303
    assert "code=" not in back.headers["location"], "the code is spent, and stays in no history"
    assert "You may close this tab" in rep.get(back.headers["location"]).text
    waits = op.get(back.headers["location"], headers={"hx-request": "true"})
    assert (waits.status_code, "Connected" in waits.text) == (286, True)
    assert made() is not None
    with store.begin() as conn:
        row = conn.execute(select(account)).one()
    assert (row.settings["google_conn_id"], row.updated_by) == (MADE, "olga"), "the account uses it"
    assert rep.get(path).status_code == 422, "a link leads to one connection"


def test_who_comes_back_in_another_browser_is_refused(people: People, store: Engine, apps: Sandbox) -> None:
    op, rep, other = people("OP"), people("VIEWER", name="anna"), people("VIEWER", name="eve")
    back = agreed(rep, link(op, store), action="allow", account=ANNA, **SCOPES)
    refused = other.get(back)
    assert (refused.status_code, "in the same browser" in refused.text) == (422, True)
    assert made() is None


def test_what_was_unticked_is_named_and_the_page_that_waits_says_so(
    people: People, store: Engine, apps: Sandbox
) -> None:
    op, rep = people("OP"), people("VIEWER", name="anna")
    with store.begin() as conn:
        add_account(conn, 1, "anna")
    shown = op.post(
        "/calsync/connect/google/attempts",
        data={"account_id": "1", "form_token": op.form_token()},
        headers={"hx-request": "true"},
    ).text
    path, waiting = LINK.search(shown), re.search(r'hx-get="(/calsync/connect/attempts/[^"]+)"', shown)
    assert path is not None
    assert waiting is not None
    assert re.search(rf'hx-get="{waiting[1]}"[^>]*data-live>\s*<div [^>]*data-stale hidden>', shown)
    polled = op.get(waiting[1], headers={"hx-request": "true"})
    assert (polled.status_code, "data-stale hidden" in polled.text) == (200, True), "it is waited for"
    some = {key: value for key, value in SCOPES.items() if "app.created" not in key}
    refused = rep.get(agreed(rep, path[1].removeprefix(HOST), action="allow", account=ANNA, **some))
    assert (refused.status_code, "Missing: calendar.app.created" in refused.text) == (422, True)
    assert "Missing: calendar.app.created" in op.get(waiting[1], headers={"hx-request": "true"}).text
    german = people("OP", **GERMAN).get(waiting[1]).text
    assert "lass alle Häkchen gesetzt. Es fehlen: calendar.app.created." in german
    assert 'lang="en"' not in german


def test_pipedrives_consent_renews_the_companys_connection(
    people: People, store: Engine, apps: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    options, url = apps.pipedrive.state.options, apps.pipedrive.url
    monkeypatch.delenv("AIRFLOW_CONN_PIPEDRIVE_DEFAULT")
    extra = {"client_id": options.app_client_id, "client_secret": options.app_client_secret,
             "authorize_url": f"{url}/oauth/authorize", "token_url": f"{url}/oauth/token"}  # fmt: skip
    with create_session() as session:
        session.add(
            Connection(conn_id="pipedrive_default", conn_type="pipedrive", host=url, password="old", extra=extra)
        )
    op, admin = people("OP"), people("ADMIN", name="ada")
    found = LINK.search(op.submit("connect/pipedrive/attempts").text)
    assert found is not None
    (user_id,) = apps.pipedrive.state.users
    back = admin.get(agreed(admin, found[1].removeprefix(HOST), action="allow", user=str(user_id)))
    assert back.status_code == 303, back.text
    assert "You may close this tab" in admin.get(back.headers["location"]).text
    with create_session() as session:
        made = session.scalars(select(Connection).where(Connection.conn_id == "pipedrive_default")).one()
        assert (made.password, "refresh_token" in made.extra_dejson) == (None, True), "instead of the API token"
    assert "Works" in op.submit("connect/pipedrive/check", conn_id="pipedrive_default").text


def test_pipedrives_consent_that_is_refused_changes_nothing(
    people: People, store: Engine, apps: Sandbox, connect: Connect
) -> None:
    options, url = apps.pipedrive.state.options, apps.pipedrive.url
    extra = {"client_id": options.app_client_id, "client_secret": options.app_client_secret,
             "authorize_url": f"{url}/oauth/authorize", "token_url": f"{url}/oauth/token"}  # fmt: skip
    connect("pipedrive_default", conn_type="pipedrive", host=url, password="old", extra=extra)
    op = people("OP")
    found = LINK.search(op.submit("connect/pipedrive/attempts").text)
    assert found is not None
    refused = op.get(agreed(op, found[1].removeprefix(HOST), action="deny"))
    assert (refused.status_code, "Not connected" in refused.text) == (422, True)


def test_an_account_of_the_file_has_to_name_it_there(people: People, store: Engine, apps: Sandbox) -> None:
    op, rep = people("OP"), people("VIEWER", name="anna")
    path = link(op, store, source="file", source_line=3)
    back = rep.get(agreed(rep, path, action="allow", account=ANNA, **SCOPES))
    assert f"google_conn_id: {MADE}" in rep.get(back.headers["location"]).text


def test_an_app_that_is_not_filled_in_is_said_before(people: People, store: Engine, apps: Sandbox) -> None:
    answer = people("OP").submit("connect/pipedrive/attempts")
    assert "fill in client_id and client_secret" in answer.text
    german = people("OP", **GERMAN).submit("connect/pipedrive/attempts").text
    assert "Trage client_id und client_secret eurer OAuth-App ein." in german
    assert 'lang="en"' not in german
    assert people("OP").submit("connect/google/attempts", account_id=9).status_code == 404
    assert people("USER").submit("connect/pipedrive/attempts").status_code == 403
    assert people("OP").show("connect/attempts/none").status_code == 404
