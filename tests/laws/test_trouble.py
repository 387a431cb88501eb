"""The sandbox's troubles are what their names say, as far as nothing else tests them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from include.sandbox.faults import Fault
from include.sandbox.server import Sandbox
from tests.laws.company import Company
from tests.laws.trouble import TROUBLES, calm


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    with Sandbox(seed=1) as sandbox:
        made = Company(sandbox, tmp_path, f"sqlite:///{tmp_path / 'calsync.db'}", limited=False)
        yield made
        made.engine.dispose()


def activities(company: Company, **query: str) -> list[int]:
    answer = requests.get(
        f"{company.sandbox.pipedrive.url}/api/v2/activities",
        params=query,
        headers={"x-api-token": company.tokens["pipedrive_default"]},
    )
    return [row["id"] for row in answer.json()["data"]]


def events(company: Company, token: str | None = None) -> tuple[list[str], str]:
    listing = (
        company.services()
        .google("google_calendar_default", "anna@acme.example")
        .list_events(company.calendar, sync_token=token)
    )
    found = [event["id"] for page in listing.pages() for event in page]
    return found, str(listing.next_sync_token)


def test_a_late_listing_of_activities_shows_them_later(company: Company) -> None:
    early = company.activity("Early")["id"]
    company.pass_time(60)
    late = company.activity("Late")["id"]
    TROUBLES["both: listings late"].arm(company.sandbox, 1, 1)
    assert activities(company) == [early]
    company.pass_time(60)
    assert activities(company) == [early, late]
    company.pipedrive.edit_activity(early, subject="Edited")
    assert activities(company, ids=f"{early},{late}") == [late]
    calm(company.sandbox)
    assert activities(company) == [early, late]


def test_a_late_listing_of_events_gives_a_token_that_brings_them(company: Company) -> None:
    early = company.event("Early")["id"]
    company.pass_time(60)
    late = company.event("Late")["id"]
    TROUBLES["both: listings late"].arm(company.sandbox, 1, 1)
    found, token = events(company)
    assert found == [early]
    company.pass_time(60)
    assert events(company, token)[0] == [late]


def test_items_that_come_twice(company: Company) -> None:
    number = company.activity("Call")["id"]
    company.sandbox.pipedrive.faults.add(Fault("repeat"))
    assert activities(company) == [number, number]
    event = company.event("Lunch")["id"]
    company.sandbox.google.faults.add(Fault("repeat", path="/events$"))
    assert events(company)[0] == [event, event]
