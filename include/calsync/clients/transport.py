"""One HTTP call and its repetitions: the same for both services.

A request is sent again only if that can do no harm: it surely was not carried out, or repeating it changes nothing.
What an answer means is in `statuses`; how it is read, in `sessions`.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import math
import threading
import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from random import random as _random
from types import MappingProxyType
from typing import Any, Protocol
from weakref import WeakSet

import requests

from include.calsync.clients.limiter import Limit, Limiter, NoLimiter
from include.calsync.clients.refusals import why_refused
from include.calsync.clients.sessions import DEFAULT_TIMING, Session, Timing, exchange, parsed
from include.calsync.clients.statuses import Again, Rest, Rule, Scope, Table, rule_for, said
from include.calsync.errors import (
    AccountError,
    CredentialRefused,
    FatalError,
    RateLimited,
    RecordError,
    RetryableError,
    ServiceError,
)

__all__ = ["Answer", "Auth", "Call", "Limit", "Limiter", "NoLimiter", "Service", "Timing", "Transport", "utc_now"]

log = logging.getLogger(__name__)

LONGEST_BACKOFF_S = 32.0
LONGEST_BURST_S = 60.0
"""More than that is not what `x-ratelimit-reset` is about: its window is two seconds long."""


class Auth(Protocol):
    """Gives the headers that carry a credential. Thread-safe."""

    def headers(self) -> dict[str, str]:
        """May ask a token endpoint. Raises CredentialRefused, or RetryableError if that gave no usable answer."""

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Forget the token in the `refused` headers. False: this kind of credential can't be renewed."""


