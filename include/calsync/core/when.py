"""Times: what each service says about date, time and length, to and from `When`.

Pipedrive: `due_date` and `due_time` are UTC, `duration` is HH:MM; no time means the whole day (Pipedrive OpenAPI v2,
Activities; developer documentation "Date format"). Google: `start` and `end` hold `date`, or `dateTime` with an
offset; the end is exclusive (Google Calendar API v3 reference: events). Arithmetic is done on instants only, so no
daylight-saving change can move anything.

All functions raise Unreadable, and nothing else, for values that mean no time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from include.calsync.core.model import When
from include.calsync.core.raw import Body, Raw
from include.calsync.errors import Unreadable

ZERO = timedelta(0)
MINUTE = timedelta(minutes=1)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?", re.ASCII)
_LENGTH = re.compile(r"(\d{1,6}):(\d{2})(?::(\d{2})(?:\.\d+)?)?", re.ASCII)


def activity_when(due_date: str | None, due_time: str | None, duration: str | None) -> When | None:
    """The canonical time of an activity; None if it has no date. Times are UTC, HH:MM or HH:MM:SS."""
    if _blank(due_date):
        return None
    day = _day(due_date)
    if _blank(due_time):
        return When(day=day)
    clock = _clock(due_time)
    when = When(start=datetime.combine(day, clock, UTC), duration=_length(duration))
    _end(when, ZERO)
    return when


def activity_fields(when: When) -> Body:
    """`due_date`, `due_time`, `duration` as to be sent; None clears. Seconds are cut off, lengths rounded."""
    if when.start is None:
        assert when.day is not None
        return {"due_date": when.day.isoformat(), "due_time": None, "duration": None}
    minutes = whole_minutes(when.duration)
    return {
        "due_date": when.start.date().isoformat(),
        "due_time": when.start.strftime("%H:%M"),
        "duration": None if minutes is None else f"{minutes // 60:02d}:{minutes % 60:02d}",
    }


def event_when(start: Raw, end: Raw) -> When:
    """The canonical time of an event. Timed: `duration` is always set (zero allowed). All-day: at least one day.

    A missing end means no length. Fractions of a second are cut off.
    """
    if not _blank(start.get("date")):
        first = _day(start["date"])
        if not _blank(end.get("dateTime")):
            raise Unreadable("an all-day start with a timed end")
        last = first if _blank(end.get("date")) else _day(end["date"])
        if last < first:
            raise Unreadable(f"the event ends ({last}) before it starts ({first})")
        return When(day=first, days=max(1, (last - first).days))
    if not _blank(end.get("date")):
        raise Unreadable("a timed start with an all-day end")
    begin = _instant(start)
    finish = begin if _blank(end.get("dateTime")) else _instant(end)
    if finish < begin:
        raise Unreadable(f"the event ends ({finish.isoformat()}) before it starts ({begin.isoformat()})")
    return When(start=begin, duration=finish - begin)


def event_fields(when: When, *, zone: str, default_duration: timedelta) -> Body:
    """`start` and `end` as to be patched: the members of the other kind are None, which removes them.

    `zone`: IANA name; an unknown one is replaced by UTC (the instants stay right).
    """
    if when.day is not None:
        try:
            end = when.day + timedelta(days=when.days)
        except OverflowError:
            raise Unreadable(f"no last day can be given for {when.days} days from {when.day}") from None
        return {"start": _all_day(when.day), "end": _all_day(end)}
    assert when.start is not None
    place = known_zone(zone)
    return {"start": _timed(when.start, place), "end": _timed(_end(when, default_duration), place)}


def zone_of(body: Raw) -> str | None:
    """The zone that a body's times are to be shown in; None: it names none, or UTC."""
    zones = (each.get("timeZone") for name in ("start", "end") if isinstance(each := body.get(name), Mapping))
    return next((zone for zone in zones if zone and zone != "UTC"), None)


def in_utc(body: Raw) -> Body:
    """The body with its times shown in UTC; the instants stay."""
    out = dict(body)
    for name in ("start", "end"):
        if isinstance(each := body.get(name), Mapping) and each.get("dateTime"):
            moment = datetime.fromisoformat(each["dateTime"]).astimezone(UTC)
            out[name] = {**each, "dateTime": moment.isoformat(), "timeZone": "UTC"}
    return out


def whole_minutes(length: timedelta | None) -> int | None:
    """Rounded minutes, at least one; None for no length."""
    if length is None or length <= ZERO:
        return None
    return max(1, (length + MINUTE / 2) // MINUTE)


def known_zone(name: str | None) -> ZoneInfo:
    """The zone of that IANA name, else UTC."""
    return _zone(name) or ZoneInfo("UTC")


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, OSError, ValueError):  # unknown; a folder of the database; no key at all
        return None


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _text(value: object) -> str:
    """Short text for use in messages too."""
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > 40:
        raise Unreadable(f"not a date, time or duration: a value of type {type(value).__name__}")
    return text


def _day(value: object) -> date:
    text = _text(value)
    if not _DATE.fullmatch(text):
        raise Unreadable(f"not a date (YYYY-MM-DD): {text!r}")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unreadable(f"no such day: {text!r}") from None


def _clock(value: object) -> time:
    text = _text(value)
    match = _TIME.fullmatch(text)
    try:
        if match:
            return time(int(match[1]), int(match[2]), int(match[3] or 0))
        raise ValueError
    except ValueError:
        raise Unreadable(f"not a time of day (HH:MM): {text!r}") from None


def _length(value: str | None) -> timedelta | None:
    if _blank(value):
        return None
    text = _text(value)
    match = _LENGTH.fullmatch(text)
    if not match:
        raise Unreadable(f"not a duration (HH:MM): {text!r}")
    length = timedelta(hours=int(match[1]), minutes=int(match[2]), seconds=int(match[3] or 0))
    return length or None


def _instant(value: Raw) -> datetime:
    text = _text(value.get("dateTime"))
    try:
        moment = datetime.fromisoformat(text.upper()).replace(microsecond=0)
    except ValueError:
        raise Unreadable(f"not an RFC 3339 time: {text!r}") from None
    if moment.tzinfo is None:
        zone: tzinfo | None = _zone(value.get("timeZone"))
        if zone is None:
            raise Unreadable(f"a time without an offset or a known zone: {text!r}")
        moment = moment.replace(tzinfo=zone)
    try:
        return moment.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise Unreadable(f"out of range: {text!r}") from None


def _end(when: When, default_duration: timedelta) -> datetime:
    assert when.start is not None
    length = default_duration if when.duration is None else when.duration
    try:
        return when.start + length
    except OverflowError:
        raise Unreadable(f"ends after the year 9999: {when.start.isoformat()}") from None


def _all_day(day: date) -> Body:
    return {"date": day.isoformat(), "dateTime": None, "timeZone": None}


def _timed(moment: datetime, zone: ZoneInfo) -> Body:
    try:
        local = moment.astimezone(zone)
    except OverflowError:  # the first or last hours that a calendar can hold
        local = moment
    offset = local.utcoffset()
    if offset is None or offset % MINUTE:  # RFC 3339 has no seconds in offsets; old local mean times do
        local = moment
    return {"date": None, "dateTime": local.isoformat(), "timeZone": zone.key}


def due_at(when: When | None) -> datetime | None:
    """When an activity is due, for the order of the probe."""
    if when is None:
        return None
    if when.day is None:
        return when.start
    return datetime.combine(when.day, time(), UTC)
