"""A person decides what is held (law 8): the next run does exactly that, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from include.calsync.flows import holds
from include.calsync.store.tables import held_creation, held_item, hold
from include.sandbox.faults import Fault
from tests.flows.test_deletions import pairs
from tests.flows.world import World

ANYTHING: dict[str, Any] = {"max_delete_count": 1, "max_delete_ratio": 0.1}
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
