"""events.list: filters, pages, order, deleted events. Each test names who says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from include.sandbox.google.service import GoogleService
from include.sandbox.google.state import GoogleState
from tests.sandbox.google.api import ANNA, BOB, TIMED, Api, event_path

PATH = event_path("primary")
DAY = datetime(2026, 11, 23, tzinfo=UTC)


def fill(state: GoogleState, count: int) -> list[str]:
    return [state.add_event(ANNA, summary=f"E{n}", start=DAY + timedelta(hours=n))["id"] for n in range(count)]


def test_the_envelope(anna: Api, state: GoogleState) -> None:
    """Reference, Events: list: the calendar's texts, zone and reminders, accessRole, items, and one token."""
    page = anna.page()
    assert page.pop("etag").startswith('"')
    assert page.pop("updated").endswith("Z")
    assert page.pop("nextSyncToken")
    assert page == {
        "kind": "calendar#events", "summary": ANNA, "timeZone": "Europe/Berlin", "accessRole": "owner",
        "defaultReminders": [{"method": "popup", "minutes": 10}], "items": [],
    }  # fmt: skip
    calendar = state.add_calendar(ANNA, "CRM", "Asia/Tokyo")
    anna.ok("PATCH", f"calendars/{calendar}", {"description": "Text"})
    other = anna.page(calendar)
    assert (other["summary"], other["description"], other["timeZone"]) == ("CRM", "Text", "Asia/Tokyo")


def test_pages(anna: Api, state: GoogleState) -> None:
    """Reference, Events.list: maxResults, nextPageToken; only the last page has nextSyncToken."""
    ids = fill(state, 7)
    items, token, count = anna.all(maxResults=3)
    assert [each["id"] for each in items] == ids  # a stable order
    assert token is not None
    assert count == 3
    assert anna.all(maxResults=7)[2] == 1


def test_page_size_defaults_to_250_and_is_at_most_2500(anna: Api, state: GoogleState) -> None:
    """Reference, Events.list: maxResults."""
    fill(state, 2501)
    assert len(anna.page()["items"]) == 250
    page = anna.page(maxResults=99999)
    assert len(page["items"]) == 2500
    assert "nextPageToken" in page


def test_short_and_empty_pages(anna: Api, state: GoogleState) -> None:
    """Reference, Events.list: a page may have fewer events, or none at all, even if there are more."""
    ids = fill(state, 5)
    state.options.page_sizes.extend([2, 0, 0, 1])
    items, token, count = anna.all()
    assert ([each["id"] for each in items], count) == (ids, 5)
    assert token is not None


def test_a_page_token_belongs_to_its_parameters(anna: Api, bob: Api, state: GoogleState) -> None:
    """Reference, Events.list: pageToken; the other parameters stay as they are."""
    fill(state, 3)
    state.share(ANNA, BOB, "reader")
    token = anna.page(maxResults=1)["nextPageToken"]
    assert anna.error("GET", PATH, pageToken=token, showDeleted=True) == (400, "invalid")
    assert anna.error("GET", PATH, pageToken="other") == (400, "invalid")
    assert bob.error("GET", event_path(ANNA), pageToken=token, maxResults=1) == (400, "invalid")
    assert len(anna.ids(pageToken=token, maxResults=2)) == 2  # the page's size may change


def test_pages_are_stable_while_others_write(anna: Api, state: GoogleState) -> None:
    """No event is passed over because others change, come or go between two pages."""
    ids = fill(state, 6)
    first = anna.page(maxResults=2)
    state.delete_event(ANNA, ids[0])
    state.edit_event(ANNA, ids[1], summary="changed")
    state.edit_event(ANNA, ids[4], summary="changed")
    added = state.add_event(ANNA, start=DAY)["id"]
    rest, token, _ = anna.all(maxResults=2, pageToken=first["nextPageToken"])
    assert [each["id"] for each in rest] == [*ids[2:], added]
    # The sync token stands for the time of the first page: what changed since then comes again.
    assert set(anna.ids(syncToken=token)) == {ids[0], ids[1], ids[4], added}


