"""An order of items that does not hang on which of several writes, under way at the same time, came first."""

from __future__ import annotations

from typing import Any

from include.calsync.core.marks import read_mark
from include.calsync.core.model import Origin


def in_order(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events as they were made; those made for activities in the order of these, in the places that they have."""
    keys = {event["id"]: _activity_of(event) for event in events}
    ours = iter(sorted((event for event in events if keys[event["id"]]), key=lambda event: keys[event["id"]]))
    return [next(ours) if keys[event["id"]] else event for event in events]


def _activity_of(event: dict[str, Any]) -> int:
    """Which activity it was made for; 0: none."""
    mark = read_mark(event)
    return mark.activity_id if mark is not None and mark.origin is Origin.PIPEDRIVE else 0
