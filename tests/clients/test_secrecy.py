"""Where credentials go, and what is never told."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from include.calsync.clients.google_calendar import GoogleCalendarClient
from include.calsync.clients.pipedrive import ApiToken, OAuthRefresh, PipedriveClient
from include.calsync.errors import AccountError, CredentialRefused, FatalError, ServiceError
from tests.clients.conftest import SECRETS, USER
from tests.clients.local_server import LocalServer, Reply

OpenPipedrive = Callable[..., PipedriveClient]
ACTIVITY = Reply(200, {"success": True, "data": {"id": 1}})
BROKEN = Reply(503, {})

# Where credentials go


@pytest.mark.parametrize("status", [301, 302, 303, 304, 307, 308])
def test_no_redirect_is_followed(
    server: LocalServer, pipedrive: PipedriveClient, google: GoogleCalendarClient, status: int
) -> None:
    elsewhere = LocalServer()
    elsewhere.otherwise = ACTIVITY
    server.otherwise = Reply(status, None, {"Location": f"{elsewhere.url}/caught"})
    for call in (
        lambda: pipedrive.activity(1),
        lambda: pipedrive.create_activity({"subject": "x"}),
        lambda: google.get_event("c", "e"),
    ):
        with pytest.raises(FatalError, match="redirects"):
            call()
    assert len(server.seen) == 3
    assert not elsewhere.seen
    elsewhere.stop()


def test_a_redirect_to_nowhere_is_one_too(server: LocalServer, pipedrive: PipedriveClient) -> None:
    server.answers(Reply(302, None, {"Location": "http://[bad"}))
    with pytest.raises(FatalError, match="redirects"):
        pipedrive.activity(1)


def test_cookies_and_netrc_are_ignored(
    server: LocalServer, pipedrive: PipedriveClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login anna password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server.answers(Reply(200, ACTIVITY.body, {"Set-Cookie": "session=abc"}), ACTIVITY)
    pipedrive.activity(1)
    pipedrive.activity(1)
    assert not [each for each in server.seen if "cookie" in each.headers or "authorization" in each.headers]


@pytest.mark.parametrize(
    "address",
    ["acme.pipedrive.com", "ftp://acme", "", "https://", "http://[bad", "https://user:pw@acme", "https://a?b=c"],
)
def test_an_unusable_address_is_refused_at_once(
    open_pipedrive: OpenPipedrive, open_google: Callable[..., GoogleCalendarClient], address: str
) -> None:
    for opened in (open_pipedrive, open_google):
        with pytest.raises(AccountError, match="address") as caught:
            opened(address)
        assert "pw" not in str(caught.value)


def test_an_address_that_no_request_can_have(open_pipedrive: OpenPipedrive) -> None:
    with pytest.raises(FatalError, match="invalid address"):
        open_pipedrive("http://.example").activity(1)


@pytest.mark.parametrize("token", ["", " ", "two words", "new\nline", "tökn"])
def test_an_unusable_token_is_refused_before_any_request(
    server: LocalServer, open_pipedrive: OpenPipedrive, token: str
) -> None:
    with pytest.raises(CredentialRefused, match="API token") as caught:
        open_pipedrive(server.url, auth=ApiToken(token)).activity(1)
    assert not token.strip() or token not in str(caught.value)
    assert not server.seen


# What is never told

TYPED = "Dinner with Zoe"

FAILING = [
    BROKEN,
    Reply(drop=True),
    Reply(401, {"error": {"errors": [{"reason": "authError"}]}}),
    Reply(403, {"error": {"errors": [{"reason": f"{USER} {SECRETS[0]}"}]}}),
    Reply(404, {"error": f"no event of {USER} with {SECRETS[0]}"}),
    Reply(200, b"<html>"),
    Reply(302, None, {"Location": f"http://127.0.0.1:1/?token={SECRETS[0]}&user={USER}"}),
    Reply(400, {"success": False, "error": f"{USER} {SECRETS[1]}", "code": f"{USER}"}),
]


@pytest.mark.parametrize("reply", FAILING)
def test_no_secret_and_no_person_in_logs_and_messages(
    server: LocalServer,
    pipedrive: PipedriveClient,
    google: GoogleCalendarClient,
    caplog: pytest.LogCaptureFixture,
    reply: Reply,
) -> None:
    caplog.set_level(logging.DEBUG)
    server.otherwise = reply
    said: list[str] = []
    for call in (
        lambda: pipedrive.activity(1),
        lambda: pipedrive.create_activity({"subject": TYPED}),
        lambda: list(google.list_events(USER).pages()),
        lambda: google.patch_event(USER, "e", {"summary": TYPED}, etag='"1"'),
    ):
        with pytest.raises(ServiceError) as caught:
            call()
        said.append(f"{caught.getrepr(chain=True, style='native')} {caught.value.reason}")
    said += [f"{record.getMessage()} {record.__dict__}" for record in caplog.records]
    assert len(said) > 6
    for text in ("anna", "acme.example", TYPED, *SECRETS):
        assert not [line for line in said if text in line]


def test_what_is_logged(server: LocalServer, pipedrive: PipedriveClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.answers(BROKEN, ACTIVITY)
    pipedrive.activity(17)
    texts = [record.getMessage() for record in caplog.records]
    assert texts[0].startswith("Pipedrive GET activities.get 17: 503 in ")
    assert texts[1] == "Pipedrive, activities.get 17: 503; try 1 failed, next in 1.5 s"
    assert texts[2].startswith("Pipedrive GET activities.get 17: 200 in ")


def test_credentials_do_not_show_themselves() -> None:
    assert "s3cret" not in f"{ApiToken('s3cret')!r} {OAuthRefresh('app', 's3cret', 's3cret')!r}"
