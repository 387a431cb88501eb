"""Series that change as a whole: moved, shortened, split, deleted; and what is found again after a loss."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from include.calsync.store.tables import quarantine
from include.sandbox.faults import Fault
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
    one_to_one,
    series,
    settled,
)
from tests.flows.world import World, day

# The whole series.


def test_a_series_is_retitled(world: World, synced: Json) -> None:
    world.edit_event(synced, summary="Daily")
    world.green()
    assert {row["subject"] for row in world.activities()} == {"Daily"}
    settled(world)


def test_a_series_is_deleted(world: World, synced: Json) -> None:
    world.google.delete_event(world.calendar, synced["id"])
    world.green()
    assert (world.activities(), world.links()) == ([], [])
    settled(world)


def test_occurrences_long_past_stay_when_their_series_is_deleted(world: World) -> None:
    world.green()
    event = series(world, ["RRULE:FREQ=WEEKLY;COUNT=12"])
    world.green()
    world.pass_time(60 * 86400)
    world.google.delete_event(world.calendar, event["id"])
    world.green()
    assert due(world) == days(1, 8, 15, 22, 29)
    assert {(link.state, link.cause) for link in world.links()} == {("detached", "event_deleted")}
    world.pipedrive.edit_activity(activity(world, 1)["id"], subject="As it was")
    settled(world)
    assert world.events() == []


def test_the_deletion_of_a_long_series_is_held(world: World) -> None:
    world.green()
    event = series(world, ["RRULE:FREQ=DAILY;COUNT=40"])
    world.green()
    world.google.delete_event(world.calendar, event["id"])
    summary = world.sync()
    assert "held" in str(summary.failure)
    assert len(world.activities()) == 40
    world.assert_quiet()
    world.anna_is(max_delete_count=50)
    world.green()
    assert world.activities() == []


def test_a_series_is_shortened(world: World, synced: Json) -> None:
    world.edit_event(synced, recurrence=[f"RRULE:FREQ=DAILY;UNTIL={day(2).replace('-', '')}"])
    world.green()
    assert due(world) == days(1, 2, 3, 4), "what a series no longer has is not gone at once"
    world.green()
    assert due(world) == days(1, 2)
    settled(world)


def test_an_edit_wins_over_the_end_of_its_series(world: World, synced: Json) -> None:
    world.edit_event(synced, recurrence=[f"RRULE:FREQ=DAILY;UNTIL={day(3).replace('-', '')}"])
    link = occurrence(world, 4)
    world.pipedrive.edit_activity(link.activity_id, subject="Retro")
    settled(world)
    assert due(world) == days(1, 2, 3, 4)
    assert [event["summary"] for event in world.events()].count("Retro") == 1


def test_a_held_deletion_whose_occurrence_goes_as_well(world: World) -> None:
    """Its activity was deleted, with too many others; its series was moved, and it was cancelled there."""
    world.anna_is(max_delete_count=1, max_delete_ratio=0.1)
    world.green()
    made = series(world, WEEKLY)
    calls = [world.activity(f"Call {number}", due_time=f"{number + 14}:00")["id"] for number in range(4)]
    world.green()
    gone = occurrence(world, 8)
    world.edit_event(made, **at(2, "22:45"))
    world.google.delete_event(world.calendar, world.google.instances(world.calendar, made["id"])[1]["id"])
    for number in (gone.activity_id, *calls[:2]):
        world.pipedrive.delete_activity(number)
    assert "3 deletions held" in str(world.sync().failure)
    world.green()
    assert sorted(link.activity_id for link in world.links() if link.state == "held") == calls[:2]
    assert gone.activity_id not in [link.activity_id for link in world.links()], "nothing is left of this pair"
    with world.requests() as seen:
        world.green()
    assert not [each for each in seen if "instances" in each], "what is settled is not asked for again"


def test_a_vanished_occurrence_that_comes_back(world: World, synced: Json) -> None:
    ids = {row["id"] for row in world.activities()}
    world.edit_event(synced, recurrence=["RRULE:FREQ=DAILY;COUNT=2"])
    world.green()
    world.edit_event(synced, recurrence=DAILY)
    settled(world)
    assert {row["id"] for row in world.activities()} == ids


def test_a_series_gets_more_occurrences(world: World, synced: Json) -> None:
    world.edit_event(synced, recurrence=["RRULE:FREQ=DAILY;COUNT=6"])
    settled(world)
    assert due(world) == days(1, 2, 3, 4, 5, 6)


@pytest.mark.parametrize(
    ("moved", "expected"),
    [
        (at(1, "15:00", 30), (1, 2, 3, 4)),
        (at(2, "15:00"), (2, 3, 4, 5)),
        (at(0, "23:30"), (0, 1, 2, 3)),
        (all_day(1), (1, 2, 3, 4)),
    ],
    ids=["later", "next day", "day before", "all day"],
)
def test_a_series_is_rescheduled(world: World, synced: Json, moved: Json, expected: tuple[int, ...]) -> None:
    ids = sorted(row["id"] for row in world.activities())
    clear = {side: {"date": None, "dateTime": None, "timeZone": None, **moved[side]} for side in ("start", "end")}
    world.edit_event(synced, **clear)
    world.green()
    assert sorted(row["id"] for row in world.activities()) == ids, "no activity is lost or made twice"
    assert due(world) == days(*expected)
    settled(world)


def test_a_weekly_series_moves_to_another_weekday(world: World) -> None:
    world.green()
    event = series(world, WEEKLY)
    world.green()
    before = {row["id"]: row["due_date"] for row in world.activities()}
    world.edit_event(event, **at(3))
    world.green()
    after = {row["id"]: row["due_date"] for row in world.activities()}
    assert {key: date.fromisoformat(after[key]) - date.fromisoformat(before[key]) for key in before} == dict.fromkeys(
        before, timedelta(days=2)
    )
    settled(world)


def test_exceptions_of_a_rescheduled_series_keep_their_activities(world: World, synced: Json) -> None:
    link = occurrence(world, 2)
    world.pipedrive.edit_activity(link.activity_id, subject="Retro")
    world.green()
    world.edit_event(synced, **at(1, "15:00"))
    settled(world)
    assert len(world.activities()) == 4
    assert link.activity_id in {row["id"] for row in world.activities()}


def test_a_detached_occurrence_stays_detached_when_its_series_moves(world: World) -> None:
    world.anna_is(on_activity_deleted="keep")
    world.green()
    event = series(world)
    world.green()
    world.pipedrive.delete_activity(occurrence(world, 2).activity_id)
    for _ in range(3):
        world.green()
    world.edit_event(event, **at(1, "15:00"))
    settled(world)
    assert due(world) == days(1, 3, 4)


@pytest.mark.parametrize("patch", [{}, {"summary": "Daily"}, at(3, "16:00"), {"recurrence": WEEKLY}],
                         ids=["as it is", "retitled", "later", "weekly"])  # fmt: skip
def test_this_and_following(world: World, synced: Json, patch: Json) -> None:
    ids = {row["id"]: row["due_date"] for row in world.activities()}
    world.google.split_series(world.calendar, occurrence(world, 3).event_id, **patch)
    settled(world)
    kept = {row["id"]: row["due_date"] for row in world.activities()}
    assert ids.items() & kept.items() >= {(key, due) for key, due in ids.items() if due <= day(3)}
    if "recurrence" not in patch:
        assert kept == ids
    if "summary" in patch:
        assert sorted(row["subject"] for row in world.activities()) == ["Daily", "Daily", "Stand-up", "Stand-up"]


def test_another_client_splits_a_series_with_an_id_of_its_own(world: World, synced: Json) -> None:
    ids = sorted(row["id"] for row in world.activities())
    world.edit_event(synced, recurrence=[f"RRULE:FREQ=DAILY;UNTIL={day(2).replace('-', '')}"])
    series(world, ["RRULE:FREQ=DAILY;COUNT=2"], **at(3, "15:00"))
    settled(world)
    assert sorted(row["id"] for row in world.activities()) == ids
    assert due(world) == days(1, 2, 3, 4)


def test_the_other_part_comes_one_run_later(world: World, synced: Json) -> None:
    ids = sorted(row["id"] for row in world.activities())
    world.edit_event(synced, recurrence=[f"RRULE:FREQ=DAILY;UNTIL={day(2).replace('-', '')}"])
    world.green()
    series(world, ["RRULE:FREQ=DAILY;COUNT=2"], **at(3, "15:00"))
    settled(world)
    assert sorted(row["id"] for row in world.activities()) == ids


def test_a_split_of_a_split(world: World) -> None:
    world.green()
    series(world, ["RRULE:FREQ=DAILY;COUNT=8"])
    world.green()
    ids = sorted(row["id"] for row in world.activities())
    world.google.split_series(world.calendar, occurrence(world, 3).event_id, summary="Two")
    world.green()
    world.google.split_series(world.calendar, occurrence(world, 6).event_id, summary="Three")
    settled(world)
    assert sorted(row["id"] for row in world.activities()) == ids
    assert [activity(world, n)["subject"] for n in (1, 3, 6)] == ["Stand-up", "Two", "Three"]


def test_a_dry_run_shows_a_split_and_stores_nothing(world: World, synced: Json) -> None:
    before = world.links()
    world.google.split_series(world.calendar, occurrence(world, 3).event_id, summary="Daily")
    summary = world.sync(dry_run=True)
    assert summary.failure is None
    assert world.links() == before
    settled(world)
    assert len(world.activities()) == 4


def test_a_single_event_becomes_a_series_and_a_single_event_again(world: World) -> None:
    world.green()
    event = world.event("Lunch", **at(1))
    world.green()
    row = world.the_activity()
    world.edit_event(event, recurrence=DAILY)
    world.green()
    world.green()
    assert due(world) == days(1, 2, 3, 4)
    assert row["id"] in {each["id"] for each in world.activities()}
    world.edit_event(event, recurrence=None)
    world.green()
    world.green()
    assert [each["id"] for each in world.activities()] == [row["id"]]
    world.assert_quiet()


def test_an_event_of_ours_becomes_a_series(world: World) -> None:
    """Its first occurrence stays the activity's; the properties that all of them inherit name another event."""
    world.green()
    row = world.activity("Call", due_time="10:00")
    world.green()
    event = world.the_event()
    world.edit_event(event, recurrence=DAILY)
    world.green()
    world.green()
    assert due(world) == days(1, 2, 3, 4)
    world.assert_quiet()
    world.pipedrive.edit_activity(row["id"], subject="Edited")
    world.green()
    assert world.google.event(world.calendar, occurrence(world, 1).event_id)["summary"] == "Edited"
    assert world.google.event(world.calendar, event["id"])["summary"] == "Call"
    world.assert_quiet()
    one_to_one(world)


