"""The Pipedrive client: what it asks for, how it pages, what it books, how it clears and repeats, OAuth."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from include.calsync.clients.pipedrive import OPERATIONS, OAuthRefresh, PipedriveClient
from include.calsync.errors import CredentialRefused, NotFound, RecordError, RetryableError
from tests.clients.conftest import CLIENT_SECRET, REFRESH, TOKEN
from tests.clients.local_server import LocalServer, RecordingLimiter, Reply, World

DEFAULTS = {"sort_by": "update_time", "sort_direction": "asc", "limit": "500", "include_fields": "attendees"}


def page(*ids: int, cursor: str | None = None, **headers: str) -> Reply:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"success": True, "data": [{"id": each} for each in ids], "additional_data": {"next_cursor": cursor}}
    return Reply(200, body, names)


def one(**data: Any) -> Reply:
    return Reply(200, {"success": True, "data": {"id": 1, **data}})


# Requests


def test_the_token_is_in_the_header_alone(server: LocalServer, pipedrive: PipedriveClient) -> None:
    server.answers(page(), one())
    list(pipedrive.activities())
    pipedrive.create_activity({"subject": "x"})
    for seen in server.seen:
        assert seen.headers["x-api-token"] == TOKEN
        assert "authorization" not in seen.headers
        assert TOKEN not in f"{seen.path}{seen.query}{seen.body!r}"


def test_paths_and_methods(server: LocalServer, pipedrive: PipedriveClient) -> None:
    """Pipedrive OpenAPI v2; users, types and leads exist in v1 only."""
    server.otherwise = one()
    listing = Reply(200, {"success": True, "data": [{"id": 1}]})
    pipedrive.activity(7)
    pipedrive.create_activity({})
    pipedrive.update_activity(7, {})
    pipedrive.delete_activity(7)
    pipedrive.deal(5)
    pipedrive.lead("adf21080-0e10-11eb-879b-05d71fb426ec")
    pipedrive.me()
    server.answers(listing, listing, listing, listing, listing)
    pipedrive.persons([1])
    pipedrive.organizations([1])
    pipedrive.deals([1])
    assert pipedrive.users() == [{"id": 1}]
    assert pipedrive.activity_types() == [{"id": 1}]
    assert [f"{each.method} {each.path}" for each in server.seen] == [
        "GET /api/v2/activities/7",
        "POST /api/v2/activities",
        "PATCH /api/v2/activities/7",
        "DELETE /api/v2/activities/7",
        "GET /api/v2/deals/5",
        "GET /v1/leads/adf21080-0e10-11eb-879b-05d71fb426ec",
        "GET /v1/users/me",
        "GET /api/v2/persons",
        "GET /api/v2/organizations",
        "GET /api/v2/deals",
        "GET /v1/users",
        "GET /v1/activityTypes",
    ]


def test_a_slash_after_the_address_does_no_harm(
    server: LocalServer, open_pipedrive: Callable[..., PipedriveClient]
) -> None:
    server.answers(one())
    open_pipedrive(f" {server.url}/ ").activity(7)
    assert server.seen[0].path == "/api/v2/activities/7"


def test_bodies_are_json_and_keep_every_character(server: LocalServer, pipedrive: PipedriveClient) -> None:
    server.answers(one())
    body = {"subject": "Gespräch \U0001f600 \ud800 \u202e", "done": False, "deal_id": 2**60, "location": {"value": "x"}}
    pipedrive.create_activity({**body, "due_time": None})
    assert server.seen[0].json == body
    assert server.seen[0].headers["content-type"] == "application/json"


def test_times_are_widened_to_whole_seconds(server: LocalServer, pipedrive: PipedriveClient) -> None:
    """A fraction is answered with 400."""
    server.answers(page())
    since = datetime(2026, 11, 22, 9, 0, 0, 900_000, tzinfo=timezone(timedelta(hours=1)))
    until = datetime(2026, 11, 22, 8, 0, 5, 1, tzinfo=UTC)
    list(pipedrive.activities(updated_since=since, updated_until=until, owner_id=7, done=False))
    assert server.seen[0].query == {
        **DEFAULTS,
        "updated_since": "2026-11-22T08:00:00Z",
        "updated_until": "2026-11-22T08:00:06Z",
        "owner_id": "7",
        "done": "false",
    }


def test_other_orders(server: LocalServer, pipedrive: PipedriveClient) -> None:
    server.answers(page())
    list(pipedrive.activities(sort_by="due_date", sort_direction="desc"))
    assert server.seen[0].query == {**DEFAULTS, "sort_by": "due_date", "sort_direction": "desc"}


# Pages


def test_pages_follow_the_cursor_and_nothing_else(server: LocalServer, pipedrive: PipedriveClient) -> None:
    """Empty and null pages may come before the last one; the last one may lack `additional_data`."""
    null = Reply(200, {"success": True, "data": None, "additional_data": {"next_cursor": "c3"}})
    last = Reply(200, {"success": True, "data": [{"id": 3}]})
    server.answers(page(1, 2, cursor="c1"), page(cursor="c2"), null, last)
    pages = list(pipedrive.activities())
    assert [[each["id"] for each in items] for items in pages] == [[1, 2], [], [], [3]]
    assert [each.query.get("cursor") for each in server.seen] == [None, "c1", "c2", "c3"]
    assert all({**each.query, "cursor": ""} == {**DEFAULTS, "cursor": ""} for each in server.seen)


def test_an_empty_last_page_may_be_null(server: LocalServer, pipedrive: PipedriveClient) -> None:
    server.answers(Reply(200, {"success": True, "data": None, "additional_data": None}))
    assert list(pipedrive.activities()) == [[]]


def test_pages_are_read_when_they_are_wanted(server: LocalServer, pipedrive: PipedriveClient) -> None:
    server.answers(page(1, cursor="c1"), page(2))
    pages = pipedrive.activities()
    assert not server.seen
    next(pages)
    assert len(server.seen) == 1


def test_a_cursor_that_comes_again_ends_the_walk(server: LocalServer, pipedrive: PipedriveClient) -> None:
    server.answers(page(1, cursor="a"), page(2, cursor="b"), page(3, cursor="a"))
    with pytest.raises(RetryableError, match="twice"):
        list(pipedrive.activities())


def test_a_later_page_that_fails_fails_the_walk(server: LocalServer, pipedrive: PipedriveClient) -> None:
    server.answers(page(1, cursor="a"))
    server.otherwise = Reply(200, b'{"success": true, "data": [')
    with pytest.raises(RetryableError):
        list(pipedrive.activities())


def test_the_server_time_is_that_of_the_first_page(server: LocalServer, pipedrive: PipedriveClient) -> None:
    """Cursors start there: what changes during the walk is seen again."""
    first = "Sun, 22 Nov 2026 08:00:00 GMT"
    server.answers(page(1, cursor="a", Date=first), page(2, Date="Sun, 22 Nov 2026 08:05:00 GMT"))
    list(pipedrive.activities())
    assert pipedrive.server_time == datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize("date", ["", "yesterday", "Sun, 99 Nov 2026 08:00:00 GMT"])
def test_an_unreadable_date_is_no_date(server: LocalServer, pipedrive: PipedriveClient, date: str) -> None:
    server.answers(Reply(200, one().body, {"Date": date}))
    pipedrive.me()
    assert pipedrive.server_time is None


def test_ids_go_by_the_hundred(server: LocalServer, pipedrive: PipedriveClient) -> None:
    server.answers(page(*range(1, 101)), page(101, cursor="more"), page(102))
    ids = [*range(102, 0, -1), 5, 5]
    assert sorted(each["id"] for each in pipedrive.persons(ids)) == list(range(1, 103))
    assert [each.query["ids"].count(",") for each in server.seen] == [99, 1, 1]
    assert pipedrive.activities_by_ids([]) == []
    assert len(server.seen) == 3


@pytest.mark.parametrize("listed", ["users", "activity_types"])
def test_lists_that_are_never_empty_are_never_null(
    server: LocalServer, pipedrive: PipedriveClient, listed: str
) -> None:
    server.otherwise = Reply(200, {"success": True, "data": None})
    with pytest.raises(RetryableError):
        getattr(pipedrive, listed)()


# Tokens and rates


def test_each_request_is_booked_with_what_is_left(
    server: LocalServer, pipedrive: PipedriveClient, limiter: RecordingLimiter
) -> None:
    server.answers(page(x_daily_ratelimit_token_remaining="29990"), Reply(503, {}), one(), one())
    list(pipedrive.activities())
    pipedrive.activity(1)
    pipedrive.create_activity({})
    assert limiter.spent == [("pd", 10, 29990), ("pd", 1, None), ("pd", 1, None), ("pd", 5, None)]
    assert pipedrive.tokens_spent == 17


def test_what_requests_cost() -> None:
    """`x-token-cost` in the Pipedrive OpenAPI documents."""
    assert {name: each.tokens for name, each in OPERATIONS.items()} == {
        "activities.list": 10,
        "activities.get": 1,
        "activities.create": 5,
        "activities.update": 5,
        "activities.delete": 3,
        "activityFields.get": 1,
        "persons.list": 10,
        "organizations.list": 10,
        "deals.list": 10,
        "deals.archived": 20,
        "deals.get": 1,
        "leads.get": 2,
        "persons.search": 20,
        "leads.list": 20,
        "persons.get": 1,
        "organizations.get": 1,
        "users.me": 2,
        "users.list": 20,
        "activityTypes.list": 20,
    }


def test_the_rate_follows_the_plan(server: LocalServer, pipedrive: PipedriveClient, limiter: RecordingLimiter) -> None:
    """The smallest plan's until the service says more; a third of the 2-second limit, never nothing."""
    for limit in ("", "100", "2", "many"):
        server.answers(Reply(200, one().body, {"x-ratelimit-limit": limit}))
        pipedrive.activity(1)
    server.answers(one())
    pipedrive.activity(1)
    assert limiter.acquired == [("pd", 6), ("pd", 6), ("pd", 33), ("pd", 1), ("pd", 1)]


