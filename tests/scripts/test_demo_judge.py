"""The demo's judge sees every kind of difference, and none where there is none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from include.scripts.demo.company import Company
from include.scripts.demo.judge import differences

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
SOON = datetime.now(UTC) + timedelta(days=1)


class Pair:
    """Anna's only activity, with a partner event made by hand as a sync would make it."""

    def __init__(self) -> None:
        self.company = Company(0, 0)
        self.account = self.company.first
        for row in self.company.pipedrive.live_activities():
            self.company.pipedrive.purge_activity(row["id"])
        self.activity = self.company.pipedrive.add_activity(
            "Call Kim",
            owner_id=self.account.user_id,
            due_date="2026-12-01",
            due_time="09:00",
            duration="01:00",
            location="Room 2",
        )
        self.event = self.add_event()

    def add_event(self, **fields: Any) -> dict[str, Any]:
        start = datetime(2026, 12, 1, 9, tzinfo=UTC)
        marks = {"calsyncActivityId": str(self.activity["id"]), "calsyncOrigin": "pipedrive"}
        made = {
            "summary": "Deal > Call Kim",
            "start": start,
            "end": start + timedelta(hours=1),
            "location": "Room 2",
            "extendedProperties": {"private": marks},
        } | fields
        return self.company.google.add_event(self.account.email, **made)

    def edit_activity(self, **fields: Any) -> None:
        self.company.pipedrive.edit_activity(self.activity["id"], **fields)

    def edit_event(self, **fields: Any) -> None:
        self.company.google.edit_event(self.account.email, self.event["id"], **fields)

    def found(self, connected_at: datetime = SOON) -> list[str]:
        return differences(self.company, self.account, connected_at)


@pytest.fixture
def pair() -> Pair:
    return Pair()


def test_an_equal_pair_has_no_difference(pair: Pair) -> None:
    assert pair.found() == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda pair: pair.edit_activity(due_time="09:15"), "starts"),
        (lambda pair: pair.edit_activity(due_time=None, duration=None), "starts"),
        (lambda pair: pair.edit_activity(duration="02:00"), "long"),
        (lambda pair: pair.edit_activity(duration=None), "0:30:00 long"),
        (lambda pair: pair.edit_activity(subject="Call Kai"), "subject"),
        (lambda pair: pair.edit_activity(location="Room 3"), "place"),
        (lambda pair: pair.edit_event(location=""), "place"),
        (lambda pair: pair.edit_event(summary="Deal"), "subject"),
        (lambda pair: pair.company.pipedrive.delete_activity(pair.activity["id"]), "left over"),
        (lambda pair: pair.edit_activity(due_date=None, due_time=None), "left over"),
        (lambda pair: pair.company.google.delete_event(pair.account.email, pair.event["id"]), "has 0 events"),
        (lambda pair: pair.add_event(), "has 2 events"),
    ],
)
def test_a_difference_is_told(pair: Pair, change: Callable[[Pair], None], told: str) -> None:
    change(pair)
    assert any(told in line for line in pair.found())


def test_an_event_born_in_google_keeps_its_title_and_length(pair: Pair) -> None:
    marks = {"calsyncActivityId": str(pair.activity["id"]), "calsyncOrigin": "google"}
    pair.edit_event(summary="Call Kim", extendedProperties={"private": marks})
    pair.edit_activity(duration=None)
    assert pair.found() == []
    pair.edit_event(summary="Deal > Call Kim")
    assert ["subject" in line for line in pair.found()] == [True]


FAIR = {"email": "office@messe.example"}


def guests(answer: str) -> list[dict[str, Any]]:
    return [{**FAIR, "organizer": True}, {"email": "anna@acme.example", "responseStatus": answer}]