@pytest.mark.parametrize("again", [False, True], ids=["edited once", "edited again"])
def test_a_pair_whose_event_is_a_series_beyond_the_horizon_rests(world: World, again: bool) -> None:
    """The series is not written to; what was edited meanwhile flows when the event is a single one again."""
    world.green()
    row = world.activity("Call", due_time="10:00")
    world.green()
    event = world.the_event()
    world.pipedrive.edit_activity(row["id"], subject="Edited")
    world.pass_time(600)  # listings overlap: only one shows this edit
    world.edit_event(event, recurrence=["RRULE:FREQ=YEARLY"], **at(800))
    world.green()
    with world.engine.connect() as conn:
        assert conn.execute(select(quarantine.c.item_id)).scalar_one() == event["id"], "read again, without any probe"
    if again:
        world.pipedrive.edit_activity(row["id"], duration="00:30")
    with world.requests() as seen:
        world.green()
    assert world.google.event(world.calendar, event["id"])["summary"] == "Call"
    assert seen["PATCH events.patch"] <= 1, "refused by its etag"
    with world.requests() as seen:
        world.green()
    assert (seen["PATCH events.patch"], due(world)) == (0, days(1))
    world.pass_time(7200)
    world.edit_event(event, recurrence=None, **at(3))
    world.green()
    assert (world.the_event()["summary"], due(world)) == ("Edited", days(3))
    settled(world)