@dataclass(frozen=True, slots=True)
class Service:
    """What differs between the services. `problem` looks at a parsed 2xx body and returns a reason or ""."""

    name: str
    table: Table
    reason: Callable[[Call, int, Mapping[str, str], Any], str]
    problem: Callable[[Any], str] = lambda body: ""


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `path` is encoded; `operation` is what logs and messages call it, without personal data.

    `repeatable`: sending it twice does no harm (every GET). `shape`: whether a 2xx body (see `parsed`) can be used.
    `dates`: its `Date` becomes `Transport.server_time`. `tokens`: what it costs of Pipedrive's daily budget.
    `not_after`: later than that nothing is sent, however long the process slept before.
    """

    method: str
    path: str
    operation: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = False
    limits: Mapping[Scope, Limit] = field(default_factory=dict)
    shape: Callable[[Any], bool] = lambda body: isinstance(body, dict)
    dates: bool = True
    tokens: int = 0
    not_after: datetime | None = None

    @property
    def writes(self) -> bool:
        """Whether it may change something."""
        return self.method != "GET"


@dataclass(frozen=True, slots=True)
class Answer:
    """A usable 2xx answer: the parsed body (None if it was empty), headers, and `Date` (aware, UTC)."""

    body: Any
    headers: Mapping[str, str]
    server_time: datetime | None


@dataclass(frozen=True, slots=True)
class _Failure:
    rule: Rule
    status: int | None
    reason: str
    headers: Mapping[str, str]
    sent_with: Mapping[str, str]
    body: Any = None


def utc_now() -> datetime:
    """Now (aware, UTC)."""
    return datetime.now(UTC)


class Transport:
    """Sends calls to one service with one credential; threads may share it.

    `request_count` counts every request sent, repetitions included; `server_time` is the `Date` of the last answer.
    `connection`: how messages name where address and credential come from; "" if they don't.
    """

    def __init__(
        self,
        service: Service,
        *,
        base_url: str,
        auth: Auth,
        limiter: Limiter,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = utc_now,
        random: Callable[[], float] = _random,
        timing: Timing = DEFAULT_TIMING,
        observe: Callable[[Call, Mapping[str, str]], None] = lambda call, headers: None,
    ) -> None:
        """`observe` sees the headers of each answer (no headers: none came). Raises AccountError for a bad address."""
        self._service = service
        self._base_url = _checked(base_url, service.name)
        self._auth = auth
        self._limiter = limiter
        self._sleep = sleep
        self._clock = clock
        self._random = random
        self._timing = timing
        self._observe = observe
        self._lock = threading.Lock()
        self._local = threading.local()
        self._sessions: WeakSet[Session] = WeakSet()
        self.connection = ""
        self.request_count = 0
        self.server_time: datetime | None = None

    def send(self, call: Call) -> Answer:
        """Send `call` until it is answered for good. Raises the errors of the service's table.

        `unknown_outcome` of an error is true if any try may have been carried out.
        """
        begun = self._clock()
        tries_count, renewed, unknown = 0, False, False
        while True:
            try:
                outcome = self._try(call)
            except ServiceError as error:  # the limiter or the credential says no
                error.unknown_outcome = error.unknown_outcome or unknown
                if isinstance(error, CredentialRefused):
                    error.args = (self._of_connection(str(error)),)
                raise
            if isinstance(outcome, Answer):
                return outcome
            tries_count += 1
            unknown = unknown or (outcome.rule.maybe_done and call.writes)
            if outcome.rule.again is Again.RENEW and not renewed and self._auth.renew(outcome.sent_with):
                renewed = True
                continue
            wait_s = self._wait_s(outcome, tries_count)
            spent_s = (self._clock() - begun).total_seconds()
            repeats = self._may_repeat(call, outcome, tries_count, spent_s + wait_s)
            until = self._pause(call, outcome, wait_s, final=not repeats)
            if not repeats:
                raise self._error(call, outcome, unknown, until)
            log.warning("%s; try %d failed, next in %.1f s", self._label(call, outcome), tries_count, wait_s)
            self._sleep(wait_s)

    def close(self) -> None:
        """Close all connections; a later call opens new ones."""
        for session in list(self._sessions):
            session.close()

    def _try(self, call: Call) -> Answer | _Failure:
        self._limiter.acquire({limit.key: limit.per_second for limit in call.limits.values()})
        try:
            credential = self._auth.headers()
        except RetryableError as error:
            return self._failure(call, error.status, "token_endpoint", rule_reason="not_sent")
        begun = time.monotonic()
        response = self._request(call, credential)
        status = None if isinstance(response, str) else response.status_code
        elapsed_ms = (time.monotonic() - begun) * 1000
        log.debug("%s %s %s: %s in %d ms", self._service.name, call.method, call.operation, status, elapsed_ms)
        if isinstance(response, str):
            self._observe(call, {})
            return self._failure(call, None, response)
        self._observe(call, response.headers)
        return self._judge(call, response, credential)

    def _request(self, call: Call, credential: Mapping[str, str]) -> requests.Response | str:
        """The answer with its whole body read, or the reason why there is none."""
        headers = {"Accept": "application/json", **call.headers, **credential}
        data = None
        if call.body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(call.body).encode()
        session = self._session()
        try:
            prepared = requests.PreparedRequest()
            prepared.prepare(
                call.method,
                self._base_url + call.path,
                params=dict(call.params),
                data=data,
                headers={**session.headers, **headers},
            )
        except ValueError:
            return "invalid_address"
        with self._lock:
            self.request_count += 1
        return exchange(session, prepared, self._timing_of(call))

    def _timing_of(self, call: Call) -> Timing:
        limit = call.not_after
        if limit is None:
            return self._timing
        return dataclasses.replace(self._timing, may_begin=lambda: self._clock() <= limit)

    def _judge(self, call: Call, response: requests.Response, credential: Mapping[str, str]) -> Answer | _Failure:
        status, headers = response.status_code, response.headers
        server_time = _date(headers)
        if call.dates and server_time is not None:
            self.server_time = server_time
        body = parsed(response.content)
        known = body if isinstance(body, dict) else None
        if not 200 <= status < 300:
            reason = self._service.reason(call, status, headers, known)
            return self._failure(call, status, reason, headers, credential, known)
        problem = self._service.problem(known) if known is not None else ""
        if not problem and call.shape(body):
            return Answer(body, headers, server_time)
        if not problem:
            self._session().close()  # what else comes on this connection may belong to the broken answer
        return self._failure(call, status, problem or "unreadable", headers, credential)

    def _failure(
        self,
        call: Call,
        status: int | None,
        reason: str,
        headers: Mapping[str, str] = MappingProxyType({}),
        sent_with: Mapping[str, str] = MappingProxyType({}),
        body: Any = None,
        rule_reason: str | None = None,
    ) -> _Failure:
        rule = rule_for(self._service.table, None if rule_reason else status, rule_reason or reason)
        if call.writes and rule.on_write is not None:
            rule = rule.on_write
        return _Failure(rule, status, reason, headers, sent_with, body)

    def _wait_s(self, failure: _Failure, tries_count: int) -> float:
        backoff_s: float = min(2.0 ** (tries_count - 1) + self._random(), LONGEST_BACKOFF_S)
        asked_s = _asked_wait_s(failure.headers, self._clock())
        return backoff_s if asked_s is None else max(backoff_s, asked_s + self._random() / 2)

    def _may_repeat(self, call: Call, failure: _Failure, tries_count: int, spent_s: float) -> bool:
        harmless = not failure.rule.maybe_done or call.repeatable or not call.writes
        in_time = tries_count < self._timing.tries_count and spent_s <= self._timing.patience_s
        return failure.rule.again is Again.WAIT and harmless and in_time

    def _pause(self, call: Call, failure: _Failure, wait_s: float, *, final: bool) -> datetime:
        """Let the others that share the limit wait as well. Returns until when; `final`: it is not tried again."""
        now, scope, limit = self._clock(), failure.rule.scope, None
        if scope is None and failure.rule.again is Again.WAIT and "Retry-After" in failure.headers:
            scope = next((each for each in (Scope.CREDENTIAL, Scope.USER) if each in call.limits), None)
        if scope is not None:
            limit = call.limits.get(scope)
        until = now + timedelta(seconds=wait_s)
        if limit is None:
            return until
        why = f"{self._service.name}: {failure.rule.remedy or said(failure.status, failure.reason)}"
        rest = failure.rule.rest if final or failure.rule.again is Again.LATER else None
        if rest is Rest.GROWS and _asked_wait_s(failure.headers, now) is None:
            return self._limiter.back_off(limit.key, now, why)
        if rest is Rest.DAY:
            until = self._limiter.budget_returns(limit.key, now)
        elif isinstance(rest, timedelta):
            until = max(until, now + rest)
        self._limiter.pause(limit.key, until, why)
        return until

    def _error(self, call: Call, failure: _Failure, unknown: bool, until: datetime) -> ServiceError:
        kind = failure.rule.error
        details: dict[str, Any] = {
            "status": failure.status,
            "reason": failure.reason,
            "server_time": _date(failure.headers),
            "unknown_outcome": unknown,
        }
        if issubclass(kind, RateLimited):
            details["retry_at"] = until
        return kind(self._message(call, failure, kind), **details)

    def _message(self, call: Call, failure: _Failure, kind: type[ServiceError]) -> str:
        """The remedy first, then what was asked and answered."""
        label, remedy = self._label(call, failure), failure.rule.remedy
        if failure.status is not None and not remedy and issubclass(kind, RecordError | FatalError):
            why = why_refused(self._service.name, failure.body, call.body)
            return f"{why} ({call.operation}: {said(failure.status, failure.reason)})."
        text = f"{remedy} ({label})" if remedy else f"{label}."
        connects = failure.status is None or issubclass(kind, CredentialRefused | FatalError)
        return self._of_connection(text) if connects else text

    def _of_connection(self, text: str) -> str:
        return f"Connection {self.connection}: {text}" if self.connection else text

    def _label(self, call: Call, failure: _Failure) -> str:
        return f"{self._service.name}, {call.operation}: {said(failure.status, failure.reason)}"

    def _session(self) -> Session:
        session: Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = Session(self._timing)
            self._sessions.add(session)
        return session


def _checked(base_url: str, service: str) -> str:
    address = base_url.strip().rstrip("/")
    try:
        parts = urllib.parse.urlsplit(address)
        usable = parts.scheme in ("http", "https") and parts.hostname and not (parts.username or parts.query)
    except ValueError:
        usable = False
    if not usable:
        raise AccountError(f"{service}: the connection's address must look like https://host, without a user or query.")
    return address


def _date(headers: Mapping[str, str]) -> datetime | None:
    return _http_date(headers.get("Date", ""))


def _http_date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)


def _asked_wait_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """The longest wait that `Retry-After` (seconds or a date) and `x-ratelimit-reset` (seconds) ask for."""
    waits_s: list[float] = []
    for name, longest_s in (("Retry-After", math.inf), ("x-ratelimit-reset", LONGEST_BURST_S)):
        text = headers.get(name, "").strip()
        if text.replace(".", "", 1).isdecimal():
            waits_s.append(float(text))
        elif at := _http_date(text):
            waits_s.append((at - (_date(headers) or now)).total_seconds())
        else:
            continue
        if waits_s[-1] > longest_s:
            waits_s.pop()
    return max(waits_s, default=None)
