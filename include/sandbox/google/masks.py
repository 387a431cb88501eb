"""The ``fields`` parameter (partial responses): ``items(id,status),nextPageToken``, ``items/id``, ``*``.

Source: Google Calendar API guide "Improve performance: Partial response".
"""

from __future__ import annotations

import re
from typing import Any

from include.sandbox.google.errors import GoogleError

Mask = dict[str, "Mask"]
_TOKEN = re.compile(r"[A-Za-z0-9_*]+|[(),/]")


def parse_mask(text: str) -> Mask:
    """Raises GoogleError 400 ``invalidParameter``. An empty mask below a name means everything there."""
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != text.replace(" ", ""):
        raise _wrong(text)
    mask, rest = _group(tokens, text)
    if rest:
        raise _wrong(text)
    return mask


def masked(value: Any, mask: Mask) -> Any:
    """The parts of a JSON value that the mask names."""
    if not mask or "*" in mask:
        return value
    if isinstance(value, list):
        return [masked(each, mask) for each in value]
    if isinstance(value, dict):
        return {name: masked(value[name], mask[name]) for name in value if name in mask}
    return value


def _group(tokens: list[str], text: str) -> tuple[Mask, list[str]]:
    mask: Mask = {}
    while True:
        if not tokens or tokens[0] in "(),/":
            raise _wrong(text)
        name, tokens = tokens[0], tokens[1:]
        level = mask.setdefault(name, {})
        while tokens[:1] == ["/"]:
            if len(tokens) < 2 or tokens[1] in "(),/":
                raise _wrong(text)
            level, tokens = level.setdefault(tokens[1], {}), tokens[2:]
        if tokens[:1] == ["("]:
            inner, tokens = _group(tokens[1:], text)
            if tokens[:1] != [")"]:
                raise _wrong(text)
            level.update(inner)
            tokens = tokens[1:]
        if tokens[:1] != [","]:
            return mask, tokens
        tokens = tokens[1:]


def _wrong(text: str) -> GoogleError:
    return GoogleError(400, "invalidParameter", f"Invalid field selection {text}", "fields")
