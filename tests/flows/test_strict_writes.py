"""Writes to a Pipedrive that refuses what it once showed: attendees, participants, and what clears a time."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from include.calsync.store.tables import quarantine
from include.sandbox.faults import Fault
from tests.flows.meetings import BERT, assert_quiet, meets, owner, settle
from tests.flows.world import ANNA, World, day

CORA, BOSS = "cora@acme.example", "boss@elsewhere.example"
ODD = [
    {"email": "x@y.example", "name": None, "status": None, "is_organizer": False, "person_id": None, "user_id": None},
    {"email_address": "z@y.example", "name": "Z", "is_organizer": 0, "status": "noreply"},
]
"""Guests as live answers show them."""


@pytest.fixture
def strict(team: World) -> World:
    options = team.pipedrive.options
    options.nested_nulls = options.nested_unknown = options.unknown_fields = options.person_id_in_body = "refuse"
    return team


def addresses(world: World) -> set[str]:
    shown = world.the_activity()["attendees"]
    return {each.get("email") or each.get("email_address") for each in shown}


def test_a_third_rep_is_added_beside_odd_attendees(strict: World) -> None:
    strict.add_colleague("cora")
    strict.account(name="cora", calendar="primary")
    event = meets(strict)
    settle(strict)
    activity = strict.the_activity()
    strict.pipedrive.edit_activity(activity["id"], attendees=[*activity["attendees"], *ODD])
    strict.google.edit_event(ANNA, event, attendees=[{"email": BERT}, {"email": CORA}])
    settle(strict)
    assert addresses(strict) == {BERT, CORA, "x@y.example", "z@y.example"}
    assert_quiet(strict)


def meets_outside(world: World) -> str:
    world.google.add_user(BOSS)
    return meets(world, BOSS, (ANNA, BERT))


def test_a_take_over_succeeds_beside_odd_attendees(strict: World) -> None:
    """Anna declines; who takes her activity over keeps the others."""
    event = meets_outside(strict)
    settle(strict)
    activity = strict.the_activity()
    strict.pipedrive.edit_activity(activity["id"], attendees=[*activity["attendees"], *ODD])
    strict.google.rsvp(ANNA, event, "declined")
    settle(strict)
    assert owner(strict) == BERT
    assert addresses(strict) == {"x@y.example", "z@y.example"}
    assert_quiet(strict)


def test_where_status_is_refused_attendees_go_with_address_and_name(strict: World) -> None:
    event = meets_outside(strict)
    settle(strict)
    activity = strict.the_activity()
    strict.pipedrive.edit_activity(activity["id"], attendees=[*activity["attendees"], *ODD])
    strict.sandbox.pipedrive.faults.add(Fault("status", status=400, method="PATCH", path="/activities/"))
    strict.google.rsvp(ANNA, event, "declined")
    settle(strict)
    assert owner(strict) == BERT
    assert addresses(strict) == {"x@y.example", "z@y.example"}
    assert all(set(each) <= {"email", "name"} for each in strict.the_activity()["attendees"])
    assert_quiet(strict)


def test_a_pasted_person_comes_beside_the_participants(world: World) -> None:
    """An edit may replace the whole list."""
    eva, ben = (world.pipedrive.add_person(name)["id"] for name in ("Eva", "Ben"))
    world.green()
    key = world.activity("Call", participants=[{"person_id": ben, "primary": False}])["id"]
    world.green()
    page = f"{world.sandbox.pipedrive.url}/person/{eva}"
    event = world.the_event()
    world.edit_event(event, description=f"{page}\n{event.get('description', '')}")
    world.green()
    (activity,) = world.activities()
    assert activity["id"] == key
    assert activity["participants"] == [{"person_id": eva, "primary": True}, {"person_id": ben, "primary": False}]
    world.green()  # the event shows her name
    world.assert_quiet()


# What clears a time.


def all_day(world: World) -> None:
    """A person makes the event last all day, and moves it to another room."""
    start, end = ({"date": day(at), "dateTime": None, "timeZone": None} for at in (1, 2))
    world.edit_event(world.the_event(), start=start, end=end, location="Room 2")


def time_of(activity: dict[str, Any]) -> tuple[Any, Any, Any]:
    return activity["due_date"], activity["due_time"], activity["duration"]


@pytest.mark.parametrize(("null", "empty"), [(True, False), (False, True)])
def test_a_time_is_cleared_as_pipedrive_takes_it(world: World, null: bool, empty: bool) -> None:
    options = world.pipedrive.options
    options.null_clears_times, options.empty_clears_times = null, empty
    world.green()
    world.activity("Call", location="Room 1")
    world.activity("Mail", location="Room 1", due_time="15:00")
    world.green()
    for event in world.events():
        start, end = ({"date": day(at), "dateTime": None, "timeZone": None} for at in (1, 2))
        world.edit_event(event, start=start, end=end)
    with world.requests() as seen:
        world.green()
    assert {time_of(each) for each in world.activities()} == {(day(1), None, None)}
    # What is under way when the first is refused is sent twice as well.
    assert seen["PATCH activities.update"] in ((2,) if null else (3, 4)), "remembered for what comes after it"
    world.assert_quiet()


def test_a_time_that_can_not_be_cleared_concerns_nothing_else(world: World) -> None:
    options = world.pipedrive.options
    options.null_clears_times = options.empty_clears_times = False
    world.green()
    world.activity("Call", location="Room 1")
    world.green()
    all_day(world)
    other = world.event("Lunch")
    failure = world.sync().failure
    assert failure is not None
    assert "Clear `due_time`, `duration` in Pipedrive by hand" in failure
    assert failure.count("400 ERR_") == 2, "both refusals"
    assert {each["subject"] for each in world.activities()} == {"Call", "Lunch"}, other
    (activity,) = (each for each in world.activities() if each["subject"] == "Call")
    assert activity["location"]["value"] == "Room 2"
    assert time_of(activity) == (day(1), "09:00", "00:30")
    (entry,) = (each for each in world.changes() if each.side == "activities" and each.action == "merge")
    assert entry.after == {"place": "Room 2"}
    with world.engine.connect() as conn:
        assert [row.side for row in conn.execute(select(quarantine))] == ["events"]
    with world.requests():
        assert world.sync().failure is None
    assert world.writes() == 0, "not in each run again"
    world.pipedrive.edit_activity(activity["id"], due_time=None, duration=None)
    world.pass_time(3600)
    world.green()
    world.assert_quiet()
