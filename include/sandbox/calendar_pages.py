"""The events of one calendar as pages: a week, a list from a day on, and a form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from include.sandbox.base import Answer, Call
from include.sandbox.calendar_week import monday, week
from include.sandbox.google.errors import GoogleError
from include.sandbox.google.records import Calendar
from include.sandbox.google.state import GoogleState
from include.sandbox.page_parts import HOME, PageError, Pages, form, see_other
from include.sandbox.pipedrive.pages import activities_of_week
from include.sandbox.pipedrive.state import PipedriveState

FORM = "/_sandbox/event"
WEEK = "/_sandbox/week"
LIST_COUNT = 60
SERIES_DAYS = 56
"""How far on from the first day shown the occurrences of a series are listed."""
TEXTS = {"title": "summary", "place": "location", "description": "description"}
WHEN = ("start_date", "start_time", "end_date", "end_time")
Event = dict[str, Any]


class CalendarPages(Pages):
    """List at `/_sandbox/`, week at `/_sandbox/week`, form at `/_sandbox/event`."""

    @property
    def state(self) -> GoogleState:
        state = self.service.state
        assert isinstance(state, GoogleState)
        return state

    def answer(self, call: Call) -> Answer | None:
        try:
            match call.method, call.path:
                case "GET", "/":
                    return see_other(HOME)
                case "GET", path if path == HOME:
                    return self._list(call)
                case "GET", path if path == WEEK:
                    return self._week(call)
                case "GET", path if path == FORM:
                    return self._form({name: values[-1] for name, values in call.query.items()})
                case "POST", path if path == FORM:
                    return self._post(form(call))
        except GoogleError as error:
            raise PageError(f"Google would answer: {error.status} {error.reason}") from error
        return None

    def _list(self, call: Call) -> Answer:
        shown = [each for each in self.state.calendars.values() if each.owner in self.state.users]
        if not shown:
            return self.render("problem.html", heading="No calendars yet")
        calendar = self._calendar(call.one("calendar") or shown[0].id)
        start = call.one("from") or self.state.clock.now().astimezone(ZoneInfo(calendar.time_zone)).date().isoformat()
        rows = [line_of(each) for each in self._listed(calendar, start)]
        rows.sort(key=lambda row: str(row["when"]))
        return self.render(
            "events.html",
            heading=f"Events of {calendar.summary}",
            said=call.one("said") or "",
            calendar=calendar,
            calendars=shown,
            rows=rows[:LIST_COUNT],
            total=len(rows),
            start=start,
        )

    def _week(self, call: Call) -> Answer:
        shown = [each for each in self.state.calendars.values() if each.owner in self.state.users]
        if not shown:
            return self.render("problem.html", heading="No calendars yet")
        calendar = self._calendar(call.one("calendar") or shown[0].id)
        zone = ZoneInfo(calendar.time_zone)
        today = self.state.clock.now().astimezone(zone).date()
        try:
            day = date.fromisoformat(call.one("day") or today.isoformat())
            first, last = monday(day), monday(day) + timedelta(days=6)
            before, after = first - timedelta(days=7), first + timedelta(days=7)
        except (ValueError, OverflowError) as error:
            raise PageError("Dates must be YYYY-MM-DD.") from error
        events = list(self._within(calendar, first.isoformat(), last.isoformat()))
        pairs = {event["activity"]: event["id"] for event in map(marked, events) if event["activity"]}
        return self.render(
            "week.html",
            heading=f"{calendar.summary}: {first:%-d %b} to {last:%-d %b %Y}",
            said=call.one("said") or "",
            calendar=calendar,
            calendars=shown,
            day=day,
            today=today,
            days={f"{each}": f"{each:%a %-d %b}" for each in map(first.__add__, map(timedelta, range(7)))},
            week=week(map(marked, events), day, zone),
            steps=(("Previous", before), ("Today", today), ("Next", after)),
            activities=self._activities(calendar.owner, first, pairs),
        )

    def _activities(self, email: str, first: date, pairs: Mapping[str, str]) -> dict[str, Any] | None:
        """What the calendar's owner has in Pipedrive in the week; `pairs`: activity id -> event id. None: no user."""
        state = self.other.state if self.other else None
        if not isinstance(state, PipedriveState):
            return None
        user = next((each for each in state.users.values() if each["email"] == email), None)
        return None if user is None else activities_of_week(state, user, first, pairs)

    def _within(self, calendar: Calendar, first: str, last: str) -> Iterator[Event]:
        """Single events and occurrences of which something lies on these days."""
        events = {key: each for key, each in self.state.events(calendar.id).items() if each["status"] != "cancelled"}
        for event in events.values():
            some = self.state.instances(calendar.id, event["id"]) if "recurrence" in event else [event]
            for each in some:
                if (each is event or each["id"] not in events) and last_day(each) >= first and first_day(each) <= last:
                    yield each

    def _listed(self, calendar: Calendar, start: str) -> Iterator[Event]:
        """Everything from a day on, each series itself, and its occurrences of some weeks."""
        events = {key: each for key, each in self.state.events(calendar.id).items() if each["status"] != "cancelled"}
        for event in events.values():
            if "recurrence" in event or last_day(event) >= start:
                yield event
            if "recurrence" in event:
                for each in self.state.instances(calendar.id, event["id"]):
                    if each["id"] not in events and last_day(each) >= start and days_after(start, each) < SERIES_DAYS:
                        yield each

    def _form(self, query: Mapping[str, str], problem: str = "") -> Answer:
        """For the event `id` of `calendar`, or a new one. After a problem the query holds what was typed."""
        calendar = self._calendar(query.get("calendar", ""))
        event = self._event(calendar, query["id"]) if query.get("id") else {}
        return self.render(
            "event.html",
            400 if problem else 200,
            heading="Event" if event else "New event",
            problem=problem,
            calendar=calendar,
            event_id=event.get("id", ""),
            week=query.get("week", ""),
            facts=facts_of(event),
            values={**values_of(event), **({k: v for k, v in query.items() if k != "id"} if problem else {})},
        )

    def _post(self, fields: dict[str, str]) -> Answer:
        calendar = self._calendar(fields.get("calendar", ""))
        event = self._event(calendar, fields["id"]) if fields.get("id") else {}
        if event and fields.get("action") == "delete":
            self.state.delete_event(calendar.id, event["id"])
            return self._back(calendar, fields, f"Deleted: {event.get('summary', '')}")
        try:
            changes = changes_of(fields, event, ZoneInfo(calendar.time_zone))
        except ValueError as error:
            return self._form(fields, problem=str(error))
        if event:
            event = self.state.edit_event(calendar.id, event["id"], **changes)
        else:
            event = self.state.add_event(calendar.id, **{name: value for name, value in changes.items() if value})
        return self._back(calendar, fields, f"Saved: {event.get('summary', '')} (event {event['id']})")

    def _back(self, calendar: Calendar, fields: Mapping[str, str], said: str) -> Answer:
        """To the week or the list that the form was opened from."""
        if fields.get("week"):
            return see_other(WEEK, calendar=calendar.id, day=fields["week"], said=said)
        return see_other(HOME, calendar=calendar.id, said=said)

    def _calendar(self, calendar_id: str) -> Calendar:
        calendar = self.state.calendars.get(calendar_id)
        if calendar is None:
            raise PageError("There is no such calendar.", 404)
        return calendar

    def _event(self, calendar: Calendar, event_id: str) -> Event:
        try:
            event = self.state.event(calendar.id, event_id)
        except GoogleError as error:
            raise PageError("There is no such event.", 404) from error
        if event["status"] == "cancelled":
            raise PageError("This event was deleted.", 404)
        return event


