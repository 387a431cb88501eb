"""What the consent pages of both services share: authorization codes, redirects, pages that no frame shows.

Source: RFC 6749, sections 4.1.2 (code, error and state go back in the query of the redirect URI) and 10.5 (a code is
short-lived and taken once).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from include.sandbox.page_parts import rendered
from include.sandbox.wire import Answer

T = TypeVar("T")
UNFRAMED = {"X-Frame-Options": "DENY", "Cache-Control": "no-store"}
"""Neither service shows its consent page in a frame."""


class CodeExpired(Exception):
    """The code was given too long ago."""


class Codes(Generic[T]):
    """Authorization codes, and what each stands for. A code is taken once, whatever becomes of the request."""

    def __init__(self) -> None:
        self._codes: dict[str, tuple[T, datetime]] = {}

    def give(self, code: str, what: T, until: datetime) -> str:
        self._codes[code] = what, until
        return code

    def take(self, code: str, now: datetime) -> T | None:
        """None: unknown, or taken before. Raises CodeExpired."""
        what, until = self._codes.pop(code, (None, now))
        if what is not None and now >= until:
            raise CodeExpired
        return what


def sent_back(redirect_uri: str, **answer: str | None) -> Answer:
    """The browser goes back to the app. What is None is left out; a query that the address has stays."""
    parts = urlsplit(redirect_uri)
    known = [(name, value) for name, value in answer.items() if value is not None]
    query = urlencode(parse_qsl(parts.query, keep_blank_values=True) + known)
    return Answer(302, b"", {"Location": urlunsplit(parts._replace(query=query)), **UNFRAMED})


def page(template: str, status: int = 200, **values: Any) -> Answer:
    """A whole page of the service's own, which no frame shows."""
    headers = {"Content-Type": "text/html; charset=utf-8", **UNFRAMED}
    return Answer(status, rendered(template, **values), headers)
