"""What the pages of both services share: layout, forms, redirects."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from include.sandbox.base import Service
from include.sandbox.wire import Answer, Call

HOME = "/_sandbox/"
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
)


class PageError(Exception):
    """What is wrong with a request, to be shown to the person; `status` 400 or 404."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


class Pages:
    """What the pages of both services share."""

    def __init__(self, service: Service, title: str, other: Service | None = None, other_title: str = "") -> None:
        self.service = service
        self.title = title
        self.other = other
        self._other_title = other_title

    def __call__(self, call: Call) -> Answer | None:
        """The answer to a page request; None for a path that is no page."""
        try:
            return self.answer(call)
        except PageError as error:
            return self.render("problem.html", error.status, heading="That did not work", problem=str(error))

    def answer(self, call: Call) -> Answer | None:
        raise NotImplementedError

    def render(self, template: str, status: int = 200, **values: Any) -> Answer:
        """A whole page. Every value is escaped."""
        other = {"url": self.other.url, "name": self._other_title} if self.other else None
        common = {"service": self.title, "other": other, "url": self.service.url, "said": "", "problem": ""}
        html = rendered(template, **{**common, **values})
        return Answer(status, html, {"Content-Type": "text/html; charset=utf-8"})


def rendered(template: str, **values: Any) -> bytes:
    """A template as UTF-8. Every value is escaped."""
    return _ENVIRONMENT.get_template(template).render(values).encode("utf-8", "replace")


def form(call: Call) -> dict[str, str]:
    """The fields of a posted form; the last value of each."""
    fields = parse_qs(call.body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1].replace("\r\n", "\n") for name, values in fields.items()}


def see_other(path: str, **query: object) -> Answer:
    """After a POST, so that a reload does not repeat it."""
    return Answer(303, b"", {"Location": f"{path}?{urlencode(query)}" if query else path})


def number(fields: Mapping[str, str], name: str) -> int | None:
    """A field that holds an id, or None if it is absent or empty. Raises PageError."""
    text = fields.get(name, "")
    if text and not (text.isascii() and text.isdigit()):
        raise PageError(f"{name} must be a number")
    return int(text) if text else None
