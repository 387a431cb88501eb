"""Series while runs die, answers are lost, and people are at work: still one activity for each occurrence."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from include.sandbox.base import Fault
from tests.flows.killing import Killed, Killer, Snapshot, before_request
from tests.flows.recurring import Json, activity, at, days, due, occurrence, series, settled
from tests.flows.world import World
from tests.proofs import WHOLE

LEASE_S = 301
RESEND_S = 121
STRIDE = 1 if WHOLE else 7
pytestmark = pytest.mark.timeout(600)


def split(world: World, synced: Json) -> None:
    world.google.split_series(world.calendar, occurrence(world, 3).event_id, **at(3, "16:00"))


def reschedule(world: World, synced: Json) -> None:
    world.edit_event(synced, **at(2, "15:00"))


def shorten(world: World, synced: Json) -> None:
    world.edit_event(synced, recurrence=["RRULE:FREQ=DAILY;COUNT=2"])


# People at work at the same time.


def test_an_occurrence_edited_between_list_and_patch_is_not_overwritten(world: World, synced: Json) -> None:
    link = occurrence(world, 2)
    world.pipedrive.edit_activity(link.activity_id, due_time="17:00")
    act = lambda: world.google.edit_event(world.calendar, link.event_id, location="Bar")  # noqa: E731
    with before_request("PATCH", link.event_id, act):
        world.green()
    settled(world)
    event, row = world.google.event(world.calendar, link.event_id), activity(world, 2)
    assert (event["location"], row["location"]["value"]) == ("Bar", "Bar")
    assert row["due_time"] == "17:00"


def test_a_series_retitled_between_list_and_patch(world: World, synced: Json) -> None:
    link = occurrence(world, 2)
    world.pipedrive.edit_activity(link.activity_id, due_time="17:00")
    with before_request("PATCH", link.event_id, lambda: world.edit_event(synced, summary="Retro")):
        world.green()
    settled(world)
    assert {row["subject"] for row in world.activities()} == {"Retro"}
    assert activity(world, 2)["due_time"] == "17:00"
    assert due(world) == days(1, 2, 3, 4)


def test_an_occurrence_edited_while_it_is_being_deleted_stays(world: World, synced: Json) -> None:
    link = occurrence(world, 2)
    world.pipedrive.delete_activity(link.activity_id)
    world.green()
    act = lambda: world.google.edit_event(world.calendar, link.event_id, location="Bar")  # noqa: E731
    with before_request("DELETE", link.event_id, act), contextlib.suppress(AssertionError):
        world.sync()
    settled(world)
    assert due(world) == days(1, 2, 3, 4)
    assert activity(world, 2)["location"]["value"] == "Bar"


# Deaths, and answers that never came.


@pytest.mark.parametrize("change", [split, reschedule, shorten])
def test_a_run_that_dies_while_a_series_changes(world: World, synced: Json, change: Any) -> None:
    """At its requests and commits, those between the new keys and the writes included (`make proofs`: at each)."""
    before = sorted(row["id"] for row in world.activities())
    change(world, synced)
    snapshot, whole = Snapshot(world), Killer()
    with whole.on(world):
        world.green()
    settled(world)
    wanted = due(world), sorted(row["id"] for row in world.activities())
    assert set(wanted[1]) <= set(before), "none is made anew"
    for moment in range(0, len(whole.steps), STRIDE):
        snapshot.restore()
        with contextlib.suppress(Killed), Killer(moment).on(world):
            world.sync()
        world.pass_time(LEASE_S)
        settled(world)
        assert (due(world), sorted(row["id"] for row in world.activities())) == wanted, whole.steps[moment]


@pytest.mark.parametrize("change", [split, reschedule, None])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_series_that_changes_while_an_answer_is_outstanding(world: World, when: str, change: Any) -> None:
    """Whether the activity was created is not known yet, and its occurrence has another key by then."""
    world.green()
    event = series(world)
    world.sandbox.pipedrive.faults.add(Fault("drop", when=when, method="POST", path="/activities$", times=3))
    world.sync()
    if change is split:
        third = world.google.instances(world.calendar, event["id"])[2]
        world.google.split_series(world.calendar, third["id"], **at(3, "16:00"))
    elif change is not None:
        change(world, event)
    world.pass_time(RESEND_S)
    settled(world)
    assert due(world) == (days(2, 3, 4, 5) if change is reschedule else days(1, 2, 3, 4))
    assert len(world.links()) == 4
