"""Limits read rightly (F103, F121-F125): who rests, for how long, and that the rest goes on."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from include.sandbox.base import Fault
from tests.flows.world import World, account_row


@pytest.fixture
def world(world: World) -> World:
    """With the store's limits, a few minutes after midnight UTC."""
    world.limited = True
    world.pipedrive.options.burst_enabled = True  # with its headers
    to_midnight = datetime.combine(world.clock().date() + timedelta(days=1), time(), UTC) - world.clock()
    world.pass_time(to_midnight.total_seconds() + 300)
    return world


def anna(summary: Any) -> Any:
    return summary.result["accounts"]["anna"]


# The end of the day, or a burst (F122).


@pytest.mark.parametrize("reason", ["burst_left", "burst", "burst_undated", "burst_left_undated", "bare"])
def test_a_burst_never_stops_a_company_for_a_day(world: World, reason: str) -> None:
    world.green()
    world.activity("Call")
    world.sandbox.pipedrive.faults.add(Fault("status", status=429, reason=reason, times=0))
    assert "429" in str(world.sync().failure)
    assert len(world.sandbox.pipedrive.faults.struck) == 4
    world.sandbox.pipedrive.faults.clear()
    world.restart()
    world.pass_time(900)
    world.green()
    assert world.the_event()["summary"] == "Call"


@pytest.mark.parametrize("reason", ["day_rest", "day_rest_burst_over", "daily"])
def test_a_rest_that_is_too_small_is_the_end_of_the_day(world: World, reason: str) -> None:
    world.green()
    world.activity("Call")
    world.sandbox.pipedrive.faults.add(Fault("status", status=429, reason=reason, times=0))
    assert "daily token budget is used up" in str(world.sync().failure)
    world.pass_time(12 * 3600)
    world.restart()
    seen = anna(world.sync())
    assert seen["state"] == "busy"
    assert "daily token budget" in seen["error"]
    assert len(world.sandbox.pipedrive.faults.struck) == 1


# Searches (F123).


def test_many_guests_are_looked_up_within_the_window_of_searches(world: World) -> None:
    world.pipedrive.options.search_requests = 10
    world.pipedrive.options.search_headers = "general"
    world.pipedrive.options.plan = "ultimate"
    world.pipedrive.limits.unblock()
    world.green()
    for number in range(8):
        guests = [f"guest{number}-{each}@customer.example" for each in range(4)]
        for mail in guests:
            world.pipedrive.add_person(mail.split("@")[0], email=mail)
        world.event(f"Kick-off {number}", attendees=[{"email": mail} for mail in guests])
    world.pass_time(30)
    with world.requests() as seen:
        world.green()
    assert seen["GET persons.search"] == 32
    assert {r.status for r in world.sandbox.pipedrive.requests} == {200}
    assert len(world.activities()) == 8


def test_refused_searches_stop_neither_the_account_nor_the_company(world: World) -> None:
    _, calendar = world.add_colleague("ben")
    world.green()
    world.event("Kick-off", attendees=[{"email": "guest@customer.example"}])
    world.event("Lunch")
    world.event("Ben's", calendar)
    world.sandbox.pipedrive.faults.add(Fault("status", status=429, reason="search", path="search", times=0))
    summary = world.sync()
    assert {one["state"] for one in summary.result["accounts"].values()} == {"ok"}
    assert {row["subject"] for row in world.activities()} == {"Lunch", "Ben's"}
    world.sandbox.pipedrive.faults.clear()
    world.pass_time(300)
    world.green()
    assert {row["subject"] for row in world.activities()} == {"Lunch", "Ben's", "Kick-off"}


# The hour of the reset (F124).


@pytest.mark.parametrize("hour", [7, 15])
def test_a_budget_that_comes_back_at_another_hour_is_found_within_the_hour(world: World, hour: int) -> None:
    world.pipedrive.options.daily_reset_hour = hour
    world.green()
    world.pass_time(16 * 3600)  # past both hours
    world.green()
    world.activity("Call")
    begun = world.clock()
    world.pipedrive.limits.exhaust_day()
    world.sync()
    reset = datetime.combine(begun.date() + timedelta(days=1), time(hour), UTC)
    refused: list[datetime] = []
    while not world.events():
        world.pass_time(1200)
        world.restart()
        with world.requests():
            world.sync()
        refused += [r.at for r in world.sandbox.pipedrive.requests if r.status == 429]
    assert timedelta(0) <= world.clock() - reset <= timedelta(hours=1), world.clock()
    assert len(refused) <= hour + 1, "once an hour, after the first midnight"
    assert all(at.date() > begun.date() for at in refused)
    left = 2_000
    world.pipedrive.options.daily_tokens = world.pipedrive.limits.spent_today + left
    world.sync()
    world.pass_time(3600)
    summary = world.sync()
    told = f"{anna(summary)} {anna(world.sync())}"
    assert f"until {hour:02}:00 UTC" in told, "what is left is spread over the hours until then"


