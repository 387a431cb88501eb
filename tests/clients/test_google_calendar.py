"""The Google Calendar client: what it asks for, listings and sync tokens, limits, tokens of access."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import google.auth.credentials
import google.auth.exceptions
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.oauth2 import service_account

from include.calsync.clients.google_calendar import GoogleCalendarClient
from include.calsync.errors import CredentialRefused, RetryableError, SyncTokenExpired
from tests.clients.conftest import ACCESS, CLIENT_SECRET, REFRESH, USER, google_credentials
from tests.clients.local_server import LocalServer, RecordingLimiter, Reply

Open = Callable[..., GoogleCalendarClient]
COMMON = {"alt": "json", "prettyPrint": "false"}
LISTING = {**COMMON, "singleEvents": "false", "showDeleted": "true", "maxResults": "2500"}
EVENT = Reply(200, {"id": "e", "etag": '"1"'})
GRANTED = Reply(200, {"access_token": "ya29-access-2", "expires_in": 3599, "token_type": "Bearer"})


def page(*ids: str, page_token: str | None = None, sync_token: str | None = None, date: str = "") -> Reply:
    body: dict[str, Any] = {"kind": "calendar#events", "items": [{"id": each} for each in ids]}
    body |= {"accessRole": "owner", "timeZone": "Europe/Berlin"}
    if page_token:
        body["nextPageToken"] = page_token
    if sync_token:
        body["nextSyncToken"] = sync_token
    return Reply(200, body, {"Date": date} if date else {})


def failure(status: int, reason: str) -> Reply:
    return Reply(status, {"error": {"code": status, "errors": [{"reason": reason, "message": "m"}], "message": "m"}})


# Requests


def test_paths_methods_and_parameters(server: LocalServer, google: GoogleCalendarClient) -> None:
    """Google Calendar API v3 reference; ids in paths are encoded; every write says whether guests are mailed."""
    server.otherwise = EVENT
    calendar = "team#one@group.calendar.google.com"
    google.get_event(calendar, "a/b")
    google.insert_event(calendar, {"id": "abcde"})
    google.patch_event(calendar, "e", {"summary": None}, etag='"7"', send_updates="externalOnly")
    google.get_calendar("primary")
    google.insert_calendar("CRM", "Europe/Berlin")
    server.answers(Reply(204))
    google.delete_event(calendar, "e", etag='"7"', send_updates="all")
    path = "/calendar/v3/calendars/team%23one%40group.calendar.google.com/events"
    assert [f"{each.method} {each.path}" for each in server.seen] == [
        f"GET {path}/a%2Fb",
        f"POST {path}",
        f"PATCH {path}/e",
        "GET /calendar/v3/calendars/primary",
        "POST /calendar/v3/calendars",
        f"DELETE {path}/e",
    ]
    assert [each.query.get("sendUpdates") for each in server.seen] == [None, "none", "externalOnly", None, None, "all"]
    assert [each.headers.get("if-match") for each in server.seen] == [None, None, '"7"', None, None, '"7"']
    assert all(each.query.items() >= COMMON.items() for each in server.seen)
    assert all("quotaUser" not in each.query for each in server.seen)
    assert server.seen[2].json == {"summary": None}
    assert server.seen[4].json == {"summary": "CRM", "timeZone": "Europe/Berlin", "description": ""}


def test_the_user_is_named_to_the_quota_as_a_hash(server: LocalServer, open_google: Open) -> None:
    """At most 40 characters; no e-mail address in a query."""
    server.otherwise = EVENT
    open_google(server.url, quota_user=USER).get_event("c", "e")
    open_google(server.url, quota_user="ben@acme.example").get_event("c", "e")
    anna, ben = (each.query["quotaUser"] for each in server.seen)
    assert len(anna) == 40
    assert anna != ben
    assert "@" not in anna


def test_limits_of_project_user_and_calendar(
    server: LocalServer, google: GoogleCalendarClient, limiter: RecordingLimiter
) -> None:
    """Documented: 10,000 a minute per project, 600 per user; few writes per calendar."""
    server.otherwise = EVENT
    google.get_event("c", "e")
    assert [rate for _, rate in limiter.acquired] == [9.7, 161]
    google.patch_event("c", "e", {}, etag=None)
    google.patch_event("d", "e", {}, etag=None)
    keys = [key for key, _ in limiter.acquired]
    assert [rate for _, rate in limiter.acquired[2:5]] == [9.7, 9.7, 161]
    assert (keys[0], keys[1]) == (keys[3], keys[4])
    assert keys[2] != keys[5]
    assert len(set(keys)) == 4
    assert not [key for key in keys if "anna" in key]


# Listings


def test_a_first_listing(server: LocalServer, google: GoogleCalendarClient) -> None:
    server.answers(page(sync_token="s1"))
    listing = google.list_events("c")
    assert list(listing.pages()) == [[]]
    assert server.seen[0].query == LISTING
    assert (listing.next_sync_token, listing.access_role, listing.time_zone) == ("s1", "owner", "Europe/Berlin")


def test_pages_follow_the_page_token_and_nothing_else(server: LocalServer, google: GoogleCalendarClient) -> None:
    """An empty page may come before the last one; pages 2… of an incremental listing carry both tokens."""
    server.answers(
        page("a", page_token="p1", date="Sun, 22 Nov 2026 08:00:00 GMT"),
        page(page_token="p2", date="Sun, 22 Nov 2026 08:01:00 GMT"),
        page("b", sync_token="s2", date="Sun, 22 Nov 2026 08:02:00 GMT"),
    )
    listing = google.list_events("c", sync_token="s1")
    walked = [(items, listing.next_sync_token) for items in listing.pages()]
    assert walked == [([{"id": "a"}], None), ([], None), ([{"id": "b"}], "s2")]
    assert [each.query for each in server.seen] == [
        {**LISTING, "syncToken": "s1"},
        {**LISTING, "syncToken": "s1", "pageToken": "p1"},
        {**LISTING, "syncToken": "s1", "pageToken": "p2"},
    ]
    assert listing.server_time == google.server_time == datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def test_bounds(server: LocalServer, google: GoogleCalendarClient) -> None:
    server.answers(page(sync_token="s"))
    low = datetime(2026, 11, 22, 9, 0, tzinfo=timezone(timedelta(hours=1)))
    list(google.list_events("c", time_min=low, time_max=low + timedelta(days=1)).pages())
    assert server.seen[0].query == {**LISTING, "timeMin": "2026-11-22T08:00:00Z", "timeMax": "2026-11-23T08:00:00Z"}


def test_a_token_allows_no_bounds(google: GoogleCalendarClient) -> None:
    now = datetime.now(UTC)
    for bound in ("time_min", "time_max", "updated_min"):
        with pytest.raises(ValueError, match="no bounds"):
            google.list_events("c", sync_token="s", **{bound: now})


def test_a_listing_may_end_without_a_sync_token(server: LocalServer, google: GoogleCalendarClient) -> None:
    """A bounded one has none to give, and others were seen without: what was read counts, the old token stays."""
    at = datetime(2026, 11, 1, tzinfo=UTC)
    for bounds in ({}, {"updated_min": at}, {"time_min": at, "time_max": at + timedelta(days=1)}, {"sync_token": "s"}):
        server.answers(page("a"))
        listing = google.list_events("c", **bounds)
        assert list(listing.pages()) == [[{"id": "a"}]]
        assert listing.next_sync_token is None


@pytest.mark.parametrize(
    "body", [{}, {"kind": "calendar#events", "items": None}, {"kind": "calendar#events", "items": [{}]}, [], "x", None]
)
def test_a_broken_page_is_never_an_empty_one(server: LocalServer, google: GoogleCalendarClient, body: object) -> None:
    server.otherwise = Reply(200, body)
    with pytest.raises(RetryableError):
        list(google.list_events("c", sync_token="s").pages())
    assert len(server.seen) == 4


def test_a_page_token_that_comes_again_ends_the_walk(server: LocalServer, google: GoogleCalendarClient) -> None:
    server.otherwise = page("a", page_token="p")
    with pytest.raises(RetryableError, match="twice"):
        list(google.list_events("c").pages())
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    "reply",
    [failure(410, "fullSyncRequired"), failure(410, "gone"), failure(400, "invalid"), Reply(410, b"", {})],
)
def test_an_unusable_sync_token_asks_for_a_full_listing(
    server: LocalServer, google: GoogleCalendarClient, reply: Reply
) -> None:
    """What a token of another calendar gets is not documented: 400 or 410."""
    server.answers(reply)
    with pytest.raises(SyncTokenExpired) as caught:
        list(google.list_events("c", sync_token="s").pages())
    assert caught.value.status == reply.status
    assert len(server.seen) == 1


def test_too_old_a_bound_asks_for_a_full_listing(server: LocalServer, google: GoogleCalendarClient) -> None:
    server.answers(failure(410, "updatedMinTooLongAgo"))
    with pytest.raises(SyncTokenExpired):
        list(google.list_events("c", updated_min=datetime(2020, 1, 1, tzinfo=UTC)).pages())


def test_the_calendar_list_has_all_pages_and_hidden_ones(server: LocalServer, google: GoogleCalendarClient) -> None:
    first = {"kind": "calendar#calendarList", "items": [{"id": "a"}], "nextPageToken": "p"}
    server.answers(Reply(200, first), Reply(200, {"kind": "calendar#calendarList", "items": [{"id": "b"}]}))
    assert [each["id"] for each in google.calendars()] == ["a", "b"]
    wanted = {**COMMON, "maxResults": "250", "showHidden": "true"}
    assert [each.query for each in server.seen] == [wanted, {**wanted, "pageToken": "p"}]


# Access


def test_a_valid_token_is_used_as_it_is(server: LocalServer, google: GoogleCalendarClient) -> None:
    server.answers(EVENT)
    google.get_event("c", "e")
    assert [each.headers["authorization"] for each in server.seen] == [f"Bearer {ACCESS}"]


def test_a_refused_token_is_renewed_once(server: LocalServer, google: GoogleCalendarClient) -> None:
    server.answers(failure(401, "authError"), GRANTED, EVENT, EVENT)
    assert google.insert_event("c", {"summary": "x"})["id"] == "e"
    google.get_event("c", "e")
    assert [each.path.rsplit("/", 1)[1] for each in server.seen] == ["events", "token", "events", "e"]
    assert server.seen[1].form == {
        "grant_type": "refresh_token",
        "client_id": "client-1",
        "client_secret": CLIENT_SECRET,
        "refresh_token": REFRESH,
    }
    assert [each.headers["authorization"] for each in server.seen[2:]] == ["Bearer ya29-access-2"] * 2
    assert google.request_count == 3


def service_account_key(token_uri: str) -> tuple[dict[str, str], bytes]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    info = {
        "type": "service_account",
        "private_key": private.decode(),
        "client_email": "robot@project.iam.gserviceaccount.com",
        "token_uri": token_uri,
    }
    return info, public


def test_a_service_account_acts_as_the_user(server: LocalServer, open_google: Open) -> None:
    """The key file's own token address is asked; the assertion is signed and names the subject."""
    info, public = service_account_key(f"{server.url}/token")
    credentials = service_account.Credentials.from_service_account_info(info, scopes=["s1"]).with_subject(USER)
    server.answers(GRANTED, EVENT)
    open_google(server.url, credentials=credentials).get_event("c", "e")
    claims = jwt.decode(
        server.seen[0].form["assertion"], public, ["RS256"], audience="https://oauth2.googleapis.com/token"
    )
    assert (claims["iss"], claims["sub"], claims["scope"]) == (info["client_email"], USER, "s1")
    assert server.seen[1].headers["authorization"] == "Bearer ya29-access-2"


