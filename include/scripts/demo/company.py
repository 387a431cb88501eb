"""The sandbox with the sample company, and what its accounts hold."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

from include.sandbox import sample
from include.sandbox.google.state import GoogleState
from include.sandbox.pages import install
from include.sandbox.pipedrive.state import PipedriveState
from include.sandbox.server import Sandbox

Row = dict[str, Any]
BACK_DAYS, AHEAD_DAYS = 30, 365
"""How far around today occurrences of series are synced."""


class Load(Protocol):
    """Fills two empty states, and says with whom."""

    def __call__(self, pipedrive: PipedriveState, google: GoogleState, *, today: date) -> sample.Sample: ...


@dataclass(frozen=True)
class Edit:
    """What one person did, and what becomes of it on the other side; `arrived` says whether it has."""

    person: str
    where: str
    what: str
    becomes: str
    arrived: Callable[[], bool]


class Company:
    """Acme on both services, in this process. `load` fills both as people would have; default: the sample company.

    `left`: names of accounts that no file provisions: a person adds them on the page.
    """

    def __init__(
        self,
        pipedrive_port: int,
        google_port: int,
        load: Load = sample.load,
        *,
        latency_s: float = 0.0,
        left: Collection[str] = (),
    ) -> None:
        self.sandbox = Sandbox(pipedrive_port=pipedrive_port, google_port=google_port, latency_s=latency_s, seed=7)
        install(self.sandbox.pipedrive, self.sandbox.google)
        self.sample = load(self.pipedrive, self.google, today=datetime.now(UTC).date())
        self.accounts = [each for each in self.sample.accounts if each.name not in left]
        """Those of the file."""
        self.left = [each for each in self.sample.accounts if each.name in left]

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
        return sample.accounts_yaml(self.sample, but=[each.name for each in self.left])

    def connections(self) -> dict[str, dict[str, Any]]:
        """Airflow's two service connections by id, in its JSON form. Call it once the sandbox is running."""
        return sample.connections(self.sandbox.pipedrive, self.sandbox.google)

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
        """The live events of the account's calendar; of a series itself, and each occurrence that was touched."""
        calendar_id = self.calendar_id(account)
        if calendar_id is None:
            return []
        return [event for event in self.google.events(calendar_id).values() if event["status"] != "cancelled"]

    def occurrences(self, account: sample.SampleAccount) -> list[Row]:
        """The same without series: they stand with each occurrence that a sync reads."""
        events = self.events(account)
        series = [event for event in events if "recurrence" in event]
        single = [event for event in events if not ({"recurrence", "recurringEventId"} & event.keys())]
        first, last = (self.sample.today + timedelta(days=days) for days in (-BACK_DAYS, AHEAD_DAYS))
        for each in series:
            found = self.google.instances(self.calendar_id(account) or "", each["id"])
            single += [event for event in found if first < day_of(event) < last]
        return single


def day_of(event: Row) -> date:
    """The day an event begins on, where it is."""
    return date.fromisoformat((event["start"].get("dateTime") or event["start"]["date"])[:10])


def activity_id(event: Row) -> int | None:
    """The activity that an event says it belongs to."""
    value = event.get("extendedProperties", {}).get("private", {}).get("calsyncActivityId")
    return None if value is None else int(value)


def start_of(event: Row | None) -> datetime | None:
    text = (event or {}).get("start", {}).get("dateTime")
    return datetime.fromisoformat(text) if text else None


def due_of(row: Row) -> datetime:
    return datetime.fromisoformat(f"{row['due_date']}T{row['due_time']}+00:00")
