"""Another two-way sync at work on the same calendar: a simple model of Pipedrive's own calendar sync.

A user switches it on in Pipedrive, per user and calendar. It knows nothing of anybody else's marks: what it has not
paired itself is new to it, and is copied to the other side under a title of its own form. It works on both states
directly, as the service itself does: no request, no token, no fault.

Only what makes it meet another sync is modelled: title and time, edits and deletions on either side. Series,
occurrences and activities without a date are left alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from include.sandbox.google.state import GoogleState
from include.sandbox.pipedrive.state import PipedriveState
from include.sandbox.pipedrive.table import Row

POINT = timedelta(minutes=30)
"""How long an activity without a duration is in the calendar."""
DAY = timedelta(days=1)

Titles = Literal["subject", "subject - person"]
When = tuple[Any, Any]
"""Start and end: both dates or both aware instants."""
Shown = tuple[str, When]
"""Title and time of an item."""


@dataclass
class Pair:
    """An activity and an event, and what each showed when they were last made equal."""

    activity_id: int
    event_id: str
    activity: Shown
    event: Shown


class OtherSync:
    """One user's calendar. ``run()`` is called whenever it would work; between the calls it does nothing.

    ``title``: the form of the events' titles. ``event_type``: what an event becomes in Pipedrive.
    """

    def __init__(
        self,
        pipedrive: PipedriveState,
        google: GoogleState,
        user_id: int,
        calendar_id: str,
        *,
        title: Titles = "subject",
        event_type: str = "meeting",
    ) -> None:
        self._pipedrive, self._google = pipedrive, google
        self._user_id, self._calendar_id = user_id, calendar_id
        self._title, self._event_type = title, event_type
        self.pairs: list[Pair] = []
        pipedrive.connections[user_id] = google.calendars[calendar_id].owner

    def run(self) -> Counter[str]:
        """One pass over both sides; how often it did what (``create event``, ``edit activity``, …). An edit beats a
        deletion, and of two edits the activity's counts."""
        with self._pipedrive.lock, self._google.lock:
            did: Counter[str] = Counter()
            activities, events = self._activities(), self._events()
            for pair in list(self.pairs):
                did[self._follow(pair, activities.pop(pair.activity_id, None), events.pop(pair.event_id, None))] += 1
            for activity in activities.values():
                did[self._copy_activity(activity)] += 1
            for event in events.values():
                did[self._copy_event(event)] += 1
            del did[""]
            return did

    # What there is.

    def _activities(self) -> dict[int, Row]:
        rows = self._pipedrive.live_activities(self._user_id)
        return {row["id"]: row for row in rows if row["due_date"]}

    def _events(self) -> dict[str, dict[str, Any]]:
        events = self._google.events(self._calendar_id)
        return {
            number: event
            for number, event in events.items()
            if event["status"] != "cancelled" and "recurrence" not in event and "recurringEventId" not in event
        }

    def _titled(self, activity: Row) -> str:
        person = self._pipedrive.persons.get(activity["person_id"] or 0)
        name = f" - {person['name']}" if person and self._title == "subject - person" else ""
        return f"{activity['subject']}{name}"

    def _of_activity(self, activity: Row) -> Shown:
        return self._titled(activity), when_of_activity(activity)

    # What is new.

    def _copy_activity(self, activity: Row) -> str:
        event = self._google.add_event(self._calendar_id, **fields_of_event(self._of_activity(activity)))
        self._pair(activity, event)
        return "create event"

    def _copy_event(self, event: dict[str, Any]) -> str:
        fields = fields_of_activity(of_event(event))
        activity = self._pipedrive.add_activity(**fields, owner_id=self._user_id, type=self._event_type, busy=True)
        self._pair(activity, event)
        return "create activity"

    def _pair(self, activity: Row, event: dict[str, Any]) -> None:
        self.pairs.append(Pair(activity["id"], event["id"], self._of_activity(activity), of_event(event)))

    # What it knows.

    def _follow(self, pair: Pair, activity: Row | None, event: dict[str, Any] | None) -> str:
        """What became of a pair; "" where nothing is to be done."""
        typed = activity is not None and self._of_activity(activity) != pair.activity
        moved = event is not None and of_event(event) != pair.event
        if activity is None or event is None:
            return self._end(pair, activity, event, edited=typed or moved)
        if typed:
            changes = fields_of_event(self._of_activity(activity))
            event = self._google.edit_event(self._calendar_id, pair.event_id, **changes)
        elif moved:
            activity = self._pipedrive.edit_activity(pair.activity_id, **self._edits(activity, pair, event))
        pair.activity, pair.event = self._of_activity(activity), of_event(event)
        return "edit event" if typed else "edit activity" if moved else ""

    def _edits(self, activity: Row, pair: Pair, event: dict[str, Any]) -> dict[str, Any]:
        """What an edited event changes in its activity. The person's name is no part of the subject."""
        title, when = of_event(event)
        suffix = self._titled(activity).removeprefix(str(activity["subject"]))
        changes = fields_of_activity((title.removesuffix(suffix), when))
        if title == pair.event[0]:
            del changes["subject"]
        if when == pair.event[1]:
            changes = {name: value for name, value in changes.items() if name == "subject"}
        return changes

    def _end(self, pair: Pair, activity: Row | None, event: dict[str, Any] | None, *, edited: bool) -> str:
        """One side is gone: the other one follows, or is new again if somebody edited it."""
        self.pairs.remove(pair)
        if activity is not None:
            if edited:
                return self._copy_activity(activity)
            self._pipedrive.delete_activity(pair.activity_id)
            return "delete activity"
        if event is not None:
            if edited:
                return self._copy_event(event)
            self._google.delete_event(self._calendar_id, pair.event_id)
            return "delete event"
        return ""


def when_of_activity(activity: Row) -> When:
    """Of an activity with a date; its time is UTC."""
    day = date.fromisoformat(activity["due_date"])
    if not activity["due_time"]:
        return day, day + DAY
    start = datetime.combine(day, time.fromisoformat(activity["due_time"]), UTC)
    hours, _, minutes = (activity["duration"] or "").partition(":")
    return start, start + (timedelta(hours=int(hours), minutes=int(minutes)) if hours else POINT)


def of_event(event: dict[str, Any]) -> Shown:
    start, end = (_instant(event[side]) for side in ("start", "end"))
    return event.get("summary", ""), (start, end)


def _instant(value: dict[str, str]) -> date | datetime:
    if "date" in value:
        return date.fromisoformat(value["date"])
    return datetime.fromisoformat(value["dateTime"]).astimezone(UTC)


def fields_of_event(shown: Shown) -> dict[str, Any]:
    title, (start, end) = shown
    return {"summary": title, "start": start, "end": end}


def fields_of_activity(shown: Shown) -> dict[str, Any]:
    """Whole days lose all but the first one, which is what an activity can hold."""
    title, (start, end) = shown
    if not isinstance(start, datetime):
        return {"subject": title or "Busy", "due_date": start.isoformat(), "due_time": None, "duration": None}
    minutes = int((end - start).total_seconds() // 60)
    return {
        "subject": title or "Busy",
        "due_date": start.date().isoformat(),
        "due_time": start.strftime("%H:%M"),
        "duration": f"{minutes // 60:02}:{minutes % 60:02}",
    }
