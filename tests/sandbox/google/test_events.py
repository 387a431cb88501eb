"""events.insert, get, patch and update: what is taken, what is shown. Each test names who says so."""

from __future__ import annotations

import re
from typing import Any

import pytest

from include.sandbox.google.service import GoogleService
from include.sandbox.google.state import GoogleState
from tests.sandbox.google.api import ALL_DAY, ANNA, BOB, TIMED, Api, event_path

PATH = event_path("primary")


def test_insert_fills_in_what_the_client_may_not_set(anna: Api, google: GoogleService) -> None:
    """Reference, Events: kind, etag, htmlLink, created, updated, creator, organizer are read-only."""
    google.clock.freeze()
    body = {
        "summary": "Call",
        "creator": {"email": "x@y.example"},
        "kind": "other",
        "updated": "2020-01-01T00:00:00.000Z",
    }
    made = anna.insert(body)
    assert made["kind"] == "calendar#event"
    assert re.fullmatch(r'"\d+"', made["etag"])
    assert re.fullmatch("[a-v0-9]{26}", made["id"])
    assert made["iCalUID"] == f"{made['id']}@google.com"
    assert made["creator"] == made["organizer"] == {"email": ANNA, "self": True}
    assert made["htmlLink"].startswith("https://www.google.com/calendar/event?eid=")
    stamp = google.clock.now().strftime("%Y-%m-%dT%H:%M:%S.") + f"{google.clock.now().microsecond // 1000:03d}Z"
    assert made["created"] == made["updated"] == stamp
    assert (made["status"], made["sequence"], made["eventType"]) == ("confirmed", 0, "default")
    assert anna.get(made["id"]) == made


def test_defaults_are_left_out(anna: Api) -> None:
    """Reference, Events: default values; the live service omits them."""
    sent = {
        "transparency": "opaque", "visibility": "default", "guestsCanModify": False, "guestsCanInviteOthers": True,
        "guestsCanSeeOtherGuests": True, "summary": "", "description": "", "location": "",
        "extendedProperties": {"private": {}}, "attendees": [],
    }  # fmt: skip
    assert not set(sent) & set(anna.insert(sent))
    changed = {
        "transparency": "transparent",
        "visibility": "private",
        "guestsCanModify": True,
        "guestsCanInviteOthers": False,
    }
    made = anna.insert(changed)
    assert {name: made[name] for name in changed} == changed


@pytest.mark.parametrize("event_id", ["abcd", "abcdw", "ABCDE", "ab-cd", "abc_d", "x" * 10, "a" * 1025, "ábcde", ""])
def test_own_ids_are_base32hex_of_5_to_1024(anna: Api, event_id: str) -> None:
    """Reference, Events: id."""
    assert anna.error("POST", PATH, {**TIMED, "id": event_id}) == (400, "invalid")


@pytest.mark.parametrize("event_id", ["abcde", "0123456789abcdefghijklmnopqrstuv", "a" * 1024])
def test_good_own_ids(anna: Api, event_id: str) -> None:
    assert anna.insert({"id": event_id})["id"] == event_id


def test_an_id_in_use_is_409_also_by_a_deleted_event(anna: Api) -> None:
    """Guide "Handle API errors": 409 duplicate; deleted events keep their ids (widely reported)."""
    anna.insert({"id": "abcde"})
    assert anna.error("POST", PATH, {**TIMED, "id": "abcde"}) == (409, "duplicate")
    anna.delete("abcde")
    answer = anna.send("POST", PATH, {**TIMED, "id": "abcde"})
    assert answer.json()["error"]["message"] == "The requested identifier already exists."
    assert answer.status_code == 409


def test_ids_are_unique_per_calendar_only(anna: Api, state: GoogleState) -> None:
    anna.insert({"id": "abcde"})
    anna.insert({"id": "abcde"}, calendar=state.add_calendar(ANNA, "CRM"))


def test_id_and_icaluid_exclude_each_other(anna: Api) -> None:
    """Reference, Events: only one of them should be supplied at event creation time."""
    assert anna.error("POST", PATH, {**TIMED, "id": "abcde", "iCalUID": "a@b"}) == (400, "invalid")
    assert anna.insert({"iCalUID": "a@b"})["iCalUID"] == "a@b"
    assert anna.error("POST", PATH, {**TIMED, "iCalUID": "a@b"}) == (409, "duplicate")


# ---- times


