"""UTC in Pipedrive, zones in Google, all-day, missing durations, and the days on which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.flows.world import World, day

ZONES = ["Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "America/St_Johns", "Asia/Kathmandu"]
STARTS = [
    ("2026-03-29", "00:30"),
    ("2026-03-29", "01:00"),
    ("2026-10-25", "00:30"),
    ("2026-10-25", "01:30"),
    ("2026-11-01", "05:30"),
    ("2026-11-01", "06:30"),
    ("2026-12-31", "23:30"),
    ("2028-02-29", "10:00"),
]


def instant(value: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(value["dateTime"]).astimezone(UTC)


@pytest.mark.parametrize("zone", ZONES)
def test_instants_are_kept_in_every_zone(world: World, zone: str) -> None:
    world.anna_is(time_zone=zone)
    world.google.set_time_zone(world.calendar, zone)
    world.green()
    wanted = {}
    for date, time in STARTS:
        activity = world.activity(f"{date} {time}", due_date=date, due_time=time, duration="01:00")
        wanted[activity["subject"]] = datetime.fromisoformat(f"{date}T{time}:00+00:00")
    world.green()
    for event in world.events():
        assert instant(event["start"]) == wanted[event["summary"]]
        assert instant(event["end"]) - instant(event["start"]) == timedelta(hours=1)
        assert event["start"]["timeZone"] == zone
    assert len(world.events()) == len(STARTS)
    for _ in range(3):
        world.assert_quiet()


def test_an_event_in_the_missing_and_in_the_double_hour(world: World) -> None:
    world.green()
    for name, start in (("gap", "2026-03-29T03:30:00+02:00"), ("first", "2026-10-25T02:30:00+02:00")):
        end = (datetime.fromisoformat(start) + timedelta(minutes=30)).isoformat()
        world.event(name, start={"dateTime": start, "timeZone": "Europe/Berlin"}, end={"dateTime": end})
    world.event(
        "second", start={"dateTime": "2026-10-25T02:30:00+01:00"}, end={"dateTime": "2026-10-25T03:00:00+01:00"}
    )
    world.green()
    found = {row["subject"]: f"{row['due_date']} {row['due_time']} {row['duration']}" for row in world.activities()}
    assert found == {
        "gap": "2026-03-29 01:30 00:30",
        "first": "2026-10-25 00:30 00:30",
        "second": "2026-10-25 01:30 00:30",
    }
    world.assert_quiet()


def test_over_midnight(world: World) -> None:
    world.green()
    world.activity("Late", due_date=day(3), due_time="22:30", duration="01:00")  # 23:30 to 00:30 in Berlin, in winter
    world.green()
    event = world.the_event()
    assert instant(event["end"]) - instant(event["start"]) == timedelta(hours=1)
    world.edit_event(event, start={"dateTime": f"{day(3)}T23:30:00Z"}, end={"dateTime": f"{day(4)}T00:30:00Z"})
    world.green()
    activity = world.the_activity()
    assert (activity["due_date"], activity["due_time"], activity["duration"]) == (day(3), "23:30", "01:00")


def test_all_day_is_a_date_without_a_time(world: World) -> None:
    world.green()
    world.activity("Fair", due_time=None, duration=None)
    world.event("Holiday", start={"date": day(5)}, end={"date": day(8)})
    world.green()
    events = {event["summary"]: event for event in world.events()}
    assert events["Fair"]["start"]["date"] == day(1)
    assert events["Fair"]["end"]["date"] == day(2)
    assert events["Fair"]["transparency"] == "transparent"
    activities = {row["subject"]: row for row in world.activities()}
    assert activities["Holiday"]["due_date"] == day(5)
    assert not activities["Holiday"]["due_time"]
    world.assert_quiet()


def test_a_long_all_day_event_keeps_its_length_when_moved(world: World) -> None:
    world.green()
    world.event("Fair", start={"date": day(5)}, end={"date": day(8)})
    world.green()
    world.pipedrive.edit_activity(world.the_activity()["id"], due_date=day(10))
    world.green()
    event = world.the_event()
    assert (event["start"]["date"], event["end"]["date"]) == (day(10), day(13))
    world.edit_event(event, start={"date": day(20)}, end={"date": day(23)})
    world.green()
    assert world.the_activity()["due_date"] == day(20)
    world.assert_quiet()


def test_from_timed_to_all_day_and_back(world: World) -> None:
    world.green()
    world.activity("Fair")
    world.green()
    world.pipedrive.edit_activity(world.the_activity()["id"], due_time=None, duration=None)
    world.green()
    assert world.the_event()["start"] == {"date": day(1)}
    world.edit_event(
        world.the_event(),
        start={"date": None, "dateTime": f"{day(2)}T08:00:00Z", "timeZone": "Europe/Berlin"},
        end={"date": None, "dateTime": f"{day(2)}T09:30:00Z", "timeZone": "Europe/Berlin"},
    )
    world.green()
    activity = world.the_activity()
    assert (activity["due_date"], activity["due_time"], activity["duration"]) == (day(2), "08:00", "01:30")
    world.edit_event(
        world.the_event(),
        start={"date": day(4), "dateTime": None, "timeZone": None},
        end={"date": day(5), "dateTime": None, "timeZone": None},
    )
    world.green()
    activity = world.the_activity()
    assert (activity["due_date"], activity["due_time"] or "", activity["duration"] or "") == (day(4), "", "")
    world.assert_quiet()


@pytest.mark.parametrize("missing", [None, "", "00:00"])
def test_a_missing_duration_shows_the_default_and_stays_missing(world: World, missing: str | None) -> None:
    world.anna_is(default_duration_minutes=45)
    world.green()
    activity = world.activity("Call", duration=None)
    world.pipedrive.put_raw_activity(activity["id"], duration=missing)
    world.green()
    event = world.the_event()
    assert instant(event["end"]) - instant(event["start"]) == timedelta(minutes=45)
    world.edit_event(event, start={"dateTime": f"{day(1)}T10:00:00Z"}, end={"dateTime": f"{day(1)}T10:45:00Z"})
    world.green()
    assert (world.the_activity()["due_time"], world.the_activity()["duration"]) in [
        ("10:00", one) for one in (None, "", "00:00")
    ]
    world.edit_event(world.the_event(), end={"dateTime": f"{day(1)}T12:00:00Z"})
    world.green()
    assert world.the_activity()["duration"] == "02:00"
    world.assert_quiet()


def test_a_longer_duration_than_a_day(world: World) -> None:
    world.green()
    start, end = {"dateTime": f"{day(1)}T08:00:00Z"}, {"dateTime": f"{day(2)}T14:00:00Z"}
    world.event("Retreat", start=start, end=end)
    world.green()
    assert world.the_activity()["duration"] == "30:00"
    world.assert_quiet()


def test_no_date_is_skipped_and_counted(world: World) -> None:
    world.green()
    world.activity("Someday", due_date=None, due_time=None)
    seen = world.green()
    assert seen["skipped_by_reason"] == {"no_date": 1}
    assert world.events() == []
    world.pipedrive.edit_activity(world.the_activity()["id"], due_date=day(3))
    assert world.green()["events"]["created"] == 1
    world.assert_quiet()


def test_the_account_s_zone_comes_from_the_user(world: World) -> None:
    world.pipedrive.edit_user(world.anna, timezone_name="Asia/Kathmandu")
    world.green()
    world.activity("Call")
    world.green()
    assert world.the_event()["start"]["timeZone"] == "Asia/Kathmandu"
