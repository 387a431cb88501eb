"""Connections: which there are, and what a check says; the services are the sandbox's."""

from __future__ import annotations

import re

import pytest
from fastapi import HTTPException
from sqlalchemy import Engine

from calsync_airflow.web.rates import Rate
from include.sandbox.server import Sandbox
from tests.airflow.conftest import Connect
from tests.airflow.web.conftest import GERMAN, People
from tests.airflow.web.team import add_account

ANNA = "anna@acme.example"


@pytest.fixture
def services(sandbox: Sandbox, connect: Connect) -> Sandbox:
    user = sandbox.pipedrive.state.add_user("Anna Müller", ANNA)
    sandbox.google.state.add_user(ANNA)
    token, key = sandbox.pipedrive.state.token_for(user["id"]), sandbox.google.state.service_account_key()
    connect("pipedrive_default", conn_type="pipedrive", host=sandbox.pipedrive.url, password=token)
    extra = {"keyfile_dict": key, "api_endpoint": sandbox.google.url}
    connect("google_calendar_default", conn_type="google_calendar", login=ANNA, extra=extra)
    return sandbox


def test_the_connections_of_all_accounts_are_listed_and_nothing_is_asked(
    people: People, store: Engine, sandbox: Sandbox
) -> None:
    with store.begin() as conn:
        add_account(conn, 1, "anna")
        add_account(conn, 2, "ben", settings={"google_conn_id": "google_ben"})
    text = people("OP").show("connect").text
    assert re.findall(r"<code>(.*?)</code>", text) == ["pipedrive_default", "google_ben", "google_calendar_default"]
    assert "used by 2 accounts" in text
    assert "calendar.app.created" in text
    assert people("USER").show("connect").status_code == 403
    assert "Connections" not in people("USER").show("accounts").text


def test_a_check_asks_the_service(people: People, store: Engine, services: Sandbox) -> None:
    admin = people("OP")
    works = admin.submit("connect/pipedrive/check", conn_id="pipedrive_default").text
    assert "Works" in works
    assert "Acme GmbH" in works
    shown = admin.show("connect").text
    assert ("Last checked" in shown, "Not checked on this page yet." in shown) == (True, True), "one of two"
    assert "the delegation works" in admin.submit("connect/google/check", conn_id="google_calendar_default").text


def test_a_check_says_what_is_wrong(people: People, store: Engine, services: Sandbox, connect: Connect) -> None:
    admin = people("OP")
    connect("pipedrive_default", conn_type="pipedrive", host=services.pipedrive.url, password="0" * 40)
    part = admin.post(
        "/calsync/connect/pipedrive/check",
        data={"conn_id": "pipedrive_default", "form_token": admin.form_token()},
        headers={"hx-request": "true"},
    ).text
    assert "Does not work" in part
    assert "Enter a valid API token" in part
    assert "<html" not in part
    german = people("OP", **GERMAN).submit("connect/pipedrive/check", conn_id="pipedrive_default").text
    assert "Trage in der Verbindung einen gültigen API-Token ein" in german
    assert 'lang="en"' not in german
    assert admin.submit("connect/pipedrive/check", conn_id="other").status_code == 404, "only those that are used"


def test_a_connection_that_is_missing_is_named(people: People, store: Engine, sandbox: Sandbox) -> None:
    with store.begin() as conn:
        add_account(conn, 1, "anna", settings={"pipedrive_conn_id": "pipedrive_none"})
    assert "create it in Airflow" in people("OP").submit("connect/pipedrive/check", conn_id="pipedrive_none").text


def test_a_person_may_check_so_often_a_minute() -> None:
    now = [0.0]
    rate = Rate(2, clock=lambda: now[0])
    rate.take("olga")
    rate.take("olga")
    rate.take("otto")
    now[0] = 59.0
    with pytest.raises(HTTPException) as refused:
        rate.take("olga")
    assert (refused.value.status_code, refused.value.headers) == (429, {"Retry-After": "2"})
    now[0] = 60.0
    rate.take("olga")
