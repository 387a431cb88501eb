"""The logs of pulls and upserts: a line for each account of which there is something to tell, and for first writes."""

from __future__ import annotations

import logging
import re

import pytest

from include.calsync.flows.applying import apply, tell
from include.sandbox.base import Fault
from tests.flows.world import World, day

TASKS = ("flows.pulling.pull", "flows.applying.tell")


def run(world: World, caplog: pytest.LogCaptureFixture) -> list[str]:
    """What these tasks say of a sync, without times of day and the ids that Google makes."""
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="include.calsync.flows"):
        world.sync()
    lines = [each.getMessage() for each in caplog.records if each.name.endswith(TASKS)]
    return [re.sub(r"event [a-v0-9]{10,}", "event ID", re.sub(r"\d\d:\d\d:\d\d", "TIME", line)) for line in lines]


def test_a_line_for_each_account_and_each_write(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.add_colleague("ben")
    world.add_colleague("cem")
    world.green()
    assert run(world, caplog) == ["Nothing listed: anna, ben, cem", "Nothing listed: anna, ben, cem"]
    first = world.activity("Call")
    world.green()
    world.pass_time(3600)
    second = world.activity("Demo", due_date=day(3))
    world.pipedrive.edit_activity(first["id"], location="Bar")
    world.event("Lunch")
    lines = run(world, caplog)
    lines[4:6] = sorted(lines[4:6])  # both are under way at the same time
    assert lines == [
        "anna: 2 activities listed, 1 new (since TIME UTC)",
        "Nothing listed: ben, cem",
        "anna: 2 events listed, 1 new",
        "Nothing listed: ben, cem",
        f"anna: change event (activity {first['id']}, event ID): edited in Pipedrive",
        f"anna: new event (activity {second['id']}): new activity",
        "anna: in Google 2 carried out",
        "anna: new activity (event ID): new event",
        "anna: in Pipedrive 1 carried out",
    ]


def test_what_was_left_out_and_set_aside_is_counted(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.green()
    world.event("Holiday", eventType="outOfOffice")
    world.activity("Poison")
    world.sandbox.google.faults.add(Fault("status", method="POST", path="/events$", status=400, times=0))
    assert run(world, caplog) == [
        "anna: 1 activity listed, 1 new (since TIME UTC)",
        "anna: 1 event listed, 1 left out",
        "anna: in Google 1 set aside",
    ]


def test_an_account_that_failed_was_told_of_before(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.green()
    world.tokens["pipedrive_default"] = "0" * 40
    assert run(world, caplog) == []


def test_an_upload_tells_how_far_it_is(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply, "UPLOAD_LEASE_ITEMS", 4)
    monkeypatch.setattr(tell, "TOLD_ROWS", 2)
    ids = [world.activity(f"Call {number}", due_date=day(number + 1))["id"] for number in range(10)]
    world.pass_time(60)
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="include.calsync.flows"):
        world.upload()
    lines = [each.getMessage() for each in caplog.records if each.name.endswith(TASKS[1])]
    told = {f"anna: new event (activity {each}): new activity" for each in ids[:4]}
    assert len(set(lines[:2]) & told) == 2, "which of those under way ends first is open"
    assert lines[2:] == [
        "anna: 4 of 10 are through",
        "anna: 8 of 10 are through",
        "anna: 10 of 10 are through",
        "anna: in Google 10 carried out",
    ]


def test_nothing_is_put_into_words_that_nobody_reads(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.green()
    world.activity("Call")
    caplog.clear()
    with caplog.at_level(logging.WARNING, logger="include.calsync.flows"):
        world.green()
    assert [each.name for each in caplog.records if each.name.endswith(TASKS)] == []
