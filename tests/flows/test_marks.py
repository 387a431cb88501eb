"""Our ids and marks on events: what is somebody else's is neither adopted nor overwritten."""

from __future__ import annotations

from typing import Any

import pytest

from include.calsync.core.marks import Mark, event_id, read_mark
from include.calsync.core.model import Origin
from tests.flows.judging import settled
from tests.flows.world import World

COMPANY = "77"


def foreign(own_id: str, company: str = COMPANY, activity_id: int = 4711) -> dict[str, Any]:
    return {"extendedProperties": Mark(company, activity_id, own_id, Origin.PIPEDRIVE).properties()}


@pytest.mark.parametrize("marked", ["not", "another company", "another activity", "copied"])
def test_an_id_that_is_taken_by_something_else_is_left_alone(world: World, marked: str) -> None:
    world.green()
    activity = world.activity("Call")
    taken = event_id(COMPANY, activity["id"], world.calendar, 0)
    marks: dict[str, dict[str, Any]] = {
        "not": {},
        "another company": foreign(taken, "78", activity["id"]),
        "another activity": foreign(taken),
        "copied": foreign("another", activity_id=activity["id"]),
    }
    day_off: dict[str, Any] = {"start": {"date": "2020-01-01"}, "end": {"date": "2020-01-02"}}
    old = "2020-01-01T00:00:00Z"  # long before the account was connected: not to be synced
    world.event("Strange", id=taken, created=old, updated=old, **day_off, **marks[marked])
    world.green()
    titles = {event["id"]: event["summary"] for event in world.events()}
    assert titles == {taken: "Strange", event_id(COMPANY, activity["id"], world.calendar, 1): "Call"}
    world.assert_quiet()


def test_an_overwritten_mark_is_written_again(world: World) -> None:
    """Another program put its copy of other properties on the event; a person moved the meeting."""
    world.green()
    world.activity("Call")
    world.green()
    (link,) = world.links()
    world.edit_event(world.the_event(), location="Bar", **foreign("another"))
    settled(world)
    assert world.the_activity()["location"]["value"] == "Bar"
    mark = read_mark(world.the_event())
    assert mark is not None
    assert (mark.activity_id, mark.event_id) == (link.activity_id, link.event_id)


@pytest.mark.parametrize(
    "number", ["9" * 19, "9" * 30, str(2**63), str(2**63 - 1), str(2**53), "0", "-5", "007", "12a", "", "1e5"]
)
def test_a_mark_that_another_app_wrote_fails_nobody(world: World, number: str) -> None:
    world.green()
    event = world.event("Odd")
    private = {"calsyncActivityId": number, "calsyncCompany": COMPANY, "calsyncEventId": event["id"]}
    world.google.distort_event(world.calendar, event["id"], extendedProperties={"private": private})
    world.activity("Fine")
    anna = world.green()
    assert anna["events"]["created"] == 1
    assert anna["activities"]["created"] == 1
    assert sorted(row["subject"] for row in world.activities()) == ["Fine", "Odd"]
