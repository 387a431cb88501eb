"""Backfills: what is dated in an interval is compared, what changed in one is replayed; no cursor, and no surprise."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from include.calsync.flows.request import RunRequest
from include.calsync.store.limits import StoreLimiter
from tests.flows.judging import mapping_of
from tests.flows.test_reconcile import drift, rests
from tests.flows.world import World, account_row, day


def spread(world: World, *days: int) -> None:
    """A pair on each of these days at nine (UTC), out of reach of the next listing."""
    world.anna_is(max_delete_count=1000, max_create_count=1000)
    world.green()
    for offset in days:
        world.activity(f"Day {offset}", due_date=day(offset))
    world.green()
    world.pass_time(3600)
    world.green()


def edited_without_a_trace(world: World, **fields: Any) -> None:
    for row in world.activities():
        world.pipedrive.put_raw_activity(row["id"], **fields, update_time=row["update_time"])


def places(world: World) -> set[str]:
    return {event["summary"] for event in world.events() if event.get("location") == "Bar"}


def quiet_again(world: World, first: int, days_count: int) -> None:
    before, stored = world.cursors(), mapping_of(world)
    with world.requests():
        again = world.reconcile_days(first, days_count)
    assert (world.writes(), drift(again), again.failure) == (0, {}, None)
    assert (world.cursors(), mapping_of(world)) == (before, stored)


def test_only_what_is_dated_in_the_interval_is_compared(world: World) -> None:
    spread(world, -40, -31, -30, -16, -1, 0, 5)
    edited_without_a_trace(world, location={"value": "Bar"})
    before = world.cursors()
    summary = world.reconcile_days(-30, 30)
    assert summary.failure is None
    assert drift(summary) == {"differing": 3}
    assert places(world) == {"Day -30", "Day -16", "Day -1"}
    assert world.cursors() == before
    quiet_again(world, -30, 30)


def test_the_bounds_are_inclusive_and_exclusive(world: World) -> None:
    world.green()
    starts = {"last": ("23:59", 2), "first": ("00:00", 3), "within": ("23:59", 3), "next": ("00:00", 4)}
    for name, (clock, offset) in starts.items():
        world.activity(name, due_date=day(offset), due_time=clock, duration="02:00")
        begin = datetime.fromisoformat(f"{day(offset)}T{clock}:00+00:00").isoformat()
        world.event(f"{name} point", start={"dateTime": begin}, end={"dateTime": begin})
    for offset in (2, 3, 4):
        world.activity(f"whole {offset}", due_date=day(offset), due_time=None, duration=None)
        world.event(f"day {offset}", start={"date": day(offset)}, end={"date": day(offset + 1)})
    world.event("long", start={"date": day(1)}, end={"date": day(6)})
    summary = world.reconcile_days(3)
    assert drift(summary) == {"extra": 6}
    both = {event["summary"] for event in world.events()} & {row["subject"] for row in world.activities()}
    assert both == {"first", "first point", "within", "within point", "whole 3", "day 3"}
    quiet_again(world, 3, 1)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
def test_whole_days_of_calendars_far_from_utc(world: World, zone: str) -> None:
    world.anna_is(time_zone=zone)
    world.google.set_time_zone(world.calendar, zone)
    world.green()
    for offset in (2, 3, 4):
        world.event(f"day {offset}", start={"date": day(offset)}, end={"date": day(offset + 1)})
    world.reconcile_days(3)
    assert [row["subject"] for row in world.activities()] == ["day 3"]
    quiet_again(world, 3, 1)
    since = datetime.fromisoformat(f"{day(3)}T02:30:00+00:00")
    world.reconcile(kind="backfill", interval=(since, since + timedelta(days=1)))
    assert {row["subject"] for row in world.activities()} == {"day 3", "day 4"}, "which begins at midnight, UTC"


def test_the_activities_are_read_until_the_first_one_before_it(world: World) -> None:
    world.green()
    for number in range(1100):
        world.pipedrive.add_activity(f"A{number}", owner_id=world.anna, due_date=day(-number), due_time="10:00")
    world.pass_time(3600)
    with world.requests() as seen:
        summary = world.reconcile_days(-30, 2, dry_run=True)
    assert seen["GET activities.list"] == 1
    assert summary.result["accounts"]["anna"]["activities"]["listed"] == 2
    (request,) = [r for r in world.sandbox.pipedrive.requests if r.path.endswith("/activities")]
    query = {name: values[-1] for name, values in request.query.items()}
    assert (query["sort_by"], query["sort_direction"], query["owner_id"]) == ("due_date", "desc", str(world.anna))
    with world.requests() as seen:
        world.reconcile_days(-600, 2, dry_run=True)
    assert seen["GET activities.list"] == 2


def test_what_was_moved_out_of_the_interval_is_no_deletion(world: World) -> None:
    spread(world, 3, 4, 5, 6)
    later, earlier, event_later, event_earlier = world.activities()
    for row, offset in ((later, 50), (earlier, -50)):
        world.pipedrive.put_raw_activity(row["id"], due_date=day(offset), update_time=row["update_time"])
    events = {event["summary"]: event for event in world.events()}
    for row, offset in ((event_later, 60), (event_earlier, -60)):
        stored = world.google.calendars[world.calendar].events[events[row["subject"]]["id"]]
        for end, clock in (("start", "10:00"), ("end", "10:30")):
            stored.data[end] = {"dateTime": f"{day(offset)}T{clock}:00+01:00", "timeZone": "Europe/Berlin"}
    summary = world.reconcile_days(3, 4)
    assert summary.failure is None
    assert drift(summary) == {"differing": 4}
    assert (len(world.events()), len(world.activities())) == (4, 4)
    assert [row["due_date"] for row in world.activities()] == [day(50), day(-50), day(60), day(-60)]
    found = {event["summary"]: event["start"]["dateTime"][:10] for event in world.events()}
    assert found == {"Day 3": day(50), "Day 4": day(-50), "Day 5": day(60), "Day 6": day(-60)}
    quiet_again(world, 3, 4)
    quiet_again(world, -60, 120)
    rests(world)


def test_what_was_moved_into_the_interval_is_compared_with_its_partner(world: World) -> None:
    spread(world, 20, 30)
    into, event_into = world.activities()
    world.pipedrive.put_raw_activity(into["id"], due_date=day(3), update_time=into["update_time"])
    left = next(event for event in world.events() if event["summary"] == "Day 20")
    world.google.calendars[world.calendar].events[left["id"]].data["location"] = "Bar"
    event = next(event for event in world.events() if event["summary"] == "Day 30")
    stored = world.google.calendars[world.calendar].events[event["id"]]
    for end, clock in (("start", "10:00"), ("end", "10:30")):
        stored.data[end] = {"dateTime": f"{day(3)}T{clock}:00+01:00", "timeZone": "Europe/Berlin"}
    world.pipedrive.put_raw_activity(event_into["id"], location={"value": "Bar"}, update_time=event_into["update_time"])
    assert drift(world.reconcile_days(3)) == {"differing": 2}
    assert {row["due_date"] for row in world.activities()} == {day(3)}
    assert {event["start"]["dateTime"][:10] for event in world.events()} == {day(3)}
    assert places(world) == {"Day 20", "Day 30"}, "both sides were read"
    quiet_again(world, 3, 1)


def test_what_is_gone_in_the_interval(world: World) -> None:
    spread(world, 3, 4, 30)
    activities = world.activities()
    world.pipedrive.purge_activity(activities[0]["id"])
    world.pipedrive.purge_activity(activities[2]["id"])
    event = next(event for event in world.events() if event["summary"] == "Day 4")
    world.google.delete_event(world.calendar, event["id"])
    first = world.reconcile_days(3, 2)
    assert drift(first) == {"missing": 2}
    assert (len(world.activities()), len(world.events())) == (1 - 1, 2), "the event's deletion is proven"
    second = world.reconcile_days(3, 2)
    assert drift(second) == {"missing": 1}, "not found in two runs"
    assert [event["summary"] for event in world.events()] == ["Day 30"], "which is not in the interval"
    quiet_again(world, 3, 2)


def test_a_dry_run_of_a_backfill(world: World) -> None:
    spread(world, 3)
    edited_without_a_trace(world, location={"value": "Bar"})
    stored = mapping_of(world)
    with world.requests():
        assert drift(world.reconcile_days(3, dry_run=True)) == {"differing": 1}
    assert world.writes() == 0
    assert mapping_of(world) == stored


def test_a_deleted_event_without_details_is_replayed_by_a_backfill_of_the_sync(world: World) -> None:
    spread(world, 3, 4)
    since = world.clock()
    world.google.delete_event(world.calendar, world.events()[0]["id"])
    world.pass_time(60)
    interval = (since, world.clock())
    for _ in range(2):
        assert world.sync(kind="backfill", interval=interval).failure is None
        assert len(world.activities()) == 1
    world.assert_quiet()


# What it costs.


@pytest.fixture
def limited(world: World) -> World:
    """With the store's limits, a few minutes after midnight UTC."""
    world.limited = True
    world.pipedrive.options.burst_enabled = True  # with its headers
    to_midnight = datetime.combine(world.clock().date() + timedelta(days=1), time(), UTC) - world.clock()
    world.pass_time(to_midnight.total_seconds() + 300)
    world.green()
    world.activity("Call")
    world.green()
    return world


