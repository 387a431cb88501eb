"""What old runs leave behind is dropped; what is open, held or logged stays."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Table, delete, func, select, update

from include.calsync.core.planning.row_format import ROW_FORMAT
from include.calsync.flows.closing.close import close
from include.calsync.store import pruning
from include.calsync.store.tables import (
    account_day,
    change_log,
    held_item,
    hold,
    log_guard,
    plan_row,
    run_usage,
    sync_run,
)
from include.sandbox.base import Fault
from tests.flows.killing import Killed, before_request
from tests.flows.test_crash import LEASE_S
from tests.flows.world import World

DAY_S = 86_400


def count(world: World, table: Table) -> int:
    with world.engine.connect() as conn:
        return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


def rows(world: World) -> list[Any]:
    with world.engine.connect() as conn:
        return list(conn.execute(select(plan_row).order_by(plan_row.c.id)))


def plans(world: World) -> list[tuple[Any, str]]:
    with world.engine.connect() as conn:
        return [(row.run_id, row.state) for row in conn.execute(select(plan_row).order_by(plan_row.c.id))]


def run_ids(world: World) -> list[str]:
    with world.engine.connect() as conn:
        return list(conn.execute(select(sync_run.c.id).order_by(sync_run.c.started_at)).scalars())


def days(world: World) -> list[Any]:
    with world.engine.connect() as conn:
        return list(conn.execute(select(account_day).order_by(account_day.c.day)))


def die() -> None:
    raise Killed


def test_values_of_plans_are_kept_for_a_week_and_decisions_as_long_as_the_run(world: World) -> None:
    world.green()
    world.activity("Call")
    world.green()
    assert [row.payload["activity"]["subject"] for row in rows(world)] == ["Call"]
    world.pass_time(6 * DAY_S)
    world.green()
    assert [row.format for row in rows(world)] == [ROW_FORMAT]
    world.pass_time(1.1 * DAY_S)
    world.green()
    (row,) = rows(world)
    assert (row.payload, row.conflicts, row.format) == ({}, None, 0)
    assert (row.rule, row.state, row.action) == ("a new activity gets an event", "confirmed", "create_event")
    assert row.activity_id == world.the_activity()["id"]
    world.assert_quiet()


def test_runs_and_the_log_are_kept_as_long_as_the_environment_says(world: World) -> None:
    world.keep_days = 30
    world.green()
    activity = world.activity("Call")
    world.green()
    wrote = run_ids(world)[-1]
    entries = count(world, change_log)
    world.pass_time(29 * DAY_S)
    world.pipedrive.edit_activity(activity["id"], subject="Call back")
    world.green()
    assert wrote in run_ids(world)
    assert count(world, change_log) == entries + 1
    world.pass_time(2 * DAY_S)
    world.green()
    assert wrote not in run_ids(world)
    assert [row.action for row in world.changes()] == ["merge"]
    assert [row.rule for row in rows(world)] == ["the activity was edited: merge"]
    assert count(world, log_guard) == 0
    assert count(world, run_usage) > 0
    assert len(world.links()) == 1
    world.assert_quiet()


def test_a_run_stays_whose_hold_waits(world: World) -> None:
    world.keep_days = 30
    world.anna_is(max_delete_count=0, max_delete_ratio=0.01)
    world.green()
    world.activity("Call")
    world.green()
    world.google.delete_event(world.calendar, world.the_event()["id"])
    assert world.sync().failure is not None
    asked = run_ids(world)[-1]
    world.anna_is(enabled=False)  # so that nobody is asked anew
    world.pass_time(40 * DAY_S)
    world.sync()
    assert asked in run_ids(world)
    with world.engine.begin() as conn:
        conn.execute(update(hold).values(state="lapsed"))
        conn.execute(delete(held_item))
    world.sync()
    assert asked not in run_ids(world)
    world.sync()
    assert count(world, hold) == 0


def test_runs_that_had_nothing_to_do_are_kept_for_a_day(world: World) -> None:
    """There are 288 of them a day. What a person started, what failed and what had something to tell stays."""
    world.green()
    world.activity("Call")
    wrote = world.green()
    assert wrote["events"]["created"] == 1
    world.sandbox.google.faults.add(Fault("status", status=401, times=9))
    assert world.sync().failure is not None
    world.sandbox.google.faults.clear()
    world.green(kind="manual")
    kept = run_ids(world)[1:]
    for _ in range(3):
        world.green()
    assert len(run_ids(world)) == 7
    world.pass_time(1.1 * DAY_S)
    world.green()
    assert run_ids(world)[:-1] == kept
    world.assert_quiet()


def test_what_the_runs_of_a_day_did_is_added_up(world: World) -> None:
    world.green()
    assert days(world) == []
    first, second = world.activity("Call"), world.activity("Visit")
    world.event("Lunch")
    world.green()
    world.pipedrive.edit_activity(first["id"], subject="Call back")
    world.pipedrive.delete_activity(second["id"])
    for _ in range(3):  # a deletion is proven by two of them
        world.green()
    world.green(dry_run=True)
    (row,) = days(world)
    assert (row.activities_created, row.activities_updated, row.activities_deleted) == (1, 0, 0)
    assert (row.events_created, row.events_updated, row.events_deleted, row.conflicts) == (2, 1, 1, 0)
    event = next(each for each in world.events() if each["summary"] == "Call back")
    world.pass_time(DAY_S)
    world.pipedrive.edit_activity(first["id"], subject="Call now")
    world.google.edit_event(world.calendar, event["id"], summary="Call then")
    world.green()
    assert [each.conflicts for each in days(world)] == [0, 1]


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
    with world.engine.connect() as conn:  # a person was asked anew each week
        assert len(conn.execute(select(hold).where(hold.c.state == "open")).all()) == 1
    assert count(world, held_item) == 4
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
    (whole,) = rows(world)
    world.pass_time(8 * DAY_S)
    world.add_colleague("ben")
    world.sync(accounts=["ben"])  # this one drops what is old
    assert whole in rows(world)
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
        left.append(sum(row.format > 0 for row in rows(world)))
    assert left == [3, 1, 0]
    world.pass_time(91 * DAY_S)
    kept = count(world, sync_run)
    world.green()
    assert count(world, sync_run) == kept
