"""What an account decides about a merge: the part of its settings that the core needs, and the two sides."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Literal, Self

from include.calsync.core.model import ActivityView, Origin
from include.calsync.core.raw import Raw
from include.calsync.core.terms import OWN, Terms, terms_of


class Side(StrEnum):
    """Where something is, or is written."""

    ACTIVITY = "activities"
    EVENT = "events"

    @property
    def other(self) -> Side:
        """The one across."""
        return Side.EVENT if self is Side.ACTIVITY else Side.ACTIVITY


class Mode(StrEnum):
    """Which items are synced, and in which direction."""

    ALL_EVENTS = "all_events"
    PIPEDRIVE_ONLY = "pipedrive_only"
    TO_GOOGLE = "to_google"
    TO_PIPEDRIVE = "to_pipedrive"


@dataclass(frozen=True, slots=True)
class Policy:
    """One account's rules, or those of one of its pairs. `user_id` and `zone` are resolved, never a name to look up."""

    user_id: int
    zone: str
    mode: Mode = Mode.ALL_EVENTS
    activity_types: frozenset[str] | None = None
    event_type: str = "meeting"
    title: tuple[str, ...] = ("deal", "person", "organization", "subject")
    conflict: str = "newest"
    default_duration: timedelta = field(default=timedelta(minutes=30))
    include_note: bool = False
    include_context: bool | Literal["always"] = True
    done: str = "keep"
    on_event_deleted: str = "delete"
    on_activity_deleted: str = "delete"
    colors: tuple[tuple[str, str, str], ...] = ()
    """Field of an activity, its value, and Google's color id: the first that fits."""

    private_events: str = "busy"
    calendar_id: str = ""
    own: frozenset[str] = frozenset()
    """Addresses and domains of colleagues."""
    terms: Terms = OWN

    def color_of(self, activity: ActivityView) -> str | None:
        """The color of our own event of that activity; None: the calendar's."""
        fitting = (color for name, value, color in self.colors if str(getattr(activity, name)) == value)
        return next(fitting, None)

    def colors_otherwise(self, one: ActivityView, other: ActivityView) -> bool:
        """Whether a field that colors depend on is another."""
        return any(getattr(one, name) != getattr(other, name) for name in {name for name, _, _ in self.colors})

    def of_pair(self, event: Raw | None, origin: Origin) -> Self:
        """The rules of a pair with this raw event."""
        terms = terms_of(event or {}, calendar_id=self.calendar_id, origin=origin, own=self.own)
        return self if terms == self.terms else dataclasses.replace(self, terms=terms)

    def withdrawn(self) -> Self:
        """The rules of a pair whose event counts as gone although it is there."""
        return dataclasses.replace(self, terms=dataclasses.replace(self.terms, to_event=frozenset(), follows=True))

    def may_write(self, side: Side, name: str | None = None) -> bool:
        """Whether mode and terms let the sync write to that side (`name`: this field of it)."""
        if {Mode.TO_GOOGLE: Side.ACTIVITY, Mode.TO_PIPEDRIVE: Side.EVENT}.get(self.mode) is side:
            return False
        allowed = self.terms.to_event if side is Side.EVENT else self.terms.to_activity
        return bool(allowed) if name is None else name in allowed

    @property
    def may_mark(self) -> bool:
        """Whether the sync may put its properties on the event."""
        return self.mode is not Mode.TO_PIPEDRIVE and self.terms.mark

    def may_create(self, side: Side) -> bool:
        """Whether an unlinked item of the other side may be given a partner here."""
        return self.may_write(side) and not (self.mode is Mode.PIPEDRIVE_ONLY and side is Side.ACTIVITY)
