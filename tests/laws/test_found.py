"""What the state machine found, each as the shortest story that showed it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.world import World
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
