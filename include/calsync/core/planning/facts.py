"""What is known of a pair when it is decided about: one line per pair, one column per question.

Nothing is decided here; `rules` asks these columns. Each has a few values (`DOMAIN`), so that a test can ask every
combination that can occur. `NONE` is the value of a question that does not arise.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, NamedTuple

import pandas as pd

from include.calsync.core.model import Origin
from include.calsync.core.policy import Mode, Side
from include.calsync.core.words import Absence

NONE = ""


class Holder(StrEnum):
    """What the pair's account does in this run."""

    WORKS = "works"
    RESTS = "rests"
    """It takes no part: another account may show the activity."""


class Asked(StrEnum):
    """What the run was asked for."""

    SYNC = "sync"
    TO_GOOGLE = "to_google"
    TO_PIPEDRIVE = "to_pipedrive"
    BOTH = "both"


class State(StrEnum):
    """The link's state, as stored."""

    ACTIVE = "active"
    HELD = "held"
    DETACHED = "detached"
    REMOVING = "removing"


class Why(StrEnum):
    """Why a detached or removing link is not active."""

    SCOPE = "scope"
    """The account did not show the activity any more."""
    WITHDRAWN = "withdrawn"
    EVENT_DELETED = "event_deleted"
    ACTIVITY_DELETED = "activity_deleted"
    OTHER = "other"


class Shown(StrEnum):
    """What this run saw of one side, beside its half of the base."""

    UNSEEN = "unseen"
    SAME = "same"
    EDITED = "edited"
    DELETED = "deleted"
    """Also an event that only counts as gone (`withdrawn`)."""
    MISSING = "missing"
    """Asked for and not found, which proves nothing."""
    UNREADABLE = "unreadable"
    VANISHED = "vanished"
    """Of an occurrence: its series no longer has it, and it was not asked for by its id yet."""
    LONG_PAST = "long_past"
    """Of an occurrence: its series was deleted, long after it took place."""


class Leaves(StrEnum):
    """Why the account does not show the activity any more."""

    NO_DATE = "no_date"
    OTHER_OWNER = "other_owner"
    OTHER_TYPE = "other_type"
    DONE = "done"


class NewOwner(StrEnum):
    """What the account of the activity's new owner does in this run."""

    WORKS = "works"
    ABSENT = "absent"
    """It is in use, and another run may show the activity there."""


class Obstacle(StrEnum):
    """What the event became that is not synced."""

    SERIES = "series"
    EVENT_TYPE = "event_type"


class Hold(StrEnum):
    """Whether what was held back stays so."""

    STANDS = "stands"
    LAPSES = "lapses"
    """It is let go, whatever follows."""
    OLDER = "older"
    """Another version of calsync held it; it is let go, and both items are read again."""
    APPROVED = "approved"
    """A person wants it: it is decided about as if it had not been held."""
    REJECTED = "rejected"
    """A person does not want it: what was lost is restored."""
    ASKS = "asks"
    """It stands, or what a person decided holds, if the changes still call for the same action; `decide` finds out."""


class Facts(NamedTuple):
    """One pair. `…_change` also counts what was seen when the pair was held, of a side that was not seen now.

    Without other values: a pair of which nothing was seen.
    """

    holder: str = Holder.WORKS
    asked: str = Asked.SYNC
    asked_for: bool = False
    """An upload names the side that is left."""
    state: str = State.ACTIVE
    why: str = NONE
    activity: str = Shown.UNSEEN
    event: str = Shown.UNSEEN
    activity_change: str = Shown.SAME
    event_change: str = Shown.SAME
    withdrawn: str = NONE
    """Why the event counts as gone although it is there. Also of a held pair whose event was not seen now."""
    leaves: str = NONE
    """Of an activity that was seen, or whose removal is held."""
    outside: bool = False
    """The account does not show the activity as it was last known."""
    goes_along: bool = False
    """The event may leave the calendar with its activity."""
    may_write_event: bool = False
    may_create_event: bool = False
    may_mark: bool = False
    copy: bool = False
    """Another account's calendar has the meeting, and could take the activity over."""
    owners_copy: bool = False
    """The calendar of the activity's new owner has it."""
    new_owner: str = NONE
    """Of an activity that was given to somebody else: whether that one's account is at work."""
    heir: bool = False
    """Another account shows the activity of one that rests."""
    obstacle: str = NONE
    hold: str = NONE
    rejects: str = NONE
    """The side whose edits a person rejected."""
    waiting: bool = False
    """Set aside after an error, not edited since, and its time has not come."""
    origin: str = Origin.PIPEDRIVE
    mode: str = Mode.ALL_EVENTS
    mode_changed: bool = False
    follows: bool = False
    """Nothing that happens to the activity reaches the event: a one-way mode, or somebody else's event."""
    on_event_deleted: str = "delete"
    on_activity_deleted: str = "delete"
    stirred: bool = False
    """Changed, unfinished, stale, held, back or unreadable: it needs a decision."""
    stale: bool = False
    """The event shows what is no longer wanted, although nobody edited anything."""
    intended: bool = False
    """A write was begun, and nobody knows whether it arrived."""
    marked: bool = True
    cause: str = NONE
    """Why the link is not active, as stored."""
    held_action: str = NONE
    """What was held."""
    decided: str = NONE
    """What a person decided about it: `Hold.APPROVED` or `Hold.REJECTED`."""


Values = tuple[str | bool, ...]
Part = dict[str, Any]
"""Some facts of one pair, by column."""

_BOTH: Values = (False, True)
_SEEN: Values = (Shown.UNSEEN, Shown.SAME, Shown.EDITED, Shown.DELETED, Shown.MISSING, Shown.UNREADABLE)
_CHANGE: Values = (Shown.SAME, Shown.EDITED, Shown.DELETED)
DOMAIN: dict[str, Values] = {
    "holder": tuple(Holder),
    "asked": tuple(Asked),
    "asked_for": _BOTH,
    "state": tuple(State),
    "why": (NONE, *Why),
    "activity": _SEEN,
    "event": (*_SEEN, Shown.VANISHED, Shown.LONG_PAST),
    "activity_change": _CHANGE,
    "event_change": _CHANGE,
    "withdrawn": (NONE, Absence.DECLINED, Absence.PRIVATE),
    "leaves": (NONE, *Leaves),
    "outside": _BOTH,
    "goes_along": _BOTH,
    "may_write_event": _BOTH,
    "may_create_event": _BOTH,
    "may_mark": _BOTH,
    "copy": _BOTH,
    "owners_copy": _BOTH,
    "new_owner": (NONE, *NewOwner),
    "heir": _BOTH,
    "obstacle": (NONE, *Obstacle),
    "hold": (NONE, Hold.STANDS, Hold.LAPSES, Hold.OLDER, Hold.APPROVED, Hold.REJECTED),
    "rejects": (NONE, *Side),
    "waiting": _BOTH,
    "origin": tuple(Origin),
    "mode": tuple(Mode),
    "mode_changed": _BOTH,
    "follows": _BOTH,
    "on_event_deleted": ("delete", "done", "keep"),
    "on_activity_deleted": ("delete", "keep"),
    "stirred": _BOTH,
    "stale": _BOTH,
    "intended": _BOTH,
    "marked": _BOTH,
}
"""The values that the rules may ask for, by column. `cause`, `held_action` and `decided` are carried along."""


def frame(lines: Iterable[Facts]) -> pd.DataFrame:
    """The lines as a frame: columns as in Facts, of dtype object, an index from 0."""
    return pd.DataFrame(list(lines), columns=list(Facts._fields), dtype=object)
