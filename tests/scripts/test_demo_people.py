"""What the demo's people do, before any sync: each kind of meeting, in a calendar that is synced."""

from __future__ import annotations

from typing import Any

import pytest

from include.scripts.demo.company import Company, Edit
from include.scripts.demo.meetings import meetings


@pytest.fixture(scope="module")
def made() -> tuple[Company, list[Edit], dict[str, list[dict[str, Any]]]]:
    """The edits, and by title the events that Anna's calendar got."""
    company = Company(0, 0)
    before = {event["id"] for event in company.events(company.first)}
    edits = meetings(company, company.first.email, company.sample.today)
    events: dict[str, list[dict[str, Any]]] = {}
    for event in company.occurrences(company.first):
        if event["id"] not in before and event.get("recurringEventId") not in before:
            events.setdefault(event["summary"], []).append(event)
    return company, edits, events


def test_nothing_has_arrived_before_a_sync(made: tuple[Company, list[Edit], Any]) -> None:
    _, edits, _ = made
    assert [edit.what for edit in edits if edit.arrived()] == [edits[-1].what], "a declined one never does"
    assert edits[-1].becomes == "nothing"


def test_every_kind_of_meeting_is_in_the_calendar(made: tuple[Company, Any, dict[str, list[dict[str, Any]]]]) -> None:
    company, _, events = made
    assert set(events) == {"Pipeline review", "Stand planning", "Offer workshop", "Salary talk", "Sponsors' evening"}
    weekly = events["Pipeline review"]
    moved = [event for event in weekly if event["start"]["dateTime"] != event["originalStartTime"]["dateTime"]]
    assert (len(weekly), len(moved)) == (5, 1)
    (foreign,), (declined,), (private,) = (events[t] for t in ("Stand planning", "Sponsors' evening", "Salary talk"))
    known = {each["value"] for person in company.pipedrive.persons.values() for each in person["emails"]}
    assert len(known & {guest["email"] for guest in foreign["attendees"]}) == 1
    assert not foreign["organizer"].get("self")
    assert [g["responseStatus"] for g in declined["attendees"] if g.get("self")] == ["declined"]
    assert private["visibility"] == "private"


def test_the_shared_meeting_is_in_both_calendars(made: tuple[Company, Any, dict[str, list[dict[str, Any]]]]) -> None:
    company, _, events = made
    ((own,), colleague) = events["Offer workshop"], company.sample.accounts[-1]
    copies = [event for event in company.events(colleague) if event["iCalUID"] == own["iCalUID"]]
    assert [copy["organizer"]["email"] for copy in copies] == [company.first.email]
    assert company.google.mails == []
