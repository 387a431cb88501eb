"""Google Calendar over HTTP, for one user. Source: Google Calendar API v3 reference and discovery document.

Objects are returned as the API gives them: fields that hold their default are left out.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from random import random as _random
from typing import Any, Literal

import google.auth.credentials

from include.calsync.clients.auth import GoogleAuth
from include.calsync.clients.event_listing import EventListing, pages
from include.calsync.clients.google_paths import calendar_path, event_path, events_path, if_match, rfc3339
from include.calsync.clients.limiter import Limit, Limiter
from include.calsync.clients.sessions import DEFAULT_TIMING, Timing
from include.calsync.clients.shapes import is_resource, is_resource_page
from include.calsync.clients.statuses import ABOUT_CREDENTIAL, GOOGLE, Scope, google_reason, said
from include.calsync.clients.transport import Answer, Call, Service, Transport, utc_now
from include.calsync.core import received
from include.calsync.core.raw import Body, RawEvent, RawItem
from include.calsync.errors import (
    AlreadyDeleted,
    CredentialRefused,
    Hidden,
)

__all__ = ["EventListing", "GoogleCalendarClient", "SendUpdates"]

SERVICE = Service("Google Calendar", GOOGLE, lambda call, *answer: google_reason(*answer))
SendUpdates = Literal["none", "externalOnly", "all"]

EVENTS_PER_PAGE = 2500
CALENDARS_PER_PAGE = 250
LISTING = {"singleEvents": "false", "showDeleted": "true", "maxResults": str(EVENTS_PER_PAGE)}

WRITERS = frozenset({"writer", "writerWithoutPrivateAccess", "owner"})
READERS = WRITERS | {"reader"}

# Default quotas per minute: 10,000 per project and 600 per user, both over a sliding window. A window of a minute
# touches 61 slices of a second; what is left of the quotas is for requests that arrive late.
PROJECT_PER_SECOND = 161.0
USER_PER_SECOND = 9.7
# No number is published for writes to one calendar, only that many in quick succession are refused.
CALENDAR_WRITES_PER_SECOND = 9.7


class GoogleCalendarClient:
    """The calendars one user can reach; threads may share it.

    Every method raises RetryableError, RateLimited, BudgetExhausted, CredentialRefused or FatalError; those for one
    event or calendar also NotFound and Hidden, and writes RecordError. Each write has to say whether guests are mailed
    (`send_updates`). After a repeated try errors have `unknown_outcome`: a Duplicate or PreconditionFailed may then be
    the trace of this call's own first try.
    """

    def __init__(
        self,
        *,
        credentials: google.auth.credentials.Credentials,
        user: str,
        limiter: Limiter,
        project_key: str,
        quota_user: str | None = None,
        acts_as_user: bool = True,
        api_endpoint: str = "https://www.googleapis.com",
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = utc_now,
        random: Callable[[], float] = _random,
        timing: Timing = DEFAULT_TIMING,
    ) -> None:
        """`project_key` and `user` name the limits; `quota_user` (delegation: the user) is sent as a hash.

        `acts_as_user` is false for a service account without delegation: `primary` is then not the user's.

        Raises AccountError for a bad `api_endpoint`.
        """
        self.acts_as_user = acts_as_user
        self.fingerprint = _hashed(f"{api_endpoint}|{project_key}|{user}|{acts_as_user}")
        self._common = {"alt": "json", "prettyPrint": "false"}
        if quota_user is not None:
            self._common["quotaUser"] = _hashed(quota_user)
        self._user_key = f"{project_key}/user/{_hashed(user)}"
        self._limits = {
            Scope.USER: Limit(self._user_key, USER_PER_SECOND),
            Scope.PROJECT: Limit(project_key, PROJECT_PER_SECOND),
        }
        self._calendar_key = f"{project_key}/calendar/"
        self._auth = GoogleAuth(credentials, timing)
        self._readable: dict[str, bool] = {}
        """By calendar; asked for after a first 403 only."""
        self._transport = Transport(
            SERVICE,
            base_url=api_endpoint,
            auth=self._auth,
            limiter=limiter,
            sleep=sleep,
            clock=clock,
            random=random,
            timing=timing,
        )

    @property
    def list_digest(self) -> str:
        """Of a listing's parameters: a sync token is valid only with those it was made with."""
        return _hashed(repr(sorted(LISTING.items())))

    @property
    def request_count(self) -> int:
        """Requests sent so far."""
        return self._transport.request_count

    @property
    def is_rotated(self) -> bool:
        """Whether another refresh token took the place of the one that was given; only this process knows it."""
        return self._auth.is_rotated

    @property
    def server_time(self) -> datetime | None:
        """`Date` of the last answer, of a listing's first page (aware, UTC)."""
        return self._transport.server_time

    def named(self, conn_id: str) -> None:
        """Let messages name this connection."""
        self._transport.connection = conn_id

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def list_events(
        self,
        calendar_id: str,
        *,
        sync_token: str | None = None,
        time_min: datetime | None = None,
        time_max: datetime | None = None,
        updated_min: datetime | None = None,
    ) -> EventListing:
        """Changes since `sync_token`, or all events (of the window, by start and end; or updated since).

        Series are not expanded. All other parameters are the same with and without a token, as tokens demand.
        Raises ValueError for a token together with bounds.
        """
        bounds = {"timeMin": time_min, "timeMax": time_max, "updatedMin": updated_min}
        given = {name: rfc3339(at) for name, at in bounds.items() if at is not None}
        if sync_token is not None and given:
            raise ValueError("a sync token allows no bounds")
        token = {} if sync_token is None else {"syncToken": sync_token}

        def send(params: Mapping[str, str], first: bool) -> Answer:
            path = events_path(calendar_id)
            return self._send("GET", path, "events.list", params=params, shape=is_resource_page, dates=first)

        return EventListing(send, {**LISTING, **given, **token})

    def instances(
        self, calendar_id: str, series_id: str, *, time_min: datetime, time_max: datetime
    ) -> Iterator[list[RawEvent]]:
        """Pages of the occurrences of one series that lie in the window, cancelled ones included."""
        path = event_path(calendar_id, series_id) + "/instances"
        with self._hidden_alone(calendar_id, "events.instances"):
            yield from self._occurrences(path, "events.instances", time_min, time_max)

    def expanded(self, calendar_id: str, *, time_min: datetime, time_max: datetime) -> Iterator[list[RawEvent]]:
        """Pages of all events of the window, series expanded to occurrences, cancelled ones included."""
        return self._occurrences(events_path(calendar_id), "events.list", time_min, time_max, singleEvents="true")

    def _occurrences(
        self, path: str, operation: str, time_min: datetime, time_max: datetime, **more: str
    ) -> Iterator[list[RawEvent]]:
        bounds = {"timeMin": rfc3339(time_min), "timeMax": rfc3339(time_max)}
        params = {"showDeleted": "true", "maxResults": str(EVENTS_PER_PAGE), **bounds, **more}

        def send(params: Mapping[str, str]) -> Answer:
            return self._send("GET", path, operation, params=params, shape=is_resource_page)

        for answer in pages(send, params):
            yield [received.event(each) for each in answer.body.get("items", [])]

    def marked_events(self, calendar_id: str, name: str, value: str) -> Iterator[list[RawEvent]]:
        """Pages of the live events with this private property. Events.list, `privateExtendedProperty`."""
        params = {"privateExtendedProperty": f"{name}={value}", "maxResults": str(EVENTS_PER_PAGE)}

        def send(params: Mapping[str, str]) -> Answer:
            return self._send("GET", events_path(calendar_id), "events.list", params=params, shape=is_resource_page)

        for answer in pages(send, params):
            yield answer.body.get("items", [])

    def get_event(self, calendar_id: str, event_id: str) -> RawEvent:
        """The event; a deleted one has `status` cancelled."""
        with self._hidden_alone(calendar_id, "events.get"):
            return received.event(self._object("GET", event_path(calendar_id, event_id), "events.get"))

    def access_role(self, calendar_id: str) -> str:
        """The user's right: `owner`, `writer`, `reader`, … Costs a request."""
        params = {"maxResults": "1", "fields": "kind,accessRole"}
        answer = self._send("GET", events_path(calendar_id), "events.list", params=params, shape=is_resource_page)
        return str(answer.body.get("accessRole", ""))

    def may_write(self, calendar_id: str) -> bool:
        """Whether the user may make changes to the calendar's events; asked of Google."""
        return self.access_role(calendar_id) in WRITERS

    @contextmanager
    def _hidden_alone(self, calendar_id: str, operation: str) -> Iterator[None]:
        """A 403 of whatever reason is the item's if the credential may read the calendar: then it raises Hidden."""
        try:
            yield
        except CredentialRefused as error:
            if error.status != 403 or error.reason in ABOUT_CREDENTIAL or not self._may_read(calendar_id):
                raise
            text = f"Google Calendar, {operation}: {said(403, error.reason or '')}. It refuses this event alone."
            raise Hidden(text, status=403, reason=error.reason, server_time=error.server_time) from None

    def _may_read(self, calendar_id: str) -> bool:
        if calendar_id not in self._readable:
            self._readable[calendar_id] = self.access_role(calendar_id) in READERS
        return self._readable[calendar_id]

    def insert_event(self, calendar_id: str, body: Body, *, send_updates: SendUpdates = "none") -> RawEvent:
        """The new event. Raises Duplicate if `body["id"]` is taken; only with that id it is sent again if need be.

        A conference or attachments in it count (Events.insert: `conferenceDataVersion`, `supportsAttachments`).
        """
        params: dict[str, str] = {"sendUpdates": send_updates}
        params |= {"conferenceDataVersion": "1"} if "conferenceData" in body else {}
        params |= {"supportsAttachments": "true"} if "attachments" in body else {}
        options: dict[str, Any] = {"params": params, "repeatable": "id" in body}
        options |= {"calendar_id": calendar_id, "body": body}
        return received.event(self._object("POST", events_path(calendar_id), "events.insert", **options))

    def patch_event(
        self,
        calendar_id: str,
        event_id: str,
        body: Body,
        *,
        etag: str | None,
        send_updates: SendUpdates = "none",
    ) -> RawEvent:
        """The event after changing the members of `body` (merged; None deletes one, lists are replaced).

        Raises PreconditionFailed if it changed since `etag` was read. Without an etag it is never sent twice.
        """
        answer = self._object(
            "PATCH",
            event_path(calendar_id, event_id),
            "events.patch",
            params={"sendUpdates": send_updates},
            body=body,
            headers=if_match(etag),
            repeatable=etag is not None,
            calendar_id=calendar_id,
        )
        return received.event(answer)

    def delete_event(
        self, calendar_id: str, event_id: str, *, etag: str | None, send_updates: SendUpdates = "none"
    ) -> bool:
        """Whether this call may have deleted it; False: it was deleted already. Raises NotFound, PreconditionFailed."""
        try:
            self._send(
                "DELETE",
                event_path(calendar_id, event_id),
                "events.delete",
                params={"sendUpdates": send_updates},
                headers=if_match(etag),
                repeatable=True,
                calendar_id=calendar_id,
                shape=lambda body: body is None or isinstance(body, dict),
            )
        except AlreadyDeleted as error:
            return error.unknown_outcome
        return True

    def get_calendar(self, calendar_id: str) -> RawItem:
        """The calendar. Raises NotFound. Source: Calendar API v3, Calendars: get."""
        return self._object("GET", calendar_path(calendar_id), "calendars.get")

    def calendars(self) -> Iterator[RawItem]:
        """The user's calendar list, hidden ones included; `accessRole` and `primary` are only here."""

        def send(params: Mapping[str, str]) -> Answer:
            return self._send(
                "GET",
                "/users/me/calendarList",
                "calendarList.list",
                params=params,
                shape=is_resource_page,
                dates="pageToken" not in params,
            )

        for answer in pages(send, {"maxResults": str(CALENDARS_PER_PAGE), "showHidden": "true"}):
            yield from answer.body.get("items", [])

    def insert_calendar(self, summary: str, time_zone: str, description: str = "") -> RawItem:
        """The new calendar. Never sent twice: after RetryableError(unknown_outcome=True) look for it in `calendars`."""
        body = {"summary": summary, "timeZone": time_zone, "description": description}
        # A user's new calendars share a limit, like the events of one calendar.
        return self._object("POST", "/calendars", "calendars.insert", body=body, calendar_id=f"new/{self._user_key}")

    def _object(self, method: str, path: str, operation: str, **options: Any) -> RawItem:
        body: RawItem = self._send(method, path, operation, shape=is_resource, **options).body
        return body

    def _send(
        self,
        method: str,
        path: str,
        operation: str,
        *,
        shape: Callable[[Any], bool],
        params: Mapping[str, str] | None = None,
        calendar_id: str | None = None,
        **options: Any,
    ) -> Answer:
        limits = dict(self._limits)
        if calendar_id is not None:
            key = self._calendar_key + _hashed(calendar_id)
            limits = {Scope.CALENDAR: Limit(key, CALENDAR_WRITES_PER_SECOND), **limits}
        call = Call(
            method,
            "/calendar/v3" + path,
            operation,
            params={**self._common, **(params or {})},
            limits=limits,
            shape=shape,
            **options,
        )
        return self._transport.send(call)


def _hashed(text: str) -> str:
    """40 hex digits: as long as `quotaUser` may be; no e-mail address in an URL or a key."""
    return hashlib.sha256(text.encode()).hexdigest()[:40]
