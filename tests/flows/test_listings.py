"""Listings that fail, lack something or begin anew (F110, F203-F205): nothing is deleted, nothing is lost."""

from __future__ import annotations

import dataclasses

import pytest

from include.sandbox.base import Fault
from tests.flows.judging import pair, picture, settled
from tests.flows.world import World, day

pytestmark = pytest.mark.usefixtures("impatient")

BROKEN = {
    "cut off": Fault("truncate", method="GET"),
    "HTML": Fault("html", method="GET", status=200),
    "gateway": Fault("status", method="GET", status=502),
    "reset": Fault("drop", method="GET"),
    "not a list": Fault("json", method="GET", body={"kind": "calendar#events", "success": True}),
    "drip": Fault("drip", seconds=0.05, method="GET"),
}


def test_an_expired_sync_token_loses_and_repeats_nothing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.green()
    for number in range(4):
        world.activity(f"Demo {number}", due_date=day(1 + number))
    world.green()
    settled(world)
    before = len(world.google.events(world.calendar))
    gone, edited = world.links()[:2]
    world.google.delete_event(world.calendar, gone.event_id)
    world.google.edit_event(world.calendar, edited.event_id, location="Bar")
    world.event("New")
    world.google.expire_sync_tokens()
    world.green()
    assert "sync token expired" in caplog.text
    settled(world)
    assert sorted(row["subject"] for row in world.activities()) == ["Demo 1", "Demo 2", "Demo 3", "New"]
    assert len(world.google.events(world.calendar)) == before + 1
    caplog.clear()
    world.assert_quiet()
    assert "sync token expired" not in caplog.text


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("side", ["pipedrive", "google"])
def test_a_listing_that_fails_deletes_nothing(world: World, side: str, how: str) -> None:
    pair(world)
    before = picture(world)
    path = "/activities$" if side == "pipedrive" else "/events$"
    fault = dataclasses.replace(BROKEN[how], path=path, times=0)
    getattr(world.sandbox, side).faults.add(fault)
    with world.requests():
        summary = world.sync(full=True)
    assert world.writes() == 0
    assert summary.failure is not None
    assert "anna" in summary.failure
    getattr(world.sandbox, side).faults.clear()
    settled(world)
    assert picture(world) == before


@pytest.mark.parametrize("how", ["cut off", "gateway", "reset"])
def test_a_listing_that_fails_on_its_second_page_deletes_nothing(world: World, how: str) -> None:
    world.green()
    for number in range(4):
        world.activity(f"Demo {number}", due_date=day(1 + number))
    world.green()
    settled(world)
    before = picture(world)
    world.google.options.page_sizes.extend([2, 2])
    world.sandbox.google.faults.add(dataclasses.replace(BROKEN[how], path="/events$", skip=1, times=0))
    with world.requests():
        assert world.sync(full=True).failure is not None
    assert world.writes() == 0
    world.sandbox.google.faults.clear()
    world.google.options.page_sizes.clear()
    settled(world)
    assert picture(world) == before


@pytest.mark.parametrize("side", ["pipedrive", "google"])
def test_a_shortened_listing_that_still_parses_deletes_nothing(world: World, side: str) -> None:
    world.green()
    for number in range(4):
        world.activity(f"Demo {number}", due_date=day(1 + number))
    world.green()
    settled(world)
    before = picture(world)
    path = "/activities$" if side == "pipedrive" else "/events$"
    fault = Fault("truncate", method="GET", path=path, still_parses=True, times=0)
    getattr(world.sandbox, side).faults.add(fault)
    for _ in range(3):
        with world.requests():
            world.green(full=True)
        assert world.writes() == 0
    getattr(world.sandbox, side).faults.clear()
    settled(world)
    assert picture(world) == before


def test_a_page_of_nothing_is_not_the_end(world: World) -> None:
    pair(world)
    world.pipedrive.edit_activity(world.the_activity()["id"], due_time="17:00")
    world.google.edit_event(world.calendar, world.the_event()["id"], location="Bar")
    world.pipedrive.options.empty_pages = 2
    world.google.options.page_sizes.extend([0, 0])
    world.green()
    settled(world)
    assert (world.the_activity()["due_time"], world.the_activity()["location"]["value"]) == ("17:00", "Bar")
