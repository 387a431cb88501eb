"""A person decides what is held (law 8): the next run does exactly that, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from include.calsync.errors import CalsyncError
from include.calsync.flows import holds
from include.calsync.store.tables import held_creation, held_item, hold
from include.sandbox.faults import Fault
from tests.flows.test_deletions import hide, pairs
from tests.flows.world import World

ANYTHING: dict[str, Any] = {"max_delete_count": 1, "max_delete_ratio": 0.1}
EDITS: dict[str, Any] = {"max_change_count": 1, "max_change_ratio": 0.1}
WHOLE = {
    "attendees": [{"email": "guest@elsewhere.example"}, {"email": "anna@acme.example", "self": True}],
    "colorId": "6",
    "reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": 7}]},
}


def the_hold(world: World) -> Any:
    with world.engine.connect() as conn:
        (row,) = conn.execute(select(hold).where(hold.c.state == "open")).all()
    return row


def left(world: World) -> int:
    """How much is still kept of holds."""
    with world.engine.connect() as conn:
        return sum(len(conn.execute(select(table.c.id)).all()) for table in (held_item, held_creation))


def decide(world: World, *, approve: bool) -> None:
    holds.decide(world.services(), the_hold(world).id, approve=approve, by="olga")


def delete_events(world: World, count: int) -> list[dict[str, Any]]:
    gone = world.events()[:count]
    for event in gone:
        world.google.delete_event(world.calendar, event["id"])
    return gone


def delete_activities(world: World, count: int) -> list[int]:
    gone = [int(row["id"]) for row in world.activities()[:count]]
    for activity_id in gone:
        world.pipedrive.delete_activity(activity_id)
    return gone


def held(world: World, **options: Any) -> None:
    """A run that holds something."""
    assert " held" in str(world.sync(**options).failure)


def places(world: World) -> list[str | None]:
    return [(row["location"] or {}).get("value") for row in world.activities()]


# Deletions.


def test_what_is_approved_goes_and_nothing_else(world: World) -> None:
    world.anna_is(**ANYTHING)
    pairs(world, 6)
    gone = {link.activity_id for link in world.links()[:4]}
    delete_events(world, 4)
    held(world)
    decide(world, approve=True)
    assert world.green()["activities"]["deleted"] == 4
    assert {row["id"] for row in world.activities()}.isdisjoint(gone)
    assert (len(world.activities()), len(world.events()), len(world.links()), left(world)) == (2, 2, 2, 0)
    assert {row.actor for row in world.changes() if row.action == "delete_activity"} == {"olga"}
    world.assert_quiet()


def test_what_was_approved_does_not_count_against_the_next_ones(world: World) -> None:
    world.anna_is(**ANYTHING)
    pairs(world, 6)
    delete_events(world, 3)
    held(world)
    decide(world, approve=True)
    world.green()
    delete_events(world, 1)
    assert world.green()["activities"]["deleted"] == 1


def test_listed_deletions_of_activities_are_approved(world: World) -> None:
    world.anna_is(**ANYTHING)
    pairs(world, 5)
    delete_activities(world, 3)
    held(world, full=True)
    decide(world, approve=True)
    world.green()
    assert (len(world.events()), len(world.links()), left(world)) == (2, 2, 0)
    world.assert_quiet()


def test_what_is_rejected_comes_back_whole(world: World) -> None:
    world.anna_is(**ANYTHING)
    pairs(world, 5)
    for event in world.events()[:3]:
        world.edit_event(event, **WHOLE)
    world.green()
    delete_events(world, 3)
    held(world)
    world.google.mails.clear()
    decide(world, approve=False)
    assert world.green()["events"]["created"] == 3
    assert (len(world.activities()), len(world.events()), left(world)) == (5, 5, 0)
    whole = [event for event in world.events() if event.get("colorId") == "6"]
    assert len(whole) == 3
    for event in whole:
        assert event["reminders"] == WHOLE["reminders"]
        assert "guest@elsewhere.example" in {each["email"] for each in event["attendees"]}
    assert list(world.google.mails) == []
    assert {row.actor for row in world.changes() if row.action == "create_event" and row.actor} == {"olga"}
    world.assert_quiet()
    world.assert_quiet()


def test_rejected_deletions_of_activities_make_them_anew(world: World) -> None:
    world.anna_is(**ANYTHING)
    pairs(world, 5)
    for row in world.activities():
        world.pipedrive.edit_activity(row["id"], priority=3, note="<p>Key</p>")
    world.green()
    delete_activities(world, 3)
    held(world, full=True)
    decide(world, approve=False)
    for _ in range(3):  # until it is proven that they are gone
        world.pass_time(300)
        world.green()
    assert [(row["priority"], row["note"]) for row in world.activities()] == [(3, "<p>Key</p>")] * 5
    assert (len(world.events()), len(world.links()), left(world)) == (5, 5, 0)
    world.green()
    world.assert_quiet()


def test_an_edit_after_the_approval_wins(world: World) -> None:
    world.anna_is(**ANYTHING)
    pairs(world, 5)
    kept = world.links()[0].activity_id
    delete_events(world, 3)
    held(world)
    decide(world, approve=True)
    world.pipedrive.edit_activity(kept, subject="Still wanted")
    world.green()
    assert {row["id"] for row in world.activities()} == {kept, *(link.activity_id for link in world.links())}
    assert (len(world.activities()), len(world.events()), left(world)) == (3, 3, 0)
    world.assert_quiet()


def test_what_changed_since_the_approval_is_held_anew(world: World) -> None:
    """One way: the event would go whatever was typed there; but that is not what the person saw."""
    world.anna_is(**ANYTHING, mode="to_google")
    world.green()
    for number in range(5):
        world.activity(f"Call {number}")
    world.green()
    events = world.events()
    gone = delete_activities(world, 3)
    held(world, full=True)
    decide(world, approve=True)
    (link,) = [link for link in world.links() if link.activity_id == gone[0]]
    world.google.edit_event(world.calendar, link.event_id, location="Typed")
    summary = world.sync()
    assert "1 changes held anew" in str(summary.failure)
    assert len(world.events()) == len(events) - 2
    decide(world, approve=True)
    world.green()
    assert (len(world.events()), left(world)) == (2, 0)
    world.assert_quiet()


def test_an_approval_outlives_a_run_that_fails(world: World) -> None:
    world.anna_is(**ANYTHING)
    pairs(world, 5)
    delete_events(world, 3)
    held(world)
    decide(world, approve=True)
    world.sandbox.pipedrive.faults.add(Fault("status", status=503, method="DELETE", times=0))
    world.sync()
    assert len(world.activities()) == 5
    world.sandbox.pipedrive.faults.clear()
    world.pass_time(4000)
    world.green()
    assert (len(world.activities()), left(world)) == (2, 0)
    world.assert_quiet()


@pytest.mark.parametrize("task", ["plan", "upsert_activities"])
def test_an_approval_outlives_a_task_that_dies(world: World, task: str) -> None:
    world.anna_is(**ANYTHING)
    pairs(world, 5)
    delete_events(world, 3)
    held(world)
    decide(world, approve=True)
    world.sync(fates={task: "failed"})
    world.pass_time(4000)
    world.green()
    assert (len(world.activities()), left(world)) == (2, 0)
    world.assert_quiet()


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


# Deciding.


def test_a_hold_is_decided_once(world: World) -> None:
    world.anna_is(**ANYTHING)
    pairs(world, 4)
    delete_events(world, 3)
    held(world)
    hold_id, services = the_hold(world).id, world.services()
    shown = holds.show(services, hold_id)
    assert (shown.account, shown.hold.item_count, len(shown.lines)) == ("anna", 3, 3)
    assert (shown.approved, shown.counts) == ("delete 3 activities in Pipedrive", {"delete_activity": 3})
    assert {line.what for line in shown.lines} == {"remove activity"}
    assert {line.changes for line in shown.lines} == {""}
    with pytest.raises(CalsyncError, match="Look at hold 1 again"):
        holds.decide(services, hold_id, approve=True, by="olga", plan_hash="another")
    holds.decide(services, hold_id, approve=True, by="olga", plan_hash=shown.plan_hash)
    with pytest.raises(CalsyncError, match="hold 1 was approved by olga"):
        holds.decide(services, hold_id, approve=False, by="otto")
    with pytest.raises(CalsyncError, match="there is no hold 99"):
        holds.show(services, 99)
    world.log_personal_data = True
    assert all("Call" in line.changes for line in holds.show(world.services(), hold_id).lines)


def test_what_nobody_decides_is_asked_about_again_after_a_week(world: World) -> None:
    world.anna_is(**ANYTHING)
    pairs(world, 4)
    delete_events(world, 3)
    held(world)
    first = the_hold(world).id
    for _ in range(6):
        world.pass_time(24 * 3600)
        world.green()
    assert the_hold(world).id == first
    world.pass_time(25 * 3600)
    held(world)
    assert the_hold(world).id > first
    assert len(world.activities()) == 4
    decide(world, approve=True)
    world.green()
    assert (len(world.activities()), left(world)) == (1, 0)
