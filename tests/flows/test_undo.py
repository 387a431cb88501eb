"""Every write is reversible (law 12): an undo restores what a run changed, unless it was edited since."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, select

from include.calsync.errors import SettingsError
from include.calsync.store.tables import change_log, run_account
from include.sandbox.faults import Fault
from tests.flows.killing import before_request
from tests.flows.test_deletions import pairs
from tests.flows.test_holds import WHOLE, decide, delete_events, held
from tests.flows.world import World

FIELDS = ("subject", "location", "due_date", "due_time", "duration", "public_description", "priority", "note", "done")


def run_id(summary: Any) -> str:
    return str(summary.result["sync_run_id"])


def activities(world: World) -> list[dict[str, Any]]:
    return [{name: row[name] for name in FIELDS} for row in world.activities()]


def events(world: World) -> list[dict[str, Any]]:
    names = ("id", "summary", "location", "description", "start", "end", "colorId", "attendees", "reminders")
    return [{name: event.get(name) for name in names} for event in world.events()]


def undone(world: World, sync_run_id: str = "", **options: Any) -> list[str]:
    """An undo that must be green; what it says of items that it left alone."""
    summary = world.undo(sync_run_id, **options)
    assert summary.failure is None, summary.failure
    return notices(world)


def notices(world: World) -> list[str]:
    with world.engine.connect() as conn:
        rows = conn.execute(select(run_account.c.notices, run_account.c.run_id)).all()
    return [text for row in rows for text in row.notices if "not undone" in text]


def pair(world: World, **event: Any) -> None:
    pairs(world, 1)
    world.edit_event(world.the_event(), **(WHOLE | event))
    world.green()
    world.green()


# What was written.


def test_fields_of_an_activity_go_back(world: World) -> None:
    pairs(world, 1)
    world.pipedrive.edit_activity(world.the_activity()["id"], public_description="<b>Bold</b>", location="Bonn")
    world.green()
    before = activities(world)
    start, end = (f"2031-05-05T{hour}:00:00Z" for hour in ("10", "12"))
    edits = {"location": "Rome", "description": "Typed", "start": {"dateTime": start}, "end": {"dateTime": end}}
    world.edit_event(world.the_event(), summary="Another", **edits)
    summary = world.sync()
    assert activities(world) != before
    shown = events(world)
    assert undone(world, run_id(summary)) == []
    assert (activities(world), events(world)) == (before, shown)
    for _ in range(2):
        world.assert_quiet()
    world.edit_event(world.the_event(), location="Oslo")
    world.green()
    assert world.the_activity()["location"]["value"] == "Oslo"
    assert world.the_activity()["subject"] == before[0]["subject"]


def test_fields_of_an_event_go_back(world: World) -> None:
    pair(world, description="<i>Typed</i>")
    before = events(world)
    edits = {"subject": "Another", "location": "Rome", "due_time": "15:00", "public_description": "New"}
    world.pipedrive.edit_activity(world.the_activity()["id"], **edits)
    summary = world.sync()
    assert events(world) != before
    shown = activities(world)
    assert undone(world, run_id(summary)) == []
    assert (events(world), activities(world)) == (before, shown)
    for _ in range(2):
        world.assert_quiet()


def test_what_was_edited_since_stays_and_is_told(world: World) -> None:
    pairs(world, 1)
    world.edit_event(world.the_event(), location="Rome", summary="Another")
    summary = world.sync()
    world.pipedrive.edit_activity(world.the_activity()["id"], location="Oslo")
    told = undone(world, run_id(summary))
    assert told == [f"account anna: not undone: activity {world.the_activity()['id']}: place was edited since"]
    assert world.the_activity()["location"]["value"] == "Oslo"
    assert world.the_activity()["subject"] != "Another"
    world.green()
    assert world.the_event()["location"] == "Oslo"
    world.assert_quiet()


def test_what_a_later_run_wrote_stays_and_is_told(world: World) -> None:
    pairs(world, 1)
    world.edit_event(world.the_event(), location="Rome")
    summary = world.sync()
    world.edit_event(world.the_event(), location="Oslo")
    world.green()
    assert "place was written again since" in undone(world, run_id(summary))[0]
    assert world.the_activity()["location"]["value"] == "Oslo"


def test_what_another_run_wrote_before_this_one_was_over_counts_as_later(world: World) -> None:
    """An upload lasts for hours, and the schedule goes on meanwhile."""
    pairs(world, 1)
    world.edit_event(world.the_event(), location="Rome")
    summary = world.sync()
    world.edit_event(world.the_event(), location="Oslo")
    world.green()
    mine = next(row for row in world.changes() if row.run_id == run_id(summary))
    with world.engine.begin() as conn:  # the long run's last entry, of another pair
        values = {name: value for name, value in mine._asdict().items() if name != "id"}
        conn.execute(insert(change_log).values(values | {"link_id": 99, "activity_id": 99, "event_id": "e99"}))
    assert any("place was written again since" in text for text in undone(world, run_id(summary)))
    assert world.the_activity()["location"]["value"] == "Oslo"


def test_an_edit_between_plan_and_write_wins(world: World) -> None:
    pairs(world, 1)
    world.edit_event(world.the_event(), location="Rome")
    summary = world.sync()
    key = world.the_activity()["id"]
    with before_request("PATCH", str(key), lambda: world.pipedrive.edit_activity(key, location="Oslo")):
        world.undo(run_id(summary))
    world.green()
    world.green()


# What was made.


@pytest.mark.parametrize("side", ["event", "activity"])
def test_what_was_made_is_removed_and_not_made_again(world: World, side: str) -> None:
    world.green()
    (world.activity if side == "event" else world.event)("Demo")
    summary = world.sync()
    assert (len(world.activities()), len(world.events())) == (1, 1)
    assert undone(world, run_id(summary)) == []
    left = (1, 0) if side == "event" else (0, 1)
    assert (len(world.activities()), len(world.events())) == left
    for options in (dict[str, Any](), {"full": True}):
        world.green(**options)
        assert (len(world.activities()), len(world.events())) == left
    world.assert_quiet()
    world.upload(direction="both")
    world.green()
    assert (len(world.activities()), len(world.events())) == (1, 1)


def test_what_was_made_and_edited_since_stays(world: World) -> None:
    world.green()
    world.activity("Demo")
    summary = world.sync()
    world.edit_event(world.the_event(), location="Bonn")
    assert "it was edited since" in undone(world, run_id(summary))[0]
    world.green()
    assert world.the_activity()["location"]["value"] == "Bonn"


@pytest.mark.parametrize("side", ["google", "pipedrive"])
def test_an_undo_that_fails_can_be_started_again(world: World, side: str) -> None:
    world.green()
    (world.activity if side == "google" else world.event)("Demo")
    summary = world.sync()
    faults = getattr(world.sandbox, side).faults
    faults.add(Fault("status", status=503, method="DELETE", times=0))
    world.undo(run_id(summary))
    faults.clear()
    world.pass_time(4000)
    world.green()
    left = (1, 1)
    assert (len(world.activities()), len(world.events())) == left
    world.undo(run_id(summary))
    world.green()
    assert len(world.activities()) + len(world.events()) == 1


# What was removed.


def test_a_deleted_pair_is_back_with_everything(world: World) -> None:
    pair(world)
    world.pipedrive.edit_activity(world.the_activity()["id"], priority=3, note="<p>Key</p>")
    world.green()
    before, shown = activities(world), events(world)
    delete_events(world, 1)
    summary = world.sync()
    assert (world.activities(), world.events()) == ([], [])
    world.google.mails.clear()
    assert undone(world, run_id(summary)) == []
    world.green()
    assert activities(world) == before
    (event,) = events(world)
    assert {name: event[name] for name in ("summary", "start", "end", "colorId", "reminders")} == {
        name: shown[0][name] for name in ("summary", "start", "end", "colorId", "reminders")
    }
    assert "guest@elsewhere.example" in {each["email"] for each in event["attendees"]}
    assert list(world.google.mails) == []
    assert {row.actor for row in world.changes() if row.action == "create_activity" and row.actor} == {"olga"}
    world.green()
    world.assert_quiet()


def test_a_deleted_activity_takes_its_event_along_and_both_come_back(world: World) -> None:
    pair(world)
    world.pipedrive.delete_activity(world.the_activity()["id"])
    summaries = [world.sync() for _ in range(3)]
    assert world.events() == []
    (summary,) = [each for each in summaries if each.result["accounts"]["anna"]["events"]["deleted"]]
    assert undone(world, run_id(summary)) == []
    world.green()
    assert (len(world.activities()), len(world.events())) == (1, 1)
    assert world.the_event()["colorId"] == "6"
    world.green()
    world.assert_quiet()


def test_what_on_event_deleted_made_done_is_open_again(world: World) -> None:
    world.anna_is(on_event_deleted="done")
    pair(world)
    before = activities(world)
    delete_events(world, 1)
    summary = world.sync()
    assert world.the_activity()["done"]
    assert undone(world, run_id(summary)) == []
    world.green()
    assert (activities(world), len(world.events())) == (before, 1)
    world.assert_quiet()


def test_an_approved_mass_deletion_is_undone(world: World) -> None:
    world.anna_is(max_delete_count=1, max_delete_ratio=0.1)
    pairs(world, 5)
    for event in world.events():
        world.edit_event(event, **WHOLE)
    world.green()
    delete_events(world, 3)
    held(world)
    decide(world, approve=True)
    summary = world.sync()
    assert (len(world.activities()), len(world.events())) == (2, 2)
    assert undone(world, run_id(summary)) == []
    world.green()
    assert (len(world.activities()), len(world.events())) == (5, 5)
    assert all(event["colorId"] == "6" for event in world.events())
    world.green()
    world.assert_quiet()


# The undo itself.


def test_a_dry_run_shows_it_and_writes_nothing(world: World) -> None:
    pairs(world, 1)
    world.edit_event(world.the_event(), location="Rome")
    summary = world.sync()
    with world.requests():
        plan = world.undo(run_id(summary), dry_run=True)
    assert world.writes() == 0
    assert plan.result["accounts"]["anna"]["activities"]["updated"] == 1
    assert world.the_activity()["location"]["value"] == "Rome"


def test_an_undo_is_undone(world: World) -> None:
    pairs(world, 1)
    world.edit_event(world.the_event(), location="Rome")
    summary = world.sync()
    before = activities(world)
    undo = world.undo(run_id(summary))
    assert activities(world) != before
    undone(world, run_id(undo))
    assert activities(world) == before
    world.assert_quiet()


def test_one_link_of_a_run(world: World) -> None:
    pairs(world, 3)
    for event in world.events():
        world.edit_event(event, location="Rome")
    world.sync()
    link = world.links()[0]
    world.undo(link_id=link.id)
    places = {row["id"]: (row["location"] or {}).get("value") for row in world.activities()}
    assert [key for key, place in places.items() if place != "Rome"] == [link.activity_id]


def test_an_unknown_run_is_refused(world: World) -> None:
    world.green()
    with pytest.raises(SettingsError, match="nothing is known of a write of sync run 12"):
        world.undo("12")
