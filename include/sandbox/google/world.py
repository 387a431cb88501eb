"""The calendars of one sandbox, and the stamps (etag, ``updated``, change number) that every write takes."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.sandbox.base import SandboxClock
from include.sandbox.google.auth import Principal
from include.sandbox.google.errors import GoogleError, not_found
from include.sandbox.google.options import Options
from include.sandbox.google.records import Calendar, Stored, User, html_link
from include.sandbox.google.recurrence import instance_data, occurs, split_instance_id


@dataclass(frozen=True)
class Mail:
    """A notification that Google would have sent. ``send_updates`` None: the request did not say whom to inform."""

    at: datetime
    kind: str
    """``invitation``, ``update``, ``cancellation`` or ``response``"""
    to: str
    calendar_id: str
    event_id: str
    summary: str
    send_updates: str | None


class World:
    """All data. Its own methods neither check rights nor mail; ``writes`` does."""

    def __init__(self, clock: SandboxClock) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.options = Options()
        self.users: dict[str, User] = {}
        self.calendars: dict[str, Calendar] = {}
        self.mails: list[Mail] = []
        self.write_refused: set[str] = set()
        """Calendars that are read-only for hours (403 ``quotaExceeded``); ``*`` = all."""
        self._last_etag = 0
        self._last_change = 0

    @property
    def last_change(self) -> int:
        return self._last_change

    def next_change(self) -> int:
        self._last_change += 1
        return self._last_change

    def next_etag(self) -> str:
        """Grows with time, and never repeats."""
        self._last_etag = max(self._last_etag + 2, int(self.clock.now().timestamp() * 1000) * 2000)
        return f'"{self._last_etag}"'

    def calendar_named(self, calendar_id: str, principal: Principal) -> Calendar:
        """Raises GoogleError 404 for an unknown one and for one that the principal has no access to."""
        calendar = self.calendars.get(principal.email if calendar_id == "primary" else calendar_id)
        if calendar is None or calendar.role(principal.email) == "none":
            raise not_found()
        return calendar

    def find(self, calendar: Calendar, event_id: str) -> Stored:
        """A stored event, or an instance that still is as its series says (not stored). Raises GoogleError 404."""
        stored = calendar.events.get(event_id)
        if stored is not None:
            return stored
        split = split_instance_id(event_id)
        series = calendar.events.get(split[0]) if split else None
        if split is None or series is None or series.cancelled or "recurrence" not in series.data:
            raise not_found()
        original = split[1]
        if not occurs(series.data, original):
            raise not_found()
        if "dateTime" in original:
            original = {**original, "timeZone": series.data["start"]["timeZone"]}
        return self.instance(calendar, series, original)

    def instance(self, calendar: Calendar, series: Stored, original: dict[str, str]) -> Stored:
        """An instance as its series makes it, not stored: it has the series' stamps."""
        data = instance_data(series.data, original)
        return Stored(data, series.etag, series.updated, 0, html_link(calendar.id, data["id"]))

    def commit(self, calendar: Calendar, stored: Stored, data: dict[str, Any], *, quietly: bool = False) -> None:
        """Stores new data under new stamps. ``quietly``: ``updated`` stays, as after a change of reminders alone."""
        now = self.clock.now()
        stored.data = data
        stored.etag = self.next_etag()
        stored.updated = stored.updated if quietly else now
        if stored.id in calendar.events:
            calendar.moved(stored, self.next_change())
        else:
            stored.change = self.next_change()
            calendar.put(stored)
        calendar.updated = now

    def add(self, calendar: Calendar, data: dict[str, Any]) -> Stored:
        """Stores a new event."""
        stored = Stored(data, "", self.clock.now(), 0, html_link(calendar.id, data["id"]))
        self.commit(calendar, stored, data)
        return stored

    def master(self, stored: Stored) -> tuple[Calendar, Stored] | None:
        """The organizer's copy of an event, if the organizer's calendar is known here."""
        calendar = self.calendars.get(stored.data.get("organizer", {}).get("email", ""))
        if calendar is None:
            return None
        try:
            found = self.find(calendar, stored.id)
        except GoogleError:
            return None
        return (calendar, found) if found.data.get("iCalUID") == stored.data.get("iCalUID") else None
