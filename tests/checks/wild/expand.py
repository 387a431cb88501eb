"""A second opinion on series: the recurring-ical-events library expands the VEVENTs as they stand in the file.

Neither the sandbox nor the product has a part in it. Where the library departs from RFC 5545, or Google's API can't
hold what the file says, the VEVENT is simplified or its series taken out of the comparison: by name, and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Event
from icalendar.error import BrokenCalendarProperty
from icalendar.prop import vDDDLists, vDDDTypes

from tests.checks.wild import vevents
from tests.checks.wild.load import Loaded, Series, occurrence_id, reasons
from tests.checks.wild.vevents import Moment

# As the README promises.
BACK = timedelta(days=30)
MOST = 500
# Asked for beyond the window: the library has its own idea of where days lie.
MARGIN = timedelta(days=3)

DELETED = "series: deleted in Google"
UNREADABLE = "series: not compared, for the library can't read a line of it"
EXRULE = "series: not compared, for the library does not know EXRULE"
ENDED = "series: not compared, for its rule ends before it begins, and the library forgets that DTSTART counts"
MIXED = "series: not compared, for EXDATE is in UTC and the rest floats: the library compares the clocks on the wall"
PERIOD = "RDATE of periods: compared by their starts, for all occurrences at Google are as long as the series says"
RANGE = "RANGE=THISANDFUTURE: compared as one occurrence, for Google's API knows no such exception"
FLOATING = "floating series: compared in the calendar's zone, as Google takes them"
AMBIGUOUS = "occurrence: after the loss of the mapping told as ambiguous, for another has its time and title"
LATE = f"occurrence after the first {MOST} of its series: not synced"


@dataclass(frozen=True)
class Window:
    """Occurrences are synced if some of them lies between these instants; days are days of UTC."""

    start: datetime
    end: datetime

    @classmethod
    def at(cls, now: datetime, horizon_days: int) -> Window:
        return cls(now - BACK, now + timedelta(days=horizon_days))

    def overlaps(self, start: Moment, end: Moment) -> bool:
        first, last = _instant(start), _instant(end)
        return first < self.end and (last > self.start or first >= self.start)


@dataclass
class Expected:
    """What should be synced of series. `reasons`: what is not compared, or not as it stands in the file."""

    occurrences: dict[str, Loaded] = field(default_factory=dict)
    """By event id, which names the series and the original start."""
    series_count: int = 0
    left_out: set[str] = field(default_factory=set)
    """Ids of series that are not compared."""
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, series: Series, window: Window) -> None:
        """Expand one series."""
        simplified: Counter[str] = Counter()
        found: list[tuple[str, Event]] = []
        try:
            why = _why_not(series)
            if why is None:
                found = sorted(_occurrences(series, window, simplified), key=lambda each: each[0])
        except BrokenCalendarProperty:
            why = UNREADABLE
        if why is not None:
            self.reasons[why] += 1
            if why is not DELETED:
                self.left_out.add(series.event_id)
            return
        self.reasons.update(simplified)
        self.reasons.update([LATE] * len(found[MOST:]))
        self.series_count += bool(found)
        for event_id, vevent in found[:MOST]:
            known = Loaded(series.path, vevent, series.calendar_id, event_id, series.zone, frozenset(), is_series=True)
            self.occurrences[event_id] = known


def _why_not(series: Series) -> str | None:
    if reasons(series.vevent):
        return DELETED
    if "EXRULE" in series.vevent:
        return EXRULE
    start = vevents.span(series.vevent, series.zone)[0]
    excluded = [each.dt for given in vevents.said(series.vevent, "EXDATE") for each in given.dts]
    floats = any(_floats(each.dt) for each in vevents.values(series.vevent, "DTSTART"))
    if floats and any(isinstance(at, datetime) and at.tzinfo for at in excluded):
        return MIXED
    ends = [each.get("UNTIL", [None])[0] for each in vevents.said(series.vevent, "RRULE")]
    if start is not None and any(end is not None and _instant(end) < _instant(start) for end in ends):
        return ENDED
    return None


def _occurrences(series: Series, window: Window, simplified: Counter[str]) -> Iterator[tuple[str, Event]]:
    """(id, VEVENT) of the live occurrences in the window."""
    calendar = Calendar()
    for vevent in (series.vevent, *series.replacing.values()):
        calendar.add_component(_simplified(vevent, series.zone, simplified))
    query = recurring_ical_events.of(calendar)
    for vevent in query.between(window.start - MARGIN, window.end + MARGIN):
        start, end = vevents.span(vevent, series.zone)
        original = vevents.original_start(vevent, series.zone)
        assert start is not None
        assert end is not None
        assert original is not None
        if not reasons(vevent) and window.overlaps(start, end):
            yield occurrence_id(series.event_id, original), vevent


def _simplified(vevent: Event, zone: str, told: Counter[str]) -> Event:
    made: Event = vevent.copy()
    made["UID"] = "series"  # one that is missing would be nobody's
    for name in ("DTSTART", "DTEND", "RECURRENCE-ID"):
        at = getattr(vevent.get(name), "dt", None)
        if isinstance(at, datetime) and _floats(at):
            made[name] = vDDDTypes(at.replace(tzinfo=ZoneInfo(zone)))
            told[FLOATING] += name == "DTSTART" and vevents.is_series(vevent)
    replaced: Any = made.get("RECURRENCE-ID")
    if replaced is not None and "RANGE" in vevent["RECURRENCE-ID"].params:
        made["RECURRENCE-ID"] = vDDDTypes(replaced.dt)
        told[RANGE] += 1
    for name in vevents.RECURRENCE:
        if name in vevent:
            made[name] = list(vevents.said(vevent, name))
    dates = [each.dt for given in vevents.said(vevent, "RDATE") for each in given.dts]
    if any(isinstance(each, tuple) for each in dates):
        made["RDATE"] = [vDDDLists([_begin(each)]) for each in dates]
        told[PERIOD] += 1
    return made


def _floats(at: Any) -> bool:
    return isinstance(at, datetime) and at.tzinfo is None


def _begin(date_or_period: Any) -> Any:
    return date_or_period[0] if isinstance(date_or_period, tuple) else date_or_period


def _instant(at: Moment) -> datetime:
    if not isinstance(at, datetime):
        return datetime.combine(at, time(), UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
