"""What is, byte for byte, as it was when its pair was found equal is read, and goes no further."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from include.calsync.store.tables import link, observation
from tests.flows.steps import Steps
from tests.flows.world import World, day

READS: dict[str, dict[str, Any]] = {
    "full": {"full": True},
    "comparison": {"dag_id": "calendar_reconcile", "kind": "manual", "reconcile": True},
}


def looked_at(world: World, **options: Any) -> list[tuple[str, str]]:
    """One run, and what it made canonical forms of: side and id."""
    steps = Steps(world, **options).pull()
    with world.engine.connect() as conn:
        rows = conn.execute(select(observation.c.side, observation.c.item_id).where(observation.c.run_id == steps.id))
        found = sorted((row.side, row.item_id) for row in rows)
    assert steps.plan().apply().close().failure is None
    return found


@pytest.fixture
def pairs(world: World) -> World:
    """One pair from each side, and an activity with names."""
    world.green()
    deal, person = world.pipedrive.add_deal("Roof"), world.pipedrive.add_person("Lena")
    world.activity("Call", deal_id=deal["id"], person_id=person["id"])
    world.event("Lunch")
    for _ in range(3):
        world.pass_time(60)
        world.green()
    return world


@pytest.fixture(params=READS)
def read(request: pytest.FixtureRequest, pairs: World) -> Callable[[], list[tuple[str, str]]]:
    """All of both sides is read; what was looked at."""

    def read() -> list[tuple[str, str]]:
        pairs.pass_time(600)
        return looked_at(pairs, **READS[request.param])

    read()  # which learns the prints of what was not seen since it was written
    return read


Read = Callable[[], list[tuple[str, str]]]


def test_what_is_as_it_was_is_not_looked_at(pairs: World, read: Read) -> None:
    assert read() == []
    pairs.assert_quiet()


def test_what_a_run_created_is_not_looked_at_by_the_next(world: World) -> None:
    world.green()
    world.activity("Call")
    world.green()
    world.pass_time(60)
    assert looked_at(world) == []


def test_an_edit_is_looked_at_alone(pairs: World, read: Read) -> None:
    (call,) = (row for row in pairs.links() if row.origin == "pipedrive")
    pairs.pass_time(600)
    pairs.pipedrive.edit_activity(call.activity_id, subject="Meeting")
    assert read() == [("activities", str(call.activity_id))]
    assert "Meeting" in pairs.google.event(pairs.calendar, call.event_id)["summary"]
    (lunch,) = (row for row in pairs.links() if row.origin == "google")
    pairs.pass_time(600)
    pairs.google.edit_event(pairs.calendar, lunch.event_id, location="Hamburg")
    assert ("events", lunch.event_id) in read()
    assert pairs.pipedrive.activities[lunch.activity_id]["location"]["value"] == "Hamburg"


def test_other_settings_look_at_all_once_more(pairs: World, read: Read) -> None:
    pairs.anna_is(title=["subject", "person"])
    assert len(read()) == 4
    (call,) = (row for row in pairs.links() if row.origin == "pipedrive")
    assert pairs.google.event(pairs.calendar, call.event_id)["summary"] == "Call > Lena"


def test_another_name_is_looked_for_by_a_comparison(pairs: World) -> None:
    looked_at(pairs, **READS["comparison"])
    (call,) = (row for row in pairs.links() if row.origin == "pipedrive")
    pairs.pipedrive.rename_deal(next(iter(pairs.pipedrive.deals)), "Wall")
    assert looked_at(pairs, **READS["comparison"]) == [("activities", str(call.activity_id))]
    assert pairs.google.event(pairs.calendar, call.event_id)["summary"] == "Wall > Lena > Call"


@pytest.mark.parametrize(
    "left",
    [
        {"intended": {}},
        {"state": "held", "cause": "max_delete"},
        {"missing_since_run": "an earlier one"},
        {"vanished_since_run": "an earlier one"},
        {"marked": False},
        {"field_set": 0},
    ],
    ids=lambda left: next(iter(left)),
)
def test_a_pair_about_which_something_is_open_is_looked_at(pairs: World, left: dict[str, Any]) -> None:
    looked_at(pairs, full=True)
    (call,) = (row for row in pairs.links() if row.origin == "pipedrive")
    with pairs.engine.begin() as conn:
        conn.execute(update(link).where(link.c.id == call.id).values(**left))
    found = looked_at(pairs, full=True)
    assert ("activities", str(call.activity_id)) in found
    # That the activity is there settles it before the events are read.
    assert (("events", call.event_id) in found) == ("missing_since_run" not in left)


def test_an_edit_that_is_taken_back_is_no_edit(pairs: World, read: Read) -> None:
    (call,) = (row for row in pairs.links() if row.origin == "pipedrive")
    pairs.pipedrive.edit_activity(call.activity_id, due_date=day(2))
    pairs.pipedrive.edit_activity(call.activity_id, due_date=day(1))
    assert read() == [("activities", str(call.activity_id))], "its stamp is another"
    pairs.assert_quiet()
    assert read() == []
