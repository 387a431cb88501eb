"""Deletions, both ways: proven, guarded, never an echo of our own."""

from __future__ import annotations

from typing import Any

import pytest

from include.sandbox.faults import Fault
from tests.flows.world import World, day


def pairs(world: World, count: int = 1, **fields: object) -> None:
    """So many linked pairs, born in Pipedrive."""
    world.green()
    for number in range(count):
        world.activity(f"Call {number}", **fields)
    world.green()


def test_a_deleted_event_deletes_its_activity(world: World) -> None:
    pairs(world)
    world.google.delete_event(world.calendar, world.the_event()["id"])
    assert world.green()["activities"]["deleted"] == 1
    assert world.activities() == []
    assert world.links() == []
    world.assert_quiet()


@pytest.mark.parametrize("answer", ["404", "410", "200"])
def test_a_deleted_activity_deletes_its_event_within_three_runs(world: World, answer: str) -> None:
    world.pipedrive.options.get_deleted = answer
    pairs(world, 3)
    world.pipedrive.delete_activity(world.activities()[1]["id"])
    for _ in range(3):
        world.green()
    assert [event["summary"] for event in world.events()] == ["Call 0", "Call 2"]
    world.assert_quiet()


def test_a_write_to_the_event_does_not_end_the_doubt_about_its_activity(world: World) -> None:
    pairs(world)
    world.pipedrive.delete_activity(world.the_activity()["id"])
    world.edit_event(world.the_event(), summary="")  # which is restored
    world.green()
    world.green()
    assert world.events() == []


def test_a_listed_deletion_is_honoured_at_once(world: World) -> None:
    world.pipedrive.options.list_deleted = True
    pairs(world)
    world.pipedrive.delete_activity(world.the_activity()["id"])
    assert world.green()["events"]["deleted"] == 1
    assert world.events() == []


def hide(world: World) -> None:
    """The activity is not found any more. What the credential may do has changed as well: two 404s prove nothing."""
    world.pipedrive.hide(world.anna, "activity", [world.the_activity()["id"]])
    world.green()
    world.pipedrive.edit_user(world.anna, role_id=99)
    assert "they may be hidden" in str(world.sync().failure)


def test_lost_visibility_is_no_deletion(world: World) -> None:
    pairs(world)
    hide(world)
    world.green()
    assert len(world.events()) == 1
    world.pipedrive.unhide(world.anna)
    world.green()
    assert [link.state for link in world.links()] == ["active"]
    assert len(world.events()) == 1
    world.assert_quiet()


def test_an_event_that_is_edited_while_its_activity_is_hidden_reaches_it_later(world: World) -> None:
    pairs(world)
    hide(world)
    world.edit_event(world.the_event(), location="Bonn")
    for _ in range(2):
        world.pass_time(300)
        world.green()
    assert [link.state for link in world.links()] == ["held"]
    world.pipedrive.unhide(world.anna)
    for _ in range(2):
        world.pass_time(300)
        world.green()
    assert [link.state for link in world.links()] == ["active"]
    assert world.the_activity()["location"]["value"] == "Bonn"
    world.assert_quiet()


@pytest.mark.parametrize(("rule", "left", "done"), [("delete", 0, None), ("done", 1, True), ("keep", 1, False)])
def test_what_a_deleted_event_does_to_its_activity(world: World, rule: str, left: int, done: bool | None) -> None:
    world.anna_is(on_event_deleted=rule)
    pairs(world)
    world.google.delete_event(world.calendar, world.the_event()["id"])
    world.green()
    assert len(world.activities()) == left
    if left:
        assert world.the_activity()["done"] is done
        world.pipedrive.edit_activity(world.the_activity()["id"], subject="Edited later")
        world.green()
        assert world.events() == [], "later edits never re-create the partner"
        world.upload()
        assert world.the_event()["summary"] == "Edited later", "only an upload does"
        world.upload()
        assert len(world.events()) == 1
    world.assert_quiet()


def test_a_kept_event_of_a_deleted_activity(world: World) -> None:
    world.anna_is(on_activity_deleted="keep")
    pairs(world)
    world.pipedrive.delete_activity(world.the_activity()["id"])
    for _ in range(3):
        world.green()
    assert len(world.events()) == 1
    world.edit_event(world.the_event(), location="Later")
    world.green()
    assert world.activities() == []
    world.upload(direction="to_pipedrive")
    assert world.the_activity()["location"]["value"] == "Later"
    world.assert_quiet()