# Writes


def test_a_creation_sends_no_null(server: LocalServer, pipedrive: PipedriveClient) -> None:
    server.answers(one(subject="x"))
    assert pipedrive.create_activity({"subject": "x", "due_time": None})["subject"] == "x"
    assert server.seen[0].json == {"subject": "x"}


def test_null_clears(server: LocalServer, pipedrive: PipedriveClient) -> None:
    server.answers(one())
    pipedrive.update_activity(1, {"due_time": None, "subject": "x"})
    assert server.seen[0].json == {"due_time": None, "subject": "x"}


def test_where_null_is_refused_an_empty_text_clears_from_then_on(
    server: LocalServer, pipedrive: PipedriveClient
) -> None:
    """The specification's types are not nullable; v1 showed empty texts."""
    server.answers(Reply(400, {"success": False}), one(), one())
    pipedrive.update_activity(1, {"due_time": None, "location": None, "subject": "x"})
    pipedrive.update_activity(1, {"due_date": None, "location": {"value": None}})
    assert [each.json for each in server.seen] == [
        {"due_time": None, "location": None, "subject": "x"},
        {"due_time": "", "location": {"value": ""}, "subject": "x"},
        {"due_date": "", "location": {"value": ""}},
    ]


def test_a_refusal_for_another_reason_changes_nothing(server: LocalServer, pipedrive: PipedriveClient) -> None:
    refused = Reply(400, {"success": False})
    server.answers(refused, refused, refused, one())
    for body in ({"due_time": None}, {"subject": "x"}):
        with pytest.raises(RecordError):
            pipedrive.update_activity(1, body)
    pipedrive.update_activity(1, {"due_time": None})
    assert [each.json for each in server.seen] == [
        {"due_time": None},
        {"due_time": ""},
        {"subject": "x"},
        {"due_time": None},
    ]


