"""What a changed setting would remove counts for the guard like any deletion (law 8)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.test_types import pairs
from tests.flows.world import ANNA, World

LIMITS: dict[str, Any] = {"max_delete_count": 2, "max_delete_ratio": 0.2}


def done(world: World) -> None:
    for activity in world.activities():
        world.pipedrive.edit_activity(activity["id"], done=True)
    world.green()


@pytest.mark.parametrize(
    ("setting", "told"),
    [({"activity_types": ["meeting"]}, "activity_types"), ({"done": "remove"}, "done")],
    ids=["types", "done"],
)
def test_removals_by_a_setting_are_held_and_say_so(world: World, setting: dict[str, Any], told: str) -> None:
    world.anna_is(**LIMITS)
    pairs(world, 5)
    done(world)
    before = {event["id"] for event in world.events()}
    world.anna_is(**setting)
    summary = world.sync()
    assert "5 deletions held" in str(summary.failure)
    assert f"5 because of a changed setting: {told}" in str(summary.failure)
    assert summary.result["accounts"]["anna"]["events"]["held"] == 5
    for _ in range(2):
        with world.requests():
            assert world.green()["events"]["held"] == 5
        assert world.writes() == 0
    assert {event["id"] for event in world.events()} == before


@pytest.mark.parametrize("setting", [{"activity_types": ["meeting"]}, {"done": "remove"}], ids=["types", "done"])
def test_raised_limits_let_them_go(world: World, setting: dict[str, Any]) -> None:
    world.anna_is(**LIMITS)
    pairs(world, 5)
    done(world)
    world.anna_is(**setting)
    assert world.sync().failure
    world.anna_is(max_delete_count=5)
    assert world.green()["events"]["deleted"] == 5
    assert (world.events(), len(world.activities())) == ([], 5)
    world.assert_quiet()


@pytest.mark.parametrize(
    ("setting", "back"),
    [({"activity_types": ["meeting"]}, {"activity_types": None}), ({"done": "remove"}, {"done": "keep"})],
    ids=["types", "done"],
)
def test_the_setting_taken_back_ends_the_hold(world: World, setting: dict[str, Any], back: dict[str, Any]) -> None:
    world.anna_is(**LIMITS)
    pairs(world, 5)
    done(world)
    world.anna_is(**setting)
    assert world.sync().failure
    activity = world.activities()[0]
    world.pipedrive.edit_activity(activity["id"], subject="Edited meanwhile")
    world.green()
    world.anna_is(**back)
    seen = world.green()
    assert (seen["events"]["held"], {link.state for link in world.links()}) == (0, {"active"})
    assert "Edited meanwhile" in {event["summary"] for event in world.events()}
    assert len(world.events()) == 5
    world.assert_quiet()


def test_an_event_that_was_deleted_while_its_removal_was_held(world: World) -> None:
    world.anna_is(**LIMITS)
    pairs(world, 5)
    world.anna_is(activity_types=["meeting"])
    assert world.sync().failure
    world.google.delete_event(world.calendar, world.events()[0]["id"])
    assert world.green()["events"]["held"] == 4
    assert (len(world.activities()), len(world.links())) == (5, 4)


def test_an_activity_that_was_deleted_while_its_removal_was_held(world: World) -> None:
    world.anna_is(**LIMITS)
    pairs(world, 5)
    world.anna_is(activity_types=["meeting"])
    assert world.sync().failure
    world.pipedrive.options.list_deleted = True
    world.pipedrive.delete_activity(world.activities()[0]["id"])
    assert world.green()["events"]["held"] == 4
    assert (len(world.activities()), len(world.events())) == (4, 4)


def test_edits_in_pipedrive_are_no_setting(world: World) -> None:
    """Marking activities as done where done ones are removed, or giving them another type, is daily work."""
    world.anna_is(**LIMITS, done="remove", activity_types=["call", "task"])
    pairs(world, 6)
    for number, activity in enumerate(world.activities()):
        change = {"done": True} if number % 2 else {"type": "meeting"}
        world.pipedrive.edit_activity(activity["id"], **change)
    assert world.green()["events"]["deleted"] == 6


def test_removals_by_settings_add_up_with_deletions_over_a_day(world: World) -> None:
    world.anna_is(**LIMITS)
    pairs(world, 6)
    world.pipedrive.edit_activity(world.activities()[0]["id"], done=True)
    world.pipedrive.edit_activity(world.activities()[1]["id"], done=True)
    world.green()
    world.anna_is(done="remove")
    assert world.green()["events"]["deleted"] == 2
    world.google.delete_event(world.calendar, world.events()[0]["id"])
    assert "after 2 in the last 24 hours" in str(world.sync().failure)


def test_another_calendar_takes_only_so_many_along(world: World) -> None:
    world.anna_is(**LIMITS)
    pairs(world, 5)
    old, new = world.calendar, world.google.add_calendar(ANNA, "New")
    world.anna_is(calendar=new)
    summary = world.sync()
    assert "5 because of a changed setting: calendar" in str(summary.failure)
    for _ in range(2):
        world.assert_quiet()
    assert (len(world.events(old)), len(world.events(new))) == (5, 0)
    world.anna_is(max_delete_count=5)
    for _ in range(2):
        world.green()
    assert (len(world.events(old)), len(world.events(new))) == (0, 5)
    world.assert_quiet()


def test_what_waits_in_another_calendar_waits_though_nobody_looks_at_it(world: World) -> None:
    world.anna_is(**LIMITS)
    pairs(world, 5)
    world.anna_is(calendar=world.google.add_calendar(ANNA, "New"))
    assert world.sync().failure
    for _ in range(3):
        world.pass_time(600)
        world.green()
    assert len(world.events()) == 5


def test_the_calendar_taken_back_ends_the_hold(world: World) -> None:
    world.anna_is(**LIMITS)
    pairs(world, 5)
    old, new = world.calendar, world.google.add_calendar(ANNA, "New")
    world.anna_is(calendar=new)
    assert world.sync().failure
    world.anna_is(calendar=old)
    assert world.green()["events"]["held"] == 0
    assert {link.state for link in world.links()} == {"active"}
    assert (len(world.events(old)), len(world.events(new))) == (5, 0)
    world.pipedrive.edit_activity(world.activities()[0]["id"], subject="Edited")
    assert world.green()["events"]["updated"] == 1
    world.assert_quiet()


def test_types_that_another_account_takes_over_count_too(world: World) -> None:
    world.anna_is(**LIMITS)
    pairs(world, 5)
    world.anna_is(activity_types=["meeting"])
    other = world.google.add_calendar(ANNA, "Calls")
    world.account(name="calls", pipedrive_user=ANNA, google_user=ANNA, calendar=other, activity_types=["call"])
    assert "5 because of a changed setting: activity_types" in str(world.sync().failure)
    assert (len(world.events()), len(world.events(other))) == (5, 0)