def values_of(event: Event) -> dict[str, str]:
    """What the form shows of an event: local to its calendar, for all-day ones the last day instead of the end."""
    out = {name: str(event.get(field) or "") for name, field in TEXTS.items()}
    out["busy"] = "no" if event.get("transparency") == "transparent" else "yes"
    if "start" not in event:
        return out | dict.fromkeys(WHEN, "")
    if "date" in event["start"]:
        return out | {
            "start_date": event["start"]["date"],
            "end_date": last_day(event),
            "start_time": "",
            "end_time": "",
        }
    start, end = (datetime.fromisoformat(event[side]["dateTime"]) for side in ("start", "end"))
    out |= {"start_date": start.date().isoformat(), "start_time": start.strftime("%H:%M")}
    return out | {"end_date": end.date().isoformat(), "end_time": end.strftime("%H:%M")}


def first_day(event: Event) -> str:
    return str(event["start"].get("date") or event["start"]["dateTime"][:10])


def last_day(event: Event) -> str:
    if "date" in event["end"]:
        return (date.fromisoformat(event["end"]["date"]) - timedelta(days=1)).isoformat()
    return str(event["end"]["dateTime"][:10])


def days_after(day: str, event: Event) -> int:
    """How long after a day an event begins. Raises PageError."""
    try:
        return (date.fromisoformat(values_of(event)["start_date"]) - date.fromisoformat(day)).days
    except ValueError as error:
        raise PageError("Dates must be YYYY-MM-DD.") from error