@pytest.mark.parametrize(
    ("change", "reason", "message"),
    [
        ({"start": None}, "required", "Missing start time."),
        ({"end": None}, "required", "Missing end time."),
        ({"start": {}}, "required", "Missing start time."),
        ({"start": {"dateTime": "2026-11-23T10:00:00"}}, "required", "Missing time zone definition for start time."),
        ({"end": {"dateTime": "2026-11-23T10:00:00"}}, "required", "Missing time zone definition for end time."),
        ({"start": {"dateTime": "2026-11-23 10:00:00+01:00"}}, "invalid", "Invalid start time."),
        ({"start": {"dateTime": "2026-11-23T10:00+01:00"}}, "invalid", "Invalid start time."),
        ({"start": {"dateTime": "2026-02-30T10:00:00Z"}}, "invalid", "Invalid start time."),
        ({"start": {"date": "2026-11-23T00:00:00Z"}}, "invalid", "Invalid start time."),
        ({"start": {"date": "2026-11-23"}}, "invalid", "Invalid start time."),
        ({"start": {"date": "2026-11-23", "dateTime": "2026-11-23T10:00:00Z"}}, "invalid", "Invalid start time."),
        ({"start": {"dateTime": "2026-11-23T10:00:00", "timeZone": "Berlin"}}, "invalid",
         "Invalid time zone definition for start time."),
        ({"end": {"dateTime": "2026-11-23T08:59:59Z"}}, "timeRangeEmpty", "The specified time range is empty."),
        ({"start": {"date": "2026-11-23"}, "end": {"date": "2026-11-22"}}, "timeRangeEmpty",
         "The specified time range is empty."),
    ],
)  # fmt: skip
def test_bad_times(anna: Api, change: dict[str, Any], reason: str, message: str) -> None:
    """Reference, EventDateTime: RFC 3339 with offset or timeZone; guide "Handle API errors": timeRangeEmpty."""
    error = anna.send("POST", PATH, {**TIMED, **change}).json()["error"]
    assert (error["code"], error["errors"][0]["reason"], error["message"]) == (400, reason, message)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"dateTime": "2026-11-23T09:00:00Z"}, {"dateTime": "2026-11-23T10:00:00+01:00", "timeZone": "Europe/Berlin"}),
        ({"dateTime": "2026-11-23T10:00:00", "timeZone": "Asia/Kathmandu"},
         {"dateTime": "2026-11-23T05:15:00+01:00", "timeZone": "Asia/Kathmandu"}),
        ({"dateTime": "2026-11-23T09:00:00Z", "timeZone": "Europe/Prague"},
         {"dateTime": "2026-11-23T10:00:00+01:00", "timeZone": "Europe/Prague"}),
        ({"dateTime": "2026-11-23T09:00:00.999Z"},
         {"dateTime": "2026-11-23T10:00:00+01:00", "timeZone": "Europe/Berlin"}),
        ({"dateTime": "2026-03-29T02:30:00", "timeZone": "Europe/Berlin"},
         {"dateTime": "2026-03-29T03:30:00+02:00", "timeZone": "Europe/Berlin"}),
        ({"dateTime": "2026-10-25T01:30:00Z"}, {"dateTime": "2026-10-25T02:30:00+01:00", "timeZone": "Europe/Berlin"}),
        ({"date": "2026-11-23", "timeZone": "Europe/Berlin"}, {"date": "2026-11-23"}),
    ],
)  # fmt: skip
def test_times_are_shown_in_the_calendars_zone(anna: Api, sent: dict[str, str], shown: dict[str, str]) -> None:
    """Reference, Events: the instant counts; answers use the calendar's zone (parameter timeZone: another)."""
    assert anna.insert({"start": sent, "end": sent})["start"] == shown


def test_the_time_zone_parameter(anna: Api) -> None:
    event_id = anna.insert()["id"]
    assert anna.get(event_id, timeZone="UTC")["start"]["dateTime"] == "2026-11-23T09:00:00Z"
    page = anna.page(timeZone="America/St_Johns")
    assert page["items"][0]["start"] == {"dateTime": "2026-11-23T05:30:00-03:30", "timeZone": "Europe/Berlin"}
    assert page["timeZone"] == "America/St_Johns"


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2028-02-29", "1970-01-01"])
def test_far_and_leap_days(anna: Api, day: str) -> None:
    start = {"dateTime": f"{day}T23:30:00-03:00"}
    assert anna.insert({"start": start, "end": start})["start"]["dateTime"]


def test_all_day_and_timed_are_switched_with_nulls(anna: Api) -> None:
    """Reference, Events.patch: nested objects merge, so the other member has to be sent as null."""
    event_id = anna.insert()["id"]
    assert anna.error("PATCH", event_path("primary", event_id), ALL_DAY) == (400, "invalid")
    both = {"start": {"date": "2026-11-23", "dateTime": None, "timeZone": None},
            "end": {"date": "2026-11-25", "dateTime": None, "timeZone": None}}  # fmt: skip
    assert anna.patch(event_id, both)["start"] == {"date": "2026-11-23"}
    back = {"start": {"date": None, **TIMED["start"]}, "end": {"date": None, **TIMED["end"]}}
    assert anna.patch(event_id, back)["end"] == TIMED["end"]


