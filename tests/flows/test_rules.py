"""Each row of a plan about a pair says which rule decided it; the log shows it with the plan."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy import select

from include.calsync.core.planning.rules import RULES
from include.calsync.store.tables import plan_row
from tests.flows.judging import pair
from tests.flows.world import World


def decided(world: World) -> list[tuple[str, str | None]]:
    """Action and rule of all rows that were ever planned."""
    with world.engine.connect() as conn:
        query = select(plan_row.c.action, plan_row.c.rule).order_by(plan_row.c.id)
        return [(row.action, row.rule) for row in conn.execute(query)]


def test_rows_say_which_rule_decided_them(world: World, caplog: pytest.LogCaptureFixture) -> None:
    activity_id, event_id = pair(world)
    assert decided(world) == [("create_event", None)], "new items have no rule yet"
    world.pipedrive.edit_activity(activity_id, location="Bar")
    world.google.delete_event(world.calendar, event_id)
    with caplog.at_level(logging.INFO):
        world.green()
    action, rule = decided(world)[1]
    assert (action, rule) == ("create_event", "an edit beats a delete: the activity gets a new event")
    assert rule in {each.name for each in RULES}
    assert rule in caplog.text
