"""The Pipedrive sandbox as a service: login, allowances, routes, the consent page and the token endpoint."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

from include.sandbox.base import Answer, Backend, Call, SandboxClock, Service
from include.sandbox.faults import html_page
from include.sandbox.pipedrive import consent_page
from include.sandbox.pipedrive.auth import Caller, require_scope
from include.sandbox.pipedrive.consent_page import AUTH_PATH
from include.sandbox.pipedrive.errors import ApiError, OAuthError, TooManyRequests, Unauthorized
from include.sandbox.pipedrive.limits import refused_headers
from include.sandbox.pipedrive.options import Options
from include.sandbox.pipedrive.routes import Route, find, is_known_path
from include.sandbox.pipedrive.state import PipedriveState

TOKEN_PATH = "/oauth/token"


class PipedriveBackend(Backend):
    """Turns calls into answers over one company's state."""

    def __init__(self, state: PipedriveState) -> None:
        super().__init__(state.lock)
        self._state = state

    def operation(self, call: Call) -> str:
        if call.path == TOKEN_PATH:
            return "oauth.token"
        if call.path == AUTH_PATH:
            return "oauth.authorize"
        route = find(call)
        return route.operation if route else "unknown"

    def handle(self, call: Call) -> Answer:
        route = find(call)
        try:
            if call.path == TOKEN_PATH:
                return self._token(call)
            if call.path == AUTH_PATH and call.method in ("GET", "POST"):
                return consent_page.answer(self._state, call)
            if route is None and not is_known_path(call):
                return html_page(404)
            caller = self._state.tokens.caller(call.headers)
        except ApiError as error:
            return _refusal(error)
        tokens = route.tokens if route else 0
        headers: dict[str, str] = {}
        try:
            headers = self._admit(caller, route)
            if route is None:
                raise ApiError(405, "Method not allowed")
            require_scope(caller, route.scopes)
            answer = _json(route.handle(self._state, caller, call), self._status(route), headers)
        except ApiError as error:
            if headers and not self._state.options.failed_requests_cost:
                self._state.limits.refund(tokens)
            answer = _refusal(error, headers)
        return Answer(answer.status, answer.body, answer.headers, caller.principal)

    def error(self, status: int, reason: str | None) -> Answer:
        """For faults: the shape that Pipedrive gives this status. A 429 is told by its headers (`REFUSED`)."""
        if status == 401:
            return _refusal(Unauthorized())
        if status == 429:
            return _refusal(TooManyRequests(refused_headers(reason or "burst", self._state.limits)))
        if reason in ("invalid_grant", "invalid_client"):
            return _refusal(OAuthError(status, reason, "Refused"))
        return _refusal(ApiError(status, reason or f"HTTP {status}"))

    def credentials(self) -> dict[str, Any]:
        """API tokens by e-mail, and one user's OAuth consent."""
        state = self._state
        users = list(state.users.values())
        out: dict[str, Any] = {"base_url": state.service_url(), "company": state.company()}
        out["api_tokens"] = {user["email"]: state.token_for(user["id"]) for user in users}
        return out | {"oauth": {user["email"]: state.oauth_client(user["id"]) for user in users}}

    def logged_body(self, call: Call) -> Any:
        """The token endpoint's form holds a secret."""
        return None if call.path == TOKEN_PATH else super().logged_body(call)

    def _admit(self, caller: Caller, route: Route | None) -> dict[str, str]:
        tokens, search = (route.tokens, route.is_search) if route else (0, False)
        return self._state.limits.admit(caller.key, tokens, oauth=caller.scopes is not None, search=search)

    def _status(self, route: Route) -> int:
        return self._state.options.create_status if route.operation == "activities.create" else 200

    def _token(self, call: Call) -> Answer:
        if call.method != "POST":
            raise ApiError(405, "Method not allowed")
        form = {name: values[-1] for name, values in parse_qs(call.body.decode("utf-8", "replace")).items()}
        return _json(self._state.tokens.answer(call.headers, form, self._state.service_url()), 200, {})


def create_pipedrive(
    clock: SandboxClock, *, options: Options | None = None, latency_s: float = 0.0, seed: int | None = None
) -> Service:
    """One company's Pipedrive. `service.state` is a PipedriveState; serve it with ServerThread."""
    state = PipedriveState(clock, options, seed=seed)
    service = Service("pipedrive", PipedriveBackend(state), state, clock, latency_s=latency_s)
    state.service_url = lambda: service.url
    return service


def _json(body: Any, status: int, headers: dict[str, str]) -> Answer:
    """ASCII JSON, as PHP writes it: a lone surrogate in a text survives as an escape."""
    return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/json; charset=utf-8", **headers})


def _refusal(error: ApiError, headers: dict[str, str] | None = None) -> Answer:
    body = error.body()
    all_headers = {**(headers or {}), **error.headers}
    if isinstance(body, str):
        return Answer(error.status, body.encode(), all_headers)
    return _json(body, error.status, all_headers)
