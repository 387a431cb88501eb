"""Times: exact in every zone, over both daylight-saving changes, and without drift."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.calsync.core.model import When
from include.calsync.core.moved_times import move_activity, move_event
from include.calsync.core.when import (
    activity_fields,
    activity_when,
    event_fields,
    event_when,
    known_zone,
    whole_minutes,
)
from include.calsync.errors import Unreadable

HALF_HOUR = timedelta(minutes=30)
ZONES = [
    *("Europe/Berlin", "America/New_York", "America/St_Johns", "Pacific/Kiritimati", "Asia/Kathmandu"),
    *("Australia/Lord_Howe", "Africa/Monrovia", "Pacific/Apia", "UTC", "No/Such_Zone", ""),
]
NAIVE = st.datetimes(datetime.min, datetime.fromisoformat("9999-12-01"))  # noqa: DTZ901
MINUTES = NAIVE.map(lambda moment: moment.replace(second=0, microsecond=0, tzinfo=UTC))
SECONDS = NAIVE.map(lambda moment: moment.replace(microsecond=0, tzinfo=UTC))
DAYS = st.dates(date(1, 1, 1), date(9999, 11, 1))
LENGTHS = st.integers(1, 60 * 24 * 20).map(lambda minutes: timedelta(minutes=minutes))
ACTIVITY_WHENS = st.one_of(
    st.builds(When, day=DAYS), st.builds(When, start=MINUTES, duration=st.one_of(st.none(), LENGTHS))
)
EVENT_WHENS = st.one_of(
    st.builds(When, day=DAYS, days=st.integers(1, 20)),
    st.builds(When, start=SECONDS, duration=st.integers(0, 86_400 * 20).map(lambda s: timedelta(seconds=s))),
)


def at(text: str, zone: str = "UTC", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def shown(when: When, zone: str) -> tuple[str, str]:
    fields = event_fields(when, zone=zone, default_duration=HALF_HOUR)
    return fields["start"]["dateTime"], fields["end"]["dateTime"]


def through_event(when: When, zone: str) -> When:
    fields = event_fields(when, zone=zone, default_duration=HALF_HOUR)
    return event_when(fields["start"], fields["end"])


@pytest.mark.parametrize(
    ("due_date", "due_time", "duration", "when"),
    [
        (None, None, None, None),
        ("", "10:00", "01:00", None),
        ("2026-11-25", None, None, When(day=date(2026, 11, 25))),
        ("2026-11-25", "", "", When(day=date(2026, 11, 25))),
        ("2026-11-25", None, "00:30", When(day=date(2026, 11, 25))),
        ("2024-02-29", None, None, When(day=date(2024, 2, 29))),
        ("9999-12-31", None, None, When(day=date(9999, 12, 31))),
        ("2026-11-25", "09:30", None, When(start=at("2026-11-25T09:30"))),
        ("2026-11-25", "09:30", "00:00", When(start=at("2026-11-25T09:30"))),
        ("2026-11-25", "09:30", "00:00:00", When(start=at("2026-11-25T09:30"))),
        ("2026-11-25", "09:30:15", "00:45:00", When(start=at("2026-11-25T09:30:15"), duration=timedelta(minutes=45))),
        ("2026-11-25", "00:00", "24:00", When(start=at("2026-11-25T00:00"), duration=timedelta(days=1))),
        (
            "2026-11-25",
            "23:30",
            "100:30",
            When(start=at("2026-11-25T23:30"), duration=timedelta(hours=100, minutes=30)),
        ),
        ("1970-01-01", "00:00", "", When(start=at("1970-01-01T00:00"))),
        ("2038-01-19", "03:14", "", When(start=at("2038-01-19T03:14"))),
    ],
)
def test_activity_when(due_date: str | None, due_time: str | None, duration: str | None, when: When | None) -> None:
    assert activity_when(due_date, due_time, duration) == when


NONSENSE: list[tuple[Any, Any, Any]] = [
    *(("2026-02-29", None, None), ("2026-13-01", None, None), ("0000-01-01", None, None), ("25.11.2026", None, None)),
    *(("20261125", None, None), (20261125, None, None), ({"value": "x"}, None, None), ("x" * 100_000, None, None)),
    *(("2026-11-25", "24:00", None), ("2026-11-25", "9", None), ("2026-11-25", "10:60", None), ("2026-11-25", 5, None)),
    *(("2026-11-25", "10:00", "-01:00"), ("2026-11-25", "10:00", "1h"), ("2026-11-25", "10:00", "99999999999:00")),
    *(("9999-12-31", "23:30", "01:00"), ("2026-11-25", "10:00", "\ud800"), ("٢٠٢٦-11-25", None, None)),
]


@pytest.mark.parametrize("values", NONSENSE)
def test_activity_nonsense(values: tuple[Any, Any, Any]) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        activity_when(*values)
    assert type(caught.value) is Unreadable
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize(
    ("start", "end", "when"),
    [
        ({"date": "2026-11-25"}, {"date": "2026-11-28"}, When(day=date(2026, 11, 25), days=3)),
        ({"date": "2026-11-25"}, {"date": "2026-11-25"}, When(day=date(2026, 11, 25))),
        ({"date": "2026-11-25"}, {}, When(day=date(2026, 11, 25))),
        (
            {"dateTime": "2026-11-25T23:30:00+14:00", "timeZone": "Pacific/Kiritimati"},
            {"dateTime": "2026-11-26T00:30:00+14:00", "timeZone": "Pacific/Kiritimati"},
            When(start=at("2026-11-25T09:30"), duration=timedelta(hours=1)),
        ),
        (
            {"dateTime": "2026-11-25T23:30:00-03:30", "timeZone": "Customized Time Zone"},
            {"dateTime": "2026-11-25T23:30:00-03:30"},
            When(start=at("2026-11-26T03:00"), duration=timedelta(0)),
        ),
        (
            {"dateTime": "2026-11-25T10:00:00.999Z", "date": None},
            {"dateTime": "2026-11-25T10:30:00.001Z", "date": None},
            When(start=at("2026-11-25T10:00"), duration=HALF_HOUR),
        ),
        (  # no offset: the zone decides
            {"dateTime": "2026-07-01T10:00:00", "timeZone": "Europe/Berlin"},
            {"dateTime": "2026-07-01T11:00:00", "timeZone": "Europe/Berlin"},
            When(start=at("2026-07-01T08:00"), duration=timedelta(hours=1)),
        ),
        ({"dateTime": "2026-11-25T10:00:00Z"}, {}, When(start=at("2026-11-25T10:00"), duration=timedelta(0))),
    ],
)
def test_event_when(start: dict[str, Any], end: dict[str, Any], when: When) -> None:
    assert event_when(start, end) == when


EVENT_NONSENSE: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"date": None}, {"date": None}),
    ({"date": "2026-11-25"}, {"date": "2026-11-24"}),
    ({"date": "2026-11-25"}, {"dateTime": "2026-11-25T10:00:00Z"}),
    ({"dateTime": "2026-11-25T10:00:00Z"}, {"date": "2026-11-25"}),
    ({"dateTime": "2026-11-25T10:00:00Z"}, {"dateTime": "2026-11-25T09:59:59Z"}),
    ({"dateTime": "2026-11-25T10:00:00"}, {"dateTime": "2026-11-25T10:00:00"}),
    ({"dateTime": "2026-11-25T10:00:00", "timeZone": "No/Such"}, {"dateTime": "2026-11-25T10:00:00Z"}),
    ({"dateTime": "9999-12-31T23:30:00-12:00"}, {"dateTime": "9999-12-31T23:30:00-12:00"}),
    ({"dateTime": "0001-01-01T00:00:00+14:00"}, {"dateTime": "0001-01-01T00:00:00+14:00"}),
    ({"dateTime": "tomorrow"}, {"dateTime": "tomorrow"}),
    ({"dateTime": 5}, {"dateTime": 6}),
]


@pytest.mark.parametrize(("start", "end"), EVENT_NONSENSE)
def test_event_nonsense(start: dict[str, Any], end: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        event_when(start, end)
    assert type(caught.value) is Unreadable


@pytest.mark.parametrize(
    ("start", "zone", "expected"),
    [
        # the hour that Berlin skips, and the one that it has twice
        ("2026-03-29T00:30", "Europe/Berlin", ("2026-03-29T01:30:00+01:00", "2026-03-29T03:00:00+02:00")),
        ("2026-03-29T01:00", "Europe/Berlin", ("2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00")),
        ("2026-10-25T00:30", "Europe/Berlin", ("2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00")),
        ("2026-10-25T01:30", "Europe/Berlin", ("2026-10-25T02:30:00+01:00", "2026-10-25T03:00:00+01:00")),
        ("2026-11-01T05:30", "America/New_York", ("2026-11-01T01:30:00-04:00", "2026-11-01T01:00:00-05:00")),
        ("2026-11-01T06:30", "America/New_York", ("2026-11-01T01:30:00-05:00", "2026-11-01T02:00:00-05:00")),
        ("2026-11-25T10:00", "Pacific/Kiritimati", ("2026-11-26T00:00:00+14:00", "2026-11-26T00:30:00+14:00")),
        ("2026-11-25T03:15", "America/St_Johns", ("2026-11-24T23:45:00-03:30", "2026-11-25T00:15:00-03:30")),
        ("2026-11-25T10:00", "Asia/Kathmandu", ("2026-11-25T15:45:00+05:45", "2026-11-25T16:15:00+05:45")),
        ("2026-07-01T10:00", "Australia/Lord_Howe", ("2026-07-01T20:30:00+10:30", "2026-07-01T21:00:00+10:30")),
        ("2026-12-01T10:00", "Australia/Lord_Howe", ("2026-12-01T21:00:00+11:00", "2026-12-01T21:30:00+11:00")),
        ("2026-11-25T10:00", "Not/AZone", ("2026-11-25T10:00:00+00:00", "2026-11-25T10:30:00+00:00")),
        ("9999-12-31T20:00", "Pacific/Kiritimati", ("9999-12-31T20:00:00+00:00", "9999-12-31T20:30:00+00:00")),
        # offsets with seconds can't be written in RFC 3339
        ("1970-01-01T10:00", "Africa/Monrovia", ("1970-01-01T10:00:00+00:00", "1970-01-01T10:30:00+00:00")),
    ],
)
def test_event_fields_show_the_local_time(start: str, zone: str, expected: tuple[str, str]) -> None:
    when = When(start=at(start))
    assert shown(when, zone) == expected
    assert through_event(when, zone) == When(start=at(start), duration=HALF_HOUR)


def test_event_fields_in_full() -> None:
    timed = event_fields(When(start=at("2026-11-25T10:00")), zone="Europe/Berlin", default_duration=HALF_HOUR)
    assert timed["start"] == {"date": None, "dateTime": "2026-11-25T11:00:00+01:00", "timeZone": "Europe/Berlin"}
    all_day = event_fields(When(day=date(2024, 2, 28), days=2), zone="Europe/Berlin", default_duration=HALF_HOUR)
    assert all_day == {
        "start": {"date": "2024-02-28", "dateTime": None, "timeZone": None},
        "end": {"date": "2024-03-01", "dateTime": None, "timeZone": None},
    }


@pytest.mark.parametrize("when", [When(day=date(9999, 12, 31)), When(start=at("9999-12-31T23:45"))])
def test_an_end_that_no_calendar_can_hold(when: When) -> None:
    with pytest.raises(ValueError, match="9999"):
        event_fields(when, zone="UTC", default_duration=HALF_HOUR)


@given(ACTIVITY_WHENS)
def test_activity_round_trip(when: When) -> None:
    assert activity_when(**activity_fields(when)) == when


@pytest.mark.parametrize("zone", ZONES)
@given(when=EVENT_WHENS)
def test_event_round_trip(zone: str, when: When) -> None:
    assert through_event(when, zone) == when


@given(EVENT_WHENS)
def test_json_round_trip(when: When) -> None:
    assert When.from_json(when.to_json()) == when


DAY = date(2026, 11, 25)
NINE, TEN = at("2026-11-25T09:00"), at("2026-11-25T10:00")
HOUR, QUARTERS = timedelta(hours=1), timedelta(minutes=45)


@pytest.mark.parametrize(
    ("activity", "base", "event", "moved"),
    [
        (When(start=NINE), None, None, When(start=NINE, duration=HALF_HOUR)),
        (When(start=NINE, duration=HOUR), None, None, When(start=NINE, duration=HOUR)),
        (When(day=DAY), None, None, When(day=DAY)),
        # moved only: the event keeps its length
        (When(start=TEN), When(start=NINE), When(start=NINE, duration=QUARTERS), When(start=TEN, duration=QUARTERS)),
        (
            When(start=TEN),
            When(start=NINE),
            When(start=NINE, duration=timedelta(0)),
            When(start=TEN, duration=timedelta(0)),
        ),
        (When(day=DAY), When(day=date(2026, 1, 1)), When(day=date(2026, 1, 1), days=3), When(day=DAY, days=3)),
        # the length changed, or was taken away
        (
            When(start=NINE, duration=HOUR),
            When(start=NINE),
            When(start=NINE, duration=QUARTERS),
            When(start=NINE, duration=HOUR),
        ),
        (
            When(start=NINE),
            When(start=NINE, duration=HOUR),
            When(start=NINE, duration=HOUR),
            When(start=NINE, duration=HALF_HOUR),
        ),
        # from all-day to timed and back
        (When(start=NINE), When(day=DAY), When(day=DAY, days=3), When(start=NINE, duration=HALF_HOUR)),
        (When(day=DAY), When(start=NINE), When(start=NINE, duration=HOUR), When(day=DAY)),
        # no base (the mapping was lost): an activity without a length says nothing about the event's
        (When(start=NINE), None, When(start=NINE, duration=QUARTERS), When(start=NINE, duration=QUARTERS)),
        (When(start=NINE, duration=HOUR), None, When(start=NINE, duration=QUARTERS), When(start=NINE, duration=HOUR)),
    ],
)
def test_move_event(activity: When, base: When | None, event: When | None, moved: When) -> None:
    assert move_event(activity, base, event, HALF_HOUR) == moved


@pytest.mark.parametrize(
    ("event", "base", "activity", "moved"),
    [
        (When(start=NINE, duration=HALF_HOUR), None, None, When(start=NINE, duration=HALF_HOUR)),
        (When(start=NINE, duration=timedelta(0)), None, None, When(start=NINE)),
        (When(start=NINE, duration=timedelta(seconds=20)), None, None, When(start=NINE, duration=timedelta(minutes=1))),
        (When(start=NINE, duration=timedelta(seconds=90)), None, None, When(start=NINE, duration=timedelta(minutes=2))),
        (When(start=NINE + timedelta(seconds=59), duration=HOUR), None, None, When(start=NINE, duration=HOUR)),
        (When(day=DAY, days=3), None, None, When(day=DAY)),
        # moved only: the activity keeps its duration, or has none
        (When(start=TEN, duration=HALF_HOUR), When(start=NINE, duration=HALF_HOUR), When(start=NINE), When(start=TEN)),
        # stretched by a person
        (
            When(start=NINE, duration=HOUR),
            When(start=NINE, duration=HALF_HOUR),
            When(start=NINE),
            When(start=NINE, duration=HOUR),
        ),
        # from all-day to timed and back
        (When(start=NINE, duration=HOUR), When(day=DAY), When(day=DAY), When(start=NINE, duration=HOUR)),
        (When(day=DAY, days=2), When(start=NINE, duration=HOUR), When(start=NINE, duration=HOUR), When(day=DAY)),
    ],
)
def test_move_activity(event: When, base: When | None, activity: When | None, moved: When) -> None:
    assert move_activity(event, base, activity) == moved


@given(ACTIVITY_WHENS, st.none() | ACTIVITY_WHENS, st.none() | EVENT_WHENS)
def test_move_event_is_a_fixed_point(activity: When, base: When | None, event: When | None) -> None:
    moved = move_event(activity, base, event, HALF_HOUR)
    assert move_event(activity, base, moved, HALF_HOUR) == moved
    assert move_event(activity, activity, moved, HALF_HOUR) == moved
    assert moved.start == activity.start
    assert moved.day == activity.day
    assert moved.all_day or moved.duration is not None


@given(EVENT_WHENS, st.none() | EVENT_WHENS, st.none() | ACTIVITY_WHENS)
def test_move_activity_is_a_fixed_point(event: When, base: When | None, activity: When | None) -> None:
    moved = move_activity(event, base, activity)
    assert move_activity(event, base, moved) == moved
    assert move_activity(event, event, moved) == moved
    assert activity_when(**activity_fields(moved)) == moved


@pytest.mark.parametrize("zone", ZONES)
@given(activity=ACTIVITY_WHENS)
def test_to_and_fro_never_drifts(zone: str, activity: When) -> None:
    event = through_event(move_event(activity, None, None, HALF_HOUR), zone)
    assert move_activity(event, event, activity) == activity
    assert through_event(move_event(activity, activity, event, HALF_HOUR), zone) == event


def test_whole_minutes() -> None:
    seconds = [None, -5, 0, 1, 29, 60, 89, 90, 86_400]
    lengths = [None if s is None else timedelta(seconds=s) for s in seconds]
    assert [whole_minutes(length) for length in lengths] == [None, None, None, 1, 1, 1, 1, 2, 1440]


@pytest.mark.parametrize("name", [None, "", "Nowhere", "../etc/passwd", "Europe", "Europe/Berlin\0", "x" * 5000])
def test_unknown_zones_are_utc(name: str | None) -> None:
    assert known_zone(name).key == "UTC"
