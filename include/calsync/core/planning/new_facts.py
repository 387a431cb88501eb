"""What is known of an item that no link knows, or of two that were found to belong together: one line per case.

Who belongs with whom is settled before. Nothing is decided here; `new_rules` asks these columns. `NONE` is the value of
a question that does not arise.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

import pandas as pd

from include.calsync.core.planning.facts import NONE, Asked, Leaves, Obstacle, Values


class Item(StrEnum):
    """What the case is about."""

    ACTIVITY = "activity"
    EVENT = "event"
    PAIR = "pair"
    """An activity and an event that were found to belong together."""


class Found(StrEnum):
    """How it was found to be more than just new."""

    MARK = "mark"
    """The event's mark names the activity."""
    LOST_REQUEST = "lost_request"
    """The activity was created by a request whose answer was lost."""
    LOOKS = "looks"
    """Both have the same time and title."""
    LEFT = "left"
    """An event that an earlier run was still to remove: its activity is another account's."""


class Unread(StrEnum):
    """Why an item can't be read."""

    NO_ANSWER = "no_answer"
    NONSENSE = "nonsense"
    """What was answered means nothing."""


class Marked(StrEnum):
    """Where the activity is that the mark of an event names, if it does not meet it here."""

    ELSEWHERE = "elsewhere"
    """It is linked in another calendar."""
    NOT_FOUND = "not_found"


class Request(StrEnum):
    """Of an event whose activity may have been created, although no answer came: when that was."""

    RECENT = "recent"
    """It may still appear."""
    OLD = "old"


class NewFacts(NamedTuple):
    """One new item, or two that were found to belong together."""

    item: str = Item.ACTIVITY
    found: str = NONE
    asked: str = Asked.SYNC
    unread: str = NONE
    mark: str = NONE
    shown: bool = True
    """An account of the run shows activities of this type."""
    leaves: str = NONE
    """Why the account does not show the activity."""
    obstacle: str = NONE
    """What kind of event it is that is not synced."""
    copy: bool = False
    """Another calendar's event of the same meeting has the activity."""
    old: bool = False
    """Neither created nor edited since the account was connected."""
    removed: bool = False
    """We once removed the activity's event."""
    request: str = NONE
    named: bool = True
    """The upload's params name it."""
    allowed: bool = True
    """The account's mode allows what would be written."""
    ambiguous: bool = False
    """It looks like several items of the other side."""
    waiting: bool = False
    """Set aside after an error, not edited since, and its time has not come."""
    back: bool = False
    """Of an event that is still to be removed: the account shows its activity again."""


_BOTH: Values = (False, True)
NEW_DOMAIN: dict[str, Values] = {
    "item": tuple(Item),
    "found": (NONE, *Found),
    "asked": tuple(Asked),
    "unread": (NONE, *Unread),
    "mark": (NONE, *Marked),
    "shown": _BOTH,
    "leaves": (NONE, *Leaves),
    "obstacle": (NONE, *Obstacle),
    "copy": _BOTH,
    "old": _BOTH,
    "removed": _BOTH,
    "request": (NONE, *Request),
    "named": _BOTH,
    "allowed": _BOTH,
    "ambiguous": _BOTH,
    "waiting": _BOTH,
    "back": _BOTH,
}
"""The values that the rules may ask for, by column."""


def new_frame(lines: Iterable[NewFacts]) -> pd.DataFrame:
    """The lines as a frame: columns as in NewFacts, of dtype object, an index from 0."""
    return pd.DataFrame(list(lines), columns=list(NewFacts._fields), dtype=object)
