"""The pages on which a person plays Google Calendar's user: our own requirement, so no vendor is named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from include.sandbox import pages
from include.sandbox.google.state import GoogleState
from include.sandbox.server import Sandbox

ME = "anna@acme.example"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        pages.install(running.pipedrive, running.google)
        running.google.clock.freeze(datetime(2026, 11, 22, 8, 0, tzinfo=UTC))
        running.google.state.add_user(ME, time_zone="Europe/Berlin")
        yield running


@pytest.fixture
def state(sandbox: Sandbox) -> GoogleState:
    assert isinstance(sandbox.google.state, GoogleState)
    return sandbox.google.state


def get(sandbox: Sandbox, path: str = "/_sandbox/", **query: str) -> requests.Response:
    return requests.get(sandbox.google.url + path, params=query, timeout=10)


def post(sandbox: Sandbox, **fields: str) -> requests.Response:
    return requests.post(f"{sandbox.google.url}/_sandbox/event", data={"calendar": ME, **fields}, timeout=10)


def only(state: GoogleState) -> dict[str, Any]:
    (event,) = state.events(ME).values()
    return event


def when(state: GoogleState) -> tuple[str, str]:
    event = only(state)
    start, end = (str(event[side].get("dateTime") or event[side]["date"]) for side in ("start", "end"))
    return start, end


def test_create_edit_delete_of_a_timed_event(sandbox: Sandbox, state: GoogleState) -> None:
    answer = post(
        sandbox, title="Ortstermin", start_date="2026-11-25", start_time="09:30", end_time="11:00", place="Bonn"
    )
    assert "Saved: Ortstermin" in answer.text
    event = only(state)
    assert (event["summary"], event["location"]) == ("Ortstermin", "Bonn")
    assert when(state) == ("2026-11-25T09:30:00+01:00", "2026-11-25T11:00:00+01:00")
    identity = str(event["id"])
    post(sandbox, id=identity, start_time="23:00")
    assert when(state) == ("2026-11-25T23:00:00+01:00", "2026-11-26T00:30:00+01:00")
    post(sandbox, id=identity, title="Neu", description="Zeile", busy="no")
    event = only(state)
    assert (event["summary"], event["description"], event["transparency"]) == ("Neu", "Zeile", "transparent")
    assert when(state)[0] == "2026-11-25T23:00:00+01:00"
    assert "Deleted: Neu" in post(sandbox, id=identity, action="delete").text
    assert only(state)["status"] == "cancelled"
    assert get(sandbox, "/_sandbox/event", calendar=ME, id=identity).status_code == 404
    assert state.mails == []
    assert sandbox.google.requests == []


def test_all_day_events_show_their_last_day(sandbox: Sandbox, state: GoogleState) -> None:
    post(sandbox, title="Messe", start_date="2026-11-25", end_date="2026-11-27")
    assert when(state) == ("2026-11-25", "2026-11-28")
    identity = str(only(state)["id"])
    page = get(sandbox, "/_sandbox/event", calendar=ME, id=identity).text
    assert 'name="end_date" value="2026-11-27"' in page
    post(sandbox, id=identity, start_date="2026-12-01")
    assert when(state) == ("2026-12-01", "2026-12-04")
    post(sandbox, id=identity, start_time="10:00")
    assert when(state) == ("2026-12-01T10:00:00+01:00", "2026-12-01T10:30:00+01:00")
    post(sandbox, id=identity, start_time="", end_date="2026-12-02")
    assert when(state) == ("2026-12-01", "2026-12-03")


def test_saving_an_unchanged_form_moves_nothing(sandbox: Sandbox, state: GoogleState) -> None:
    start, end = datetime(2026, 11, 25, 9, 0, 30, tzinfo=UTC), datetime(2026, 11, 25, 9, 45, 15, tzinfo=UTC)
    event = state.add_event(ME, summary="Genau", start=start, end=end)
    before = when(state)
    post(
        sandbox, id=event["id"], title="Genau", start_date="2026-11-25", start_time="10:00", end_date="2026-11-25",
        end_time="10:45", place="", description="", busy="yes",
    )  # fmt: skip
    assert when(state) == before


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"title": "x"}, "a start date is needed"),
        ({"start_date": "25.11.2026"}, "Dates must be"),
        ({"start_date": "2026-11-25", "start_time": "9 o'clock"}, "Dates must be"),
        ({"start_date": "2026-11-25", "end_date": "2026-11-24"}, "The end lies before the start"),
        ({"start_date": "2026-11-25", "start_time": "10:00", "end_time": "09:00"}, "The end lies before the start"),
    ],
)
def test_wrong_input_is_said_and_kept(sandbox: Sandbox, state: GoogleState, fields: dict[str, str], said: str) -> None:
    answer = post(sandbox, **{"place": "typed before", **fields})
    assert answer.status_code == 400
    assert said in answer.text
    assert "typed before" in answer.text
    assert state.events(ME) == {}


def test_list_names_what_is_particular(sandbox: Sandbox, state: GoogleState) -> None:
    state.add_user("ben@acme.example", time_zone="America/New_York")
    other = state.add_calendar(ME, "Pipedrive")
    start = datetime(2026, 11, 25, 9, tzinfo=UTC)
    state.add_event(ME, summary="weekly", start=start, recurrence=["RRULE:FREQ=WEEKLY"], visibility="private")
    state.add_event("ben@acme.example", summary="invited", start=start, attendees=[{"email": ME}])
    state.add_event(other, summary="elsewhere", start=start)
    state.add_event(ME, summary="gone by", start=datetime(2026, 11, 1, 9, tzinfo=UTC))
    page = get(sandbox).text
    assert "series, private" in page
    assert "organised by ben@acme.example, you: needsAction" in page
    assert "2026-11-25 10:00" in page
    assert "elsewhere" not in page
    assert "gone by" not in page
    assert "gone by" in get(sandbox, **{"from": "2026-10-30"}).text
    assert "elsewhere" in get(sandbox, calendar=other).text
    assert get(sandbox, "/").url.endswith("/_sandbox/")


def test_occurrences_of_a_series_are_listed_and_edited_one_by_one(sandbox: Sandbox, state: GoogleState) -> None:
    start = datetime(2026, 11, 4, 9, tzinfo=UTC)
    series = state.add_event(ME, summary="Weekly", start=start, recurrence=["RRULE:FREQ=WEEKLY"])["id"]
    coming = [each["id"] for each in state.instances(ME, series) if each["start"]["dateTime"] >= "2026-11-22"]
    page = get(sandbox).text
    assert page.count(">Weekly</a>") == 1 + 8, "the series, and each week of the eight"
    assert page.count("occurrence of a series") == 8
    assert all((f"id={each}" in page) == (number < 8) for number, each in enumerate(coming))
    assert "Saved: Extra long" in post(sandbox, id=coming[1], title="Extra long", start_time="15:00").text
    state.delete_event(ME, coming[2])
    page = get(sandbox).text
    assert "2026-12-02 15:00" in page
    assert (page.count(">Weekly</a>"), page.count(">Extra long</a>")) == (1 + 6, 1)
    assert "Occurrence of a series. Id" in get(sandbox, "/_sandbox/event", calendar=ME, id=coming[0]).text
    mark = {"private": {"calsyncActivityId": "7"}}
    paired = state.add_event(ME, summary="Call", start=start, extendedProperties=mark)["id"]
    assert "Linked to Pipedrive. Id" in get(sandbox, "/_sandbox/event", calendar=ME, id=paired).text
    assert get(sandbox, "/_sandbox/event", calendar=ME, id=coming[2]).status_code == 404
    assert get(sandbox, **{"from": "2026-11-31"}).status_code == 400


def test_texts_are_escaped_and_no_script_is_needed(sandbox: Sandbox, state: GoogleState) -> None:
    evil = "<script>alert(1)</script>\"'"
    state.add_calendar(ME, evil)
    event = state.add_event(ME, summary=evil, description=evil, location=evil, start=datetime(2026, 11, 25, tzinfo=UTC))
    for answer in (get(sandbox), get(sandbox, "/_sandbox/event", calendar=ME, id=event["id"])):
        assert answer.status_code == 200
        assert "<script" not in answer.text
        assert "&lt;script&gt;" in answer.text


def test_services_link_to_each_other(sandbox: Sandbox) -> None:
    assert f"{sandbox.pipedrive.url}/_sandbox/" in get(sandbox).text
    answer = requests.get(f"{sandbox.pipedrive.url}/_sandbox/", timeout=10)
    assert f"{sandbox.google.url}/_sandbox/" in answer.text
    assert "No users yet" in answer.text


def test_what_google_refuses_is_said(sandbox: Sandbox, state: GoogleState) -> None:
    event = state.add_event(ME, summary="x", start=datetime(2026, 11, 25, tzinfo=UTC), locked=True)
    answer = post(sandbox, id=event["id"], title="y")
    assert answer.status_code == 400
    assert "403 forbidden" in answer.text
    for query in ({"calendar": "nobody"}, {"calendar": ME, "id": "nothing"}):
        assert get(sandbox, "/_sandbox/event", **query).status_code == 404
