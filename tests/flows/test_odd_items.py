"""One item that is like nothing a service should send: it is that item's trouble alone, on both databases (law 6)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from include.sandbox.server import Sandbox
from tests.flows.world import World, day
from tests.store.conftest import Databases, all_databases, databases

__all__ = ["all_databases", "databases"]

UID = "\x004\x0b\x002"
DEEP: Any = "x"
for _ in range(50):
    DEEP = [DEEP]

# Members of one event, and whether it is synced all the same.
EVENTS: dict[str, tuple[dict[str, Any], bool]] = {
    "start is a list": ({"start": []}, False),
    "start is text": ({"start": "2026-12-01"}, False),
    "start is null": ({"start": None}, False),
    "start has a number": ({"start": {"dateTime": 5}}, False),
    "start has a list": ({"start": {"date": ["2026-12-01"]}}, False),
    "end is a number": ({"end": 7}, False),
    "end has an object": ({"end": {"dateTime": {}}}, False),
    "year 0": ({"start": {"date": "0000-01-01"}, "end": {"date": "0000-01-02"}}, False),
    "year 10000": ({"start": {"date": "10000-01-01"}, "end": {"date": "10000-01-02"}}, False),
    "last day of the calendar": ({"start": {"date": "9999-12-31"}, "end": None}, True),
    "last hour of the calendar": (
        {"start": {"dateTime": "9999-12-31T23:30:00Z"}, "end": {"dateTime": "9999-12-31T23:59:00Z"}},
        True,
    ),
    "after the last hour": (
        {"start": {"dateTime": "9999-12-31T23:30:00-12:00"}, "end": {"dateTime": "9999-12-31T23:59:00-12:00"}},
        False,
    ),
    "first hour of the calendar": (
        {"start": {"dateTime": "0001-01-01T00:30:00+14:00"}, "end": {"dateTime": "0001-01-01T01:00:00+14:00"}},
        False,
    ),
    "summary is a number": ({"summary": 5}, True),
    "summary is a list": ({"summary": ["Odd"]}, False),
    "description is an object": ({"description": {"text": "Odd"}}, False),
    "location is a deep list": ({"location": DEEP}, False),
    "attendees is text": ({"attendees": "anna"}, False),
    "attendees are lists": ({"attendees": [["anna"], None, 5]}, True),
    "attendee's address is a list": ({"attendees": [{"email": ["a@x.example"]}]}, False),
    "organizer is text": ({"organizer": "anna"}, False),
    "properties are a list": ({"extendedProperties": [1]}, False),
    "private properties are text": ({"extendedProperties": {"private": "calsyncActivityId"}}, False),
    "visibility is a number": ({"visibility": 5}, True),
    "recurrence is a number": ({"recurrence": 5}, False),
    "series is a list": ({"recurringEventId": ["a"]}, False),
    "original start is text": ({"recurringEventId": "abc", "originalStartTime": "soon"}, False),
    "original start means nothing": ({"recurringEventId": "abc", "originalStartTime": {"date": "soon" * 50}}, True),
    "original start in year 1": (
        {"recurringEventId": "abc", "originalStartTime": {"dateTime": "0001-01-01T00:00:00+14:00"}},
        True,
    ),
    "updated is an object": ({"updated": {}}, False),
    "updated means nothing": ({"updated": "soon"}, True),
    "created is in year 1": ({"created": "0001-01-01T00:00:00+14:00"}, True),
    "video call is text": ({"conferenceData": {"entryPoints": "x"}}, False),
    "entry points are numbers": ({"conferenceData": {"entryPoints": [1, None]}}, True),
    "color is a list": ({"colorId": []}, False),
    "etag is long": ({"etag": '"' + "x" * 5000 + '"'}, True),
    "iCalUID has control characters": ({"iCalUID": UID}, True),
    "iCalUID has a lone surrogate": ({"iCalUID": "a\ud800"}, True),
    "iCalUID is long": ({"iCalUID": "x" * 3000}, True),
    "iCalUID has blanks": ({"iCalUID": "a b c"}, True),
    "iCalUID is an object": ({"iCalUID": {}}, False),
    "iCalUID is a number": ({"iCalUID": 42}, True),
    "series has control characters": (
        {"recurringEventId": "a\x00", "iCalUID": UID, "originalStartTime": {"date": day(1)}},
        True,
    ),
    "text with NUL": ({"summary": "A\x00b", "description": "\ud800", "location": "\x1f"}, True),
    "unknown number that is none": ({"extra": float("nan"), "more": [float("inf")]}, True),
}
ACTIVITIES: dict[str, tuple[dict[str, Any], bool]] = {
    "date is a list": ({"due_date": ["2026-12-01"]}, False),
    "date is a number": ({"due_date": 20261201}, False),
    "year 0": ({"due_date": "0000-00-00"}, False),
    "year 10000": ({"due_date": "10000-01-01"}, False),
    "last day of the calendar": ({"due_date": "9999-12-31", "due_time": None, "duration": None}, False),
    "last hour of the calendar": ({"due_date": "9999-12-31", "due_time": "23:59", "duration": None}, False),
    "first hour of the calendar": ({"due_date": "0001-01-01", "due_time": "00:00"}, True),
    "time is a number": ({"due_time": 900}, False),
    "duration is an object": ({"duration": {}}, False),
    "duration of 99:99": ({"duration": "99:99"}, True),
    "duration of words": ({"duration": "an hour"}, False),
    "duration without end": ({"duration": "9" * 30 + ":00"}, False),
    "subject is a number": ({"subject": 5}, True),
    "subject is a list": ({"subject": ["Odd"]}, False),
    "subject has NUL": ({"subject": "A\x00b\ud800"}, True),
    "type is an object": ({"type": {"key": "call"}}, False),
    "note is a deep list": ({"note": DEEP}, False),
    "location is a list": ({"location": []}, False),
    "location's value is a number": ({"location": {"value": 5}}, True),
    "participants are text": ({"participants": "anna"}, False),
    "participants are numbers": ({"participants": [1, None]}, True),
    "deal is an object": ({"deal_id": {"value": 1}}, False),
    "deal is text": ({"deal_id": "first"}, False),
    "person is beyond all ids": ({"person_id": 2**70}, False),
    "done is text": ({"done": "yes"}, False),
    "busy is a list": ({"busy": []}, False),
    "update time means nothing": ({"update_time": "soon"}, True),
    "unknown number that is none": ({"extra": float("nan")}, True),
}


@pytest.fixture(params=["sqlite", "postgresql"])
def odd_world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    url = f"sqlite:///{tmp_path / 'calsync.db'}"
    if request.param == "postgresql":
        store: Databases = request.getfixturevalue("databases")
        url = store.migrated("postgresql")
    with Sandbox(seed=1) as sandbox:
        world = World(sandbox, tmp_path, url)
        yield world
        world.engine.dispose()


def test_odd_events_are_alone(odd_world: World) -> None:
    """All of them in one calendar, beside one that is fine: whoever is synced, nobody stops the others."""
    world = odd_world
    world.green()
    made = {name: world.event(name) for name in EVENTS}
    for name, (members, _) in EVENTS.items():
        world.google.distort_event(world.calendar, made[name]["id"], **members)
    world.event("Fine")
    world.activity("Call")
    summary = world.sync()
    anna = summary.result["accounts"]["anna"]
    assert (anna["state"], anna["events"]["created"]) == ("ok", 1)
    linked = {link.event_id for link in world.links()}
    assert {name: made[name]["id"] in linked for name in EVENTS} == {name: well for name, (_, well) in EVENTS.items()}
    assert {"Fine", "Call"} <= {row["subject"] for row in world.activities()}


def test_odd_activities_are_alone(odd_world: World) -> None:
    world = odd_world
    world.green()
    made = {name: world.activity(name) for name in ACTIVITIES}
    for name, (members, _) in ACTIVITIES.items():
        world.pipedrive.put_raw_activity(made[name]["id"], **members)
    world.event("Fine")
    world.activity("Call")
    summary = world.sync()
    anna = summary.result["accounts"]["anna"]
    assert (anna["state"], anna["activities"]["created"]) == ("ok", 1)
    linked = {link.activity_id for link in world.links()}
    wanted = {name: well for name, (_, well) in ACTIVITIES.items()}
    assert {name: made[name]["id"] in linked for name in ACTIVITIES} == wanted
    assert "Call" in {row["summary"] for row in world.events()}
