"""Listings of events that end without a sync token, and calendars that are shared in other ways."""

from __future__ import annotations

import pytest

from include.sandbox.faults import Fault
from tests.flows.world import World, day


def without_tokens(world: World) -> None:
    """Google's answers lack their tokens from now on."""
    world.sandbox.google.faults.add(Fault("no_sync_token", path="/events$", times=0))


def notices(caplog: pytest.LogCaptureFixture) -> int:
    return caplog.text.count("Google has given no sync token")


def test_a_backfill_over_days_needs_no_token(world: World) -> None:
    world.google.options.bounded_sync_token = False
    world.green()
    world.activity("Call", due_date=day(3))
    world.green()
    event = world.the_event()
    before = world.cursors()
    world.edit_event(event, summary="Missed")
    assert world.reconcile_days(2, 3).failure is None
    assert world.the_activity()["subject"] == "Missed"
    assert world.cursors() == before


def test_without_tokens_full_reads_go_on_and_are_told_of(world: World, caplog: pytest.LogCaptureFixture) -> None:
    without_tokens(world)
    world.green()
    for number in range(1, 5):
        world.event(f"Lunch {number}", start={"date": day(number)}, end={"date": day(number + 1)})
        world.restart()
        world.green()
        assert len(world.activities()) == number
        assert notices(caplog) == max(0, number - 1)
    world.assert_quiet()
    assert [row.side for row in world.cursors()] == ["activities"]
    world.sandbox.google.faults.clear()
    caplog.clear()
    world.green()
    assert {row.side for row in world.cursors()} == {"activities", "events"}
    without_tokens(world)
    world.green()
    assert notices(caplog) == 0, "three in a row"


def test_where_a_token_is_left_out_once_the_old_one_goes_on(world: World) -> None:
    world.green()
    (before,) = (row for row in world.cursors() if row.side == "events")
    without_tokens(world)
    event = world.event("Lunch")
    world.green()
    assert world.the_activity()["subject"] == "Lunch"
    assert before in world.cursors()
    world.sandbox.google.faults.clear()
    world.edit_event(event, summary="Dinner")
    world.green()
    assert world.the_activity()["subject"] == "Dinner"
    world.assert_quiet()


def test_a_right_that_hides_private_events_is_named(world: World) -> None:
    world.google.share(world.calendar, "anna@acme.example", "writerWithoutPrivateAccess")
    failure = world.sync().failure
    assert failure is not None
    assert "to see private ones, too" in failure
