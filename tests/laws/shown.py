"""What an item shows, read without the product's code: the judge must not share its mistakes."""

from __future__ import annotations

import html
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from include.calsync.core.text import DELIMITER

MARK = "✓ "
"""Before the title of a done activity's event; no part of what people typed."""
FIELDS = ("subject", "when", "place", "description", "busy")
Shown = dict[str, Any]
"""By field: subject (of an event: its title) · when: None, ("day", date, days or None), ("timed", start, minutes or
None) · place · description (what people typed, as words) · busy."""


def words(text: Any) -> str:
    """Text without tags, entities and layout."""
    return " ".join(html.unescape(re.sub(r"<[^<>]*>", " ", str(text or ""))).split())


def of_activity(row: dict[str, Any]) -> Shown:
    """A row of the Pipedrive sandbox."""
    when: Any = None
    if row["due_date"]:
        day = date.fromisoformat(row["due_date"])
        when = ("day", day, None)
        if row["due_time"]:
            start = datetime.combine(day, datetime.strptime(row["due_time"][:5], "%H:%M").time(), UTC)  # noqa: DTZ007
            hours, minutes = (row["duration"] or "00:00").split(":")[:2]
            when = ("timed", start, int(hours) * 60 + int(minutes) or None)
    busy = row["busy"] if row["busy"] is not None else when is not None and when[0] == "timed"
    place = row["location"]["value"] if isinstance(row["location"], dict) else row["location"]
    return {
        "subject": " ".join(str(row["subject"] or "").split()),
        "when": when,
        "place": " ".join(str(place or "").split()),
        "description": words(row["public_description"]),
        "busy": bool(busy),
    }


def of_event(event: dict[str, Any]) -> Shown:
    """An event of the Google sandbox."""
    start, end = event["start"], event["end"]
    if start.get("date"):
        first = date.fromisoformat(start["date"])
        when: Any = ("day", first, (date.fromisoformat(end["date"]) - first).days)
    else:
        begins = datetime.fromisoformat(start["dateTime"]).astimezone(UTC)
        length: timedelta = datetime.fromisoformat(end["dateTime"]).astimezone(UTC) - begins
        when = ("timed", begins, int(length.total_seconds()) // 60)
    return {
        "subject": " ".join(str(event.get("summary") or "").split()).removeprefix(MARK),
        "when": when,
        "place": " ".join(str(event.get("location") or "").split()),
        "description": words(str(event.get("description") or "").partition(DELIMITER)[0]),
        "busy": event.get("transparency") != "transparent",
    }


def of_item(kind: str, item: dict[str, Any]) -> Shown:
    """An activity or an event."""
    return of_activity(item) if kind == "activity" else of_event(item)


def same_when(one: Any, other: Any) -> bool:
    """Equal, where a length that one side does not show is no difference."""
    if one is None or other is None or one[:2] != other[:2]:
        return one is None and other is None
    return one[2] is None or other[2] is None or one[2] == other[2]


def shows(shown: Shown, field: str, value: Any) -> bool:
    """Whether an item shows what was typed. A title shows a subject as one of its parts."""
    seen = shown[field]
    if field == "when":
        return same_when(seen, value)
    if field == "subject":
        return seen == value or f" > {seen} > ".find(f" > {value} > ") >= 0
    return bool(seen == value)


def from_log(field: str, value: Any) -> Any:
    """A value in the change log as it would be shown."""
    if field == "when" and value:
        if "day" in value:
            return ("day", date.fromisoformat(value["day"]), None)
        minutes = None if value["duration_s"] is None else value["duration_s"] // 60
        return ("timed", datetime.fromisoformat(value["start"]).astimezone(UTC), minutes)
    if field == "description":
        return words(str(value or "").partition(DELIMITER)[0])
    return " ".join(value.split()) if isinstance(value, str) else value
