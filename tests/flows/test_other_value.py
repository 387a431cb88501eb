"""The other value of a conflict: both sides get what lost, unless somebody edited it since."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from include.calsync.core.conflicts import EDITS
from include.calsync.errors import SettingsError
from include.calsync.store.tables import change_log
from tests.flows.test_deletions import pairs
from tests.flows.test_undo import activities, events, notices, pair, undone
from tests.flows.world import World

STARTS = {"activities": "2031-05-06T09:00:00Z", "events": "2031-05-05T10:00:00Z"}
END = "2031-05-05T12:00:00Z"
IN_PIPEDRIVE = {
    "subject": "By phone",
    "location": "Bonn",
    "public_description": "<b>Mine</b>",
    "due_date": "2031-05-06",
    "due_time": "09:00",
    "duration": "00:45",
}
IN_GOOGLE = {
    "summary": "In person",
    "location": "Rome",
    "description": "<i>Theirs</i>",
    "start": {"dateTime": STARTS["events"]},
    "end": {"dateTime": END},
}
TEXTS = {"activities": ("By phone", "Bonn", "Mine"), "events": ("In person", "Rome", "Theirs")}


def conflict(world: World, winner: str) -> int:
    """A pair edited on both sides, of which the edits of `winner` won; the conflict's number."""
    edits = [lambda: edit_activity(world, **IN_PIPEDRIVE), lambda: world.edit_event(world.the_event(), **IN_GOOGLE)]
    for edit in edits if winner == "events" else reversed(edits):
        world.pass_time(600)
        edit()
    world.green()
    with world.engine.connect() as conn:
        query = select(change_log.c.id, change_log.c.lost).where(change_log.c.lost.is_not(None))
        found = [row.id for row in conn.execute(query.order_by(change_log.c.id)) if row.lost[0]["why"] in EDITS]
    return int(found[-1])


def edit_activity(world: World, **fields: Any) -> None:
    world.pipedrive.edit_activity(world.the_activity()["id"], **fields)


def shown(world: World) -> str | None:
    """Which side's edits both sides show."""
    activity, event = world.the_activity(), world.the_event()
    for side, (subject, place, text) in TEXTS.items():
        start = datetime.fromisoformat(STARTS[side])
        mine = activity["subject"], activity["location"]["value"], f"{activity['due_date']}T{activity['due_time'][:5]}"
        same = mine == (subject, place, STARTS[side][:16]) and text in activity["public_description"]
        theirs = subject in event["summary"] and place == event["location"] and text in event["description"]
        if same and theirs and datetime.fromisoformat(event["start"]["dateTime"]) == start:
            return side
    return None


@pytest.fixture(params=["pipedrive", "google"])
def made_in(request: pytest.FixtureRequest, world: World) -> str:
    if request.param == "pipedrive":
        pairs(world, 1)
    else:
        world.green()
        world.event("Coffee")
        world.green()
    world.green()
    return str(request.param)


@pytest.mark.parametrize("winner", ["activities", "events"])
def test_both_sides_get_what_lost(world: World, made_in: str, winner: str) -> None:
    number = conflict(world, winner)
    assert shown(world) == winner
    before = activities(world), events(world)
    assert undone(world, conflict_id=number) == []
    assert shown(world) not in (winner, None)
    for _ in range(2):
        world.assert_quiet()
    with world.engine.connect() as conn:
        runs = set(conn.execute(select(change_log.c.run_id).where(change_log.c.actor == "olga")).scalars())
    assert undone(world, runs.pop()) == []
    assert (activities(world), events(world)) == before
    assert not runs, "one run wrote both sides"


def test_nothing_is_written_over_a_later_edit(world: World) -> None:
    pair(world)
    number = conflict(world, "events")
    edit_activity(world, subject="Newer")
    assert [text.partition(": ")[2] for text in undone(world, conflict_id=number)] == [
        f"not undone: activity {world.the_activity()['id']}: subject was edited since"
    ]
    assert world.the_activity()["subject"] == "Newer"
    world.green()
    assert "Newer" in world.the_event()["summary"]


def test_other_fields_of_the_pair_stay(world: World) -> None:
    pair(world)
    number = conflict(world, "events")
    edit_activity(world, note="Called back", location="Oslo")
    world.green()
    assert [text.rpartition(": ")[2] for text in undone(world, conflict_id=number)] == ["place was written again since"]
    assert shown(world) is None
    activity = world.the_activity()
    assert (activity["subject"], activity["location"]["value"], activity["note"]) == ("By phone", "Oslo", "Called back")
    world.assert_quiet()


def test_one_field_alone(world: World) -> None:
    pair(world)
    undone(world, conflict_id=conflict(world, "events"), conflict_field="place")
    activity, event = world.the_activity(), world.the_event()
    assert (activity["location"]["value"], event["location"]) == ("Bonn", "Bonn")
    assert activity["subject"] == "In person"
    world.assert_quiet()


def test_it_is_tried_out_first(world: World) -> None:
    pair(world)
    number = conflict(world, "activities")
    before = activities(world), events(world)
    assert world.undo(conflict_id=number, dry_run=True).failure is None
    assert (activities(world), events(world)) == before


def test_one_way_no_longer_takes_it_across(world: World) -> None:
    pair(world)
    number = conflict(world, "activities")
    world.anna_is(mode="to_google")
    before = activities(world), events(world)
    assert "to one side only" in str(undone(world, conflict_id=number))
    assert (activities(world), events(world)) == before


def test_a_number_that_names_no_conflict_is_refused(world: World) -> None:
    pair(world)
    with pytest.raises(SettingsError, match="in entry 999 of the change log no value lost"):
        world.undo(conflict_id=999)
    assert notices(world) == []
