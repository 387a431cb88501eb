"""Events that somebody else organises are imported and followed, never rewritten; declined ones count as gone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.world import ANNA, World, day

BOSS = "boss@acme.example"
SHARED = ("summary", "description", "location", "start", "end", "attendees", "status", "sequence", "updated")


def invited(world: World, **fields: Any) -> dict[str, Any]:
    """The boss invites Anna; her copy."""
    if BOSS not in world.google.users:
        world.google.add_user(BOSS)
    world.anna_is(calendar="primary")
    world.green()
    made = world.google.add_event(
        BOSS,
        **{
            "summary": "All hands",
            "location": "Hall",
            "attendees": [{"email": ANNA}],
            "start": {"dateTime": f"{day(1)}T11:00:00Z"},
            "end": {"dateTime": f"{day(1)}T12:00:00Z"},
            **fields,
        },
    )
    return dict(world.google.event(ANNA, made["id"]))


def of_boss(world: World, event: dict[str, Any]) -> dict[str, Any]:
    return {name: world.google.event(BOSS, event["id"]).get(name) for name in SHARED}


def test_it_is_imported_followed_and_never_rewritten(world: World) -> None:
    event = invited(world)
    before = of_boss(world, event)
    world.green()
    activity = world.the_activity()
    assert (activity["subject"], activity["location"]["value"], activity["due_time"]) == ("All hands", "Hall", "11:00")
    world.assert_quiet()
    world.pipedrive.edit_activity(activity["id"], subject="Prepare for it", due_time="15:00", note="Mine")
    world.green()
    assert world.the_activity()["subject"] == "Prepare for it"
    world.assert_quiet()
    assert of_boss(world, event) == before
    own = world.google.event(ANNA, event["id"])
    assert own["summary"] == "All hands"
    assert own["extendedProperties"]["private"]["calsyncActivityId"] == str(activity["id"])
    assert world.google.mails == []


def test_an_edit_that_loses_to_the_organiser_is_logged(world: World) -> None:
    event = invited(world)
    world.green()
    world.pipedrive.edit_activity(world.the_activity()["id"], due_time="15:00", subject="Mine")
    world.green()
    world.google.edit_event(BOSS, event["id"], start={"dateTime": f"{day(1)}T13:00:00Z"},
                            end={"dateTime": f"{day(1)}T14:00:00Z"})  # fmt: skip
    seen = world.green()
    activity = world.the_activity()
    assert (activity["due_time"], activity["subject"]) == ("13:00", "Mine")
    assert seen["conflicts"] == 1
    (lost,) = [row.lost for row in world.changes() if row.lost]
    assert [(one["field"], one["winner"], one["why"]) for one in lost] == [("when", "events", "one_way")]
    world.assert_quiet()


def test_a_locked_copy_is_followed_too(world: World) -> None:
    world.green()
    event = world.event("Locked", locked=True)
    world.green()
    world.pipedrive.edit_activity(world.the_activity()["id"], subject="Mine")
    world.green()
    assert world.google.event(world.calendar, event["id"])["summary"] == "Locked"
    world.assert_quiet()


def test_its_activity_is_deleted(world: World) -> None:
    """The pair is detached: the event stays, and neither is made again."""
    event = invited(world)
    world.green()
    world.pipedrive.delete_activity(world.the_activity()["id"])
    for _ in range(4):
        world.green()
    assert world.google.event(ANNA, event["id"])["status"] == "confirmed"
    assert [row.state for row in world.links()] == ["detached"]
    world.google.edit_event(BOSS, event["id"], location="Elsewhere")
    world.green()
    assert world.activities() == []
    world.assert_quiet()


def test_the_organiser_calls_it_off(world: World) -> None:
    """Even if its activity was edited: nobody can bring somebody else's event back."""
    event = invited(world)
    world.green()
    world.pipedrive.edit_activity(world.the_activity()["id"], location="Mine")
    world.green()
    world.google.delete_event(BOSS, event["id"])
    world.pipedrive.edit_activity(world.the_activity()["id"], subject="Mine")
    world.green()
    assert world.activities() == []
    assert world.links() == []
    world.assert_quiet()


def test_a_declined_invitation_is_not_imported(world: World) -> None:
    event = invited(world)
    world.google.rsvp(ANNA, event["id"], "declined")
    assert world.green()["skipped_by_reason"] == {"declined": 1}
    assert world.activities() == []
    world.google.rsvp(ANNA, event["id"], "tentative")
    world.green()
    assert world.the_activity()["subject"] == "All hands"
    world.assert_quiet()


@pytest.mark.parametrize("rule", ["delete", "done", "keep"])
@pytest.mark.parametrize("edited", [False, True])
def test_declining_later(world: World, rule: str, *, edited: bool) -> None:
    """It follows on_event_deleted; who accepts after all has one activity again."""
    world.anna_is(on_event_deleted=rule)
    event = invited(world)
    world.green()
    if edited:
        world.pipedrive.edit_activity(world.the_activity()["id"], location="Mine")
    world.google.rsvp(ANNA, event["id"], "declined")
    world.green()
    assert [row["done"] for row in world.activities()] == {"delete": [], "done": [True], "keep": [False]}[rule]
    world.assert_quiet()
    assert world.google.event(ANNA, event["id"])["status"] == "confirmed"
    world.google.rsvp(ANNA, event["id"], "accepted")
    world.google.edit_event(BOSS, event["id"], summary="All feet")
    world.green()
    world.green()
    assert world.the_activity()["subject"] == "All feet"
    assert [row.state for row in world.links()] == ["active"]
    world.assert_quiet()
    assert world.google.mails == []


def test_own_events_with_guests_are_ordinary_pairs(world: World) -> None:
    world.green()
    event = world.event("Demo", attendees=[{"email": "eva@customer.example"}])
    world.green()
    activity = world.the_activity()
    world.pipedrive.edit_activity(activity["id"], subject="Demo 2", due_time="12:30")
    world.green()
    event = world.google.event(world.calendar, event["id"])
    assert (event["summary"], event["start"]["dateTime"][11:16]) == ("Demo 2", "13:30")
    assert [one["email"] for one in event["attendees"]] == ["eva@customer.example"]
    world.edit_event(event, location="Here")
    world.green()
    assert world.the_activity()["location"]["value"] == "Here"
    world.assert_quiet()
    assert world.google.mails == []


def test_guests_do_not_read_the_note(world: World) -> None:
    world.anna_is(include_note=True)
    world.green()
    world.activity("Demo", note="Give no discount", public_description="Agenda")
    world.green()
    event = world.the_event()
    assert "Give no discount" in event["description"]
    world.edit_event(event, attendees=[{"email": "eva@customer.example"}])
    world.green()
    assert "Give no discount" not in world.the_event()["description"]
    assert "Agenda" in world.the_event()["description"]
    assert world.the_activity()["note"] == "Give no discount"
    world.assert_quiet()