@pytest.mark.parametrize(
    ("status", "error", "remedy"),
    [
        (400, "invalid_grant", "Consent again, or correct the user"),
        (401, "unauthorized_client", "domain-wide delegation"),
        (401, "invalid_client", "client secret"),
    ],
)
def test_a_refused_credential_names_the_remedy(
    server: LocalServer, open_google: Open, status: int, error: str, remedy: str
) -> None:
    server.otherwise = Reply(status, {"error": error, "error_description": f"{USER} {REFRESH}"})
    client = open_google(server.url, credentials=google_credentials(server.url, token=None))
    with pytest.raises(CredentialRefused, match=remedy) as caught:
        client.get_event("c", "e")
    assert caught.value.reason == error
    assert len(server.seen) == 1
    assert not [text for text in (USER, REFRESH) if text in str(caught.value)]


def test_the_token_request_follows_no_redirect(server: LocalServer, open_google: Open) -> None:
    elsewhere = LocalServer()
    server.answers(Reply(307, None, {"Location": f"{elsewhere.url}/token"}))
    with pytest.raises(CredentialRefused):
        open_google(server.url, credentials=google_credentials(server.url, token=None)).get_event("c", "e")
    assert not elsewhere.seen
    elsewhere.stop()


def test_a_token_answer_without_token_is_refused_without_its_text(server: LocalServer, open_google: Open) -> None:
    server.otherwise = Reply(200, {"note": USER})
    with pytest.raises(CredentialRefused) as caught:
        open_google(server.url, credentials=google_credentials(server.url, token=None)).get_event("c", "e")
    assert USER not in str(caught.value)


def test_credentials_that_can_not_be_renewed(server: LocalServer, open_google: Open) -> None:
    server.otherwise = failure(401, "authError")
    with pytest.raises(CredentialRefused):
        open_google(server.url, credentials=google.auth.credentials.AnonymousCredentials()).get_event("c", "e")
    assert len(server.seen) == 2


def test_threads_renew_a_token_once(server: LocalServer, open_google: Open) -> None:
    """A token that another thread has renewed meanwhile is not thrown away."""
    client = open_google(server.url)
    auth = client._transport._auth
    stale = auth.headers()
    assert auth.renew(stale)
    server.answers(GRANTED)
    fresh = auth.headers()
    assert auth.renew(stale)
    assert auth.headers() == fresh
    assert [each.path for each in server.seen] == ["/token"]
