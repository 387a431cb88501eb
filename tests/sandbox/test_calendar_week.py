"""The week that the Google sandbox shows beside Pipedrive's activities: our own requirement, so no vendor is named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests

from include.sandbox import pages
from include.sandbox.calendar_week import Block, week
from include.sandbox.google.state import GoogleState
from include.sandbox.pipedrive.state import PipedriveState
from include.sandbox.server import Sandbox

ME = "anna@acme.example"
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 11, 23)
Event = dict[str, Any]


def timed(name: str, start: str, end: str) -> Event:
    """On the calendar's wall, `DD HH:MM` of November 2026."""
    times = (datetime.strptime(f"2026-11-{each}", "%Y-%m-%d %H:%M").replace(tzinfo=BERLIN) for each in (start, end))
    return {"id": name} | {side: {"dateTime": at.isoformat()} for side, at in zip(("start", "end"), times, strict=True)}


def whole(name: str, first: int, last: int) -> Event:
    """All day, from and to a day of November (31: 1 December)."""
    start, end = (date(2026, 10, 31) + timedelta(days=day) for day in (first, last + 1))
    return {"id": name, "start": {"date": start.isoformat()}, "end": {"date": end.isoformat()}}


def shown(*events: Event) -> list[list[Block]]:
    return week(events, MONDAY, BERLIN).blocks


def lanes(*events: Event) -> dict[str, tuple[int, int]]:
    return {block.event["id"]: (block.lane, block.lanes) for block in shown(*events)[0]}


def test_a_week_begins_on_monday_and_has_its_events_on_their_days() -> None:
    events = (
        timed("mon", "23 00:00", "23 01:00"),
        timed("sun", "29 23:00", "29 23:59"),
        timed("next", "30 00:00", "30 01:00"),
    )
    made = week(events, date(2026, 11, 29), BERLIN)
    assert made.days == [MONDAY + timedelta(days=number) for number in range(7)]
    assert [[block.event["id"] for block in day] for day in made.blocks] == [["mon"], [], [], [], [], [], ["sun"]]
    assert made.hours == (0, 24)
    assert week([], MONDAY, BERLIN).hours == (7, 19)


def test_what_overlaps_stands_side_by_side() -> None:
    one, two, three = (
        timed("1", "23 10:00", "23 12:00"),
        timed("2", "23 11:00", "23 13:00"),
        timed("3", "23 12:00", "23 14:00"),
    )
    assert lanes(one, two, three) == {"1": (0, 2), "2": (1, 2), "3": (0, 2)}
    assert lanes(one, three) == {"1": (0, 1), "3": (0, 1)}
    same = [timed(str(number), "23 10:00", "23 11:00") for number in range(3)]
    assert lanes(*same) == {"0": (0, 3), "1": (1, 3), "2": (2, 3)}


def test_short_events_are_drawn_long_enough_to_be_read() -> None:
    point, soon, late = (
        timed("0", "23 10:00", "23 10:00"),
        timed("1", "23 10:15", "23 11:00"),
        timed("2", "23 23:50", "23 23:55"),
    )
    (first, second, last) = shown(point, soon, late)[0]
    assert (first.begin, first.end) == (600, 630)
    assert (first.lanes, second.lane) == (2, 1)
    assert (last.begin, last.end) == (1410, 1440)


def test_an_event_over_midnight_is_on_both_days() -> None:
    blocks = shown(timed("train", "25 22:00", "26 06:30"), timed("to midnight", "27 22:00", "28 00:00"))
    assert [(block.day, block.begin, block.end, block.first) for day in blocks for block in day] == [
        (2, 1320, 1440, True), (3, 0, 390, False), (4, 1320, 1440, True),
    ]  # fmt: skip
    assert blocks[3][0].text == "25 Nov 22:00 – 26 Nov 06:30"


def test_all_day_events_lie_in_rows_and_are_cut_to_the_week() -> None:
    made = week(
        [whole("fair", 25, 27), whole("trip", 20, 23), whole("late", 27, 30), whole("gone", 16, 22)], MONDAY, BERLIN
    )
    assert {band.event["id"]: (band.day, band.days, band.row) for band in made.bands} == {
        "trip": (0, 1, 0), "fair": (2, 3, 0), "late": (4, 3, 1),
    }  # fmt: skip


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        pages.install(running.pipedrive, running.google)
        for service in (running.pipedrive, running.google):
            service.clock.freeze(datetime(2026, 11, 26, 8, 0, tzinfo=UTC))
        running.google.state.add_user(ME, time_zone="Europe/Berlin")
        running.pipedrive.state.add_user("Anna Müller", ME, "Europe/Berlin")
        yield running


@pytest.fixture
def state(sandbox: Sandbox) -> GoogleState:
    assert isinstance(sandbox.google.state, GoogleState)
    return sandbox.google.state


