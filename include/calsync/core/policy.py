"""What an account decides about a merge: the part of its settings that the core needs, and the two sides."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum


class Side(StrEnum):
    """Where something is, or is written."""

    ACTIVITY = "activities"
    EVENT = "events"


class Mode(StrEnum):
    """Which items are synced, and in which direction."""

    ALL_EVENTS = "all_events"
    PIPEDRIVE_ONLY = "pipedrive_only"
    TO_GOOGLE = "to_google"
    TO_PIPEDRIVE = "to_pipedrive"


@dataclass(frozen=True, slots=True)
class Policy:
    """One account's rules. `user_id` and `zone` are resolved, never a name to look up."""

    user_id: int
    zone: str
    mode: Mode = Mode.ALL_EVENTS
    activity_types: frozenset[str] | None = None
    event_type: str = "meeting"
    title: tuple[str, ...] = ("deal", "person", "organization", "subject")
    conflict: str = "newest"
    default_duration: timedelta = field(default=timedelta(minutes=30))
    include_note: bool = False
    include_context: bool = True
    done: str = "keep"
    on_event_deleted: str = "delete"
    on_activity_deleted: str = "delete"
    colors: tuple[tuple[str, str], ...] = ()
    """Activity type and Google's color id."""

    def color_of(self, activity_type: str) -> str | None:
        """The color of our own events of that type; None: the calendar's."""
        return dict(self.colors).get(activity_type)

    def may_write(self, side: Side) -> bool:
        """Whether the mode lets the sync write to that side."""
        blocked = {Mode.TO_GOOGLE: Side.ACTIVITY, Mode.TO_PIPEDRIVE: Side.EVENT}
        return blocked.get(self.mode) is not side

    def may_create(self, side: Side) -> bool:
        """Whether an unlinked item of the other side may be given a partner here."""
        return self.may_write(side) and not (self.mode is Mode.PIPEDRIVE_ONLY and side is Side.ACTIVITY)
