"""Are both sides equal? Judged from what the services hold, with no code of the product."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta

from include.sandbox.sample import SampleAccount
from include.scripts.demo.company import Company, Row, activity_id

DEFAULT_MINUTES = 30


def differences(company: Company, account: SampleAccount, connected_at: datetime) -> list[str]:
    """Everything that keeps one account's sides from being equal, one line each; empty if they are.

    Each dated activity has exactly one event, with equal start, length, place, and the subject in its title. Each event
    that can be an activity and was touched since `connected_at` has one: occurrences of series and others' events, too.
    Of a meeting that is in several accounts' calendars one event has it. Of a private event it tells nothing but the
    time.
    """
    activities = {row["id"]: row for row in company.activities(account)}
    of_activity = paired_events(company, account)
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
    paired = {event["id"] for several in of_activity.values() for event in several}
    return found + [f"{account.name}: event {problem}" for problem in _unpaired(company, account, paired, connected_at)]


def paired_events(company: Company, account: SampleAccount) -> dict[int, list[Row]]:
    """The events of each activity. Those of a series have no mark: they are known by title and time."""
    found: dict[int, list[Row]] = defaultdict(list)
    for event in company.events(account):
        number = activity_id(event)
        if number is not None:
            found[number].append(event)
    free = {
        (row["subject"], *_activity_time(row)): row["id"]
        for row in company.activities(account)
        if row["id"] not in found
    }
    for event in company.occurrences(account):
        if "recurringEventId" in event and activity_id(event) is None:
            number = free.get((event.get("summary", ""), *_event_time(event)))
            if number is not None:
                found[number].append(event)
    return found


def _unpaired(
    company: Company, account: SampleAccount, paired: Collection[str], connected_at: datetime
) -> Iterator[str]:
    """Events without the activity that they should have, and meetings with two."""
    others = [other for other in company.sample.accounts if other != account]
    elsewhere = {
        _meeting(event) for other in others for events in paired_events(company, other).values() for event in events
    }
    imports = account.settings.get("mode", "all_events") in ("all_events", "to_pipedrive")
    for event in company.occurrences(account):
        shared = _meeting(event) in elsewhere
        if event["id"] in paired and shared:
            yield f"{event['id']} has an activity, and its copy in another calendar has one"
        late = datetime.fromisoformat(event["updated"]) >= connected_at
        if imports and late and event["id"] not in paired and not shared and _importable(event):
            yield f"{event['id']} has no activity"


def _meeting(event: Row) -> tuple[str, str]:
    """What all copies of an event have in common."""
    original = event.get("originalStartTime", {})
    at = original.get("dateTime")
    return event["iCalUID"], datetime.fromisoformat(at).isoformat() if at else original.get("date", "")


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
    place = (row["location"] or {}).get("value") or ""
    if event.get("visibility") in ("private", "confidential"):
        if theirs and (row["subject"], place) != ("Busy", ""):
            yield "tells what its private event is about"
        return
    title, subject = event.get("summary", ""), row["subject"] or ""
    if title != subject if theirs else not _same_text(subject, title):
        yield "its subject is not in the title"
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


def _importable(event: Row) -> bool:
    """No working location or the like, and not declined."""
    answers = {guest.get("responseStatus") for guest in event.get("attendees", ()) if guest.get("self")}
    return event.get("eventType", "default") == "default" and "declined" not in answers