@pytest.fixture
def company(sandbox: Sandbox) -> PipedriveState:
    assert isinstance(sandbox.pipedrive.state, PipedriveState)
    return sandbox.pipedrive.state


def look(sandbox: Sandbox, **query: str) -> str:
    answer = requests.get(f"{sandbox.google.url}/_sandbox/week", params=query, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_week_marks_what_is_particular(sandbox: Sandbox, state: GoogleState) -> None:
    start = datetime(2026, 11, 25, 9, tzinfo=UTC)
    state.add_event(ME, summary="Weekly", start=start, recurrence=["RRULE:FREQ=WEEKLY"], visibility="private")
    state.add_event(ME, summary="Visit", start=start, colorId="11", attendees=[{"email": "kim@kunde.example"}])
    state.add_event(ME, summary="Maybe", start=start, transparency="transparent")
    state.add_event(ME, summary="Fair", start=date(2026, 11, 24), end=date(2026, 11, 27))
    page = look(sandbox)
    assert page.count("<b>Weekly</b>") == 1, "its occurrence, not the series"
    for text in (">private<", ">1 guests<", ">series<", "event c11", "event c7 free", "10:00–10:30", "24 Nov – 26 Nov"):
        assert text in page
    assert "--days:3" in page
    assert "<b>Weekly</b>" in look(sandbox, day="2026-12-02")
    assert "<b>Visit</b>" not in look(sandbox, day="2026-12-02")
    for name, day in (("Previous", "2026-11-16"), ("Today", "2026-11-26"), ("Next", "2026-11-30")):
        assert re.search(rf'day={day}">{name}</a>', page)
    assert requests.get(f"{sandbox.google.url}/_sandbox/week?day=tomorrow", timeout=10).status_code == 400


def test_pipedrives_activities_stand_beside_it_with_their_events(
    sandbox: Sandbox, state: GoogleState, company: PipedriveState
) -> None:
    due: Any = {"due_date": "2026-11-27", "due_time": "13:00", "owner_id": 11}
    paired = company.add_activity(subject="Call Kim", **due)["id"]
    company.add_activity(subject="Alone", **due)
    company.add_activity(subject="Later", **{**due, "due_date": "2026-12-04"})
    gone = company.add_activity(subject="Deleted", **due)["id"]
    company.delete_activity(gone)
    mark = {"private": {"calsyncActivityId": str(paired)}}
    start = datetime(2026, 11, 27, 13, tzinfo=UTC)
    event = state.add_event(ME, summary="Kim", start=start, extendedProperties=mark)["id"]
    page = look(sandbox)
    assert "1 of 2 are in this calendar" in page
    assert f'href="#e-{event}"' in page
    assert f'id="e-{event}"' in page
    assert f'href="{sandbox.pipedrive.url}/_sandbox/activity?id={paired}"' in page
    assert page.count("Not in this calendar") == 1
    assert "<time>14:00</time>" in page
    assert "Later" not in page
    assert "Deleted" not in page
    listed = requests.get(f"{sandbox.pipedrive.url}/_sandbox/?user=11", timeout=10).text
    assert f"{sandbox.google.url}/_sandbox/week?calendar=anna%40acme.example&amp;day=2026-11-26" in listed


def test_a_form_leads_back_to_the_week_it_was_opened_from(sandbox: Sandbox, state: GoogleState) -> None:
    event = state.add_event(ME, summary="Visit", start=datetime(2026, 11, 25, 9, tzinfo=UTC))["id"]
    form = f"{sandbox.google.url}/_sandbox/event"
    page = requests.get(form, params={"calendar": ME, "id": event, "week": "2026-11-23"}, timeout=10).text
    assert 'name="week" value="2026-11-23"' in page
    fields = {"calendar": ME, "id": event, "week": "2026-11-23", "start_time": "15:00"}
    answer = requests.post(form, data=fields, timeout=10)
    assert "/_sandbox/week?" in answer.url
    assert "15:00–15:30" in answer.text


def test_texts_are_escaped_and_no_script_is_needed(
    sandbox: Sandbox, state: GoogleState, company: PipedriveState
) -> None:
    evil = "<script>alert(1)</script>\"'"
    state.add_calendar(ME, evil)
    state.add_event(ME, summary=evil, start=datetime(2026, 11, 25, tzinfo=UTC))
    state.add_event(ME, summary=evil, start=date(2026, 11, 25))
    company.add_activity(subject=evil, due_date="2026-11-25", owner_id=11)
    page = look(sandbox)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 4


def test_without_calendars_or_a_user_of_that_name_it_says_so(sandbox: Sandbox, state: GoogleState) -> None:
    state.add_user("solo@acme.example")
    assert "In Pipedrive" not in look(sandbox, calendar="solo@acme.example")
    with Sandbox() as empty:
        pages.install(empty.pipedrive, empty.google)
        assert "No calendars yet" in look(empty)
