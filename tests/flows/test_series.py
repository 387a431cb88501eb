"""Series through the whole product: every occurrence is one activity, whatever happens to it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from include.calsync.core.marks import read_mark
from include.calsync.store.tables import plan_row, run_account
from tests.flows.recurring import (
    DAILY,
    WEEKLY,
    Json,
    activity,
    all_day,
    at,
    days,
    due,
    occurrence,
    series,
    settled,
)
from tests.flows.world import NOW, World, day

# What becomes of a series.


@pytest.mark.parametrize(
    ("rules", "offsets"),
    [
        (DAILY, (1, 2, 3, 4)),
        (WEEKLY, (1, 8, 15, 22)),
        ([f"RRULE:FREQ=DAILY;UNTIL={day(3).replace('-', '')}"], (1, 2, 3)),
        (["RRULE:FREQ=DAILY;COUNT=4", f"EXDATE;TZID=Europe/Berlin:{day(2).replace('-', '')}T110000"], (1, 3, 4)),
        (["RRULE:FREQ=DAILY;COUNT=2", f"RDATE;TZID=Europe/Berlin:{day(9).replace('-', '')}T110000"], (1, 2, 9)),
        ([f"RDATE;TZID=Europe/Berlin:{day(5).replace('-', '')}T110000"], (1, 5)),
    ],
)
def test_each_occurrence_becomes_one_activity(world: World, rules: list[str], offsets: tuple[int, ...]) -> None:
    world.green()
    series(world, rules, location="Room 7", description="Bring <b>coffee</b>")
    assert world.green()["activities"]["created"] == len(offsets)
    assert due(world) == days(*offsets)
    row = activity(world, offsets[0])
    assert (row["subject"], row["duration"], row["type"]) == ("Stand-up", "01:00", "meeting")
    assert "coffee" in row["public_description"]
    assert [link.original_start[:16] for link in world.links()] == [f"{each}T11:00" for each in days(*offsets)]
    settled(world)


def test_weekdays(world: World) -> None:
    world.green()
    start = NOW.date() + timedelta(days=1 + (7 - (NOW.date() + timedelta(days=1)).weekday()) % 7)
    offset = (start - NOW.date()).days
    series(world, ["RRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=5"], **at(offset))
    world.green()
    assert due(world) == days(offset, offset + 2, offset + 4, offset + 7, offset + 9)
    settled(world)


def test_an_all_day_series(world: World) -> None:
    world.green()
    series(world, ["RRULE:FREQ=WEEKLY;COUNT=3"], **all_day(1))
    world.green()
    assert due(world) == days(1, 8, 15)
    assert all(row["due_time"] is None for row in world.activities())
    assert [link.original_start for link in world.links()] == days(1, 8, 15)
    settled(world)


def test_the_local_time_stays_across_daylight_saving(world: World) -> None:
    world.green()
    series(world, ["RRULE:FREQ=WEEKLY"])
    world.green()
    assert {str(row["due_time"])[:5] for row in world.activities()} == {"09:00", "10:00"}
    assert len(world.activities()) in (52, 53)
    settled(world)


def test_one_request_for_one_changed_series(world: World) -> None:
    world.green()
    series(world)
    with world.requests() as seen:
        world.green()
    assert seen["GET events.instances"] == 1
    assert seen["PATCH events.patch"] == 0
    with world.requests() as seen:
        world.green()
    assert seen["GET events.instances"] == 0


def test_many_series_are_expanded_by_one_listing(world: World) -> None:
    world.green()
    for number in range(12):
        series(world, ["RRULE:FREQ=DAILY;COUNT=2"], f"Series {number}")
    with world.requests() as seen:
        world.green()
    assert (seen["GET events.instances"], seen["GET events.list"]) == (0, 2)
    assert len(world.activities()) == 24
    settled(world)


def test_the_horizon(world: World) -> None:
    world.anna_is(horizon_days=10)
    world.green()
    series(world, ["RRULE:FREQ=WEEKLY"])
    world.green()
    assert due(world) == days(1, 8)
    world.anna_is(horizon_days=20)
    world.green()
    assert due(world) == days(1, 8, 15)
    world.anna_is(horizon_days=3)
    settled(world)
    assert due(world) == days(1, 8, 15), "what leaves the horizon is not deleted"


def test_thirty_days_back(world: World) -> None:
    world.green()
    series(world, ["RRULE:FREQ=WEEKLY;COUNT=10"], **at(-42))
    world.green()
    assert due(world) == days(-28, -21, -14, -7, 0, 7, 14, 21)


def test_time_goes_by(world: World) -> None:
    """An occurrence that is past the window stays; one that comes into it is found by a complete listing."""
    world.anna_is(horizon_days=11)  # whatever time it is: the last one is not at its edge
    world.green()
    series(world, ["RRULE:FREQ=WEEKLY"])
    world.green()
    world.pass_time(40 * 86400)
    world.green(full=True)
    assert due(world) == days(1, 8, 15, 22, 29, 36, 43, 50)
    settled(world)


def test_an_endless_series_is_capped(world: World) -> None:
    world.anna_is(horizon_days=600)
    world.green()
    series(world, ["RRULE:FREQ=DAILY"])
    world.green(dry_run=True)
    with world.engine.connect() as conn:
        planned = list(conn.execute(select(plan_row.c.event_id)))
        notices = list(conn.execute(select(run_account.c.notices)).scalars())
    assert len(planned) == 500
    assert any("has more occurrences within horizon_days than are synced" in str(notice) for notice in notices)


def test_a_series_from_before_the_account_was_connected(world: World) -> None:
    event = series(world)
    world.pass_time(3600)
    seen = world.green()
    assert seen["skipped_by_reason"]["before_connected"] == 4
    assert world.activities() == []
    instance = f"{event['id']}_{world_stamp(event, 2)}"
    world.google.edit_event(world.calendar, instance, summary="Moved in")
    world.green()
    assert [row["subject"] for row in world.activities()] == ["Moved in"]
    world.upload(direction="to_pipedrive")
    assert len(world.activities()) == 4
    settled(world)


def world_stamp(event: Json, offset: int) -> str:
    """The UTC stamp in the id of the instance on that day."""
    local = datetime.fromisoformat(event["start"]["dateTime"])
    moved = datetime.combine(date.fromisoformat(day(offset)), local.time(), local.tzinfo)
    return moved.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


@pytest.mark.parametrize("mode", ["pipedrive_only", "to_google"])
def test_modes_that_import_nothing(world: World, mode: str) -> None:
    world.anna_is(mode=mode)
    world.green()
    series(world)
    with world.requests() as seen:
        result = world.green()
    assert (world.activities(), result["skipped_by_reason"]["mode"]) == ([], 1)
    assert seen["GET events.instances"] == 0


def test_the_mode_that_only_imports(world: World) -> None:
    world.anna_is(mode="to_pipedrive")
    world.green()
    event = series(world)
    world.green()
    world.edit_event(event, summary="Daily")
    world.green()
    assert {row["subject"] for row in world.activities()} == {"Daily"}
    world.pipedrive.edit_activity(activity(world, 2)["id"], subject="Mine")
    world.pipedrive.delete_activity(activity(world, 3)["id"])
    with world.requests():
        world.green()
        world.green()
    assert not [r for r in world.sandbox.google.requests if r.method in ("PATCH", "POST", "DELETE")
                and "token" not in r.operation]  # fmt: skip
    assert len(world.events()) == 1


# One occurrence.


def test_an_occurrence_is_moved_and_edited(world: World, synced: Json) -> None:
    link = occurrence(world, 2)
    world.google.edit_event(world.calendar, link.event_id, **at(6, "15:00", 30), summary="Retro", location="Roof")
    world.green()
    row = world.pipedrive.activities[link.activity_id]
    assert (row["due_date"], row["subject"], row["duration"]) == (day(6), "Retro", "00:30")
    assert due(world) == days(1, 3, 4, 6)
    settled(world)


def test_an_occurrence_is_cancelled(world: World, synced: Json) -> None:
    world.google.delete_event(world.calendar, occurrence(world, 2).event_id)
    world.green()
    assert due(world) == days(1, 3, 4)
    settled(world)


def test_an_occurrence_becomes_all_day(world: World, synced: Json) -> None:
    world.google.edit_event(world.calendar, occurrence(world, 2).event_id, **all_day(2))
    world.green()
    assert activity(world, 2)["due_time"] is None
    settled(world)


def test_an_activity_is_edited(world: World, synced: Json) -> None:
    link = occurrence(world, 2)
    master = world.google.event(world.calendar, synced["id"])
    world.pipedrive.edit_activity(link.activity_id, subject="Retro", due_date=day(7), due_time="08:00")
    with world.requests() as seen:
        world.green()
    assert seen["PATCH events.patch"] == 1
    event = world.google.event(world.calendar, link.event_id)
    assert (event["summary"], event["start"]["dateTime"][:10]) == ("Retro", day(7))
    assert event["recurringEventId"] == synced["id"]
    assert world.google.event(world.calendar, synced["id"]) == master
    settled(world)


def test_an_activity_is_deleted(world: World, synced: Json) -> None:
    link = occurrence(world, 2)
    master = world.google.event(world.calendar, synced["id"])
    world.pipedrive.delete_activity(link.activity_id)
    with world.requests() as seen:
        for _ in range(3):
            world.green()
    assert seen["DELETE events.delete"] == 1
    assert world.google.event(world.calendar, link.event_id)["status"] == "cancelled"
    assert world.google.event(world.calendar, synced["id"]) == master
    settled(world)
    assert due(world) == days(1, 3, 4)


def test_both_sides_edit_one_occurrence(world: World, synced: Json) -> None:
    link = occurrence(world, 2)
    world.pipedrive.edit_activity(link.activity_id, subject="Retro")
    world.google.edit_event(world.calendar, link.event_id, location="Roof")
    settled(world)
    event = world.google.event(world.calendar, link.event_id)
    assert (event["summary"], event["location"]) == ("Retro", "Roof")
    assert world.pipedrive.activities[link.activity_id]["location"]["value"] == "Roof"


def test_an_edited_activity_whose_occurrence_was_cancelled_lives_on_as_an_event_of_its_own(
    world: World, synced: Json
) -> None:
    link = occurrence(world, 2)
    world.google.delete_event(world.calendar, link.event_id)
    world.pipedrive.edit_activity(link.activity_id, subject="Retro")
    settled(world)
    (event,) = [event for event in world.events() if event["summary"] == "Retro"]
    assert "recurringEventId" not in event
    assert read_mark(event) is not None
    assert due(world) == days(1, 2, 3, 4)


def test_a_series_that_is_deleted_while_an_activity_is_edited(world: World, synced: Json) -> None:
    link = occurrence(world, 2)
    world.google.delete_event(world.calendar, synced["id"])
    world.pipedrive.edit_activity(link.activity_id, subject="Retro")
    settled(world)
    assert [event["summary"] for event in world.events()] == ["Retro"]
    assert due(world) == days(2)


def test_an_activity_that_loses_its_date_leaves_the_occurrence(world: World, synced: Json) -> None:
    link = occurrence(world, 2)
    world.pipedrive.edit_activity(link.activity_id, due_date=None, due_time=None)
    world.green()
    assert world.google.event(world.calendar, link.event_id)["status"] == "confirmed"
    world.assert_quiet()
    world.pipedrive.edit_activity(link.activity_id, due_date=day(2), due_time="07:00")
    settled(world)
    assert len(world.activities()) == 4
