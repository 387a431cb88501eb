"""Budgets and pauses (F101-F104): correctness first, slower instead of failing, one red run, and on by itself."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from include.calsync.flows.applying.apply import IN_FLIGHT
from include.calsync.flows.pulling.pace import pace
from include.sandbox.base import Fault
from tests.flows.world import World, account_row

MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def world(world: World) -> World:
    """With the store's limits, a few minutes after midnight UTC."""
    world.limited = True
    world.pipedrive.options.burst_enabled = True  # with its headers
    to_midnight = datetime.combine(world.clock().date() + timedelta(days=1), time(), UTC) - world.clock()
    world.pass_time(to_midnight.total_seconds() + 300)
    return world


def left(world: World, tokens: int) -> None:
    """So many tokens are left of the day, whoever spent the others."""
    world.pipedrive.options.daily_tokens = world.pipedrive.limits.spent_today + tokens


@pytest.mark.parametrize(
    ("hour", "remaining", "thrifty", "interval_s"),
    [
        (0, None, False, 0),  # not known: nothing is saved
        (0, 30_000, False, 0),
        (0, 11_520, False, 0),  # 288 runs at 40
        (0, 11_000, True, 0),
        (0, 4_320, True, 0),  # 288 runs at 15
        (0, 2_160, True, 600),
        (12, 1_080, True, 600),
        (23, 600, False, 0),  # the reset is near
        (0, 100, True, 3600),
        (12, 15, True, 3600),
        (12, 14, True, 0),  # no run fits in: the refusal ends the day
    ],
)
def test_what_is_left_is_made_to_last(hour: int, remaining: int | None, thrifty: bool, interval_s: float) -> None:
    found = pace(remaining, MIDNIGHT + timedelta(hours=hour))
    assert (found.thrifty, found.interval_s) == (thrifty, interval_s)


def test_with_few_tokens_probes_and_fresh_names_are_left_out(world: World, caplog: pytest.LogCaptureFixture) -> None:
    deal = world.pipedrive.add_deal("Roof")["id"]
    world.green()
    world.activity("Call", deal_id=deal)
    world.green()
    left(world, 6000)
    world.green()
    world.pass_time(300)
    world.pipedrive.edit_activity(world.the_activity()["id"], subject="Call back")
    with world.requests() as seen:
        world.green()
    assert [(r.method, r.path) for r in world.sandbox.pipedrive.requests] == [("GET", "/api/v2/activities")], seen
    assert "ids" not in world.sandbox.pipedrive.requests[0].query
    assert world.the_event()["summary"] == "Roof > Call back", "what people edit is still carried over"
    assert "nobody looks for deleted activities" in caplog.text
    new = world.pipedrive.add_deal("Cellar")["id"]
    world.pipedrive.edit_activity(world.the_activity()["id"], deal_id=new)
    world.green()
    assert world.the_event()["summary"] == "Cellar > Call back", "another deal is not a refresh"


def test_with_fewer_tokens_the_runs_become_fewer(world: World) -> None:
    world.green()
    world.activity("Call")
    left(world, 2000)
    world.green()
    listings = 0
    for number in range(8):
        world.pass_time(300)
        if number == 0:
            world.activity("Later", due_time="13:00")
        with world.requests():
            summary = world.sync()
        assert summary.failure is None
        seen = summary.result["accounts"]["anna"]
        if seen["state"] == "busy":
            assert "the sync runs every" in seen["error"]
            assert not world.sandbox.pipedrive.requests
            assert not world.sandbox.google.requests
        listings += seen["state"] == "ok"
    assert 2 <= listings <= 4
    assert {event["summary"] for event in world.events()} == {"Call", "Later"}
    assert "hand" not in str(world.sync(kind="manual").failure), "a run started by hand is not held back"


