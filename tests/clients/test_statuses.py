"""Every row of the three status tables, over HTTP: the error, how often was asked, and whether a write may be done."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import pytest

from include.calsync.clients.google_calendar import GoogleCalendarClient
from include.calsync.clients.pipedrive import PipedriveClient
from include.calsync.clients.sessions import MOST_BYTES
from include.calsync.clients.statuses import GOOGLE, PIPEDRIVE, TOKEN_ENDPOINT
from include.calsync.errors import (
    AccountError,
    AlreadyDeleted,
    BudgetExhausted,
    CredentialRefused,
    Duplicate,
    FatalError,
    NotFound,
    PreconditionFailed,
    RateLimited,
    RecordError,
    RetryableError,
    ServiceError,
    SyncTokenExpired,
)
from tests.clients.conftest import google_credentials
from tests.clients.local_server import LocalServer, RecordingLimiter, Reply, World

HTML = Reply(403, b"<html>error 1015, Cloudflare</html>", {"Content-Type": "text/html; charset=UTF-8"})


@dataclass(frozen=True)
class Case:
    """What a read and a write that must not be repeated (POST; PATCH without etag) come to."""

    reply: Reply
    read: type[ServiceError]
    read_count: int
    write: type[ServiceError]
    write_count: int = 1
    unknown: bool = False


Cases: TypeAlias = dict[tuple[int | str, str], Case]


def same(reply: Reply, error: type[ServiceError], count: int = 1) -> Case:
    return Case(reply, error, count, error, count)


def trouble(reply: Reply) -> Case:
    return Case(reply, RetryableError, 4, RetryableError, 1, unknown=True)


def hidden(reply: Reply) -> Case:
    """Asks once whether the credential works, with the same answer: it does not."""
    return Case(reply, CredentialRefused, 2, CredentialRefused)


def google_error(status: int, reason: str, domain: str = "global") -> Reply:
    error = {"domain": domain, "reason": reason, "message": "Anna's secret dinner"}
    return Reply(status, {"error": {"errors": [error], "code": status, "message": "Anna's secret dinner"}})


def aip_error(status: int, name: str, *reasons: str) -> Reply:
    """The newer form of Google's errors, which has no `errors`."""
    kind = "type.googleapis.com/google.rpc.ErrorInfo"
    details = [{"@type": kind, "reason": each, "domain": "googleapis.com"} for each in reasons]
    error = {"code": status, "message": "Anna's secret dinner", "status": name, "details": details}
    return Reply(status, {"error": error})


def pipedrive_error(status: int, **headers: str) -> Reply:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"success": False, "error": "Anna's secret dinner", "errorCode": status}, names)


COMMON: Cases = {
    ("none", "no_answer"): trouble(Reply(drop=True)),
    ("none", "too_large"): Case(
        Reply(200, gzip.compress(bytes(MOST_BYTES + 1)), {"Content-Encoding": "gzip"}),
        RetryableError,
        1,
        RetryableError,
        1,
        unknown=True,
    ),
    ("2xx", "unreadable"): trouble(Reply(200, b'{"success": true, "da')),
    ("1xx", ""): trouble(Reply(199, b"")),
    ("3xx", ""): same(Reply(302, b"", {"Location": "/elsewhere"}), FatalError),
    ("4xx", ""): Case(Reply(418, {}), FatalError, 1, RecordError),
    (408, ""): trouble(Reply(408, {})),
    ("5xx", ""): trouble(Reply(502, b"<html>bad gateway</html>", {"Content-Type": "text/html"})),
}

PAGE = b"<html>The requested URL was not found</html>"
NO_PROOF: Cases = {
    (404, "html"): trouble(Reply(404, PAGE, {"Content-Type": "text/html; charset=UTF-8"})),
    (404, "unreadable"): trouble(Reply(404, {"message": "no Route matched with those values"})),
    (410, "html"): trouble(Reply(410, PAGE, {"Content-Type": "text/html"})),
}

