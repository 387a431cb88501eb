"""Quotas, the operational limit, faults, and rewritings by the server.

Sources: guides "Manage quotas" and "Handle API errors"; Calendar use limits (support.google.com/a/answer/2905486).
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from include.sandbox.base import Fault
from include.sandbox.google.quotas import Quotas
from include.sandbox.google.service import GoogleService
from include.sandbox.google.state import GoogleState
from tests.sandbox.google.api import ANNA, BOB, SCOPE, TIMED, Api, event_path

PATH = event_path("primary")


def test_quotas_are_on_with_the_documented_numbers() -> None:
    """Guide "Manage quotas": 10,000 per minute and project, 600 per minute, project and user."""
    quotas = Quotas()
    assert (quotas.on, quotas.per_project, quotas.per_user, quotas.status) == (True, 10_000, 600, 403)


def test_the_users_quota_is_a_sliding_window(google: GoogleService, anna: Api) -> None:
    google.clock.freeze()
    google.state.quotas.per_user = 3
    for _ in range(3):
        anna.page()
        google.clock.advance(10)
    error = anna.send("GET", PATH).json()["error"]
    assert error == {
        "errors": [{"domain": "usageLimits", "reason": "userRateLimitExceeded", "message": "User Rate Limit Exceeded"}],
        "code": 403, "message": "User Rate Limit Exceeded",
    }  # fmt: skip
    google.clock.advance(31)  # a minute after the first request: one is free again
    anna.page()
    assert anna.error("GET", PATH) == (403, "userRateLimitExceeded")
    google.state.quotas.reset()
    anna.page()


def test_the_projects_quota(google: GoogleService, anna: Api) -> None:
    google.state.quotas.per_project = 1
    anna.page()
    assert anna.error("GET", PATH) == (403, "rateLimitExceeded")
    google.state.quotas.status = 429
    assert anna.error("GET", PATH) == (429, "rateLimitExceeded")
    google.state.quotas.on = False
    anna.page()


def test_delegated_calls_count_on_the_service_account(google: GoogleService, anna: Api, bob: Api) -> None:
    """Guide "Manage quotas": unless quotaUser says for whom. A user's own consent counts on him."""
    google.state.quotas.per_user = 2
    anna.page()
    bob.page()
    assert bob.error("GET", PATH) == (403, "userRateLimitExceeded")
    anna.page(quotaUser="anna")
    bob.page(quotaUser="bob")
    client = google.state.oauth_client(BOB, [SCOPE + "calendar"])
    form = {name: value for name, value in client.items() if name != "token_uri"} | {"grant_type": "refresh_token"}
    token = requests.post(client["token_uri"], data=form, timeout=10).json()["access_token"]
    url = f"{google.url}/calendar/v3/{PATH}"
    assert requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10).status_code == 200


def test_refused_requests_change_nothing(google: GoogleService, anna: Api) -> None:
    google.state.quotas.per_user = 1
    anna.page()
    assert anna.error("POST", PATH, TIMED) == (403, "userRateLimitExceeded")
    assert google.state.events(ANNA) == {}


def test_the_operational_limit(anna: Api, state: GoogleState) -> None:
    """Use limits: after too many writes a calendar is read-only for hours: 403 quotaExceeded."""
    calendar = state.add_calendar(ANNA, "CRM")
    event_id = anna.insert(calendar=calendar)["id"]
    state.refuse_writes(calendar)
    path = event_path(calendar, event_id)
    for verb, where, body in (("POST", event_path(calendar), TIMED), ("PATCH", path, {}), ("DELETE", path, None)):
        error = anna.send(verb, where, body).json()["error"]
        assert (error["code"], error["message"]) == (403, "Calendar usage limits exceeded.")
        assert error["errors"][0]["reason"] == "quotaExceeded"
    anna.page(calendar)
    anna.insert()
    state.refuse_writes()
    assert anna.error("POST", PATH, TIMED) == (403, "quotaExceeded")
    assert anna.error("POST", "calendars", {"summary": "B"}) == (403, "quotaExceeded")
    state.refuse_writes(on=False)
    state.refuse_writes(calendar, on=False)
    anna.delete(event_id, calendar=calendar)


