"""Resources as one reader sees them: ``self``, the shown zone, hidden details, stubs of deleted events.

Source: Google Calendar API reference: Events, Calendars, CalendarList; guide "Sharing" for what a role shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from include.sandbox.google.auth import Principal
from include.sandbox.google.records import Calendar, Stored, rank
from include.sandbox.google.times import show_ms, show_time, zone

TIMES = ("start", "end", "originalStartTime")
FREE_BUSY_FIELDS = ("start", "end", "originalStartTime", "recurringEventId", "recurrence", "transparency", "iCalUID",
                    "sequence", "eventType")  # fmt: skip
HIDDEN = frozenset({"id", "status", "created", "creator", "organizer", *TIMES, "attendees", "source"})
"""Members of the stored data that are not shown as they are."""
STUBS_WITHOUT_UPDATED = 2
"""Every n-th stub of a deleted event lacks ``updated``."""


@dataclass(frozen=True)
class Reader:
    """Who reads a calendar, and how: ``details`` False shows times alone."""

    calendar: Calendar
    principal: Principal
    role: str
    shown_zone: ZoneInfo
    max_attendees: int | None = None

    @classmethod
    def of(
        cls,
        calendar: Calendar,
        principal: Principal,
        role: str,
        time_zone: str | None = None,
        max_attendees: int | None = None,
    ) -> Reader:
        return cls(calendar, principal, role, zone(time_zone or calendar.time_zone), max_attendees)

    def sees_details(self, data: dict[str, Any]) -> bool:
        if rank(self.role) <= rank("freeBusyReader"):
            return False
        return data.get("visibility") not in ("private", "confidential") or rank(self.role) >= rank("writer")


def show_event(stored: Stored, reader: Reader, *, stubbed: bool = False) -> dict[str, Any]:
    """The event as ``reader`` sees it. ``stubbed``: a deleted one shows what is guaranteed, and no more."""
    if stored.cancelled and (stubbed or stored.bare):
        shown = _stub(stored, reader)
    elif not reader.sees_details(stored.data):
        shown = _times_only(stored, reader)
    else:
        shown = _whole(stored, reader)
    for name, value in stored.raw.items():
        shown[name] = value
        if value is None:
            del shown[name]
    return shown


def _stub(stored: Stored, reader: Reader) -> dict[str, Any]:
    shown: dict[str, Any] = {"kind": "calendar#event", "etag": stored.etag, "id": stored.id, "status": "cancelled"}
    if stored.series_id is not None:
        shown["recurringEventId"] = stored.series_id
        shown["originalStartTime"] = show_time(stored.data["originalStartTime"], reader.shown_zone)
    elif stored.change % STUBS_WITHOUT_UPDATED:
        shown["updated"] = show_ms(stored.updated)
    return shown


def _head(stored: Stored) -> dict[str, Any]:
    return {
        "kind": "calendar#event",
        "etag": stored.etag,
        "id": stored.id,
        "status": stored.data["status"],
        "htmlLink": stored.html_link,
        "created": stored.data["created"],
        "updated": show_ms(stored.updated),
    }


def _times_only(stored: Stored, reader: Reader) -> dict[str, Any]:
    """What free/busy access, and reading access to a private event, show."""
    data = stored.data
    shown = _head(stored) | {name: data[name] for name in FREE_BUSY_FIELDS if name in data}
    for name in TIMES:
        if name in data:
            shown[name] = show_time(data[name], reader.shown_zone)
    return {**shown, "visibility": "private"}


def _whole(stored: Stored, reader: Reader) -> dict[str, Any]:
    data = stored.data
    shown = _head(stored)
    for name, value in data.items():
        if name not in HIDDEN:
            shown[name] = value
    for name in TIMES:
        if name in data:
            shown[name] = show_time(data[name], reader.shown_zone)
    shown["creator"] = _with_self(data["creator"], reader.calendar)
    shown["organizer"] = _with_self(data["organizer"], reader.calendar)
    if "source" in data and data["creator"]["email"] == reader.principal.email:
        shown["source"] = data["source"]  # only its creator sees it
    if "attendees" in data:
        shown |= _attendees(data, reader)
    return shown


def _with_self(person: dict[str, Any], calendar: Calendar) -> dict[str, Any]:
    return {**person, "self": True} if person["email"] == calendar.id else person


def _attendees(data: dict[str, Any], reader: Reader) -> dict[str, Any]:
    """``self`` marks the calendar on which this copy appears; ``maxAttendees`` leaves only the participant."""
    organizer = data["organizer"]["email"]
    shown = []
    for each in data["attendees"]:
        marked = _with_self(each, reader.calendar)
        shown.append({**marked, "organizer": True} if each["email"] == organizer else marked)
    if reader.max_attendees is not None and len(shown) > reader.max_attendees:
        return {"attendees": [each for each in shown if each.get("self")], "attendeesOmitted": True}
    return {"attendees": shown}


def show_calendar(calendar: Calendar) -> dict[str, Any]:
    """The Calendar resource."""
    shown = {"kind": "calendar#calendar", "etag": calendar.etag, **_calendar_texts(calendar)}
    shown["conferenceProperties"] = {"allowedConferenceSolutionTypes": ["hangoutsMeet"]}
    return shown


def show_list_entry(calendar: Calendar, principal: Principal) -> dict[str, Any]:
    """The CalendarListEntry resource of this user."""
    role = calendar.role(principal.email)
    shown = {"kind": "calendar#calendarListEntry", "etag": calendar.etag, **_calendar_texts(calendar)}
    shown |= {
        "colorId": "14",
        "backgroundColor": "#9fe1e7",
        "foregroundColor": "#000000",
        "selected": True,
        "accessRole": role,
        "defaultReminders": default_reminders(calendar, principal.email),
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    }
    return shown | ({"primary": True} if calendar.id == principal.email else {})


def _calendar_texts(calendar: Calendar) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": calendar.id, "summary": calendar.summary, "timeZone": calendar.time_zone}
    for name, value in (("description", calendar.description), ("location", calendar.location)):
        if value:
            shown[name] = value
    return shown if calendar.primary else {**shown, "dataOwner": calendar.owner}


def default_reminders(calendar: Calendar, email: str) -> list[dict[str, Any]]:
    return [{"method": "popup", "minutes": 10}] if calendar.id == email else []