def test_an_exhausted_day_is_told_once_and_ends_by_itself(world: World) -> None:
    ben, calendar = world.add_colleague("ben")
    world.green()
    world.activity("Call")
    world.pipedrive.limits.exhaust_day()
    summary = world.sync()
    assert "The company's daily token budget is used up" in str(summary.failure)
    assert {one["state"] for one in summary.result["accounts"].values()} == {"failed"}
    assert account_row(world).state == "failed"
    for minutes in (0, 30, 29, 13 * 60 - 59):
        world.pass_time(minutes * 60)
        world.restart()
        with world.requests():
            summary = world.sync()
        if minutes < 60:
            assert summary.failure is None, "told already"
        else:
            assert "No run got through since" in str(summary.failure)
        seen = summary.result["accounts"]["anna"]
        assert seen["state"] == "busy"
        assert "Nothing is sent before" in seen["error"]
        assert "daily token budget" in seen["error"]
        assert account_row(world).state == "failed", "until a run gets through"
        assert not world.sandbox.pipedrive.requests, "no hot loop"
    assert world.sync(kind="manual").failure, "who asks for it is told"
    world.pass_time(11 * 3600)
    world.pipedrive.edit_activity(world.the_activity()["id"], owner_id=ben)
    world.green()
    world.green()
    assert [event["summary"] for event in world.events(calendar)] == ["Call"]
    assert account_row(world).state == "ok"
    world.assert_quiet()


def test_a_day_that_ends_in_mid_run_loses_nothing(world: World) -> None:
    world.green()
    for number in range(4):
        world.event(f"Lunch {number}")
    left(world, 10 + 2 * 5 + 1)  # a listing and two new activities
    summary = world.sync()
    assert "daily token budget" in str(summary.failure)
    assert 0 < len(world.activities()) < 4
    world.pipedrive.options.daily_tokens = 30_000
    world.pass_time(86_400)
    world.green()
    world.green()
    assert sorted(row["subject"] for row in world.activities()) == [f"Lunch {number}" for number in range(4)]
    world.assert_quiet()


def test_without_headers_only_the_refusal_is_heeded(world: World) -> None:
    world.pipedrive.options.daily_headers = False
    world.green()
    left(world, 500)
    world.green()
    with world.requests():
        world.green()
    world.pipedrive.limits.exhaust_day()
    assert world.sync().failure
    with world.requests():
        assert world.sync().failure is None
    assert not world.sandbox.pipedrive.requests


def test_a_full_calendar_waits_and_the_rest_goes_on(world: World) -> None:
    world.green()
    world.activity("Old", due_time="07:00")
    world.green()
    for method in ("POST", "PATCH"):
        full = Fault(kind="status", status=403, reason="quotaExceeded", method=method, path="/events", times=0)
        world.sandbox.google.faults.add(full)
    for number in range(2 * IN_FLIGHT):
        world.activity(f"Call {number}", due_time=f"{10 + number}:00")
    old = next(row for row in world.activities() if row["subject"] == "Old")
    world.pipedrive.edit_activity(old["id"], location="Here")
    event = world.the_event()
    world.edit_event(event, summary="Renamed")
    summary = world.sync()
    assert "no more changes to this calendar for some hours" in str(summary.failure)
    seen = summary.result["accounts"]["anna"]
    assert seen["state"] == "ok"
    assert f"Changes that wait: {2 * IN_FLIGHT + 1}." in seen["error"]
    assert "no more changes" in account_row(world).error
    refusals_count = len(world.sandbox.google.faults.struck)
    assert refusals_count <= IN_FLIGHT, "one refusal is enough: only what is under way hears another"

    world.event("Lunch")
    for _ in range(3):
        world.pass_time(300)
        world.restart()
        world.green()
    assert len(world.sandbox.google.faults.struck) == refusals_count, "no hot loop, not even after a restart"
    assert "Lunch" in {row["subject"] for row in world.activities()}, "Google's edits still reach Pipedrive"
    world.activity("New")
    with world.requests():
        world.green()
    assert world.writes() == 0

    world.sandbox.google.faults.clear()
    world.pass_time(3 * 3600)
    world.green()
    world.green()
    calls = {f"Call {number}" for number in range(2 * IN_FLIGHT)}
    assert {one["summary"] for one in world.events()} == calls | {"Renamed", "Lunch", "New"}
    changed = next(one for one in world.events() if one["summary"] == "Renamed")
    assert changed["location"] == "Here"
    assert "Renamed" in {row["subject"] for row in world.activities()}
    assert account_row(world).error is None
    world.assert_quiet()


