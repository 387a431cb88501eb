"""Stores of earlier versions, brought up to this one."""

from __future__ import annotations

import hashlib
import json

from sqlalchemy import select, update

from include.calsync.core.field_sets import FIELD_SET
from include.calsync.store.tables import hold, link
from tests.flows.world import World


def before_priorities(world: World) -> None:
    """The store as the version wrote it that knew nothing of priorities."""
    with world.engine.begin() as conn:
        for row in conn.execute(select(link)).all():
            base = {name: value for name, value in row.base_activity.items() if name != "priority"}
            assert base != row.base_activity
            text = json.dumps(base, sort_keys=True, ensure_ascii=False)
            values = {
                "field_set": 1,
                "base_activity": base,
                "activity_digest": hashlib.sha256(text.encode()).hexdigest()[:32],
            }
            conn.execute(update(link).where(link.c.id == row.id).values(values))


def with_priorities(world: World, count: int = 3) -> list[int]:
    """Paired activities of the highest priority, in a store of before."""
    world.anna_is(max_change_count=1, max_change_ratio=0.1, max_create_count=50, max_create_ratio=1.0)
    world.green()
    keys = [world.activity(f"Call {n}", priority=521, due_time=f"{n + 8:02}:00")["id"] for n in range(count)]
    world.green()
    assert len(world.events()) == count
    before_priorities(world)
    return keys


def holds(world: World) -> list[object]:
    with world.engine.connect() as conn:
        return list(conn.execute(select(hold.c.rule)))


def test_a_new_field_is_nobody_s_edit(world: World) -> None:
    """The first run after the upgrade plans and holds nothing; the next edit of the field is one."""
    keys = with_priorities(world)
    world.pipedrive.touch_activities(keys)
    before = world.writes()
    world.green()
    assert holds(world) == []
    assert world.writes() == before
    assert {(row.field_set, row.base_activity["priority"]) for row in world.links()} == {(FIELD_SET, 521)}
    world.assert_quiet()
    world.anna_is(colors={"priority Low": 8}, max_change_count=1, max_change_ratio=0.1)
    world.green()
    world.pipedrive.edit_activity(keys[0], priority=523)
    world.green()
    assert [event.get("colorId") for event in world.events()].count("8") == 1
    world.assert_quiet()


def test_what_is_edited_during_the_upgrade_is_synced(world: World) -> None:
    """An edit of an older field, on either side, beside a new one that is taken as it is."""
    first, second, third = with_priorities(world)
    world.pipedrive.edit_activity(first, subject="Call back", priority=522)
    event = next(event for event in world.events() if event["summary"] == "Call 1")
    world.edit_event(event, location="Berlin")
    world.green()
    assert holds(world) == []
    assert {event["summary"] for event in world.events()} == {"Call back", "Call 1", "Call 2"}
    shown = {each["id"]: each for each in world.activities()}
    assert shown[second]["location"]["value"] == "Berlin"
    assert [shown[key]["priority"] for key in (first, second, third)] == [522, 521, 521]
    world.assert_quiet()
    world.reconcile()
    assert {row.field_set for row in world.links()} == {FIELD_SET}
    world.assert_quiet()


def test_an_event_made_anew_after_the_upgrade_keeps_what_its_activity_had(world: World) -> None:
    """A pair that ended before it: what it held is completed, too."""
    (key,) = with_priorities(world, 1)
    (event,) = world.events()
    world.google.delete_event(world.calendar, event["id"])
    world.green()
    assert world.activities() == []
    world.pipedrive.restore_activity(key)
    world.green()
    assert [one["summary"] for one in world.events()] == ["Call 0"]
    assert world.the_activity()["priority"] == 521
    world.assert_quiet()
