"""What counts as gone: only an answer of the service itself that says so (F125, F126)."""

from __future__ import annotations

from typing import Any

import pytest

from include.sandbox.faults import Fault
from tests.flows.killing import before_request
from tests.flows.world import World, day

PAGE = "<html><head><title>404 Not Found</title></head><body>nginx</body></html>"


def gateway(world: World, service: str, path: str, **options: Any) -> None:
    """A gateway answers 404 with a page, whatever is asked there."""
    faults = getattr(world.sandbox, service).faults
    faults.add(Fault("html", status=404, body=PAGE, method="GET", path=path, times=0, **options))


def three(world: World) -> list[int]:
    world.green()
    keys = [world.activity(f"Call {number}", due_date=day(number))["id"] for number in (1, 2, 3)]
    world.green()
    return keys


def test_a_page_for_single_activities_deletes_nothing(world: World) -> None:
    """Listings lack items, and a gateway answers when they are asked for one by one."""
    three(world)
    world.pipedrive.options.list_lag_s = 10_000_000  # listings show nothing
    gateway(world, "pipedrive", r"/activities/\d+$")
    for _ in range(4):
        world.pass_time(300)
        assert world.sync().failure is not None
    assert world.reconcile().failure is not None
    assert len(world.events()) == len(world.activities()) == 3
    world.sandbox.pipedrive.faults.clear()
    world.pipedrive.options.list_lag_s = 0
    world.pass_time(300)
    world.green()
    assert len(world.events()) == len(world.activities()) == 3
    world.assert_quiet()


def test_a_page_for_single_events_deletes_nothing_and_makes_none_anew(world: World) -> None:
    keys = three(world)
    gateway(world, "google", r"/events/[a-z0-9]+$")
    world.pipedrive.edit_activity(keys[0], subject="New")
    for _ in range(3):
        world.pass_time(300)
        world.sync()
    world.reconcile()
    assert len(world.events()) == len(world.activities()) == 3
    world.sandbox.google.faults.clear()
    world.pass_time(3600)
    world.green()
    world.green()
    assert len(world.events()) == len(world.activities()) == 3
    assert any("New" in event["summary"] for event in world.events())
    world.assert_quiet()


def test_a_page_where_the_calendar_was_is_no_lost_calendar(world: World) -> None:
    """Nobody has to share anything: the gateway is in trouble."""
    three(world)
    gateway(world, "google", r"/calendars/")
    failure = world.sync().failure
    assert failure is not None
    assert "share" not in failure.lower()
    world.sandbox.google.faults.clear()
    world.pass_time(300)
    world.green()
    world.assert_quiet()


def test_a_page_where_a_lead_was_leaves_titles_as_they_are(world: World) -> None:
    lead = world.pipedrive.add_lead("Idea", person_id=world.pipedrive.add_person("Eva")["id"])["id"]
    world.green()
    key = world.activity("Mail", lead_id=lead)["id"]
    world.green()
    gateway(world, "pipedrive", r"/leads/")
    world.pipedrive.edit_activity(key, location="Bar")
    world.sync()
    assert world.the_event()["summary"] == "Idea > Mail"
    world.sandbox.pipedrive.faults.clear()
    world.pass_time(300)
    world.green()
    assert (world.the_event()["summary"], world.the_event()["location"]) == ("Idea > Mail", "Bar")
    world.assert_quiet()


@pytest.mark.parametrize("shown", ["404", "200", "400"])
@pytest.mark.parametrize("answer", ["400", "404", "410"])
def test_an_activity_deleted_before_its_edit_arrives_is_no_bad_record(world: World, answer: str, shown: str) -> None:
    """Deleted between what was read and what is written: decided again, nothing in quarantine."""
    options = world.pipedrive.options
    options.edit_deleted, options.get_deleted = answer, shown
    world.green()
    key = world.activity("Call")["id"]
    world.green()
    world.edit_event(world.the_event(), location="Bar")
    with before_request("PATCH", f"/activities/{key}", lambda: world.pipedrive.delete_activity(key)):
        result = world.green()
    assert result["activities"]["quarantined"] == result["events"]["quarantined"] == 0
    for _ in range(4):
        world.pass_time(300)
        world.green()
    # An edit beats a deletion: the event lives on, with what was typed, and so does its activity.
    (event,), (activity,) = world.events(), world.activities()
    assert (event["location"], activity["location"]["value"]) == ("Bar", "Bar")
    assert activity["id"] != key
    world.assert_quiet()
