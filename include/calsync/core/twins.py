"""Whether a new item is another sync's copy of a pair that is in sync already.

Two syncs on one calendar take each other's copies for new items, for ever. Such a copy has the time of a pair, a title
that is made of the pair's, and appears within minutes of what we created for it (faults, F507). People make doubles,
too: so one sign alone is not enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from include.calsync.core.policy import Side

AT_ONCE = timedelta(minutes=30)
"""How much later another sync has copied what we created; both work every few minutes."""
CLOCKS = timedelta(minutes=1)
SHORT = 4
"""Titles under so many characters are in too many others."""


@dataclass(frozen=True, slots=True)
class Item:
    """A new item: where it is, its subject or title, and when it was created by our clock. `bare`: an activity that
    hangs on no deal, person or organization, as one has that was made of an event."""

    side: Side
    text: str
    at: datetime
    bare: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """A pair of the same time, and what we created of it, if that was of late."""

    subject: str
    title: str
    created: Side | None = None
    at: datetime | None = None


class Doubt(IntEnum):
    """NONE: an item like any other. LIKE: a copy if another sync is known to be at work. SURE: only a sync makes it."""

    NONE = 0
    LIKE = 1
    SURE = 2


def doubt_of(item: Item, pairs: Sequence[Known]) -> Doubt:
    """How likely it is that another sync made the item. `pairs`: all that have the item's time."""
    echoed = [pair for pair in pairs if _follows(item, pair)]
    # Nobody types the title that we composed of a deal's or a person's name.
    if any(item.side is Side.ACTIVITY and not _like(pair.title, pair.subject) for pair in echoed):
        return Doubt.SURE
    if not item.bare:
        return Doubt.NONE
    alike = [pair for pair in pairs if _contains(item.text, pair.title) or _contains(item.text, pair.subject)]
    if any(_before(pair, echo) for echo in echoed for pair in alike):  # the copy of a copy
        return Doubt.SURE
    return Doubt.LIKE if echoed or any(_beside(item, pair) for pair in pairs) else Doubt.NONE


def is_made_of(activity_at: datetime, event_at: datetime, *, bare: bool) -> bool:
    """Whether one of two items that are alike may have been made of the other by another sync, by when they were
    created. `bare`: as of `Item`; only such an activity is made of an event."""
    if activity_at > event_at + CLOCKS and not bare:
        return False
    return abs(activity_at - event_at) <= AT_ONCE


def _follows(item: Item, pair: Known) -> bool:
    """Whether the item may have been made of the one that we created on the other side."""
    if pair.at is None or pair.created is item.side:
        return False
    shown = pair.title if item.side is Side.ACTIVITY else pair.subject
    return _contains(item.text, shown) and pair.at - CLOCKS <= item.at <= pair.at + AT_ONCE


def _beside(item: Item, pair: Known) -> bool:
    """Whether the item may have been made of the same one as what we created on this side."""
    if pair.at is None or pair.created is not item.side:
        return False
    source = pair.subject if item.side is Side.EVENT else pair.title
    return _contains(item.text, source) and abs(item.at - pair.at) <= AT_ONCE


def _before(pair: Known, echo: Known) -> bool:
    """Whether a pair was there when the other one came: doubles that came together were made by a person."""
    assert echo.at is not None
    return pair is not echo and (pair.at is None or pair.at < echo.at - CLOCKS)


def _contains(text: str, part: str) -> bool:
    """Whether a title is, or is made of, another one."""
    text, part = text.casefold().strip(), part.casefold().strip()
    return text == part or (len(part) >= SHORT and part in text)


def _like(one: str, other: str) -> bool:
    return one.casefold().strip() == other.casefold().strip()