def test_an_edited_event_beats_the_deletion_of_its_activity(world: World) -> None:
    pairs(world)
    gone = world.the_activity()["id"]
    world.pipedrive.delete_activity(gone)
    world.edit_event(world.the_event(), location="Moved here")
    for _ in range(3):
        world.green()
    assert world.the_activity()["id"] != gone
    assert world.the_activity()["location"]["value"] == "Moved here"
    assert len(world.events()) == 1
    world.assert_quiet()


def test_an_edited_activity_beats_the_deletion_of_its_event(world: World) -> None:
    pairs(world)
    gone = world.the_event()["id"]
    world.google.delete_event(world.calendar, gone)
    world.pipedrive.edit_activity(world.the_activity()["id"], subject="Still on")
    world.green()
    assert world.the_event()["id"] != gone
    assert world.the_event()["summary"] == "Still on"
    assert len(world.activities()) == 1
    world.assert_quiet()


def test_deleted_on_both_sides(world: World) -> None:
    pairs(world)
    world.google.delete_event(world.calendar, world.the_event()["id"])
    world.pipedrive.delete_activity(world.the_activity()["id"])
    for _ in range(2):
        world.green()
    assert world.links() == []
    world.assert_quiet()


def test_a_lost_date_takes_the_event_along_and_brings_it_back(world: World) -> None:
    pairs(world)
    activity = world.the_activity()["id"]
    world.pipedrive.edit_activity(activity, due_date=None, due_time=None)
    assert world.green()["events"]["deleted"] == 1
    assert world.events() == []
    for _ in range(2):
        world.assert_quiet()
    assert len(world.activities()) == 1, "our own removal is an echo, never a deletion"
    world.pipedrive.edit_activity(activity, due_date=day(4), due_time="10:00")
    world.green()
    assert len(world.events()) == 1
    world.assert_quiet()


def test_a_lost_date_leaves_an_event_born_in_google(world: World) -> None:
    world.green()
    world.event("Lunch")
    world.green()
    activity = world.the_activity()["id"]
    world.pipedrive.edit_activity(activity, due_date=None, due_time=None)
    world.green()
    assert world.the_event()["summary"] == "Lunch"
    world.assert_quiet()
    world.pipedrive.edit_activity(activity, due_date=day(4), due_time="10:00", duration="01:00")
    world.green()
    assert world.the_event()["start"]["dateTime"].startswith(day(4))
    assert len(world.activities()) == 1
    world.assert_quiet()


def test_an_activity_given_to_a_colleague_leaves_the_calendar(world: World) -> None:
    ben = world.pipedrive.add_user("Ben", "ben@acme.example", "Europe/Berlin")["id"]
    pairs(world)
    world.pipedrive.edit_activity(world.the_activity()["id"], owner_id=ben)
    world.green()
    assert world.events() == []
    assert len(world.activities()) == 1
    world.assert_quiet()


def test_a_type_that_is_not_shown_leaves_the_calendar(world: World) -> None:
    world.anna_is(activity_types=["call"])
    pairs(world)
    world.pipedrive.edit_activity(world.the_activity()["id"], type="task")
    world.green()
    assert world.events() == []
    world.pipedrive.edit_activity(world.the_activity()["id"], type="call")
    world.green()
    assert len(world.events()) == 1
    world.assert_quiet()


# The guard.


def test_too_many_deletions_are_held_and_the_rest_goes_on(world: World) -> None:
    world.anna_is(max_delete_count=2, max_delete_ratio=0.5)
    pairs(world, 5)
    for event in world.events()[:4]:
        world.google.delete_event(world.calendar, event["id"])
    world.activity("New one")
    summary = world.sync()
    assert summary.failure is not None
    assert "4 deletions held" in summary.failure
    assert "anna" in summary.failure
    seen = summary.result["accounts"]["anna"]
    assert seen["activities"]["held"] == 4
    assert seen["events"]["created"] == 1
    assert len(world.activities()) == 6
    for _ in range(2):
        world.assert_quiet()
    assert len(world.activities()) == 6


