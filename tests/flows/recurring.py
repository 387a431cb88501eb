"""Series for tests: made, looked up by occurrence, and judged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from include.calsync.core.marks import read_mark
from tests.flows.world import World, day

WEEKLY = ["RRULE:FREQ=WEEKLY;COUNT=4"]
DAILY = ["RRULE:FREQ=DAILY;COUNT=4"]
Json = dict[str, Any]


def at(offset: int, clock: str = "11:00", minutes: int = 60) -> Json:
    """Start and end so many days from today, in Berlin."""
    start = datetime.fromisoformat(f"{day(offset)}T{clock}")
    end = start + timedelta(minutes=minutes)
    return {"start": {"dateTime": start.isoformat(), "timeZone": "Europe/Berlin"},
            "end": {"dateTime": end.isoformat(), "timeZone": "Europe/Berlin"}}  # fmt: skip


def all_day(offset: int) -> Json:
    return {"start": {"date": day(offset)}, "end": {"date": day(offset + 1)}}


def series(world: World, rules: list[str] = DAILY, summary: str = "Stand-up", **fields: Any) -> Json:
    """A series that begins tomorrow at eleven in Berlin."""
    return world.event(summary, recurrence=rules, **{**at(1), **fields})


def due(world: World) -> list[str]:
    """The due dates of all activities, in order."""
    return sorted(str(row["due_date"]) for row in world.activities())


def days(*offsets: int) -> list[str]:
    return [day(offset) for offset in offsets]


def occurrence(world: World, offset: int) -> Any:
    """The link of the occurrence that its series put on that day."""
    (found,) = [link for link in world.links() if str(link.original_start)[:10] == day(offset)]
    return found


def activity(world: World, offset: int) -> Json:
    """The activity that is due on that day."""
    (found,) = [row for row in world.activities() if row["due_date"] == day(offset)]
    return found


def settled(world: World) -> None:
    """At most two runs make both sides equal, a third writes nothing, and no occurrence carries anything of ours."""
    world.green()
    world.green()
    world.assert_quiet()
    untouched(world)
    one_to_one(world)


def untouched(world: World) -> None:
    for event in world.google.events(world.calendar).values():
        if event.get("recurringEventId") or event.get("recurrence"):
            assert read_mark(event) is None, event


def one_to_one(world: World) -> None:
    """Each active link is an activity and an occurrence that exist and show the same time."""
    live = {row["id"]: row for row in world.activities()}
    for link in world.links():
        if link.state != "active":
            continue
        event = world.google.event(world.calendar, link.event_id)
        assert event["status"] != "cancelled"
        start = event["start"].get("date") or event["start"]["dateTime"]
        row = live[link.activity_id]
        assert row["subject"] == event["summary"]
        if "T" in start:
            begins = datetime.fromisoformat(start).astimezone(UTC)
            assert f"{row['due_date']}T{row['due_time'][:5]}" == begins.strftime("%Y-%m-%dT%H:%M")
        else:
            assert (row["due_date"], row["due_time"]) == (start, None)
