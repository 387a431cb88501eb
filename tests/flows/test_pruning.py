"""What old runs leave behind is dropped; what is open, held or logged stays."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Table, func, select

from include.calsync.flows.closing.close import close
from include.calsync.store import pruning
from include.calsync.store.tables import change_log, held_item, hold, plan_row, run_account, run_usage, sync_run
from include.sandbox.base import Fault
from tests.flows.killing import Killed, before_request
from tests.flows.test_crash import LEASE_S
from tests.flows.world import World

DAY_S = 86_400


def count(world: World, table: Table) -> int:
    with world.engine.connect() as conn:
        return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


def plans(world: World) -> list[tuple[Any, str]]:
    with world.engine.connect() as conn:
        return [(row.run_id, row.state) for row in conn.execute(select(plan_row).order_by(plan_row.c.id))]


def die() -> None:
    raise Killed


def test_plans_are_kept_for_a_week_and_runs_for_ninety_days(world: World) -> None:
    world.green()
    world.activity("Call")
    world.green()
    entries = count(world, change_log)
    assert len(plans(world)) == 1
    world.pass_time(6 * DAY_S)
    world.green()
    assert len(plans(world)) == 1
    world.pass_time(1.1 * DAY_S)
    world.green()
    assert plans(world) == []
    assert count(world, sync_run) == 4
    world.pass_time(84 * DAY_S)
    world.green()
    assert (count(world, sync_run), count(world, run_account)) == (3, 3)
    assert count(world, run_usage) > 0
    assert (count(world, change_log), len(world.links())) == (entries, 1)
    world.assert_quiet()


def test_what_is_held_is_still_held_after_its_plan_is_gone(world: World) -> None:
    world.anna_is(max_delete_count=1)
    world.green()
    for number in range(4):
        world.activity(f"Call {number}", due_time=f"1{number}:00")
    world.green()
    for event in world.events():
        world.google.delete_event(world.calendar, event["id"])
    assert world.sync().failure is not None
    for days in (8, 8, 91, 1):
        world.pass_time(days * DAY_S)
        world.sync()
    assert (count(world, hold), count(world, held_item)) == (1, 4)
    assert len(world.activities()) == 4
    world.anna_is(max_delete_count=10)
    world.green()
    world.green()
    assert (world.activities(), world.links()) == ([], [])


def test_an_item_in_quarantine_outlives_its_plan(world: World) -> None:
    world.green()
    world.activity("Call")
    world.sandbox.google.faults.add(Fault("status", status=400, method="POST", path="/events", times=1))
    assert world.sync().failure is not None
    world.pass_time(8 * DAY_S)
    world.green()
    assert world.the_event()["summary"] == "Call"
    world.assert_quiet()


def test_a_run_that_died_is_never_taken_for_done(world: World) -> None:
    """Its tasks may be started again much later: what it planned was not carried out, so no cursor may move."""
    world.green()
    world.activity("Call")
    with pytest.raises(Killed), before_request("POST", r"/events\?", die):
        world.sync()
    (dead,) = plans(world)
    assert dead[1] == "planned"
    world.pass_time(8 * DAY_S)
    world.add_colleague("ben")
    world.sync(accounts=["ben"])  # this one drops what is old
    assert dead in plans(world)
    world.pass_time(LEASE_S)
    summary = close(world.services(), dead[0], "late try")
    assert "were not carried out" in str(summary.failure)


def test_a_run_drops_only_so_much(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(pruning, "RUNS_AT_ONCE", 1)
    world.green()
    for number in range(5):
        world.activity(f"Call {number}", due_time=f"1{number}:00")
    world.green()
    world.pass_time(8 * DAY_S)
    left = []
    for _ in range(3):
        world.green()
        left.append(len(plans(world)))
    assert left == [3, 1, 0]
    world.pass_time(91 * DAY_S)
    kept = count(world, sync_run)
    world.green()
    assert count(world, sync_run) == kept
