"""calendars and calendarList. Source: Google Calendar API reference, Calendars and CalendarList."""

from __future__ import annotations

from collections.abc import Callable

from include.sandbox.google.auth import SERVICE_ACCOUNT
from include.sandbox.google.state import GoogleState
from tests.sandbox.google.api import ANNA, BOB, TIMED, Api, event_path, path_of

LIST = "users/me/calendarList"


def test_insert_and_get(anna: Api) -> None:
    """Calendars.insert: the creator becomes owner, and it enters his calendar list. It is not idempotent."""
    body = {"summary": "CRM activities", "description": "Text", "timeZone": "Europe/Prague"}
    made = anna.ok("POST", "calendars", body)
    assert made["id"].endswith("@group.calendar.google.com")
    assert (made["kind"], made["dataOwner"]) == ("calendar#calendar", ANNA)
    assert {name: made[name] for name in body} == body
    assert anna.ok("GET", path_of("calendars", made["id"])) == made
    entry = anna.ok("GET", f"{LIST}/{path_of(made['id'])}")
    assert (entry["accessRole"], entry["summary"], "primary" in entry) == ("owner", "CRM activities", False)
    assert anna.ok("POST", "calendars", body)["id"] != made["id"]


def test_bad_calendars(anna: Api) -> None:
    assert anna.error("POST", "calendars", {}) == (400, "required")
    assert anna.error("POST", "calendars", {"summary": "A", "timeZone": "Mars/Base"}) == (400, "invalid")
    assert anna.error("POST", "calendars", {"summary": 5}) == (400, "invalid")
    assert anna.error("POST", "calendars", []) == (400, "parseError")


def test_patch_and_update(anna: Api) -> None:
    made = anna.ok("POST", "calendars", {"summary": "A", "description": "Text"})
    path = path_of("calendars", made["id"])
    patched = anna.ok("PATCH", path, {"summary": "B", "timeZone": "Asia/Tokyo"}, headers={"If-Match": made["etag"]})
    assert (patched["summary"], patched["description"], patched["timeZone"]) == ("B", "Text", "Asia/Tokyo")
    assert anna.error("PATCH", path, {"summary": "C"}, headers={"If-Match": made["etag"]}) == (412, "conditionNotMet")
    assert "description" not in anna.ok("PUT", path, {"summary": "C"})
    assert anna.error("PUT", path, {"description": "x"}) == (400, "required")


def test_delete(anna: Api, state: GoogleState) -> None:
    """Calendars.delete: secondary calendars only."""
    calendar = state.add_calendar(ANNA, "A")
    state.add_event(calendar, **TIMED)
    anna.ok("DELETE", path_of("calendars", calendar))
    assert anna.error("GET", event_path(calendar)) == (404, "notFound")
    assert anna.error("DELETE", path_of("calendars", calendar)) == (404, "notFound")
    assert anna.error("DELETE", "calendars/primary") == (403, "forbidden")


def test_only_the_owner_changes_a_calendar(bob: Api, state: GoogleState) -> None:
    calendar = state.add_calendar(ANNA, "A")
    state.share(calendar, BOB, "writer")
    for verb, body in (("PATCH", {"summary": "B"}), ("PUT", {"summary": "B"}), ("DELETE", None)):
        assert bob.error(verb, path_of("calendars", calendar), body) == (403, "requiredAccessLevel")
    assert bob.ok("GET", path_of("calendars", calendar))["summary"] == "A"


def test_deleting_a_calendar_cancels_the_guests_copies(anna: Api, bob: Api, state: GoogleState) -> None:
    calendar = state.add_calendar(ANNA, "A")
    made = state.add_event(calendar, attendees=[{"email": BOB}], **TIMED)
    assert bob.ids() == [made["id"]]
    anna.ok("DELETE", path_of("calendars", calendar))
    assert bob.ids() == []


def test_the_list(anna: Api, state: GoogleState) -> None:
    """CalendarList.list: entries with accessRole and primary; minAccessRole restricts them."""
    own, read = state.add_calendar(ANNA, "Own"), state.add_calendar(BOB, "Read")
    state.share(read, ANNA, "reader")
    found = anna.ok("GET", LIST)
    assert found["kind"] == "calendar#calendarList"
    assert [(each["id"], each["accessRole"], each.get("primary")) for each in found["items"]] == [
        (ANNA, "owner", True), (own, "owner", None), (read, "reader", None),
    ]  # fmt: skip
    assert [each["id"] for each in anna.ok("GET", LIST, minAccessRole="writer")["items"]] == [ANNA, own]


def test_pages_of_the_list(anna: Api, state: GoogleState) -> None:
    """CalendarList.list: maxResults 100 unless given, at most 250."""
    for n in range(120):
        state.add_calendar(ANNA, f"C{n}")
    first = anna.ok("GET", LIST)
    assert (len(first["items"]), "nextSyncToken" in first) == (100, False)
    rest = anna.ok("GET", LIST, pageToken=first["nextPageToken"])
    assert len(rest["items"]) == 21
    assert rest["nextSyncToken"]
    assert len({each["id"] for each in [*first["items"], *rest["items"]]}) == 121


def test_sync_tokens_of_the_list(anna: Api, state: GoogleState) -> None:
    """CalendarList.list: syncToken: not with minAccessRole, showOwnOrganizationOnly, or the two shows false."""
    token = anna.ok("GET", LIST)["nextSyncToken"]
    calendar = state.add_calendar(ANNA, "New")
    assert [each["id"] for each in anna.ok("GET", LIST, syncToken=token)["items"]] == [calendar]
    for query in ({"minAccessRole": "owner"}, {"showOwnOrganizationOnly": True}, {"showDeleted": False},
                  {"showHidden": False}):  # fmt: skip
        assert anna.error("GET", LIST, syncToken=token, **query) == (400, "invalid")
    assert anna.error("GET", LIST, syncToken="other") == (410, "fullSyncRequired")
    events_token = anna.page()["nextSyncToken"]
    assert anna.error("GET", LIST, syncToken=events_token) == (400, "invalid")


def test_a_calendar_taken_away(anna: Api, bob: Api, state: GoogleState) -> None:
    calendar = state.add_calendar(ANNA, "A")
    state.share(calendar, BOB, "writer")
    entry = f"{LIST}/{path_of(calendar)}"
    assert bob.ok("GET", entry)["accessRole"] == "writer"
    state.share(calendar, BOB, "none")
    assert bob.error("GET", entry) == (404, "notFound")
    assert bob.error("GET", event_path(calendar)) == (404, "notFound")
    assert anna.ok("GET", entry)["id"] == calendar


def test_the_data_owner_is_whoever_inserts(login: Callable[..., Api]) -> None:
    """Calendars.insert: a plain service account becomes the data owner itself."""
    assert login(None).ok("POST", "calendars", {"summary": "A"})["dataOwner"] == SERVICE_ACCOUNT


def test_a_new_time_zone_shows_in_all_events(anna: Api, state: GoogleState) -> None:
    state.add_event(ANNA, **TIMED)
    state.set_time_zone(ANNA, "Asia/Tokyo")
    page = anna.page()
    assert (page["timeZone"], page["items"][0]["start"]) == (
        "Asia/Tokyo", {"dateTime": "2026-11-23T18:00:00+09:00", "timeZone": "Europe/Berlin"},
    )  # fmt: skip