@pytest.mark.parametrize("rule", ["delete", "done"])
def test_what_deleted_events_do_to_activities_counts_as_deletions(world: World, rule: str) -> None:
    world.anna_is(max_delete_count=1, max_delete_ratio=0.1, on_event_deleted=rule)
    pairs(world, 3)
    for event in world.events():
        world.google.delete_event(world.calendar, event["id"])
    assert "3 deletions held" in str(world.sync().failure)
    assert [row["done"] for row in world.activities()] == [False] * 3
    world.assert_quiet()


def test_a_restored_event_ends_its_hold(world: World) -> None:
    world.anna_is(max_delete_count=0, max_delete_ratio=0.1)
    pairs(world, 2)
    event = world.events()[0]
    world.google.delete_event(world.calendar, event["id"])
    assert world.sync().failure
    world.edit_event(event, status="confirmed", location="Back again")
    world.green()
    assert {(row["location"] or {}).get("value") for row in world.activities()} == {None, "Back again"}
    assert {row.state for row in world.links()} == {"active"}
    world.assert_quiet()


@pytest.mark.parametrize("edit", [{"subject": "Still wanted"}, {"done": True}], ids=["subject", "done"])
def test_an_edit_of_an_activity_whose_event_is_gone_ends_its_hold(world: World, edit: dict[str, Any]) -> None:
    """What the hold saw of the event still holds, although no listing shows it again: the edit wins, in a new event."""
    world.anna_is(max_delete_count=1, max_delete_ratio=0.1)
    world.green()
    events = [world.event(f"Lunch {number}") for number in range(3)]
    world.green()
    for event in events:
        world.google.delete_event(world.calendar, event["id"])
    world.sync()
    activity_id = world.links()[0].activity_id
    world.pipedrive.edit_activity(activity_id, **edit)
    world.sync()
    (link,) = [link for link in world.links() if link.activity_id == activity_id]
    assert link.state == "active"
    assert [event["id"] for event in world.events()] == [link.event_id]


def test_a_deletion_that_was_begun_may_be_held(world: World) -> None:
    """It failed half way, and then too many others came: it is held with them, and goes with them."""
    world.anna_is(max_delete_count=1, max_delete_ratio=0.1)
    pairs(world, 8)
    events = world.events()
    world.google.delete_event(world.calendar, events[0]["id"])
    world.sandbox.pipedrive.faults.add(Fault("status", status=503, method="DELETE", times=0))
    world.sync()
    assert [link.state for link in world.links()].count("removing") == 1
    world.sandbox.pipedrive.faults.clear()
    for event in events[1:4]:
        world.google.delete_event(world.calendar, event["id"])
    world.pass_time(4000)
    assert "4 deletions held" in str(world.sync().failure)
    world.assert_quiet()
    world.anna_is(max_delete_count=5)
    world.green()
    assert (len(world.activities()), len(world.links())) == (4, 4)
    world.assert_quiet()


def test_changed_limits_let_a_hold_go(world: World) -> None:
    world.anna_is(max_delete_count=0, max_delete_ratio=0.1)
    pairs(world, 2)
    world.google.delete_event(world.calendar, world.events()[0]["id"])
    assert world.sync().failure
    world.anna_is(max_delete_count=5)
    assert world.green()["activities"]["deleted"] == 1
    assert len(world.activities()) == 1
    world.assert_quiet()


def test_small_numbers_add_up_over_a_day(world: World) -> None:
    world.anna_is(max_delete_count=2, max_delete_ratio=0.2)
    pairs(world, 8)
    for event in world.events()[:2]:
        world.google.delete_event(world.calendar, event["id"])
    world.green()
    world.google.delete_event(world.calendar, world.events()[0]["id"])
    assert "after 2 in the last 24 hours" in str(world.sync().failure)
    assert len(world.activities()) == 6


def test_mass_edits_of_one_side_are_held(world: World) -> None:
    world.anna_is(max_change_count=2, max_change_ratio=0.5)
    pairs(world, 4)
    for event in world.events():
        world.edit_event(event, location="Everywhere")
    assert "4 edits made in Google held" in str(world.sync().failure)
    assert {row["location"] and row["location"]["value"] for row in world.activities()} == {None}
    world.assert_quiet()


def test_an_empty_listing_deletes_nothing(world: World) -> None:
    pairs(world, 3)
    events = world.google.events(world.calendar)
    for event_id in list(events):
        world.google.purge_event(world.calendar, event_id)
    world.google.expire_sync_tokens()
    world.sync(full=True)
    assert len(world.activities()) == 3