PIPEDRIVE_CASES: Cases = {
    **COMMON,
    ("2xx", "not_successful"): trouble(Reply(200, {"success": False, "error": "x", "data": None})),
    (401, ""): same(pipedrive_error(401), CredentialRefused),
    (402, ""): same(pipedrive_error(402), CredentialRefused),
    (403, ""): Case(pipedrive_error(403), CredentialRefused, 2, CredentialRefused),  # asks who it is
    (403, "html"): same(HTML, BudgetExhausted),
    **NO_PROOF,
    (410, "unreadable"): trouble(Reply(410, b"gone")),
    (404, ""): same(pipedrive_error(404), NotFound),
    (405, ""): same(pipedrive_error(405), FatalError),
    (410, ""): same(pipedrive_error(410), NotFound),
    (400, "deleted"): same(Reply(400, {"success": False, "error": "x", "code": "ERR_ACTIVITY_DELETED"}), NotFound),
    (415, ""): same(pipedrive_error(415), FatalError),
    (429, "burst"): same(pipedrive_error(429, x_daily_ratelimit_token_remaining="900"), RateLimited, 4),
    (429, "daily"): same(pipedrive_error(429, x_daily_ratelimit_token_remaining="0"), BudgetExhausted),
    (429, ""): same(pipedrive_error(429, x_ratelimit_remaining="12"), RateLimited, 4),
}

GOOGLE_CASES: Cases = {
    **COMMON,
    (401, ""): same(google_error(401, "authError"), CredentialRefused, 2),
    (403, ""): hidden(google_error(403, "somethingNew")),
    (403, "authError"): same(google_error(403, "authError"), CredentialRefused),
    (403, "notACalendarUser"): same(google_error(403, "notACalendarUser"), CredentialRefused),
    (403, "accessTokenScopeInsufficient"): same(
        aip_error(403, "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"), CredentialRefused
    ),
    (403, "serviceDisabled"): same(aip_error(403, "PERMISSION_DENIED", "SERVICE_DISABLED"), CredentialRefused),
    (403, "requiredAccessLevel"): same(google_error(403, "requiredAccessLevel"), CredentialRefused),
    (403, "insufficientPermissions"): same(google_error(403, "insufficientPermissions"), CredentialRefused),
    (403, "accessNotConfigured"): same(google_error(403, "accessNotConfigured"), CredentialRefused),
    (403, "forbiddenForNonOrganizer"): same(google_error(403, "forbiddenForNonOrganizer"), RecordError),
    (403, "rateLimitExceeded"): same(google_error(403, "rateLimitExceeded"), RateLimited, 4),
    (403, "userRateLimitExceeded"): same(google_error(403, "userRateLimitExceeded"), RateLimited, 4),
    (403, "forbiddenForServiceAccounts"): same(google_error(403, "forbiddenForServiceAccounts"), RecordError),
    (403, "cannotChangeOrganizer"): same(google_error(403, "cannotChangeOrganizer"), RecordError),
    (403, "resourceExhausted"): same(aip_error(403, "RESOURCE_EXHAUSTED", "SOMETHING_NEW"), RateLimited, 4),
    (403, "quotaExceeded"): same(google_error(403, "quotaExceeded"), BudgetExhausted),
    (403, "dailyLimitExceeded*"): same(google_error(403, "dailyLimitExceededUnreg"), BudgetExhausted),
    (403, "*[lL]imitExceeded*"): same(google_error(403, "limitExceeded"), BudgetExhausted),
    (403, "usageLimits*"): same(google_error(403, "somethingNew", "usageLimits"), BudgetExhausted),
    **NO_PROOF,
    (410, "unreadable"): same(Reply(410, {}), NotFound),
    (403, "html"): same(HTML, BudgetExhausted),
    (404, ""): same(google_error(404, "notFound"), NotFound),
    (409, ""): same(google_error(409, "somethingNew"), Duplicate),
    (409, "duplicate"): same(google_error(409, "duplicate"), Duplicate),
    (409, "aborted"): same(aip_error(409, "ABORTED"), RetryableError, 4),
    (409, "conflict"): same(google_error(409, "conflict"), RetryableError, 4),
    (410, ""): same(google_error(410, "somethingNew"), NotFound),
    (410, "deleted"): same(google_error(410, "deleted"), AlreadyDeleted),
    (410, "fullSyncRequired"): same(google_error(410, "fullSyncRequired"), SyncTokenExpired),
    (410, "updatedMinTooLongAgo"): same(google_error(410, "updatedMinTooLongAgo"), SyncTokenExpired),
    (412, ""): same(google_error(412, "conditionNotMet"), PreconditionFailed),
    (429, ""): same(google_error(429, "rateLimitExceeded"), RateLimited, 4),
    (429, "dailyLimitExceeded*"): same(google_error(429, "dailyLimitExceeded"), BudgetExhausted),
}

UNREACHABLE = {("none", "not_sent"), ("none", "invalid_address"), ("none", "too_late")}
SEARCHES = {(429, "search")}


def test_every_row_has_a_case() -> None:
    assert set(PIPEDRIVE_CASES) | UNREACHABLE | SEARCHES == set(PIPEDRIVE)
    assert set(GOOGLE_CASES) | UNREACHABLE == set(GOOGLE)
    assert set(TOKEN_CASES) | UNREACHABLE == set(TOKEN_ENDPOINT)


