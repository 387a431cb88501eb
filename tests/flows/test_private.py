"""Private events: skipped, shown as busy, or synced in full, and what follows when either is changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from include.calsync.store.tables import metadata
from tests.flows.world import World, day

SECRETS = ("Dentist", "Praxis", "root canal")
GUEST = "doctor.who"


def dentist(world: World, visibility: str = "private", **fields: Any) -> dict[str, Any]:
    return world.event(
        "Dentist",
        location="Praxis Dr. Who",
        description="root canal",
        visibility=visibility,
        attendees=[{"email": f"{GUEST}@praxis.example"}],
        **fields,
    )


def times(hour: int) -> dict[str, Any]:
    return {side: {"dateTime": f"{day(1)}T{hour + extra}:00:00Z"} for side, extra in (("start", 0), ("end", 1))}


def stored(world: World, *, but: tuple[str, ...] = ()) -> str:
    with world.engine.connect() as conn:
        rows = {
            name: [list(row) for row in conn.execute(select(table))]
            for name, table in metadata.tables.items()
            if name not in but
        }
    return json.dumps(rows, default=str)


def assert_unknown(world: World, *, but: tuple[str, ...] = ()) -> None:
    text = stored(world, but=but)
    assert [word for word in (*SECRETS, GUEST) if word in text] == []


@pytest.mark.parametrize("visibility", ["private", "confidential"])
def test_busy_shows_the_time_and_nothing_else(world: World, visibility: str, caplog: pytest.LogCaptureFixture) -> None:
    world.log_personal_data = True
    world.green()
    dentist(world, visibility)
    world.green()
    activity = world.the_activity()
    assert (activity["subject"], activity["location"], activity["public_description"]) == ("Busy", None, None)
    assert (activity["due_time"], activity["duration"], activity["participants"]) == ("11:00", "01:00", [])
    world.assert_quiet()
    assert_unknown(world)
    assert [word for word in SECRETS if word in caplog.text] == []


def test_busy_lets_times_flow_both_ways_and_nothing_else(world: World) -> None:
    world.green()
    event = dentist(world)
    world.green()
    activity = world.the_activity()
    world.pipedrive.edit_activity(activity["id"], due_time="14:00", subject="Out", location="Town")
    world.green()
    now = world.google.event(world.calendar, event["id"])
    assert now["start"]["dateTime"][11:16] == "15:00"
    assert [now[name] for name in ("summary", "location", "description", "attendees")] == [
        event[name] for name in ("summary", "location", "description", "attendees")
    ]
    world.edit_event(event, summary="Dentist again", **times(16))
    world.green()
    activity = world.the_activity()
    assert (activity["due_time"], activity["subject"], activity["location"]["value"]) == ("16:00", "Out", "Town")
    world.assert_quiet()
    assert_unknown(world)


def test_deleting_the_busy_activity_leaves_the_event(world: World) -> None:
    world.green()
    event = dentist(world)
    world.green()
    world.pipedrive.delete_activity(world.the_activity()["id"])
    for _ in range(4):
        world.green()
    assert world.google.event(world.calendar, event["id"])["status"] == "confirmed"
    assert [row.state for row in world.links()] == ["detached"]


def test_deleting_the_private_event_takes_the_activity_along(world: World) -> None:
    world.green()
    event = dentist(world)
    world.green()
    world.google.delete_event(world.calendar, event["id"])
    world.green()
    assert world.activities() == []
    assert_unknown(world)


def test_full_treats_it_like_any_other(world: World) -> None:
    world.anna_is(private_events="full")
    world.green()
    dentist(world)
    world.green()
    assert world.the_activity()["subject"] == "Dentist"
    world.pipedrive.edit_activity(world.the_activity()["id"], subject="Dentist!")
    world.green()
    assert world.the_event()["summary"] == "Dentist!"
    world.assert_quiet()


def test_skip_leaves_it_alone(world: World) -> None:
    world.anna_is(private_events="skip")
    world.green()
    dentist(world)
    assert world.green()["skipped_by_reason"] == {"private": 1}
    assert world.activities() == []
    assert_unknown(world)
    world.assert_quiet()


def test_an_event_becomes_private_and_public_again(world: World) -> None:
    world.green()
    event = dentist(world, "default")
    world.green()
    assert world.the_activity()["subject"] == "Dentist"
    world.edit_event(event, visibility="private")
    world.green()
    activity = world.the_activity()
    assert (activity["subject"], activity["location"], activity["public_description"] or None) == ("Busy", None, None)
    world.assert_quiet()
    # What was written down while it was public stays in the log of those writes, and in those plans.
    assert_unknown(world, but=("change_log", "plan_row"))
    last = max(world.changes(), key=lambda row: row.id)
    assert [word for word in SECRETS if word in json.dumps([last.before, last.after])] == []
    world.pipedrive.edit_activity(activity["id"], subject="Out")
    world.green()
    world.edit_event(event, visibility="default")
    world.green()
    activity = world.the_activity()
    assert (activity["subject"], activity["location"]["value"]) == ("Dentist", "Praxis Dr. Who")
    assert world.the_event()["summary"] == "Dentist"
    world.assert_quiet()


def test_an_event_from_pipedrive_becomes_private_and_public_again(world: World) -> None:
    """Pipedrive knows what it is about: the activity keeps its text, and only times flow."""
    world.green()
    activity = world.activity("Call", location="Bar")
    world.green()
    event = world.the_event()
    world.edit_event(event, visibility="private", description="root canal")
    world.green()
    assert (world.the_activity()["subject"], world.the_activity()["location"]["value"]) == ("Call", "Bar")
    world.pipedrive.edit_activity(activity["id"], subject="Call back", due_time="10:00")
    world.green()
    assert (world.the_event()["summary"], world.the_event()["start"]["dateTime"][11:16]) == ("Call", "11:00")
    world.edit_event(world.the_event(), location="Praxis")
    world.green()
    assert world.the_activity()["location"]["value"] == "Bar"
    world.assert_quiet()
    assert_unknown(world)
    world.edit_event(event, visibility="default")
    world.green()
    assert (world.the_activity()["subject"], world.the_event()["summary"]) == ("Call back", "Call back")
    world.assert_quiet()


@pytest.mark.parametrize("rule", ["delete", "done", "keep"])
def test_the_setting_is_changed(world: World, rule: str) -> None:
    world.anna_is(private_events="full", on_event_deleted=rule)
    world.green()
    event = dentist(world)
    world.activity("Call", due_time="15:00")
    world.green()

    def shown() -> list[tuple[str, bool]]:
        return sorted((row["subject"], row["done"]) for row in world.activities())

    assert shown() == [("Call", False), ("Dentist", False)]
    world.anna_is(private_events="busy")
    world.green()
    assert shown() == [("Busy", False), ("Call", False)]
    world.assert_quiet()
    world.anna_is(private_events="skip")
    world.green()
    left = {"delete": [], "done": [("Busy", True)], "keep": [("Busy", False)]}[rule]
    assert shown() == sorted([*left, ("Call", False)])
    world.assert_quiet()
    world.anna_is(private_events="full")
    world.green()
    world.green()
    assert shown() == sorted([("Call", False), ("Dentist", rule == "done")])
    world.assert_quiet()
    assert world.google.event(world.calendar, event["id"])["summary"] == "Dentist"
    assert len(world.events()) == 2


def test_what_was_typed_into_the_activity_of_an_event_that_is_skipped_now_is_logged(world: World) -> None:
    """It goes with its event; the log keeps what came from Pipedrive, and nothing of the event."""
    world.anna_is(private_events="skip")
    world.green()
    event = dentist(world, "default")
    world.green()
    world.pipedrive.edit_activity(world.the_activity()["id"], duration="02:15")
    world.edit_event(event, visibility="private")
    world.green()
    assert world.activities() == []
    (entry,) = [row for row in world.changes() if row.action == "delete_activity"]
    assert entry.before["duration"].startswith("02:15")
    assert [word for word in SECRETS if word in json.dumps(entry.before)] == []


def test_skip_lets_go_of_a_pair_from_pipedrive(world: World) -> None:
    world.anna_is(private_events="skip")
    world.green()
    activity = world.activity("Call")
    world.green()
    event = world.the_event()
    world.edit_event(event, visibility="private")
    world.green()
    assert (world.the_activity()["subject"], world.the_event()["summary"]) == ("Call", "Call")
    world.pipedrive.edit_activity(activity["id"], subject="Call back")
    world.green()
    assert world.the_event()["summary"] == "Call"
    world.assert_quiet()
    world.edit_event(event, visibility="default")
    world.green()
    assert world.the_event()["summary"] == "Call back"
    world.assert_quiet()


def test_many_that_become_private_are_held(world: World) -> None:
    world.anna_is(private_events="full", max_delete_count=1, max_delete_ratio=0.0)
    world.green()
    for number in range(3):
        world.event(f"Visit {number}", visibility="private")
    world.green()
    world.anna_is(private_events="skip")
    assert "max_delete" in str(world.sync().failure) or world.links()[0].state == "held"
    assert len(world.activities()) == 3


def test_an_edit_of_a_held_activity_makes_no_second_event(world: World) -> None:
    """The event that counts as gone is still there, although the run of the edit does not see it."""
    world.anna_is(private_events="skip", max_delete_count=0, max_delete_ratio=0)
    world.green()
    event = world.event("Dentist")
    world.green()
    world.edit_event(event, visibility="private")
    assert "1 deletions held" in str(world.sync().failure)
    world.pass_time(600)
    world.pipedrive.edit_activity(world.the_activity()["id"], subject="Still on")
    for _ in range(2):
        world.sync()
        world.pass_time(600)
    assert [each["id"] for each in world.events()] == [event["id"]]
    assert world.the_activity()["subject"] == "Still on"
