"""The state as tests use it: edits as a person makes them in the UI, and what is judged by."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from include.sandbox.google.errors import GoogleError
from include.sandbox.google.service import GoogleService
from include.sandbox.google.state import GoogleState
from tests.sandbox.google.api import ANNA, BOB, EVE, TIMED, Api

DAY = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_add_event_takes_times_of_python(state: GoogleState) -> None:
    timed = state.add_event(ANNA, start=DAY)
    assert timed["start"] == {"dateTime": "2026-11-23T10:00:00+01:00", "timeZone": "Europe/Berlin"}
    assert timed["end"]["dateTime"] == "2026-11-23T10:30:00+01:00"
    all_day = state.add_event(ANNA, start=date(2026, 11, 23))
    assert (all_day["start"], all_day["end"]) == ({"date": "2026-11-23"}, {"date": "2026-11-24"})
    with pytest.raises(ValueError, match="aware"):
        state.add_event(ANNA, start=DAY.replace(tzinfo=None))


def test_add_event_goes_past_the_rules_where_a_calendar_may_hold_it(state: GoogleState, anna: Api) -> None:
    old = datetime(2020, 1, 1, tzinfo=UTC)
    made = state.add_event(
        ANNA, start=DAY, id="Imported-UID_1", eventType="fromGmail", status="tentative", created=old, updated=old,
        organizer={"email": EVE},
    )  # fmt: skip
    assert (made["id"], made["iCalUID"]) == ("Imported-UID_1", "Imported-UID_1@google.com")
    assert (made["created"], made["updated"]) == ("2020-01-01T00:00:00.000Z",) * 2
    assert (made["eventType"], made["status"], made["organizer"]) == ("fromGmail", "tentative", {"email": EVE})
    assert anna.page()["items"] == [made]
    with pytest.raises(ValueError, match="exists"):
        state.add_event(ANNA, start=DAY, id="Imported-UID_1")


def test_edits_in_the_ui_bump_etag_updated_and_sequence(google: GoogleService, state: GoogleState) -> None:
    google.clock.freeze()
    made = state.add_event(ANNA, start=DAY, summary="A")
    google.clock.advance(5)
    edited = state.edit_event(ANNA, made["id"], summary="B", location=None)
    assert edited["etag"] > made["etag"]
    assert edited["updated"] > made["updated"]
    moved = state.edit_event(ANNA, made["id"], start=date(2026, 11, 24), end=date(2026, 11, 26))
    assert (moved["sequence"], moved["start"], moved["summary"]) == (1, {"date": "2026-11-24"}, "B")
    state.delete_event(ANNA, made["id"])
    assert state.events(ANNA)[made["id"]]["status"] == "cancelled"
    assert state.events(ANNA)[made["id"]]["summary"] == "B"
    with pytest.raises(GoogleError, match="deleted"):
        state.delete_event(ANNA, made["id"])


def test_etags_are_never_repeated(google: GoogleService, state: GoogleState) -> None:
    google.clock.freeze()
    made = state.add_event(ANNA, start=DAY)
    etags = [state.edit_event(ANNA, made["id"], summary=str(n))["etag"] for n in range(50)]
    google.clock.advance(-3600)
    etags += [state.edit_event(ANNA, made["id"], summary=str(n))["etag"] for n in range(50)]
    assert len({made["etag"], *etags}) == 101


def test_what_the_state_hands_out_is_a_copy(state: GoogleState) -> None:
    made = state.add_event(ANNA, start=DAY, extendedProperties={"private": {"a": "1"}})
    made["extendedProperties"]["private"]["a"] = "2"
    state.events(ANNA)[made["id"]]["extendedProperties"]["private"]["a"] = "3"
    assert state.event(ANNA, made["id"])["extendedProperties"] == {"private": {"a": "1"}}


def test_a_persons_copy_carries_private_properties(state: GoogleState) -> None:
    made = state.add_event(ANNA, start=DAY, summary="A", extendedProperties={"private": {"a": "1"}})
    copy = state.duplicate_event(ANNA, made["id"])
    assert copy["id"] != made["id"]
    assert copy["iCalUID"] != made["iCalUID"]
    assert (copy["summary"], copy["extendedProperties"]) == ("A", made["extendedProperties"])


def test_touched_events_change_in_nothing_but_stamps(anna: Api, state: GoogleState) -> None:
    before = [state.add_event(ANNA, start=DAY, summary=f"E{n}") for n in range(3)]
    token = anna.page()["nextSyncToken"]
    state.touch_events(ANNA)
    after = anna.page(syncToken=token)["items"]
    assert [each["etag"] for each in after] != [each["etag"] for each in before]
    for old, new in zip(before, after, strict=True):
        assert {**old, "etag": "", "updated": ""} == {**new, "etag": "", "updated": ""}


def test_distorted_events(google: GoogleService, state: GoogleState) -> None:
    """Records that no client could write: read without the check against the schema, which they break."""
    made = state.add_event(ANNA, start=DAY, summary="A")
    poison = {"summary": "lone \ud83d surrogate", "eventType": "party", "start": None, "extra": {"x": [1]}}
    state.distort_event(ANNA, made["id"], **poison)
    shown = Api(google, ANNA).session.get(f"{google.url}/calendar/v3/calendars/primary/events", timeout=10).json()
    (item,) = shown["items"]
    assert (item["summary"], item["eventType"], item["extra"]) == (poison["summary"], "party", {"x": [1]})
    assert "start" not in item


def test_credentials_for_another_process(google: GoogleService, state: GoogleState) -> None:
    given = google.backend.credentials()
    assert given["api_endpoint"] == google.url
    assert given["users"] == [ANNA, BOB]
    assert given["service_account_key"] == state.service_account_key()
    assert given["service_account_key"]["token_uri"] == f"{google.url}/token"
    json.dumps(given)


def test_roles_are_checked(state: GoogleState) -> None:
    with pytest.raises(ValueError, match="role must be one of"):
        state.share(ANNA, BOB, "editor")


def test_ten_thousand_events_come_and_go_quickly(google: GoogleService, anna: Api, state: GoogleState) -> None:
    """Work per write does not grow with the calendar, nor that of an incremental listing."""
    for n in range(10_000):
        state.add_event(ANNA, start=DAY + timedelta(hours=n))
    token = anna.page(fields="nextSyncToken", maxResults=2500, pageToken=_last_page(anna))["nextSyncToken"]
    started = datetime.now(UTC)
    for n in range(20):
        anna.patch(anna.insert({**TIMED, "id": f"abcde{n}"})["id"], {"summary": "B"})
        assert len(anna.ids(syncToken=token)) == n + 1
    assert datetime.now(UTC) - started < timedelta(seconds=10)


def _last_page(api: Api) -> str:
    token = ""
    while True:
        query = {"pageToken": token} if token else {}
        page = api.page(fields="nextPageToken,nextSyncToken", maxResults=2500, **query)
        if "nextSyncToken" in page:
            return token
        token = page["nextPageToken"]