def test_zero_length_is_taken(anna: Api) -> None:
    """Commonly seen on the live service."""
    assert anna.insert({"end": TIMED["start"]})["end"] == TIMED["start"]


def test_end_time_unspecified(anna: Api) -> None:
    """Reference, Events: endTimeUnspecified: an end time is still provided."""
    made = anna.insert({"end": None, "endTimeUnspecified": True})
    assert (made["end"], made["endTimeUnspecified"]) == (made["start"], True)


# ---- patch and update


def test_patch_merges_recursively_and_null_deletes(anna: Api) -> None:
    """Guide "Improve performance: Patch": fields only, objects merge, null removes."""
    properties = {"private": {"a": "1", "b": "2"}, "shared": {"s": "3"}}
    event_id = anna.insert({"summary": "A", "location": "B", "extendedProperties": properties})["id"]
    patch = {"location": None, "extendedProperties": {"private": {"a": None, "c": "4"}}}
    made = anna.patch(event_id, patch)
    assert made["summary"] == "A"
    assert "location" not in made
    assert made["extendedProperties"] == {"private": {"b": "2", "c": "4"}, "shared": {"s": "3"}}
    cleared = anna.patch(event_id, {"extendedProperties": {"private": {"b": None, "c": None}, "shared": None}})
    assert "extendedProperties" not in cleared


def test_patch_replaces_arrays(anna: Api) -> None:
    """Reference, Events.patch: array fields, if specified, overwrite the existing arrays."""
    guests = [{"email": "a@x.example", "responseStatus": "accepted"}, {"email": "b@x.example"}]
    event_id = anna.insert({"attendees": guests})["id"]
    made = anna.patch(event_id, {"attendees": [{"email": "b@x.example"}, {"email": "c@x.example"}]})
    assert [each["email"] for each in made["attendees"]] == ["b@x.example", "c@x.example"]
    assert anna.patch(event_id, {"attendees": [{"email": "c@x.example"}]})["attendees"] == [
        {"email": "c@x.example", "responseStatus": "needsAction"}
    ]


def test_update_replaces_the_whole_resource(anna: Api) -> None:
    """Reference, Events.update: no patch semantics, the entire resource is updated."""
    body = {"summary": "A", "location": "B", "colorId": "5", "extendedProperties": {"private": {"a": "1"}},
            "reminders": {"useDefault": False}, "transparency": "transparent", "status": "tentative"}  # fmt: skip
    before = anna.insert(body)
    after = anna.update(before["id"], {**ALL_DAY, "summary": "C"})
    kept = ("kind", "id", "htmlLink", "created", "creator", "organizer", "iCalUID", "eventType")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert set(after) == {*kept, "etag", "updated", "status", "summary", "start", "end", "sequence", "reminders"}
    assert (after["status"], after["reminders"], after["start"]) == (
        "confirmed",
        {"useDefault": True},
        ALL_DAY["start"],
    )
    assert anna.error("PUT", event_path("primary", before["id"]), {"summary": "D"}) == (400, "required")


def test_event_type_is_immutable(anna: Api) -> None:
    """Reference, Events: eventType cannot be modified after the event is created; fromGmail cannot be created."""
    event_id = anna.insert()["id"]
    assert anna.error("PATCH", event_path("primary", event_id), {"eventType": "outOfOffice"}) == (400, "invalid")
    assert anna.error("POST", PATH, {**TIMED, "eventType": "fromGmail"}) == (400, "invalid")


@pytest.mark.parametrize("kind", ["outOfOffice", "focusTime"])
def test_status_events_are_timed_and_in_the_primary_calendar(anna: Api, state: GoogleState, kind: str) -> None:
    """Guide "Manage focus time, out of office, and working location events"."""
    made = anna.insert({"eventType": kind, f"{kind}Properties": {"autoDeclineMode": "declineNone"}})
    assert made["eventType"] == kind
    assert anna.update(made["id"], {**TIMED, f"{kind}Properties": {"declineMessage": "x"}})["eventType"] == kind
    assert anna.error("POST", PATH, {**ALL_DAY, "eventType": kind}) == (400, "invalid")
    other = state.add_calendar(ANNA, "CRM")
    assert anna.error("POST", event_path(other), {**TIMED, "eventType": kind}) == (400, "invalid")
    assert anna.error("POST", PATH, {**TIMED, f"{kind}Properties": {}, "eventType": "default"}) == (400, "invalid")