def left(world: World, tokens: int) -> None:
    """So many tokens are left of the day, as the last answer said."""
    StoreLimiter(world.engine, world.clock, world.sleep).spend("pipedrive_default", 0, tokens)


def of(world: World, **options: Any) -> RunRequest:
    now = world.clock()
    return world.request(**{"kind": "backfill", "interval": (now - timedelta(hours=1), now), **options})


def refused(world: World, request: RunRequest) -> str:
    options = {name: getattr(request, name) for name in ("dag_id", "kind", "interval", "reconcile", "waiting_count")}
    with world.requests() as seen:
        summary = world.sync(**options)
    assert not seen, "nothing was asked"
    assert summary.result["accounts"]["anna"]["state"] == "failed"
    assert account_row(world).state == "ok", "it is the run that fails, not the account"
    return str(summary.failure)


def test_a_backfill_that_is_too_dear_names_the_cheaper_way(limited: World) -> None:
    left(limited, 9)
    text = refused(limited, of(limited))
    assert "this run would take at least 10 tokens of Pipedrive's daily budget" in text
    assert "by a backfill of calendar_reconcile, which is cheaper" in text
    assert "Start again after 00:00 UTC" in text


def test_the_runs_that_are_still_waiting_are_counted(limited: World) -> None:
    left(limited, 2000)
    assert limited.sync(kind="backfill", interval=of(limited).interval, waiting_count=50).failure is None
    left(limited, 2000)
    text = refused(limited, of(limited, waiting_count=288))
    assert "this run and the 288 waiting ones would take at least 2890 tokens" in text


def test_a_comparison_that_is_too_dear(limited: World) -> None:
    left(limited, 9)
    text = refused(limited, of(limited, dag_id="calendar_reconcile", kind="scheduled", interval=None, reconcile=True))
    assert "start it with fewer accounts" in text
    text = refused(limited, of(limited, dag_id="calendar_reconcile", reconcile=True, waiting_count=30))
    assert "this run and the 30 waiting ones would take at least 310 tokens" in text
    assert "a shorter interval" in text


def test_an_unknown_budget_refuses_nothing(limited: World) -> None:
    left(limited, 9)
    limited.pass_time(86_400)
    assert limited.reconcile().failure is None
