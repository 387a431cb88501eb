"""Answers to writes that never came, came in pieces or too late (F111, F201-F203)."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from sqlalchemy import select

from include.calsync.store.tables import intent
from include.sandbox.base import Fault
from tests.flows.judging import pair, settled
from tests.flows.killing import before_request
from tests.flows.world import World, day
from tests.proofs import WHOLE

RESEND_S = 121.0
TIMES = [1, 4] if WHOLE else [4]
"""How often in a row it happens: 4 outlasts all tries."""
pytestmark = pytest.mark.usefixtures("impatient")

# All ways in which the answer to a request that was carried out does not arrive.
LOST = {
    "connection reset": Fault("drop", when="after"),
    "cut off": Fault("truncate"),
    "HTML": Fault("html", when="after", status=200),
    "HTML error": Fault("html", when="after", status=502),
    "no answer in time": Fault("slow", when="after", seconds=1.0),
    "drip": Fault("drip", seconds=0.05),
    "not successful": Fault("json", when="after", body={"success": False, "error": "?"}),
}
# And ways in which the request was not carried out, although nobody can tell.
REFUSED = {
    "connection reset": Fault("drop"),
    "HTML error": Fault("html", status=502),
    "gateway": Fault("status", status=503),
}


def on_activities(fault: Fault, method: str, **changes: Any) -> Fault:
    path = "/activities$" if method == "POST" else r"/activities/\d+"
    return dataclasses.replace(fault, method=method, path=path, **changes)


def on_events(fault: Fault, method: str, **changes: Any) -> Fault:
    path = "/events$" if method == "POST" else "/events/"
    return dataclasses.replace(fault, method=method, path=path, **changes)


def posted(world: World) -> int:
    """How many activities were asked for since the last reset."""
    return sum(r.method == "POST" for r in world.sandbox.pipedrive.requests)


def open_intents(world: World) -> int:
    with world.engine.connect() as conn:
        return len(conn.execute(select(intent)).all())


# The POST of an activity.


@pytest.mark.parametrize("how", LOST)
def test_an_activity_whose_answer_was_lost_is_linked_and_not_made_again(world: World, how: str) -> None:
    world.green()
    world.event("Lunch", location="Corner")
    world.sandbox.pipedrive.faults.add(on_activities(LOST[how], "POST"))
    with world.requests():
        world.green()
        assert posted(world) == 1
    assert (len(world.activities()), len(world.links()), open_intents(world)) == (1, 0, 1)
    with world.requests():
        world.green()
        assert posted(world) == 0
    assert (len(world.activities()), len(world.links()), open_intents(world)) == (1, 1, 0)
    assert world.links()[0].origin == "google"
    world.assert_quiet()


@pytest.mark.parametrize("how", REFUSED)
def test_an_activity_that_may_exist_is_not_sent_again_too_soon(world: World, how: str) -> None:
    world.green()
    world.event("Lunch")
    world.sandbox.pipedrive.faults.add(on_activities(REFUSED[how], "POST"))
    world.green()
    assert world.activities() == []
    with world.requests():
        world.green()
        world.green()
        assert posted(world) == 0
    world.pass_time(RESEND_S)
    with world.requests():
        assert world.green()["activities"]["created"] == 1
        assert posted(world) == 1
    assert (len(world.activities()), open_intents(world)) == (1, 0)
    world.assert_quiet()


def test_an_activity_that_surely_was_not_created_is_sent_again_at_once(world: World) -> None:
    world.green()
    world.event("Lunch")
    world.sandbox.pipedrive.faults.add(on_activities(Fault("status", status=429), "POST"))
    world.green()
    assert len(world.activities()) == 1
    assert open_intents(world) == 0


def test_two_like_events_whose_answers_were_lost_are_told_apart(world: World) -> None:
    world.green()
    for _ in range(2):
        world.event("Lunch")
    world.sandbox.pipedrive.faults.add(on_activities(LOST["connection reset"], "POST", times=2))
    world.green()
    assert (len(world.activities()), len(world.links())) == (2, 0)
    world.green()
    assert len({(row.activity_id, row.event_id) for row in world.links()}) == 2
    assert len(world.activities()) == 2
    world.assert_quiet()


def test_an_event_edited_after_the_answer_was_lost_keeps_the_edit(world: World) -> None:
    """The activity is what we sent; the person's edit is newer, however few seconds lie between."""
    world.green()
    event = world.event("Lunch")
    world.sandbox.pipedrive.faults.add(on_activities(LOST["connection reset"], "POST"))
    world.green()
    world.edit_event(event, summary="Dinner", location="Bar")
    settled(world)
    activity = world.the_activity()
    assert (activity["subject"], activity["location"]["value"]) == ("Dinner", "Bar")
    assert world.the_event()["summary"] == "Dinner"