# Google's limits (F103, F104).


@pytest.mark.parametrize("reason", ["rateLimitExceeded", "userRateLimitExceeded"])
def test_writes_that_are_too_many_for_a_calendar_rest_that_calendar(world: World, reason: str) -> None:
    ben, calendar = world.add_colleague("ben")
    world.green()
    limit = Fault("status", status=403, reason=reason, method="POST", path=f"{world.calendar}/events$", times=0)
    world.sandbox.google.faults.add(limit)
    world.activity("Call")
    world.activity("Ben's", owner_id=ben)
    world.event("Lunch")
    summary = world.sync()
    assert summary.failure is None, "it is over in a minute"
    assert (anna(summary)["state"], summary.result["accounts"]["ben"]["error"]) == ("ok", None)
    assert "Changes that wait: 1." in anna(summary)["error"]
    assert "in use by" not in anna(summary)["error"]
    assert "Lunch" in {row["subject"] for row in world.activities()}
    assert [event["summary"] for event in world.events(calendar)] == ["Ben's"]
    world.sandbox.google.faults.clear()
    world.pass_time(60)
    world.green()
    assert {event["summary"] for event in world.events()} == {"Call", "Lunch"}
    assert account_row(world).error is None
    world.assert_quiet()


def test_a_rate_limit_that_lasts_is_asked_for_less_and_less_and_told_after_an_hour(world: World) -> None:
    world.green()
    limit = Fault("status", status=403, reason="rateLimitExceeded", method="POST", path="/events$", times=0)
    world.sandbox.google.faults.add(limit)
    world.activity("Call")
    struck, red = [], []
    for _ in range(18):
        summary = world.sync()
        struck.append(len(world.sandbox.google.faults.struck))
        red.append(summary.failure is not None)
        world.pass_time(300)
        world.restart()
    tries = [later - earlier for earlier, later in zip([0, *struck], struck, strict=False)]
    assert tries.count(4) <= 9, "at 0, 1, 2, 4, 8, 15 minutes' distance"
    assert not any(red[:12])
    assert all(red[14:])
    assert "No run got through since" in str(summary.failure)
    world.sandbox.google.faults.clear()
    world.pass_time(900)
    world.green()
    world.green()
    assert world.the_event()["summary"] == "Call"


@pytest.mark.parametrize("form", ["calendar", "aip", "both"])
@pytest.mark.parametrize("reason", ["dailyLimitExceeded", "limitExceeded", "someNewLimitExceeded"])
def test_other_limits_pause_and_are_no_refusal_of_the_credential(world: World, reason: str, form: Any) -> None:
    world.google.options.error_form = form
    world.green()
    world.activity("Call")
    for method in ("POST", "GET"):
        world.sandbox.google.faults.add(Fault("status", status=403, reason=reason, method=method, path="events"))
    text = str(world.sync().failure)
    assert "hare the calendar" not in text
    world.sandbox.google.faults.clear()
    world.sandbox.google.faults.add(Fault("status", status=403, reason=reason, path="events", times=0))
    for _ in range(2):
        world.pass_time(300)
        world.restart()
        summary = world.sync()
        assert summary.failure is None
        assert "imit" in anna(summary)["error"]
    assert not world.sandbox.google.faults.struck, "not sent again while it rests"
    world.sandbox.google.faults.clear()
    world.pass_time(3600)
    world.green()
    world.green()
    assert world.the_event()["summary"] == "Call"


# A gateway (F125).


@pytest.mark.parametrize("service", ["pipedrive", "google"])
def test_a_page_of_a_gateway_is_asked_again(world: World, service: str) -> None:
    world.green()
    world.activity("Call")
    world.green()
    world.activity("Other", due_time="13:00")
    world.event("Lunch")
    faults = getattr(world.sandbox, service).faults
    faults.add(Fault("html", status=404, path="activities|events", times=2))
    world.green()
    assert len(faults.struck) == 2
    assert len(world.events()) == len(world.activities()) == 3
    world.assert_quiet()
