"""A row says what will be written: it is merged once, and once more only if something changed meanwhile."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from include.calsync.store.tables import held_item, plan_row
from tests.flows.steps import Steps
from tests.flows.test_types import pairs
from tests.flows.world import World


def row(world: World, steps: Steps) -> Any:
    with world.engine.connect() as conn:
        return conn.execute(select(plan_row).where(plan_row.c.run_id == steps.id)).one()


def edited(world: World) -> Steps:
    """A plan for one pair, both sides of which were edited."""
    pairs(world, 1)
    world.anna_is(conflict="pipedrive")
    world.pipedrive.edit_activity(world.the_activity()["id"], subject="Call back")
    world.edit_event(world.the_event(), location="Berlin", summary="Call off")
    return Steps(world).pull().plan()


def test_a_row_says_what_will_be_written(world: World) -> None:
    steps = edited(world)
    planned = row(world, steps)
    assert planned.payload["wanted"]["event_changes"] == {"title": "Call back"}
    assert planned.payload["wanted"]["activity_changes"] == {"place": "Berlin"}
    assert planned.payload["wanted"]["before"] == {"events": {"title": "Call off"}, "activities": {"place": ""}}
    assert [(each["field"], each["winner"], each["why"]) for each in planned.conflicts] == [
        ("subject", "activities", "setting")
    ]
    steps.apply()
    assert steps.close().failure is None
    event, activity = world.the_event(), world.the_activity()
    assert (event["summary"], activity["location"]["value"]) == ("Call back", "Berlin")
    assert row(world, steps).payload["wanted"] == planned.payload["wanted"]
    world.assert_quiet()


def test_what_was_edited_meanwhile_is_merged_again_and_the_row_says_so(world: World) -> None:
    steps = edited(world)
    world.edit_event(world.the_event(), location="Bonn")
    steps.apply()
    assert steps.close().failure is None
    assert row(world, steps).payload["wanted"]["activity_changes"] == {"place": "Bonn"}
    assert world.the_activity()["location"]["value"] == "Bonn"
    world.assert_quiet()


def test_a_row_of_an_activity_edited_meanwhile_says_what_still_was_written(world: World) -> None:
    steps = edited(world)
    world.pipedrive.edit_activity(world.the_activity()["id"], public_description="Bring the contract")
    steps.apply()
    done = row(world, steps)
    assert done.state == "deferred"
    assert done.payload["activity"]["description"] == "Bring the contract"
    assert done.payload["wanted"]["activity_changes"] == {"place": "Berlin"}
    assert world.the_activity()["location"]["value"] == "Berlin"
    steps.close()
    world.green()
    assert "Bring the contract" in world.the_event()["description"]
    world.assert_quiet()


def test_what_is_made_anew_is_in_the_row(world: World) -> None:
    """An activity that was edited while its event was deleted."""
    pairs(world, 1)
    world.edit_event(world.the_event(), location="Berlin")
    world.green()
    world.pipedrive.edit_activity(world.the_activity()["id"], subject="Call back")
    world.google.delete_event(world.calendar, world.the_event()["id"])
    steps = Steps(world).pull().plan()
    planned = row(world, steps)
    assert (planned.action, planned.payload["wanted"]["event_changes"]) == ("create_event", {"title": "Call back"})
    steps.apply()
    assert steps.close().failure is None
    assert (world.the_event()["summary"], world.the_event()["location"]) == ("Call back", "Berlin")
    world.assert_quiet()


def test_what_is_held_says_what_would_be_written(world: World) -> None:
    pairs(world, 2)
    world.anna_is(max_change_count=0, max_change_ratio=0.0)
    world.green()
    world.pipedrive.edit_activity(world.activities()[0]["id"], subject="Call back")
    assert world.sync().failure
    with world.engine.connect() as conn:
        held = conn.execute(select(held_item)).one()
    assert (held.action, held.side) == ("merge", "events")
    assert held.payload["wanted"]["event_changes"] == {"title": "Call back"}
