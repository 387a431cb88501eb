"""Each row of a plan says which rule decided it; the log shows the rule's sentence with the plan."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy import select

from include.calsync.core.planning.new_rules import NEW_RULES
from include.calsync.core.planning.rules import RULES
from include.calsync.store.tables import plan_row
from tests.flows.judging import pair
from tests.flows.world import World, day


def decided(world: World) -> list[tuple[str, str | None]]:
    """Action and rule of all rows that were ever planned."""
    with world.engine.connect() as conn:
        query = select(plan_row.c.action, plan_row.c.rule).order_by(plan_row.c.id)
        return [(row.action, row.rule) for row in conn.execute(query)]


def test_rows_say_which_rule_decided_them(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        activity_id, event_id = pair(world)
    assert decided(world) == [("create_event", "a new activity gets an event")]
    assert "new activity" in caplog.text
    world.pipedrive.edit_activity(activity_id, location="Bar")
    world.google.delete_event(world.calendar, event_id)
    with caplog.at_level(logging.INFO):
        world.green()
    action, rule = decided(world)[1]
    assert (action, rule) == ("create_event", "an edit beats a delete: the activity gets a new event")
    assert rule in {each.name for each in RULES}
    assert "deleted in Google, but edited in Pipedrive" in " ".join(caplog.text.split())


def test_rows_of_new_items_say_it_too(world: World) -> None:
    world.add_colleague("bert")
    world.green()
    world.activity("Demo")
    world.event("Demo", start={"dateTime": f"{day(1)}T09:00:00Z"}, end={"dateTime": f"{day(1)}T09:30:00Z"})
    world.event("Lunch")
    world.activity("Call", due_date=day(3))
    world.green()
    rules = dict(decided(world))
    assert rules == {
        "adopt": "both have the same time and title: linked",
        "create_event": "a new activity gets an event",
        "create_activity": "a new event gets an activity",
    }
    assert set(rules.values()) <= {each.name for each in NEW_RULES}
    assert all(rule is not None for _, rule in decided(world))
