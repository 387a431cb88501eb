"""A run that did not do its work moves nothing and forgets nothing (law 7): what was not done is told by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from include.calsync.errors import FatalError
from include.calsync.flows.closing.close import Summary
from include.calsync.flows.opening.open_run import STAGING_KEPT, open_run
from include.calsync.flows.planning import guarded
from include.calsync.flows.pulling.pull import pull_activities, pull_events
from include.calsync.store.tables import account, plan_row, quarantine
from tests.flows.steps import Steps
from tests.flows.world import World, day


def both_new(world: World) -> None:
    world.green()
    world.activity("Call")
    world.event("Lunch")


def without_plan(world: World, **options: Any) -> Summary:
    """As if the task `plan` failed for good, or a person marked it as success."""
    return Steps(world, **options).pull().close()


def without_pull(world: World, **options: Any) -> Summary:
    """As if the only shard of `pull_events` failed, and a person marked it as success."""
    run = Steps(world, **options)
    run.shards = pull_activities(run.services, run.id, run.owner)
    return run.plan().apply().close()


def without_anything(world: World, **options: Any) -> Summary:
    return Steps(world, **options).close()


UNDONE = pytest.mark.parametrize("undone", [without_plan, without_pull, without_anything])


def plan_rows(world: World, run_id: str) -> list[Any]:
    with world.engine.connect() as conn:
        return list(conn.execute(select(plan_row).where(plan_row.c.run_id == run_id).order_by(plan_row.c.id)))


def set_aside(world: World) -> list[Any]:
    with world.engine.connect() as conn:
        return list(conn.execute(select(quarantine.c.side, quarantine.c.item_id, quarantine.c.attempts)))


@UNDONE
def test_what_was_new_is_not_lost(world: World, undone: Callable[..., Summary]) -> None:
    both_new(world)
    before = world.cursors()
    summary = undone(world)
    assert "account anna" in str(summary.failure)
    assert summary.result["accounts"]["anna"]["state"] == "failed"
    assert world.cursors() == before
    world.green()
    assert len(world.events()) == len(world.activities()) == 2
    world.assert_quiet()


@UNDONE
def test_a_changed_setting_is_not_forgotten(world: World, undone: Callable[..., Summary]) -> None:
    world.activity("Call", deal_id=world.pipedrive.add_deal("Big deal")["id"])
    world.green()
    world.upload()
    world.anna_is(title=["subject", "deal"])
    assert undone(world).failure
    world.green()
    assert world.the_event()["summary"] == "Call > Big deal"


@UNDONE
@pytest.mark.parametrize(
    "options",
    [{}, {"reconcile": True, "kind": "manual"}, {"kind": "backfill", "reconcile": True}],
    ids=["sync", "comparison", "backfill"],
)
def test_an_item_whose_time_came_stays_set_aside(
    world: World, undone: Callable[..., Summary], options: dict[str, Any]
) -> None:
    world.green()
    world.activity("Call")
    world.green()
    world.pipedrive.put_raw_activity(world.the_activity()["id"], due_time="soon")
    assert world.sync().failure
    waiting = set_aside(world)
    assert len(waiting) == 1
    world.pass_time(25 * 3600)
    if options.get("kind") == "backfill":
        since = world.clock() - timedelta(days=1)
        options = options | {"interval": (since, since + timedelta(days=5))}
    assert undone(world, **options).failure
    assert set_aside(world) == waiting


@UNDONE
def test_a_dry_run_does_not_look_well(world: World, undone: Callable[..., Summary]) -> None:
    both_new(world)
    summary = undone(world, dry_run=True)
    assert summary.failure
    assert summary.result["accounts"]["anna"]["state"] == "failed"
    with world.engine.connect() as conn:
        assert conn.execute(select(account.c.state)).scalars().all() == ["ok"]


def test_a_shard_that_was_not_read_fails_its_accounts_alone(world: World) -> None:
    ben, calendar = world.add_colleague("ben")
    world.green()
    world.event("Anna's")
    world.event("Ben's", calendar=calendar)
    before = {(row.account_id, row.side): row for row in world.cursors()}
    run = Steps(world)
    pull_activities(run.services, run.id, run.owner)
    pull_events(run.services, run.id, ["anna"], run.owner)
    run.shards = [["anna"], ["ben"]]
    summary = run.plan().apply().close()
    assert "account ben" in str(summary.failure)
    assert "account anna" not in str(summary.failure)
    moved = {(row.account_id, row.side) for row in world.cursors() if before[row.account_id, row.side] != row}
    assert len({account_id for account_id, _ in moved}) == 1
    assert [row["subject"] for row in world.activities()] == ["Anna's"]
    world.green()
    assert {row["subject"]: row["owner_id"] for row in world.activities()} == {"Anna's": world.anna, "Ben's": ben}


def test_the_tasks_that_broke_are_named_once(world: World) -> None:
    world.add_colleague("ben")
    both_new(world)
    run = Steps(world).pull()
    failure = str(run.close(broken=["plan"]).failure)
    assert failure.count("anna, ben") == failure.count("anna") == 1
    assert failure.endswith("read their logs: plan.")


def test_a_second_try_of_the_plan_finds_the_first_ones(world: World) -> None:
    """The first try committed and died before Airflow heard of it."""
    world.green()
    world.activity("Call")
    world.green()
    world.pipedrive.put_raw_activity(world.the_activity()["id"], due_time="soon")
    run = Steps(world).pull().plan().plan().apply()
    assert "quarantine" in str(run.close().failure)
    assert [row.attempts for row in set_aside(world)] == [1]


@pytest.mark.parametrize("upload", [False, True])
def test_two_tries_of_the_plan_at_once_store_one(world: World, monkeypatch: pytest.MonkeyPatch, upload: bool) -> None:
    """Neither a dry run nor an upload has a lease that would stop the one that comes late."""
    both_new(world)
    options: dict[str, Any] = {"kind": "upload", "upload": world.upload_options()} if upload else {"dry_run": True}
    run = Steps(world, **options).pull()
    stored: list[Any] = []

    def guard(*args: Any) -> None:
        monkeypatch.undo()
        run.plan()
        stored.extend(plan_rows(world, run.id))
        guarded.guard(*args)

    monkeypatch.setattr("include.calsync.flows.planning.plan.guard", guard)
    run.plan()
    assert plan_rows(world, run.id) == stored != []


def test_a_finished_run_is_left_as_it_is(world: World) -> None:
    """Somebody clears tasks of a run that is over: what it read is gone."""
    both_new(world)
    run = Steps(world).pull().plan().apply()
    first = run.close()
    cursors, rows = world.cursors(), plan_rows(world, run.id)
    assert rows
    world.event("Later")
    for step in (run.pull, run.plan, run.apply):
        with pytest.raises(FatalError, match="is over"):
            step()
    assert run.close() == first
    assert world.cursors() == cursors
    assert plan_rows(world, run.id) == rows
    world.green()
    assert len(world.activities()) == 3
    world.assert_quiet()


def test_once_planned_nothing_is_read_again(world: World) -> None:
    """What a write changed would look like an edit that was taken back."""
    both_new(world)
    run = Steps(world).pull().plan().apply()
    with pytest.raises(FatalError, match="planned"):
        run.pull()
    assert run.close().failure is None
    world.assert_quiet()


def test_a_run_that_slept_until_its_staging_was_dropped_moves_nothing(world: World) -> None:
    both_new(world)
    before = world.cursors()
    late = Steps(world, accounts=["anna"]).pull()
    world.add_colleague("ben")
    world.pass_time(STAGING_KEPT.total_seconds() + 60)
    services = world.services()
    open_run(services, world.request(accounts=["ben"]))  # drops what dead runs staged
    assert late.plan().apply().close().failure
    assert world.cursors() == before
    world.green()
    assert len(world.events()) == len(world.activities()) == 2


def test_a_run_that_was_dropped_says_so(world: World) -> None:
    world.green()
    run = Steps(world)
    run.id = "gone"
    with pytest.raises(FatalError, match="gone"):
        run.plan()


def test_an_upload_without_a_plan_is_not_done(world: World) -> None:
    world.activity("Old", due_date=day(3))
    world.green()
    run = Steps(world, kind="upload", upload=world.upload_options())
    assert "start it again" in str(run.pull().close().failure)
