"""Routes of the Google sandbox: the consent page, the token endpoint, the batch endpoint and Calendar v3."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from include.sandbox.base import Answer, Backend, Call, SandboxClock, Service, json_answer
from include.sandbox.faults import Faults, html_page
from include.sandbox.google.access import check_scope
from include.sandbox.google.auth import SERVICE_ACCOUNT, Principal
from include.sandbox.google.batch import answer_batch, split_batch
from include.sandbox.google.consent_page import AUTH_PATH, ConsentPage
from include.sandbox.google.errors import GoogleError, error_answer, fault_error
from include.sandbox.google.masks import masked, parse_mask
from include.sandbox.google.operations import OPERATIONS, Request
from include.sandbox.google.parameters import read_parameters
from include.sandbox.google.state import GoogleState

BATCH_PATH = "/batch/calendar/v3"
TOKEN_PATH = "/token"
# (method, path below /calendar/v3 with * for ids) -> method of the API
ROUTES: dict[tuple[str, tuple[str, ...]], str] = {
    ("GET", ("calendars", "*", "events")): "events.list",
    ("POST", ("calendars", "*", "events")): "events.insert",
    ("GET", ("calendars", "*", "events", "*")): "events.get",
    ("PATCH", ("calendars", "*", "events", "*")): "events.patch",
    ("PUT", ("calendars", "*", "events", "*")): "events.update",
    ("DELETE", ("calendars", "*", "events", "*")): "events.delete",
    ("GET", ("calendars", "*", "events", "*", "instances")): "events.instances",
    ("POST", ("calendars",)): "calendars.insert",
    ("GET", ("calendars", "*")): "calendars.get",
    ("PATCH", ("calendars", "*")): "calendars.patch",
    ("PUT", ("calendars", "*")): "calendars.update",
    ("DELETE", ("calendars", "*")): "calendars.delete",
    ("GET", ("users", "me", "calendarList")): "calendarList.list",
    ("POST", ("users", "me", "calendarList")): "calendarList.insert",
    ("GET", ("users", "me", "calendarList", "*")): "calendarList.get",
}


def route(call: Call) -> tuple[str, tuple[str, ...]] | None:
    """The API's method and the ids in the path."""
    if call.segments[:2] != ("calendar", "v3"):
        return None
    segments = call.segments[2:]
    for fixed in (("users", "me", "calendarList"), ("calendars",)):
        if segments[: len(fixed)] == fixed:
            tail = segments[len(fixed) :]
            pattern = (*fixed, *("*" if place % 2 == 0 else word for place, word in enumerate(tail)))
            ids = tail[::2]
            operation = ROUTES.get((call.method, pattern))
            return (operation, ids) if operation and all(ids) else None
    return None


class GoogleBackend(Backend):
    """Every request: route, log in, check scope and quota, read parameters, carry out, show."""

    def __init__(self, state: GoogleState, faults: Faults) -> None:
        super().__init__(state.lock)
        self.state = state
        self.part_faults = faults
        """Faults that strike single calls of a batch (kind ``status``)."""

    def operation(self, call: Call) -> str:
        if call.path in (TOKEN_PATH, BATCH_PATH):
            return call.path.split("/")[1]
        if call.path == AUTH_PATH:
            return "authorize"
        found = route(call)
        return found[0] if found else "unknown"

    def handle(self, call: Call) -> Answer:
        if call.path == TOKEN_PATH and call.method == "POST":
            return self.state.auth.answer_token(call)
        if call.path == AUTH_PATH and call.method in ("GET", "POST"):
            return ConsentPage(self.state.auth.consents, self.state.users, self.state.options).answer(call)
        if call.path == BATCH_PATH and call.method == "POST":
            try:
                return answer_batch(split_batch(call), self._handle_part, self.state.options)
            except GoogleError as error:
                return error_answer(error, self.state.options.error_form)
        return self._handle_call(call)

    def _handle_part(self, call: Call) -> Answer:
        fault = self.part_faults.strike(call.method, call.path)
        if fault is None or fault.kind != "status":
            return self._handle_call(call)
        carried_out = self._handle_call(call) if fault.when == "after" else Answer()
        return replace(self.error(fault.status or 500, fault.reason), principal=carried_out.principal)

    def _handle_call(self, call: Call) -> Answer:
        found = route(call)
        if found is None:
            return html_page(404)
        principal: Principal | None = None
        try:
            principal = self.state.auth.authenticate(call.headers)
            answer = self._answer(call, principal, *found)
        except GoogleError as error:
            answer = error_answer(error, self.state.options.error_form)
        return replace(answer, principal=principal.email if principal else None)

    def _answer(self, call: Call, principal: Principal, operation: str, ids: tuple[str, ...]) -> Answer:
        check_scope(principal, operation)
        who = call.one("quotaUser") or (principal.email if principal.client != SERVICE_ACCOUNT else SERVICE_ACCOUNT)
        self.state.quotas.spend(who, self.state.clock.now())
        params = read_parameters(operation, call.query)
        mask = parse_mask(params["fields"]) if "fields" in params else {}
        result = OPERATIONS[operation](Request(self.state, principal, operation, call, params, ids))
        if result is None:
            return Answer(204)
        etag = result["etag"]
        if call.method == "GET" and etag in call.headers.get("If-None-Match", ""):
            return Answer(304, b"", {"ETag": etag})
        return json_answer(masked(result, mask), headers={"ETag": etag})

    def error(self, status: int, reason: str | None) -> Answer:
        return error_answer(fault_error(status, reason), self.state.options.error_form)

    def credentials(self) -> dict[str, Any]:
        return {
            "api_endpoint": self.state.auth.token_uri.removesuffix(TOKEN_PATH),
            "service_account_key": self.state.service_account_key(),
            "users": sorted(self.state.users),
        }

    def logged_body(self, call: Call) -> Any:
        """Of a token request only the kind; of a batch the request lines."""
        if call.path == TOKEN_PATH:
            return {"grant_type": parse_qs(call.body.decode("utf-8", "replace")).get("grant_type", [""])[0]}
        if call.path == BATCH_PATH:
            try:
                return [f"{inner.method} {inner.path}" for _, inner in split_batch(call)]
            except GoogleError:
                return None
        return super().logged_body(call)


class GoogleService(Service):
    """``part_faults``: faults that strike single calls of a batch."""

    state: GoogleState

    def __init__(self, clock: SandboxClock, latency_s: float) -> None:
        state = GoogleState(clock)
        self.part_faults = Faults()
        super().__init__("google", GoogleBackend(state, self.part_faults), state, clock, latency_s=latency_s)

    async def open(self, port: int) -> None:
        await super().open(port)
        self.state.auth.token_uri = self.url + TOKEN_PATH


def create_google(clock: SandboxClock, *, latency_s: float = 0.0, seed: int | None = None) -> GoogleService:
    """The Google sandbox, not yet listening. It draws nothing at random that a seed would have to repeat, so ``seed``
    is accepted for symmetry alone."""
    del seed
    return GoogleService(clock, latency_s)
