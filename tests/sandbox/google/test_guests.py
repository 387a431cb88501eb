"""Guests: copies, answers, rights, mails.

Sources: guides "Share events with attendees" and "Handle API errors"; reference, Events.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from include.sandbox.google.auth import SERVICE_ACCOUNT
from include.sandbox.google.state import GoogleState
from tests.sandbox.google.api import ANNA, BOB, EVE, TIMED, Api, event_path

GUESTS = {"attendees": [{"email": BOB}, {"email": EVE}]}


def told(state: GoogleState) -> list[tuple[str, str]]:
    return [(each.kind, each.to) for each in state.mails]


def test_a_guest_has_a_copy(anna: Api, bob: Api) -> None:
    """Guide: an event with guests appears in their primary calendars, with the same iCalUID."""
    made = anna.insert({"summary": "Talk", "location": "Room", "colorId": "3", **GUESTS})
    (copy,) = bob.page()["items"]
    same = ("iCalUID", "summary", "location", "status", "created", "sequence")
    assert {name: copy[name] for name in same} == {name: made[name] for name in same}
    assert copy["organizer"] == copy["creator"] == {"email": ANNA}
    assert copy["attendees"] == [
        {"email": BOB, "responseStatus": "needsAction", "self": True},
        {"email": EVE, "responseStatus": "needsAction"},
    ]
    assert "colorId" not in copy
    assert copy["etag"] != made["etag"]
    assert copy["start"]["dateTime"] == "2026-11-23T04:00:00-05:00"


def test_self_and_organizer_of_attendees(anna: Api) -> None:
    """Reference, Events: attendees[].organizer, attendees[].self: the calendar on which this copy appears."""
    made = anna.insert({"attendees": [{"email": ANNA, "responseStatus": "accepted"}, {"email": BOB}]})
    assert made["attendees"] == [
        {"email": ANNA, "responseStatus": "accepted", "self": True, "organizer": True},
        {"email": BOB, "responseStatus": "needsAction"},
    ]


def test_the_organizers_changes_reach_the_copies(anna: Api, bob: Api) -> None:
    made = anna.insert({"summary": "A", "extendedProperties": {"private": {"a": "1"}, "shared": {"s": "1"}}, **GUESTS})
    token = bob.page()["nextSyncToken"]
    bob.patch(made["id"], {"colorId": "4", "extendedProperties": {"private": {"b": "2"}}})
    anna.patch(made["id"], {"summary": "B", "end": {"dateTime": "2026-11-23T12:00:00+01:00"}})
    (copy,) = bob.page(syncToken=token)["items"]
    assert (copy["summary"], copy["colorId"], copy["sequence"]) == ("B", "4", 1)
    assert copy["extendedProperties"] == {"private": {"b": "2"}, "shared": {"s": "1"}}
    anna.delete(made["id"])
    (gone,) = bob.page(syncToken=token)["items"]
    assert gone["status"] == "cancelled"


def test_private_changes_stay(anna: Api, bob: Api) -> None:
    """Guide "Extended properties": private ones belong to one copy. Reminders and colour do too."""
    made = anna.insert(GUESTS)
    token = bob.page()["nextSyncToken"]
    anna.patch(made["id"], {"colorId": "4", "extendedProperties": {"private": {"a": "1"}},
                            "reminders": {"useDefault": False}, "transparency": "transparent"})  # fmt: skip
    assert bob.ids(syncToken=token) == []


def test_removed_and_added_guests(anna: Api, bob: Api, state: GoogleState) -> None:
    made = anna.insert(GUESTS)
    anna.patch(made["id"], {"attendees": [{"email": EVE}]})
    assert bob.ids() == []
    assert set(bob.get(made["id"])) <= {"kind", "etag", "id", "status", "updated"}
    anna.patch(made["id"], {"attendees": [{"email": EVE}, {"email": BOB}]})
    assert bob.get(made["id"])["status"] == "confirmed"


def test_an_answer_reaches_everybody(anna: Api, bob: Api) -> None:
    made = anna.insert(GUESTS)
    bob.patch(made["id"], {"attendees": [{"email": BOB, "responseStatus": "accepted", "comment": "Yes"}]})
    shown = anna.get(made["id"])["attendees"]
    assert shown[0] == {"email": BOB, "responseStatus": "accepted", "comment": "Yes"}
    assert [each["email"] for each in shown] == [BOB, EVE]
    assert bob.get(made["id"])["attendees"][1] == {"email": EVE, "responseStatus": "needsAction"}
    assert anna.get(made["id"])["etag"] != made["etag"]


def test_a_guests_own_text_stays_on_the_copy(anna: Api, bob: Api) -> None:
    made = anna.insert({"summary": "A", **GUESTS})
    assert bob.patch(made["id"], {"summary": "Mine"})["summary"] == "Mine"
    assert anna.get(made["id"])["summary"] == "A"


def test_a_guest_may_not_touch_guests_rights(anna: Api, bob: Api) -> None:
    """Guide "Handle API errors": 403 forbiddenForNonOrganizer; leaving them out of a PUT counts as the defaults."""
    made = anna.insert({"guestsCanInviteOthers": False, **GUESTS})
    path = event_path("primary", made["id"])
    error = bob.send("PATCH", path, {"guestsCanModify": True}).json()["error"]
    assert error["code"] == 403
    assert error["errors"][0] == {
        "domain": "calendar", "reason": "forbiddenForNonOrganizer",
        "message": "Shared properties can only be changed by the organizer of the event.",
    }  # fmt: skip
    assert bob.error("PUT", path, {**TIMED, **GUESTS}) == (403, "forbiddenForNonOrganizer")
    bob.update(made["id"], {**TIMED, **GUESTS, "guestsCanInviteOthers": False, "summary": "Mine"})


def test_guests_can_modify(anna: Api, bob: Api) -> None:
    """Reference, Events: guestsCanModify: attendees other than the organizer can modify the event."""
    made = anna.insert({"guestsCanModify": True, "summary": "A", **GUESTS})
    bob.patch(made["id"], {"summary": "B", "extendedProperties": {"private": {"b": "2"}}})
    assert anna.get(made["id"])["summary"] == "B"
    assert "extendedProperties" not in anna.get(made["id"])


def test_a_guest_deletes_the_own_copy_only(anna: Api, bob: Api) -> None:
    """Deleting an attendee's copy declines; the copy keeps its details (reference, Events: status)."""
    made = anna.insert({"summary": "A", **GUESTS})
    bob.delete(made["id"])
    assert anna.get(made["id"])["attendees"][0]["responseStatus"] == "declined"
    assert (bob.get(made["id"])["status"], bob.get(made["id"])["summary"]) == ("cancelled", "A")
    anna.patch(made["id"], {"summary": "B"})
    assert bob.ids() == []


