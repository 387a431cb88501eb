"""People who edit while a run is at work, between what it read and what it writes (F112, F307)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from include.sandbox.faults import Fault
from tests.flows.judging import pair, settled
from tests.flows.killing import before_request
from tests.flows.world import World, day


def test_an_event_edited_between_list_and_patch_is_not_overwritten(world: World) -> None:
    activity_id, event_id = pair(world)
    world.pipedrive.edit_activity(activity_id, due_time="17:00")
    with before_request("PATCH", event_id, lambda: world.google.edit_event(world.calendar, event_id, location="Bar")):
        world.green()
    assert world.the_event()["location"] == "Bar"
    settled(world)
    event, activity = world.the_event(), world.the_activity()
    assert event["location"] == activity["location"]["value"] == "Bar"
    assert activity["due_time"] == "17:00"
    assert "18:00:00+01:00" in event["start"]["dateTime"] or "19:00:00+02:00" in event["start"]["dateTime"]


def test_an_event_edited_twice_while_it_is_written_is_left_to_the_next_run(world: World) -> None:
    activity_id, event_id = pair(world)
    world.pipedrive.edit_activity(activity_id, due_time="17:00")
    moved = {side: {"dateTime": f"{day(2)}T{hour}:00:00Z"} for side, hour in (("start", 20), ("end", 21))}
    edits: Iterator[dict[str, Any]] = iter([{"location": "Bar"}, moved])

    def edit() -> None:
        world.pass_time(90)
        world.google.edit_event(world.calendar, event_id, **next(edits))

    with before_request("PATCH", event_id, edit, times=2):
        world.green()
    settled(world)
    event, activity = world.the_event(), world.the_activity()
    assert event["location"] == activity["location"]["value"] == "Bar"
    assert (activity["due_date"], activity["due_time"]) == (day(2), "20:00")
    assert event["start"]["dateTime"][:10] == day(2)
    lost = [entry["activity"] for change in world.changes() for entry in change.lost or []]
    assert "T17:00" in str(lost), "the other's edit is in the log"


def test_the_same_field_edited_between_list_and_patch_is_a_conflict(world: World) -> None:
    activity_id, event_id = pair(world)
    world.pipedrive.edit_activity(activity_id, location="From Pipedrive")

    def later() -> None:
        world.pass_time(90)
        world.google.edit_event(world.calendar, event_id, location="From Google")

    with before_request("PATCH", event_id, later):
        world.green()
    settled(world)
    assert world.the_event()["location"] == world.the_activity()["location"]["value"] == "From Google"
    lost = [entry for change in world.changes() for entry in change.lost or []]
    assert [(entry["field"], entry["activity"], entry["event"]) for entry in lost] == [
        ("place", "From Pipedrive", "From Google")
    ]


def test_an_event_edited_while_it_is_marked(world: World) -> None:
    world.green()
    event = world.event("Lunch")
    with before_request("PATCH", event["id"], lambda: world.edit_event(event, location="Bar")):
        world.green()
    settled(world)
    assert world.the_activity()["location"]["value"] == world.the_event()["location"] == "Bar"
    assert "extendedProperties" in world.the_event()


def test_an_event_edited_while_it_is_adopted(world: World) -> None:
    world.green()
    world.activity("Lunch", due_time="11:00", duration="01:00")
    event = world.event("Lunch")
    with before_request("PATCH", event["id"], lambda: world.edit_event(event, location="Bar")):
        world.green()
    settled(world)
    assert world.the_activity()["location"]["value"] == world.the_event()["location"] == "Bar"
    assert "extendedProperties" in world.the_event()


def test_an_event_touched_while_it_is_adopted_is_marked_all_the_same(world: World) -> None:
    """What we have not written is not taken for written because nothing that we compare is missing."""
    world.green()
    world.activity("Lunch", due_time="11:00", duration="01:00")
    event = world.event("Lunch")
    with before_request("PATCH", event["id"], lambda: world.edit_event(event, colorId="5")):
        world.green()
    assert [row.marked for row in world.links()] == ["extendedProperties" in world.the_event()]
    settled(world)
    assert world.the_event()["extendedProperties"]["private"]["calsyncEventId"] == event["id"]
    assert world.the_event()["colorId"] == "5"


def test_an_event_edited_while_it_is_being_deleted_lives(world: World) -> None:
    activity_id, event_id = pair(world)
    world.pipedrive.delete_activity(activity_id)
    world.green()
    with before_request("DELETE", event_id, lambda: world.google.edit_event(world.calendar, event_id, location="Bar")):
        world.green()
    settled(world)
    assert world.the_event()["location"] == world.the_activity()["location"]["value"] == "Bar"


def test_an_event_deleted_between_list_and_patch(world: World) -> None:
    """The edit of the activity beats the deletion of its event."""
    activity_id, event_id = pair(world)
    world.pipedrive.edit_activity(activity_id, due_time="17:00")
    with before_request("PATCH", event_id, lambda: world.google.delete_event(world.calendar, event_id)):
        world.sync()
    settled(world)
    assert world.the_activity()["due_time"] == "17:00"
    assert world.the_event()["id"] != event_id


def test_an_activity_edited_between_list_and_patch_is_not_overwritten(world: World) -> None:
    activity_id, event_id = pair(world)
    world.google.edit_event(world.calendar, event_id, location="Bar", summary="Moved")
    edit = world.pipedrive.edit_activity
    with before_request("GET", f"/activities/{activity_id}", lambda: edit(activity_id, due_time="17:00")):
        world.green()
    settled(world)
    activity, event = world.the_activity(), world.the_event()
    assert (activity["subject"], activity["location"]["value"], activity["due_time"]) == ("Moved", "Bar", "17:00")
    assert event["start"]["dateTime"][11:16] == "18:00"


def test_other_fields_of_an_activity_edited_between_get_and_patch(world: World) -> None:
    """Pipedrive has no conditional write; only what changed is sent, so another field's edit survives even here."""
    activity_id, event_id = pair(world)
    world.google.edit_event(world.calendar, event_id, location="Bar")
    edit = world.pipedrive.edit_activity
    with before_request("PATCH", f"/activities/{activity_id}", lambda: edit(activity_id, due_time="17:00")):
        world.green()
    settled(world)
    assert (world.the_activity()["location"]["value"], world.the_activity()["due_time"]) == ("Bar", "17:00")
    assert world.the_event()["start"]["dateTime"][11:16] == "18:00"


