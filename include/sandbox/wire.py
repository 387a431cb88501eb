"""A request and an answer, as the backends of both services see them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Call:
    """One request as a backend sees it. ``path`` is decoded; ``segments`` are split before decoding, so ids may hold
    ``/``."""

    method: str
    path: str
    segments: tuple[str, ...]
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = b""

    def one(self, name: str, default: str | None = None) -> str | None:
        """The last value of a query parameter."""
        values = self.query.get(name)
        return values[-1] if values else default

    def json(self) -> Any:
        """The JSON body. Raises ValueError."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """``principal`` is whoever the service took the caller for; it goes into the request log."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    principal: str | None = None


def json_answer(data: Any, status: int = 200, *, headers: Mapping[str, str] | None = None) -> Answer:
    """JSON in UTF-8. Text with lone surrogates, which UTF-8 cannot hold, goes out as ASCII escapes."""
    try:
        body = json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        body = json.dumps(data).encode()
    return Answer(status, body, {"Content-Type": "application/json; charset=UTF-8", **(headers or {})})
