"""A small client of the sandbox. Each request and each answer is held to the discovery document."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import requests
from google.auth.transport.requests import AuthorizedSession
from google.oauth2 import service_account

from include.sandbox.google.service import GoogleService
from tests.sandbox.google.discovery import method, method_of, parameters, problems

ANNA, BOB, EVE = "anna@acme.example", "bob@acme.example", "eve@elsewhere.example"
SCOPE = "https://www.googleapis.com/auth/"
TIMED = {
    "start": {"dateTime": "2026-11-23T10:00:00+01:00", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2026-11-23T11:00:00+01:00", "timeZone": "Europe/Berlin"},
}
ALL_DAY = {"start": {"date": "2026-11-23"}, "end": {"date": "2026-11-24"}}


def path_of(*parts: str) -> str:
    return "/".join(quote(part, safe="") for part in parts)


class Api:
    """Requests of one principal. Lower-case methods expect success, and return the resource."""

    def __init__(self, google: GoogleService, email: str | None, scopes: tuple[str, ...] = ("calendar",)) -> None:
        key = google.state.service_account_key()
        credentials = service_account.Credentials.from_service_account_info(
            key, scopes=[SCOPE + each for each in scopes]
        )
        self.google = google
        self.session = AuthorizedSession(credentials.with_subject(email) if email else credentials)

    def send(
        self, verb: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, **query: Any
    ) -> requests.Response:
        """``path``: what follows ``/calendar/v3/``, ids encoded. Lists repeat a parameter; booleans are spelt."""
        spelt = {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items()}
        url = f"{self.google.url}/calendar/v3/{path}"
        answer: requests.Response = self.session.request(
            verb, url, json=body, params=spelt, headers=headers, timeout=10
        )
        self._check(verb, path, query, answer)
        return answer

    def _check(self, verb: str, path: str, query: dict[str, Any], answer: requests.Response) -> None:
        name = method_of(verb, path)
        if answer.status_code >= 400:
            detail = answer.json()["error"]
            assert detail["code"] == answer.status_code
            assert detail["errors"][0]["message"] == detail["message"]
            assert {"domain", "reason"} <= detail["errors"][0].keys()
            return
        assert set(query) <= set(parameters(name)), f"{name} has no such parameter"
        assert self.google.requests[-1].operation == name  # the request log names methods as the document does
        schema = method(name).get("response")
        if answer.status_code == 304 or schema is None:
            assert answer.content == b""
        elif "fields" not in query:
            assert problems(answer.json(), schema) == []

    def ok(self, verb: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
        answer = self.send(verb, path, body, **options)
        assert answer.status_code < 300, answer.text
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found

    def error(self, verb: str, path: str, body: Any = None, **options: Any) -> tuple[int, str]:
        """Status and reason of a refusal."""
        answer = self.send(verb, path, body, **options)
        assert answer.status_code >= 400, answer.text
        return answer.status_code, str(answer.json()["error"]["errors"][0]["reason"])

    # ---- events, of the primary calendar unless told otherwise

    def insert(self, body: dict[str, Any] | None = None, /, calendar: str = "primary", **query: Any) -> dict[str, Any]:
        return self.ok("POST", event_path(calendar), {**TIMED, **(body or {})}, **{"sendUpdates": "none", **query})

    def get(self, event_id: str, /, calendar: str = "primary", **query: Any) -> dict[str, Any]:
        return self.ok("GET", event_path(calendar, event_id), **query)

    def patch(self, event_id: str, body: Any, /, calendar: str = "primary", **query: Any) -> dict[str, Any]:
        return self.ok("PATCH", event_path(calendar, event_id), body, **{"sendUpdates": "none", **query})

    def update(self, event_id: str, body: Any, /, calendar: str = "primary", **query: Any) -> dict[str, Any]:
        return self.ok("PUT", event_path(calendar, event_id), body, **{"sendUpdates": "none", **query})

    def delete(self, event_id: str, /, calendar: str = "primary", **query: Any) -> None:
        self.ok("DELETE", event_path(calendar, event_id), **{"sendUpdates": "none", **query})

    def page(self, /, calendar: str = "primary", **query: Any) -> dict[str, Any]:
        return self.ok("GET", event_path(calendar), **query)

    def ids(self, /, calendar: str = "primary", **query: Any) -> list[str]:
        return [each["id"] for each in self.page(calendar, **query)["items"]]

    def all(self, /, calendar: str = "primary", **query: Any) -> tuple[list[dict[str, Any]], str | None, int]:
        """Items of all pages, the sync token, and the number of pages."""
        items: list[dict[str, Any]] = []
        page = self.page(calendar, **query)
        count = 1
        while "nextPageToken" in page:
            assert "nextSyncToken" not in page
            items += page["items"]
            page = self.page(calendar, **{**query, "pageToken": page["nextPageToken"]})
            count += 1
        return items + page["items"], page.get("nextSyncToken"), count


def event_path(calendar: str, *event_id: str) -> str:
    return path_of("calendars", calendar, "events", *event_id)
