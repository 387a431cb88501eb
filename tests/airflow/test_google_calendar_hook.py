"""Connection type `google_calendar`: which credentials it becomes, and what its Test button says."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk._shared.secrets_masker import redact

from calsync_airflow.hooks.google_calendar import SCOPES, GoogleCalendarHook
from include.calsync.clients.google_calendar import GoogleCalendarClient
from include.calsync.clients.limiter import NoLimiter
from include.calsync.errors import AccountError, CredentialRefused
from include.sandbox.server import Sandbox
from tests.airflow.conftest import Connect

ANNA = "anna@acme.example"


@pytest.fixture
def key(sandbox: Sandbox) -> dict[str, str]:
    sandbox.google.state.add_user(ANNA)
    return dict(sandbox.google.state.service_account_key())


@pytest.fixture
def hook(sandbox: Sandbox, connect: Connect) -> Any:
    """`hook(login=…, keyfile_dict=…)`: the hook of a connection with these extra fields."""

    def make(login: str = "", **extra: object) -> GoogleCalendarHook:
        fields = {"api_endpoint": sandbox.google.url, **extra}
        return GoogleCalendarHook(connect("gc", conn_type="google_calendar", login=login, extra=fields))

    return make


def _client(made: GoogleCalendarHook, user: str) -> GoogleCalendarClient:
    from include.calsync.flows.services import utc_now

    return made.get_client(user, limiter=NoLimiter(), sleep=lambda _: None, clock=utc_now)


def _principals(sandbox: Sandbox) -> set[str | None]:
    return {seen.principal for seen in sandbox.google.requests if seen.path != "/token"}


@pytest.mark.parametrize("as_text", [True, False])
def test_key_acts_as_each_user(sandbox: Sandbox, key: dict[str, str], hook: Any, as_text: bool) -> None:
    sandbox.google.state.add_user("ben@acme.example")
    made = hook(keyfile_dict=json.dumps(key) if as_text else key)
    for user in (ANNA, "ben@acme.example"):
        assert _client(made, user).get_calendar("primary")["id"] == user
    assert made.delegated


def test_key_file(key: dict[str, str], hook: Any, tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    path.write_text(json.dumps(key))
    assert _client(hook(key_path=str(path)), ANNA).get_calendar("primary")["id"] == ANNA


@pytest.mark.parametrize("off", [False, "false", "False", "no", "0"])
def test_without_delegation_it_is_the_service_account(
    sandbox: Sandbox, key: dict[str, str], hook: Any, off: object
) -> None:
    sandbox.google.state.share(ANNA, key["client_email"], "writer")
    made = hook(keyfile_dict=key, delegate=off)
    assert _client(made, ANNA).get_calendar(ANNA)["id"] == ANNA
    assert not made.delegated
    assert _principals(sandbox) == {key["client_email"]}


@pytest.mark.parametrize("on", [True, None, "", "true"])
def test_delegation_is_the_default(key: dict[str, str], hook: Any, on: object) -> None:
    assert hook(keyfile_dict=key, delegate=on).delegated


def test_consent_of_one_user(sandbox: Sandbox, key: dict[str, str], hook: Any) -> None:
    made = hook(**sandbox.google.state.oauth_client(ANNA))
    assert _client(made, ANNA).get_calendar("primary")["id"] == ANNA
    assert not made.delegated


def test_scopes_allow_all_that_a_sync_does(sandbox: Sandbox, key: dict[str, str], hook: Any) -> None:
    sandbox.google.state.delegate(*(scope.rpartition("/")[2] for scope in SCOPES))
    client = _client(hook(keyfile_dict=key), ANNA)
    made = client.insert_calendar("Pipedrive", "Europe/Berlin")["id"]
    assert made in {entry["id"] for entry in client.calendars()}
    for calendar_id in (made, client.get_calendar("primary")["id"]):
        body = {"summary": "Call", "start": {"date": "2026-11-23"}, "end": {"date": "2026-11-24"}}
        event = client.insert_event(calendar_id, body, send_updates="none")
        patch = {"summary": "Call again"}
        event = client.patch_event(calendar_id, event["id"], patch, etag=event["etag"], send_updates="none")
        assert [[item["summary"] for item in page] for page in client.list_events(calendar_id).pages()] == [
            ["Call again"]
        ]
        client.delete_event(calendar_id, event["id"], etag=event["etag"], send_updates="none")


def test_button_says_what_is_proven(sandbox: Sandbox, key: dict[str, str], hook: Any) -> None:
    for fields, said in (
        ({"login": ANNA, "keyfile_dict": key}, f"1, as {ANNA}: the delegation works."),
        ({"keyfile_dict": key}, "1, as the service account. To prove the delegation too"),
        ({"keyfile_dict": key, "delegate": False}, "1, as the service account. Share each calendar"),
        (sandbox.google.state.oauth_client(ANNA), "1, with the user's consent."),
    ):
        works, message = hook(**fields).test_connection()
        assert works
        assert message.startswith(f"Token accepted, calendars listed: {said}")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "give one of keyfile_dict, key_path, or the OAuth fields"),
    ({"keyfile_dict": "{key}", "key_path": "/key.json"}, "give one of keyfile_dict, key_path"),
    ({"keyfile_dict": "{"}, "not the JSON of a service account key"),
    ({"keyfile_dict": "[]"}, "not the JSON of a service account key"),
    ({"keyfile_dict": {"private_key": "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n"}}, "not a complete JSON key file"),
    ({"key_path": "/nowhere/key.json"}, "names a file that does not exist"),
    ({"key_path": "/nowhere/key.p12"}, "must end in .json"),
    ({"key_path": "{folder}"}, "key_path names a directory"),
    ({"key_path": "{locked}"}, "let Airflow's user read it"),
    ({"key_path": "{list}"}, "not a complete JSON key file"),
    ({"key_path": "{bytes}"}, "not a complete JSON key file"),
    ({"keyfile_dict": {"private_key": "x", "client_email": 5, "token_uri": []}}, "not a complete JSON key file"),
    ({"keyfile_dict": "{key}", "is_anonymous": True}, "remove is_anonymous"),
    ({"keyfile_dict": "{key}", "key_secret_name": "key"}, "remove key_secret_name"),
    ({"key_path": "{file}", "credential_config_file": "x.json"}, "remove credential_config_file"),
    ({"keyfile_dict": "{key}", "impersonation_chain": "other@acme.example"}, "remove impersonation_chain"),
    ({"refresh_token": "r" * 20, "client_id": "id"}, "fill in client_secret"),
    ({"client_id": "id", "client_secret": "s" * 20}, "nobody's consent: add an account on the calendar sync page"),
    ({"keyfile_dict": "{key}", "api_endpoint": "http://127.0.0.1:1"}, "Check the token and API addresses"),
    ({"keyfile_dict": "{key}", "api_endpoint": "nonsense"}, "address must look like https://host"),
    (
        {"client_id": "id", "client_secret": "s" * 20, "refresh_token": "r" * 20, "token_uri": "{url}/token"},
        "Consent again",
    ),
]


@pytest.mark.parametrize(("extra", "remedy"), WRONG)
def test_failure_names_the_remedy(
    sandbox: Sandbox, key: dict[str, str], hook: Any, tmp_path: Path, extra: dict[str, Any], remedy: str
) -> None:
    files = {name: tmp_path / f"{name}.json" for name in ("folder", "locked", "list", "bytes", "file")}
    files["folder"].mkdir()
    files["locked"].symlink_to("locked.json")  # not even root can read this
    files["list"].write_text("[1]")
    files["bytes"].write_bytes(b"\xff\x00")
    files["file"].write_text(json.dumps(key))
    known = {"{key}": key, "{url}/token": f"{sandbox.google.url}/token"}
    known |= {f"{{{name}}}": str(path) for name, path in files.items()}
    filled = {name: known.get(value, value) if isinstance(value, str) else value for name, value in extra.items()}
    works, message = hook(ANNA, **filled).test_connection()
    assert not works
    assert remedy in message
    for secret in ("c2VjcmV0", "r" * 20, "s" * 20, key["private_key"]):
        assert secret not in message


def test_missing_delegation_lists_the_scopes(sandbox: Sandbox, key: dict[str, str], hook: Any) -> None:
    sandbox.google.state.delegate("calendar.events")
    works, message = hook(ANNA, keyfile_dict=key).test_connection()
    assert not works
    assert ",".join(SCOPES) in message


def test_a_lacking_scope_is_named(sandbox: Sandbox, key: dict[str, str], hook: Any) -> None:
    names = [scope.rpartition("/")[2] for scope in SCOPES]
    sandbox.google.state.delegate(*(name for name in names if name != "calendar.app.created"))
    made = hook(ANNA, keyfile_dict=key)
    assert made.lacking_scopes(ANNA) == [f"{SCOPES[0].rpartition('/')[0]}/calendar.app.created"]
    assert made.test_connection()[1].endswith("Missing: https://www.googleapis.com/auth/calendar.app.created")
    sandbox.google.state.delegate(*names)
    assert made.lacking_scopes(ANNA) == []
    sandbox.google.state.delegate()
    assert made.lacking_scopes(ANNA) == SCOPES
    assert "Missing" not in made.test_connection()[1]
    with pytest.raises(CredentialRefused, match="no such user"):
        made.lacking_scopes("nobody@acme.example")


def test_unknown_user_is_refused_without_talk_of_scopes(key: dict[str, str], hook: Any) -> None:
    works, message = hook("nobody@acme.example", keyfile_dict=key).test_connection()
    assert not works
    assert "there is no such user to act for" in message
    assert SCOPES[0] not in message


def test_unusable_connection_is_the_accounts_error(hook: Any) -> None:
    with pytest.raises(AccountError, match=r"^Connection gc: "):
        _client(hook(), ANNA)


def test_secrets_stay_secret(
    key: dict[str, str],
    hook: Any,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    made = hook(keyfile_dict=json.dumps(key))
    client = _client(made, ANNA)
    client.get_calendar("primary")
    shown = caplog.text + "".join(capsys.readouterr()) + repr(made) + repr(client)
    assert key["private_key"].splitlines()[1] not in shown


@pytest.mark.parametrize("as_text", [True, False])
def test_task_logs_mask_the_key(key: dict[str, str], hook: Any, as_text: bool) -> None:
    _client(hook(keyfile_dict=json.dumps(key) if as_text else key), ANNA)
    line = key["private_key"].splitlines()[1]
    assert redact(f"line {line}") == "line ***"
    assert set(str(redact(key["private_key"])).split()) == {"***"}


@pytest.mark.parametrize("extra", ["[1]", "{", '"text"', "7"])
def test_an_extra_that_is_no_object_is_the_accounts_error(connect: Connect, extra: str) -> None:
    connect("gc", conn_type="google_calendar", extra=extra)
    with pytest.raises(AccountError, match=r"^Connection gc: write the extra as a JSON object"):
        GoogleCalendarHook("gc")


def test_a_task_with_a_key_does_not_load_the_provider(root: Path) -> None:
    """Its base hook takes a second and more of CPU to import, in each task that asks Google."""
    code = "import sys, calsync_airflow.hooks.google_calendar; print([m for m in sys.modules if 'base_google' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.splitlines()[-1] == "[]"
