"""Are both sides equal? Judged from what the services hold, with no code of the product."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from include.sandbox.sample import SampleAccount
from include.scripts.demo.company import Company, Row, activity_id

DEFAULT_MINUTES = 30


def differences(company: Company, account: SampleAccount, connected_at: datetime) -> list[str]:
    """Everything that keeps one account's sides from being equal, one line each; empty if they are.

    Each dated activity has exactly one event, with equal start, length, place, and the subject in its title. Each event
    that can be an activity and was touched since `connected_at` has one.
    """
    events = company.events(account)
    of_activity: dict[int, list[Row]] = defaultdict(list)
    for event in events:
        number = activity_id(event)
        if number is not None:
            of_activity[number].append(event)
    activities = {row["id"]: row for row in company.activities(account)}
    found = [
        f"{account.name}: activity {number} has {len(of_activity[number])} events"
        for number in activities
        if len(of_activity[number]) != 1
    ]
    found += [
        f"{account.name}: the event of activity {number} is left over"
        for number in of_activity
        if number not in activities
    ]
    for number, row in activities.items():
        for event in of_activity[number][:1]:
            found += [f"{account.name}: activity {number}: {problem}" for problem in _unequal(account, row, event)]
    if account.settings.get("mode", "all_events") in ("all_events", "to_pipedrive"):
        late = (event for event in events if activity_id(event) is None and _importable(event, account.email))
        found += [
            f"{account.name}: event {event['id']} has no activity"
            for event in late
            if datetime.fromisoformat(event["updated"]) >= connected_at
        ]
    return found


def _unequal(account: SampleAccount, row: Row, event: Row) -> Iterator[str]:
    theirs = event.get("extendedProperties", {}).get("private", {}).get("calsyncOrigin") == "google"
    start, length = _event_time(event)
    due, duration = _activity_time(row)
    if start != due:
        yield f"starts {due}, its event {start}"
    if duration is None and not theirs:
        minutes = account.settings.get("default_duration_minutes", DEFAULT_MINUTES)
        duration = timedelta(minutes=minutes) if row["due_time"] else timedelta(days=1)
    if duration is not None and duration != length:
        yield f"is {duration} long, its event {length}"
    title, subject = event.get("summary", ""), row["subject"] or ""
    if title != subject if theirs else not _same_text(subject, title):
        yield "its subject is not in the title"
    place = (row["location"] or {}).get("value") or ""
    if place.strip() != event.get("location", "").strip():
        yield "another place"


def _same_text(subject: str, title: str) -> bool:
    return " ".join(subject.split()) in " ".join(title.split())


def _activity_time(row: Row) -> tuple[date | datetime, timedelta | None]:
    if not row["due_time"]:
        return date.fromisoformat(row["due_date"]), None
    hours, minutes = ((row["duration"] or "00:00").split(":"))[:2]
    length = timedelta(hours=int(hours), minutes=int(minutes))
    return datetime.fromisoformat(f"{row['due_date']}T{row['due_time']}+00:00"), length or None


def _event_time(event: Row) -> tuple[date | datetime, timedelta]:
    start, end = event["start"], event["end"]
    if "date" in start:
        first = date.fromisoformat(start["date"])
        return first, date.fromisoformat(end["date"]) - first
    at = datetime.fromisoformat(start["dateTime"])
    return at, datetime.fromisoformat(end["dateTime"]) - at


def _importable(event: Row, email: str) -> bool:
    """A plain event of one's own: no series, no guests, not private, not a working location or the like."""
    organizer = event.get("organizer", {})
    others = [guest for guest in event.get("attendees", []) if guest.get("email") != email]
    return (
        not ({"recurrence", "recurringEventId"} & event.keys())
        and event.get("eventType", "default") == "default"
        and event.get("visibility", "default") in ("default", "public")
        and (organizer.get("self", False) or organizer.get("email") == email)
        and not others
    )