def marked(event: Event) -> Event:
    """An event as the week shows it."""
    answer = next((each["responseStatus"] for each in event.get("attendees", ()) if each.get("self")), None)
    start, end = date.fromisoformat(first_day(event)), date.fromisoformat(last_day(event))
    activity = event.get("extendedProperties", {}).get("private", {}).get("calsyncActivityId", "")
    return {
        "id": event["id"],
        "start": event["start"],
        "end": event["end"],
        "title": event.get("summary") or "(no title)",
        "span": f"{start:%-d %b}" if start == end else f"{start:%-d %b} – {end:%-d %b}",
        "color": event.get("colorId", "7"),
        "activity": activity,
        "linked": bool(activity),
        "private": event.get("visibility") in ("private", "confidential"),
        "guests": sum(not each.get("self") for each in event.get("attendees", ())),
        "series": "recurringEventId" in event,
        "free": event.get("transparency") == "transparent",
        "declined": answer == "declined",
        "facts": ", ".join(facts_of(event)),
    }


def line_of(event: Event) -> dict[str, str]:
    """An event as a row of the list."""
    shown = values_of(event)
    when = f"{shown['start_date']} {shown['start_time']}".strip()
    end = shown["end_time"] if shown["end_date"] == shown["start_date"] else f"{shown['end_date']} {shown['end_time']}"
    span = f"{when} – {end.strip()}" if end.strip() else when
    return {**shown, "id": event["id"], "when": when, "span": span, "facts": ", ".join(facts_of(event))}


def facts_of(event: Event) -> list[str]:
    """What is particular about an event."""
    organizer = event.get("organizer", {})
    answer = next((each["responseStatus"] for each in event.get("attendees", ()) if each.get("self")), None)
    return [
        text
        for text, holds in (
            ("series", "recurrence" in event),
            ("occurrence of a series", "recurringEventId" in event),
            (event.get("visibility", ""), event.get("visibility", "default") != "default"),
            (event.get("eventType", ""), event.get("eventType", "default") != "default"),
            (f"organised by {organizer.get('email')}", bool(event) and not organizer.get("self")),
            (f"you: {answer}", answer is not None),
            ("with guests", bool(organizer.get("self") and event.get("attendees"))),
            ("linked to Pipedrive", "calsyncActivityId" in event.get("extendedProperties", {}).get("private", {})),
        )
        if holds
    ]


def changes_of(fields: Mapping[str, str], event: Event, zone: ZoneInfo) -> dict[str, Any]:
    """What a posted form asks for: only the fields that were sent. Raises ValueError for the person to read."""
    changes: dict[str, Any] = {field: fields[name] for name, field in TEXTS.items() if name in fields}
    if "busy" in fields:
        changes["transparency"] = "opaque" if fields["busy"] == "yes" else "transparent"
    old = values_of(event)
    wanted = {name: fields.get(name, old[name]) for name in WHEN}
    if not event or any(wanted[name] != old[name] for name in WHEN):
        same_end = all(wanted[name] == old[name] for name in WHEN[2:])
        same_kind = bool(wanted["start_time"]) == bool(old["start_time"])
        changes |= span(wanted, length_of(event) if same_end and same_kind else None, zone)
    return changes


def length_of(event: Event) -> timedelta | None:
    """Kept when only the start is moved; None for a new event."""
    if "start" not in event:
        return None
    start, end = ((event[side].get("dateTime") or event[side]["date"]) for side in ("start", "end"))
    return datetime.fromisoformat(end) - datetime.fromisoformat(start)


def span(wanted: Mapping[str, str], length: timedelta | None, zone: ZoneInfo) -> dict[str, Any]:
    """`start` and `end` of dates and times on the calendar's wall. Raises ValueError."""
    try:
        first = date.fromisoformat(wanted["start_date"])
        last = date.fromisoformat(wanted["end_date"] or wanted["start_date"])
        if not wanted["start_time"]:
            days = max(length.days, 1) if length is not None else (last - first).days + 1
            ends = first + timedelta(days=days)
            start: date | datetime = first
            end: date | datetime = ends
        else:
            start = datetime.combine(first, time.fromisoformat(wanted["start_time"]), zone)
            end = _end(start, last, wanted["end_time"], length, zone)
    except (ValueError, OverflowError) as error:
        raise ValueError("Dates must be YYYY-MM-DD and times HH:MM; a start date is needed.") from error
    if end < start or (end == start and not isinstance(start, datetime)):
        raise ValueError("The end lies before the start.")
    return {"start": start, "end": end}


def _end(start: datetime, last: date, clock: str, length: timedelta | None, zone: ZoneInfo) -> datetime:
    if length is not None or not clock:
        minutes = timedelta(minutes=30) if length is None else length
        return (start.astimezone(UTC) + minutes).astimezone(zone)
    return datetime.combine(last, time.fromisoformat(clock), zone)