def test_an_activity_edited_after_its_answer_was_lost_keeps_the_edit(world: World) -> None:
    world.green()
    world.event("Lunch")
    world.sandbox.pipedrive.faults.add(on_activities(LOST["connection reset"], "POST"))
    world.green()
    world.pass_time(90)
    world.pipedrive.edit_activity(world.the_activity()["id"], location="Bar")
    settled(world)
    assert world.the_event()["location"] == "Bar"
    assert world.the_activity()["location"]["value"] == "Bar"


@pytest.mark.parametrize("edit", [{"due_time": "17:00"}, {"subject": "Late lunch"}])
def test_an_activity_is_known_again_by_what_was_not_edited(world: World, edit: dict[str, str]) -> None:
    world.green()
    world.event("Lunch")
    world.sandbox.pipedrive.faults.add(on_activities(LOST["connection reset"], "POST"))
    world.green()
    world.pass_time(90)
    world.pipedrive.edit_activity(world.the_activity()["id"], **edit)
    world.pass_time(RESEND_S)
    settled(world)
    assert edit.items() <= world.the_activity().items()
    assert len(world.links()) == len(world.events()) == 1


def test_an_event_that_became_a_series_after_the_answer_was_lost(world: World) -> None:
    """The activity is that of its first occurrence."""
    world.green()
    event = world.event("Lunch")
    world.sandbox.pipedrive.faults.add(on_activities(LOST["connection reset"], "POST"))
    world.green()
    world.edit_event(event, recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    world.pass_time(RESEND_S)
    settled(world)
    assert [row["due_date"] for row in world.activities()] == [day(1), day(2), day(3)]
    assert (len(world.links()), open_intents(world)) == (3, 0)


def test_an_event_deleted_before_its_activity_was_created(world: World) -> None:
    world.green()
    event = world.event("Lunch")
    world.sandbox.pipedrive.faults.add(on_activities(REFUSED["connection reset"], "POST"))
    world.green()
    world.google.delete_event(world.calendar, event["id"])
    world.pass_time(RESEND_S)
    settled(world)
    assert (world.activities(), world.links(), open_intents(world)) == ([], [], 0)


def test_an_event_deleted_after_the_answer_was_lost_takes_its_activity_along(world: World) -> None:
    world.green()
    event = world.event("Lunch")
    world.sandbox.pipedrive.faults.add(on_activities(LOST["connection reset"], "POST"))
    world.green()
    world.google.delete_event(world.calendar, event["id"])
    world.pass_time(RESEND_S)
    settled(world)
    assert (world.activities(), world.events(), world.links(), open_intents(world)) == ([], [], [], 0)


@pytest.mark.parametrize("outcome", ["created", "never arrived"])
def test_an_activity_comes_back_while_another_may_have_been_made_in_its_place(world: World, outcome: str) -> None:
    """Its event was brought back first. What was made for it is linked with it; else the first one is, once more."""
    activity_id, event_id = pair(world)
    world.pipedrive.delete_activity(activity_id)
    for _ in range(3):
        world.green()
    assert world.events() == []
    world.google.edit_event(world.calendar, event_id, status="confirmed")
    unheard = LOST if outcome == "created" else REFUSED
    world.sandbox.pipedrive.faults.add(on_activities(unheard["connection reset"], "POST"))
    world.sync()
    made = {each["id"] for each in world.activities()}
    assert (len(made), open_intents(world)) == (1 if outcome == "created" else 0, 1)
    world.pipedrive.restore_activity(activity_id)
    world.pass_time(RESEND_S)
    settled(world)
    assert {each["id"] for each in world.activities()} == {activity_id} | made
    assert {link.activity_id for link in world.links()} == {activity_id} | made
    assert len(world.events()) == 1 + len(made)
    assert open_intents(world) == 0


def test_the_mark_on_an_event_is_made_up_for(world: World) -> None:
    world.green()
    world.event("Lunch")
    world.sandbox.google.faults.add(on_events(Fault("status", status=503), "PATCH", times=4))
    world.green()
    assert [row.marked for row in world.links()] == [False]
    world.green()
    assert [row.marked for row in world.links()] == [True]
    assert world.the_event()["extendedProperties"]["private"]["calsyncActivityId"] == str(world.the_activity()["id"])
    world.assert_quiet()


def test_a_mark_that_arrived_unheard_is_not_made_again(world: World) -> None:
    world.green()
    world.event("Lunch")
    world.sandbox.google.faults.add(on_events(Fault("drop", when="after"), "PATCH"))
    world.green()
    with world.requests():
        world.green()
    assert world.writes() == 0
    assert [row.marked for row in world.links()] == [True]
    world.assert_quiet()


# The other writes.


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("how", LOST)
def test_an_event_whose_answer_was_lost_is_one_event(world: World, how: str, times: int) -> None:
    world.green()
    world.activity("Demo")
    world.sandbox.google.faults.add(on_events(LOST[how], "POST", times=times))
    world.green()
    settled(world)
    assert world.the_event()["summary"] == "Demo"
    assert len(world.google.events(world.calendar)) == 1
    assert len(world.links()) == 1


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_patch_of_an_event_whose_answer_was_lost(world: World, when: str, times: int) -> None:
    activity_id, _ = pair(world)
    world.pipedrive.edit_activity(activity_id, subject="Moved", due_time="17:00", location="Bar")
    world.sandbox.google.faults.add(on_events(Fault("drop", when=when), "PATCH", times=times))
    world.green()
    settled(world)
    event = world.the_event()
    assert (event["summary"], event["location"]) == ("Moved", "Bar")
    assert world.the_activity()["due_time"] == "17:00"


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_patch_of_an_activity_whose_answer_was_lost(world: World, when: str, times: int) -> None:
    _, event_id = pair(world)
    world.google.edit_event(world.calendar, event_id, summary="Moved", location="Bar")
    world.sandbox.pipedrive.faults.add(on_activities(Fault("drop", when=when), "PATCH", times=times))
    world.green()
    settled(world)
    activity = world.the_activity()
    assert (activity["subject"], activity["location"]["value"]) == ("Moved", "Bar")
    assert world.the_event()["summary"] == "Moved"


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("side", ["activity", "event"])
def test_a_deletion_whose_answer_was_lost(world: World, side: str, when: str, times: int) -> None:
    activity_id, event_id = pair(world)
    if side == "activity":
        world.google.delete_event(world.calendar, event_id)
        world.sandbox.pipedrive.faults.add(on_activities(Fault("drop", when=when), "DELETE", times=times))
    else:
        world.pipedrive.delete_activity(activity_id)
        world.sandbox.google.faults.add(on_events(Fault("drop", when=when), "DELETE", times=times))
    world.green()
    world.green()
    settled(world)
    assert (world.activities(), world.events(), world.links()) == ([], [], [])


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_activity_that_was_finished_stays_so_although_nobody_heard(world: World, when: str, times: int) -> None:
    """That it is done now is no edit by a person, which would bring the deleted event back."""
    world.anna_is(on_event_deleted="done")
    _, event_id = pair(world)
    world.google.delete_event(world.calendar, event_id)
    world.sandbox.pipedrive.faults.add(on_activities(Fault("drop", when=when), "PATCH", times=times))
    world.green()
    settled(world)
    assert world.the_activity()["done"]
    assert world.events() == []
    assert [(row.state, row.cause) for row in world.links()] == [("detached", "event_deleted")]


def test_an_activity_edited_while_it_is_being_finished_lives(world: World) -> None:
    world.anna_is(on_event_deleted="done")
    activity_id, event_id = pair(world)
    world.google.delete_event(world.calendar, event_id)
    edit = world.pipedrive.edit_activity
    with before_request("GET", f"/activities/{activity_id}", lambda: edit(activity_id, due_time="17:00")):
        world.sync()
    settled(world)
    assert (world.the_activity()["done"], world.the_activity()["due_time"]) == (False, "17:00")
    assert world.the_event()["start"]["dateTime"][11:16] == "18:00"


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("when", ["before", "after"])
def test_our_own_removal_is_no_deletion_even_if_its_answer_was_lost(world: World, when: str, times: int) -> None:
    """The event of an activity without a date goes; its tombstone must not take the activity along."""
    activity_id, _ = pair(world)
    world.pipedrive.edit_activity(activity_id, due_date=None, due_time=None)
    world.sandbox.google.faults.add(on_events(Fault("drop", when=when), "DELETE", times=times))
    world.green()
    settled(world)
    assert (world.the_activity()["id"], world.events(), world.links()) == (activity_id, [], [])
    world.pipedrive.edit_activity(activity_id, due_date=day(2), due_time="10:00")
    settled(world)
    assert world.the_event()["summary"] == "Demo"


def test_our_own_removal_is_no_deletion_even_if_the_activity_is_as_before(world: World) -> None:
    """The date came back before the next run: nothing has changed but the tombstone, which is our own."""
    activity_id, _ = pair(world)
    before = {name: world.the_activity()[name] for name in ("due_date", "due_time", "duration")}
    world.pipedrive.edit_activity(activity_id, due_date=None, due_time=None, duration=None)
    world.sandbox.google.faults.add(on_events(Fault("drop", when="after"), "DELETE", times=4))
    world.green()
    assert world.events() == []
    world.pass_time(600)
    world.pipedrive.edit_activity(activity_id, **before)
    settled(world)
    assert world.the_activity()["id"] == activity_id
    assert world.the_event()["summary"] == "Demo"
