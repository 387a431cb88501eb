"""What Google may refuse or leave out, by options and faults. Each test names who says so, and sets both positions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from include.sandbox.base import Fault
from include.sandbox.google.errors import aip_body
from include.sandbox.google.service import GoogleService
from include.sandbox.google.state import GoogleState
from tests.sandbox.google.api import ANNA, TIMED, Api, event_path

PATH = "calendars/primary/events"
BOUNDS = {"timeMin": "2026-11-01T00:00:00Z", "timeMax": "2026-12-01T00:00:00Z"}
ZONE = "Europe/Kyiv"


def raw(api: Api, verb: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
    """Status and error object, not held to the form of the Calendar guide."""
    answer = api.session.request(verb, f"{api.google.url}/calendar/v3/{path}", json=body, timeout=10)
    return answer.status_code, answer.json()["error"]


# ---- sync tokens


def test_a_bounded_listing_may_end_without_a_token(anna: Api, state: GoogleState) -> None:
    """Unconfirmed: nextSyncToken after timeMin and timeMax (F127)."""
    anna.insert()
    for given in (False, True):
        state.options.bounded_sync_token = given
        assert ("nextSyncToken" in anna.page(**BOUNDS)) is given
        assert "nextSyncToken" in anna.page(timeMin=BOUNDS["timeMin"])
        assert "nextSyncToken" in anna.page()
        assert len(anna.page(**BOUNDS)["items"]) == 1


def test_a_token_may_stay_away_without_visible_cause(google: GoogleService, anna: Api) -> None:
    """php-client 1141, dotnet-client 610 (F127)."""
    for _ in range(3):
        anna.insert()
    google.faults.add(Fault("no_sync_token", path="/events$", method="GET", times=2))
    page = anna.page(maxResults=2)
    assert (len(page["items"]), "nextPageToken" in page) == (2, True)
    last = anna.page(maxResults=2, pageToken=page["nextPageToken"])
    assert (len(last["items"]), "nextSyncToken" in last, "nextPageToken" in last) == (1, False, False)
    assert "nextSyncToken" in anna.page()


# ---- refusals


@pytest.mark.parametrize(
    ("reason", "domain"),
    [
        ("dailyLimitExceeded", "usageLimits"),
        ("limitExceeded", "usageLimits"),
        ("cannotChangeOrganizer", "calendar"),
        ("notACalendarUser", "calendar"),
        ("nobodyListedThis", "global"),
    ],
)
def test_other_403s(google: GoogleService, anna: Api, reason: str, domain: str) -> None:
    """General knowledge and webhookdb issue 624: reasons that the error guide does not list (F121)."""
    google.faults.add(Fault("status", path="/events", status=403, reason=reason))
    answer = anna.send("POST", PATH, TIMED)
    detail = answer.json()["error"]["errors"][0]
    assert (answer.status_code, detail["reason"], detail["domain"]) == (403, reason, domain)


def test_one_event_that_cannot_be_written(anna: Api, state: GoogleState) -> None:
    """Whatever the reason may be: it is about this event alone (F121)."""
    bad, good = anna.insert()["id"], anna.insert()["id"]
    state.options.refused_events = {bad: "malformedCalendarItem"}
    for verb, body in (("PATCH", {"summary": "x"}), ("PUT", TIMED), ("DELETE", None)):
        assert anna.error(verb, event_path("primary", bad), body) == (403, "malformedCalendarItem")
    assert anna.get(bad)["id"] == bad
    anna.patch(good, {"summary": "x"})
    state.edit_event(ANNA, bad, summary="by a person")


def test_one_event_that_cannot_be_read(anna: Api, state: GoogleState) -> None:
    """Guide "Handle API errors": 500 backendError; for one event it may stay so while listings show it."""
    bad, good = anna.insert()["id"], anna.insert()["id"]
    state.options.broken_events = {bad}
    for _ in range(3):
        assert anna.error("GET", event_path("primary", bad)) == (500, "backendError")
    assert anna.ids() == [bad, good]
    anna.get(good)
    anna.patch(bad, {"summary": "x"})


def test_a_zone_that_google_does_not_have(anna: Api, state: GoogleState) -> None:
    """Issue threads: 400 invalid, "Invalid time zone definition for start time."; new zones reach services late."""
    state.options.refused_zones = {ZONE}
    timed = {**TIMED, "start": {**TIMED["start"], "timeZone": ZONE}}
    message = "Invalid time zone definition for start time."
    event_id = anna.insert()["id"]
    for verb, path in (("POST", PATH), ("PATCH", event_path("primary", event_id))):
        answer = anna.send(verb, path, timed)
        assert (answer.status_code, answer.json()["error"]["message"]) == (400, message)
    ending = {**TIMED, "end": {**TIMED["end"], "timeZone": ZONE}}
    assert anna.error("PUT", event_path("primary", event_id), ending) == (400, "invalid")
    assert anna.error("POST", "calendars", {"summary": "CRM", "timeZone": ZONE}) == (400, "invalid")
    own = state.add_calendar(ANNA, "Own")
    assert anna.error("PATCH", f"calendars/{own}", {"timeZone": ZONE}) == (400, "invalid")
    state.options.refused_zones = set()
    anna.insert(timed)
    assert anna.ok("POST", "calendars", {"summary": "CRM", "timeZone": ZONE})["timeZone"] == ZONE


def test_a_long_description(anna: Api, state: GoogleState) -> None:
    """Nylas' help: about 8,192 characters; beyond it an error, or a cut text."""
    state.options.long_description = "refuse"
    event_id = anna.insert({"description": "ä" * 8192})["id"]
    long = {"description": "ä" * 8192 + "b"}
    assert anna.error("POST", PATH, {**TIMED, **long}) == (400, "invalid")
    assert anna.error("PATCH", event_path("primary", event_id), long) == (400, "invalid")
    state.options.long_description = "cut"
    assert anna.insert(long)["description"] == "ä" * 8192
    assert anna.patch(event_id, {"description": "c" * 9000})["description"] == "c" * 8192
    assert anna.error("PATCH", event_path("primary", event_id), {"summary": "x" * 1025}) == (400, "invalid")


