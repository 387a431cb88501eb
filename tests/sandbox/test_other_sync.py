"""Another two-way sync on the same calendar. "Pipedrive's own calendar sync": support pages on calendar sync."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from include.sandbox.base import Call, SandboxClock
from include.sandbox.google.state import GoogleState
from include.sandbox.other_sync import OtherSync, Titles
from include.sandbox.pipedrive.api_v1 import get_connections
from include.sandbox.pipedrive.auth import Caller
from include.sandbox.pipedrive.state import PipedriveState

ANNA = "anna@acme.example"
AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
TIMED: dict[str, Any] = {"due_date": "2026-11-23", "due_time": "10:00", "duration": "00:45"}


class Office:
    """Anna's Pipedrive and calendar, and somebody's sync between them."""

    def __init__(self, title: Titles = "subject") -> None:
        self.pipedrive, self.google = PipedriveState(SandboxClock()), GoogleState(SandboxClock())
        self.anna = self.pipedrive.add_user("Anna", ANNA)["id"]
        self.google.add_user(ANNA)
        self.calendar = self.google.add_calendar(ANNA, "Sales")
        self.sync = OtherSync(self.pipedrive, self.google, self.anna, self.calendar, title=title)

    def events(self) -> list[dict[str, Any]]:
        return [each for each in self.google.events(self.calendar).values() if each["status"] != "cancelled"]

    def event(self) -> dict[str, Any]:
        (event,) = self.events()
        return event

    def activity(self) -> dict[str, Any]:
        (activity,) = self.pipedrive.live_activities()
        return activity


@pytest.fixture
def office() -> Office:
    return Office()


def test_what_it_does_not_know_is_copied_once(office: Office) -> None:
    office.pipedrive.add_activity("Call", **TIMED)
    office.google.add_event(office.calendar, summary="Lunch", start=AT)
    assert office.sync.run() == {"create event": 1, "create activity": 1}
    assert sorted(each["summary"] for each in office.events()) == ["Call", "Lunch"]
    assert sorted(each["subject"] for each in office.pipedrive.live_activities()) == ["Call", "Lunch"]
    assert office.sync.run() == {}


@pytest.mark.parametrize(
    ("fields", "start", "end"),
    [
        (TIMED, "2026-11-23T11:00:00+01:00", "2026-11-23T11:45:00+01:00"),
        ({**TIMED, "duration": None}, "2026-11-23T11:00:00+01:00", "2026-11-23T11:30:00+01:00"),
        ({**TIMED, "duration": "26:00"}, "2026-11-23T11:00:00+01:00", "2026-11-24T13:00:00+01:00"),
        ({"due_date": "2026-11-23"}, "2026-11-23", "2026-11-24"),
    ],
)
def test_times_of_activities(office: Office, fields: dict[str, Any], start: str, end: str) -> None:
    office.pipedrive.add_activity("Call", **fields)
    office.sync.run()
    shown = [office.event()[side].get("dateTime", office.event()[side].get("date")) for side in ("start", "end")]
    assert shown == [start, end]
    assert office.sync.run() == {}


def test_times_of_events(office: Office) -> None:
    office.google.add_event(office.calendar, summary="Fair", start={"date": "2026-11-23"}, end={"date": "2026-11-26"})
    office.sync.run()
    row = office.activity()
    assert (row["due_date"], row["due_time"], row["duration"]) == ("2026-11-23", None, None)
    assert office.sync.run() == {}
    office.google.edit_event(office.calendar, office.event()["id"], start=AT, end=AT.replace(hour=12, minute=30))
    assert office.sync.run() == {"edit activity": 1}
    row = office.activity()
    assert (row["due_date"], row["due_time"], row["duration"], row["type"]) == (
        "2026-11-23", "10:00", "02:30", "meeting",
    )  # fmt: skip


def test_titles_may_have_the_person() -> None:
    office = Office("subject - person")
    eva = office.pipedrive.add_person("Eva")["id"]
    office.pipedrive.add_activity("Call", person_id=eva, **TIMED)
    office.sync.run()
    assert office.event()["summary"] == "Call - Eva"
    office.google.edit_event(office.calendar, office.event()["id"], summary="Demo - Eva")
    assert office.sync.run() == {"edit activity": 1}
    assert office.activity()["subject"] == "Demo"
    office.pipedrive.edit_activity(office.activity()["id"], subject="Talk")
    assert office.sync.run() == {"edit event": 1}
    assert office.event()["summary"] == "Talk - Eva"
    assert office.sync.run() == {}


def test_edits_are_followed_and_the_activity_wins(office: Office) -> None:
    number = office.pipedrive.add_activity("Call", **TIMED)["id"]
    office.sync.run()
    event = office.event()["id"]
    office.google.edit_event(office.calendar, event, summary="Typed in Google")
    office.pipedrive.edit_activity(number, due_time="12:00")
    assert office.sync.run() == {"edit event": 1}
    assert (office.event()["summary"], office.event()["start"]["dateTime"]) == ("Call", "2026-11-23T13:00:00+01:00")


def test_an_edit_of_the_title_leaves_the_time_alone(office: Office) -> None:
    number = office.pipedrive.add_activity("Call", due_date="2026-11-23", due_time="10:00")["id"]
    office.sync.run()
    office.google.edit_event(office.calendar, office.event()["id"], summary="Typed")
    office.sync.run()
    row = office.pipedrive.activities[number]
    assert (row["subject"], row["due_time"], row["duration"]) == ("Typed", "10:00", None)


def test_deletions_are_followed(office: Office) -> None:
    first = office.pipedrive.add_activity("First", **TIMED)["id"]
    office.pipedrive.add_activity("Second", **TIMED)
    office.sync.run()
    ids = {each["summary"]: each["id"] for each in office.events()}
    office.pipedrive.delete_activity(first)
    office.google.delete_event(office.calendar, ids["Second"])
    assert office.sync.run() == {"delete event": 1, "delete activity": 1}
    assert (office.events(), office.pipedrive.live_activities(), office.sync.pairs) == ([], [], [])


def test_an_edit_beats_a_deletion(office: Office) -> None:
    number = office.pipedrive.add_activity("Call", **TIMED)["id"]
    office.sync.run()
    office.google.delete_event(office.calendar, office.event()["id"])
    office.pipedrive.edit_activity(number, subject="Typed")
    assert office.sync.run() == {"create event": 1}
    assert office.event()["summary"] == "Typed"
    office.google.edit_event(office.calendar, office.event()["id"], summary="Again")
    office.pipedrive.delete_activity(number)
    assert office.sync.run() == {"create activity": 1}
    assert office.activity()["subject"] == "Again"


def test_what_is_left_alone(office: Office) -> None:
    office.pipedrive.add_activity("No date")
    ben = office.pipedrive.add_user("Ben", "ben@acme.example")["id"]
    office.pipedrive.add_activity("Ben's", owner_id=ben, **TIMED)
    start = {"dateTime": "2026-11-23T10:00:00Z", "timeZone": "Europe/Berlin"}
    series = office.google.add_event(office.calendar, summary="Weekly", start=start, recurrence=["RRULE:FREQ=WEEKLY"])
    assert office.sync.run() == {}
    office.google.edit_event(office.calendar, f"{series['id']}_20261130T100000Z", summary="Once")
    assert office.sync.run() == {}


def test_only_its_user_is_told_of_it(office: Office) -> None:
    """Pipedrive OpenAPI v1, /userConnections: of the credential's own user."""
    ben = office.pipedrive.add_user("Ben", "ben@acme.example")["id"]
    call = Call("GET", "/v1/userConnections", ("v1", "userConnections"), {}, {})
    for user, found in ((office.anna, ANNA), (ben, "")):
        assert get_connections(office.pipedrive, Caller(user, "key"), call)["data"] == {"google": found}


def test_two_of_them_never_come_to_rest(office: Office) -> None:
    """The trial of the facts page: with other titles than the first one's, copies are made without end; and where
    both know only their own pairs, each copies what the other one made."""
    second = OtherSync(office.pipedrive, office.google, office.anna, office.calendar, title="subject - person")
    office.pipedrive.add_activity("Call", person_id=office.pipedrive.add_person("Eva")["id"], **TIMED)
    counts = []
    for _ in range(3):
        office.sync.run()
        second.run()
        counts.append(len(office.events()))
    assert counts[0] < counts[1] < counts[2]