def test_only_events_touched_since_the_connection_must_have_an_activity(pair: Pair) -> None:
    before = pair.found(LONG_AGO)
    assert before, "the sample calendar has older events"
    mine: dict[str, Any] = {"extendedProperties": {"private": {}}}
    for fields in (
        {"summary": "Lunch"},
        {"visibility": "private"},
        {"attendees": [{"email": "kim@kunde.example"}]},
        {"organizer": FAIR, "attendees": guests("accepted")},
    ):
        event = pair.add_event(**mine, **fields)
        assert set(pair.found(LONG_AGO)) - set(before) == {f"anna: event {event['id']} has no activity"}
        pair.company.google.delete_event(pair.account.email, event["id"])
    pair.add_event(**mine, organizer=FAIR, attendees=guests("declined"))
    pair.add_event(**mine, eventType="focusTime")
    assert pair.found(LONG_AGO) == before


def test_an_event_of_somebody_else_is_compared_like_any_other(pair: Pair) -> None:
    marks = {"calsyncActivityId": str(pair.activity["id"]), "calsyncOrigin": "google"}
    pair.company.google.delete_event(pair.account.email, pair.event["id"])
    fields = {"summary": "Call Kim", "organizer": FAIR, "attendees": guests("accepted")}
    pair.add_event(**fields, extendedProperties={"private": marks})
    assert pair.found() == []
    pair.edit_activity(due_time="10:00")
    assert ["starts" in line for line in pair.found()] == [True]


def test_each_occurrence_of_a_series_is_known_by_its_title_and_time(pair: Pair) -> None:
    google, mail = pair.company.google, pair.account.email
    start = datetime.combine(pair.company.sample.today + timedelta(days=2), time(9), UTC)
    rule = ["RRULE:FREQ=WEEKLY;COUNT=3"]
    series = google.add_event(
        mail, summary="Weekly", start=start, recurrence=rule, updated=SOON + timedelta(minutes=1)
    )["id"]
    first, second, third = google.instances(mail, series)
    told = [f"anna: event {each['id']} has no activity" for each in (first, second, third)]
    assert pair.found(SOON) == told
    for week in range(3):
        day = (start + timedelta(weeks=week)).date().isoformat()
        pair.company.pipedrive.add_activity(
            "Weekly", owner_id=pair.account.user_id, due_date=day, due_time="09:00", duration="00:30"
        )
    assert pair.found(SOON) == []
    google.delete_event(mail, third["id"])
    assert ["has 0 events" in line for line in pair.found(SOON)] == [True]
    google.edit_event(mail, second["id"], start=start + timedelta(days=8), end=start + timedelta(days=8, hours=1))
    assert ["has 0 events" in line for line in pair.found(SOON)] == [True, True]


def test_a_meeting_in_two_calendars_has_one_activity(pair: Pair) -> None:
    google, other = pair.company.google, pair.company.sample.accounts[-1]
    google.edit_event(pair.account.email, pair.event["id"], attendees=[{"email": other.email}])
    assert pair.found(LONG_AGO) == Pair().found(LONG_AGO)
    assert differences(pair.company, other, LONG_AGO) == []
    own = pair.company.pipedrive.add_activity(
        "Call Kim", owner_id=other.user_id, due_date="2026-12-01", due_time="09:00", duration="01:00", location="Room 2"
    )
    marks = {"calsyncActivityId": str(own["id"]), "calsyncOrigin": "pipedrive"}
    google.edit_event(other.email, pair.event["id"], extendedProperties={"private": marks})
    for account in (pair.account, other):
        (line,) = differences(pair.company, account, SOON)
        assert "its copy in another calendar has one" in line


def test_a_private_event_tells_only_its_time(pair: Pair) -> None:
    marks = {"calsyncActivityId": str(pair.activity["id"]), "calsyncOrigin": "google"}
    pair.edit_event(summary="Salary", visibility="private", extendedProperties={"private": marks})
    assert ["tells" in line for line in pair.found()] == [True]
    pair.edit_activity(subject="Busy", location=None)
    assert pair.found() == []
    pair.edit_activity(due_time="11:00")
    assert ["starts" in line for line in pair.found()] == [True]
