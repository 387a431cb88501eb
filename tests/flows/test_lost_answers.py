"""Answers that never came, came in pieces or too late, and people who edit while a run is at work (F110-F112, F2xx)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from include.calsync.clients.sessions import Timing
from include.calsync.store.engine import create_store_engine
from include.calsync.store.tables import intent
from include.sandbox.base import Fault
from tests.flows.judging import mapping_of, picture, settled
from tests.flows.killing import Snapshot, before_request
from tests.flows.world import World, day

RESEND_S = 121.0
IMPATIENT = Timing(read_s=0.3, answer_s=0.6)

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


@pytest.fixture(autouse=True)
def _impatient(world: World) -> Iterator[None]:
    world.timing = IMPATIENT
    yield
    for service in (world.sandbox.pipedrive, world.sandbox.google):
        service.faults.clear()


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


def pair(world: World, **fields: Any) -> tuple[int, str]:
    """One activity with its event, at rest."""
    world.green()
    world.activity("Demo", **fields)
    world.green()
    settled(world)
    world.pass_time(600)
    (link,) = world.links()
    return link.activity_id, link.event_id


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


@pytest.mark.parametrize("times", [1, 4])
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


@pytest.mark.parametrize("times", [1, 4])
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


@pytest.mark.parametrize("times", [1, 4])
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


@pytest.mark.parametrize("times", [1, 4])
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


@pytest.mark.parametrize("times", [1, 4])
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


@pytest.mark.parametrize("times", [1, 4])
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


# People at work at the same time.


def test_an_event_edited_between_list_and_patch_is_not_overwritten(world: World) -> None:
    activity_id, event_id = pair(world)
    world.pipedrive.edit_activity(activity_id, due_time="17:00")
    with before_request("PATCH", event_id, lambda: world.google.edit_event(world.calendar, event_id, location="Bar")):
        world.green()
    assert world.the_event()["location"] == "Bar"
    settled(world)
    event, activity = world.the_event(), world.the_activity()
    assert event["location"] == activity["location"]["value"] == "Bar"
    assert activity["due_time"] == "17:00"
    assert "18:00:00+01:00" in event["start"]["dateTime"] or "19:00:00+02:00" in event["start"]["dateTime"]


def test_an_event_edited_twice_while_it_is_written_is_left_to_the_next_run(world: World) -> None:
    activity_id, event_id = pair(world)
    world.pipedrive.edit_activity(activity_id, due_time="17:00")
    moved = {side: {"dateTime": f"{day(2)}T{hour}:00:00Z"} for side, hour in (("start", 20), ("end", 21))}
    edits: Iterator[dict[str, Any]] = iter([{"location": "Bar"}, moved])

    def edit() -> None:
        world.pass_time(90)
        world.google.edit_event(world.calendar, event_id, **next(edits))

    with before_request("PATCH", event_id, edit, times=2):
        world.green()
    settled(world)
    event, activity = world.the_event(), world.the_activity()
    assert event["location"] == activity["location"]["value"] == "Bar"
    assert (activity["due_date"], activity["due_time"]) == (day(2), "20:00")
    assert event["start"]["dateTime"][:10] == day(2)
    lost = [entry["activity"] for change in world.changes() for entry in change.lost or []]
    assert "T17:00" in str(lost), "the other's edit is in the log"


def test_the_same_field_edited_between_list_and_patch_is_a_conflict(world: World) -> None:
    activity_id, event_id = pair(world)
    world.pipedrive.edit_activity(activity_id, location="From Pipedrive")

    def later() -> None:
        world.pass_time(90)
        world.google.edit_event(world.calendar, event_id, location="From Google")

    with before_request("PATCH", event_id, later):
        world.green()
    settled(world)
    assert world.the_event()["location"] == world.the_activity()["location"]["value"] == "From Google"
    lost = [entry for change in world.changes() for entry in change.lost or []]
    assert [(entry["field"], entry["activity"], entry["event"]) for entry in lost] == [
        ("place", "From Pipedrive", "From Google")
    ]


def test_an_event_edited_while_it_is_marked(world: World) -> None:
    world.green()
    event = world.event("Lunch")
    with before_request("PATCH", event["id"], lambda: world.edit_event(event, location="Bar")):
        world.green()
    settled(world)
    assert world.the_activity()["location"]["value"] == world.the_event()["location"] == "Bar"
    assert "extendedProperties" in world.the_event()


def test_an_event_edited_while_it_is_adopted(world: World) -> None:
    world.green()
    world.activity("Lunch", due_time="11:00", duration="01:00")
    event = world.event("Lunch")
    with before_request("PATCH", event["id"], lambda: world.edit_event(event, location="Bar")):
        world.green()
    settled(world)
    assert world.the_activity()["location"]["value"] == world.the_event()["location"] == "Bar"
    assert "extendedProperties" in world.the_event()


def test_an_event_touched_while_it_is_adopted_is_marked_all_the_same(world: World) -> None:
    """What we have not written is not taken for written because nothing that we compare is missing."""
    world.green()
    world.activity("Lunch", due_time="11:00", duration="01:00")
    event = world.event("Lunch")
    with before_request("PATCH", event["id"], lambda: world.edit_event(event, colorId="5")):
        world.green()
    assert [row.marked for row in world.links()] == ["extendedProperties" in world.the_event()]
    settled(world)
    assert world.the_event()["extendedProperties"]["private"]["calsyncEventId"] == event["id"]
    assert world.the_event()["colorId"] == "5"


def test_an_event_edited_while_it_is_being_deleted_lives(world: World) -> None:
    activity_id, event_id = pair(world)
    world.pipedrive.delete_activity(activity_id)
    world.green()
    with before_request("DELETE", event_id, lambda: world.google.edit_event(world.calendar, event_id, location="Bar")):
        world.green()
    settled(world)
    assert world.the_event()["location"] == world.the_activity()["location"]["value"] == "Bar"


def test_an_event_deleted_between_list_and_patch(world: World) -> None:
    """The edit of the activity beats the deletion of its event."""
    activity_id, event_id = pair(world)
    world.pipedrive.edit_activity(activity_id, due_time="17:00")
    with before_request("PATCH", event_id, lambda: world.google.delete_event(world.calendar, event_id)):
        world.sync()
    settled(world)
    assert world.the_activity()["due_time"] == "17:00"
    assert world.the_event()["id"] != event_id


def test_an_activity_edited_between_list_and_patch_is_not_overwritten(world: World) -> None:
    activity_id, event_id = pair(world)
    world.google.edit_event(world.calendar, event_id, location="Bar", summary="Moved")
    edit = world.pipedrive.edit_activity
    with before_request("GET", f"/activities/{activity_id}", lambda: edit(activity_id, due_time="17:00")):
        world.green()
    settled(world)
    activity, event = world.the_activity(), world.the_event()
    assert (activity["subject"], activity["location"]["value"], activity["due_time"]) == ("Moved", "Bar", "17:00")
    assert event["start"]["dateTime"][11:16] == "18:00"


def test_other_fields_of_an_activity_edited_between_get_and_patch(world: World) -> None:
    """Pipedrive has no conditional write; only what changed is sent, so another field's edit survives even here."""
    activity_id, event_id = pair(world)
    world.google.edit_event(world.calendar, event_id, location="Bar")
    edit = world.pipedrive.edit_activity
    with before_request("PATCH", f"/activities/{activity_id}", lambda: edit(activity_id, due_time="17:00")):
        world.green()
    settled(world)
    assert (world.the_activity()["location"]["value"], world.the_activity()["due_time"]) == ("Bar", "17:00")
    assert world.the_event()["start"]["dateTime"][11:16] == "18:00"


