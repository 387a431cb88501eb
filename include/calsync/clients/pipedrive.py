"""Pipedrive over HTTP: activities, what they hang on, users and types.

Sources: Pipedrive OpenAPI v2 and v1 (paths, parameters, `x-token-cost`), Pipedrive API docs "Rate limiting" and "API v2
migration guide". Objects are returned as the API gives them.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from random import random as _random
from typing import Any, Literal

from include.calsync.clients.auth import ApiToken, OAuthRefresh, TokenKeeper, live
from include.calsync.clients.limiter import Limit, Limiter
from include.calsync.clients.operations import OPERATIONS, SERVICE
from include.calsync.clients.sessions import DEFAULT_TIMING, Timing
from include.calsync.clients.shapes import activities, has_items, has_list, has_object, has_page, is_envelope, is_field
from include.calsync.clients.spelling import REFUSED, Spelling
from include.calsync.clients.statuses import Scope
from include.calsync.clients.transport import Call, Transport, utc_now
from include.calsync.core import received
from include.calsync.core.raw import Body, RawActivity, RawItem
from include.calsync.core.sendable import lean, sendable
from include.calsync.errors import CredentialRefused, Hidden, RecordError, RetryableError

__all__ = ["OPERATIONS", "ApiToken", "OAuthRefresh", "PipedriveClient"]

PAGE_SIZE = 500
IDS_PER_REQUEST = 100
LOWEST_BURST = 20
"""Requests per rolling 2 s with an API token on the smallest plan."""
SEARCH_BURST = 10
"""Searches per rolling 2 s, on every plan: they have a window of their own."""

NOTHING: Mapping[str, str] = {}
ATTENDEES = {"include_fields": "attendees"}
"""They are left out otherwise (OpenAPI v2, GET /activities), and what is made anew needs them."""


class PipedriveClient:
    """One company through one credential; threads may share it.

    `fingerprint`: tells credentials apart, and can't be turned back into one. `key`: of its limits.
    `server_time`: `Date` of the last answer, of a listing's first page (aware, UTC). `tokens_spent`: by this client.
    Every method raises RetryableError, RateLimited, BudgetExhausted, CredentialRefused or FatalError; those for one
    item also NotFound and Hidden, and writes RecordError. A POST is never sent twice unless it surely was not carried
    out: then RetryableError(unknown_outcome=True).
    """

    def __init__(
        self,
        *,
        base_url: str,
        auth: ApiToken | OAuthRefresh,
        limiter: Limiter,
        key: str,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = utc_now,
        random: Callable[[], float] = _random,
        timing: Timing = DEFAULT_TIMING,
        keeper: TokenKeeper | None = None,
    ) -> None:
        """`key` names the credential's limits in `limiter`. Raises AccountError for a bad `base_url`."""
        self.base_url = base_url
        secret = auth.token if isinstance(auth, ApiToken) else auth.refresh_token
        self.fingerprint = hashlib.sha256(f"{base_url}|{secret}".encode()).hexdigest()[:16]
        self.key = key
        self._limiter = limiter
        self._per_second = {Scope.CREDENTIAL: LOWEST_BURST // 3, Scope.SEARCH: SEARCH_BURST // 3}
        self._spelling = Spelling()
        self._lock = threading.Lock()
        self.tokens_spent = 0
        self._is_let_in = False  # asked for after the first 403 only
        self._auth = live(auth, clock, timing, keeper)
        self._transport = Transport(
            SERVICE,
            base_url=base_url,
            auth=self._auth,
            limiter=limiter,
            sleep=sleep,
            clock=clock,
            random=random,
            timing=timing,
            observe=self._observe,
        )

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
        """`Date` of the last answer (aware, UTC)."""
        return self._transport.server_time

    def named(self, conn_id: str) -> None:
        """Let messages name this connection."""
        self._transport.connection = conn_id

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def activities(
        self,
        *,
        updated_since: datetime | None = None,
        updated_until: datetime | None = None,
        owner_id: int | None = None,
        done: bool | None = None,
        sort_by: Literal["id", "update_time", "add_time", "due_date"] = "update_time",
        sort_direction: Literal["asc", "desc"] = "asc",
    ) -> Iterator[list[RawActivity]]:
        """Pages of at most 500 activities; a page may be empty while more follow.

        `updated_since` is inclusive, `updated_until` exclusive; both are widened to whole seconds, which the API wants.
        """
        wanted = {
            "updated_since": None if updated_since is None else _second(updated_since.timestamp()),
            "updated_until": None if updated_until is None else _second(math.ceil(updated_until.timestamp())),
            "owner_id": owner_id,
            "done": None if done is None else str(done).lower(),
            "sort_by": sort_by,
            "sort_direction": sort_direction,
        }
        params = {k: str(v) for k, v in wanted.items() if v is not None} | ATTENDEES
        return map(activities, self._pages("activities.list", params))

    def activities_by_ids(self, ids: Sequence[int]) -> list[RawActivity]:
        """Those of `ids` that exist and are visible, in no promised order."""
        return activities(self._by_ids("activities.list", ids, ATTENDEES))

    def activity(self, activity_id: int) -> RawActivity:
        """The activity, with its attendees."""
        return received.activity(self._one("activities.get", activity_id, ATTENDEES))

    def create_activity(self, body: Body, *, not_after: datetime | None = None) -> RawActivity:
        """The activity as stored. Members that are None are left out.

        Later than `not_after` it is not sent any more: RetryableError, surely without effect.
        """
        sent = sendable({name: value for name, value in body.items() if value is not None})
        short = lean(sent)
        try:
            return self._post(sent, not_after)
        except RecordError as error:
            if error.status not in REFUSED or short == sent:
                raise
        return self._post(short, not_after)

    def update_activity(
        self,
        activity_id: int,
        body: Body,
        *,
        seen_update_time: str | None = None,
        not_after: datetime | None = None,
    ) -> RawActivity:
        """The activity as stored after changing only the members of `body`; None clears one.

        Members that may not be written are left out (`core.sendable`), so that objects that were read may be passed.
        There is no conditional write. After an unknown outcome the activity is read: if its `update_time` is still
        `seen_update_time` nothing happened and the change is sent once more; otherwise (or without
        `seen_update_time`) RetryableError(unknown_outcome=True): read it and decide again.
        Later than `not_after` it is not sent any more: TooLate.
        """
        try:
            return self._change(activity_id, body, not_after)
        except RetryableError as error:
            if not error.unknown_outcome or seen_update_time is None:
                raise
            if self.activity(activity_id).get("update_time") != seen_update_time:
                raise
        return self._change(activity_id, body, not_after)

    def delete_activity(self, activity_id: int, *, not_after: datetime | None = None) -> None:
        """Raises NotFound if it is gone (with `unknown_outcome`: maybe by an earlier try of this call).

        Later than `not_after` it is not sent any more: TooLate.
        """
        options: dict[str, Any] = {"shape": is_envelope, "repeatable": True, "not_after": not_after}
        self._transport.send(self._call("activities.delete", activity_id, **options))

    def persons(self, ids: Sequence[int]) -> list[RawItem]:
        """Those of these persons that are there and visible; in requests of 100 ids."""
        return self._by_ids("persons.list", ids)

    def persons_by_email(self, address: str) -> list[RawItem]:
        """Persons of this address, in the search's own shape: `id`, `emails` (texts), `organization` (object or null).

        OpenAPI v2, GET /persons/search: `exact_match` is not case sensitive.
        """
        params = {"term": address, "fields": "email", "exact_match": "true", "limit": "10"}
        body = self._transport.send(self._call("persons.search", params=params, shape=has_items)).body
        return [found["item"] for found in body["data"]["items"]]

    def open_deals(self, person_id: int) -> list[RawItem]:
        """The person's open deals."""
        wanted = {"person_id": str(person_id), "status": "open"}
        return [deal for page in self._pages("deals.list", wanted) for deal in page]

    def organizations(self, ids: Sequence[int]) -> list[RawItem]:
        """Those of these organizations that are there and visible; in requests of 100 ids."""
        return self._by_ids("organizations.list", ids)

    def deals(self, ids: Sequence[int]) -> list[RawItem]:
        """Archived deals may be missing here; `deal` finds them."""
        return self._by_ids("deals.list", ids)

    def person(self, person_id: int) -> RawItem:
        """The person. Raises NotFound, or Hidden if the credential may not see it."""
        return self._one("persons.get", person_id)

    def organization(self, org_id: int) -> RawItem:
        """The organization. Raises as `person`."""
        return self._one("organizations.get", org_id)

    def deal(self, deal_id: int) -> RawItem:
        """The deal, also an archived one. Raises as `person`."""
        return self._one("deals.get", deal_id)

    def lead(self, lead_id: str) -> RawItem:
        """The lead (v1). Raises as `person`."""
        return self._one("leads.get", lead_id)

    def updated(self, kind: str, since: datetime) -> Iterator[list[RawItem]]:
        """Pages of what was updated at or after `since`, the oldest first. An `update_time` may be null.

        `kind`: deal, archived_deal, person, organization or lead; neither of the first and last has archived ones.
        """
        wanted = {"updated_since": _second(since.timestamp())}
        if kind == "lead":  # v1: its order is not promised, and pages are counted
            return self._counted_pages("leads.list", wanted)
        name = "deals.archived" if kind == "archived_deal" else f"{kind}s.list"
        return self._pages(name, wanted | {"sort_by": "update_time", "sort_direction": "asc"})

    def me(self) -> RawItem:
        """The credential's user, with `company_id`, `company_domain`, `timezone_name`."""
        return self._data(self._call("users.me", shape=has_object))

    def users(self) -> list[RawItem]:
        """The company's users (v1, no paging); some lack members. `active_flag` says who is one still."""
        return self._data_list("users.list")

    def activity_types(self) -> list[RawItem]:
        """The company's activity types (v1, no paging); `active_flag` says which are in use."""
        return self._data_list("activityTypes.list")

    def activity_options(self, field: str) -> dict[int, str]:
        """Labels of an activity field's options, by id (reference: ActivityFields). OAuth needs the scope `admin`."""
        known = self._data(self._call("activityFields.get", field, shape=is_field))
        return {int(each["id"]): str(each["label"]) for each in known.get("options") or ()}

    def _pages(self, name: str, params: Mapping[str, str]) -> Iterator[list[RawItem]]:
        seen: set[str] = set()
        cursor: str | None = None
        while True:
            page = {**params, "limit": str(PAGE_SIZE), **({"cursor": cursor} if cursor else {})}
            call = self._call(name, params=page, shape=has_page, dates=cursor is None)
            body = self._transport.send(call).body
            yield body["data"] or []
            cursor = (body.get("additional_data") or {}).get("next_cursor")
            if not cursor:
                return
            if cursor in seen:
                raise RetryableError(f"Pipedrive, {name}: a cursor came twice.", reason="cursor_repeats")
            seen.add(cursor)

    def _counted_pages(self, name: str, params: Mapping[str, str]) -> Iterator[list[RawItem]]:
        for start in itertools.count(0, PAGE_SIZE):
            page = {**params, "limit": str(PAGE_SIZE), "start": str(start)}
            body = self._transport.send(self._call(name, params=page, shape=has_page, dates=start == 0)).body
            yield body["data"] or []
            more = (body.get("additional_data") or {}).get("pagination") or {}
            if not more.get("more_items_in_collection"):
                return

    def _by_ids(self, name: str, ids: Sequence[int], more: Mapping[str, str] = NOTHING) -> list[RawItem]:
        found: list[RawItem] = []
        remaining = iter(sorted(set(ids)))
        while chunk := list(itertools.islice(remaining, IDS_PER_REQUEST)):
            for page in self._pages(name, {"ids": ",".join(map(str, chunk)), **more}):
                found.extend(page)
        return found

    def _one(self, name: str, item_id: int | str, params: Mapping[str, str] | None = None) -> RawItem:
        """A 403 is the item's if the credential works, and if it is not a passing one: then it raises Hidden.

        Pipedrive changelog, "Introducing pipeline visibility" (2023): 403 for a deal that is not visible.
        """
        call = self._call(name, item_id, params=params, shape=has_object)
        try:
            return self._data(call)
        except CredentialRefused as error:
            if not self._may_be_hidden(error):
                raise
        try:
            return self._data(call)
        except CredentialRefused as error:
            if error.status != 403:
                raise
            text = f"Let the connection's user see it in Pipedrive. (Pipedrive, {call.operation}: 403)"
            raise Hidden(text, status=403, server_time=error.server_time) from None

    def _may_be_hidden(self, error: CredentialRefused) -> bool:
        if error.status != 403 or error.reason == "scope":
            return False
        if not self._is_let_in:
            try:
                self.me()
            except CredentialRefused:
                return False
            self._is_let_in = True
        return True

    def _data(self, call: Call) -> RawItem:
        data: RawItem = self._transport.send(call).body["data"]
        return data

    def _data_list(self, name: str) -> list[RawItem]:
        data: list[RawItem] = self._transport.send(self._call(name, shape=has_list)).body["data"]
        return data

    def _post(self, body: Body, not_after: datetime | None) -> RawActivity:
        call = self._call("activities.create", body=body, shape=has_object, not_after=not_after)
        return received.activity(self._data(call))

    def _change(self, activity_id: int, body: Body, not_after: datetime | None) -> RawActivity:
        def patch(members: Body) -> RawActivity:
            options: dict[str, Any] = {"shape": has_object, "not_after": not_after}
            call = self._call("activities.update", activity_id, body=members, **options)
            return received.activity(self._data(call))

        return self._spelling.send(body, patch)

    def _call(
        self,
        name: str,
        item_id: int | str | None = None,
        *,
        params: Mapping[str, str] | None = None,
        body: Body | None = None,
        shape: Callable[[Any], bool],
        repeatable: bool = False,
        dates: bool = True,
        not_after: datetime | None = None,
    ) -> Call:
        operation = OPERATIONS[name]
        return Call(
            operation.method,
            operation.path if item_id is None else operation.path.format(item_id),
            name if item_id is None else f"{name} {item_id}",
            params=params or {},
            body=body,
            repeatable=repeatable,
            limits=self._limits(name),
            shape=shape,
            dates=dates,
            tokens=operation.tokens,
            not_after=not_after,
        )

    def _limits(self, name: str) -> dict[Scope, Limit]:
        """A search waits for its own window before it takes a place in the common one."""
        limits = {Scope.CREDENTIAL: Limit(self.key, self._per_second[Scope.CREDENTIAL])}
        if name.endswith(".search"):
            limits = {Scope.SEARCH: Limit(f"{self.key}/search", self._per_second[Scope.SEARCH])} | limits
        return limits

    def _observe(self, call: Call, headers: Mapping[str, str]) -> None:
        """Book the tokens, and follow the plan's burst limit: a third, as 2 s may touch three one-second slices.

        What a search's answer says of limits counts for searches alone, and at most as much as the docs allow.
        """
        with self._lock:
            self.tokens_spent += call.tokens
            burst = headers.get("x-ratelimit-limit", "")
            if burst.isdecimal():
                searches = Scope.SEARCH in call.limits
                allowed = min(int(burst), SEARCH_BURST) if searches else int(burst)
                self._per_second[Scope.SEARCH if searches else Scope.CREDENTIAL] = max(1, allowed // 3)
        left = headers.get("x-daily-ratelimit-token-remaining", "")
        self._limiter.spend(self.key, call.tokens, int(left) if left.isdecimal() else None)


def _second(timestamp: float) -> str:
    return datetime.fromtimestamp(math.floor(timestamp), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
