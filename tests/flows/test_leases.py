"""One run per account at a time (law 11; F06, F703, F704): kept while it works, taken over after a death."""

from __future__ import annotations

import contextlib
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from include.calsync.errors import LeaseLost
from include.calsync.flows.applying.apply import upsert_events
from include.calsync.store import leases
from include.calsync.store.leases import DEFAULT_TTL_S
from include.calsync.store.tables import lease
from include.sandbox.base import Fault
from tests.flows.steps import Steps
from tests.flows.world import World, account_row
from tests.laws.meanwhile import before_request


def holder(world: World) -> Any:
    with world.engine.connect() as conn:
        return conn.execute(select(lease)).one()


def test_of_two_scheduled_runs_the_second_reports_busy(world: World) -> None:
    world.green()
    world.activity("Call")
    first = Steps(world).pull().plan()
    with world.requests():
        second = world.sync()
    assert second.failure is None, "the next one repeats it"
    assert second.result["accounts"]["anna"]["state"] == "busy"
    assert "in use by run" in second.result["accounts"]["anna"]["error"]
    assert world.writes() == 0
    assert first.apply().close().failure is None
    assert [event["summary"] for event in world.events()] == ["Call"]
    world.assert_quiet()


@pytest.mark.parametrize("kind", ["manual", "backfill"])
def test_who_asks_for_a_run_is_told_that_it_did_not_happen(world: World, kind: str) -> None:
    world.green()
    now = world.clock()
    interval = (now - timedelta(hours=1), now) if kind == "backfill" else None
    first = Steps(world).pull()
    assert "account anna is in use by run" in str(world.sync(kind=kind, interval=interval).failure)
    assert first.plan().apply().close().failure is None
    world.pass_time(60)
    assert world.sync(kind=kind, interval=interval).failure is None


def test_a_backfill_and_a_scheduled_run_do_not_collide(world: World) -> None:
    world.green()
    begin = world.clock() - timedelta(minutes=1)
    for number in range(3):
        world.activity(f"Call {number}", due_time=f"{9 + number}:00")
        world.event(f"Lunch {number}")
    world.pass_time(1800)
    backfill = Steps(world, kind="backfill", interval=(begin, world.clock())).pull().plan()
    assert world.sync().result["accounts"]["anna"]["state"] == "busy"
    assert backfill.apply().close().failure is None
    scheduled = Steps(world).pull().plan()
    later = world.sync(kind="backfill", interval=(begin, world.clock()))
    assert "in use" in str(later.failure)
    assert scheduled.apply().close().failure is None
    assert len(world.events()) == len(world.activities()) == 6
    world.assert_quiet()


def test_other_accounts_are_not_affected(world: World) -> None:
    ben, calendar = world.add_colleague("ben")
    world.green()
    first = Steps(world, accounts=["anna"]).pull()
    world.activity("Ben's", owner_id=ben)
    summary = world.sync()
    assert {name: one["state"] for name, one in summary.result["accounts"].items()} == {"anna": "busy", "ben": "ok"}
    assert [event["summary"] for event in world.events(calendar)] == ["Ben's"]
    first.plan().apply().close()


def test_the_lease_of_a_dead_run_is_taken_over_when_it_is_over(world: World) -> None:
    world.green()
    world.activity("Call")
    Steps(world).pull().plan()
    world.pass_time(DEFAULT_TTL_S - 10)
    assert world.sync().result["accounts"]["anna"]["state"] == "busy"
    world.pass_time(20)
    world.green()
    assert [event["summary"] for event in world.events()] == ["Call"]
    world.assert_quiet()


def test_a_run_that_slept_too_long_writes_nothing_any_more(world: World) -> None:
    """Another run took the account over between two of its steps."""
    world.green()
    world.activity("Call")
    slow = Steps(world).pull().plan()
    world.pass_time(DEFAULT_TTL_S + 1)
    other = Steps(world).pull()
    with world.requests():
        slow.apply()
        summary = slow.close()
    assert world.writes() == 0
    assert summary.result["accounts"]["anna"]["state"] == "busy"
    assert summary.failure is None
    assert other.plan().apply().close().failure is None
    assert len(world.events()) == 1
    world.assert_quiet()


def test_a_zombie_in_mid_write_commits_nothing(world: World) -> None:
    """F06: a second try of the task starts while the first still waits for an answer."""
    world.green()
    world.activity("Call")
    first = Steps(world).pull().plan()
    second = Steps.__new__(Steps)
    second.__dict__ |= first.__dict__ | {"owner": first.owner.replace("task-1", "task-2"), "services": world.services()}
    world.sandbox.google.reset_requests()
    slow = Fault(kind="slow", when="after", seconds=1.0, method="POST", path="/events$")
    world.sandbox.google.faults.add(slow)
    zombie = threading.Thread(target=lambda: upsert_events(first.services, first.id, ["anna"], first.owner))
    zombie.start()
    time.sleep(0.4)
    second.apply()
    zombie.join()
    assert second.state() == "ok", "the zombie has no say in the run"
    assert account_row(world).state == "ok"
    assert second.close().failure is None
    (event,) = world.events()
    assert [row.event_id for row in world.links()] == [event["id"]]
    created = [row for row in world.changes() if row.action == "create_event"]
    assert len(created) <= 1
    world.assert_quiet()


