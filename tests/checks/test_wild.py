"""The check with calendars from the wild, on a few small ones; and its judge, on activities that are wrong."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from include.sandbox.server import Sandbox
from tests.checks.wild import fetch, vevents
from tests.checks.wild.check import Check, Report
from tests.checks.wild.fetch import CalendarFile
from tests.checks.wild.judge import expected, problems
from tests.checks.wild.load import Loaded

ZONED = """\
    BEGIN:VCALENDAR
    BEGIN:VTIMEZONE
    TZID:Own
    BEGIN:STANDARD
    DTSTART:19700101T000000
    TZOFFSETFROM:+0530
    TZOFFSETTO:+0530
    END:STANDARD
    END:VTIMEZONE
    BEGIN:VEVENT
    UID:zoned
    SUMMARY:Own zone
    LOCATION:Room  1
    DESCRIPTION:Two <b>words</b>\\nand more
    DTSTART;TZID=Own:20240305T090000
    DURATION:PT45M
    END:VEVENT
    BEGIN:VEVENT
    UID:floating
    SUMMARY:Floating
    DTSTART:20240705T090000
    DTEND:20240705T091010
    END:VEVENT
    BEGIN:VEVENT
    UID:untitled
    DTSTART;VALUE=DATE:20240305
    DTEND;VALUE=DATE:20240308
    TRANSP:TRANSPARENT
    END:VEVENT
    END:VCALENDAR
    """
SPECIAL = """\
    BEGIN:VCALENDAR
    BEGIN:VEVENT
    UID:series
    DTSTART:20240305T090000Z
    RRULE:FREQ=WEEKLY
    END:VEVENT
    BEGIN:VEVENT
    UID:series
    RECURRENCE-ID:20240312T090000Z
    DTSTART:20240312T100000Z
    END:VEVENT
    BEGIN:VEVENT
    UID:guests
    DTSTART:20240305T090000Z
    ATTENDEE;CN=Bea:mailto:bea@other.example
    END:VEVENT
    BEGIN:VEVENT
    UID:private
    DTSTART:20240305T090000Z
    CLASS:CONFIDENTIAL
    END:VEVENT
    BEGIN:VEVENT
    UID:no-start
    SUMMARY:Never
    END:VEVENT
    BEGIN:VEVENT
    UID:swapped
    DTSTART:20240305T090000Z
    DTEND:20240305T080000Z
    END:VEVENT
    END:VCALENDAR
    """
BROKEN = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\nX\n"


def files(*texts: str) -> list[CalendarFile]:
    return [CalendarFile("pack", f"{n}.ics", dedent(text).encode()) for n, text in enumerate(texts)]


def judged(report: Report) -> list[Loaded]:
    """The single events, and the occurrences."""
    single = [item for item in report.loads["pack"].events.values() if not item.is_series]
    return [*single, *report.expected.occurrences.values()]


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Check]:
    with Sandbox() as sandbox:
        yield Check(sandbox, tmp_path_factory.mktemp("wild"), ["pack"])


@pytest.fixture(scope="module")
def report(check: Check) -> Report:
    return check.run(files(ZONED, SPECIAL, BROKEN))


def test_each_event_is_synced_or_skipped_and_only_the_first_sync_writes(report: Report) -> None:
    load = report.loads["pack"]
    assert report.problems == []
    assert (load.file_count, len(load.unreadable), load.vevent_count, len(load.events)) == (3, 1, 9, 7)
    assert dict(load.refused) == {"Missing start time.": 1, "The specified time range is empty.": 1}
    weeks = report.made["pack"] - 5
    assert weeks in (56, 57), "30 days back and a year ahead"
    assert len(report.expected.occurrences) == weeks
    assert not report.skipped["pack"]
    assert list(report.writes.values()) == [0, 2 * 5 + weeks, 0, 0, 0, 0]


def test_what_the_activities_are_expected_to_say(check: Check, report: Report) -> None:
    found = [expected(item) for item in report.loads["pack"].events.values() if item.path == "0.ics"]
    own_zone = {"due_date": "2024-03-05", "due_time": "03:30", "duration": "00:45"}
    in_berlin = {"due_date": "2024-07-05", "due_time": "07:00", "duration": "00:10"}
    all_day = {"due_date": "2024-03-05", "due_time": None, "duration": None}
    assert found == [
        {"subject": "Own zone", "location": "Room 1", **own_zone},
        {"subject": "Floating", "location": None, **in_berlin},
        {"subject": "(No title)", "location": None, **all_day},
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"due_time": "04:30"},
        {"duration": "01:00"},
        {"due_time": None},
        {"subject": "X"},
        {"location": None},
        {"public_description": "Two"},
    ],
)
def test_the_judge_sees_a_wrong_activity(check: Check, report: Report, change: dict[str, str | None]) -> None:
    items, activities, pairs = judged(report), dict(check.pipedrive.activities), report.pairs
    assert list(problems(items, pairs, activities)) == []
    number = pairs[items[0].event_id].activity_id
    (problem,) = problems(items, pairs, {**activities, number: {**activities[number], **change}})
    assert next(iter(change)) in problem


def test_the_judge_sees_missing_doubled_and_forbidden_activities(check: Check, report: Report) -> None:
    items, activities, pairs = judged(report), dict(check.pipedrive.activities), report.pairs
    single = [item for item in items if not item.is_series]
    first, second = single[0].event_id, single[1].event_id
    for wrong, word in (
        ({key: value for key, value in pairs.items() if key != first}, "no reason"),
        ({**pairs, second: pairs[first]}, "another event's"),
    ):
        assert any(word in problem for problem in problems(items, wrong, activities))
    cancelled = [dataclasses.replace(single[0], reasons=frozenset({"deleted"})), *items[1:]]
    assert any("in spite of" in problem for problem in problems(cancelled, pairs, activities))


def test_fields_of_an_import() -> None:
    (event,) = vevents.read(
        dedent("""\
        BEGIN:VEVENT
        DTSTART;TZID=America/New_York:20240309T120000
        DURATION:P1DT1H
        CLASS:X-OWN
        STATUS:TENTATIVE
        ORGANIZER:MAILTO:boss@acme.example
        ATTENDEE;PARTSTAT=ACCEPTED;ROLE=OPT-PARTICIPANT:mailto:a@acme.example
        ATTENDEE;CUTYPE=ROOM:mailto:room@acme.example
        RDATE;TZID=America/New_York:20240401T120000
        RRULE:
        END:VEVENT
        """).encode()
    )
    assert vevents.google_event(event, "Europe/Berlin") == {
        "start": {"dateTime": "2024-03-09T12:00:00-05:00", "timeZone": "America/New_York"},
        "end": {"dateTime": "2024-03-10T13:00:00-04:00", "timeZone": "America/New_York"},
        "recurrence": ["RDATE;TZID=America/New_York:20240401T120000"],
        "attendees": [
            {"email": "a@acme.example", "responseStatus": "accepted", "optional": True},
            {"email": "room@acme.example", "responseStatus": "needsAction", "resource": True},
        ],
        "organizer": {"email": "boss@acme.example"},
        "visibility": "private",
        "status": "tentative",
    }


def test_a_source_that_cannot_be_fetched_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(fetch.NotFetched, match=r"icalendar.*can't be fetched"):
        fetch.calendar_files(tmp_path)