def test_events_of_somebody_elsewhere(anna: Api, state: GoogleState) -> None:
    """Reference, Events: organizer.self is absent when this is an attendee's copy."""
    event_id = state.add_event(
        ANNA, summary="Pitch", organizer={"email": EVE}, creator={"email": EVE}, attendees=[{"email": ANNA}], **TIMED
    )["id"]
    shown = anna.get(event_id)
    assert shown["organizer"] == shown["creator"] == {"email": EVE}
    anna.patch(event_id, {"attendees": [{"email": ANNA, "responseStatus": "tentative"}]})
    assert anna.get(event_id)["attendees"] == [{"email": ANNA, "responseStatus": "tentative", "self": True}]
    assert told(state) == []


def test_locked_copies(anna: Api, state: GoogleState) -> None:
    """Reference, Events: locked: summary, description, location, start, end, recurrence cannot be changed."""
    event_id = state.add_event(ANNA, summary="A", locked=True, **TIMED)["id"]
    assert anna.error("PATCH", event_path("primary", event_id), {"summary": "B"}) == (403, "forbidden")
    assert anna.patch(event_id, {"colorId": "2"})["locked"] is True


def test_max_attendees(anna: Api) -> None:
    """Reference, Events.get: maxAttendees: with more, only the participant is returned."""
    made = anna.insert({"attendees": [{"email": ANNA}, {"email": BOB}, {"email": EVE}]})
    shown = anna.get(made["id"], maxAttendees=2)
    assert ([each["email"] for each in shown["attendees"]], shown["attendeesOmitted"]) == ([ANNA], True)
    assert len(anna.get(made["id"], maxAttendees=3)["attendees"]) == 3


def test_a_plain_service_account_may_not_invite(login: Callable[..., Api], state: GoogleState) -> None:
    """Reference, Events: attendees: service accounts need domain-wide delegation to populate the attendee list."""
    state.share(ANNA, SERVICE_ACCOUNT, "writer")
    plain = login(None)
    body = {**TIMED, **GUESTS}
    error = plain.send("POST", event_path(ANNA), body).json()["error"]
    assert (error["code"], error["errors"][0]["reason"]) == (403, "forbiddenForServiceAccounts")
    made = plain.insert(calendar=ANNA)
    assert plain.error("PATCH", event_path(ANNA, made["id"]), GUESTS) == (403, "forbiddenForServiceAccounts")
    invited = state.add_event(ANNA, **body)
    plain.patch(invited["id"], {"summary": "B"}, calendar=ANNA)
    assert state.event(ANNA, invited["id"])["attendees"][0]["email"] == BOB


