"""A time zone that Google does not know, as it is new there: times stay right, and it is told once."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.flows.judging import settled
from tests.flows.test_isolation import aside
from tests.flows.world import ANNA, World, day


@pytest.fixture
def refused(world: World) -> None:
    world.google.options.refused_zones.add("Europe/Berlin")


def test_events_are_written_in_utc(world: World, refused: None, caplog: pytest.LogCaptureFixture) -> None:
    world.green()
    for number in range(3):
        world.activity(f"Call {number}", due_date=day(1 + number))
    with world.requests():
        anna = world.green()
    assert anna["events"]["created"] == 3
    assert 4 <= world.writes() <= 6  # what is under way when the first is refused is sent twice, too
    starts = {event["start"]["dateTime"] for event in world.events()}
    assert all(start.startswith(day(1 + number)) for number, start in enumerate(sorted(starts)))
    assert {event["start"]["timeZone"] for event in world.events()} == {"UTC"}
    assert aside(world) == []
    told = {record.getMessage() for record in caplog.records if "refuses Europe/Berlin" in record.getMessage()}
    assert len(told) == 1
    assert "account anna: set `time_zone`" in told.pop()
    settled(world)


def test_a_moved_activity_of_an_event_in_a_refused_zone(world: World) -> None:
    world.green()
    activity = world.activity("Call")
    world.green()
    world.google.options.refused_zones.add("Europe/Berlin")
    world.pipedrive.edit_activity(activity["id"], due_time="15:00")
    world.green()
    start = world.the_event()["start"]
    assert start["timeZone"] == "UTC"
    assert datetime.fromisoformat(start["dateTime"]) == datetime.fromisoformat(f"{day(1)}T15:00:00+00:00")
    settled(world)


def test_what_is_refused_for_something_else_is_told_as_that(world: World, refused: None) -> None:
    """The second refusal does not hide the first."""
    world.google.options.refused_zones.add("UTC")
    world.green()
    world.activity("Call")
    summary = world.sync()
    assert summary.failure is not None
    assert "quarantine" in summary.failure
    assert len(aside(world)) == 1


def test_a_calendar_is_created_all_the_same(world: World, refused: None) -> None:
    world.anna_is(calendar={"create": "Pipedrive"}, google_user=ANNA)
    world.green()
    world.activity("Call")
    world.green()
    (made,) = (each for each in world.google.calendars.values() if each.summary == "Pipedrive")
    assert made.time_zone == "UTC"
    assert [event["summary"] for event in world.events(made.id)] == ["Call"]
