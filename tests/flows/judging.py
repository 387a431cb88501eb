"""How tests of crashes and faults judge what is left: by what people see on both sides, and by the store."""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect, select

from include.calsync.core.marks import read_mark
from include.calsync.store.tables import change_log, intent, quarantine
from tests.flows.world import World


def picture(world: World) -> dict[str, Any]:
    """Everything that people and the store can see, without ids and times of writing."""
    activities = {row["id"]: row for row in world.activities()}
    events = {event["id"]: event for calendar in sorted(world.google.calendars) for event in world.events(calendar)}
    shown = {key: _activity(row) for key, row in activities.items()}
    seen = {key: _event(row) for key, row in events.items()}
    pairs = []
    for row in world.links():
        mark = read_mark(events.get(row.event_id, {}))
        is_marked = mark is not None and (mark.activity_id, mark.event_id) == (row.activity_id, row.event_id)
        assert is_marked == row.marked or row.event_id not in events
        pair = (shown.get(row.activity_id), seen.get(row.event_id))
        pairs.append((*pair, row.state, row.cause, row.origin, row.intended, is_marked))
    with world.engine.connect() as conn:
        open_intents = [row.event_id for row in conn.execute(select(intent))]
        aside = [(row.side, row.reason) for row in conn.execute(select(quarantine))]
    return {
        "activities": sorted(map(repr, shown.values())),
        "events": sorted(map(repr, seen.values())),
        "pairs": sorted(map(repr, pairs)),
        "intents": open_intents,
        "aside": aside,
    }


def _activity(row: dict[str, Any]) -> tuple[Any, ...]:
    names = ("subject", "type", "owner_id", "due_date", "due_time", "duration", "busy", "done", "public_description")
    return (*(row[name] for name in names), (row["location"] or {}).get("value"))


def _event(row: dict[str, Any]) -> tuple[Any, ...]:
    names = ("summary", "location", "description", "transparency")
    return (*(row.get(name) for name in names), *(row["start"].values()), *(row["end"].values()))


TYPED = ("activity_at", "event_at")


def lost_values(world: World) -> list[str]:
    """What lost a conflict, as the change log keeps it, but for when it was typed: each world has another clock."""
    with world.engine.connect() as conn:
        logged = conn.execute(select(change_log.c.lost).where(change_log.c.lost.is_not(None))).scalars()
        told = [
            [(key, value) for key, value in sorted(entry.items()) if key not in TYPED]
            for each in logged
            for entry in each
        ]
        return sorted({repr(each) for each in told})


def mapping_of(world: World) -> list[tuple[Any, ...]]:
    """The links, but for what only says when they were looked at last."""
    if not inspect(world.engine).has_table("link"):
        return []
    moving = {"probed_at", "updated_at", "activity_print", "event_print", "is_past"}
    return [tuple(value for name, value in row._mapping.items() if name not in moving) for row in world.links()]


def settled(world: World) -> int:
    """Sync until a run changes nothing, the third at the latest (law 5). Returns how many runs did."""
    for runs_count in range(3):
        before = mapping_of(world)
        with world.requests():
            world.green()
        if not world.writes() and mapping_of(world) == before:
            return runs_count
    raise AssertionError("the third run still changes something")


def pair(world: World, **fields: Any) -> tuple[int, str]:
    """One activity with its event, at rest."""
    world.green()
    world.activity("Demo", **fields)
    world.green()
    settled(world)
    world.pass_time(600)
    (link,) = world.links()
    return link.activity_id, link.event_id