def test_sequence_grows_with_a_new_time_and_a_stale_one_is_refused(anna: Api) -> None:
    """RFC 5545, 3.8.7.4; the refusal was measured on the live service."""
    event_id = anna.insert()["id"]
    assert anna.patch(event_id, {"summary": "B"})["sequence"] == 0
    assert anna.patch(event_id, {"end": {"dateTime": "2026-11-23T12:00:00+01:00"}})["sequence"] == 1
    error = anna.send("PATCH", event_path("primary", event_id), {"sequence": 0}).json()["error"]
    assert error["code"] == 400
    assert error["message"].startswith("Invalid sequence value. The specified sequence number is below the current")
    assert anna.patch(event_id, {"sequence": 7})["sequence"] == 7


def test_reminders_leave_updated_alone(anna: Api, google: GoogleService) -> None:
    """Reference, Events: updated: updating event reminders does not change it. The etag moves."""
    google.clock.freeze()
    before = anna.insert()
    google.clock.advance(5)
    after = anna.patch(
        before["id"], {"reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": 5}]}}
    )
    assert after["updated"] == before["updated"]
    assert after["etag"] != before["etag"]
    assert anna.patch(before["id"], {"summary": "B"})["updated"] != before["updated"]


@pytest.mark.parametrize(
    "reminders",
    [
        {"overrides": [{"method": "popup", "minutes": n} for n in range(6)]},
        {"overrides": [{"method": "popup", "minutes": 40321}]},
        {"overrides": [{"method": "sms", "minutes": 1}]},
        {"useDefault": True, "overrides": [{"method": "popup", "minutes": 1}]},
    ],
)
def test_bad_reminders(anna: Api, reminders: dict[str, Any]) -> None:
    """Reference, Events: reminders: at most 5 overrides, 0 to 40320 minutes, email or popup."""
    assert anna.error("POST", PATH, {**TIMED, "reminders": reminders})[0] == 400


# ---- extended properties, source, conference


def test_extended_properties_are_dropped_and_cut_silently(anna: Api) -> None:
    """Guide "Extended properties": keys over 44 characters are dropped, values over 1024 characters cut."""
    properties = {"k" * 44: "v" * 1024, "k" * 45: "gone", "long": "ä" * 1025}
    made = anna.insert({"extendedProperties": {"private": properties, "shared": {"y" * 45: "gone"}}})
    assert made["extendedProperties"] == {"private": {"k" * 44: "v" * 1024, "long": "ä" * 1024}}


def test_extended_properties_have_limits_in_total(anna: Api) -> None:
    """Guide "Extended properties": up to 300 properties totalling 32 kB per event."""
    for private in (
        {f"k{n}": "v" for n in range(301)},
        {f"k{n}": "v" * 1020 for n in range(33)},
        {"a": 5},
        {"a": ["x"]},
    ):
        assert anna.error("POST", PATH, {**TIMED, "extendedProperties": {"private": private}}) == (400, "invalid")


def test_source_is_seen_by_its_creator_only(anna: Api, bob: Api, state: GoogleState) -> None:
    """Reference, Events: source: can only be seen or modified by the creator of the event; http or https."""
    state.share(ANNA, BOB, "writer")
    source = {"title": "CRM", "url": "https://crm.example/1"}
    event_id = anna.insert({"source": source})["id"]
    assert anna.get(event_id)["source"] == source
    assert "source" not in bob.get(event_id, calendar=ANNA)
    assert anna.error("POST", PATH, {**TIMED, "source": {"url": "ftp://crm.example"}}) == (400, "invalid")


def test_conference_needs_its_version(anna: Api) -> None:
    """Reference, Events.insert: conferenceDataVersion: version 0 ignores conference data in the body."""
    request = {"createRequest": {"requestId": "r1", "conferenceSolutionKey": {"type": "hangoutsMeet"}}}
    assert "conferenceData" not in anna.insert({"conferenceData": request})
    made = anna.insert({"conferenceData": request}, conferenceDataVersion=1)
    assert made["conferenceData"]["createRequest"]["status"] == {"statusCode": "success"}
    assert made["conferenceData"]["entryPoints"][0]["uri"] == made["hangoutLink"]
    kept = anna.update(made["id"], {**TIMED, "conferenceData": None})
    assert (kept["conferenceData"], kept["hangoutLink"]) == (made["conferenceData"], made["hangoutLink"])
    gone = anna.patch(made["id"], {"conferenceData": None}, conferenceDataVersion=1)
    assert not {"conferenceData", "hangoutLink"} & set(gone)
