"""Connection type `pipedrive`: which client it becomes, and what its Test button says."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from airflow.sdk.crypto import get_fernet
from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import ErrorResponse, GetConnection
from cryptography.fernet import Fernet

from calsync_airflow.hooks.pipedrive import PipedriveHook
from calsync_airflow.hooks.tokens import decrypt, encrypt
from calsync_airflow.services import open_services
from include.calsync.errors import AccountError
from include.calsync.store.engine import migrate
from include.sandbox.server import Sandbox
from tests.airflow.conftest import Connect


@pytest.fixture
def token(sandbox: Sandbox) -> str:
    user = sandbox.pipedrive.state.add_user("Anna Müller", "anna@acme.example")
    return str(sandbox.pipedrive.state.token_for(user["id"]))


@pytest.fixture
def fernet_key(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets Airflow's key; a valid one at first."""

    def set_to(key: str) -> None:
        monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", key)
        get_fernet.cache_clear()

    set_to(Fernet.generate_key().decode())
    yield set_to
    get_fernet.cache_clear()


def _test(connect: Connect, **fields: object) -> tuple[bool, str]:
    return PipedriveHook(connect("pd", conn_type="pipedrive", **fields)).test_connection()


def test_token_works_and_says_where_and_who(sandbox: Sandbox, token: str, connect: Connect) -> None:
    assert _test(connect, host=sandbox.pipedrive.url, password=token) == (
        True,
        "Connected to Acme GmbH as Anna Müller (anna@acme.example).",
    )
    assert [(seen.method, seen.path) for seen in sandbox.pipedrive.requests] == [("GET", "/v1/users/me")]


def test_address_in_parts(sandbox: Sandbox, token: str, connect: Connect) -> None:
    _, _, port = sandbox.pipedrive.url.rpartition(":")
    assert _test(connect, schema="http", host="127.0.0.1", port=int(port), password=token)[0]
    assert _test(connect, host=sandbox.pipedrive.url + "/", password=f" {token}\n")[0]


def test_oauth_works(sandbox: Sandbox, token: str, connect: Connect) -> None:
    user_id = next(iter(sandbox.pipedrive.state.users))
    extra = sandbox.pipedrive.state.oauth_client(user_id)
    assert _test(connect, host=sandbox.pipedrive.url, extra=extra)[0]
    assert sandbox.pipedrive.requests[0].path == "/oauth/token"


@pytest.mark.parametrize(
    ("fields", "remedy"),
    [
        ({"host": "{url}"}, "give an API token as password"),
        ({"host": "", "password": "0" * 40}, "give the company's address as host"),
        ({"host": "{url}/pipeline", "password": "0" * 40}, "give the company's address as host"),
        ({"host": "ftp://acme.example", "password": "0" * 40}, "give the company's address as host"),
        ({"host": "http://[", "password": "0" * 40}, "give the company's address as host"),
        ({"host": "{url}", "password": "0" * 40}, "Enter a valid API token"),
        ({"host": "http://127.0.0.1:1", "password": "0" * 40}, "Check the company's address and the network"),
        ({"host": "{url}", "password": "0" * 40, "extra": "[1]"}, "write the extra as a JSON object"),
        ({"host": "{url}", "password": "0" * 40, "extra": "{"}, "write the extra as a JSON object"),
        ({"host": "{url}", "extra": {"refresh_token": "r" * 20}}, "fill in client_id and client_secret"),
    ],
)
def test_failure_names_the_remedy(
    sandbox: Sandbox, token: str, connect: Connect, fields: dict[str, str], remedy: str
) -> None:
    filled = {**fields, "host": fields["host"].replace("{url}", sandbox.pipedrive.url)}
    works, message = _test(connect, **filled)
    assert not works
    assert remedy in message
    assert "0" * 40 not in message
    assert "r" * 20 not in message


def test_refused_consent_names_the_remedy(sandbox: Sandbox, token: str, connect: Connect) -> None:
    user_id = next(iter(sandbox.pipedrive.state.users))
    extra = sandbox.pipedrive.state.oauth_client(user_id)
    sandbox.pipedrive.state.revoke_oauth(user_id)
    works, message = _test(connect, host=sandbox.pipedrive.url, extra=extra)
    assert not works
    assert "Consent again" in message
    assert extra["refresh_token"] not in message


