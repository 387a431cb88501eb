"""Meetings that begin in a calendar: a series, somebody else's, a shared, a private and a declined one."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from include.scripts.demo.company import Company, Edit, Row, due_of, start_of

FAIR = {"email": "office@messe.example", "displayName": "Hanna Weber"}
"""Organises, and is nobody that Pipedrive knows."""
FOLLOWED = ("summary", "description", "location", "start", "end", "attendees", "sequence")
"""What everybody who is asked to an event sees of it."""
WEEKS = 6


def meetings(company: Company, calendar_id: str, day: date) -> list[Edit]:
    """All of them in the first account's calendar, from `day` on."""
    return [
        _series(company, calendar_id, day),
        _invitation(company, calendar_id, day),
        _shared(company, calendar_id, day),
        _private(company, calendar_id, day),
        _declined(company, calendar_id, day),
    ]


def _at(company: Company, day: date, hour: int, minutes: int) -> dict[str, datetime]:
    start = datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(company.first.time_zone))
    return {"start": start, "end": start + timedelta(minutes=minutes)}


def _named(company: Company, subject: str) -> list[Row]:
    """Whoever's activities of this subject."""
    return [row for row in company.pipedrive.live_activities() if row["subject"] == subject]


def _series(company: Company, calendar_id: str, day: date) -> Edit:
    """Each week; the second time a day and an hour later, the third time cancelled."""
    google, title = company.google, "Pipeline review"
    rule = f"RRULE:FREQ=WEEKLY;COUNT={WEEKS}"
    series = google.add_event(calendar_id, summary=title, recurrence=[rule], **_at(company, day, 11, 30))["id"]
    _, moved, cancelled, *_ = google.instances(calendar_id, series)
    begin = datetime.fromisoformat(moved["start"]["dateTime"]) + timedelta(days=1, hours=1)
    google.edit_event(calendar_id, moved["id"], start=begin, end=begin + timedelta(minutes=30))
    google.delete_event(calendar_id, cancelled["id"])
    starts = [start_of(event) for event in google.instances(calendar_id, series)]
    return Edit(
        company.first.user_name, "Google Calendar",
        f"new weekly series “{title}”, {WEEKS} times: one of them moved, one cancelled",
        f"{len(starts)} activities",
        lambda: sorted(map(due_of, _named(company, title))) == starts,
    )  # fmt: skip


def _invitation(company: Company, calendar_id: str, day: date) -> Edit:
    """The fair invites Anna and a customer: the activity follows, and what all three see is never rewritten."""
    account, title = company.first, "Stand planning"
    customer = next(row for row in company.pipedrive.persons.values() if row["emails"])
    event = _invite(company, calendar_id, title, _at(company, day, 14, 60), "accepted", location="Halle 7",
                    others=[{"email": customer["emails"][0]["value"], "responseStatus": "accepted"}])  # fmt: skip

    def arrived() -> bool:
        now = company.google.event(calendar_id, event["id"])
        rows = _named(company, title)
        return [customer["id"]] == [each["person_id"] for row in rows for each in row["participants"]] and all(
            now.get(name) == event.get(name) for name in FOLLOWED
        )

    return Edit(
        f"{FAIR['displayName']} (fair)", "Google Calendar",
        f"invites {account.user_name} and {customer['name']} to “{title}”",
        f"an activity with {customer['name']}",
        arrived,
    )  # fmt: skip


def _shared(company: Company, calendar_id: str, day: date) -> Edit:
    """The same meeting in two accounts' calendars."""
    account, colleague, title = company.first, company.sample.accounts[-1], "Offer workshop"
    guest = {"email": colleague.email, "displayName": colleague.user_name, "responseStatus": "needsAction"}
    event = company.google.add_event(calendar_id, summary=title, attendees=[guest], **_at(company, day, 16, 45))
    company.google.rsvp(colleague.email, event["id"], "accepted")

    def arrived() -> bool:
        seen = [(row["owner_id"], [each["email"] for each in row["attendees"] or ()]) for row in _named(company, title)]
        return seen == [(account.user_id, [colleague.email])]

    return Edit(
        account.user_name, "Google Calendar",
        f"invites {colleague.user_name} to “{title}”: it is in both calendars",
        f"one activity, {colleague.user_name} attends",
        arrived,
    )  # fmt: skip


def _private(company: Company, calendar_id: str, day: date) -> Edit:
    account, title, when = company.first, "Salary talk", _at(company, day, 18, 30)
    company.google.add_event(calendar_id, summary=title, visibility="private", location="Room 1", **when)

    def arrived() -> bool:
        rows = [row for row in _named(company, "Busy") if row["owner_id"] == account.user_id]
        return [(due_of(row), row["location"]) for row in rows] == [(when["start"], None)]

    return Edit(
        account.user_name, "Google Calendar", f"new private event “{title}”", "an activity “Busy”", arrived
    )  # fmt: skip


def _declined(company: Company, calendar_id: str, day: date) -> Edit:
    account, title = company.first, "Sponsors' evening"
    _invite(company, calendar_id, title, _at(company, day, 20, 90), "declined")
    return Edit(
        account.user_name, "Google Calendar", f"declines {FAIR['displayName']}'s invitation to “{title}”",
        "nothing",
        lambda: not _named(company, title),
    )  # fmt: skip


def _invite(
    company: Company,
    calendar_id: str,
    title: str,
    when: dict[str, datetime],
    answer: str,
    *,
    others: list[dict[str, str]] | None = None,
    **fields: Any,
) -> Row:
    """The calendar's copy of an event that the fair organises."""
    guests: list[dict[str, Any]] = [{**FAIR, "organizer": True, "responseStatus": "accepted"}]
    guests += [{"email": company.first.email, "responseStatus": answer}, *(others or ())]
    return company.google.add_event(
        calendar_id, summary=title, organizer=FAIR, creator=FAIR, attendees=guests, **when, **fields
    )