def test_an_activity_edited_while_it_is_being_deleted_lives(world: World) -> None:
    activity_id, event_id = pair(world)
    world.google.delete_event(world.calendar, event_id)
    edit = world.pipedrive.edit_activity
    with before_request("GET", f"/activities/{activity_id}", lambda: edit(activity_id, due_time="17:00")):
        world.sync()
    settled(world)
    assert world.the_activity()["due_time"] == "17:00"
    assert world.the_event()["start"]["dateTime"][11:16] == "18:00"


def test_the_same_field_of_an_activity_edited_between_list_and_patch_is_a_conflict(world: World) -> None:
    activity_id, event_id = pair(world)
    world.google.edit_event(world.calendar, event_id, location="From Google")

    def later() -> None:
        world.pass_time(90)
        world.pipedrive.edit_activity(activity_id, location="From Pipedrive")

    with before_request("GET", f"/activities/{activity_id}", later):
        world.green()
    settled(world)
    assert world.the_event()["location"] == world.the_activity()["location"]["value"] == "From Pipedrive"
    lost = [entry for change in world.changes() for entry in change.lost or []]
    assert [(entry["field"], entry["activity"], entry["event"]) for entry in lost] == [
        ("place", "From Pipedrive", "From Google")
    ]


@pytest.mark.parametrize("answer", ["404", "410", "200"])
def test_an_activity_deleted_between_list_and_patch(world: World, answer: str) -> None:
    """The edit of the event beats the deletion of its activity."""
    world.pipedrive.options.get_deleted = answer
    activity_id, event_id = pair(world)
    world.google.edit_event(world.calendar, event_id, location="Bar")
    with before_request("GET", f"/activities/{activity_id}", lambda: world.pipedrive.delete_activity(activity_id)):
        world.sync()
    world.green()
    settled(world)
    assert world.the_activity()["location"]["value"] == world.the_event()["location"] == "Bar"


def test_an_activity_edited_while_its_declined_event_comes_back_wins_where_pipedrive_does(world: World) -> None:
    """A removal was begun as the event was declined. It is accepted again: a pair like any other."""
    world.anna_is(conflict="pipedrive")
    activity_id, event_id = pair(world)
    declined = {"email": world.calendar, "responseStatus": "declined"}
    world.google.edit_event(world.calendar, event_id, attendees=[declined])
    lost = Fault("drop", method="DELETE", path=r"/activities/\d+", times=9)
    world.sandbox.pipedrive.faults.add(lost)
    world.sync()
    assert [(row.state, row.cause) for row in world.links()] == [("removing", "declined")]
    world.sandbox.pipedrive.faults.clear()
    accepted = {"email": world.calendar, "responseStatus": "accepted"}
    world.google.edit_event(world.calendar, event_id, attendees=[accepted], location="From Google")
    world.pass_time(3600)
    edit = world.pipedrive.edit_activity
    with before_request("GET", f"/activities/{activity_id}", lambda: edit(activity_id, location="From Pipedrive")):
        world.sync()
    settled(world)
    assert world.the_event()["location"] == world.the_activity()["location"]["value"] == "From Pipedrive"
