"""Times as Google takes, keeps and shows them.

Stored: ``{"date": "2026-11-23"}`` or ``{"dateTime": "2026-11-23T09:00:00Z", "timeZone": "Europe/Prague"}`` (always
UTC). Shown: the instant with the offset of the calendar's zone, or of the ``timeZone`` parameter.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from include.sandbox.google.errors import GoogleError, invalid, required

Time = dict[str, str]

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})?")


def zone(name: str, refused: Collection[str] = ()) -> ZoneInfo:
    """Raises ValueError for a name that the time zone data base does not have, or that is refused."""
    if name in refused:
        raise ValueError(f"unknown time zone {name!r}")
    return _zone(name)


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (OSError, LookupError, ValueError) as error:
        raise ValueError(f"unknown time zone {name!r}") from error


def parse_instant(text: str) -> datetime:
    """RFC 3339 with the mandatory offset, as UTC in whole seconds. Raises ValueError."""
    if not _DATE_TIME.fullmatch(text):
        raise ValueError("not RFC 3339")
    at = datetime.fromisoformat(text.upper())
    if at.tzinfo is None:
        raise ValueError("offset missing")
    return _utc(at).replace(microsecond=0)


def show_ms(at: datetime) -> str:
    """``2026-11-22T08:00:00.123Z``, the form of ``created`` and ``updated``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def show_utc(at: datetime) -> str:
    return _utc(at).replace(tzinfo=None, microsecond=0).isoformat() + "Z"


def read_time(value: Any, side: str, calendar_zone: str, *, recurring: bool = False) -> Time:
    """An EventDateTime of a request, in the stored form. ``side`` is ``start`` or ``end``. Raises GoogleError 400.

    Reference, Events: either ``date`` or ``dateTime``; an offset or a ``timeZone`` is required; a series needs
    ``timeZone``.
    """
    if not isinstance(value, dict):
        raise invalid(f"Invalid {side} time.")
    given = {name: value[name] for name in ("date", "dateTime", "timeZone") if value.get(name) is not None}
    if ("date" in given) == ("dateTime" in given):
        raise invalid(f"Invalid {side} time.") if "date" in given else required(f"Missing {side} time.")
    if not all(isinstance(each, str) for each in given.values()):
        raise invalid(f"Invalid {side} time.")
    try:
        return _read_date(given) if "date" in given else _read_date_time(given, side, calendar_zone, recurring)
    except (ValueError, OverflowError) as error:
        raise invalid(f"Invalid {side} time.") from error


def _read_date(given: Time) -> Time:
    if not _DATE.fullmatch(given["date"]):
        raise ValueError("not a date")
    return {"date": date.fromisoformat(given["date"]).isoformat()}


def _read_date_time(given: Time, side: str, calendar_zone: str, recurring: bool) -> Time:
    if not _DATE_TIME.fullmatch(given["dateTime"]):
        raise ValueError("not RFC 3339")
    at = datetime.fromisoformat(given["dateTime"].upper())
    name = given.get("timeZone")
    if name is None and (at.tzinfo is None or recurring):
        raise GoogleError(400, "required", f"Missing time zone definition for {side} time.")
    if name is not None:
        try:
            own_zone = zone(name)
        except ValueError as error:
            raise invalid(f"Invalid time zone definition for {side} time.") from error
        at = at.replace(tzinfo=own_zone) if at.tzinfo is None else at
    return {"dateTime": show_utc(at), "timeZone": name or calendar_zone}


def instant(stored: Time, calendar_zone: str) -> datetime:
    """The instant of a stored time; a date begins at midnight in the calendar's zone."""
    if "date" in stored:
        return _utc(datetime.fromisoformat(stored["date"]).replace(tzinfo=zone(calendar_zone)))
    return datetime.fromisoformat(stored["dateTime"])


def show_time(stored: Time, shown_zone: ZoneInfo) -> Time:
    if "date" in stored:
        return {"date": stored["date"]}
    at = datetime.fromisoformat(stored["dateTime"])
    try:
        shown = at.astimezone(shown_zone).isoformat()
    except OverflowError:  # within a day of year 1 or 9999: there is no local time to show
        shown = stored["dateTime"]
    return {"dateTime": shown.replace("+00:00", "Z"), "timeZone": stored["timeZone"]}


def length(start: Time, end: Time) -> timedelta:
    """From start to end; both all-day or both timed."""
    if "date" in start:
        return date.fromisoformat(end["date"]) - date.fromisoformat(start["date"])
    return datetime.fromisoformat(end["dateTime"]) - datetime.fromisoformat(start["dateTime"])


def shifted(start: Time, by: timedelta) -> Time:
    """A stored time, moved."""
    if "date" in start:
        return {"date": (date.fromisoformat(start["date"]) + by).isoformat()}
    return {**start, "dateTime": show_utc(datetime.fromisoformat(start["dateTime"]) + by)}


def _utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        return at.replace(tzinfo=UTC)
