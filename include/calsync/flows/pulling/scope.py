"""Reconcile: both sides read whole, or what is dated in an interval, and compared with every link that is concerned.

A pull since a cursor sees what a service says has changed. What it left out (a page of a listing, an edit that moved no
stamp, an event that is gone without a trace) only a comparison finds. Nothing is decided here: what is read goes
through the same plan, guard and writes as any other run.

An item that a link names and that is in no listing is no deleted one. It is asked for by its id: a moved one is found
there, and absence is judged as everywhere else (`probe` for activities; an event is gone if it says so itself).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from include.calsync.clients.google_calendar import EventListing, GoogleCalendarClient
from include.calsync.clients.pipedrive import PipedriveClient
from include.calsync.core.fields import event_view
from include.calsync.core.raw import Raw, RawActivity
from include.calsync.core.when import activity_when, due_at
from include.calsync.flows.request import RunRequest

# A whole day's event begins at its calendar's midnight, which is at most so far from that of UTC. And an event without
# length ends where it begins, which is not after `timeMin`.
ZONES = timedelta(hours=14)


@dataclass(frozen=True)
class Scope:
    """What a run compares. `interval` None: everything; else what begins in it (whole days: at midnight UTC)."""

    interval: tuple[datetime, datetime] | None

    @classmethod
    def of(cls, request: RunRequest) -> Scope:
        """The scope that a run was asked for."""
        return cls(request.interval)

    def holds(self, at: datetime | None) -> bool:
        """Whether something that begins then is compared."""
        if self.interval is None:
            return True
        return at is not None and self.interval[0] <= at < self.interval[1]

    def holds_activity(self, raw: Raw) -> bool:
        """Whether this raw activity is compared."""
        return self.interval is None or self.holds(_begin(lambda: activity_begin(raw)))

    def holds_event(self, raw: Raw) -> bool:
        """Whether this raw event is compared."""
        return self.interval is None or self.holds(_begin(lambda: due_at(event_view(raw).when)))

    def list_events(self, client: GoogleCalendarClient, calendar_id: str) -> EventListing:
        """A listing of at least what begins in scope. `timeMin` bounds the ends, `timeMax` the starts, both exclusive.

        Source: Google Calendar API reference, Events.list.
        """
        if self.interval is None:
            return client.list_events(calendar_id)
        since, until = self.interval
        return client.list_events(calendar_id, time_min=since - ZONES, time_max=until + ZONES)


def activity_begin(raw: Raw) -> datetime | None:
    """When an activity begins; None without a date. Raises ValueError for a time that means nothing."""
    return due_at(activity_when(raw.get("due_date"), raw.get("due_time"), raw.get("duration")))


def _begin(read: Callable[[], datetime | None]) -> datetime | None:
    """What can't be read has no date; a sync tells of it."""
    try:
        return read()
    except (ValueError, KeyError):
        return None


def activity_pages(
    client: PipedriveClient, users: Iterable[int], scope: Scope, linked: Iterable[int]
) -> Iterator[list[RawActivity]]:
    """The users' activities: all of them, or those dated in the interval and, of the pages read, `linked` ones.

    Activities can't be listed by due date, only sorted by it: they are read from the latest back to the first one that
    is due before the interval. Source: Pipedrive OpenAPI v2, GET /activities (`owner_id`, `sort_by`).
    """
    if scope.interval is None:
        for user_id in sorted(users):
            yield from client.activities(owner_id=user_id, sort_by="id")
        return
    first_day, wanted = scope.interval[0].date().isoformat(), set(linked)
    for user_id in sorted(users):
        for page in client.activities(owner_id=user_id, sort_by="due_date", sort_direction="desc"):
            yield [raw for raw in page if scope.holds_activity(raw) or int(raw["id"]) in wanted]
            if any(raw.get("due_date") and str(raw["due_date"]) < first_day for raw in page):
                break
