"""Which occurrence a link belongs to after its series was changed: every case that can be read aloud."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.calsync.core.model import When
from include.calsync.core.series import (
    Occurrence,
    Window,
    capped,
    family,
    is_occurrence,
    is_series,
    rekey,
    series_columns,
    start_text,
)

MONDAY = date(2026, 11, 23)


def one(series: str, day: int, at: str = "10:00", title: str = "Stand-up", *, doubtful: bool = False) -> Occurrence:
    """The occurrence of a series so many days after the Monday."""
    start = f"{MONDAY + timedelta(days=day)}" + (f"T{at}:00+01:00" if at else "")
    return Occurrence(f"{series}_{start}", series, start, title, doubtful)


def days(series: str, *numbers: int, **more: Any) -> list[Occurrence]:
    return [one(series, number, **more) for number in numbers]


def matched(lost: list[Occurrence], found: list[Occurrence], **more: Any) -> list[tuple[str, int, str, int]]:
    """(series, day) → (series, day)."""
    by_id = {each.event_id: each for each in lost}
    out = rekey(lost, found, living=more.pop("living", {}), known=more.pop("known", ()))
    pairs = [(by_id[key], there) for key, there in out.items()]
    return sorted(
        (here.series_id, (here.day - MONDAY).days, there.series_id, (there.day - MONDAY).days) for here, there in pairs
    )


def test_another_time_of_day_keeps_the_day() -> None:
    assert matched(days("a", 0, 7, 14), days("a", 0, 7, 14, at="15:00")) == [
        ("a", 0, "a", 0), ("a", 7, "a", 7), ("a", 14, "a", 14),
    ]  # fmt: skip


def test_another_weekday_is_the_nearest_one() -> None:
    assert matched(days("a", 0, 7, 14), days("a", 2, 9, 16)) == [
        ("a", 0, "a", 2), ("a", 7, "a", 9), ("a", 14, "a", 16),
    ]  # fmt: skip
    assert matched(days("a", 0, 7), days("a", -1, 6, 13)) == [("a", 0, "a", -1), ("a", 7, "a", 6)]


def test_timed_becomes_all_day() -> None:
    assert matched(days("a", 0, 1), days("a", 0, 1, at="")) == [("a", 0, "a", 0), ("a", 1, "a", 1)]


def test_twice_a_day_stays_in_order() -> None:
    lost = [one("a", 0, "09:00"), one("a", 0, "15:00")]
    found = [one("a", 0, "16:00"), one("a", 0, "10:00")]
    out = rekey(lost, found, living={})
    assert [out[each.event_id].start[11:16] for each in lost] == ["10:00", "16:00"]


def test_this_and_following_goes_to_the_part_that_was_cut_off() -> None:
    cut = "a_R20261207T090000"
    assert matched(days("a", 14, 21), days(cut, 14, 21, 28, at="11:00", title="Other"), living={"a": MONDAY}) == [
        ("a", 14, cut, 14), ("a", 21, cut, 21),
    ]  # fmt: skip
    again = "a_R20261221T090000"
    assert matched(days(cut, 28), days(again, 28)) == [(cut, 28, again, 28)]


def test_the_same_series_comes_before_what_was_cut_off() -> None:
    cut = "a_R20261124T090000"
    assert matched(days("a", 0), days(cut, 0) + days("a", 2)) == [("a", 0, "a", 2)]


def test_a_new_series_of_the_same_title_goes_on_where_the_old_one_ends() -> None:
    assert matched(days("a", 14, 21), days("b", 15, 22), living={"a": MONDAY}) == [
        ("a", 14, "b", 15), ("a", 21, "b", 22),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("found", "more"),
    [
        (days("b", 14, title="Lunch"), {}),
        (days("b", 14), {"known": ["b"]}),
        (days("b", 14), {"living": {"a": MONDAY + timedelta(days=21)}}),
        (days("b", 22), {}),
        ([Occurrence("b", "b", str(MONDAY + timedelta(days=14)), "Stand-up")], {}),
    ],
    ids=["another title", "a series with links", "the old one goes on", "too far away", "a single event"],
)
def test_what_does_not_follow(found: list[Occurrence], more: dict[str, Any]) -> None:
    assert matched(days("a", 14), found, **more) == []


def test_a_cancelled_occurrence_is_only_moved_with_its_series() -> None:
    cancelled = one("a", 7, doubtful=True)
    assert matched([cancelled], days("a", 8), living={"a": MONDAY}) == []
    assert matched([cancelled], days("a", 7, at="15:00"), living={"a": MONDAY}) == []
    assert matched([cancelled], days("a", 8)) == []
    assert matched([cancelled], days("a", 7, at="15:00")) == [("a", 7, "a", 7)]
    moved = [("a", 0, "a", 1), ("a", 7, "a", 8)]
    assert matched([*days("a", 0), cancelled], days("a", 1, 8), living={"a": MONDAY}) == moved


def test_a_cancelled_occurrence_alone_follows_no_other_series() -> None:
    assert matched([one("a", 7, doubtful=True)], days("b", 7)) == []


def test_a_single_event_that_became_a_series_and_back() -> None:
    single = Occurrence("a", "a", f"{MONDAY}T10:00:00+01:00", "Lunch")
    assert rekey([single], days("a", 0, 1), living={})["a"].event_id == one("a", 0).event_id
    assert [there.event_id for there in rekey(days("a", 0, 1), [single], living={}).values()] == ["a"]


def test_what_is_too_far_away_is_something_else() -> None:
    assert matched(days("a", 0), days("a", 8)) == []
    assert matched(days("a", 0), days("a", 7)) == [("a", 0, "a", 7)]


NUMBERS = st.lists(st.integers(0, 40), max_size=12, unique=True)


@given(lost=NUMBERS, found=NUMBERS, hours=st.sampled_from(["10:00", "15:00"]))
def test_always_one_to_one_near_and_the_same(lost: list[int], found: list[int], hours: str) -> None:
    here, there = days("a", *lost), days("a", *found, at=hours)
    out = rekey(here, there, living={})
    assert out == rekey(here[::-1], there[::-1], living={})
    assert len({each.event_id for each in out.values()}) == len(out)
    by_id = {each.event_id: each for each in here}
    assert all(abs(each.day - by_id[key].day) <= timedelta(days=7) for key, each in out.items())
    assert {by_id[key].day for key, each in out.items() if each.day == by_id[key].day} == {
        each.day for each in here
    } & {each.day for each in there}


@pytest.mark.parametrize(
    ("series_id", "expected"),
    [("a", "a"), ("a_R20261201T090000", "a"), ("a_R20261201", "a"), ("a_R20261201T090000Z@google.com", "a@google.com"),
     ("a_Rest", "a_Rest"), ("a_R20261201T090000_R20270101T090000", "a_R20261201T090000")],
)  # fmt: skip
def test_families(series_id: str, expected: str) -> None:
    assert family(series_id) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"date": "2026-11-23"}, "2026-11-23"),
        ({"dateTime": "2026-11-24T00:30:00+01:00", "timeZone": "America/New_York"}, "2026-11-23T18:30:00-05:00"),
        ({"dateTime": "2026-11-23T09:00:00Z", "timeZone": "Europe/Berlin"}, "2026-11-23T10:00:00+01:00"),
        ({"dateTime": "2026-11-23T09:00:00Z"}, "2026-11-23T09:00:00+00:00"),
        ({"dateTime": "2026-11-23T09:00:00Z", "timeZone": "Mars/Base"}, "2026-11-23T09:00:00+00:00"),
        ({"dateTime": "soon"}, None), ({}, None), (None, None),
    ],
)  # fmt: skip
def test_start_texts_begin_with_the_local_date(value: Any, text: str | None) -> None:
    assert start_text(value) == text


def test_columns() -> None:
    raw = {"recurringEventId": "a", "originalStartTime": {"date": "2026-11-23"}, "iCalUID": "u"}
    assert series_columns(raw) == {"series_id": "a", "original_start": "2026-11-23", "meeting": "u 2026-11-23"}
    nothing = dict.fromkeys(("series_id", "original_start", "meeting"))
    assert series_columns({"id": "a"}) == series_columns(None) == nothing
    assert series_columns({"iCalUID": "u"}) == nothing | {"meeting": "u"}
    zones = ("2026-11-23T10:00:00+01:00", "2026-11-23T04:00:00-05:00")
    shown = [{**raw, "originalStartTime": {"dateTime": each}} for each in zones]
    assert len({series_columns(each)["meeting"] for each in shown}) == 1, "copies are shown in their own zones"
    assert is_occurrence(raw)
    assert not is_occurrence({})
    assert not is_occurrence(None)
    assert is_series({"recurrence": ["RRULE:FREQ=DAILY"]})
    assert not is_series({"recurrence": []})
    assert not is_series(None)


WINDOW = Window(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("when", "overlaps", "holds"),
    [
        (When(day=date(2026, 11, 22)), False, False),
        (When(day=date(2026, 11, 22), days=2), True, False),
        (When(day=date(2026, 11, 29), days=3), True, True),
        (When(day=date(2026, 11, 30)), False, False),
        (When(start=datetime(2026, 11, 23, tzinfo=UTC), duration=timedelta(0)), True, True),
        (When(start=datetime(2026, 11, 22, 23, 30, tzinfo=UTC), duration=timedelta(hours=1)), True, False),
        (When(start=datetime(2026, 11, 22, 23, tzinfo=UTC), duration=timedelta(hours=1)), False, False),
        (When(start=datetime(2026, 11, 30, tzinfo=UTC), duration=timedelta(hours=1)), False, False),
    ],
)
def test_windows(when: When, overlaps: bool, holds: bool) -> None:
    assert (WINDOW.overlaps(when), WINDOW.holds(when)) == (overlaps, holds)


def test_original_starts_in_a_window() -> None:
    assert WINDOW.holds_start("2026-11-23")
    assert WINDOW.holds_start("2026-11-29T23:59:00+00:00")
    assert not WINDOW.holds_start("2026-11-30")
    assert not WINDOW.holds_start("2026-11-23T00:30:00+01:00")


def test_the_earliest_of_too_many_are_kept() -> None:
    def raw(day: int, series: str = "a", **more: Any) -> dict[str, Any]:
        start = {"date": (MONDAY + timedelta(days=day)).isoformat()}
        return {"id": f"{series}{day}", "recurringEventId": series, "originalStartTime": start, **more}

    raws = [raw(3), raw(0, status="cancelled"), raw(2), raw(1), raw(4), raw(9, "b")]
    kept, over = capped(raws, 2, lambda each: each["id"] == "a4")
    assert ([each["id"] for each in kept], over) == (["a0", "a1", "a2", "a4", "b9"], {"a"})