def test_refresh_tokens_that_are_replaced_are_kept_for_all_who_share_the_store(
    sandbox: Sandbox, token: str, connect: Connect, tmp_path: Path, fernet_key: Callable[[str], None]
) -> None:
    """Tests and tasks; none of them can write into the connection."""
    sandbox.pipedrive.state.options.rotate_refresh_tokens = True
    extra = sandbox.pipedrive.state.oauth_client(next(iter(sandbox.pipedrive.state.users)))
    connect("calsync_db", conn_type="sqlite", host=str(tmp_path / "store.db"))
    with open_services() as services:
        migrate(services.engine)
        for _ in range(2):
            assert _test(connect, host=sandbox.pipedrive.url, extra=extra) == (
                True,
                "Connected to Acme GmbH as Anna Müller (anna@acme.example).",
            )
        asked = [each for each in sandbox.pipedrive.requests if each.path == "/oauth/token"]
        assert len(asked) == 1
        sandbox.pipedrive.state.expire_access_tokens()
        client = services.pipedrive("pd")
        assert client.me()["name"] == "Anna Müller"
        assert not client.is_rotated
    sandbox.pipedrive.state.expire_access_tokens()
    assert _test(connect, host=sandbox.pipedrive.url, extra=extra)[0]
    kept = (tmp_path / "store.db").read_bytes()
    assert sandbox.pipedrive.state.oauth_client(11)["refresh_token"].encode() not in kept


def test_texts_are_encrypted_with_airflows_key(fernet_key: Callable[[str], None]) -> None:
    sealed = encrypt("Käse")
    assert ("Käse" in sealed, decrypt(sealed)) == (False, "Käse")
    fernet_key(Fernet.generate_key().decode())
    with pytest.raises(ValueError, match="another key"):
        decrypt(sealed)
    fernet_key("")
    assert decrypt(encrypt("Käse")) == "Käse"
    fernet_key("no key")
    for use in (encrypt, decrypt):
        with pytest.raises(AccountError, match="fernet_key"):
            use(sealed)


def test_a_missing_key_costs_no_refresh_token(
    sandbox: Sandbox, token: str, connect: Connect, tmp_path: Path, fernet_key: Callable[[str], None]
) -> None:
    sandbox.pipedrive.state.options.rotate_refresh_tokens = True
    extra = sandbox.pipedrive.state.oauth_client(next(iter(sandbox.pipedrive.state.users)))
    connect("calsync_db", conn_type="sqlite", host=str(tmp_path / "store.db"))
    with open_services() as services:
        migrate(services.engine)
    fernet_key("no key")
    works, message = _test(connect, host=sandbox.pipedrive.url, extra=extra)
    assert (works, "fernet_key" in message, sandbox.pipedrive.requests) == (False, True, [])
    fernet_key(Fernet.generate_key().decode())
    assert _test(connect, host=sandbox.pipedrive.url, extra=extra)[0]


def test_missing_connection_is_said_to_be_missing() -> None:
    works, message = PipedriveHook("nowhere").test_connection()
    assert (works, "nowhere" in message) == (False, True)


def test_unusable_connection_is_the_accounts_error(connect: Connect) -> None:
    hook = PipedriveHook(connect("pd", conn_type="pipedrive", host="https://acme.example"))
    with pytest.raises(AccountError, match=r"Connection pd: give an API token"):
        hook.get_conn()


class _Airflow:
    """The far end of a task's line to Airflow, answering every question with one error."""

    def __init__(self, error: str) -> None:
        self.error = error

    def send(self, message: GetConnection) -> ErrorResponse:
        return ErrorResponse.model_validate({"error": self.error})


@pytest.mark.parametrize(
    ("answer", "raised"),
    [("CONNECTION_NOT_FOUND", AirflowNotFoundException), ("API_SERVER_ERROR", AirflowException)],
)
def test_silence_of_airflow_is_no_proof_of_absence(
    monkeypatch: pytest.MonkeyPatch, answer: str, raised: type[Exception]
) -> None:
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", _Airflow(answer), raising=False)
    with pytest.raises(AirflowException) as caught:
        PipedriveHook.get_connection("pd")
    assert type(caught.value) is raised


def test_secrets_stay_secret(
    sandbox: Sandbox, token: str, connect: Connect, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    hook = PipedriveHook(connect("pd", conn_type="pipedrive", host=sandbox.pipedrive.url, password=token))
    client = hook.get_conn()
    client.me()
    shown = caplog.text + "".join(capsys.readouterr()) + repr(hook) + repr(client) + repr(vars(hook))
    assert token not in shown
