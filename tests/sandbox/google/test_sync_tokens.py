"""Incremental listings. Sources: guide "Synchronize resources efficiently"; reference, Events.list: syncToken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from include.sandbox.google.service import GoogleService
from include.sandbox.google.state import GoogleState
from tests.sandbox.google.api import ANNA, BOB, Api, event_path

PATH = event_path("primary")
DAY = datetime(2026, 11, 23, tzinfo=UTC)


def fill(state: GoogleState, count: int, calendar: str = ANNA) -> list[str]:
    return [state.add_event(calendar, summary=f"E{n}", start=DAY)["id"] for n in range(count)]


def test_only_changes_come(anna: Api, state: GoogleState) -> None:
    ids = fill(state, 4)
    token = anna.page()["nextSyncToken"]
    assert anna.ids(syncToken=token) == []
    state.edit_event(ANNA, ids[2], summary="B")
    state.delete_event(ANNA, ids[0])
    new = state.add_event(ANNA, start=DAY)["id"]
    state.edit_event(ANNA, ids[2], summary="C")
    page = anna.page(syncToken=token)
    assert {each["id"]: each["status"] for each in page["items"]} == {
        ids[0]: "cancelled", new: "confirmed", ids[2]: "confirmed",
    }  # fmt: skip
    assert anna.ids(syncToken=page["nextSyncToken"]) == []
    assert len(anna.ids(syncToken=token)) == 3  # a token may be used again


def test_own_writes_come_back(anna: Api) -> None:
    """What the client writes itself is a change like any other."""
    token = anna.page()["nextSyncToken"]
    event_id = anna.insert()["id"]
    page = anna.page(syncToken=token)
    assert [each["id"] for each in page["items"]] == [event_id]
    anna.patch(event_id, {"summary": "B"})
    assert anna.ids(syncToken=page["nextSyncToken"]) == [event_id]


def test_pages_of_an_incremental_listing(anna: Api, state: GoogleState) -> None:
    """syncToken and pageToken are both sent on further pages; the new token is on the last one."""
    token = anna.page()["nextSyncToken"]
    ids = fill(state, 5)
    items, new_token, count = anna.all(syncToken=token, maxResults=2)
    assert ([each["id"] for each in items], count) == (ids, 3)
    assert anna.ids(syncToken=new_token) == []
    page_token = anna.page(syncToken=token, maxResults=2)["nextPageToken"]
    assert anna.error("GET", PATH, pageToken=page_token) == (400, "invalid")


def test_a_change_between_two_pages_is_not_lost(anna: Api, state: GoogleState) -> None:
    token = anna.page()["nextSyncToken"]
    ids = fill(state, 4)
    first = anna.page(syncToken=token, maxResults=2)
    state.edit_event(ANNA, ids[0], summary="again")
    state.edit_event(ANNA, ids[3], summary="again")
    rest, new_token, _ = anna.all(syncToken=token, maxResults=2, pageToken=first["nextPageToken"])
    seen = {each["id"]: each["summary"] for each in [*first["items"], *rest]}
    later = {each["id"]: each["summary"] for each in anna.page(syncToken=new_token)["items"]}
    assert {**seen, **later} == {ids[0]: "again", ids[1]: "E1", ids[2]: "E2", ids[3]: "again"}


@pytest.mark.parametrize(
    "query",
    [
        {"iCalUID": "x"},
        {"orderBy": "updated"},
        {"privateExtendedProperty": "a=1"},
        {"q": "x"},
        {"sharedExtendedProperty": "a=1"},
        {"timeMin": "2026-11-23T00:00:00Z"},
        {"timeMax": "2026-11-23T00:00:00Z"},
        {"updatedMin": "2026-11-22T00:00:00Z"},
        {"showDeleted": False},
    ],
    ids=str,
)
def test_what_may_not_be_sent_with_a_token(anna: Api, query: dict[str, object]) -> None:
    """Reference, Events.list: the list of parameters; showDeleted may not be false."""
    token = anna.page()["nextSyncToken"]
    assert anna.error("GET", PATH, syncToken=token, **query) == (400, "invalid")


def test_show_deleted_true_is_fine(anna: Api, state: GoogleState) -> None:
    (event_id,) = fill(state, 1)
    token = anna.page()["nextSyncToken"]
    state.delete_event(ANNA, event_id)
    assert anna.ids(syncToken=token, showDeleted=True) == [event_id]


@pytest.mark.parametrize(
    ("query", "same"),
    [
        ({"singleEvents": True}, False),
        ({"eventTypes": "default"}, False),
        ({"maxAttendees": 5}, False),
        ({"showHiddenInvitations": True}, False),
        ({"timeZone": "UTC"}, False),
        ({"singleEvents": False}, True),
        ({"maxResults": 5}, True),
        ({"quotaUser": "x"}, True),
    ],
    ids=str,
)
def test_other_parameters_have_to_stay(anna: Api, query: dict[str, Any], same: bool) -> None:
    """Guide: "undefined behaviour" otherwise; refused here, so that it is noticed."""
    token = anna.page()["nextSyncToken"]
    if same:
        anna.page(syncToken=token, **query)
    else:
        assert anna.error("GET", PATH, syncToken=token, **query) == (400, "invalid")
        with_it = anna.page(**query)["nextSyncToken"]
        anna.page(syncToken=with_it, **query)


def test_time_min_is_for_the_first_listing(anna: Api, state: GoogleState) -> None:
    """Guide, sample: timeMin in the full listing, not in incremental ones, which may show what lies outside."""
    (event_id,) = fill(state, 1)
    page = anna.page(timeMin="2027-01-01T00:00:00Z")
    assert page["items"] == []
    state.edit_event(ANNA, event_id, summary="B")
    assert anna.ids(syncToken=page["nextSyncToken"]) == [event_id]


@pytest.mark.parametrize(
    "query",
    [{"orderBy": "updated"}, {"q": "x"}, {"privateExtendedProperty": "a=1"}, {"sharedExtendedProperty": "a=1"},
     {"updatedMin": "now"}, {"iCalUID": "x"}],
)  # fmt: skip
def test_such_listings_yield_no_token(anna: Api, google: GoogleService, query: dict[str, str]) -> None:
    """Commonly observed: a restricted or ordered listing is no base for incremental ones."""
    if "updatedMin" in query:
        query = {"updatedMin": (google.clock.now() - timedelta(days=1)).isoformat()}
    assert not {"nextSyncToken", "nextPageToken"} & set(anna.page(**query))


def test_expired_and_unknown_tokens_are_410(anna: Api, state: GoogleState) -> None:
    """Guide "Handle API errors": 410 fullSyncRequired."""
    calendar = state.add_calendar(ANNA, "CRM")
    tokens = [anna.page()["nextSyncToken"], anna.page(calendar)["nextSyncToken"]]
    state.expire_sync_tokens(ANNA)
    message = "Sync token is no longer valid, a full sync is required."
    for token in (tokens[0], "invented"):
        answer = anna.send("GET", PATH, syncToken=token)
        detail = {"domain": "calendar", "reason": "fullSyncRequired", "message": message,
                  "locationType": "parameter", "location": "syncToken"}  # fmt: skip
        assert answer.status_code == 410
        assert answer.json() == {"error": {"errors": [detail], "code": 410, "message": message}}
    anna.page(calendar, syncToken=tokens[1])
    state.expire_sync_tokens()
    assert anna.error("GET", event_path(calendar), syncToken=tokens[1]) == (410, "fullSyncRequired")


def test_tokens_can_expire_by_age(anna: Api, state: GoogleState, google: GoogleService) -> None:
    state.options.sync_token_days = 7
    token = anna.page()["nextSyncToken"]
    google.clock.advance(6 * 86400)
    anna.page(syncToken=token)
    google.clock.advance(2 * 86400)
    assert anna.error("GET", PATH, syncToken=token) == (410, "fullSyncRequired")


def test_a_changed_share_invalidates_tokens(anna: Api, bob: Api, state: GoogleState) -> None:
    """Guide: the server may invalidate tokens, for example on changes of related ACLs."""
    state.share(ANNA, BOB, "reader")
    token, own = bob.page(ANNA)["nextSyncToken"], anna.page()["nextSyncToken"]
    state.share(ANNA, BOB, "writer")
    assert bob.error("GET", event_path(ANNA), syncToken=token) == (410, "fullSyncRequired")
    anna.page(syncToken=own)


@pytest.mark.parametrize(("option", "reason"), [(400, "invalid"), (410, "fullSyncRequired")])
def test_a_token_belongs_to_calendar_and_user(
    anna: Api, bob: Api, state: GoogleState, option: int, reason: str
) -> None:
    """Which of the two answers comes is nowhere written: an option."""
    state.options.foreign_sync_token_status = option
    calendar = state.add_calendar(ANNA, "CRM")
    state.share(calendar, BOB, "reader")
    token = anna.page(calendar)["nextSyncToken"]
    assert anna.error("GET", PATH, syncToken=token) == (option, reason)
    assert bob.error("GET", event_path(calendar), syncToken=token) == (option, reason)


def test_a_moved_event_leaves_a_stub(anna: Api, state: GoogleState) -> None:
    """Reference, Events: status: an event that changes its organizer leaves a cancelled one with an id only."""
    calendar = state.add_calendar(ANNA, "CRM")
    (event_id,) = fill(state, 1)
    token = anna.page()["nextSyncToken"]
    moved = state.move_event(ANNA, event_id, calendar)
    (stub,) = anna.page(syncToken=token)["items"]
    assert (stub["id"], stub["status"]) == (event_id, "cancelled")
    assert set(anna.get(event_id)) <= {"kind", "etag", "id", "status", "updated"}
    assert anna.get(moved["id"], calendar=calendar)["organizer"] == {
        "email": calendar, "displayName": "CRM", "self": True,
    }  # fmt: skip


def test_ten_thousand_changes(anna: Api, state: GoogleState) -> None:
    token = anna.page()["nextSyncToken"]
    ids = fill(state, 10_000)
    few = "items/id,nextPageToken,nextSyncToken"
    items, new_token, count = anna.all(syncToken=token, maxResults=2500, fields=few)
    assert ([each["id"] for each in items], count) == (ids, 4)
    assert anna.all(maxResults=2500, showDeleted=True, fields=few)[2] == 4
    assert anna.ids(syncToken=new_token) == []