def test_a_change_of_unknown_outcome_is_not_repeated_blindly(server: LocalServer, pipedrive: PipedriveClient) -> None:
    server.answers(Reply(drop=True))
    with pytest.raises(RetryableError) as caught:
        pipedrive.update_activity(1, {"subject": "x"})
    assert caught.value.unknown_outcome
    assert len(server.seen) == 1


@pytest.mark.parametrize("lost", [Reply(drop=True), Reply(503, {}), Reply(200, b"<html>")])
def test_a_change_that_did_not_happen_is_repeated_once(
    server: LocalServer, pipedrive: PipedriveClient, lost: Reply
) -> None:
    server.answers(lost, one(update_time="T1"), one(update_time="T2"))
    changed = pipedrive.update_activity(1, {"subject": "x"}, seen_update_time="T1")
    assert changed["update_time"] == "T2"
    assert [each.method for each in server.seen] == ["PATCH", "GET", "PATCH"]
    server.seen.clear()
    server.answers(lost, one(update_time="T1"), lost)
    with pytest.raises(RetryableError) as caught:
        pipedrive.update_activity(1, {"subject": "x"}, seen_update_time="T1")
    assert caught.value.unknown_outcome
    assert len(server.seen) == 3


def test_a_change_that_may_have_happened_is_the_callers_to_judge(
    server: LocalServer, pipedrive: PipedriveClient
) -> None:
    """It was carried out, or a person was faster: sending it again could undo an edit."""
    server.answers(Reply(drop=True), one(update_time="T2"))
    with pytest.raises(RetryableError) as caught:
        pipedrive.update_activity(1, {"subject": "x"}, seen_update_time="T1")
    assert caught.value.unknown_outcome
    assert [each.method for each in server.seen] == ["PATCH", "GET"]