def test_exceptions_of_a_series_reach_the_copies(anna: Api, bob: Api) -> None:
    series = anna.insert({**GUESTS, "recurrence": ["RRULE:FREQ=DAILY;COUNT=3"]})["id"]
    second = f"{series}_20261124T090000Z"
    anna.patch(second, {"summary": "B"})
    assert bob.get(second)["summary"] == "B"
    anna.delete(second)
    assert bob.get(second)["status"] == "cancelled"
    assert len(bob.ids(singleEvents=True)) == 2


def test_a_guest_of_some_occurrences(anna: Api, bob: Api) -> None:
    """Each occurrence has guests of its own, whatever its series says."""
    series = anna.insert({**GUESTS, "recurrence": ["RRULE:FREQ=DAILY;COUNT=3"]})["id"]
    first, second, third = (f"{series}_202611{day}T090000Z" for day in (23, 24, 25))
    anna.patch(second, {"attendees": [{"email": EVE}]})
    assert sorted(bob.ids(singleEvents=True)) == [first, third]
    assert bob.get(second)["status"] == "cancelled"
    anna.patch(second, GUESTS)
    assert sorted(bob.ids(singleEvents=True)) == [first, second, third]
    anna.patch(series, {"attendees": [{"email": EVE}]})
    assert bob.ids(singleEvents=True) == []


# ---- mails


@pytest.mark.parametrize(
    ("query", "invited"),
    [
        ({"sendUpdates": "all"}, [BOB, EVE]),
        ({"sendUpdates": "externalOnly"}, [EVE]),
        ({"sendUpdates": "none"}, []),
        ({}, [BOB, EVE]),
        ({"sendNotifications": True}, [BOB, EVE]),
    ],
)
def test_whom_an_insert_mails(anna: Api, state: GoogleState, query: dict[str, Any], invited: list[str]) -> None:
    """Reference, Events.insert: sendUpdates; left out, "some emails might still be sent": that counts as all."""
    anna.ok("POST", event_path("primary"), {**TIMED, **GUESTS, "summary": "Talk"}, **query)
    assert told(state) == [("invitation", each) for each in invited]
    assert all(each.send_updates == query.get("sendUpdates", "all" if query else None) for each in state.mails)
    assert all(each.summary == "Talk" for each in state.mails)


def test_whom_changes_mail(anna: Api, bob: Api, state: GoogleState) -> None:
    made = anna.insert(GUESTS)
    anna.patch(made["id"], {"summary": "B"}, sendUpdates="all")
    assert told(state) == [("update", BOB), ("update", EVE)]
    state.mails.clear()
    anna.patch(made["id"], {"attendees": [{"email": BOB}, {"email": "new@x.example"}]}, sendUpdates="all")
    assert told(state) == [("update", BOB), ("cancellation", EVE), ("invitation", "new@x.example")]
    state.mails.clear()
    bob.patch(made["id"], {"attendees": [{"email": BOB, "responseStatus": "accepted"}]}, sendUpdates="all")
    assert told(state) == [("response", ANNA)]
    state.mails.clear()
    bob.patch(made["id"], {"colorId": "1"}, sendUpdates="all")
    assert told(state) == []
    anna.delete(made["id"], sendUpdates="externalOnly")
    assert told(state) == [("cancellation", "new@x.example")]


def test_nobody_is_mailed_without_guests_or_by_set_up(anna: Api, state: GoogleState) -> None:
    event_id = anna.insert(sendUpdates="all")["id"]
    anna.patch(event_id, {"summary": "B"}, sendUpdates="all")
    made = state.add_event(ANNA, **GUESTS, **TIMED)
    state.edit_event(ANNA, made["id"], summary="B")
    state.rsvp(BOB, made["id"], "declined")
    state.delete_event(ANNA, made["id"])
    assert told(state) == []


def test_a_refused_write_mails_nobody(anna: Api, state: GoogleState) -> None:
    made = anna.insert(GUESTS)
    for body in ({"eventType": "focusTime"}, {"start": {"date": "2026-01-01"}}):
        anna.error("PATCH", event_path("primary", made["id"]), body)
    assert told(state) == []
    assert anna.get(made["id"]) == made


def test_rsvp_of_a_guest_without_a_calendar_here(anna: Api, bob: Api, state: GoogleState) -> None:
    made = anna.insert(GUESTS)
    state.rsvp(ANNA, made["id"], "accepted", email=EVE)
    assert bob.get(made["id"])["attendees"][1] == {"email": EVE, "responseStatus": "accepted"}
