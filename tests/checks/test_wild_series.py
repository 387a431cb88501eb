"""Series from the wild: another library's occurrences against those that were synced; and that a difference is seen."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

import pytest

from include.sandbox.server import Sandbox
from tests.checks.wild import expand
from tests.checks.wild.check import Check, Report, years_of
from tests.checks.wild.fetch import CalendarFile
from tests.checks.wild.judge import Paired, problems
from tests.checks.wild.load import Loaded

CALENDAR = """\
    BEGIN:VCALENDAR
    BEGIN:VEVENT
    UID:days
    SUMMARY:Mondays and Fridays, over the end of summer time
    DTSTART;TZID=Europe/Berlin:20191011T083000
    DTEND;TZID=Europe/Berlin:20191011T093000
    RRULE:FREQ=WEEKLY;BYDAY=MO,FR;COUNT=8
    EXDATE;TZID=Europe/Berlin:20191014T083000
    RDATE;TZID=Europe/Berlin:20191016T083000
    END:VEVENT
    BEGIN:VEVENT
    UID:days
    SUMMARY:Moved
    RECURRENCE-ID;TZID=Europe/Berlin:20191018T083000
    DTSTART;TZID=Europe/Berlin:20191019T150000
    DTEND;TZID=Europe/Berlin:20191019T170000
    END:VEVENT
    BEGIN:VEVENT
    UID:days
    RECURRENCE-ID;TZID=Europe/Berlin:20191021T083000
    DTSTART;TZID=Europe/Berlin:20191021T083000
    STATUS:CANCELLED
    END:VEVENT
    BEGIN:VEVENT
    UID:all-day
    SUMMARY:All day
    DTSTART;VALUE=DATE:20190226
    DTEND;VALUE=DATE:20190228
    RRULE:FREQ=MONTHLY;UNTIL=20190526
    END:VEVENT
    BEGIN:VEVENT
    UID:endless
    SUMMARY:Endless
    DTSTART:20190105T120000Z
    RRULE:FREQ=DAILY;INTERVAL=5
    END:VEVENT
    BEGIN:VEVENT
    UID:periods
    SUMMARY:Periods
    DTSTART:20190610T120000Z
    RDATE;VALUE=PERIOD:20190611T120000Z/PT2H
    END:VEVENT
    BEGIN:VEVENT
    UID:excluded
    SUMMARY:EXRULE
    DTSTART:20190710T120000Z
    RRULE:FREQ=DAILY;COUNT=3
    EXRULE:FREQ=DAILY;INTERVAL=2;COUNT=2
    END:VEVENT
    BEGIN:VEVENT
    UID:other-year
    DTSTART:20180610T120000Z
    RRULE:FREQ=DAILY;COUNT=3
    END:VEVENT
    END:VCALENDAR
    """
FILES = [CalendarFile("pack", "series.ics", dedent(CALENDAR).encode())]


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Check]:
    with Sandbox() as sandbox:
        yield Check(sandbox, tmp_path_factory.mktemp("wild"), ["pack"], 2019)


@pytest.fixture(scope="module")
def report(check: Check) -> Report:
    return check.run(FILES)


def items(report: Report) -> list[Loaded]:
    return list(report.expected.occurrences.values())


def of(report: Report, title: str) -> dict[str, Paired]:
    """By event id without the series: what was synced of the occurrences of this title."""
    ids = {key: item for key, item in report.expected.occurrences.items() if item.vevent.get("SUMMARY") == title}
    return {key.rsplit("_", 1)[1]: report.pairs[key] for key in sorted(ids)}


def test_series_of_a_year_are_synced_as_the_library_expands_them(report: Report) -> None:
    """The window is that year: from New Year's Day 2019 at noon until the end of January 2020."""
    assert years_of(FILES) == [2018, 2019]
    assert report.problems == []
    assert list(report.writes.values())[2:] == [0, 0, 0, 0]
    assert (report.series_count, report.expected.series_count) == (5, 4)
    assert report.expected.reasons == {expand.PERIOD: 1, expand.EXRULE: 1, expand.AMBIGUOUS: 0}
    counts = {title: len(of(report, title)) for title in ("Moved", "All day", "Endless", "Periods")}
    assert counts == {"Moved": 1, "All day": 4, "Endless": 79, "Periods": 2}


def test_what_was_compared(report: Report) -> None:
    weekly = of(report, "Mondays and Fridays, over the end of summer time")
    assert list(weekly) == [f"201910{day}Z" for day in ("11T063000", "16T063000", "25T063000", "28T073000")] + [
        f"201911{day}Z" for day in ("01T073000", "04T073000")
    ]
    (moved,) = of(report, "Moved").values()
    assert moved.original == "2019-10-18T06:30:00+00:00"
    assert (moved.start, moved.end) == ("2019-10-19T13:00:00+00:00", "2019-10-19T15:00:00+00:00")
    first = next(iter(of(report, "All day").values()))
    assert (first.original, first.start, first.end) == ("2019-02-26", "2019-02-26", "2019-02-28")


def test_a_difference_is_a_problem(check: Check, report: Report) -> None:
    activities, pairs = {row["id"]: row for row in check.pipedrive.live_activities()}, report.pairs
    key, other = list(report.expected.occurrences)[:2]
    pair = pairs[key]

    def found(paired: dict[str, Paired], left: dict[int, object] = activities, **options: set[str]) -> str:
        return "\n".join(problems(items(report), paired, left, options.pop("out", report.expected.left_out), **options))

    without = {name: value for name, value in pairs.items() if name != key}
    assert found(pairs) == ""
    assert "made no activity" in found(without)
    assert found(without, doubtful={key}) == ""
    assert "gone" in found(pairs, {number: row for number, row in activities.items() if number != pair.activity_id})
    assert "another event's" in found({**pairs, other: pair})
    assert "no such event or occurrence" in found({**pairs, f"{key}0": pair})
    assert "no such event or occurrence" in found(pairs, out=set())
    for name in ("original", "start", "end"):
        times: dict[str, Any] = {name: "2019-01-01"}
        assert f"{name} is" in found({**pairs, key: dataclasses.replace(pair, **times)})
