"""Quarantine (law 6; F107, F601): set aside with a reason, tried again ever more rarely, and taken back."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select

from include.calsync.flows import aside
from include.calsync.store.tables import quarantine
from include.sandbox.base import Fault
from tests.flows.world import World, account_row, day


def poison(world: World, method: str, service: str = "google", **fault: Any) -> None:
    """Writes of this kind are refused for what they contain, until the faults are cleared."""
    fields: dict[str, Any] = {
        "kind": "status",
        "status": 400,
        "reason": "invalid",
        "method": method,
        "times": 0,
    } | fault
    path = "/events" if service == "google" else "/activities"
    getattr(world.sandbox, service).faults.add(Fault(path=path, **fields))


def entries(world: World) -> list[Any]:
    with world.engine.connect() as conn:
        return list(conn.execute(select(quarantine)))


def tried(world: World) -> int:
    return len(world.sandbox.google.faults.struck)


def test_the_time_to_the_next_try_doubles_up_to_a_day(world: World) -> None:
    world.green()
    poison(world, "POST")
    world.activity("Poison")
    started = world.clock()
    times: list[timedelta] = []
    for _ in range(12 * 36):  # a day and a half of runs
        failed = tried(world)
        summary = world.sync()
        seen = summary.result["accounts"]["anna"]
        assert seen["state"] == "ok"
        assert seen["activities"]["quarantined"] == 1, "reported as long as it is set aside"
        if tried(world) > failed:
            times.append(world.clock() - started)
            assert "is in quarantine: Look at this item" in str(summary.failure)
            assert "(events.insert: 400 invalid)" in str(summary.failure)
        else:
            assert summary.failure is None, "green in between"
        if len(times) == 11:
            break
        # Runs without a try are all alike: straight on to the next one, in steps of the schedule.
        (entry,) = entries(world)
        wait_s = max((entry.next_try_at - world.clock()).total_seconds(), 0)
        world.pass_time(300 if wait_s <= 600 else wait_s - 300)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    wanted = [min(5 * 2**n, 24 * 60) for n in range(10)]
    for gap, minutes in zip(gaps, wanted, strict=True):
        assert timedelta(minutes=minutes) <= gap <= timedelta(minutes=minutes + 11)
    (entry,) = entries(world)
    assert (entry.attempts, entry.side) == (11, "activities")
    assert "400 invalid" in entry.reason
    world.sandbox.google.faults.clear()
    world.pass_time(86_400)
    assert world.green()["activities"]["quarantined"] == 0
    assert world.the_event()["summary"] == "Poison"
    assert entries(world) == []
    world.assert_quiet()


def test_an_item_may_fail_for_years(world: World) -> None:
    world.green()
    account_id = account_row(world).id
    with world.engine.begin() as conn:
        for _ in range(70):
            aside.put(conn, account_id, ("events", "e1"), "why", world.clock(), failed=True)
    (entry,) = entries(world)
    assert entry.next_try_at - world.clock() <= aside.LONGEST_DELAY
    assert entry.attempts == 70


def test_others_go_on_and_the_cursor_moves(world: World) -> None:
    world.green()
    for number in range(3):
        world.activity(f"Call {number}")
    world.sandbox.google.faults.add(Fault(kind="status", status=400, reason="invalid", method="POST", path="/events$"))
    assert world.sync().failure
    assert len(world.events()) == 2
    world.pass_time(120)
    with world.requests():
        world.green()
    listing = world.sandbox.pipedrive.requests[0]
    assert listing.query["updated_since"][0] >= (world.clock() - timedelta(minutes=4)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert tried(world) == 1
    world.pass_time(300)
    world.green()
    assert len(world.events()) == 3
    world.assert_quiet()


@pytest.mark.parametrize("edited", ["activity", "event"])
def test_an_edit_is_tried_at_once_and_only_once(world: World, edited: str) -> None:
    """F601: retried after it changed; an edit that is listed again by the overlap is no new one."""
    world.green()
    world.activity("Call")
    world.green()
    poison(world, "PATCH", "google")
    poison(world, "PATCH", "pipedrive", reason=None)
    world.pipedrive.edit_activity(world.the_activity()["id"], subject="First")
    assert world.sync().failure
    for _ in range(4):  # far from its time
        world.pass_time(3600)
        world.sync()
    struck = tried(world) + len(world.sandbox.pipedrive.faults.struck)
    world.pass_time(20)
    if edited == "activity":
        world.pipedrive.edit_activity(world.the_activity()["id"], subject="Second")
    else:
        world.edit_event(world.the_event(), location="Here")
    world.pass_time(5)
    assert world.sync().failure, "tried at once, and failed again"
    assert tried(world) + len(world.sandbox.pipedrive.faults.struck) > struck
    struck = tried(world) + len(world.sandbox.pipedrive.faults.struck)
    world.pass_time(15)
    world.green()
    world.pass_time(15)
    world.green()
    assert tried(world) + len(world.sandbox.pipedrive.faults.struck) == struck, "the overlap lists it again"
    world.sandbox.google.faults.clear()
    world.sandbox.pipedrive.faults.clear()
    world.pass_time(86_400)
    world.green()
    world.green()
    event, activity = world.the_event(), world.the_activity()
    assert event["summary"] == activity["subject"] == ("Second" if edited == "activity" else "First")
    if edited == "event":
        assert (event["location"], activity["location"]["value"]) == ("Here", "Here")
    assert entries(world) == []
    world.assert_quiet()


def test_an_upload_does_not_forget_what_is_set_aside(world: World) -> None:
    """Its time comes while an upload runs, which plans nothing for linked pairs."""
    world.green()
    world.activity("Call")
    world.green()
    poison(world, "PATCH")
    world.pipedrive.edit_activity(world.the_activity()["id"], subject="Changed")
    assert world.sync().failure
    world.sandbox.google.faults.clear()
    world.pass_time(3600)
    assert world.upload().failure is None
    assert len(entries(world)) == 1
    world.green()
    assert world.the_event()["summary"] == "Changed"
    assert entries(world) == []


def test_a_dry_run_leaves_what_is_set_aside(world: World) -> None:
    world.green()
    poison(world, "POST")
    world.activity("Call")
    assert world.sync().failure
    before = entries(world)
    world.pass_time(3600)
    world.sync(dry_run=True)
    assert entries(world) == before


def test_a_deleted_item_leaves_quarantine(world: World) -> None:
    world.green()
    world.activity("Call")
    world.green()
    poison(world, "PATCH")
    world.pipedrive.edit_activity(world.the_activity()["id"], location="There")
    assert world.sync().failure
    world.google.delete_event(world.calendar, world.the_event()["id"])
    world.pipedrive.delete_activity(world.the_activity()["id"])
    world.sandbox.google.faults.clear()
    for _ in range(4):
        world.pass_time(86_400)
        world.sync()
    assert (entries(world), world.links(), world.events(), world.activities()) == ([], [], [], [])
    world.assert_quiet()


def test_a_held_and_a_quarantined_item_are_reported_until_they_are_done(world: World) -> None:
    world.anna_is(max_delete_count=0, max_delete_ratio=0.1)
    world.green()
    for number in range(4):
        world.activity(f"Call {number}", due_date=day(2 + number))
    world.green()
    poison(world, "PATCH")
    world.pipedrive.edit_activity(world.activities()[0]["id"], location="There")
    world.google.delete_event(world.calendar, world.events()[3]["id"])
    world.pass_time(10)  # stamps are whole seconds
    failure = str(world.sync().failure)
    assert "1 deletions held" in failure
    assert "is in quarantine" in failure
    for _ in range(2):
        seen = world.green()
        assert (seen["activities"]["held"], seen["events"]["quarantined"]) == (1, 1)
    world.sandbox.google.faults.clear()
    world.anna_is(max_delete_count=5)
    world.pass_time(3600)
    world.green()
    seen = world.green()
    assert (seen["activities"]["held"], seen["events"]["quarantined"]) == (0, 0)


def test_a_failed_account_is_marked_until_a_run_gets_through(world: World) -> None:
    ben, calendar = world.add_colleague("ben")
    world.green()
    fault = Fault(kind="status", status=403, reason="requiredAccessLevel", path=world.calendar, times=0)
    world.sandbox.google.faults.add(fault)
    world.activity("Ben's", owner_id=ben)
    summary = world.sync()
    assert "account anna" in str(summary.failure)
    assert "ben" not in str(summary.failure)
    assert len(world.events(calendar)) == 1
    row = account_row(world)
    assert row.state == "failed"
    assert "Share the calendar" in row.error
    assert account_row(world, "ben").state == "ok"
    world.sync(dry_run=True)
    assert account_row(world).state == "failed", "a dry run has no say"
    assert world.sync().failure, "as long as it fails"
    world.sandbox.google.faults.clear()
    world.green()
    assert (account_row(world).state, account_row(world).error) == ("ok", None)
