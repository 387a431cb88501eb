"""A week of one calendar, laid out as a sheet of days and hours: what stands where, as numbers for the template."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Event = Mapping[str, Any]
DAY_MINUTES = 24 * 60
LEAST_MINUTES = 30
"""A shorter event is drawn as long as this, and others make room for it."""
HOURS = 7, 19
"""Shown in any case; more if something lies outside."""


@dataclass(frozen=True)
class Block:
    """A timed event's part on one day. Minutes from midnight on the calendar's wall; lane `lane` of `lanes`."""

    event: Event
    day: int
    begin: int
    end: int
    lane: int = 0
    lanes: int = 1
    text: str = ""
    """From when to when, for people."""
    first: bool = True
    """Of an event's blocks in this week."""


@dataclass(frozen=True)
class Band:
    """An all-day event's part of this week: `days` columns from `day` on, in row `row`."""

    event: Event
    day: int
    days: int
    row: int = 0


@dataclass(frozen=True)
class Week:
    """`first` is a Monday. `hours`: the first hour shown, and the one that is not shown any more."""

    first: date
    bands: list[Band]
    blocks: list[list[Block]]
    """Of each of the seven days."""
    hours: tuple[int, int]

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range(7)]


def monday(day: date) -> date:
    """The first day of that day's week."""
    return day - timedelta(days=day.weekday())


def week(events: Iterable[Event], day: date, zone: ZoneInfo) -> Week:
    """The week of `day`. Events are single ones or occurrences, in the API's shape; what lies outside is left out."""
    first = monday(day)
    bands: list[Band] = []
    blocks: list[list[Block]] = [[] for _ in range(7)]
    for event in events:
        if "date" in event["start"]:
            bands += _bands(event, first)
        else:
            for block in _blocks(event, first, zone):
                blocks[block.day].append(block)
    laid = [list(_in_lanes(each)) for each in blocks]
    flat = [block for of_day in laid for block in of_day]
    begin = min([HOURS[0], *(block.begin // 60 for block in flat)])
    end = max([HOURS[1], *(-(-block.end // 60) for block in flat)])
    return Week(first, list(_in_rows(bands)), laid, (begin, end))


def _bands(event: Event, first: date) -> Iterator[Band]:
    begin = max((date.fromisoformat(event["start"]["date"]) - first).days, 0)
    end = min((date.fromisoformat(event["end"]["date"]) - first).days, 7)
    if begin < end:
        yield Band(event, begin, end - begin)


def _in_rows(bands: Iterable[Band]) -> Iterator[Band]:
    """Each band in the first row that is free over all its days."""
    free: list[int] = []
    for band in sorted(bands, key=lambda each: (each.day, -each.days)):
        row = next((number for number, until in enumerate(free) if until <= band.day), len(free))
        free[row : row + 1] = [band.day + band.days]
        yield replace(band, row=row)


def _blocks(event: Event, first: date, zone: ZoneInfo) -> Iterator[Block]:
    """An event over midnight has a block on each day. None where nothing of it lies in the week."""
    start, end = (datetime.fromisoformat(event[side]["dateTime"]).astimezone(zone) for side in ("start", "end"))
    same_day = start.date() == end.date()
    text = f"{start:%H:%M}–{end:%H:%M}" if same_day else f"{start:%d %b %H:%M} – {end:%d %b %H:%M}"
    for number in range(7):
        day = first + timedelta(days=number)
        if not start.date() <= day <= end.date():
            continue
        begin = _minutes(start.time()) if start.date() == day else 0
        until = _minutes(end.time()) if end.date() == day else DAY_MINUTES
        if until > begin or same_day:
            begin = min(begin, DAY_MINUTES - LEAST_MINUTES)
            until = max(until, begin + LEAST_MINUTES)
            yield Block(event, number, begin, until, text=text, first=start.date() == day or number == 0)


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def _in_lanes(blocks: Iterable[Block]) -> Iterator[Block]:
    """Blocks that overlap, also by way of others, share the day's width."""
    group: list[Block] = []
    free: list[int] = []
    for block in sorted(blocks, key=lambda each: (each.begin, -each.end)):
        if free and block.begin >= max(free):
            yield from (replace(each, lanes=len(free)) for each in group)
            group, free = [], []
        lane = next((number for number, until in enumerate(free) if until <= block.begin), len(free))
        free[lane : lane + 1] = [block.end]
        group.append(replace(block, lane=lane))
    yield from (replace(each, lanes=len(free)) for each in group)