def test_time_bounds(anna: Api, state: GoogleState) -> None:
    """Reference, Events.list: timeMin bounds the end, timeMax the start, both exclusive; ms are ignored."""
    early = state.add_event(ANNA, start=DAY, end=DAY + timedelta(hours=1))["id"]
    late = state.add_event(ANNA, start=DAY + timedelta(hours=1), end=DAY + timedelta(hours=2))["id"]
    assert anna.ids(timeMin="2026-11-23T01:00:00Z") == [late]
    assert anna.ids(timeMin="2026-11-23T02:00:00.999+01:00") == [late]
    assert anna.ids(timeMin="2026-11-23T00:59:59Z") == [early, late]
    assert anna.ids(timeMax="2026-11-23T01:00:00Z") == [early]
    assert anna.ids(timeMax="2026-11-23T01:00:01Z") == [early, late]
    both = {"timeMin": "2026-11-23T01:00:00Z", "timeMax": "2026-11-23T01:00:00Z"}
    assert anna.error("GET", PATH, **both) == (400, "timeRangeEmpty")


def test_all_day_events_begin_at_midnight_in_the_calendars_zone(anna: Api, state: GoogleState) -> None:
    event_id = state.add_event(ANNA, start=DAY.date())["id"]
    assert anna.ids(timeMax="2026-11-22T23:00:00Z") == []
    assert anna.ids(timeMin="2026-11-23T22:59:59Z", timeMax="2026-11-23T23:00:00Z") == [event_id]
    assert anna.ids(timeMin="2026-11-23T23:00:00Z") == []


def test_deleted_events(anna: Api, state: GoogleState) -> None:
    """Reference, Events: status: listed only with showDeleted, syncToken or updatedMin; only id is guaranteed."""
    ids = fill(state, 4)
    token = anna.page()["nextSyncToken"]
    for event_id in ids[:2]:
        state.delete_event(ANNA, event_id)
    assert anna.ids() == ids[2:]
    assert anna.ids(showDeleted=True) == ids
    assert anna.ids(updatedMin=DAY.replace(month=11, day=1).isoformat()) == ids
    stubs = anna.page(syncToken=token)["items"]
    assert [set(each) - {"updated"} for each in stubs] == [{"kind", "etag", "id", "status"}] * 2
    assert {each["status"] for each in stubs} == {"cancelled"}
    assert sorted("updated" in each for each in stubs) == [False, True]  # often it is missing (measured)
    state.options.cancelled_details = True
    assert [each["summary"] for each in anna.page(syncToken=token)["items"]] == ["E0", "E1"]


def test_updated_min(anna: Api, state: GoogleState, google: GoogleService) -> None:
    """Reference, Events.list: updatedMin; guide "Handle API errors": 410 updatedMinTooLongAgo (measured: 29 days)."""
    old, new = fill(state, 2)
    google.clock.advance(3600)
    state.edit_event(ANNA, new, summary="changed")
    since = google.clock.now() - timedelta(seconds=60)
    assert anna.ids(updatedMin=since.isoformat()) == [new]
    state.delete_event(ANNA, old)
    assert anna.ids(updatedMin=since.isoformat(), showDeleted=False) == [old, new]
    too_old = (google.clock.now() - timedelta(days=29, minutes=1)).isoformat()
    error = anna.send("GET", PATH, updatedMin=too_old).json()["error"]
    assert error["code"] == 410
    assert error["errors"][0]["location"] == "updatedMin"
    assert error["errors"][0]["reason"] == "updatedMinTooLongAgo"


def test_order(anna: Api, state: GoogleState) -> None:
    """Reference, Events.list: orderBy: startTime only with singleEvents; updated ascending."""
    ids = [state.add_event(ANNA, start=DAY + timedelta(hours=n), updated=DAY + timedelta(days=(n * 7) % 5))["id"]
           for n in (3, 1, 2)]  # fmt: skip
    assert anna.ids(singleEvents=True, orderBy="startTime") == [ids[1], ids[2], ids[0]]
    assert anna.ids(orderBy="updated") == [ids[0], ids[1], ids[2]]
    assert anna.error("GET", PATH, orderBy="startTime") == (400, "invalid")
    items, token, count = anna.all(singleEvents=True, orderBy="startTime", maxResults=1)
    assert ([each["id"] for each in items], token, count) == ([ids[1], ids[2], ids[0]], None, 3)


