"""What the state machine found, each as the shortest story that showed it."""

from __future__ import annotations

from typing import Any

import pytest

from include.sandbox.faults import Fault
from tests.flows.world import World, day
from tests.laws.meanwhile import before_request


def logged(world: World, action: str) -> Any:
    (row,) = [row for row in world.changes() if row.action == action]
    return row


@pytest.mark.parametrize("late", [False, True], ids=["before the run", "in the middle of it"])
def test_an_edit_of_an_event_that_leaves_with_its_activity_is_logged(world: World, late: bool) -> None:
    """The event goes with its activity's date; what somebody typed into it meanwhile stays in the change log."""
    world.green()
    row = world.activity("Call", location="Bar")
    world.green()
    world.pipedrive.edit_activity(row["id"], due_date=None, due_time=None, duration=None)
    event = world.the_event()
    if not late:
        world.edit_event(event, location="Room 7")
    with before_request(0 if late else -9, lambda: world.edit_event(event, location="Room 7"), "^DELETE "):
        world.green()
    assert world.events() == []
    assert logged(world, "remove_event").before["location"] == "Room 7"


@pytest.mark.parametrize("at_once", [False, True], ids=["later", "in the same minutes"])
def test_an_activity_gets_its_date_back_after_its_authors_event_was_deleted(world: World, at_once: bool) -> None:
    """Without a date the pair rests, so the deletion reaches nobody; with one the activity needs an event again."""
    world.green()
    author = world.event("Lunch", location="Bar")
    world.green()
    activity = world.the_activity()
    world.pipedrive.edit_activity(activity["id"], due_date=None, due_time=None, duration=None)
    world.green()
    world.google.delete_event(world.calendar, author["id"])
    if not at_once:
        world.green()
    assert world.the_activity()["id"] == activity["id"]
    world.pipedrive.edit_activity(activity["id"], due_date=day(2), due_time="10:00")
    world.green()
    assert world.the_event()["summary"] == "Lunch"
    assert world.the_event()["location"] == "Bar"
    world.assert_quiet()


def test_what_a_run_sets_aside_is_read_again_whatever_its_clocks_say(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task that opened the run may have a clock ahead of the one that set an item aside."""
    world.green()
    row = world.activity("Call")
    world.green()
    now = world.clock()
    monkeypatch.setattr(world, "clock", lambda: now)
    world.edit_event(world.the_event(), location="Moon")
    world.pipedrive.delete_activity(row["id"])
    world.green()  # the event's edit has to wait until the deletion is proven
    world.green()
    assert world.the_activity()["location"]["value"] == "Moon"
    world.assert_quiet()


@pytest.mark.parametrize("to_timed", [True, False], ids=["all-day to timed", "timed to all-day"])
def test_an_unset_busy_follows_a_time_that_is_changed_in_google(world: World, to_timed: bool) -> None:
    """`busy` unset means busy if timed and free if all-day; the event shows what that means for the new time."""
    world.green()
    world.activity("Call", **({"due_time": None, "duration": None} if to_timed else {}))
    world.green()
    assert (world.the_event().get("transparency") == "transparent") is to_timed
    times = {name: {"dateTime": f"{day(2)}T{at}:00Z"} for name, at in (("start", "10:00"), ("end", "11:00"))}
    days = {"start": {"date": day(2)}, "end": {"date": day(3)}}
    world.edit_event(world.the_event(), **(times if to_timed else days))
    world.green()
    assert world.the_activity()["due_time"] == ("10:00" if to_timed else None)
    assert world.the_activity()["busy"] is None
    assert (world.the_event().get("transparency") == "transparent") is not to_timed
    world.assert_quiet()


def test_a_colleague_gets_an_activity_even_if_his_account_failed_meanwhile(world: World) -> None:
    """What left one account waits for the other until that one has read it, not until the next run is over."""
    bert, calendar = world.add_colleague("bert")
    world.green()
    row = world.activity("Call")
    world.green()
    world.pipedrive.edit_activity(row["id"], owner_id=bert)
    world.pass_time(400)
    world.green()
    assert world.events() == []
    listing = Fault("status", method="GET", path=f"{calendar}/events$", status=403, reason="forbidden")
    world.sandbox.google.faults.add(listing)
    assert "bert" in (world.sync().failure or "")
    world.pass_time(400)
    world.green()
    assert world.the_event(calendar)["summary"] == "Call"
    world.assert_quiet()


def test_what_was_edited_and_hidden_before_a_run_saw_it_comes_with_the_next_comparison(world: World) -> None:
    """Who may see it again edits nothing, so its stamp is older than the watermark: no listing of changes has it."""
    row = world.activity("Old")
    world.pass_time(7200)
    world.green()
    world.pipedrive.edit_activity(row["id"], location="Bar")
    world.pipedrive.hide(world.anna, "activity", [row["id"]])
    world.pass_time(400)
    world.green()
    world.pipedrive.unhide(world.anna)
    world.green()
    assert world.events() == []
    assert world.reconcile().failure is None
    assert world.the_event()["location"] == "Bar"
    world.assert_quiet()