def test_a_deletion_is_repeated(server: LocalServer, pipedrive: PipedriveClient) -> None:
    server.answers(Reply(drop=True), Reply(404, {"success": False}))
    with pytest.raises(NotFound) as caught:
        pipedrive.delete_activity(1)
    assert caught.value.unknown_outcome, "it may be gone because of the first try"
    assert [each.method for each in server.seen] == ["DELETE"] * 2


# OAuth


@pytest.fixture
def oauth(server: LocalServer, open_pipedrive: Callable[..., PipedriveClient]) -> PipedriveClient:
    return open_pipedrive(server.url, auth=OAuthRefresh("app", CLIENT_SECRET, REFRESH, f"{server.url}/oauth/token"))


def granted(token: str) -> Reply:
    return Reply(200, {"access_token": token, "expires_in": 3599, "token_type": "Bearer", "refresh_token": REFRESH})


def test_oauth_gets_a_token_once_an_hour(server: LocalServer, oauth: PipedriveClient, world: World) -> None:
    server.answers(granted("A1"), one(), one(), granted("A2"), one())
    oauth.activity(1)
    oauth.activity(1)
    world.now += timedelta(seconds=3599 - 59)
    oauth.activity(1)
    token, first, second, _, third = server.seen
    assert (token.method, token.path) == ("POST", "/oauth/token")
    assert token.form == {"grant_type": "refresh_token", "refresh_token": REFRESH}
    assert base64.b64decode(token.headers["authorization"].removeprefix("Basic ")).decode() == f"app:{CLIENT_SECRET}"
    assert [each.headers["authorization"] for each in (first, second, third)] == ["Bearer A1", "Bearer A1", "Bearer A2"]
    assert "x-api-token" not in first.headers
    assert (oauth.request_count, oauth.tokens_spent) == (3, 3)


def test_oauth_renews_a_refused_token_once(server: LocalServer, oauth: PipedriveClient) -> None:
    refused = Reply(401, {"success": False})
    server.answers(granted("A1"), refused, granted("A2"), one(), refused, granted("A3"), refused)
    oauth.create_activity({"subject": "x"})
    assert [each.headers["authorization"] for each in server.seen if each.path != "/oauth/token"] == [
        "Bearer A1",
        "Bearer A2",
    ]
    with pytest.raises(CredentialRefused, match="authorise again"):
        oauth.activity(1)
    assert len(server.seen) == 7


def test_a_token_that_was_renewed_meanwhile_is_kept(server: LocalServer, oauth: PipedriveClient) -> None:
    """Two threads are refused with the same old token; only the first one renews it."""
    auth = oauth._transport._auth
    server.answers(granted("A1"), granted("A2"))
    stale = auth.headers()
    for _ in range(2):
        assert auth.renew(stale)
        assert auth.headers() == {"Authorization": "Bearer A2"}
    assert len(server.seen) == 2


def test_a_withdrawn_consent_names_the_remedy(server: LocalServer, oauth: PipedriveClient) -> None:
    server.otherwise = Reply(400, {"error": "invalid_grant", "error_description": f"{REFRESH} is dead"})
    with pytest.raises(CredentialRefused, match="Consent again") as caught:
        oauth.activity(1)
    assert REFRESH not in str(caught.value)
    assert len(server.seen) == 1


@pytest.mark.parametrize("answer", [{}, {"access_token": 5, "expires_in": 9}, {"access_token": "a"}])
def test_a_token_answer_without_token_is_passing_trouble(
    server: LocalServer, oauth: PipedriveClient, answer: dict[str, object]
) -> None:
    server.answers(Reply(200, answer), granted("A1"), one())
    assert oauth.activity(1)["id"] == 1


def test_the_token_request_follows_no_redirect(server: LocalServer, oauth: PipedriveClient) -> None:
    elsewhere = LocalServer()
    server.answers(Reply(307, None, {"Location": f"{elsewhere.url}/oauth/token"}))
    with pytest.raises(CredentialRefused, match="token address"):
        oauth.activity(1)
    assert not elsewhere.seen
    elsewhere.stop()
