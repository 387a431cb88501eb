"""A 404 of Google says that something can't be seen, never that it is gone (law 3)."""

from __future__ import annotations

from typing import Any

import pytest

from include.sandbox.base import Fault
from tests.flows.judging import settled
from tests.flows.killing import before_request
from tests.flows.world import ANNA, World


def pair(world: World) -> Any:
    """The link of one activity with its event, at rest."""
    world.green()
    world.activity("Call")
    world.green()
    settled(world)
    (link,) = world.links()
    return link


def test_access_lost_in_the_middle_of_a_deletion_is_no_deletion(world: World) -> None:
    link = pair(world)
    world.pipedrive.delete_activity(link.activity_id)
    world.green()
    with before_request("DELETE", link.event_id, lambda: world.google.share(world.calendar, ANNA, "none")):
        world.sync()
    assert [row.state for row in world.links()] == ["removing"], "it is still to be done"
    assert [row.action for row in world.changes() if row.action == "delete_event"] == []
    world.google.share(world.calendar, ANNA, "owner")
    settled(world)
    assert (world.events(), world.links()) == ([], [])


def test_an_event_that_can_not_be_read_again_is_not_deleted(world: World) -> None:
    """It has to be read again after a refused write; Google has forgotten it and sends no tombstone."""
    link = pair(world)
    world.google.edit_event(world.calendar, link.event_id, location="Bar")
    world.sandbox.pipedrive.faults.add(Fault("status", method="PATCH", path="/activities/", status=400))
    assert world.sync().failure is not None
    world.google.purge_event(world.calendar, link.event_id)
    for _ in range(3):
        world.pass_time(1000)
        with world.requests():
            world.sync()
        assert world.writes() == 0
    assert world.the_activity()["id"] == link.activity_id
    assert len(world.links()) == 1


def test_an_event_that_is_gone_for_good_is_no_obstacle(world: World) -> None:
    link = pair(world)
    world.pipedrive.delete_activity(link.activity_id)
    world.green()
    with before_request("DELETE", link.event_id, lambda: world.google.purge_event(world.calendar, link.event_id)):
        world.green()
    assert world.links() == []
    world.assert_quiet()


@pytest.mark.parametrize("side", ["activity", "event"])
def test_a_404_on_a_deletion_is_no_proof_that_it_happened(world: World, side: str) -> None:
    link = pair(world)
    if side == "event":
        world.pipedrive.delete_activity(link.activity_id)
        world.green()
        world.sandbox.google.faults.add(Fault("status", method="DELETE", path="/events/", status=404))
    else:
        world.google.delete_event(world.calendar, link.event_id)
        world.sandbox.pipedrive.faults.add(Fault("status", method="DELETE", path="/activities/", status=404))
    world.green()
    assert [row.state for row in world.links()] == ["removing"], "it is still to be done"
    settled(world)
    assert (world.activities(), world.events(), world.links()) == ([], [], [])