@pytest.mark.parametrize("query", ["umbau", "UMBAU berlin", "halle 7", "eve@elsewhere", "müller", "plan"])
def test_text_search(anna: Api, state: GoogleState, query: str) -> None:
    """Reference, Events.list: q: summary, description, location, names and e-mails of attendees and organizer."""
    guest = {"email": "eve@elsewhere.example", "displayName": "Eve Müller"}
    found = state.add_event(
        ANNA, start=DAY, summary="Umbau Berlin", location="Halle 7", description="Plan", attendees=[guest]
    )
    state.add_event(ANNA, start=DAY, summary="Berlin")
    assert anna.ids(q=query) == [found["id"]]


def test_extended_property_search(anna: Api, state: GoogleState) -> None:
    """Reference, Events.list: privateExtendedProperty, sharedExtendedProperty: all given constraints match."""
    both = state.add_event(ANNA, start=DAY, extendedProperties={"private": {"a": "1", "b": "x=y"}})["id"]
    one = state.add_event(ANNA, start=DAY, extendedProperties={"private": {"a": "1"}, "shared": {"a": "2"}})["id"]
    state.add_event(ANNA, start=DAY)
    assert anna.ids(privateExtendedProperty="a=1") == [both, one]
    assert anna.ids(privateExtendedProperty=["a=1", "b=x=y"]) == [both]
    assert anna.ids(sharedExtendedProperty="a=2") == [one]
    assert anna.ids(privateExtendedProperty="a=2") == []


def test_icaluid_and_event_types(anna: Api, state: GoogleState) -> None:
    """Reference, Events.list: iCalUID; eventTypes, repeatable."""
    plain = state.add_event(ANNA, start=DAY)
    away = state.add_event(ANNA, start=DAY, eventType="outOfOffice")
    mail = state.add_event(ANNA, start=DAY, eventType="fromGmail")
    assert anna.ids(iCalUID=plain["iCalUID"]) == [plain["id"]]
    assert anna.ids(eventTypes="outOfOffice") == [away["id"]]
    assert anna.ids(eventTypes=["default", "fromGmail"]) == [plain["id"], mail["id"]]
    assert len(anna.ids()) == 3


@pytest.mark.parametrize(
    ("role", "sees", "writes"),
    [
        ("freeBusyReader", "times", False),
        ("reader", "public", False),
        ("writerWithoutPrivateAccess", "public", True),
        ("writer", "all", True),
        ("owner", "all", True),
    ],
)
def test_roles(bob: Api, state: GoogleState, role: str, sees: str, writes: bool) -> None:
    """Reference, Acl: role; 403 requiredAccessLevel for writes."""
    state.share(ANNA, BOB, role)
    public = state.add_event(ANNA, start=DAY, summary="Public")["id"]
    private = state.add_event(ANNA, start=DAY, summary="Private", visibility="private")["id"]
    page = bob.page(ANNA)
    shown: dict[str, Any] = {each["id"]: each.get("summary") for each in page["items"]}
    assert page["accessRole"] == role
    assert shown == {public: "Public" if sees != "times" else None, private: "Private" if sees == "all" else None}
    assert all({"start", "end", "status"} <= set(each) for each in page["items"])
    path = event_path(ANNA, public)
    if writes:
        bob.patch(public, {"summary": "B"}, calendar=ANNA)
        bob.insert(calendar=ANNA)
    else:
        for verb, where, body in (("POST", event_path(ANNA), TIMED), ("PATCH", path, {}), ("PUT", path, TIMED),
                                  ("DELETE", path, None)):  # fmt: skip
            assert bob.error(verb, where, body) == (403, "requiredAccessLevel")
    if role == "writerWithoutPrivateAccess":
        assert bob.error("PATCH", event_path(ANNA, private), {}) == (403, "requiredAccessLevel")


def test_no_access_is_404(bob: Api, state: GoogleState) -> None:
    """Guide "Handle API errors": 404: the calendar does not exist, or it is not accessible."""
    event_id = state.add_event(ANNA, start=DAY)["id"]
    event = event_path(ANNA, event_id)
    for path in (event_path(ANNA), event, f"calendars/{ANNA}", "calendars/none"):
        assert bob.error("GET", path) == (404, "notFound")
    assert bob.error("DELETE", event) == (404, "notFound")
