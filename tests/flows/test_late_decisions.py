"""An item is another one when it is about to be written: the table of rules is asked once more, and only the same goes
on. All else is the next run's (F112, F307)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.judging import pair, settled
from tests.flows.killing import before_request
from tests.flows.world import World


def test_an_activity_given_away_meanwhile_is_not_written(world: World) -> None:
    """What was typed into its event follows it to the colleague."""
    bert, _ = world.add_colleague("bert")
    activity_id, event_id = pair(world)
    world.google.edit_event(world.calendar, event_id, location="Bar")
    before = world.the_activity()["location"]

    def give_away() -> None:
        world.pipedrive.edit_activity(activity_id, owner_id=bert)

    with before_request("GET", f"/activities/{activity_id}", give_away):
        world.sync()
    assert world.the_activity()["location"] == before
    settled(world)
    assert world.the_activity()["owner_id"] == bert
    assert world.the_activity()["location"]["value"] == "Bar"


def test_an_event_declined_meanwhile_is_not_written(world: World) -> None:
    activity_id, event_id = pair(world)
    world.pipedrive.edit_activity(activity_id, subject="Call back")
    declined = {"email": world.calendar, "responseStatus": "declined"}

    def decline() -> None:
        world.google.edit_event(world.calendar, event_id, attendees=[declined])

    with before_request("PATCH", event_id, decline):
        world.sync()
    assert world.google.event(world.calendar, event_id)["summary"] != "Call back"


def test_an_event_that_nobody_may_keep_is_deleted_at_once(world: World) -> None:
    """One way to Google an edit of the event does not keep it: the table says so whenever it is asked."""
    world.anna_is(mode="to_google")
    activity_id, event_id = pair(world)
    world.pipedrive.delete_activity(activity_id)
    world.green()

    def edit() -> None:
        world.google.edit_event(world.calendar, event_id, location="Bar")

    with before_request("DELETE", event_id, edit):
        world.green()
    assert world.events() == []
    world.assert_quiet()


@pytest.mark.parametrize(
    "change", [{"location": "Bar"}, {"reminders": {"useDefault": False}}], ids=["edited", "touched"]
)
def test_an_event_whose_activity_left_goes_whatever_is_typed_there(world: World, change: dict[str, Any]) -> None:
    world.anna_is(done="remove")
    activity_id, event_id = pair(world)
    world.pipedrive.edit_activity(activity_id, done=True)

    def edit() -> None:
        world.google.edit_event(world.calendar, event_id, **change)

    with before_request("DELETE", event_id, edit):
        world.green()
    assert world.events() == []
    settled(world)


def test_an_edit_that_was_taken_back_meanwhile_settles_the_pair(world: World) -> None:
    activity_id, event_id = pair(world)
    shown = world.the_event()["summary"]
    world.pipedrive.edit_activity(activity_id, due_time="17:00")
    world.google.edit_event(world.calendar, event_id, summary="Moved")

    def take_back() -> None:
        world.google.edit_event(world.calendar, event_id, summary=shown)

    with before_request("PATCH", event_id, take_back):
        world.green()
    settled(world)
    assert world.the_event()["summary"] == shown
