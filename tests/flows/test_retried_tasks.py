"""Tasks that run again: Airflow retries each by itself, and what a dead try left must neither count twice nor stay."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import func, select

from include.calsync.flows.applying.apply import upsert_activities, upsert_events
from include.calsync.flows.opening.open_run import STAGING_KEPT, open_run
from include.calsync.flows.planning.plan import plan
from include.calsync.flows.pulling.pull import pull_activities, pull_events
from include.calsync.store.leases import DEFAULT_TTL_S
from include.calsync.store.tables import observation, plan_row
from tests.flows.steps import Steps
from tests.flows.world import World


def count(world: World, table: Any, **where: Any) -> int:
    with world.engine.connect() as conn:
        return int(conn.execute(select(func.count()).select_from(table).filter_by(**where)).scalar_one())


def test_every_task_may_run_twice(world: World) -> None:
    world.green()
    world.activity("Call")
    world.event("Lunch")
    world.green()
    world.pipedrive.edit_activity(world.links()[0].activity_id, location="Bar")
    world.activity("New")
    world.event("Also new")
    run = Steps(world)
    run.pull().pull()
    staged = count(world, observation)
    run.pull()
    assert count(world, observation) == staged
    run.plan()
    planned = count(world, plan_row, run_id=run.id)
    run.plan()
    assert count(world, plan_row, run_id=run.id) == planned
    with world.requests() as seen:
        run.apply().apply()
    written = Counter({key: number for key, number in seen.items() if not key.startswith("GET")})
    assert sum(written.values()) == 4, "two creations, the mark of one, one edit"
    assert run.close().failure is None
    assert len(world.links()) == len(world.events()) == len(world.activities()) == 4
    world.assert_quiet()


def test_a_repeated_pull_of_one_shard_leaves_the_others_alone(world: World) -> None:
    ben, calendar = world.add_colleague("ben")
    world.green()
    world.event("Anna's")
    world.event("Ben's", calendar=calendar)
    services, request = world.services(), world.request()
    run_id = open_run(services, request)
    pull_activities(services, run_id, request.owner)
    for shard in (["anna"], ["ben"], ["anna"]):
        pull_events(services, run_id, shard, request.owner)
    assert count(world, observation, run_id=run_id, side="events") == 2
    plan(services, run_id, request.owner)
    for name in ("anna", "ben"):
        upsert_events(services, run_id, [name], request.owner)
        upsert_activities(services, run_id, [name], request.owner)
    owners = {row["subject"]: row["owner_id"] for row in world.activities()}
    assert owners == {"Anna's": world.anna, "Ben's": ben}


def test_a_plan_that_another_run_carried_out_is_not_carried_out_again(world: World) -> None:
    """The late run's lease was over; when it goes on, everything it planned is linked, or no longer is."""
    world.green()
    world.activity("Goes")
    world.green()
    world.google.delete_event(world.calendar, world.the_event()["id"])
    world.activity("Call")
    world.event("Lunch")
    late = Steps(world).pull().plan()
    world.pass_time(DEFAULT_TTL_S + 1)
    world.green()
    with world.requests():
        late.apply()
        assert late.close().failure is None
    assert world.writes() == 0
    assert len(world.links()) == len(world.events()) == len(world.activities()) == 2
    world.assert_quiet()


def test_one_run_asks_twice_and_has_no_second_opinion(world: World) -> None:
    """A deletion is proven by two runs; a repeated task is the same one (law 3)."""
    world.green()
    world.activity("Call")
    world.green()
    world.pipedrive.hide(world.anna, "activity", [world.the_activity()["id"]])
    run = Steps(world)
    for _ in range(3):
        run.pull()
    assert count(world, observation, run_id=run.id, status="deleted") == 0
    assert run.plan().apply().close().failure is None
    world.pipedrive.unhide(world.anna)
    world.green()
    assert len(world.events()) == len(world.links()) == 1
    world.assert_quiet()


@pytest.mark.parametrize("died", [False, True])
def test_what_was_staged_does_not_stay(world: World, died: bool) -> None:
    """It holds what people typed: a run that ends drops it, and what a dead one left goes some runs later."""
    world.green()
    world.activity("Call")
    run = Steps(world).pull()
    assert count(world, observation, run_id=run.id) == 1
    if not died:
        run.plan().apply().close()
    else:
        world.pass_time(DEFAULT_TTL_S + 1)
        world.green()
        assert count(world, observation, run_id=run.id) == 1, "it may still go on"
        world.pass_time(STAGING_KEPT.total_seconds())
        world.green()
    assert count(world, observation) == 0