def named(cases: dict[Any, Any]) -> list[Any]:
    return [pytest.param(case, id=f"{key[0]}-{key[1] or 'any'}") for key, case in cases.items()]


def assert_fails(
    server: LocalServer, call: Callable[[], object], error: type[ServiceError], count: int
) -> ServiceError:
    server.seen.clear()
    with pytest.raises(ServiceError) as caught:
        call()
    assert type(caught.value) is error
    assert len([each for each in server.seen if each.path != "/token"]) == count
    assert "dinner" not in str(caught.value), "texts of the service may quote what a person typed"
    return caught.value


@pytest.mark.parametrize("case", named(PIPEDRIVE_CASES))
def test_pipedrive(
    server: LocalServer, open_pipedrive: Callable[..., PipedriveClient], world: World, case: Case
) -> None:
    server.otherwise = case.reply
    error = assert_fails(server, lambda: open_pipedrive(server.url).activity(1), case.read, case.read_count)
    assert not error.unknown_outcome
    # Another limiter: the read may have paused the first one.
    writer = open_pipedrive(server.url, limiter=RecordingLimiter(world.clock))
    error = assert_fails(server, lambda: writer.create_activity({"subject": "x"}), case.write, case.write_count)
    assert error.unknown_outcome is case.unknown


@pytest.mark.parametrize("case", named(GOOGLE_CASES))
def test_google(
    server: LocalServer, open_google: Callable[..., GoogleCalendarClient], world: World, case: Case
) -> None:
    token = Reply(200, {"access_token": "ya29-access-2", "expires_in": 3599})
    server.otherwise = case.reply
    if case.reply.status == 401:
        server.answers(case.reply, token)
    error = assert_fails(server, lambda: open_google(server.url).get_event("c", "e"), case.read, case.read_count)
    assert not error.unknown_outcome
    if case.reply.status == 401:
        server.answers(case.reply, token)
    writer = open_google(server.url, limiter=RecordingLimiter(world.clock))
    error = assert_fails(server, lambda: writer.patch_event("c", "e", {}, etag=None), case.write, case.write_count)
    assert error.unknown_outcome is case.unknown


def oauth_error(status: int, error: str) -> Reply:
    return Reply(status, {"error": error, "error_description": "Anna's secret dinner"})


TOKEN_CASES = {
    ("none", "no_answer"): (Reply(drop=True), RetryableError, 4),
    ("none", "too_large"): (COMMON["none", "too_large"].reply, RetryableError, 4),
    ("2xx", "unreadable"): (Reply(200, b"<html>"), RetryableError, 4),
    ("1xx", ""): (Reply(199, b""), RetryableError, 4),
    ("3xx", ""): (Reply(307, b"", {"Location": "/elsewhere"}), CredentialRefused, 1),
    ("4xx", ""): (oauth_error(400, "something_new"), CredentialRefused, 1),
    ("4xx", "invalid_grant"): (oauth_error(400, "invalid_grant"), CredentialRefused, 1),
    ("4xx", "unauthorized_client"): (oauth_error(401, "unauthorized_client"), CredentialRefused, 1),
    ("4xx", "invalid_client"): (oauth_error(401, "invalid_client"), CredentialRefused, 1),
    ("4xx", "redirect_uri_mismatch"): (oauth_error(400, "redirect_uri_mismatch"), CredentialRefused, 1),
    ("4xx", "invalid_scope"): (oauth_error(400, "invalid_scope"), CredentialRefused, 1),
    (408, ""): (Reply(408, {}), RetryableError, 4),
    (429, ""): (Reply(429, {}), RetryableError, 4),
    ("4xx", "html"): (Reply(404, PAGE, {"Content-Type": "text/html"}), RetryableError, 4),
    ("5xx", ""): (oauth_error(503, "internal_failure"), RetryableError, 4),
}


