"""Stamps of the services, and how far their clocks are ahead of ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def skew(server_time: datetime | None, clock: Callable[[], datetime]) -> timedelta:
    """How far a service's clock is ahead of ours."""
    return server_time - clock() if server_time else timedelta(0)


def stamp(value: object, ahead: timedelta = timedelta(0)) -> datetime | None:
    """An RFC 3339 stamp as an instant of our clock; None if it is missing or means nothing."""
    try:
        at = datetime.fromisoformat(str(value))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC) - ahead
    except (ValueError, OverflowError):
        return None