@pytest.mark.parametrize("service", ["pipedrive", "google"])
def test_a_block_page_stops_for_fifteen_minutes(world: World, service: str) -> None:
    world.add_colleague("ben")
    world.green()
    faults = getattr(world.sandbox, service).faults
    faults.add(Fault(kind="html", status=403, path="activities|events", times=1))
    assert "lock" in str(world.sync().failure)
    faults.clear()
    world.activity("Call")
    for _ in range(2):
        world.pass_time(300)
        world.restart()
        with world.requests():
            summary = world.sync()
        assert summary.failure is None
        states = {name: one["state"] for name, one in summary.result["accounts"].items()}
        # Pipedrive blocks the company's credential, Google one user.
        assert set(states.values()) == ({"busy"} if service == "pipedrive" else {"busy", "ok"})
        if service == "pipedrive":
            assert not world.sandbox.pipedrive.requests
    world.pass_time(301)
    world.green()
    assert world.the_event()["summary"] == "Call"
    world.assert_quiet()


def test_a_burst_is_waited_out(world: World) -> None:
    """F101: at least as long as asked, within the run."""
    world.green()
    world.activity("Call")
    headers = {"Retry-After": "2", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "2"}
    world.sandbox.pipedrive.faults.add(Fault(kind="status", status=429, headers=headers, method="GET", times=2))
    before = world.clock()
    world.green()
    assert world.clock() - before >= timedelta(seconds=4)
    assert world.the_event()["summary"] == "Call"
    world.assert_quiet()


def test_a_limit_that_does_not_end_is_told_once_and_waited_out(world: World) -> None:
    """A 429 without any header: tried a few times, then left alone for a while."""
    world.green()
    world.activity("Call")
    server, rest_s = world.sandbox.pipedrive, 900
    server.faults.add(Fault(kind="status", status=429, path="activities", times=0, reason="bare"))
    assert "429" in str(world.sync().failure)
    assert len(server.faults.struck) == 4, "a burst ends within a few tries"
    for _ in range(rest_s // 300 - 1):
        world.pass_time(300 - 5)
        world.restart()
        world.green()
    assert len(server.faults.struck) == 4, "no hot loop, not even after a restart"
    world.pass_time(600)
    assert "429" in str(world.sync().failure), "it is told again if it did not end"
    server.faults.clear()
    world.pass_time(rest_s)
    world.green()
    assert world.the_event()["summary"] == "Call"
    world.assert_quiet()


def test_a_calendar_that_may_not_be_created_yet_is_asked_for_once(world: World) -> None:
    world.anna_is(calendar={"create": "From Pipedrive"})
    full = Fault(kind="status", status=403, reason="quotaExceeded", method="POST", path="/calendars$", times=0)
    world.sandbox.google.faults.add(full)
    assert "quotaExceeded" in str(world.sync().failure)
    for _ in range(3):
        world.pass_time(300)
        world.restart()
        summary = world.sync()
        assert summary.failure is None
        assert summary.result["accounts"]["anna"]["state"] == "busy"
    assert len(world.sandbox.google.faults.struck) == 1, "no hot loop, not even after a restart"
    world.sandbox.google.faults.clear()
    world.pass_time(3 * 3600)
    world.green()
    assert "From Pipedrive" in str(world.google.calendars)


def test_the_sync_stays_under_the_limits(world: World) -> None:
    """With the smallest plan's burst and Google's quotas in force nothing is ever refused."""
    world.google.quotas.on = True
    world.anna_is(max_create_count=100)
    world.green()
    for number in range(40):
        world.activity(f"Call {number}", due_time=f"{8 + number // 4:02}:{number % 4 * 15:02}")
        world.event(f"Lunch {number}", location=str(number))
    statuses: list[Any] = []
    with world.requests():
        world.green()
        for service in (world.sandbox.pipedrive, world.sandbox.google):
            statuses += [r.status for r in service.requests]
    assert len(world.events()) == 80
    assert {status for status in statuses if status >= 400} == set()