@pytest.mark.parametrize(
    ("status", "reason", "domain", "message"),
    [
        (403, "rateLimitExceeded", "usageLimits", "Rate Limit Exceeded"),
        (403, "quotaExceeded", "usageLimits", "Calendar usage limits exceeded."),
        (409, "conflict", "global", "Conflict"),
        (410, "fullSyncRequired", "calendar", "Sync token is no longer valid, a full sync is required."),
        (412, None, "global", "Precondition Failed"),
        (429, None, "usageLimits", "Rate Limit Exceeded"),
        (500, None, "global", "Backend Error"),
        (503, "backendError", "global", "Backend Error"),
    ],
)
def test_faults_have_googles_shape(
    google: GoogleService, anna: Api, status: int, reason: str | None, domain: str, message: str
) -> None:
    """Guide "Handle API errors"."""
    google.faults.add(Fault("status", path="/events", status=status, reason=reason, headers={"Retry-After": "7"}))
    answer = anna.send("POST", PATH, TIMED)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["message"]) == (status, status, message)
    assert error["errors"][0]["domain"] == domain
    assert answer.headers["Retry-After"] == "7"
    assert google.state.events(ANNA) == {}


def test_a_fault_after_the_commit(google: GoogleService, anna: Api) -> None:
    google.faults.add(Fault("status", when="after", status=503, method="POST", path="/events$"))
    assert anna.error("POST", PATH, {**TIMED, "id": "abcde"}) == (503, "backendError")
    assert anna.error("POST", PATH, {**TIMED, "id": "abcde"}) == (409, "duplicate")


def test_an_html_error_page(google: GoogleService, anna: Api) -> None:
    google.faults.add(Fault("html", path="/events", status=502))
    answer = anna.session.get(f"{google.url}/calendar/v3/{PATH}", timeout=10)
    assert answer.status_code == 502
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_shortened_list_that_parses(google: GoogleService, anna: Api, state: GoogleState) -> None:
    for _ in range(6):
        state.add_event(ANNA, **TIMED)
    google.faults.add(Fault("truncate", path="/events", still_parses=True))
    page = anna.page(maxResults=4)
    assert len(page["items"]) == 2
    assert "nextPageToken" not in page


@pytest.mark.parametrize(
    ("wish", "sent", "shown"),
    [
        ("trim", {"summary": "  A \n B ", "description": " x \n y "}, {"summary": "A B", "description": "x \n y"}),
        ("rewrite_html", {"description": '<a href="https://x">x</a><br/>'},
         {"description": '<a href="https://x" target="_blank" rel="noopener">x</a><br>'}),
        ("escape_html", {"description": "A & B &amp; C"}, {"description": "A &amp; B &amp; C"}),
        ("whole_minutes", {"start": {"dateTime": "2026-11-23T09:00:59Z"}},
         {"start": {"dateTime": "2026-11-23T10:00:00+01:00", "timeZone": "Europe/Berlin"}}),
        ("lowercase_mail", {"attendees": [{"email": "Eve@X.Example"}]},
         {"attendees": [{"email": "eve@x.example", "responseStatus": "needsAction"}]}),
    ],
)  # fmt: skip
def test_rewritings_on_demand(
    anna: Api, state: GoogleState, wish: str, sent: dict[str, object], shown: dict[str, object]
) -> None:
    before = anna.insert(sent)
    state.options.normalisations.add(wish)
    made = anna.insert(sent)
    assert {name: made[name] for name in shown} == shown
    again = anna.patch(before["id"], {**sent, "colorId": "1"})
    assert {name: again[name] for name in shown} == shown
    assert {name: before[name] for name in shown} != shown


def test_latency(google: GoogleService, login: Callable[..., Api]) -> None:
    google.latency_s = 0.2
    api = login(ANNA)
    assert api.send("GET", PATH).elapsed.total_seconds() >= 0.2