# Loss, and what can go wrong.


def test_the_database_is_lost(world: World, synced: Json) -> None:
    link = occurrence(world, 2)
    world.pipedrive.edit_activity(link.activity_id, subject="Retro")
    world.green()
    ids = sorted(row["id"] for row in world.activities())
    world.pass_time(3600)
    world.lose_store()
    world.green()
    assert sorted(row["id"] for row in world.activities()) == ids
    assert len(world.links()) == 4
    assert {link.series_id for link in world.links()} == {synced["id"]}
    settled(world)
    world.google.edit_event(world.calendar, occurrence(world, 3).event_id, summary="After")
    world.green()
    assert activity(world, 3)["subject"] == "After"


@pytest.mark.parametrize(
    "fields",
    [
        {"start": {"date": day(1)}, "end": {"date": day(4)}},
        at(1, "11:00", 0),
        at(1, "11:00:40", 90),
        {"summary": ""},
        {"summary": "Long " * 60},
        {"start": {"date": day(-31)}, "end": {"date": day(-28)}},
    ],
    ids=["several days", "no length", "seconds", "no title", "a long title", "begun before the window"],
)
def test_what_an_activity_can_not_hold_is_found_again_after_a_loss(world: World, fields: Json) -> None:
    world.green()
    series(world, ["RRULE:FREQ=WEEKLY;COUNT=2"], fields.pop("summary", "Stand-up"), **fields)
    world.green()
    ids = sorted(row["id"] for row in world.activities())
    world.pass_time(3600)
    world.lose_store()
    world.assert_quiet()
    assert sorted(link.activity_id for link in world.links()) == ids
    assert {link.origin for link in world.links()} == {"google"}
    world.assert_quiet()


def test_an_occurrence_that_can_not_be_created_is_quarantined_alone(world: World) -> None:
    world.green()
    series(world)
    world.sandbox.pipedrive.faults.add(Fault("status", status=400, method="POST", path="/activities"))
    summary = world.sync()
    assert "quarantine" in str(summary.failure)
    assert len(world.activities()) == 3
    world.pass_time(400)
    settled(world)
    assert len(world.activities()) == 4
