"""What the Google sandbox keeps: users, calendars, events, and for each calendar the order in which events changed."""

from __future__ import annotations

import base64
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

ROLES = ("none", "freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner")


@dataclass(frozen=True)
class User:
    email: str
    display_name: str
    time_zone: str


@dataclass(eq=False)
class Stored:
    """One event of one calendar: a single event, a series, or an exception (an instance that differs from its
    series).

    ``data`` holds the resource without what depends on the reader (``self``, the shown zone) and without default
    values. It is never changed in place: a write puts a new dict there.
    """

    data: dict[str, Any]
    etag: str
    updated: datetime
    change: int
    html_link: str
    bare: bool = False
    """Cancelled, and nothing but the id is left (guaranteed fields of a deleted event)."""
    raw: dict[str, Any] = field(default_factory=dict)
    """Members that a test puts over the shown resource, past all rules; None removes one."""
    copied_to: frozenset[str] = frozenset()
    """Calendars of guests that have a copy."""
    serial: int = 0
    """The event's first change number: its place in the default order."""

    @property
    def id(self) -> str:
        return str(self.data["id"])

    @property
    def cancelled(self) -> bool:
        return bool(self.data["status"] == "cancelled")

    @property
    def series_id(self) -> str | None:
        """The series of an exception."""
        return self.data.get("recurringEventId")


@dataclass(eq=False)
class Calendar:
    """One calendar; ``acl`` maps an e-mail to a role, ``listed_by`` says in whose calendar list it is (e-mail ->
    change)."""

    id: str
    summary: str
    time_zone: str
    owner: str
    etag: str
    updated: datetime
    description: str = ""
    location: str = ""
    primary: bool = False
    app: str | None = None
    """The client that created it (scope ``calendar.app.created``)."""
    acl: dict[str, str] = field(default_factory=dict)
    listed_by: dict[str, int] = field(default_factory=dict)
    events: dict[str, Stored] = field(default_factory=dict)
    order: list[Stored] = field(default_factory=list)
    """All events as first stored: the stable default order of listings."""
    changes: dict[int, Stored] = field(default_factory=dict)
    """Change number -> event, ascending; each event once, under its latest change."""
    exceptions: dict[str, list[Stored]] = field(default_factory=dict)
    """Series id -> its exceptions."""

    def role(self, email: str) -> str:
        return self.acl.get(email, "none")

    def put(self, stored: Stored) -> None:
        """A new event."""
        stored.serial = stored.change
        self.events[stored.id] = stored
        self.order.append(stored)
        self.changes[stored.change] = stored
        if stored.series_id is not None:
            self.exceptions.setdefault(stored.series_id, []).append(stored)

    def moved(self, stored: Stored, change: int) -> None:
        """A known event changed."""
        del self.changes[stored.change]
        stored.change = change
        self.changes[change] = stored

    def drop(self, event_id: str) -> None:
        """Forgets an event, as Google does with deleted ones some day."""
        stored = self.events.pop(event_id)
        self.order.remove(stored)
        del self.changes[stored.change]
        if stored.series_id is not None:
            self.exceptions[stored.series_id].remove(stored)

    def changed_since(self, change: int) -> list[Stored]:
        """Events whose latest change is later than ``change``, oldest change first."""
        found: list[Stored] = []
        for number in reversed(self.changes):
            if number <= change:
                break
            found.append(self.changes[number])
        return found[::-1]

    def stored_from(self, serial: int) -> list[Stored]:
        """Events in the default order, from this place on."""
        return self.order[bisect_left(self.order, serial, key=lambda each: each.serial) :]

    def exceptions_of(self, series_id: str) -> Iterator[Stored]:
        yield from tuple(self.exceptions.get(series_id, ()))


def rank(role: str) -> int:
    return ROLES.index(role)


def html_link(calendar_id: str, event_id: str) -> str:
    eid = base64.urlsafe_b64encode(f"{event_id} {calendar_id}".encode()).decode().rstrip("=")
    return f"https://www.google.com/calendar/event?eid={eid}"