# ---- forms of errors


@pytest.mark.parametrize(
    ("status", "reason", "aip_status", "aip_reason"),
    [
        (403, "rateLimitExceeded", "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"),
        (403, "quotaExceeded", "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"),
        (429, "rateLimitExceeded", "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"),
        (403, "accessNotConfigured", "PERMISSION_DENIED", "SERVICE_DISABLED"),
        (403, "insufficientPermissions", "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
        (403, "forbiddenForNonOrganizer", "PERMISSION_DENIED", "FORBIDDEN_FOR_NON_ORGANIZER"),
        (404, "notFound", "NOT_FOUND", "NOT_FOUND"),
        (412, "conditionNotMet", "FAILED_PRECONDITION", "CONDITION_NOT_MET"),
        (500, "backendError", "INTERNAL", "BACKEND_ERROR"),
    ],
)
def test_errors_in_the_newer_form(
    google: GoogleService, anna: Api, status: int, reason: str, aip_status: str, aip_reason: str
) -> None:
    """AIP-193: status and details; not in the Calendar samples, so to be expected beside or instead of `errors`."""
    google.state.options.error_form = "aip"
    google.faults.add(Fault("status", status=status, reason=reason, path="/events", times=2))
    found, error = raw(anna, "GET", PATH)
    assert (found, error["code"], error["status"]) == (status, status, aip_status)
    assert error["details"][0]["reason"] == aip_reason
    assert set(error) == {"code", "message", "status", "details"}
    google.state.options.error_form = "both"
    found, error = raw(anna, "GET", PATH)
    assert (error["errors"][0]["reason"], error["details"][0]["reason"]) == (reason, aip_reason)
    google.state.options.error_form = "calendar"
    assert raw(anna, "GET", event_path("primary", "none"))[1].keys() == {"errors", "code", "message"}


def test_own_refusals_take_the_newer_form_too(anna: Api, state: GoogleState) -> None:
    """AIP-193; and one fault alone may have it."""
    state.options.error_form = "aip"
    assert raw(anna, "GET", event_path("primary", "none"))[1]["status"] == "NOT_FOUND"
    state.options.error_form = "calendar"
    anna.google.faults.add(Fault("status", status=403, body=aip_body(403, "rateLimitExceeded"), path="/events"))
    assert raw(anna, "GET", PATH)[1]["status"] == "RESOURCE_EXHAUSTED"


def test_a_gateway_that_does_not_find_the_service(google: GoogleService, anna: Api) -> None:
    """getonbrd/pipedrive-connect issue 40, of Pipedrive; a gateway of Google may, too (F125): an HTML page with 404."""
    event_id = anna.insert()["id"]
    google.faults.add(Fault("html", status=404, path=f"/events/{event_id}"))
    url = f"{google.url}/calendar/v3/{event_path('primary', event_id)}"
    answer = anna.session.get(url, timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=UTF-8")
    assert anna.get(event_id)["id"] == event_id


def test_a_role_that_does_not_read_private_events(login: Any, state: GoogleState) -> None:
    """Discovery document, Events: accessRole `writerWithoutPrivateAccess`."""
    calendar = state.add_calendar(ANNA, "CRM")
    state.add_event(calendar, summary="Secret", visibility="private", start=datetime(2026, 11, 23, 10, tzinfo=UTC))
    state.share(calendar, "bob@acme.example", "writerWithoutPrivateAccess")
    bob = login("bob@acme.example")
    page = bob.page(calendar)
    assert page["accessRole"] == "writerWithoutPrivateAccess"
    assert [each.get("summary") for each in page["items"]] == [None]
    bob.insert(calendar=calendar)
