"""Links whose base is of an earlier version: completed from what is seen, and stored with the plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from include.calsync.core.field_sets import FIELD_SET, completed, last_activity, last_event
from include.calsync.core.model import ActivityView, EventView, digest
from include.calsync.core.observations import Observation
from include.calsync.core.policy import Side
from include.calsync.core.records import Columns, Link, LinkHead, with_columns
from include.calsync.store import mapping
from include.calsync.store.transaction import Connection

Seen = tuple[Observation | None, Observation | None]


class Completed:
    """New columns, by id, of the whole links that were made with an earlier field set."""

    def __init__(self, links: Iterable[Link], seen_of: Callable[[Link], Seen]) -> None:
        older = [link for link in links if link.field_set < FIELD_SET]
        self.links = {link.id: _columns(link, *seen_of(link)) for link in older}

    def moved(self, link: LinkHead) -> LinkHead:
        """The link as it will be stored."""
        return with_columns(link, self.links.get(link.id))

    def remember(self, conn: Connection) -> None:
        """Store what was completed."""
        for link_id, columns in self.links.items():
            if columns:
                mapping.set_link(conn, link_id, **columns)


def _columns(link: Link, seen_activity: Observation | None, seen_event: Observation | None) -> Columns:
    """The halves of the base with what is seen now, or what was seen last. A half of which nothing is known waits."""
    activity, event = _activity(link, seen_activity), _event(link, seen_event)
    number = link.field_set
    columns: Columns = {}
    bases: dict[str, ActivityView | EventView] = {}
    if activity is not None:
        bases["activity"] = completed(link.base_activity, activity, number)
    if event is not None:
        bases["event"] = completed(link.base_event, event, number)
    for side, base in bases.items():
        columns |= {f"base_{side}": base.to_json(), f"{side}_digest": digest(base)}
    return columns | ({"field_set": FIELD_SET} if len(bases) == len(Side) else {})


def _activity(link: Link, seen: Observation | None) -> ActivityView | None:
    if seen is not None and seen.view is not None:
        return ActivityView.from_json(seen.view)
    return last_activity(link.activity_raw)


def _event(link: Link, seen: Observation | None) -> EventView | None:
    if seen is not None and seen.view is not None:
        return EventView.from_json(seen.view)
    return last_event(link.event_raw)
