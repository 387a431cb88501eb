"""The sandbox with Google's own clients: google-api-python-client and google-auth, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core.client_options import ClientOptions
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request
from google.oauth2 import credentials, service_account
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from googleapiclient.http import BatchHttpRequest

from include.sandbox.base import Fault
from include.sandbox.google.service import GoogleService
from tests.sandbox.google.api import ANNA, BOB, EVE, SCOPE, TIMED


def client_of(google: GoogleService, login: Any) -> Any:
    options = ClientOptions(api_endpoint=f"{google.url}/calendar/v3/")
    return build(
        "calendar", "v3", credentials=login, cache_discovery=False, static_discovery=True, client_options=options
    )


def delegated(google: GoogleService, email: str) -> Any:
    key = google.state.service_account_key()
    return service_account.Credentials.from_service_account_info(key, scopes=[SCOPE + "calendar"]).with_subject(email)


@pytest.fixture
def client(google: GoogleService) -> Any:
    return client_of(google, delegated(google, ANNA))


def test_events_from_insert_to_delete(client: Any) -> None:
    events = client.events()
    made = events.insert(calendarId="primary", body={**TIMED, "id": "abcde"}, sendUpdates="none").execute()
    request = events.patch(calendarId=ANNA, eventId="abcde", body={"summary": "B"})
    request.headers["If-Match"] = made["etag"]
    assert request.execute()["summary"] == "B"
    assert events.update(calendarId="primary", eventId="abcde", body=TIMED).execute().get("summary") is None
    assert events.delete(calendarId="primary", eventId="abcde").execute() == ""
    with pytest.raises(HttpError) as refused:
        events.delete(calendarId="primary", eventId="abcde").execute()
    assert (refused.value.resp.status, refused.value.error_details[0]["reason"]) == (410, "deleted")


def test_pages_and_sync_tokens(client: Any, google: GoogleService) -> None:
    for n in range(5):
        google.state.add_event(ANNA, summary=f"E{n}", **TIMED)
    request, pages = client.events().list(calendarId="primary", maxResults=2), []
    while request is not None:
        pages.append(request.execute())
        request = client.events().list_next(request, pages[-1])
    assert [len(page["items"]) for page in pages] == [2, 2, 1]
    token = pages[-1]["nextSyncToken"]
    assert client.events().list(calendarId="primary", syncToken=token).execute()["items"] == []


def test_series_calendars_and_the_list(client: Any) -> None:
    calendar = client.calendars().insert(body={"summary": "CRM", "timeZone": "Europe/Prague"}).execute()["id"]
    body = {**TIMED, "recurrence": ["RRULE:FREQ=DAILY;COUNT=3"]}
    series = client.events().insert(calendarId=calendar, body=body).execute()["id"]
    assert len(client.events().instances(calendarId=calendar, eventId=series).execute()["items"]) == 3
    assert [each["id"] for each in client.calendarList().list().execute()["items"]] == [ANNA, calendar]
    assert client.calendars().get(calendarId=calendar).execute()["timeZone"] == "Europe/Prague"
    assert client.calendars().delete(calendarId=calendar).execute() == ""


def test_a_batch(client: Any, google: GoogleService) -> None:
    answers: dict[str, Any] = {}

    def keep(request_id: str, answer: Any, error: Exception | None) -> None:
        answers[request_id] = error or answer

    batch = BatchHttpRequest(callback=keep, batch_uri=f"{google.url}/batch/calendar/v3")
    batch.add(client.events().insert(calendarId="primary", body={**TIMED, "summary": "Ärger 🍐"}), request_id="one")
    batch.add(client.events().get(calendarId=ANNA, eventId="never1"), request_id="two")
    batch.execute()
    assert answers["one"]["summary"] == "Ärger 🍐"
    assert answers["two"].resp.status == 404


def test_the_library_retries_what_it_knows(client: Any, google: GoogleService) -> None:
    waits: list[float] = []
    google.faults.add(Fault("status", status=403, reason="rateLimitExceeded", path="/events"))
    request = client.events().list(calendarId="primary")
    request._sleep = waits.append
    assert request.execute(num_retries=2)["items"] == []
    assert len(waits) == 1


def test_a_users_refresh_token(google: GoogleService) -> None:
    given = google.state.oauth_client(BOB)
    login = credentials.Credentials(None, **given, scopes=[SCOPE + "calendar"])
    assert client_of(google, login).calendars().get(calendarId="primary").execute()["id"] == BOB
    google.state.revoke(BOB)
    with pytest.raises(RefreshError, match="invalid_grant"):
        login.refresh(Request())


def test_a_subject_outside_the_domain(google: GoogleService) -> None:
    with pytest.raises(RefreshError, match="invalid_grant"):
        delegated(google, EVE).refresh(Request())
