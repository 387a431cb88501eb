"""The sample company: Acme, with three people in three time zones, on both services.

The same `seed` and day make the same company. It is loaded as people would have made it, through the public methods of
both states, and a while ago: nothing in it counts as new.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from include.sandbox import sample_names as names
from include.sandbox.base import Service
from include.sandbox.google.state import GoogleState
from include.sandbox.pipedrive.state import PipedriveState
from include.sandbox.sample_calendars import fill_calendars

PERSON_COUNT = 60
DEAL_COUNT = 40
ACTIVITY_COUNT = 400
SPAN_DAYS = 90
LATEST_EDIT_DAYS = 2

TYPE_WEIGHTS = {"call": 30, "meeting": 35, "task": 18, "deadline": 5, "email": 8, "lunch": 4}
DURATIONS = ("00:15", "00:30", "00:30", "00:45", "01:00", "01:00", "01:30", "02:00", "08:00", "00:00", None, None)


@dataclass(frozen=True)
class SampleAccount:
    """One pair of a Pipedrive user and a Google calendar. `calendar` is as in the accounts file."""

    name: str
    email: str
    user_name: str
    time_zone: str
    user_id: int
    calendar: str | dict[str, str]
    settings: dict[str, Any]


@dataclass(frozen=True)
class Sample:
    seed: int
    today: date
    accounts: tuple[SampleAccount, ...]


PEOPLE: tuple[tuple[str, str, str, str | dict[str, str], dict[str, Any]], ...] = (
    ("anna", "Anna Müller", "Europe/Berlin", "primary", {"include_note": True}),
    ("ben", "Ben Carter", "America/New_York", {"create": "Pipedrive"}, {"default_duration_minutes": 45}),
    ("asha", "Asha Gurung", "Asia/Kathmandu", "primary", {"mode": "pipedrive_only"}),
)


def load(pipedrive: PipedriveState, google: GoogleState, *, seed: int = 7, today: date) -> Sample:
    """Fill two empty states. `today` is the middle of the 180 days that the activities lie in."""
    draw = random.Random(seed)
    pipedrive.company(id=4711, name="Acme GmbH", domain="acme")
    accounts = tuple(_account(pipedrive, *person) for person in PEOPLE)
    _Company(pipedrive, draw, accounts, today).fill()
    fill_calendars(google, [(each.email, each.user_name, each.time_zone) for each in accounts], today)
    return Sample(seed, today, accounts)


def accounts_yaml(sample: Sample, *, but: Collection[str] = ()) -> str:
    """The accounts file of the sample company. `but`: names of accounts that are not in it."""
    accounts = [
        {"name": each.name, "pipedrive_user": each.email, "google_user": each.email, "calendar": each.calendar}
        | {"time_zone": each.time_zone}
        | each.settings
        for each in sample.accounts
        if each.name not in but
    ]
    return yaml.safe_dump({"accounts": accounts}, allow_unicode=True, sort_keys=False)


def connections(pipedrive: Service, google: Service) -> dict[str, dict[str, Any]]:
    """The default connections to both running services in Airflow's JSON form: an admin's token, a key file."""
    state: PipedriveState = pipedrive.state
    token = state.token_for(next(iter(state.users)))
    extra = {"keyfile_dict": google.state.service_account_key(), "delegate": True, "api_endpoint": google.url}
    return {
        "pipedrive_default": {"conn_type": "pipedrive", "host": pipedrive.url, "password": token},
        "google_calendar_default": {"conn_type": "google_calendar", "extra": extra},
    }


def _account(
    pipedrive: PipedriveState,
    name: str,
    user_name: str,
    zone: str,
    calendar: str | dict[str, str],
    settings: dict[str, Any],
) -> SampleAccount:
    email = f"{name}@acme.example"
    user = pipedrive.add_user(user_name, email, zone)
    return SampleAccount(name, email, user_name, zone, user["id"], calendar, settings)


class _Company:
    """Draws the Pipedrive half."""

    def __init__(
        self, state: PipedriveState, draw: random.Random, accounts: tuple[SampleAccount, ...], today: date
    ) -> None:
        self.state = state
        self.draw = draw
        self.accounts = accounts
        self.today = today

    def fill(self) -> None:
        self.orgs = [self._organization(*each) for each in names.ORGANIZATIONS]
        self.persons = [self._person(name) for name in names.PERSONS[:PERSON_COUNT]]
        self.deals = [self._deal(title) for title in names.DEALS[:DEAL_COUNT]]
        self.leads = [self._lead(title) for title in names.LEADS]
        for number in range(ACTIVITY_COUNT):
            self._activity(number)

    def _organization(self, name: str, address: str | None) -> int:
        at = self._ago(200, 400)
        return int(self.state.add_organization(name, address=address, owner_id=self._owner().user_id, at=at)["id"])

    def _person(self, name: str) -> int:
        """One in six has no e-mail, one in four no phone, one in five no organization."""
        draw = self.draw
        local = "".join(letter for letter in name.lower().replace(" ", ".") if letter.isascii() and letter not in "'")
        email = f"{local}@kunde.example" if draw.random() > 1 / 6 else None
        phone = f"+49 30 5550{draw.randrange(1000, 9999)}" if draw.random() > 1 / 4 else None
        org = draw.choice(self.orgs) if draw.random() > 1 / 5 else None
        owner = self._owner().user_id
        row = self.state.add_person(name, email=email, phone=phone, org_id=org, owner_id=owner, at=self._ago(150, 380))
        return int(row["id"])

    def _deal(self, title: str) -> int:
        """One in eight has no person, one in eight no organization."""
        draw = self.draw
        person = draw.choice(self.persons) if draw.random() > 1 / 8 else None
        org = draw.choice(self.orgs) if draw.random() > 1 / 8 else None
        value, owner = draw.randrange(5, 900) * 100, self._owner().user_id
        at = self._ago(95, 150)
        return int(self.state.add_deal(title, person_id=person, org_id=org, owner_id=owner, value=value, at=at)["id"])

    def _lead(self, title: str) -> str:
        person = self.draw.choice(self.persons)
        return str(
            self.state.add_lead(title, person_id=person, owner_id=self._owner().user_id, at=self._ago(5, 90))["id"]
        )

    def _activity(self, number: int) -> None:
        draw, owner = self.draw, self._owner()
        kind = draw.choices(list(TYPE_WEIGHTS), list(TYPE_WEIGHTS.values()))[0]
        day = self._workday()
        fields = {**self._when(number, day, owner), **self._links(number), **self._texts()}
        self.state.add_activity(
            draw.choice(names.SUBJECTS[kind]),
            type=kind,
            owner_id=owner.user_id,
            done=day < self.today and draw.random() < 0.8,
            busy=draw.choices((None, True, False), (7, 2, 1))[0],
            at=min(datetime.combine(day, time(8), UTC), self._ago(LATEST_EDIT_DAYS, 30))
            - timedelta(days=draw.randrange(9)),
            **fields,
        )

    def _when(self, number: int, day: date, owner: SampleAccount) -> dict[str, Any]:
        """One in twenty has no date, one in seven no time. Times are made in the owner's zone and kept in UTC."""
        draw = self.draw
        if number % 20 == 3:
            return {}
        if number % 7 == 5:
            return {"due_date": day.isoformat()}
        local = datetime.combine(day, time(draw.randrange(7, 20), draw.choice((0, 0, 15, 30, 30, 45))))
        at = local.replace(tzinfo=ZoneInfo(owner.time_zone)).astimezone(UTC)
        return {
            "due_date": at.date().isoformat(),
            "due_time": at.strftime("%H:%M"),
            "duration": draw.choice(DURATIONS),
        }

    def _links(self, number: int) -> dict[str, Any]:
        """Deal with its contacts, a lead, only a person, only an organization, or nothing."""
        draw = self.draw
        match draw.choices(("deal", "lead", "person", "organization", "nothing"), (60, 5, 15, 10, 10))[0]:
            case "deal":
                deal = self.state.deals[draw.choice(self.deals)]
                person = {"person_id": deal["person_id"]} if deal["person_id"] else {}
                return {"deal_id": deal["id"], "org_id": deal["org_id"], **person}
            case "lead":
                return {"lead_id": draw.choice(self.leads)}
            case "person":
                return {"person_id": draw.choice(self.persons)}
            case "organization":
                return {"org_id": draw.choice(self.orgs)}
        return {}

    def _texts(self) -> dict[str, Any]:
        draw = self.draw
        return {
            "note": draw.choice(names.NOTES) if draw.random() < 0.4 else None,
            "public_description": draw.choice(names.DESCRIPTIONS) if draw.random() < 0.3 else None,
            "location": draw.choice(names.PLACES) if draw.random() < 0.35 else None,
        }

    def _owner(self) -> SampleAccount:
        return self.draw.choice(self.accounts)

    def _workday(self) -> date:
        """Within the span, mostly Monday to Friday."""
        day = self.today + timedelta(days=self.draw.randint(-SPAN_DAYS, SPAN_DAYS))
        if day.weekday() > 4 and self.draw.random() < 0.9:
            return day - timedelta(days=2) if day - timedelta(days=2) >= self.today - timedelta(days=SPAN_DAYS) else day
        return day

    def _ago(self, least: int, most: int) -> datetime:
        """A moment so many days before today."""
        days, minute = self.draw.randint(least, most), self.draw.randrange(8 * 60, 17 * 60)
        return datetime.combine(self.today, time(), UTC) - timedelta(days=days) + timedelta(minutes=minute)
