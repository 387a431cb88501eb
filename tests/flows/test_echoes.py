"""What comes again, late, in another order or under another clock is no edit (F301-F305, F401, F402, F405, F506)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from include.sandbox.faults import Fault
from tests.flows.judging import mapping_of, settled
from tests.flows.killing import before_request
from tests.flows.world import World, day


def pairs(world: World) -> tuple[int, str]:
    """One pair of each origin, at rest; ids of the one that was born in Pipedrive."""
    world.green()
    world.event("Lunch")
    activity = world.activity("Call", public_description="<b>Agenda</b>")
    world.green()
    settled(world)
    world.pass_time(600)
    return activity["id"], next(row.event_id for row in world.links() if row.activity_id == activity["id"])


def test_ten_runs_after_own_writes_write_nothing(world: World) -> None:
    activity_id, event_id = pairs(world)
    world.pipedrive.edit_activity(activity_id, due_time="17:00")
    world.google.edit_event(world.calendar, event_id, location="Bar")
    world.green()
    known = mapping_of(world)
    for _ in range(10):
        world.pass_time(300)
        world.assert_quiet()
    assert mapping_of(world) == known


@pytest.mark.parametrize("full", [False, True])
def test_touched_rows_are_not_written(world: World, full: bool) -> None:
    pairs(world)
    world.pipedrive.touch_activities()
    world.google.touch_events(world.calendar)
    for _ in range(2):
        with world.requests() as seen:
            world.green(full=full)
        assert world.writes() == 0, seen


def test_an_older_version_does_not_overwrite_a_newer_one(world: World) -> None:
    """The listing still shows what was there before the edit that the run before has synced."""
    activity_id, event_id = pairs(world)
    (old,) = [dict(row) for row in world.activities() if row["id"] == activity_id]
    world.pipedrive.edit_activity(activity_id, due_time="17:00")
    world.green()
    stale = {"success": True, "data": [old], "additional_data": {"next_cursor": None}}
    world.sandbox.pipedrive.faults.add(Fault("json", method="GET", path="/activities$", body=stale))
    world.green()
    assert world.sandbox.pipedrive.faults.struck
    settled(world)
    assert world.pipedrive.activities[activity_id]["due_time"] == "17:00"
    event = world.google.event(world.calendar, event_id)
    assert event["start"]["dateTime"][11:16] in ("18:00", "19:00")


@pytest.mark.parametrize("google", [-600, 600])
@pytest.mark.parametrize("pipedrive", [-600, 600])
def test_clocks_that_disagree_lose_and_repeat_nothing(world: World, pipedrive: int, google: int) -> None:
    world.sandbox.pipedrive.clock.advance(pipedrive)
    world.sandbox.google.clock.advance(google)
    activity_id, event_id = pairs(world)
    for minute in range(3):
        world.pipedrive.edit_activity(activity_id, due_time=f"17:{minute:02}")
        world.google.edit_event(world.calendar, event_id, location=f"Bar {minute}")
        world.green()
        assert world.pipedrive.activities[activity_id]["location"]["value"] == f"Bar {minute}"
        assert world.google.event(world.calendar, event_id)["start"]["dateTime"][14:16] == f"{minute:02}"
        world.assert_quiet()
        world.pass_time(60)
    late = world.event("Late")
    world.activity("Late too", due_date=day(3))
    world.green()
    assert len(world.activities()) == len(world.events()) == len(world.links()) == 4, late["id"]
    world.assert_quiet()


def test_two_edits_in_one_second_around_a_run_are_both_seen(world: World) -> None:
    """The second edit comes after the listing was read, within the second that the cursor is set to."""
    activity_id, event_id = pairs(world)
    for service in (world.sandbox.pipedrive, world.sandbox.google):
        service.clock.freeze()
    world.pipedrive.edit_activity(activity_id, due_time="17:00")
    world.google.edit_event(world.calendar, event_id, location="Bar")

    def again() -> None:
        world.pipedrive.edit_activity(activity_id, public_description="Cheaper")
        world.google.edit_event(world.calendar, event_id, transparency="transparent")

    with before_request("PATCH", event_id, again):
        world.green()
    for service in (world.sandbox.pipedrive, world.sandbox.google):
        service.clock.unfreeze()
    settled(world)
    activity, event = world.pipedrive.activities[activity_id], world.google.event(world.calendar, event_id)
    assert (activity["due_time"], activity["location"]["value"], activity["busy"]) == ("17:00", "Bar", False)
    assert event["description"].startswith("Cheaper")
    assert event["transparency"] == "transparent"


ZONES: dict[str, Callable[[World], Any]] = {
    "calendar": lambda world: world.google.set_time_zone(world.calendar, "Asia/Kathmandu"),
    "user": lambda world: world.pipedrive.edit_user(world.anna, timezone_name="America/New_York"),
    "account": lambda world: world.anna_is(time_zone="Australia/Lord_Howe"),
}


@pytest.mark.parametrize("whose", ZONES)
def test_a_changed_time_zone_writes_nothing(world: World, whose: str) -> None:
    pairs(world)
    ZONES[whose](world)
    world.pass_time(timedelta(days=2).total_seconds())  # facts about users are read anew once a day
    for full in (False, True, False):
        with world.requests() as seen:
            world.green(full=full)
        assert world.writes() == 0, seen


def test_large_notes_by_the_page_cost_no_more_requests(world: World) -> None:
    """A page of 500, with notes of 60 KB: as many requests as pages, and none of it is sent again."""
    world.anna_is(mode="to_google", activity_types=["task"])
    world.green()
    note = "Words and more words. " * 2800
    for number in range(501):
        world.activity(f"Visit {number}", due_date=day(2 + number % 300), note="" if number % 10 else note)
    with world.requests() as seen:
        world.green(full=True)
    assert seen["GET activities.list"] == 2
    assert sum(seen.values()) <= 4
    world.assert_quiet()
