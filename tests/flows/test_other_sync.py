"""Another two-way sync on the same calendar: what it copies is held, and does not grow (F507)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from include.calsync.store.tables import run_account
from include.sandbox.other_sync import OtherSync, Titles
from tests.flows.steps import Steps
from tests.flows.world import World, day

RUNS = 6
SPAN: dict[str, Any] = {"start": {"dateTime": f"{day(1)}T09:00:00Z"}, "end": {"dateTime": f"{day(1)}T09:30:00Z"}}


def other(world: World, title: Titles = "subject") -> OtherSync:
    return OtherSync(world.pipedrive, world.google, world.anna, world.calendar, title=title)


def sizes(world: World) -> tuple[int, int]:
    return len(world.activities()), len(world.events())


def let_both_work(world: World, sync: OtherSync, *, first: bool) -> list[tuple[int, int]]:
    """Six runs of each, five minutes apart. `first`: the other one is faster than ours."""
    seen = []
    for _ in range(RUNS):
        world.pass_time(150)
        if first:
            sync.run()
        world.sync()
        world.pass_time(150)
        if not first:
            sync.run()
        seen.append(sizes(world))
    return seen


@pytest.mark.parametrize("first", [False, True], ids=["ours first", "theirs first"])
@pytest.mark.parametrize("named", [True, False], ids=["other titles", "equal titles"])
@pytest.mark.parametrize("mode", ["all_events", "pipedrive_only"])
def test_nothing_grows(world: World, mode: str, named: bool, first: bool) -> None:
    world.anna_is(mode=mode)
    world.green()
    sync = other(world, "subject - person" if named else "subject")
    person = world.pipedrive.add_person("Petra")["id"] if named else None
    world.activity("Offer talk", person_id=person)
    seen = let_both_work(world, sync, first=first)
    assert seen[-1] == seen[2], seen
    assert max(seen[-1]) <= 4, seen
    world.assert_quiet()


def test_it_is_said_by_name_and_once(world: World) -> None:
    world.green()
    sync = other(world, "subject - person")
    world.activity("Offer talk", person_id=world.pipedrive.add_person("Petra")["id"])
    world.green()
    sync.run()
    summary = world.sync()
    for part in ("2 new items held", "Another sync", "Pipedrive's own calendar sync", "Switch it off"):
        assert part in str(summary.failure)
    seen = world.green()
    assert (seen["events"]["held"], seen["activities"]["held"]) == (1, 1)
    for options in ({"full": True}, {"reconcile": True, "kind": "manual", "dag_id": "calendar_reconcile"}):
        with world.requests():
            assert world.sync(**options).failure is None
        assert world.writes() == 0
    assert sizes(world) == (2, 2)


def test_items_that_come_later_are_not_doubled_either(world: World) -> None:
    world.green()
    sync = other(world, "subject - person")
    person = world.pipedrive.add_person("Petra")["id"]
    for number in range(3):
        world.activity(f"Offer talk {number}", person_id=person, due_time=f"{10 + number}:00")
        let_both_work(world, sync, first=False)
    assert sizes(world) == (6, 6)


def test_what_was_held_can_be_deleted_edited_or_brought_over(world: World) -> None:
    world.green()
    sync = other(world, "subject - person")
    for number in range(3):
        person = world.pipedrive.add_person(f"Petra {number}")["id"]
        world.activity(f"Offer talk {number}", person_id=person, due_time=f"{10 + number}:00")
    world.green()
    sync.run()
    assert world.sync().failure
    linked = {link.event_id for link in world.links()}
    deleted, edited, kept = sorted((e for e in world.events() if e["id"] not in linked), key=lambda e: e["summary"])
    world.google.delete_event(world.calendar, deleted["id"])
    world.edit_event(edited, summary="Something else")
    seen = world.green()
    assert (seen["activities"]["created"], seen["activities"]["held"]) == (1, 1)
    world.upload(direction="to_pipedrive")
    assert kept["id"] in {link.event_id for link in world.links()}
    assert world.green()["activities"]["held"] == 0
    world.assert_quiet()


def test_doubles_that_a_person_made_are_synced(world: World) -> None:
    """Two of a kind at one time, before or after the first was synced, on either side."""
    world.green()
    world.activity("Call")
    world.activity("Call")
    world.event("Lunch")
    world.green()
    world.pass_time(120)
    world.activity("Call")
    world.event("Lunch")
    world.green()
    assert sizes(world) == (5, 5)
    world.assert_quiet()


def test_follow_ups_planned_one_after_the_other_are_synced(world: World) -> None:
    """The commonest double in Pipedrive: the same subject on the same day, each for another deal."""
    world.anna_is(title=["subject"])
    world.green()
    for number in range(5):
        deal = world.pipedrive.add_deal(f"Roof {number}")["id"]
        world.activity("Follow up", deal_id=deal, due_time=None, duration=None)
        world.pass_time(180)
        world.green()
    assert sizes(world) == (5, 5)


# The guard of creations.


def test_too_many_creations_are_held(world: World) -> None:
    world.anna_is(max_create_count=3, max_create_ratio=0.2)
    world.green()
    for number in range(4):
        world.event(f"Lunch {number}")
    summary = world.sync()
    assert "4 creations held: more than max_create_count = 3 and max_create_ratio = 0.2" in str(summary.failure)
    assert summary.result["accounts"]["anna"]["activities"]["held"] == 4
    for options in (dict[str, Any](), {"full": True}):
        with world.requests():
            assert world.sync(**options).failure is None
        assert world.writes() == 0
    world.event("One more")
    assert world.green()["activities"]["created"] == 1
    world.anna_is(max_create_count=4)
    seen = world.green()
    assert (seen["activities"]["created"], seen["activities"]["held"]) == (4, 0)
    world.assert_quiet()


def test_an_upload_brings_over_what_is_held(world: World) -> None:
    world.anna_is(max_create_count=3)
    world.green()
    for number in range(4):
        world.activity(f"Call {number}")
    assert world.sync().failure
    world.upload()
    assert world.green()["events"]["held"] == 0
    assert sizes(world) == (4, 4)


def test_held_items_that_are_deleted_are_held_no_more(world: World) -> None:
    world.anna_is(max_create_count=3)
    world.green()
    events = [world.event(f"Lunch {number}") for number in range(4)]
    assert world.sync().failure
    world.google.delete_event(world.calendar, events[0]["id"])
    assert world.green()["activities"]["held"] == 3


def test_a_series_counts_once(world: World) -> None:
    world.anna_is(max_create_count=3)
    world.green()
    world.event("Daily", recurrence=["RRULE:FREQ=DAILY;COUNT=10"])
    assert world.green()["activities"]["created"] == 10


def test_what_a_changed_setting_brings_is_not_counted(world: World) -> None:
    world.anna_is(max_create_count=3, activity_types=["meeting"])
    world.green()
    for number in range(5):
        world.activity(f"Call {number}")
    world.green()
    world.anna_is(activity_types=None)
    assert world.green()["events"]["created"] == 5


# Pairs that are linked because they are alike.


def told(world: World, **options: Any) -> list[str]:
    """What a run says of pairs that another sync may have made."""
    run = Steps(world, **options).pull().plan().apply()
    assert run.close().failure is None
    with world.engine.connect() as conn:
        query = select(run_account.c.notices).where(run_account.c.run_id == run.id)
        notices = [notice for each in conn.execute(query).scalars() for notice in each]
    return [notice for notice in notices if "made by another app" in notice]


@pytest.mark.parametrize("where", ["activities", "events"])
def test_a_pair_that_another_sync_made_is_named(world: World, where: str) -> None:
    """It is linked and not doubled; but the two syncs will go on."""
    world.green()
    if where == "activities":
        world.activity("Offer talk", deal_id=world.pipedrive.add_deal("Roof")["id"])
    else:
        world.event("Offer talk")
    world.pass_time(120)
    other(world).run()
    assert sizes(world) == (1, 1)
    activity, event = world.the_activity()["id"], world.the_event()["id"]
    (notice,) = told(world)
    for part in ("account anna", f"activity {activity} and event {event}", "Pipedrive's own calendar sync", "off"):
        assert part in notice
    assert (sizes(world), [link.activity_id for link in world.links()]) == ((1, 1), [activity])
    assert told(world) == []
    world.assert_quiet()


def test_a_dry_run_names_it_as_well(world: World) -> None:
    world.green()
    world.event("Offer talk")
    other(world).run()
    for _ in range(2):
        assert len(told(world, dry_run=True)) == 1


def test_what_a_person_entered_on_both_sides_is_not_named(world: World) -> None:
    """An hour later, or with a deal where only an event was to be had."""
    world.green()
    world.event("Late", **SPAN)
    world.event("With a deal", start={"dateTime": f"{day(2)}T09:00:00Z"}, end={"dateTime": f"{day(2)}T09:30:00Z"})
    world.pass_time(120)
    world.activity("With a deal", due_date=day(2), deal_id=world.pipedrive.add_deal("Roof")["id"])
    world.pass_time(3600)
    world.activity("Late")
    assert told(world) == []
    assert [row.action for row in world.changes() if row.action == "adopt"] == ["adopt", "adopt"]


def test_many_are_counted_and_some_named(world: World) -> None:
    world.green()
    world.anna_is(max_change_count=100)
    for number in range(12):
        world.event("Offer talk", start={"date": day(number)}, end={"date": day(number + 1)})
    other(world).run()
    (notice,) = told(world)
    assert "12 pairs" in notice
    assert notice.count("activity ") == 5
    assert "and 7 more" in notice
