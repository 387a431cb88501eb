"""Faults that a test installs on a service: when they strike, and what becomes of the answer."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field, fields
from typing import Any

from include.sandbox.wire import Answer

KINDS = ("status", "drop", "slow", "truncate", "html", "drip", "json", "repeat", "no_sync_token")
HTML_PAGE = (
    "<!DOCTYPE html><html><head><title>Error</title></head><body><h1>The service is unavailable</h1></body></html>"
)
ON_ANSWERS = ("truncate", "drip", "repeat", "no_sync_token")
"""Kinds that need an answer: the request is carried out."""


def html_page(status: int, text: str = HTML_PAGE) -> Answer:
    """What a gateway answers in a service's place: for paths that it does not know, and when it is in trouble."""
    return Answer(status, text.encode(), {"Content-Type": "text/html; charset=UTF-8"})


@dataclass(frozen=True)
class Fault:
    """One fault.

    ``kind``: ``status`` an error answer of the service's own shape (``status``, ``reason``, ``headers``; ``body``
    replaces it: a str is sent as HTML, anything else as JSON) · ``drop`` the connection is reset · ``slow`` waits
    ``seconds`` · ``drip`` sends one byte every ``seconds`` · ``truncate`` sends half of the body under the full
    Content-Length, or, with ``still_parses``, valid JSON that lacks half of its list and its page cursor · ``html``
    an HTML page with ``status`` (404: a gateway that does not find the service) · ``json`` replaces the body by
    ``body`` · ``repeat`` a list shows each item twice · ``no_sync_token`` a listing of Google ends without one.

    ``when``: ``before`` = instead of carrying the request out (``slow``: wait, then carry it out); ``after`` = the
    request is carried out, then its answer is lost or replaced. ``truncate``, ``drip``, ``repeat`` and
    ``no_sync_token`` need an answer, so they always carry it out.

    ``method`` and ``path`` (a regular expression, searched in the decoded path) restrict it. ``nth`` is the 1-based
    index among all requests of the service since the fault was installed; ``skip`` lets so many matching requests
    pass first; ``times`` is how often it strikes (0 = for ever). With ``nth`` and ``times`` n it strikes from the nth
    request on.
    """

    kind: str
    when: str = "before"
    method: str | None = None
    path: str | None = None
    nth: int | None = None
    skip: int = 0
    times: int = 1
    status: int | None = None
    reason: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    seconds: float = 1.0
    still_parses: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"fault kind must be one of {', '.join(KINDS)}, not {self.kind!r}")
        if self.when not in ("before", "after"):
            raise ValueError(f"fault when must be 'before' or 'after', not {self.when!r}")
        try:
            re.compile(self.path or "")
        except re.error as error:
            raise ValueError(f"fault path is no regular expression: {error}") from error

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Fault:
        """A fault from the control API's JSON object. Raises ValueError on an unknown member."""
        unknown = set(data) - {each.name for each in fields(cls)}
        if unknown or "kind" not in data:
            raise ValueError(f"unknown members {sorted(unknown)}" if unknown else "kind is required")
        return cls(**data)

    def fits(self, method: str, path: str) -> bool:
        if self.method is not None and self.method.upper() != method.upper():
            return False
        return self.path is None or re.search(self.path, path) is not None


@dataclass
class _Armed:
    fault: Fault
    seen_count: int = 0
    matched_count: int = 0
    struck_count: int = 0

    def due(self, method: str, path: str) -> bool:
        """Counts one request, and says whether the fault strikes it."""
        self.seen_count += 1
        if self.fault.times and self.struck_count >= self.fault.times:
            return False
        if self.fault.nth is not None:
            late = self.fault.times and self.seen_count >= self.fault.nth + self.fault.times
            if self.seen_count < self.fault.nth or late:
                return False
        if not self.fault.fits(method, path):
            return False
        self.matched_count += 1
        if self.matched_count <= self.fault.skip:
            return False
        self.struck_count += 1
        return True


class Faults:
    """The faults installed on one service. At most one strikes a request: the first installed that is due."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []
        self._lock = threading.Lock()
        self.struck: list[tuple[Fault, str, str]] = []
        """(fault, method, path) of every strike so far."""

    def add(self, fault: Fault) -> Fault:
        with self._lock:
            self._armed.append(_Armed(fault))
        return fault

    def clear(self) -> None:
        """Removes all faults, and forgets the strikes."""
        with self._lock:
            self._armed.clear()
            self.struck.clear()

    def strike(self, method: str, path: str) -> Fault | None:
        """Counts one request; the fault that strikes it, if any."""
        with self._lock:
            due = [armed for armed in self._armed if armed.due(method, path)]
            if not due:
                return None
            for spared in due[1:]:
                spared.struck_count -= 1
            self.struck.append((due[0].fault, method, path))
            return due[0].fault


def shorten(body: bytes) -> bytes:
    """A list answer that still parses but lost the second half of its list, and the way to the next page."""
    try:
        data = json.loads(body)
    except ValueError:
        return body[: len(body) // 2]
    if isinstance(data, dict):
        for name, value in data.items():
            if isinstance(value, list) and name in ("items", "data"):
                data[name] = value[: len(value) // 2]
        data.pop("nextPageToken", None)
        if isinstance(data.get("additional_data"), dict):
            data["additional_data"].pop("next_cursor", None)
            data["additional_data"].pop("pagination", None)
    return json.dumps(data).encode()


def repeat(body: bytes) -> bytes:
    """A list answer that shows each of its items twice, as two pages that overlap do."""
    try:
        data = json.loads(body)
    except ValueError:
        return body
    if isinstance(data, dict):
        for name, value in data.items():
            if isinstance(value, list) and name in ("items", "data"):
                data[name] = [*value, *value]
    return json.dumps(data).encode()


def without_sync_token(body: bytes) -> bytes:
    """A listing whose last page has no ``nextSyncToken``."""
    try:
        data = json.loads(body)
    except ValueError:
        return body
    if isinstance(data, dict):
        data.pop("nextSyncToken", None)
    return json.dumps(data).encode()
