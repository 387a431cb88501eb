"""Judges what the sync made of the calendars, by the values that the icalendar library reads: no product code here."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from include.scripts.wild import vevents
from include.scripts.wild.load import Loaded

NO_TITLE = "(No title)"
_TAG = re.compile(r"<[^>]*>")


def problems(loaded: Iterable[Loaded], pairs: Mapping[str, int], activities: Mapping[int, Any]) -> Iterator[str]:
    """What is wrong. `pairs`: event id → activity id, as the mapping says; `activities`: the live ones in Pipedrive."""
    made: set[int] = set()
    items = list(loaded)
    series = {item.event_id for item in items if item.is_series}
    made.update(number for key, number in pairs.items() if key in series or key.rsplit("_", 1)[0] in series)
    for item in items:
        if item.is_series:
            continue
        activity_id = pairs.get(item.event_id)
        if activity_id is None:
            if not item.reasons:
                yield f"{item.path}: {_name(item)} made no activity, and there is no reason"
        elif item.reasons:
            yield f"{item.path}: {_name(item)} made an activity in spite of: {', '.join(sorted(item.reasons))}"
        elif activity_id in made or activity_id not in activities:
            yield f"{item.path}: {_name(item)}: its activity {activity_id} is another event's, or gone"
        else:
            made.add(activity_id)
            yield from (f"{item.path}: {_name(item)}: {text}" for text in differences(item, activities[activity_id]))
    if len(activities) != len(made):
        yield f"{len(activities)} activities for {len(made)} events"


def differences(item: Loaded, activity: Mapping[str, Any]) -> Iterator[str]:
    """Fields of the activity that do not say what the VEVENT says."""
    location = activity.get("location") or {}
    shown = {name: activity.get(name) for name in ("subject", "due_date", "due_time", "duration")}
    shown |= {"location": location.get("value") if isinstance(location, dict) else location}
    for name, wanted in expected(item).items():
        if (shown[name] or None) != wanted:
            yield f"{name} is {shown[name]!r}, not {wanted!r}"
    described = activity.get("public_description") or ""
    if _letters(described) != _letters(vevents.text(item.vevent, "DESCRIPTION")):
        yield f"public_description does not say what the event says: {described[:80]!r}"


def expected(item: Loaded) -> dict[str, str | None]:
    """Pipedrive's fields for a VEVENT: UTC, whole minutes, one day at most for a date."""
    start, end = vevents.span(item.vevent, item.zone)
    texts = {
        "subject": _one_line(vevents.text(item.vevent, "SUMMARY")) or NO_TITLE,
        "location": _one_line(vevents.text(item.vevent, "LOCATION")) or None,
    }
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        return {**texts, "due_date": str(start), "due_time": None, "duration": None}
    begin = start.astimezone(UTC)
    return {
        **texts,
        "due_date": begin.date().isoformat(),
        "due_time": begin.strftime("%H:%M"),
        "duration": _minutes(end.astimezone(UTC) - begin),
    }


def _minutes(length: timedelta) -> str | None:
    seconds = length.total_seconds()
    minutes = max(1, int(seconds + 30) // 60) if seconds else 0
    return f"{minutes // 60:02d}:{minutes % 60:02d}" if minutes else None


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _letters(text: str) -> str:
    """What is left of a text, HTML or plain, when only letters and digits count."""
    return "".join(letter for letter in html.unescape(_TAG.sub(" ", text)) if letter.isalnum())


def _name(item: Loaded) -> str:
    return f"event {item.event_id} “{vevents.text(item.vevent, 'SUMMARY')[:40]}”"
