"""How paths, headers and times of the Google Calendar API are written."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote


def calendar_path(calendar_id: str) -> str:
    """Below `/calendar/v3`."""
    return "/calendars/" + quote(calendar_id, safe="")


def events_path(calendar_id: str) -> str:
    """As `calendar_path`."""
    return calendar_path(calendar_id) + "/events"


def event_path(calendar_id: str, event_id: str) -> str:
    """As `calendar_path`."""
    return f"{events_path(calendar_id)}/{quote(event_id, safe='')}"


def if_match(etag: str | None) -> dict[str, str]:
    """The header of a write that depends on `etag`; none without one."""
    return {} if etag is None else {"If-Match": etag}


def rfc3339(at: datetime) -> str:
    """An instant in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
