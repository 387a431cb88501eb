"""Links that follow our mark: what a stored link names is gone, and what was made anew in its place is there.

So it is after a backup of the store was put back, or when the store lost its last minutes (law 3): the activity's
event was removed and made anew since, or the event's activity was. Computed with the plan and stored with it; a dry
run stores nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from include.calsync.core.marks import Mark, read_mark
from include.calsync.core.observations import Observation
from include.calsync.core.records import Columns, LinkHead, with_columns
from include.calsync.core.series import series_columns
from include.calsync.core.words import ANOTHER_ACTIVITY, ANOTHER_EVENT, Absence
from include.calsync.flows.run_account import RunAccount
from include.calsync.store import mapping, quarantine
from include.calsync.store.changes import log_rekey
from include.calsync.store.transaction import Connection

_ENDED = frozenset({"removing", "detached"})
"""States of a link that gets what it lost: it is an active one again."""


class Followed:
    """Which links belong to another event or activity now. `links`: new columns, by id."""

    def __init__(
        self,
        links: Iterable[LinkHead],
        activities: Mapping[str, Observation],
        events: Mapping[str, Observation],
        accounts: Mapping[int, RunAccount],
    ) -> None:
        """`links`: heads, of those that may follow. `activities`, `events`: what was seen, by `company:id` and
        `calendar/id`."""
        links = list(links)
        self.activities, self.events = activities, events
        self.links: dict[int, Columns] = {}
        self._heads = {link.id: link for link in links}
        self._linked = {f"{link.company_id}:{link.activity_id}" for link in links}
        linked = {f"{link.calendar_id}/{link.event_id}" for link in links}
        self._marks = {key: mark for key, row in events.items() if (mark := own_mark(row, accounts)) is not None}
        free: dict[tuple[str, str, int], list[Observation]] = defaultdict(list)
        for key, mark in self._marks.items():
            if key not in linked:
                free[events[key].scope, mark.company_id, mark.activity_id].append(events[key])
        for link in links:
            if link.account_id in accounts:
                self._one(link, free.get((link.calendar_id, link.company_id, link.activity_id), []))

    def _one(self, link: LinkHead, free: list[Observation]) -> None:
        key = f"{link.calendar_id}/{link.event_id}"
        if free and self._event_is_gone(link, self.events.get(key)):
            event = max(free, key=lambda row: (row.stamp is not None, row.stamp))
            self._follow(link, {"event_id": event.item_id, **series_columns(event.raw)})
        elif key in self._marks and self._activity_is_gone(link, self._marks[key]):
            anew = {"activity_id": self._marks[key].activity_id, "missing_since_run": None, "missing_rights": None}
            self._follow(link, anew)

    def _follow(self, link: LinkHead, columns: Columns) -> None:
        back = {"state": "active", "cause": None} if link.state in _ENDED else {}
        self.links[link.id] = {**columns, **back, "marked": True, "vanished_since_run": None}

    def _event_is_gone(self, link: LinkHead, seen: Observation | None) -> bool:
        if seen is None:
            return bool(link.cause == "event_deleted")
        return (seen.status == "deleted" and seen.error is None) or (
            seen.status == "missing" and seen.error == Absence.LOST
        )

    def _activity_is_gone(self, link: LinkHead, mark: Mark) -> bool:
        """Whether the event names a living activity that no link knows, and the link's own is not there."""
        mine = self.activities.get(f"{link.company_id}:{link.activity_id}")
        key = f"{link.company_id}:{mark.activity_id}"
        anew = self.activities.get(key)
        there = mine is not None and mine.status in ("live", "unreadable")
        return anew is not None and anew.status == "live" and key not in self._linked and not there

    def moved(self, link: LinkHead) -> LinkHead:
        """The link as it will be stored."""
        return with_columns(link, self.links.get(link.id))

    def remember(self, conn: Connection, run_id: str, now: datetime, account_ids: Iterable[int]) -> None:
        """Store what the links follow, and say so in the log."""
        mine = set(account_ids)
        for link_id, columns in self.links.items():
            link = self._heads[link_id]
            if link.account_id not in mine:
                continue
            mapping.set_link(conn, link_id, **columns)
            quarantine.take_back(conn, account_id=link.account_id, side="events", item_id=link.event_id)
            reason = ANOTHER_EVENT if "event_id" in columns else ANOTHER_ACTIVITY
            log_rekey(conn, link, columns, run_id=run_id, at=now, reason=reason)


def own_mark(row: Observation, accounts: Mapping[int, RunAccount]) -> Mark | None:
    """The mark of a live event that is its own and its account's company's; None: it has none such."""
    account = accounts.get(row.account_id)
    mark = read_mark(row.raw) if account is not None and row.status == "live" else None
    if mark is None or account is None or mark.event_id != row.item_id or mark.company_id != account.company_id:
        return None
    return mark
