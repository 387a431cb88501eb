"""Raw objects to views and back, for what the services really send, and for poison."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.calsync.core.fields import (
    activity_body,
    activity_view,
    context_block,
    event_body,
    event_view,
    has_guests,
    is_foreign,
    unsupported,
    without_nulls,
)
from include.calsync.core.model import ActivityView, Context, EventView, When
from include.calsync.core.text import compose, plain, typed_part

NINE = datetime(2026, 11, 25, 9, tzinfo=UTC)
HOUR, HALF_HOUR = timedelta(hours=1), timedelta(minutes=30)
ACTIVITY: dict[str, Any] = {
    "id": 1,
    "subject": " Demo\tcall ",
    "type": "meeting",
    "owner_id": 11,
    "deal_id": 500,
    "lead_id": None,
    "person_id": 7,
    "org_id": 9,
    "due_date": "2026-11-25",
    "due_time": "09:00:00",
    "duration": "01:00:00",
    "busy": None,
    "done": False,
    "location": {"value": "Hauptstr. 1, Berlin", "country": "Germany"},
    "public_description": "<p>Agenda &amp; more</p>",
    "note": "<p>internal</p>",
    "priority": None,
    "surprise": {"new": ["field"]},
}
EVENT: dict[str, Any] = {
    "kind": "calendar#event",
    "id": "abc",
    "status": "confirmed",
    "summary": "Demo call",
    "description": "Agenda<br>more",
    "location": "Berlin",
    "organizer": {"email": "anna@acme.example", "self": True},
    "start": {"dateTime": "2026-11-25T10:00:00+01:00", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2026-11-25T11:00:00+01:00", "timeZone": "Europe/Berlin"},
}


def test_activity_view() -> None:
    context = Context(deal="Big deal")
    assert activity_view(ACTIVITY, context) == ActivityView(
        subject="Demo call",
        when=When(start=NINE, duration=HOUR),
        place="Hauptstr. 1, Berlin",
        description="Agenda & more",
        busy=True,
        done=False,
        type="meeting",
        owner_id=11,
        refs=("500", "7", "9"),
        note="internal",
        context=context,
    )


def test_an_empty_activity() -> None:
    empty = ActivityView(subject="", when=None, place="", description="", busy=False)
    assert activity_view({}, Context()) == empty
    assert activity_view(dict.fromkeys(ACTIVITY), Context()) == empty
    assert activity_view(dict.fromkeys(ACTIVITY, ""), Context()) == empty


@pytest.mark.parametrize(
    ("changed", "busy"),
    [
        ({}, True),
        ({"due_time": None}, False),
        ({"due_time": ""}, False),
        ({"busy": False}, False),
        ({"busy": True, "due_time": None}, True),
        ({"busy": 0}, False),
        ({"due_date": None}, False),
    ],
)
def test_effective_busy(changed: dict[str, Any], busy: bool) -> None:
    assert activity_view({**ACTIVITY, **changed}, Context()).busy is busy


@pytest.mark.parametrize(
    ("location", "place"),
    [(None, ""), ("", ""), ("A\n B", "A B"), ({"value": None}, ""), ({"formatted_address": "C"}, "C"), ({}, "")],
)
def test_place(location: Any, place: str) -> None:
    assert activity_view({"location": location}, Context()).place == place


@pytest.mark.parametrize(
    ("changed", "refs"),
    [
        ({"deal_id": None, "lead_id": "0f-uuid"}, ("0f-uuid", "7", "9")),
        ({"person_id": None, "participants": [{"person_id": 3}, {"person_id": 8, "primary": True}]}, ("500", "8", "9")),
        ({"person_id": None, "participants": [{"person_id": 8, "primary_flag": True}]}, ("500", "8", "9")),
        ({"person_id": None, "participants": None, "org_id": ""}, ("500", "", "")),
        ({"deal_id": 2**60 + 1}, (str(2**60 + 1), "7", "9")),
    ],
)
def test_refs(changed: dict[str, Any], refs: tuple[str, str, str]) -> None:
    assert activity_view({**ACTIVITY, **changed}, Context()).refs == refs


@pytest.mark.parametrize(
    ("owner", "number"), [(None, 0), ("007", 7), (2**60 + 1, 2**60 + 1), ("x", 0), ({}, 0), (True, 0)]
)
def test_owner(owner: Any, number: int) -> None:
    assert activity_view({"owner_id": owner}, Context()).owner_id == number


def test_event_view() -> None:
    assert event_view(EVENT) == EventView(
        title="Demo call",
        when=When(start=NINE, duration=HOUR),
        place="Berlin",
        description="Agenda\nmore",
        busy=True,
    )
    bare = event_view({"id": "x", "start": {"date": "2026-11-25"}, "end": {"date": "2026-11-26"}})
    assert bare == EventView(title="", when=When(day=date(2026, 11, 25)), place="", description="", busy=True)
    assert event_view({**EVENT, "transparency": "transparent"}).busy is False
    assert event_view({**EVENT, "transparency": "opaque"}).busy is True


@pytest.mark.parametrize("raw", [{"due_date": "soon"}, {"due_date": "2026-11-25", "due_time": "25:00"}])
def test_activities_with_nonsense_times_are_refused(raw: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"not a|no such"):
        activity_view(raw, Context())


@pytest.mark.parametrize("raw", [{}, {"start": None, "end": None}, {**EVENT, "end": {"date": "2026-11-25"}}])
def test_events_with_nonsense_times_are_refused(raw: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        event_view(raw)


POISON: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        "",
        "\ud800",
        "a\x00b",
        "😀",
        "\u202eשלום",
        "x" * 100_000,
        "<script>x",
        "<b",
        7,
        -1,
        2**70,
        True,
        1.5,
        [],
        {},
    ]
)


@given(raw=st.dictionaries(st.sampled_from(sorted(set(ACTIVITY) - {"due_date", "due_time", "duration"})), POISON))
def test_poisoned_activities_make_clean_views(raw: dict[str, Any]) -> None:
    view = activity_view({**ACTIVITY, **raw}, Context(deal="\ud800\x00", person=" A\nB "))
    assert (view.context.deal, view.context.person) == ("\ufffd", "A B")
    json.dumps(view.to_json(), ensure_ascii=False).encode("utf-8")
    assert "\x00" not in json.dumps(view.to_json(), ensure_ascii=False)
    assert ActivityView.from_json(json.loads(json.dumps(view.to_json()))) == view
    json.dumps(context_block(view, include_note=True), ensure_ascii=False).encode("utf-8")


@given(raw=st.dictionaries(st.sampled_from(["summary", "description", "location", "transparency", "extra"]), POISON))
def test_poisoned_events_make_clean_views(raw: dict[str, Any]) -> None:
    view = event_view({**EVENT, **raw})
    json.dumps(view.to_json(), ensure_ascii=False).encode("utf-8")
    assert EventView.from_json(json.loads(json.dumps(view.to_json()))) == view


@given(
    raw=st.dictionaries(st.sampled_from(["recurrence", "eventType", "attendees", "organizer", "visibility"]), POISON)
)
def test_poisoned_events_are_judged(raw: dict[str, Any]) -> None:
    assert unsupported({**EVENT, **raw}) in {None, "series", "event_type"}


@given(when=POISON, field=st.sampled_from(["due_date", "due_time", "duration"]))
def test_poisoned_times_raise_value_errors_only(when: Any, field: str) -> None:
    with contextlib.suppress(ValueError):
        activity_view({**ACTIVITY, field: when}, Context())
    with contextlib.suppress(ValueError):
        event_view({**EVENT, "start": when, "end": {field: when, "dateTime": when}})


def test_activity_body() -> None:
    changes = {
        "subject": "a\ud800",
        "when": When(start=NINE, duration=HOUR),
        "place": "Berlin",
        "description": "x\x00y",
        "busy": False,
        "done": True,
        "type": "call",
        "owner_id": 12,
    }
    body = {
        "subject": "a\ufffd",
        "due_date": "2026-11-25",
        "due_time": "09:00",
        "duration": "01:00",
        "location": {"value": "Berlin"},
        "public_description": "xy",
        "busy": False,
        "done": True,
        "type": "call",
        "owner_id": 12,
    }
    assert activity_body(changes) == body
    view = activity_view(body, Context())
    assert {name: getattr(view, name) for name in changes} == {**changes, "subject": "a\ufffd", "description": "xy"}


def test_activity_body_clears() -> None:
    assert activity_body({"when": None, "place": "", "description": ""}) == {
        "due_date": None,
        "due_time": None,
        "duration": None,
        "location": None,
        "public_description": "",
    }
    assert activity_body({}) == {}


def test_event_body() -> None:
    changes = {"title": "t", "when": When(start=NINE), "place": "p", "description": "d", "busy": False}
    body = event_body(changes, zone="Europe/Berlin", default_duration=HALF_HOUR)
    assert body == {
        "summary": "t",
        "start": {"date": None, "dateTime": "2026-11-25T10:00:00+01:00", "timeZone": "Europe/Berlin"},
        "end": {"date": None, "dateTime": "2026-11-25T10:30:00+01:00", "timeZone": "Europe/Berlin"},
        "location": "p",
        "description": "d",
        "transparency": "transparent",
    }
    assert without_nulls(body)["start"] == {"dateTime": "2026-11-25T10:00:00+01:00", "timeZone": "Europe/Berlin"}
    view = event_view(body)
    assert view == EventView(
        title="t", when=When(start=NINE, duration=HALF_HOUR), place="p", description="d", busy=False
    )


def test_unknown_fields_are_defects() -> None:
    with pytest.raises(KeyError):
        activity_body({"titel": "x"})
    with pytest.raises(KeyError):
        event_body({"titel": "x"}, zone="UTC", default_duration=HALF_HOUR)


def view_of(context: Context, note: str = "") -> ActivityView:
    return ActivityView(subject="s", when=None, place="", description="", busy=False, note=note, context=context)


def test_context_block() -> None:
    context = Context(
        "Big\ndeal", "Anna", "Acme & <b>", "+49 30 1", "a@acme.example", "https://acme.example/activities/1"
    )
    view = view_of(context, note=plain("<p>first</p><p>5 &lt; 6</p>"))
    assert context_block(view, include_note=True).split("\n") == [
        "Deal: Big deal",
        "Contact: Anna",
        "Phone: +49 30 1",
        "E-mail: a@acme.example",
        "Organization: Acme & &lt;b>",
        "Note: first",
        "5 < 6",
        "Link: https://acme.example/activities/1",
    ]
    assert "first" not in context_block(view, include_note=False)
    assert context_block(view_of(Context()), include_note=True) == ""


NAMES = st.text(st.sampled_from("<b> &amp;\"='\n:"), max_size=8)


@given(st.builds(Context, deal=NAMES, person=NAMES, organization=NAMES), NAMES, NAMES)
def test_context_blocks_are_canonical_and_come_out_again(context: Context, note: str, typed: str) -> None:
    block = context_block(view_of(context, note=plain(note)), include_note=True)
    assert plain(block) == block
    assert plain(typed_part(compose(typed, block), [block])) == plain(typed)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, None),
        ({"organizer": None}, None),
        ({"organizer": {}}, None),
        ({"organizer": {"email": "c@group.calendar.google.com", "self": True}}, None),
        ({"organizer": {"email": "C@group.calendar.google.com"}}, None),
        ({"organizer": {"email": "bob@acme.example"}}, None),
        ({"locked": True}, None),
        ({"recurrence": ["RRULE:FREQ=DAILY"]}, "series"),
        ({"recurrence": []}, None),
        ({"recurringEventId": "abc"}, None),
        ({"eventType": "default"}, None),
        ({"eventType": "outOfOffice"}, "event_type"),
        ({"eventType": "somethingNew"}, "event_type"),
        ({"attendees": []}, None),
        ({"attendees": [{"email": "anna@acme.example", "self": True, "organizer": True}]}, None),
        ({"attendees": [{"email": "room@resource.calendar.google.com", "resource": True}]}, None),
        ({"attendees": [{"email": "bob@acme.example"}]}, None),
        ({"attendeesOmitted": True}, None),
        ({"visibility": "private"}, None),
        ({"visibility": "public"}, None),
    ],
)
def test_unsupported(changed: dict[str, Any], reason: str | None) -> None:
    assert unsupported({**EVENT, **changed}) == reason


def test_guests_and_organizer_apart() -> None:
    invited = {"organizer": {"email": "bob@acme.example"}, "attendees": [{"email": "anna@acme.example", "self": True}]}
    assert not has_guests(invited)
    assert is_foreign(invited)
    assert unsupported(invited) is None
