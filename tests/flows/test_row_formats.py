"""Rows in the store that another version of calsync wrote: nobody guesses what they mean, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from sqlalchemy import select, update

from include.calsync.core.planning.row_format import ROW_FORMAT
from include.calsync.store.tables import held_item, hold, plan_row
from tests.flows.steps import Steps
from tests.flows.test_types import pairs
from tests.flows.world import World

LIMITS: dict[str, Any] = {
    "max_delete_count": 2,
    "max_delete_ratio": 0.2,
    "max_change_count": 2,
    "max_change_ratio": 0.2,
}
ANOTHER = [ROW_FORMAT - 1, ROW_FORMAT + 1]


def by_another_version(world: World, table: Any, row_format: int) -> None:
    """What is stored, as another version wrote it: this one can't read it."""
    with world.engine.begin() as conn:
        conn.execute(update(table).values(format=row_format, payload={"unknown": True}))


@pytest.mark.parametrize("row_format", ANOTHER)
def test_the_plan_of_another_version_is_not_carried_out(world: World, row_format: int) -> None:
    pairs(world, 2)
    one, other = world.activities()
    world.pipedrive.edit_activity(one["id"], subject="Call back")
    world.pipedrive.delete_activity(other["id"])
    before = world.cursors()
    steps = Steps(world).pull().plan()
    by_another_version(world, plan_row, row_format)
    with world.requests():
        steps.apply()
    assert world.writes() == 0
    failure = str(steps.close().failure)
    assert "account anna: the rest of this run's plan is another version's, and was not carried out" in failure
    assert world.cursors() == before
    world.green()
    assert [event["summary"] for event in world.events()] == ["Call back"]
    world.assert_quiet()


def test_what_another_version_shows_of_a_dry_run_is_not_counted(world: World) -> None:
    pairs(world, 1)
    world.pipedrive.edit_activity(world.the_activity()["id"], subject="Call back")
    steps = Steps(world, dry_run=True).pull().plan()
    by_another_version(world, plan_row, ROW_FORMAT + 1)
    assert "another version's" in str(steps.apply().close().failure)


def test_what_the_other_version_carried_out_is_done(world: World) -> None:
    """Only what is left of the plan matters."""
    pairs(world, 1)
    world.pipedrive.edit_activity(world.the_activity()["id"], subject="Call back")
    steps = Steps(world).pull().plan().apply()
    by_another_version(world, plan_row, ROW_FORMAT - 1)
    assert steps.close().failure is None
    world.assert_quiet()


def held(world: World) -> list[tuple[str, int]]:
    with world.engine.connect() as conn:
        return [tuple(row) for row in conn.execute(select(held_item.c.action, held_item.c.format))]


def holds(world: World) -> list[str]:
    with world.engine.connect() as conn:
        return list(conn.execute(select(hold.c.state).order_by(hold.c.id)).scalars())


def delete_activities(world: World) -> None:
    for activity in world.activities():
        world.pipedrive.delete_activity(activity["id"])


def edit_events(world: World) -> None:
    for event in world.events():
        world.edit_event(event, location="Berlin")


def hide_types(world: World) -> None:
    world.anna_is(activity_types=["lunch"])


CHANGES = {"delete_event": delete_activities, "merge": edit_events, "remove_event": hide_types}


def settled(world: World) -> Iterable[Any]:
    """Runs until one has nothing new to say."""
    return [world.sync() for _ in range(3)]


@pytest.mark.parametrize("action", CHANGES)
def test_what_another_version_held_is_read_and_held_anew(world: World, action: str) -> None:
    world.anna_is(**LIMITS)
    pairs(world, 5)
    CHANGES[action](world)
    assert world.sync().failure
    assert held(world) == [(action, ROW_FORMAT)] * 5
    by_another_version(world, held_item, ROW_FORMAT - 1)
    with world.requests():
        settled(world)
    assert world.writes() == 0
    assert held(world) == [(action, ROW_FORMAT)] * 5
    assert holds(world) == ["lapsed", "open"]


@pytest.mark.parametrize("action", CHANGES)
def test_nothing_is_lost_of_what_another_version_held(world: World, action: str) -> None:
    """The limits were raised during the upgrade."""
    world.anna_is(**LIMITS)
    pairs(world, 5)
    CHANGES[action](world)
    assert world.sync().failure
    by_another_version(world, held_item, ROW_FORMAT - 1)
    world.anna_is(max_delete_count=5, max_change_count=5)
    settled(world)
    assert holds(world) == ["lapsed"]
    if action == "merge":
        assert [each["location"]["value"] for each in world.activities()] == ["Berlin"] * 5
    else:
        assert world.events() == []
    world.assert_quiet()


def test_a_held_item_is_the_row_that_was_planned(world: World) -> None:
    """Whoever approves it carries out exactly that."""
    world.anna_is(**LIMITS)
    pairs(world, 5)
    delete_activities(world)
    assert world.sync().failure
    names = ("link_id", "action", "side", "reason", "payload", "conflicts", "rule", "format")
    with world.engine.connect() as conn:
        planned, kept = (
            sorted(conn.execute(select(*(table.c[name] for name in names))).all(), key=lambda row: row.link_id)
            for table in (plan_row.select().where(plan_row.c.state == "held").subquery(), held_item)
        )
    assert len(kept) == 5
    assert planned == kept
