"""The sample company: what the demo shows has to be there. Our own requirement, so no vendor is named."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
import yaml

from include.sandbox.google.state import GoogleState
from include.sandbox.pipedrive.state import PipedriveState
from include.sandbox.sample import Sample, accounts_yaml, connections, load
from include.sandbox.server import Sandbox

TODAY = date(2026, 11, 22)
Loaded = tuple[Sandbox, PipedriveState, GoogleState, Sample]


def loaded(sandbox: Sandbox, **options: Any) -> Loaded:
    pipedrive, google = sandbox.pipedrive.state, sandbox.google.state
    return sandbox, pipedrive, google, load(pipedrive, google, **{"today": TODAY, **options})


@pytest.fixture(scope="module")
def world() -> Iterator[Loaded]:
    with Sandbox() as sandbox:
        yield loaded(sandbox)


def test_sizes(world: Loaded) -> None:
    _, pipedrive, google, sample = world
    assert (len(pipedrive.users), len(pipedrive.persons), len(pipedrive.deals)) == (3, 60, 40)
    assert len(pipedrive.live_activities()) == len(pipedrive.activities) == 400
    assert len(pipedrive.organizations) >= 10
    assert len(pipedrive.leads) >= 3
    assert len({user["timezone_name"] for user in pipedrive.users.values()}) == 3
    assert {each.email for each in sample.accounts} == set(google.users)


def test_activities_are_spread_over_half_a_year_and_three_people(world: Loaded) -> None:
    _, pipedrive, _, _ = world
    dates = [date.fromisoformat(row["due_date"]) for row in pipedrive.activities.values() if row["due_date"]]
    assert all(abs((day - TODAY).days) <= 91 for day in dates)
    assert min(dates) < TODAY - timedelta(days=80)
    assert max(dates) > TODAY + timedelta(days=80)
    owners = Counter(row["owner_id"] for row in pipedrive.activities.values())
    assert min(owners.values()) > 80


def test_every_kind_of_activity_is_there(world: Loaded) -> None:
    _, pipedrive, _, _ = world
    rows = list(pipedrive.activities.values())
    kinds = {
        "done": [row for row in rows if row["done"]],
        "undated": [row for row in rows if not row["due_date"]],
        "untimed": [row for row in rows if row["due_date"] and not row["due_time"]],
        "without duration": [row for row in rows if row["due_time"] and not row["duration"]],
        "with a separator in the subject": [row for row in rows if " > " in row["subject"]],
        "with an HTML note": [row for row in rows if "<" in (row["note"] or "")],
        "of a lead": [row for row in rows if row["lead_id"]],
        "of nothing": [
            row for row in rows if not (row["deal_id"] or row["lead_id"] or row["person_id"] or row["org_id"])
        ],
        "with a place": [row for row in rows if row["location"]],
        "explicitly free": [row for row in rows if row["busy"] is False],
        "with busy unset": [row for row in rows if row["busy"] is None],
        "with umlauts": [row for row in rows if re.search("[äöüß]", row["subject"])],
    }
    assert {name: len(found) for name, found in kinds.items() if len(found) < 5} == {}
    assert {row["type"] for row in rows} == {"call", "meeting", "task", "deadline", "email", "lunch"}


def test_times_are_office_hours_where_the_owner_is(world: Loaded) -> None:
    _, pipedrive, _, _ = world
    for row in pipedrive.activities.values():
        if row["due_time"]:
            at = datetime.fromisoformat(f"{row['due_date']}T{row['due_time']}:00+00:00")
            zone = ZoneInfo(pipedrive.users[row["owner_id"]]["timezone_name"])
            assert 7 <= at.astimezone(zone).hour < 20


def test_people_miss_parts(world: Loaded) -> None:
    _, pipedrive, _, _ = world
    persons, deals = list(pipedrive.persons.values()), list(pipedrive.deals.values())
    for rows, name in (
        (persons, "emails"),
        (persons, "phones"),
        (persons, "org_id"),
        (deals, "person_id"),
        (deals, "org_id"),
    ):
        missing = [row for row in rows if not row[name]]
        assert 0 < len(missing) < len(rows) / 2


def test_nothing_counts_as_new(world: Loaded) -> None:
    _, pipedrive, google, _ = world
    yesterday = datetime(2026, 11, 21, tzinfo=UTC)
    for row in pipedrive.activities.values():
        assert row["add_time"] <= row["update_time"] < yesterday.isoformat()
    now = datetime.now(UTC)
    for email in google.users:
        for event in google.events(email).values():
            assert now - datetime.fromisoformat(event["updated"]) > timedelta(days=1)
    assert google.mails == []


def test_calendars_hold_what_a_sync_must_leave_alone(world: Loaded) -> None:
    _, _, google, _ = world
    for email in google.users:
        events = list(google.events(email).values())
        found = {
            "private": [e for e in events if e.get("visibility") == "private"],
            "all-day": [e for e in events if "date" in e.get("start", {})],
            "series": [e for e in events if "recurrence" in e],
            "moved occurrence": [e for e in events if "recurringEventId" in e and e["status"] == "confirmed"],
            "cancelled occurrence": [e for e in events if "recurringEventId" in e and e["status"] == "cancelled"],
            "foreign": [e for e in events if not e.get("organizer", {}).get("self")],
            "declined": [
                e for e in events for a in e.get("attendees", ()) if a.get("self") and a["responseStatus"] == "declined"
            ],
            "special": [e for e in events if e["eventType"] != "default"],
            "past": [e for e in events if "dateTime" in e["start"] and e["start"]["dateTime"] < TODAY.isoformat()],
        }
        assert [name for name, members in found.items() if not members] == []


def snapshot(world: Loaded) -> Any:
    _, pipedrive, google, _ = world
    contents = [pipedrive.activities, pipedrive.persons, pipedrive.organizations, pipedrive.deals, pipedrive.leads]
    kept = ("id", "summary", "start", "end", "status")
    calendars = {
        email: [[e.get(name) for name in kept] for e in google.events(email).values()] for email in google.users
    }
    return contents, calendars


def test_same_seed_same_company(world: Loaded) -> None:
    again, other = loaded(Sandbox()), loaded(Sandbox(), seed=8)
    assert snapshot(again) == snapshot(world)
    assert again[3] == world[3]
    assert snapshot(other)[0] != snapshot(world)[0]


def test_accounts_file(world: Loaded) -> None:
    _, pipedrive, _, sample = world
    accounts = yaml.safe_load(accounts_yaml(sample))["accounts"]
    assert [each["name"] for each in accounts] == ["anna", "ben", "asha"]
    emails = {user["email"] for user in pipedrive.users.values()}
    assert {each["pipedrive_user"] for each in accounts} == {each["google_user"] for each in accounts} == emails
    calendars = [each["calendar"] for each in accounts]
    assert "primary" in calendars
    assert {"create": "Pipedrive"} in calendars
    fewer = yaml.safe_load(accounts_yaml(sample, but=["ben"]))["accounts"]
    assert fewer == [each for each in accounts if each["name"] != "ben"]


def test_connections_open_both_services(world: Loaded) -> None:
    sandbox, _, _, _ = world
    made = connections(sandbox.pipedrive, sandbox.google)
    connection = made["pipedrive_default"]
    answer = requests.get(
        f"{connection['host']}/v1/users/me", headers={"x-api-token": connection["password"]}, timeout=10
    )
    assert answer.json()["data"]["email"] == "anna@acme.example"
    extra = made["google_calendar_default"]["extra"]
    assert extra["api_endpoint"] == sandbox.google.url
    assert extra["keyfile_dict"]["token_uri"].startswith(sandbox.google.url)