@pytest.mark.parametrize("case", named(TOKEN_CASES))
def test_token_endpoint(
    server: LocalServer, open_google: Callable[..., GoogleCalendarClient], case: tuple[Reply, type[ServiceError], int]
) -> None:
    """The request itself is never sent, so even a write that must not be repeated waits for the token."""
    reply, expected, count = case
    server.otherwise = reply
    client = open_google(server.url, credentials=google_credentials(server.url, token=None))
    with pytest.raises(ServiceError) as caught:
        client.insert_calendar("x", "Europe/Berlin")
    assert type(caught.value) is expected
    assert not caught.value.unknown_outcome
    assert [each.path for each in server.seen] == ["/token"] * count
    assert "dinner" not in str(caught.value)


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        ("notACalendarUser", "Switch Google Calendar on"),
        ("requiredAccessLevel", "Share the calendar"),
        ("insufficientPermissions", "domain-wide delegation"),
        ("accessNotConfigured", "Enable the Google Calendar API"),
    ],
)
def test_refusals_name_the_remedy(server: LocalServer, google: GoogleCalendarClient, reason: str, remedy: str) -> None:
    server.answers(google_error(403, reason))
    with pytest.raises(AccountError, match=remedy) as caught:
        google.get_event("c", "e")
    assert isinstance(caught.value, CredentialRefused)
    assert caught.value.reason == reason


@pytest.mark.parametrize("status", [400, 422])
def test_a_refused_record_is_a_record_error_only_on_a_write(
    server: LocalServer, pipedrive: PipedriveClient, google: GoogleCalendarClient, status: int
) -> None:
    server.otherwise = Reply(status, {"success": False, "error": "x", "code": "ERR_SCHEMA_VALIDATION_FAILED"})
    with pytest.raises(RecordError, match="ERR_SCHEMA_VALIDATION_FAILED"):
        pipedrive.update_activity(1, {"subject": "x"})
    with pytest.raises(FatalError):
        pipedrive.activity(1)
    server.otherwise = google_error(status, "invalid")
    with pytest.raises(RecordError):
        google.insert_event("c", {"id": "abcde"})
    with pytest.raises(FatalError):
        google.get_event("c", "e")


MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("reply", "until"),
    [
        (PIPEDRIVE_CASES[429, "daily"].reply, MIDNIGHT),
        (pipedrive_error(429, x_daily_ratelimit_token_remaining="0", x_ratelimit_remaining="0"), MIDNIGHT),
        (pipedrive_error(429, x_daily_ratelimit_token_remaining="0", x_ratelimit_remaining="19"), MIDNIGHT),
        (HTML, World().now + timedelta(minutes=15)),
    ],
)
def test_an_exhausted_credential_sends_nothing_more(
    server: LocalServer, pipedrive: PipedriveClient, limiter: RecordingLimiter, reply: Reply, until: datetime
) -> None:
    server.answers(reply)
    for _ in range(3):
        with pytest.raises(BudgetExhausted) as caught:
            pipedrive.activity(1)
        assert caught.value.retry_at == until
    assert len(server.seen) == 1
    assert limiter.paused["pd"][0] == until


def test_an_exhausted_calendar_is_written_no_more_but_read(
    server: LocalServer, google: GoogleCalendarClient, limiter: RecordingLimiter, world: World
) -> None:
    server.answers(google_error(403, "quotaExceeded"))
    for _ in range(2):
        with pytest.raises(BudgetExhausted) as caught:
            google.patch_event("full", "e", {}, etag='"1"')
        assert caught.value.retry_at == world.now + timedelta(hours=3)
    assert len(server.seen) == 1
    assert [key.startswith("g/calendar/") for key in limiter.paused] == [True]
    server.answers(Reply(200, {"id": "e"}), Reply(200, {"id": "e"}))
    google.get_event("full", "e")
    google.patch_event("other", "e", {}, etag='"1"')


@pytest.mark.parametrize(("reason", "paused"), [("userRateLimitExceeded", "g/user/"), ("rateLimitExceeded", "g")])
def test_a_rate_limit_pauses_those_who_share_it(
    server: LocalServer, google: GoogleCalendarClient, limiter: RecordingLimiter, world: World, reason: str, paused: str
) -> None:
    server.answers(google_error(403, reason), google_error(403, reason), Reply(200, {"id": "e"}))
    begun = world.now
    google.get_event("c", "e")
    assert world.slept_s == [1.5, 2.5]
    [(key, (until, _))] = limiter.paused.items()
    assert key.startswith(paused)
    assert key.count("/") == paused.count("/")
    assert until == begun + timedelta(seconds=4)


def test_a_service_that_asks_to_wait_is_left_alone_by_all(
    server: LocalServer, pipedrive: PipedriveClient, limiter: RecordingLimiter, world: World
) -> None:
    """A creation is not repeated; the next request comes no earlier for that."""
    server.answers(pipedrive_error(503, Retry_After="5"))
    begun = world.now
    with pytest.raises(RetryableError):
        pipedrive.create_activity({"subject": "x"})
    [(until, _)] = limiter.paused.values()
    assert until >= begun + timedelta(seconds=5)
