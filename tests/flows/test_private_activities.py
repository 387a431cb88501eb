"""Activities that are private in Pipedrive: their events are private, and neither looks edited or veiled by that."""

from __future__ import annotations

from typing import Any

import pytest

from include.calsync.store.engine import migrate
from tests.flows.world import World, day


@pytest.fixture
def hiding(world: World) -> World:
    """A company whose answers have the member `private`."""
    world.pipedrive.options.show_private = True
    world.green()
    return world


def visibility(world: World) -> Any:
    return world.the_event().get("visibility", "default")


@pytest.mark.parametrize("private_events", ["busy", "skip", "full"])
def test_a_private_activity_makes_a_private_event(hiding: World, private_events: str) -> None:
    world = hiding
    world.anna_is(private_events=private_events)
    key = world.activity("Layoffs", private=True, public_description="who")["id"]
    world.green()
    assert visibility(world) == "private"
    world.assert_quiet()
    # It is no secret of the calendar's: edits flow as ever, both ways.
    world.pipedrive.edit_activity(key, subject="Layoffs II", location="Room 1")
    world.green()
    assert (world.the_event()["summary"], world.the_event()["location"]) == ("Layoffs II", "Room 1")
    world.edit_event(world.the_event(), location="Room 2")
    world.green()
    assert (world.the_activity()["location"]["value"], world.the_activity()["private"]) == ("Room 2", True)
    assert visibility(world) == "private"
    world.assert_quiet()
    world.pipedrive.edit_activity(key, due_date=None, due_time=None)
    world.green()
    assert world.events() == []


@pytest.mark.parametrize("born", ["pipedrive", "google"])
def test_it_becomes_private_later_and_public_again(hiding: World, born: str) -> None:
    world = hiding
    if born == "google":
        world.event("Talk")
    else:
        world.activity("Talk")
    world.green()
    key = world.the_activity()["id"]
    for private, shown in ((True, "private"), (False, "default"), (True, "private")):
        world.pipedrive.edit_activity(key, private=private)
        with world.requests() as seen:
            world.green()
        assert visibility(world) == shown
        assert (seen["PATCH events.patch"], seen["PATCH activities.update"]) == (1, 0)
        world.assert_quiet()
        assert [row.state for row in world.links()] == ["active"]
    reasons = {each.reason for each in world.changes() if "visibility" in (each.after or {})}
    assert reasons == {"the activity became private, or is so no longer"}


@pytest.mark.parametrize("chosen", ["public", "confidential", "default"])
def test_what_a_person_chooses_afterwards_stays(hiding: World, chosen: str) -> None:
    world = hiding
    world.anna_is(private_events="full")
    key = world.activity("Talk", private=True)["id"]
    world.green()
    world.edit_event(world.the_event(), visibility=chosen)
    world.green()
    assert visibility(world) == chosen
    world.assert_quiet()
    world.pipedrive.edit_activity(key, private=False)
    world.green()
    assert visibility(world) == chosen


def test_a_secret_of_the_calendar_stays_one(hiding: World) -> None:
    """A person made the event private first: the veil stays, and so does the choice."""
    world = hiding
    key = world.activity("Talk")["id"]
    world.green()
    world.edit_event(world.the_event(), visibility="private", summary="Dentist")
    world.green()
    for private in (True, False):
        world.pipedrive.edit_activity(key, private=private)
        world.green()
        assert visibility(world) == "private"
        assert world.the_activity()["subject"] == "Talk", "nothing of it gets out"
        world.assert_quiet()


def test_a_copy_that_a_person_makes_is_that_persons_secret(hiding: World) -> None:
    """Google may copy our properties along."""
    world = hiding
    world.activity("Layoffs", private=True)
    world.green()
    event = world.the_event()
    copied = {
        name: event[name] for name in ("summary", "description", "visibility", "extendedProperties") if name in event
    }
    world.event(**copied, start={"date": day(5)}, end={"date": day(6)})
    world.green()
    assert {each["subject"] for each in world.activities()} == {"Layoffs", "Busy"}


def test_pairs_of_an_earlier_version_are_hidden_without_looking_edited(hiding: World) -> None:
    """They were stored without a word of it; mass edits are held, and this is none."""
    world = hiding
    for number in range(4):
        world.activity(f"Talk {number}", due_date=day(number + 1))
    world.green()
    world.anna_is(max_change_count=1, max_change_ratio=0)
    before = [(row.activity_digest, row.event_digest) for row in world.links()]
    for row in world.activities():
        world.pipedrive.activities[row["id"]]["private"] = True  # it was so all the time, unseen
    migrate(world.engine)
    world.green(full=True)
    assert {event["visibility"] for event in world.events()} == {"private"}
    assert [(row.activity_digest, row.event_digest) for row in world.links()] == before
    world.assert_quiet()


def test_after_the_loss_of_the_store_it_is_known_whose_choice_it_was(hiding: World) -> None:
    world = hiding
    key = world.activity("Layoffs", private=True)["id"]
    world.green()
    world.lose_store()
    world.green()
    assert visibility(world) == "private"
    world.assert_quiet()
    world.pipedrive.edit_activity(key, private=False, subject="Party")
    world.green()
    assert (visibility(world), world.the_event()["summary"]) == ("default", "Party")


def test_an_answer_without_the_member_hides_nothing(hiding: World) -> None:
    world = hiding
    world.activity("Talk")
    world.green()
    world.pipedrive.options.show_private = False
    world.green(full=True)
    assert visibility(world) == "default"
    world.assert_quiet()
