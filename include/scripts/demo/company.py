"""The sandbox with the sample company, and what its people do to their calendars meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from include.sandbox import sample
from include.sandbox.google.state import GoogleState
from include.sandbox.pages import install
from include.sandbox.pipedrive.state import PipedriveState
from include.sandbox.server import Sandbox

Row = dict[str, Any]


@dataclass(frozen=True)
class Edit:
    """What one person did; `arrived` says whether the other side shows it now."""

    person: str
    where: str
    what: str
    arrived: Callable[[], bool]


class Company:
    """Acme on both services, in this process."""

    def __init__(self, pipedrive_port: int, google_port: int) -> None:
        self.sandbox = Sandbox(pipedrive_port=pipedrive_port, google_port=google_port, seed=7)
        install(self.sandbox.pipedrive, self.sandbox.google)
        self.sample = sample.load(self.pipedrive, self.google, today=datetime.now(UTC).date())

    @property
    def pipedrive(self) -> PipedriveState:
        state = self.sandbox.pipedrive.state
        assert isinstance(state, PipedriveState)
        return state

    @property
    def google(self) -> GoogleState:
        state = self.sandbox.google.state
        assert isinstance(state, GoogleState)
        return state

    @property
    def first(self) -> sample.SampleAccount:
        return self.sample.accounts[0]

    def accounts_yaml(self) -> str:
        return sample.accounts_yaml(self.sample)

    def connections(self) -> dict[str, str]:
        """Airflow's two connections as environment variables. Call it once the sandbox is running."""
        made = sample.connections(self.sandbox.pipedrive, self.sandbox.google)
        return {f"AIRFLOW_CONN_{conn_id.upper()}": json.dumps(fields) for conn_id, fields in made.items()}

    def calendar_id(self, account: sample.SampleAccount) -> str | None:
        """The account's calendar; None while it does not exist yet."""
        if account.calendar == "primary":
            return account.email
        if isinstance(account.calendar, str):
            return account.calendar
        name = account.calendar["create"]
        mine = (each for each in self.google.calendars.values() if each.owner == account.email and each.summary == name)
        return next((each.id for each in mine), None)

    def activities(self, account: sample.SampleAccount) -> list[Row]:
        """Those of the account's user that are not deleted and have a date."""
        return [row for row in self.pipedrive.live_activities(account.user_id) if row["due_date"]]

    def events(self, account: sample.SampleAccount) -> list[Row]:
        """The live events of the account's calendar."""
        calendar_id = self.calendar_id(account)
        if calendar_id is None:
            return []
        return [event for event in self.google.events(calendar_id).values() if event["status"] != "cancelled"]


def activity_id(event: Row) -> int | None:
    """The activity that an event says it belongs to."""
    value = event.get("extendedProperties", {}).get("private", {}).get("calsyncActivityId")
    return None if value is None else int(value)


def work(company: Company) -> list[Edit]:
    """Let the first account's person do a bit of everything, on both sides."""
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


def _start(event: Row | None) -> datetime | None:
    text = (event or {}).get("start", {}).get("dateTime")
    return datetime.fromisoformat(text) if text else None


def _due(row: Row) -> datetime:
    return datetime.fromisoformat(f"{row['due_date']}T{row['due_time']}+00:00")


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
        lambda: ((_event_of(company, row["id"]) or {}).get("summary") or "").startswith(title),
    )  # fmt: skip


def _rename_activity(company: Company, row: Row) -> Edit:
    text = f"{row['subject']} (phone)"
    company.pipedrive.edit_activity(row["id"], subject=text)
    return Edit(
        company.first.user_name, "Pipedrive", f"{_named(row)} renamed to “{text}”",
        lambda: (_event_of(company, row["id"]) or {}).get("summary", "").endswith(text),
    )  # fmt: skip


def _move_activity(company: Company, row: Row) -> Edit:
    later = _due(row) + timedelta(days=1)
    company.pipedrive.edit_activity(row["id"], due_date=later.date().isoformat())
    return Edit(
        company.first.user_name, "Pipedrive", f"{_named(row)} moved to {later:%Y-%m-%d}",
        lambda: _start(_event_of(company, row["id"])) == later,
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
        lambda: any(
            row["due_time"] and row["subject"] == event["summary"] and _due(row) == start
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
    due = _due(row) + timedelta(hours=1)
    return Edit(
        company.first.user_name, "Google Calendar", f"{_named(row)} moved an hour later",
        lambda: _due(company.pipedrive.activities[row["id"]]) == due,
    )  # fmt: skip


def _retitle_event(company: Company, calendar_id: str, row: Row) -> Edit:
    event = _event_of(company, row["id"])
    assert event is not None
    text = f"{row['subject']}, with samples"
    company.google.edit_event(calendar_id, event["id"], summary=event["summary"].removesuffix(row["subject"]) + text)
    return Edit(
        company.first.user_name, "Google Calendar", f"{_named(row)}: “with samples” added to the title",
        lambda: company.pipedrive.activities[row["id"]]["subject"] == text,
    )  # fmt: skip


def _delete_event(company: Company, calendar_id: str, row: Row) -> Edit:
    event = _event_of(company, row["id"])
    assert event is not None
    company.google.delete_event(calendar_id, event["id"])
    return Edit(
        company.first.user_name, "Google Calendar", f"event of {_named(row)} deleted",
        lambda: bool(company.pipedrive.activities[row["id"]]["is_deleted"]),
    )  # fmt: skip