def test_a_zombie_of_another_run_fails_without_a_commit(world: World) -> None:
    world.green()
    world.activity("Call")
    first = Steps(world).pull().plan()
    world.sandbox.google.faults.add(Fault(kind="slow", when="after", seconds=1.0, method="POST", path="/events$"))
    zombie = threading.Thread(target=lambda: upsert_events(first.services, first.id, ["anna"], first.owner))
    zombie.start()
    time.sleep(0.4)
    world.pass_time(DEFAULT_TTL_S + 1)
    world.green()
    zombie.join()
    assert first.state() == "failed"
    assert account_row(world).state == "ok", "another run got through meanwhile"
    assert len(world.events()) == len(world.links()) == 1
    assert "lease" in str(first.close().failure)
    world.assert_quiet()


@pytest.mark.parametrize("slept_after", ["pull", "plan", "apply"])
def test_a_run_that_slept_while_another_did_its_work_writes_nothing(world: World, slept_after: str) -> None:
    """The account is free again, but what the sleeper read is not what there is."""
    world.pipedrive.options.get_deleted = "404"
    world.green()
    world.activity("Call")
    world.green()
    assert len(world.links()) == 1
    world.pass_time(60)
    slow = Steps(world)
    for step in ("pull", "plan", "apply"):
        getattr(slow, step)()
        if step == slept_after:
            break
    world.pipedrive.delete_activity(world.the_activity()["id"])
    world.pass_time(DEFAULT_TTL_S + 1)
    for _ in range(3):
        world.green()
    assert (world.events(), world.links()) == ([], [])
    with world.requests():
        for step in ("plan", "apply"):
            getattr(slow, step)()
        summary = slow.close()
    assert world.writes() == 0
    assert (summary.failure, summary.result["accounts"]["anna"]["state"]) == (None, "busy")
    assert "another run worked on account" in summary.result["accounts"]["anna"]["error"]
    world.green()
    assert (world.events(), world.activities(), world.links()) == ([], [], [])
    world.assert_quiet()


@pytest.mark.parametrize("step", ["pull", "apply"])
def test_the_lease_outlives_a_long_wait(world: World, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """One answer takes longer than the lease lasts: it is renewed meanwhile."""
    monkeypatch.setattr(leases, "RENEWED_EVERY_S", 0.05)
    world.green()
    world.activity("Call")
    run = Steps(world)
    if step == "apply":
        run.pull().plan()
    service = world.sandbox.pipedrive if step == "pull" else world.sandbox.google
    path = "activities" if step == "pull" else "events"
    method = "GET" if step == "pull" else "POST"
    service.faults.add(Fault(kind="slow", seconds=2.0, method=method, path=path))
    act = (lambda: run.pull().plan()) if step == "pull" else (lambda: run)
    task = threading.Thread(target=lambda: (act(), run.apply()))
    task.start()
    for _ in range(4):
        time.sleep(0.3)
        world.offset += timedelta(seconds=DEFAULT_TTL_S * 0.6)
    time.sleep(0.2)
    assert world.sync().result["accounts"]["anna"]["state"] == "busy"
    task.join()
    assert run.close().failure is None
    assert len(world.events()) == 1
    world.assert_quiet()


def test_a_finished_run_frees_the_account_and_renews_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEWED_EVERY_S", 0.01)
    world.green()
    before = holder(world)
    time.sleep(0.1)
    assert holder(world) == before
    assert before.owner == ""
    assert not [thread for thread in threading.enumerate() if thread.name == "leases"]


def test_an_upload_waits_for_the_sync(world: World) -> None:
    world.activity("Old")
    world.pass_time(60)
    sync = Steps(world).pull()
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            sync.plan().apply().close()
        world.pass_time(seconds)

    world.sleep = sleep  # type: ignore[method-assign]
    assert world.upload().failure is None
    assert len(waits) == 3
    assert [event["summary"] for event in world.events()] == ["Old"]
    world.assert_quiet()


def test_a_lost_lease_is_no_word_on_the_account(world: World) -> None:
    """`LeaseLost` in a late commit leaves what the store says of the account alone."""
    world.green()
    run = Steps(world).pull()
    world.pass_time(DEFAULT_TTL_S + 1)
    world.green()
    with pytest.raises(LeaseLost):
        run.services.leases.renew(holder(world).account_id, 1)
    assert account_row(world).error is None


def test_an_activity_that_another_run_had_to_send_again_is_not_sent_by_a_sleeper(world: World) -> None:
    """The process sleeps between its intent and its POST, longer than the lease and the time to send again."""
    world.green()
    world.event("Talk")

    def overslept() -> None:
        world.pass_time(DEFAULT_TTL_S + 1)
        world.sync()

    with before_request(0, overslept, "POST .*/activities"), contextlib.suppress(LeaseLost):
        world.sync()
    world.green()
    assert [row["subject"] for row in world.activities()] == ["Talk"]
