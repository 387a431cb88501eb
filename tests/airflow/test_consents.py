"""Consent in Airflow's API server: the OAuth app of a connection, and the connection that is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from airflow.models.connection import Connection
from airflow.sdk.crypto import get_fernet
from airflow.utils.session import create_session
from cryptography.fernet import Fernet
from sqlalchemy import Engine, delete, select

from calsync_airflow.consents import app_of, connection_of, consents, save
from include.calsync.errors import AccountError
from include.calsync.flows.consent import Answer
from include.sandbox.server import Sandbox
from tests.airflow.conftest import Connect
from tests.store.template import engine_with_schema

ANNA = "anna@acme.example"
BACK = "https://airflow.example/calsync/connect/done"


@pytest.fixture
def store(tmp_path: Path, airflow_database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", Fernet.generate_key().decode())
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")  # as in the API server, which reads its own database
    get_fernet.cache_clear()
    engine = engine_with_schema(f"sqlite:///{tmp_path / 'calsync.db'}")
    yield engine
    engine.dispose()
    get_fernet.cache_clear()
    with create_session() as session:
        session.execute(delete(Connection).where(Connection.conn_id.in_(("calsync_google_anna", "pipedrive_default"))))


@pytest.fixture
def app(sandbox: Sandbox, connect: Connect) -> None:
    """Both apps in their connections, with the sandbox's addresses."""
    google, pipedrive = sandbox.google.state, sandbox.pipedrive.state
    google.add_user(ANNA)
    pipedrive.add_user("Anna Müller", ANNA)
    google.options.app_redirect_uris, pipedrive.options.app_redirect_uri = {BACK}, BACK
    url = sandbox.google.url
    extra = {"client_id": google.options.app_client_id, "client_secret": google.options.app_client_secret,
             "auth_uri": f"{url}/o/oauth2/v2/auth", "token_uri": f"{url}/token", "api_endpoint": f"{url}/"}  # fmt: skip
    connect("google_calendar_default", conn_type="google_calendar", extra=extra)


def consented(store: Engine, service: str, **fields: str) -> None:
    way = consents(store)
    person = ANNA if service == "google" else ""
    _, ticket = way.ask(service=service, account="anna", person=person, asked_by="admin")
    address, browser = way.start(ticket, app_of(service), BACK)
    went = requests.post(address, data={"action": "allow", **fields}, allow_redirects=False, timeout=10)
    back = {name: values[0] for name, values in parse_qs(urlsplit(went.headers["Location"]).query).items()}
    way.finish(Answer(back["state"], browser, back["code"]), app_of(service), BACK, save)


def written(conn_id: str) -> Connection:
    with create_session() as session:
        found = session.scalars(select(Connection).where(Connection.conn_id == conn_id)).one()
        session.expunge(found)
        return found


SCOPES = {
    f"scope_calendar.{each}": "yes" for each in ("events", "calendarlist.readonly", "calendars.readonly", "app.created")
}


def test_a_google_consent_becomes_the_accounts_connection(sandbox: Sandbox, app: None, store: Engine) -> None:
    tokens = []
    for _ in range(2):
        consented(store, "google", account=ANNA, **SCOPES)
        made = written(connection_of("google", "anna"))
        assert (made.conn_id, made.conn_type) == ("calsync_google_anna", "google_calendar")
        assert made.extra_dejson["api_endpoint"] == sandbox.google.url
        tokens.append(made.extra_dejson["refresh_token"])
    assert tokens[0] != tokens[1]


def test_a_pipedrive_consent_goes_into_the_companys_connection(sandbox: Sandbox, app: None, store: Engine) -> None:
    options, url = sandbox.pipedrive.state.options, sandbox.pipedrive.url
    extra = {"client_id": options.app_client_id, "client_secret": options.app_client_secret, "kept": 1,
             "authorize_url": f"{url}/oauth/authorize", "token_url": f"{url}/oauth/token"}  # fmt: skip
    with create_session() as session:
        session.add(
            Connection(conn_id="pipedrive_default", conn_type="pipedrive", password="a token", login="me", extra=extra)
        )
    consented(store, "pipedrive", user="11")
    made = written("pipedrive_default")
    assert (made.host, made.login, made.password) == (url, "me", None)
    assert made.extra_dejson["kept"] == 1
    form = {"grant_type": "refresh_token", "refresh_token": made.extra_dejson["refresh_token"]}
    login = options.app_client_id, options.app_client_secret
    assert requests.post(f"{url}/oauth/token", data=form, auth=login, timeout=10).status_code == 200


def test_what_stands_in_the_way_is_said(app: None, store: Engine, connect: Connect) -> None:
    connect("calsync_google_anna", conn_type="google_calendar")
    with pytest.raises(AccountError, match="Remove AIRFLOW_CONN_CALSYNC_GOOGLE_ANNA"):
        consented(store, "google", account=ANNA, **SCOPES)
    with pytest.raises(AccountError, match="Connection pipedrive_default: fill in client_id and client_secret"):
        app_of("pipedrive")
    connect("half", conn_type="google_calendar", extra={"client_id": "x"})
    with pytest.raises(AccountError, match="Connection half: fill in"):
        app_of("google", "half")


def test_addresses_are_the_services_own_unless_the_connection_has_others(connect: Connect) -> None:
    extra = {"client_id": "i", "client_secret": "s"}
    connect("plain", conn_type="google_calendar", extra=extra)
    assert app_of("google", "plain").page_url == "https://accounts.google.com/o/oauth2/v2/auth"
    assert app_of("pipedrive", "plain").page_url == "https://oauth.pipedrive.com/oauth/authorize"
