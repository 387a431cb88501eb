"""An item that is never answered when it is asked for by its id is set aside alone, in both directions (law 6)."""

from __future__ import annotations

from typing import Any

from include.sandbox.base import Fault
from tests.flows.judging import settled
from tests.flows.recurring import series
from tests.flows.test_isolation import FIVE_MINUTES_S, aside
from tests.flows.world import World, day


def pairs(world: World, count: int) -> list[Any]:
    world.green()
    for number in range(count):
        world.activity(f"Call {number}", due_date=day(1 + number))
    world.green()
    return world.links()


def leave_unfinished(world: World, links: list[Any]) -> None:
    """A person moved these events; the activities refused the change, so that both sides are read again later."""
    for link in links:
        world.google.edit_event(world.calendar, link.event_id, location="Bar")
        path = f"/activities/{link.activity_id}$"
        world.sandbox.pipedrive.faults.add(Fault("status", method="PATCH", path=path, status=400))
    assert world.sync().failure is not None
    assert len(aside(world)) == len(links)


def asked_for(world: World, event_id: str) -> int:
    return sum(r.method == "GET" and r.path.endswith(f"/events/{event_id}") for r in world.sandbox.google.requests)


def test_a_linked_event(world: World) -> None:
    first, second = pairs(world, 2)
    leave_unfinished(world, [first])
    world.google.options.broken_events.add(first.event_id)
    world.pass_time(FIVE_MINUTES_S)
    world.pipedrive.edit_activity(second.activity_id, location="Fine")
    world.event("Lunch")
    summary = world.sync()
    anna = summary.result["accounts"]["anna"]
    assert (anna["state"], anna["activities"]["created"]) == ("ok", 1)
    assert world.google.event(world.calendar, second.event_id)["location"] == "Fine"
    assert summary.failure is not None
    assert f"event {first.event_id} is in quarantine" in summary.failure
    assert aside(world) == [("events", first.event_id, 2)]

    world.pass_time(FIVE_MINUTES_S)  # the second pause is longer
    with world.requests():
        world.green()
    assert asked_for(world, first.event_id) == 0

    world.google.options.broken_events.clear()
    world.pass_time(2 * FIVE_MINUTES_S)
    settled(world)
    assert {row["location"]["value"] for row in world.activities() if row["location"]} == {"Bar", "Fine"}
    assert aside(world) == []


def test_three_in_a_row_mean_that_the_service_is_down(world: World) -> None:
    links = pairs(world, 4)
    leave_unfinished(world, links)
    world.google.options.broken_events.update(link.event_id for link in links)
    world.pass_time(FIVE_MINUTES_S)
    summary = world.sync()
    assert summary.result["accounts"]["anna"]["state"] == "failed"
    assert {attempts for _, _, attempts in aside(world)} == {1}
    world.google.options.broken_events.clear()
    settled(world)
    assert {row["location"]["value"] for row in world.activities()} == {"Bar"}


def test_an_activity_whose_deletion_is_in_question(world: World) -> None:
    first, _ = pairs(world, 2)
    world.pipedrive.delete_activity(first.activity_id)
    path = f"/activities/{first.activity_id}$"
    world.sandbox.pipedrive.faults.add(Fault("status", method="GET", path=path, status=500, times=0))
    world.event("Lunch")
    summary = world.sync()
    anna = summary.result["accounts"]["anna"]
    assert (anna["state"], anna["activities"]["created"]) == ("ok", 1)
    assert summary.failure is not None
    assert f"event {first.event_id} is in quarantine" in summary.failure
    with world.requests() as asked:
        world.green()
    assert "GET /api/v2/activities/{id}" not in asked
    world.sandbox.pipedrive.faults.clear()
    world.pass_time(FIVE_MINUTES_S)
    for _ in range(3):
        world.sync()
    assert len(world.events()) == len(world.links()) == 2
    assert aside(world) == []


def test_a_deal_that_gives_a_title_its_name(world: World) -> None:
    """An activity isn't shown without the name of its lead, as if it had none: it waits, and the others don't."""
    world.green()
    person = world.pipedrive.add_person("Petra")["id"]
    lead = world.pipedrive.add_lead("Big lead", person_id=person)["id"]
    path = f"/leads/{lead}"
    world.sandbox.pipedrive.faults.add(Fault("status", method="GET", path=path, status=500, times=0))
    held = world.activity("With a lead", lead_id=lead)
    world.activity("Without")
    summary = world.sync()
    assert summary.result["accounts"]["anna"]["state"] == "ok"
    assert [row["summary"] for row in world.events()] == ["Without"]
    assert summary.failure is not None
    assert f"activity {held['id']} is in quarantine" in summary.failure
    world.sandbox.pipedrive.faults.clear()
    world.pass_time(FIVE_MINUTES_S)
    settled(world)
    assert {row["summary"] for row in world.events()} == {"Without", "Big lead > With a lead"}
    assert aside(world) == []


def test_a_series_that_is_not_expanded(world: World) -> None:
    world.green()
    path = "/instances$"
    world.sandbox.google.faults.add(Fault("status", method="GET", path=path, status=500, times=0))
    made = series(world)
    world.event("Lunch")
    summary = world.sync()
    anna = summary.result["accounts"]["anna"]
    assert (anna["state"], anna["activities"]["created"]) == ("ok", 1)
    assert aside(world) == [("events", made["id"], 1)]
    world.sandbox.google.faults.clear()
    world.pass_time(FIVE_MINUTES_S)
    settled(world)
    assert len(world.activities()) == 5
    assert aside(world) == []


def test_the_outcome_of_a_write_that_nobody_can_look_up(world: World) -> None:
    """The answer to a PATCH was lost, and its event is not answered any more: other writes go on."""
    first, second = pairs(world, 2)
    path = f"/events/{first.event_id}$"
    for kind in ("drop", "drop", "drop", "drop"):
        world.sandbox.google.faults.add(Fault(kind, when="before", method="PATCH", path=path))
    world.pipedrive.edit_activity(first.activity_id, location="Bar")
    world.sync()
    world.google.options.broken_events.add(first.event_id)
    world.pipedrive.edit_activity(second.activity_id, location="Fine")
    assert world.sync().result["accounts"]["anna"]["state"] == "ok"
    assert world.google.event(world.calendar, second.event_id)["location"] == "Fine"
    world.google.options.broken_events.clear()
    world.pass_time(FIVE_MINUTES_S)
    settled(world)
    assert {row.get("location") for row in world.events()} == {"Bar", "Fine"}
