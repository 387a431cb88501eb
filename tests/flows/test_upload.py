"""What comes over when: after connecting, by upload, and what is recognised instead of made twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from include.calsync.store.tables import intent
from include.sandbox.faults import Fault
from tests.flows.world import World, day


@pytest.fixture
def old(world: World) -> World:
    """A company with activities and events from before it was connected."""
    for number in range(3):
        world.activity(f"Old {number}", due_date=day(number + 1))
    world.activity("Old and done", done=True, due_date=day(-3))
    world.activity("Task", type="task", due_date=day(20))
    world.event("Old event")
    world.pass_time(3600)
    return world


def test_only_new_and_edited_items_come_after_connecting(old: World) -> None:
    assert old.green()["events"]["created"] == 0
    assert len(old.events()) == 1
    old.pipedrive.edit_activity(old.activities()[0]["id"], subject="Edited")
    old.activity("New")
    old.green()
    assert {event["summary"] for event in old.events()} == {"Old event", "Edited", "New"}
    assert len(old.activities()) == 6
    old.google.edit_event(
        old.calendar, next(e["id"] for e in old.events() if e["summary"] == "Old event"), location="X"
    )
    old.green()
    assert "Old event" in {row["subject"] for row in old.activities()}
    assert old.green(full=True)["events"]["created"] == 0, "what a full run reads is no reason to bring it"
    old.assert_quiet()


def test_an_upload_brings_the_rest_once(old: World) -> None:
    old.green()
    seen = old.upload().result["accounts"]["anna"]
    assert seen["events"]["created"] == 5
    with old.requests():
        again = old.upload()
    assert again.failure is None
    assert old.writes() == 0
    assert len(old.events()) == 6
    old.assert_quiet()


def test_an_upload_needs_no_run_before_it(old: World) -> None:
    assert old.upload().failure is None
    assert len(old.events()) == 6
    old.assert_quiet()


def test_an_upload_can_be_restricted(old: World) -> None:
    def uploaded(**options: Any) -> set[str]:
        old.upload(**options)
        return {event["summary"] for event in old.events()} - {"Old event"}

    today = datetime.now(UTC).date() + old.offset
    assert uploaded(due_from=today, due_to=today + timedelta(days=2)) == {"Old 0", "Old 1"}
    assert uploaded(types=["task"]) == {"Old 0", "Old 1", "Task"}
    assert uploaded(include_done=False) == {"Old 0", "Old 1", "Old 2", "Task"}


def test_an_upload_of_one_account(old: World) -> None:
    ben, calendar = old.add_colleague("ben")
    old.activity("Ben's", owner_id=ben)
    old.upload(accounts=["ben"])
    assert [event["summary"] for event in old.events(calendar)] == ["Ben's"]
    assert len(old.events()) == 1


def test_an_upload_to_pipedrive(old: World) -> None:
    old.upload(direction="to_pipedrive")
    assert "Old event" in {row["subject"] for row in old.activities()}
    assert len(old.events()) == 1
    old.upload(direction="both")
    assert len(old.events()) == 6
    assert len(old.activities()) == 6
    old.assert_quiet()


def test_a_dry_upload_writes_nothing(old: World) -> None:
    with old.requests():
        summary = old.upload(dry_run=True)
    assert summary.result["dry_run"] is True
    assert old.writes() == 0
    assert old.links() == []


@pytest.mark.parametrize(
    "title", ["Demo", "Deal > Demo", "Demo > Deal", "Deal  >  Demo"], ids=["subject", "rendered", "order", "blanks"]
)
def test_what_surely_is_the_same_is_linked(world: World, title: str) -> None:
    deal = world.pipedrive.add_deal("Deal")["id"]
    world.activity("Demo", deal_id=deal)
    span: dict[str, Any] = {"start": {"dateTime": f"{day(1)}T09:00:00Z"}, "end": {"dateTime": f"{day(1)}T09:30:00Z"}}
    world.event(title, **span)
    seen = world.upload().result["accounts"]["anna"]
    assert seen["events"]["adopted"] + seen["activities"]["adopted"] == 1
    assert seen["events"]["created"] == 0
    assert len(world.events()) == 1
    assert len(world.activities()) == 1
    world.assert_quiet()


def test_another_time_or_title_is_another_meeting(world: World) -> None:
    world.activity("Demo")
    world.event("Demo")
    world.event("Other", start={"dateTime": f"{day(1)}T09:00:00Z"}, end={"dateTime": f"{day(1)}T09:30:00Z"})
    world.upload()
    assert len(world.events()) == 3


def test_twins_are_paired_in_order(world: World) -> None:
    span: dict[str, Any] = {"start": {"dateTime": f"{day(1)}T09:00:00Z"}, "end": {"dateTime": f"{day(1)}T09:30:00Z"}}
    for _ in range(2):
        world.activity("Demo")
        world.event("Demo", **span)
    world.upload()
    assert len(world.links()) == 2
    assert len(world.events()) == 2
    world.assert_quiet()


def test_doubtful_ones_are_listed_and_left(world: World) -> None:
    span: dict[str, Any] = {"start": {"dateTime": f"{day(1)}T09:00:00Z"}, "end": {"dateTime": f"{day(1)}T09:30:00Z"}}
    world.activity("Demo")
    world.event("Demo", **span)
    world.event("Demo", location="Elsewhere", **span)
    summary = world.upload()
    assert summary.result["accounts"]["anna"]["skipped_by_reason"]["ambiguous"] == 1
    assert world.links() == []
    assert len(world.events()) == 2


def test_a_copy_of_a_linked_event_is_an_event_of_its_own(world: World) -> None:
    world.green()
    world.activity("Demo")
    world.green()
    copy = world.google.duplicate_event(world.calendar, world.the_event()["id"])
    world.green()
    assert len(world.activities()) == 2
    assert len(world.links()) == 2
    marks = {e["extendedProperties"]["private"]["calsyncEventId"] for e in world.events()}
    assert copy["id"] in marks
    world.assert_quiet()


def test_a_copy_is_not_taken_for_the_event_that_is_gone(world: World) -> None:
    """It names the activity, but not itself; the mapping that knew better is lost."""
    world.green()
    world.activity("Demo")
    world.green()
    event = world.the_event()
    world.google.duplicate_event(world.calendar, event["id"])
    world.google.delete_event(world.calendar, event["id"])
    world.pass_time(3600)
    world.lose_store()
    world.green()
    assert world.links() == []
    world.pipedrive.edit_activity(world.the_activity()["id"], subject="Edited")
    world.edit_event(world.the_event(), location="Bar")
    world.green()
    assert len(world.links()) == len(world.activities()) == len(world.events()) == 2


def test_an_event_of_another_company_is_never_imported(world: World) -> None:
    world.green()
    private = {"calsyncActivityId": "5", "calsyncCompany": "9999", "calsyncOrigin": "pipedrive", "calsyncVersion": "1"}
    event = world.event("Theirs", extendedProperties={"private": private})
    world.edit_event(event, extendedProperties={"private": {"calsyncEventId": event["id"]}})
    seen = world.green()
    assert seen["skipped_by_reason"] == {"other_company": 1}
    assert world.activities() == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_creation_that_an_upload_began_is_completed_by_the_sync(world: World, when: str) -> None:
    """Nobody heard whether the activity was created, and its event is older than the account."""
    world.event("Old")
    world.pass_time(3600)
    world.green()
    lost = Fault("drop", when=when, method="POST", path="/activities$")
    world.sandbox.pipedrive.faults.add(lost)
    world.upload(direction="to_pipedrive")
    with world.engine.connect() as conn:
        assert len(list(conn.execute(select(intent)))) == 1
    world.pass_time(600)
    world.green()
    assert [row["subject"] for row in world.activities()] == ["Old"]
    assert [link.state for link in world.links()] == ["active"]
    with world.engine.connect() as conn:
        assert not list(conn.execute(select(intent)))
    world.assert_quiet()
