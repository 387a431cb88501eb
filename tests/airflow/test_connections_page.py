"""Airflow's own REST API: the connection forms and the Test button that the UI offers."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from include.sandbox.server import Sandbox

ANNA = "anna@acme.example"


@pytest.fixture(scope="module")
def api(airflow_database: None) -> Iterator[TestClient]:
    from airflow.api_fastapi.app import create_app

    with TestClient(create_app(apps="core"), base_url="http://127.0.0.1") as client:
        token = client.get("/auth/token").raise_for_status().json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def _test(api: TestClient, **fields: object) -> tuple[bool, str]:
    answer = api.post("/api/v2/connections/test", json={"connection_id": "new", **fields})
    body = answer.raise_for_status().json()
    return body["status"], body["message"]


def test_forms_are_offered(api: TestClient) -> None:
    offered = {form["connection_type"]: form["hook_name"] for form in api.get("/ui/connections/hook_meta").json()}
    assert (offered["pipedrive"], offered["google_calendar"]) == ("Pipedrive", "Google Calendar")


def test_button_for_pipedrive(api: TestClient, sandbox: Sandbox) -> None:
    user = sandbox.pipedrive.state.add_user("Anna Müller", ANNA)
    form = {"conn_type": "pipedrive", "host": sandbox.pipedrive.url}
    token = sandbox.pipedrive.state.token_for(user["id"])
    assert _test(api, **form, password=token) == (True, f"Connected to Acme GmbH as Anna Müller ({ANNA}).")
    works, message = _test(api, **form, password="0" * 40)
    assert (works, "Enter a valid API token" in message) == (False, True)


def test_button_for_google_calendar(api: TestClient, sandbox: Sandbox) -> None:
    sandbox.google.state.add_user(ANNA)
    # As the form sends it: the pasted key is text, fields left alone are null.
    extra = {
        "keyfile_dict": json.dumps(sandbox.google.state.service_account_key()),
        "key_path": None,
        "delegate": True,
        "client_id": None,
        "api_endpoint": sandbox.google.url,
    }
    form = {"conn_type": "google_calendar", "login": ANNA}
    works, message = _test(api, **form, extra=json.dumps(extra))
    assert (works, message) == (True, f"Token accepted, calendars listed: 1, as {ANNA}: the delegation works.")
    works, message = _test(api, **form, extra="{}")
    assert (works, "give one of keyfile_dict" in message) == (False, True)


def test_saved_secrets_are_not_shown_again(api: TestClient) -> None:
    secrets = {
        "client_secret": "hidden one",
        "refresh_token": "hidden two",
        "keyfile_dict": '{"private_key": "hidden"}',
    }
    extra = json.dumps({"client_id": "app", **secrets})
    body = {"connection_id": "kept", "conn_type": "google_calendar", "extra": extra}
    api.post("/api/v2/connections", json=body).raise_for_status()
    shown = json.loads(api.get("/api/v2/connections/kept").raise_for_status().json()["extra"])
    assert shown == {"client_id": "app", **dict.fromkeys(secrets, "***")}
