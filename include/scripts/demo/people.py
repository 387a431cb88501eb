"""What the people of the sample company do meanwhile, on both sides."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from include.scripts.demo.company import Company, Edit, Row, activity_id, due_of, start_of
from include.scripts.demo.meetings import meetings


def work(company: Company) -> list[Edit]:
    """Let the first account's person and those around do a bit of everything, on both sides."""
    account = company.first
    calendar_id = company.calendar_id(account)
    assert calendar_id is not None
    day = company.sample.today + timedelta(days=2)
    upcoming = _upcoming(company)
    renamed, moved, shifted, retitled, removed = upcoming[:5]
    return [
        _new_activity(company, day),
        _rename_activity(company, renamed),
        _move_activity(company, moved),
        _new_event(company, calendar_id, day),
        _shift_event(company, calendar_id, shifted),
        _retitle_event(company, calendar_id, retitled),
        _delete_event(company, calendar_id, removed),
        *meetings(company, calendar_id, day),
    ]


def _upcoming(company: Company) -> list[Row]:
    """Timed activities of a deal, from the day after tomorrow on, that have an event and will not cross midnight."""
    first_day = (company.sample.today + timedelta(days=2)).isoformat()
    linked = {activity_id(event) for event in company.events(company.first)}
    rows = [
        row
        for row in company.activities(company.first)
        if row["id"] in linked
        and row["due_time"]
        and row["due_time"] < "20"
        and row["deal_id"]
        and row["due_date"] >= first_day
    ]
    return sorted(rows, key=lambda row: (row["due_date"], row["due_time"]))


def _event_of(company: Company, number: int) -> Row | None:
    return next((event for event in company.events(company.first) if activity_id(event) == number), None)


def _named(row: Row) -> str:
    return f"“{row['subject']}”"


def _new_activity(company: Company, day: Any) -> Edit:
    account = company.first
    deal = next(deal for deal in company.pipedrive.deals.values() if deal["person_id"])
    row = company.pipedrive.add_activity(
        "Walk through the offer", type="meeting", owner_id=account.user_id,
        deal_id=deal["id"], person_id=deal["person_id"],
        due_date=day.isoformat(), due_time="13:00", duration="00:45", location="Meeting room 2",
    )  # fmt: skip
    title = f"{deal['title']} > "
    return Edit(
        account.user_name, "Pipedrive", f"new activity {_named(row)} in deal “{deal['title']}”",
        "an event",
        lambda: ((_event_of(company, row["id"]) or {}).get("summary") or "").startswith(title),
    )  # fmt: skip


def _rename_activity(company: Company, row: Row) -> Edit:
    text = f"{row['subject']} (phone)"
    company.pipedrive.edit_activity(row["id"], subject=text)
    return Edit(
        company.first.user_name, "Pipedrive", f"{_named(row)} renamed to “{text}”",
        "its event's title",
        lambda: (_event_of(company, row["id"]) or {}).get("summary", "").endswith(text),
    )  # fmt: skip


def _move_activity(company: Company, row: Row) -> Edit:
    later = due_of(row) + timedelta(days=1)
    company.pipedrive.edit_activity(row["id"], due_date=later.date().isoformat())
    return Edit(
        company.first.user_name, "Pipedrive", f"{_named(row)} moved to {later:%Y-%m-%d}",
        "its event's day",
        lambda: start_of(_event_of(company, row["id"])) == later,
    )  # fmt: skip


def _new_event(company: Company, calendar_id: str, day: Any) -> Edit:
    account = company.first
    start = datetime(day.year, day.month, day.day, 10, 30, tzinfo=ZoneInfo(account.time_zone))
    event = company.google.add_event(
        calendar_id,
        summary="Coffee with the new supplier",
        start=start,
        end=start + timedelta(minutes=30),
        location="Café Rösterei",
    )
    return Edit(
        account.user_name, "Google Calendar", f"new event “{event['summary']}”",
        "an activity",
        lambda: any(
            row["due_time"] and row["subject"] == event["summary"] and due_of(row) == start
            for row in company.activities(account)
        ),
    )  # fmt: skip


def _shift_event(company: Company, calendar_id: str, row: Row) -> Edit:
    event = _event_of(company, row["id"])
    assert event is not None
    later = {}
    for end in ("start", "end"):
        at = datetime.fromisoformat(event[end]["dateTime"]) + timedelta(hours=1)
        later[end] = {**event[end], "dateTime": at.isoformat()}
    company.google.edit_event(calendar_id, event["id"], **later)
    due = due_of(row) + timedelta(hours=1)
    return Edit(
        company.first.user_name, "Google Calendar", f"{_named(row)} moved an hour later",
        "its activity's time",
        lambda: due_of(company.pipedrive.activities[row["id"]]) == due,
    )  # fmt: skip


def _retitle_event(company: Company, calendar_id: str, row: Row) -> Edit:
    event = _event_of(company, row["id"])
    assert event is not None
    text = f"{row['subject']}, with samples"
    company.google.edit_event(calendar_id, event["id"], summary=event["summary"].removesuffix(row["subject"]) + text)
    return Edit(
        company.first.user_name, "Google Calendar", f"{_named(row)}: “with samples” added to the title",
        "its activity's subject",
        lambda: company.pipedrive.activities[row["id"]]["subject"] == text,
    )  # fmt: skip


def _delete_event(company: Company, calendar_id: str, row: Row) -> Edit:
    event = _event_of(company, row["id"])
    assert event is not None
    company.google.delete_event(calendar_id, event["id"])
    return Edit(
        company.first.user_name, "Google Calendar", f"event of {_named(row)} deleted",
        "its activity deleted",
        lambda: bool(company.pipedrive.activities[row["id"]]["is_deleted"]),
    )  # fmt: skip