def test_an_activity_edited_while_it_is_being_deleted_lives(world: World) -> None:
    activity_id, event_id = pair(world)
    world.google.delete_event(world.calendar, event_id)
    edit = world.pipedrive.edit_activity
    with before_request("GET", f"/activities/{activity_id}", lambda: edit(activity_id, due_time="17:00")):
        world.sync()
    settled(world)
    assert world.the_activity()["due_time"] == "17:00"
    assert world.the_event()["start"]["dateTime"][11:16] == "18:00"


def test_the_same_field_of_an_activity_edited_between_list_and_patch_is_a_conflict(world: World) -> None:
    activity_id, event_id = pair(world)
    world.google.edit_event(world.calendar, event_id, location="From Google")

    def later() -> None:
        world.pass_time(90)
        world.pipedrive.edit_activity(activity_id, location="From Pipedrive")

    with before_request("GET", f"/activities/{activity_id}", later):
        world.green()
    settled(world)
    assert world.the_event()["location"] == world.the_activity()["location"]["value"] == "From Pipedrive"
    lost = [entry for change in world.changes() for entry in change.lost or []]
    assert [(entry["field"], entry["activity"], entry["event"]) for entry in lost] == [
        ("place", "From Pipedrive", "From Google")
    ]


@pytest.mark.parametrize("answer", ["404", "410", "200"])
def test_an_activity_deleted_between_list_and_patch(world: World, answer: str) -> None:
    """The edit of the event beats the deletion of its activity."""
    world.pipedrive.options.get_deleted = answer
    activity_id, event_id = pair(world)
    world.google.edit_event(world.calendar, event_id, location="Bar")
    with before_request("GET", f"/activities/{activity_id}", lambda: world.pipedrive.delete_activity(activity_id)):
        world.sync()
    world.green()
    settled(world)
    assert world.the_activity()["location"]["value"] == world.the_event()["location"] == "Bar"


# Listings.


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


