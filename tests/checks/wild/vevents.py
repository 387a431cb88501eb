"""From VEVENTs, read by the icalendar library, to Google event resources, as an import into Google Calendar makes them.

What is missing or broken in the file is left out; whether that is still an event is Google's to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from icalendar import Component, Event
from icalendar.parser import Contentline
from icalendar.prop import vBroken
from icalendar.timezone import tzid_from_dt

RECURRENCE = ("RRULE", "EXRULE", "RDATE", "EXDATE")
VISIBILITY = {"PUBLIC": "public", "CONFIDENTIAL": "confidential"}  # anything else is private (RFC 5545, 3.8.1.3)
RESPONSE = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentative"}
STATUSES = ("confirmed", "tentative", "cancelled")
# Names are written in any case in the wild. The library reads the disk at each call.
ZONES = {name.casefold(): name for name in available_timezones()}
Moment = date | datetime


@cache
def read(content: bytes) -> list[Event]:
    """The VEVENTs of a file, which may hold several calendars or bare events; not to be changed. Raises ValueError."""
    found = [event for component in Component.from_ical(content, multiple=True) for event in component.walk("VEVENT")]
    return [event for event in found if isinstance(event, Event)]


def in_order(events: list[Event]) -> list[Event]:
    """Series before what replaces their occurrences, and of that the newest last."""
    return sorted(events, key=lambda each: ("RECURRENCE-ID" in each, _sequence(each)))


def _sequence(event: Event) -> int:
    value = text(event, "SEQUENCE")
    return int(value) if value.isdecimal() else 0


def is_series(event: Event) -> bool:
    """Whether it makes a series."""
    return "RECURRENCE-ID" not in event and any(recurrence(event))


def series_of(events: list[Event], year: int, zone: str) -> list[Event]:
    """The series that begin in a year, and what replaces their occurrences."""
    begun = [each for each in events if is_series(each) and first_year(each, zone) == year]
    uids = {text(each, "UID") for each in begun}
    return begun + [each for each in events if "RECURRENCE-ID" in each and text(each, "UID") in uids]


def first_year(event: Event, zone: str) -> int | None:
    start = span(event, zone)[0]
    return start.year if start is not None else None


def values(event: Event, name: str) -> list[Any]:
    """All values of a property."""
    value = event.get(name)
    return [] if value is None else value if isinstance(value, list) else [value]


def said(event: Event, name: str) -> list[Any]:
    """All values of a property that say something: empty lines occur."""
    return [each for each in values(event, name) if not (isinstance(each, vBroken) and not str(each))]


def text(event: Event, name: str) -> str:
    return str(next(iter(values(event, name)), ""))


def span(event: Event, zone: str) -> tuple[Moment | None, Moment | None]:
    """Start and end: dates, or aware datetimes (a floating time is one of `zone`); None if it can't be told."""
    start = _moment(event, "DTSTART", zone)
    return start, _end(event, start, zone)


def _moment(event: Event, name: str, zone: str) -> Moment | None:
    prop = next(iter(values(event, name)), None)
    value = None if prop is None or isinstance(prop, vBroken) else prop.dt
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=ZoneInfo(zone))
    return value if isinstance(value, date) else None


def _end(event: Event, start: Moment | None, zone: str) -> Moment | None:
    if "DTEND" in event:
        return _moment(event, "DTEND", zone)
    if start is None or any(isinstance(value, vBroken) for value in values(event, "DURATION")):
        return None
    given: timedelta | None = next((value.dt for value in values(event, "DURATION")), None)
    if not isinstance(start, datetime):
        return start + (given or timedelta(days=1))
    length = given or timedelta(0)
    # Days are days of the wall clock, hours are exact (RFC 5545, 3.3.6).
    same_time = start + timedelta(days=length.days)
    return (same_time.astimezone(UTC) + timedelta(seconds=length.seconds)).astimezone(same_time.tzinfo)


def google_event(event: Event, zone: str) -> dict[str, Any]:
    """The fields of the resource. `zone`: of the calendar."""
    start, end = span(event, zone)
    fields: dict[str, Any] = {
        "summary": text(event, "SUMMARY"),
        "description": text(event, "DESCRIPTION"),
        "location": text(event, "LOCATION"),
        "start": _time(start, zone),
        "end": _time(end, zone) or {},
        "recurrence": list(recurrence(event)),
        "attendees": [_attendee(each) for each in values(event, "ATTENDEE")],
        "organizer": organizer(event),
        "transparency": "transparent" if text(event, "TRANSP").upper() == "TRANSPARENT" else "",
        "visibility": VISIBILITY.get(text(event, "CLASS").upper(), "private") if "CLASS" in event else "",
        "status": status if (status := text(event, "STATUS").lower()) in STATUSES else "",
    }
    return {name: value for name, value in fields.items() if value or name == "end"}


def recurrence(event: Event) -> Iterator[str]:
    """The lines that make it a series."""
    for name in RECURRENCE:
        for value in said(event, name):
            is_broken = isinstance(value, vBroken)
            line = f"{name}:{value}" if is_broken else str(Contentline.from_parts(name, value.params, value))
            if not line.endswith(":"):
                yield line


def original_start(event: Event, zone: str) -> Moment | None:
    """Which occurrence of its series this VEVENT replaces."""
    return _moment(event, "RECURRENCE-ID", zone)


def organizer(event: Event) -> dict[str, str]:
    address = mail(next(iter(values(event, "ORGANIZER")), ""))
    return {"email": address} if "@" in address else {}


def mail(value: Any) -> str:
    """The address in an ATTENDEE or ORGANIZER."""
    address = str(value).strip()
    return address[7:] if address.lower().startswith("mailto:") else address


def is_resource(attendee: Any) -> bool:
    """Whether an ATTENDEE is a room or a thing."""
    return str(getattr(attendee, "params", {}).get("CUTYPE", "")).upper() in ("ROOM", "RESOURCE")


def _attendee(value: Any) -> dict[str, Any]:
    params = getattr(value, "params", {})
    fields = {
        "email": mail(value),
        "displayName": str(params.get("CN", "")),
        "responseStatus": RESPONSE.get(str(params.get("PARTSTAT", "")).upper(), "needsAction"),
        "optional": str(params.get("ROLE", "")).upper() == "OPT-PARTICIPANT",
        "resource": is_resource(value),
    }
    return {name: value for name, value in fields.items() if value}


def _time(moment: Moment | None, zone: str) -> dict[str, str]:
    if moment is None:
        return {}
    if not isinstance(moment, datetime):
        return {"date": moment.isoformat()}
    name = ZONES.get(str(tzid_from_dt(moment)).casefold(), zone)
    offset = moment.utcoffset()
    if offset is None or offset % timedelta(minutes=1):  # RFC 3339 knows no seconds in offsets
        moment = moment.astimezone(UTC)
    return {"dateTime": moment.isoformat(), "timeZone": name}
