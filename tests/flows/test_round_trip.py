"""New items and edits flow both ways; a second run is quiet."""

from __future__ import annotations

from tests.flows.world import World, day


def test_a_new_activity_becomes_an_event(world: World) -> None:
    world.green()
    world.activity("Demo", location="Hauptstr. 1, Berlin", public_description="Agenda")
    seen = world.green()
    assert seen["events"]["created"] == 1
    event = world.the_event()
    assert event["summary"] == "Demo"
    assert event["location"] == "Hauptstr. 1, Berlin"
    assert event["start"]["dateTime"].startswith(day(1))
    world.assert_quiet()


def test_a_new_event_becomes_an_activity(world: World) -> None:
    world.green()
    world.event("Lunch", location="Corner", description="Bring <b>papers</b>")
    seen = world.green()
    assert seen["activities"]["created"] == 1
    activity = world.the_activity()
    assert (activity["subject"], activity["due_time"], activity["duration"]) == ("Lunch", "11:00", "01:00")
    assert [link.marked for link in world.links()] == [True]
    world.assert_quiet()
