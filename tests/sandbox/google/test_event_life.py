"""Conditional writes, deleting and undeleting, odd bodies and paths. Each test names who says so."""

from __future__ import annotations

from typing import Any

import pytest

from include.sandbox.google.service import GoogleService
from include.sandbox.google.state import GoogleState
from tests.sandbox.google.api import ANNA, TIMED, Api, event_path

PATH = event_path("primary")


# ---- conditions


def test_if_match(anna: Api) -> None:
    """Guide "Get specific versions of resources": If-Match; guide "Handle API errors": 412 conditionNotMet."""
    stale = anna.insert()
    path = event_path("primary", stale["id"])
    etag = anna.patch(stale["id"], {"summary": "B"}, headers={"If-Match": stale["etag"]})["etag"]
    assert etag != stale["etag"]
    for verb, body in (("PATCH", {"summary": "C"}), ("PUT", TIMED), ("DELETE", None)):
        assert anna.error(verb, path, body, headers={"If-Match": stale["etag"]}) == (412, "conditionNotMet")
    error = anna.send("DELETE", path, headers={"If-Match": stale["etag"]}).json()["error"]["errors"][0]
    assert error == {"domain": "global", "reason": "conditionNotMet", "message": "Precondition Failed",
                     "locationType": "header", "location": "If-Match"}  # fmt: skip
    assert anna.get(stale["id"])["summary"] == "B"
    anna.delete(stale["id"], headers={"If-Match": etag})


def test_if_match_star(anna: Api) -> None:
    event_id = anna.insert()["id"]
    assert anna.patch(event_id, {"summary": "B"}, headers={"If-Match": "*"})["summary"] == "B"


def test_if_none_match(anna: Api) -> None:
    """Guide "Get specific versions of resources": 304 Not Modified, no body."""
    made = anna.insert()
    for path in (event_path("primary", made["id"]), PATH):
        etag = anna.ok("GET", path)["etag"]
        answer = anna.send("GET", path, headers={"If-None-Match": etag})
        assert (answer.status_code, answer.headers["ETag"]) == (304, etag)
        anna.patch(made["id"], {"summary": "B"})
        assert anna.send("GET", path, headers={"If-None-Match": etag}).status_code == 200


# ---- deleting


def test_delete_is_204_then_410(anna: Api) -> None:
    """Reference, Events.delete: empty body; guide "Handle API errors": 410 deleted, 404 notFound."""
    event_id = anna.insert({"summary": "A"})["id"]
    path = event_path("primary", event_id)
    assert anna.send("DELETE", path).status_code == 204
    error = anna.send("DELETE", path, headers={"If-Match": '"1"'}).json()["error"]
    assert error == {"errors": [{"domain": "global", "reason": "deleted", "message": "Resource has been deleted"}],
                     "code": 410, "message": "Resource has been deleted"}  # fmt: skip
    for verb, body in (("DELETE", None), ("GET", None), ("PATCH", {}), ("PUT", TIMED)):
        assert anna.error(verb, event_path("primary", "never1"), body) == (404, "notFound")


def test_get_shows_a_deleted_event(anna: Api) -> None:
    """Reference, Events: status: the get method always returns cancelled events; the organizer's keep their details."""
    event_id = anna.insert({"summary": "A"})["id"]
    anna.delete(event_id)
    assert (anna.get(event_id)["status"], anna.get(event_id)["summary"]) == ("cancelled", "A")


def test_undelete(anna: Api, state: GoogleState) -> None:
    """Reference, Events: status: details are kept so that events can be restored. Some met 403: an option."""
    event_id = anna.insert({"id": "abcde", "summary": "A"})["id"]
    anna.delete(event_id)
    assert anna.patch(event_id, {"summary": "B"})["status"] == "cancelled"
    assert anna.patch(event_id, {"status": "confirmed"})["summary"] == "B"
    anna.delete(event_id)
    assert anna.update(event_id, {**TIMED, "summary": "C", "status": "confirmed"})["status"] == "confirmed"
    anna.delete(event_id)
    state.options.undelete = False
    assert anna.error("PATCH", event_path("primary", event_id), {"status": "confirmed"}) == (403, "forbidden")
    assert anna.error("PUT", event_path("primary", event_id), TIMED) == (403, "forbidden")


def test_status_cancelled_deletes(anna: Api) -> None:
    event_id = anna.insert()["id"]
    assert anna.patch(event_id, {"status": "cancelled"})["status"] == "cancelled"
    assert anna.error("DELETE", event_path("primary", event_id)) == (410, "deleted")


def test_purged_events_are_gone(anna: Api, state: GoogleState) -> None:
    """Reference, Events: status: cancelled events will eventually disappear."""
    event_id = anna.insert({"id": "abcde"})["id"]
    anna.delete(event_id)
    state.purge_event(ANNA, event_id)
    assert anna.error("GET", event_path("primary", event_id)) == (404, "notFound")
    assert anna.insert({"id": "abcde"})["status"] == "confirmed"


# ---- bodies and paths


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"', b'{"summary": "\\ud800"}'])
def test_unreadable_bodies(anna: Api, raw: bytes) -> None:
    answer = anna.session.post(f"{anna.google.url}/calendar/v3/{PATH}", data=raw, timeout=10)
    assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (400, "parseError")


@pytest.mark.parametrize(
    "fields",
    [{"summary": 5}, {"start": "today"}, {"attendees": {}}, {"transparency": "busy"}, {"visibility": "secret"},
     {"status": "done"}, {"sequence": "1"}, {"guestsCanModify": "yes"}, {"attendees": [{"email": "nobody"}]},
     {"attendees": [{"email": "a@b", "responseStatus": "maybe"}]}],
)  # fmt: skip
def test_wrong_types_and_values(anna: Api, fields: dict[str, Any]) -> None:
    assert anna.error("POST", PATH, {**TIMED, **fields}) == (400, "invalid")


def test_text_of_any_kind_survives(anna: Api) -> None:
    text = "Äpfel & <b>Birnen</b> 🍐 ‏עברית‎\u0000 \u200bx"
    made = anna.insert({"summary": text, "description": text * 200})
    assert (made["summary"], made["description"]) == (text, text * 200)


def test_calendar_ids_are_encoded_in_paths(anna: Api, state: GoogleState) -> None:
    """Path values have to be URL-encoded; # and @ occur in calendar ids."""
    event_id = anna.insert()["id"]
    assert anna.get(event_id, calendar=ANNA)["id"] == event_id
    assert anna.error("GET", event_path("en.german#holiday@group.v.calendar.google.com")) == (404, "notFound")


def test_partial_responses(anna: Api) -> None:
    """Guide "Improve performance: Partial response". A mask without the tokens loses them."""
    anna.insert({"summary": "A"})
    mask = "items(id,start/dateTime),nextSyncToken"
    page = anna.page(fields=mask)
    assert set(page) == {"items", "nextSyncToken"}
    assert [set(each) for each in page["items"]] == [{"id", "start"}]
    assert set(page["items"][0]["start"]) == {"dateTime"}
    assert set(anna.page(fields="items/id")) == {"items"}
    for wrong in ("items(", "items)", "items(id", ",id", "items//id", "a b;c"):
        assert anna.error("GET", PATH, fields=wrong) == (400, "invalidParameter")


def test_unknown_paths_are_404(google: GoogleService, anna: Api) -> None:
    for path in ("/calendar/v3/calendars/primary/unknown", "/calendar/v2/calendars/primary", "/nothing"):
        answer = anna.session.get(google.url + path, timeout=10)
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=UTF-8")
