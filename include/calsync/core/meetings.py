"""Which meeting an event is a copy of: every guest's calendar has its own copy, and all carry one iCalUID."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from include.calsync.core.identifiers import identifier
from include.calsync.core.raw import Raw

LENGTH = 1100
"""Of the longest meeting that the store takes."""


def meeting_of(event: Raw | None) -> str | None:
    """The meeting of a raw event: its iCalUID, and for an occurrence of a series its original start; None: unknown."""
    event = event or {}
    uid = event.get("iCalUID")
    if not uid:
        return None
    if not event.get("recurringEventId"):
        return identifier(str(uid), LENGTH)
    start = event.get("originalStartTime")
    start = start if isinstance(start, Mapping) else {}
    began = str(start.get("date") or _instant(start.get("dateTime")))[:40]
    return f"{identifier(str(uid), LENGTH - 1 - len(began))} {began}"


def _instant(text: object) -> str:
    """Each calendar shows it in its own zone."""
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return str(text)
