"""Judges what the sync made of the calendars, by the values that the icalendar library reads: no product code here."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.checks.wild import vevents
from tests.checks.wild.load import Loaded
from tests.checks.wild.vevents import Moment

NO_TITLE = "(No title)"
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Paired:
    """What the mapping says of an event. Times as `told` tells them; `original` is None unless it is an occurrence."""

    activity_id: int
    original: str | None
    start: str
    end: str


def problems(
    loaded: Iterable[Loaded],
    pairs: Mapping[str, Paired],
    activities: Mapping[int, Any],
    left_out: Collection[str] = (),
    doubtful: Collection[str] = (),
) -> Iterator[str]:
    """What is wrong.

    `loaded`: the single events and the occurrences that the sync has to see; `pairs`: by event id, as the mapping says;
    `activities`: the live ones in Pipedrive; `left_out`: series of which nobody can say what there has to be.
    """
    items = list(loaded)
    unjudged = {key for key in pairs if series_id(key) in left_out}
    made = {pairs[key].activity_id for key in unjudged}
    unpaired_count = 0
    for item in items:
        pair = pairs.get(item.event_id)
        if pair is None:
            unpaired_count += item.event_id in doubtful
            if not item.reasons and item.event_id not in doubtful:
                yield f"{item.path}: {_name(item)} made no activity, and there is no reason"
        elif item.reasons:
            yield f"{item.path}: {_name(item)} made an activity in spite of: {', '.join(sorted(item.reasons))}"
        elif pair.activity_id in made or pair.activity_id not in activities:
            yield f"{item.path}: {_name(item)}: its activity {pair.activity_id} is another event's, or gone"
        else:
            made.add(pair.activity_id)
            wrong = (*misplaced(item, pair), *differences(item, activities[pair.activity_id]))
            yield from (f"{item.path}: {_name(item)}: {text}" for text in wrong)
    for key in sorted(pairs.keys() - {item.event_id for item in items} - unjudged):
        yield f"event {key} made an activity, but there is no such event or occurrence"
    if len(activities) != len(made) + unpaired_count:
        yield f"{len(activities)} activities for {len(made) + unpaired_count} events"


def alike(loaded: Iterable[Loaded]) -> set[str]:
    """Occurrences that share time and title with another, but not all the rest: only the mapping tells them apart."""
    groups: dict[Any, list[Loaded]] = defaultdict(list)
    for item in loaded:
        wanted = expected(item)
        groups[item.calendar_id, *(wanted[name] for name in ("subject", "due_date", "due_time", "duration"))].append(
            item
        )
    return {
        item.event_id
        for group in groups.values()
        if len({(str(expected(each)), vevents.text(each.vevent, "DESCRIPTION")) for each in group}) > 1
        for item in group
        if item.is_series
    }


def series_id(event_id: str) -> str:
    """The series that the id of an occurrence names."""
    return event_id.rsplit("_", 1)[0]


def misplaced(item: Loaded, pair: Paired) -> Iterator[str]:
    """Where the event of the pair is at another time than the VEVENT says."""
    start, end = vevents.span(item.vevent, item.zone)
    original = vevents.original_start(item.vevent, item.zone) if item.is_series else None
    wanted = {"original": original, "start": start, "end": end}
    for name, moment in wanted.items():
        if getattr(pair, name) != (moment and told(moment)):
            yield f"{name} is {getattr(pair, name)}, not {moment and told(moment)}"


def told(moment: Moment) -> str:
    """A date, or an instant in UTC."""
    return (moment.astimezone(UTC) if isinstance(moment, datetime) else moment).isoformat()


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