BROKEN = {
    "cut off": Fault("truncate", method="GET"),
    "HTML": Fault("html", method="GET", status=200),
    "gateway": Fault("status", method="GET", status=502),
    "reset": Fault("drop", method="GET"),
    "not a list": Fault("json", method="GET", body={"kind": "calendar#events", "success": True}),
    "drip": Fault("drip", seconds=0.05, method="GET"),
}


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


# The store.


def wipe(world: World) -> None:
    """The database is lost."""
    world.engine.dispose()
    file = Path(world.store_url.removeprefix("sqlite:///"))
    for each in file.parent.glob(file.name + "*"):
        each.unlink()
    world.engine = create_store_engine(world.store_url)


def company_at_rest(world: World) -> dict[str, Any]:
    """Pairs of both origins, with deals, whole days and descriptions; links by subject."""
    world.green()
    org = world.pipedrive.add_organization("ACME AG")["id"]
    person = world.pipedrive.add_person("Eva Muster", email="eva@kunde.example", phone="+49 30 1", org_id=org)["id"]
    deal = world.pipedrive.add_deal("Roof", person_id=person, org_id=org)["id"]
    hangs_on = {"deal_id": deal, "person_id": person, "org_id": org}
    world.activity("Offer", **hangs_on, public_description="<b>Prices</b>", location="Berlin")
    world.activity("All day", due_time=None, duration=None)
    world.activity("Short", due_date=day(2), duration=None, **hangs_on)
    world.event("Lunch", description="Bring <i>papers</i>")
    world.event("Fair", start={"date": day(3)}, end={"date": day(6)}, location="Hall 7")
    world.green()
    settled(world)
    world.pass_time(3600)
    subjects = {row["id"]: row["subject"] for row in world.activities()}
    return {subjects[row.activity_id]: row for row in world.links()}


def test_a_lost_database_is_found_again_in_the_events(world: World) -> None:
    company_at_rest(world)
    before, links = picture(world), {(row.activity_id, row.event_id, row.origin) for row in world.links()}
    wipe(world)
    with world.requests():
        world.green()
    assert world.writes() == 0
    assert {(row.activity_id, row.event_id, row.origin) for row in world.links()} == links
    assert picture(world) == before
    world.assert_quiet()


def test_edits_made_while_the_database_was_lost_arrive(world: World) -> None:
    links = company_at_rest(world)
    wipe(world)
    world.pipedrive.edit_activity(links["Offer"].activity_id, due_time="17:00", public_description="Cheaper")
    world.pipedrive.edit_activity(links["Lunch"].activity_id, subject="Late lunch")
    world.google.edit_event(world.calendar, links["Short"].event_id, location="Bar")
    world.google.edit_event(world.calendar, links["Fair"].event_id, start={"date": day(4)}, end={"date": day(7)})
    settled(world)
    activities = {row["subject"]: row for row in world.activities()}
    events = {row["summary"]: row for row in world.events()}
    assert set(activities) == {"Offer", "All day", "Short", "Late lunch", "Fair"}
    assert len(events) == len(activities) == len(world.links())
    offer = next(event for title, event in events.items() if title.endswith("Offer"))
    assert offer["start"]["dateTime"][11:16] == "18:00"
    assert offer["description"].startswith("Cheaper")
    assert offer["description"].count("Eva Muster") == 1
    assert "Late lunch" in events
    assert activities["Short"]["location"]["value"] == "Bar"
    assert activities["Fair"]["due_date"] == day(4)
    assert events["Fair"]["end"] == {"date": day(7)}


def test_what_was_deleted_while_the_database_was_lost_stays_deleted(world: World) -> None:
    links = company_at_rest(world)
    wipe(world)
    world.pipedrive.delete_activity(links["Offer"].activity_id)
    world.google.delete_event(world.calendar, links["Fair"].event_id)
    with world.requests():
        settled(world)
    assert "Offer" not in {row["subject"] for row in world.activities()}
    assert "Fair" not in {row["summary"] for row in world.events()}


def test_yesterdays_copy_of_the_database(world: World) -> None:
    """What was synced since the copy was made is equal on both sides already: nothing is written or doubled."""
    links = company_at_rest(world)
    copy = Snapshot(world)
    world.pass_time(86_400)
    world.activity("New here")
    world.event("New there")
    world.pipedrive.edit_activity(links["Short"].activity_id, subject="Shorter", due_time="17:00")
    world.google.edit_event(world.calendar, links["Offer"].event_id, location="Bar")
    world.google.delete_event(world.calendar, links["Fair"].event_id)
    world.pipedrive.delete_activity(links["All day"].activity_id)
    world.green()
    world.green()
    settled(world)
    before = picture(world)
    copy.restore_store()
    for _ in range(3):
        with world.requests():
            world.green()
        assert world.writes() == 0
    assert picture(world) == before
    known = mapping_of(world)
    world.assert_quiet()
    assert mapping_of(world) == known
