"""Accounts that wait: what they wait for is said, and whoever waits for more than an hour is not green."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from include.calsync.store.leases import DEFAULT_TTL_S, Leases
from include.calsync.store.limits import StoreLimiter
from include.calsync.store.tables import cursor
from tests.flows.steps import Steps
from tests.flows.world import World, account_row


def seen(summary: Any) -> Any:
    return summary.result["accounts"]["anna"]


def limited(world: World, pause: timedelta, ahead: timedelta = timedelta(0)) -> None:
    """Somebody whose clock is `ahead` sets a pause."""
    world.limited = True
    world.restart()
    limiter = StoreLimiter(world.engine, lambda: world.clock() + ahead, world.sleep)
    limiter.pause("pipedrive_default", world.clock() + ahead + pause, "Pipedrive: a test")


def test_who_waits_for_a_service_is_not_in_use_by_another_run(world: World) -> None:
    world.green()
    limited(world, timedelta(minutes=30))
    summary = world.sync(kind="manual")
    until = (world.clock() + timedelta(minutes=30)).isoformat(timespec="minutes")[:15]
    for text in (str(summary.failure), seen(summary)["error"]):
        assert text.startswith("account anna: Nothing is sent before " + until)
        assert "Pipedrive: a test" in text
        assert "in use" not in text
    assert seen(summary)["state"] == "busy"


def test_who_waits_for_another_run_is_told_its_account_by_name(world: World) -> None:
    world.green()
    Steps(world).pull()
    summary = world.sync(kind="manual")
    assert str(summary.failure).startswith("account anna is in use by run run-2 until ")


@pytest.mark.parametrize("reason", ["a pause", "a lease"])
def test_an_account_that_is_busy_for_more_than_an_hour_is_red(world: World, reason: str) -> None:
    world.green()
    if reason == "a pause":
        limited(world, timedelta(hours=5))
    fences = []
    for minutes in range(0, 95, 10):
        if reason == "a lease":
            fences.append(Leases(world.engine, world.clock).acquire(account_row(world).id, "long-run task"))
        summary = world.sync()
        assert seen(summary)["state"] == "busy"
        if minutes <= 60 - 10:
            assert summary.failure is None
        if minutes > 60:
            assert "account anna" in str(summary.failure)
            assert "No run got through since" in str(summary.failure)
        world.pass_time(600)
        world.restart()
    for fence in fences[-1:]:
        Leases(world.engine, world.clock).release(account_row(world).id, fence)
    world.pass_time(5 * 3600)
    world.green()
    assert account_row(world).busy_since is None


def test_a_dry_run_neither_begins_nor_ends_a_wait(world: World) -> None:
    world.green()
    limited(world, timedelta(minutes=30))
    world.sync(dry_run=True)
    assert account_row(world).busy_since is None
    world.sync()
    since = account_row(world).busy_since
    assert since is not None
    world.pass_time(1801)
    world.sync(dry_run=True)
    assert account_row(world).busy_since == since


# A worker whose clock is ahead


@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(hours=3)])
def test_a_lease_of_a_worker_whose_clock_is_ahead_ends_in_time(world: World, ahead: timedelta) -> None:
    world.green()
    world.activity("Call")
    clock = world.clock
    world.clock = lambda: clock() + ahead  # type: ignore[method-assign]
    Steps(world).pull()  # and dies
    world.clock = clock  # type: ignore[method-assign]
    assert seen(world.sync())["state"] == "busy"
    world.pass_time(DEFAULT_TTL_S + 1)
    world.green()
    assert world.the_event()["summary"] == "Call"


@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(hours=3)])
def test_a_pause_of_a_worker_whose_clock_is_ahead_ends_in_time(world: World, ahead: timedelta) -> None:
    world.green()
    world.activity("Call")
    limited(world, timedelta(minutes=15), ahead)
    assert seen(world.sync())["state"] == "busy"
    world.pass_time(901)
    world.green()
    assert world.the_event()["summary"] == "Call"


def test_a_pull_of_a_worker_whose_clock_is_ahead_does_not_stop_a_slow_day(world: World) -> None:
    """With few tokens the runs become fewer: the next one comes so long after the last."""
    world.limited = True
    world.restart()
    world.pipedrive.options.burst_enabled = True
    world.green()
    world.pipedrive.options.daily_tokens = world.pipedrive.limits.spent_today + 300
    world.green()
    with world.engine.begin() as conn:
        conn.execute(update(cursor).values(saved_at=world.clock() + timedelta(days=1)))
    states = []
    for _ in range(14):
        world.pass_time(300)
        states.append(seen(world.sync())["state"])
    assert "ok" in states
