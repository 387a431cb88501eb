"""Whatever is held, a person decides it (law 8): edits, removals by a setting, new items, what is not found."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.test_deletions import hide, pairs
from tests.flows.test_holds import ANYTHING, decide, held, left, places
from tests.flows.world import World

EDITS: dict[str, Any] = {"max_change_count": 1, "max_change_ratio": 0.1}

# Edits.


@pytest.mark.parametrize("approve", [True, False])
def test_mass_edits_made_in_google(world: World, approve: bool) -> None:
    world.anna_is(**EDITS)
    pairs(world, 4)
    for event in world.events()[:3]:
        world.edit_event(event, location="Everywhere", summary="All the same", description="Typed")
    held(world)
    decide(world, approve=approve)
    world.green()
    assert places(world).count("Everywhere") == (3 if approve else 0)
    subjects = [row["subject"] for row in world.activities()]
    assert subjects.count("All the same") == (3 if approve else 0)
    assert [event.get("location") for event in world.events()].count("Everywhere") == (3 if approve else 0)
    assert [event["summary"] for event in world.events()].count("All the same") == (3 if approve else 0)
    assert left(world) == 0
    lost = [each for row in world.changes() for each in row.lost or ()]
    assert {(each["event"], each["why"]) for each in lost if each["field"] == "place"} == (
        set() if approve else {("Everywhere", "rejected")}
    )
    world.assert_quiet()


@pytest.mark.parametrize("approve", [True, False])
def test_mass_edits_made_in_pipedrive(world: World, approve: bool) -> None:
    world.anna_is(**EDITS)
    pairs(world, 4)
    for row in world.activities():
        world.pipedrive.edit_activity(row["id"], public_description="<b>Bold</b> plans", location="Bonn")
    world.anna_is(**(EDITS | {"max_change_count": 9}))
    world.green()
    world.anna_is(**EDITS)
    world.green()
    before = {row["id"]: row["subject"] for row in world.activities()}
    for row in world.activities()[:3]:
        edits = {"subject": "All the same", "public_description": "", "due_time": "15:00"}
        world.pipedrive.edit_activity(row["id"], **edits)
    held(world)
    decide(world, approve=approve)
    world.green()
    rows = world.activities()
    assert [row["subject"] for row in rows].count("All the same") == (3 if approve else 0)
    if not approve:
        assert {row["id"]: row["subject"] for row in rows} == before
        assert {row["public_description"] for row in rows} == {"<b>Bold</b> plans"}
        assert {row["due_time"] for row in rows} == {"09:00"}
    shown = {link.activity_id: event["summary"] for link in world.links() for event in world.events()
             if event["id"] == link.event_id}  # fmt: skip
    assert all(row["subject"] in shown[row["id"]] for row in rows)
    assert left(world) == 0
    world.assert_quiet()


def test_edits_that_were_taken_back_need_no_decision(world: World) -> None:
    world.anna_is(**EDITS)
    pairs(world, 3)
    for event in world.events():
        world.edit_event(event, location="Everywhere")
    held(world)
    decide(world, approve=False)
    for event in world.events():
        world.edit_event(event, location="")
    world.green()
    assert (places(world), left(world)) == ([None] * 3, 0)
    world.assert_quiet()


# Removals by a setting.


@pytest.mark.parametrize("approve", [True, False])
def test_removals_by_a_setting(world: World, approve: bool) -> None:
    world.anna_is(**ANYTHING)
    pairs(world, 4)
    world.anna_is(activity_types=["meeting"])
    held(world)
    decide(world, approve=approve)
    for _ in range(2):
        world.green()
    assert (len(world.events()), len(world.activities())) == (0 if approve else 4, 4)
    world.assert_quiet()
    world.anna_is(activity_types=None)
    world.anna_is(max_create_count=9)
    world.green()
    for row in world.activities():
        world.pipedrive.edit_activity(row["id"], location="Bonn")
    world.anna_is(max_change_count=9)
    world.green()
    assert ([event["location"] for event in world.events()], left(world)) == (["Bonn"] * 4, 0)
    world.assert_quiet()


# New items.


@pytest.mark.parametrize("approve", [True, False])
def test_new_items(world: World, approve: bool) -> None:
    world.anna_is(max_create_count=2)
    world.green()
    for number in range(4):
        world.event(f"Lunch {number}")
    held(world)
    decide(world, approve=approve)
    world.green()
    assert (len(world.activities()), len(world.events())) == (4 if approve else 0, 4)
    assert left(world) == (0 if approve else 4)
    world.assert_quiet()
    if not approve:
        world.edit_event(world.events()[0], location="Bonn")
        assert world.green()["activities"]["created"] == 0, "a rejected one stays where it is"
        world.upload(direction="to_pipedrive")
        world.green()
        assert (len(world.activities()), left(world)) == (4, 0)
        world.assert_quiet()


def test_new_items_that_changed_since_the_approval(world: World) -> None:
    world.anna_is(max_create_count=2)
    world.green()
    for number in range(4):
        world.activity(f"Call {number}")
    held(world)
    decide(world, approve=True)
    world.pipedrive.edit_activity(world.activities()[0]["id"], subject="Another one")
    summary = world.sync()
    assert "1 changes held anew" in str(summary.failure)
    assert len(world.events()) == 3
    decide(world, approve=True)
    world.green()
    assert (len(world.events()), left(world)) == (4, 0)
    world.assert_quiet()


# What is not found.


@pytest.mark.parametrize("approve", [True, False])
def test_hidden_activities(world: World, approve: bool) -> None:
    pairs(world)
    hide(world)
    decide(world, approve=approve)
    for _ in range(2):
        world.pass_time(300)
        world.green()
    assert len(world.events()) == (0 if approve else 1)
    world.pipedrive.unhide(world.anna)
    for _ in range(2):
        world.pass_time(300)
        world.green()
    if not approve:
        assert ([link.state for link in world.links()], left(world)) == (["active"], 0)
        world.assert_quiet()


@pytest.mark.parametrize("approve", [True, False])
def test_events_that_are_lost(world: World, approve: bool) -> None:
    pairs(world, 3)
    for event_id in list(world.google.events(world.calendar)):
        world.google.purge_event(world.calendar, event_id)
    assert "not found any more" in str(world.reconcile().failure)
    decide(world, approve=approve)
    for _ in range(2):
        world.green()
    assert (len(world.activities()), len(world.events()), left(world)) == ((0, 0, 0) if approve else (3, 3, 0))
    world.assert_quiet()
