"""Puts VEVENTs into the sandbox's Google calendars, as people who import files would."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from icalendar import Event

from include.sandbox.google.errors import GoogleError
from include.sandbox.google.state import GoogleState
from tests.checks.wild import vevents
from tests.checks.wild.fetch import CalendarFile
from tests.checks.wild.vevents import Moment

# What a VEVENT does not say, the occurrence that it replaces has no more.
REPLACED = ("summary", "description", "location", "attendees", "transparency", "visibility")


@dataclass(frozen=True)
class Loaded:
    """A VEVENT and the Google event that was made of it. `reasons`: why a sync leaves it alone, if it does."""

    path: str
    vevent: Event
    calendar_id: str
    event_id: str
    zone: str
    reasons: frozenset[str]
    is_series: bool = False
    """A series, or one of its occurrences: synced occurrence by occurrence, as far as they lie in the window."""


@dataclass
class Series:
    """A series that Google took: the VEVENT that makes it, and those that replace one of its occurrences."""

    path: str
    vevent: Event
    calendar_id: str
    event_id: str
    zone: str
    replacing: dict[str, Event] = field(default_factory=dict)
    """By the ids of the occurrences that they replace."""


@dataclass
class Load:
    """What became of the files of one calendar."""

    calendar_id: str
    zone: str
    file_count: int = 0
    unreadable: list[str] = field(default_factory=list)
    """Files that the icalendar library refuses."""
    vevent_count: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """By Google's own message."""
    repeated_count: int = 0
    """VEVENTs that change an event loaded before."""
    events: dict[str, Loaded] = field(default_factory=dict)
    series: dict[str, Series] = field(default_factory=dict)
    """By event id."""

    def file(self, google: GoogleState, file: CalendarFile, year: int | None = None) -> None:
        """Import one file, or only its series that begin in a year."""
        self.file_count += 1
        try:
            found = vevents.read(file.content)
        except ValueError as error:
            self.unreadable.append(f"{file.path}: {error}")
            return
        series: dict[str, Series] = {}
        for vevent in vevents.in_order(found if year is None else vevents.series_of(found, year, self.zone)):
            self.vevent_count += 1
            try:
                self._vevent(google, file, vevent, series)
            except GoogleError as error:
                self.refused[str(error.body()["error"]["message"])] += 1

    def _vevent(self, google: GoogleState, file: CalendarFile, vevent: Event, series: dict[str, Series]) -> None:
        fields = vevents.google_event(vevent, self.zone)
        uid, replaced = vevents.text(vevent, "UID"), vevents.original_start(vevent, self.zone)
        of = series.get(uid) if replaced is not None else None
        if replaced is not None and of is not None:
            fields = dict.fromkeys(REPLACED) | fields
            fields.pop("recurrence", None)
            made = google.edit_event(self.calendar_id, occurrence_id(of.event_id, replaced), **fields)
            of.replacing[made["id"]] = vevent
        else:
            made = google.add_event(self.calendar_id, **fields)
        known: dict[str, Any] = {
            "path": file.path, "vevent": vevent, "calendar_id": self.calendar_id, "event_id": made["id"],
            "zone": self.zone,
        }  # fmt: skip
        if "recurrence" in made:
            series[uid] = self.series[made["id"]] = Series(**known)
        if made["id"] in self.events:
            self.repeated_count += 1
        is_series = of is not None or "recurrence" in made
        self.events[made["id"]] = Loaded(**known, reasons=reasons(vevent), is_series=is_series)


def reasons(vevent: Event) -> frozenset[str]:
    """Why a sync leaves an event alone, if it does."""
    return frozenset({"deleted"} if vevents.text(vevent, "STATUS").upper() == "CANCELLED" else ())


def occurrence_id(series_id: str, original: Moment) -> str:
    """The id of an occurrence (Google Calendar API guide "Recurring events")."""
    if isinstance(original, datetime):
        return f"{series_id}_{original.astimezone(UTC).strftime('%Y%m%dT%H%M%SZ')}"
    return f"{series_id}_{original.strftime('%Y%m%d')}"


def describe(load: Load) -> dict[str, Any]:
    """Counts for the table."""
    return {
        "files": load.file_count,
        "unreadable files": len(load.unreadable),
        "VEVENTs": load.vevent_count,
        "refused by Google": load.refused.total(),
        "changes of an event before": load.repeated_count,
        "events": len(load.events),
        "  of them series": len(load.series),
    }
