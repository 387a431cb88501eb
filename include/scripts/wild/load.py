"""Puts VEVENTs into the sandbox's Google calendars, as people who import files would."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from icalendar import Event

from include.sandbox.google.errors import GoogleError
from include.sandbox.google.state import GoogleState
from include.scripts.wild import vevents
from include.scripts.wild.fetch import CalendarFile
from include.scripts.wild.vevents import Moment


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

    def file(self, google: GoogleState, file: CalendarFile) -> None:
        """Import one file: series before the VEVENTs that replace one of their occurrences."""
        self.file_count += 1
        try:
            found = vevents.read(file.content)
        except ValueError as error:
            self.unreadable.append(f"{file.path}: {error}")
            return
        series: dict[str, str] = {}
        for vevent in sorted(found, key=lambda each: "RECURRENCE-ID" in each):
            self.vevent_count += 1
            try:
                self._vevent(google, file, vevent, series)
            except GoogleError as error:
                self.refused[str(error.body()["error"]["message"])] += 1

    def _vevent(self, google: GoogleState, file: CalendarFile, vevent: Event, series: dict[str, str]) -> None:
        fields = vevents.google_event(vevent, self.zone)
        uid, replaced = vevents.text(vevent, "UID"), vevents.original_start(vevent, self.zone)
        is_exception = replaced is not None and uid in series
        if replaced is not None and is_exception:
            fields.pop("recurrence", None)
            made = google.edit_event(self.calendar_id, f"{series[uid]}_{_stamp(replaced)}", **fields)
        else:
            made = google.add_event(self.calendar_id, **fields)
        if "recurrence" in made:
            series[uid] = made["id"]
        if made["id"] in self.events:
            self.repeated_count += 1
        is_series = is_exception or bool(list(vevents.recurrence(vevent)))
        reasons = frozenset({"deleted"} if vevents.text(vevent, "STATUS").upper() == "CANCELLED" else ())
        known = Loaded(file.path, vevent, self.calendar_id, made["id"], self.zone, reasons, is_series)
        self.events[made["id"]] = known


def _stamp(original: Moment) -> str:
    """An original start as instance ids have it (Google Calendar API guide "Recurring events")."""
    if isinstance(original, datetime):
        return original.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    return original.strftime("%Y%m%d")


def describe(load: Load) -> dict[str, Any]:
    """Counts for the table."""
    return {
        "files": load.file_count,
        "unreadable files": len(load.unreadable),
        "VEVENTs": load.vevent_count,
        "refused by Google": load.refused.total(),
        "changes of an event before": load.repeated_count,
        "events": len(load.events),
    }
