"""What a pull saw of one item, as a frozen row of the store, and what can be asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeGuard

from include.calsync.core.words import UNPROVEN_EVENTS, Absence

UNREAD = "calsyncUnread"
"""Member of the raw object of an activity of which a part was not answered."""

NOBODY = 0
"""Whose activities are that a pull stages: the plan tells to which account each belongs."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What a pull saw of one item. `scope`: the company of an activity, the calendar of an event."""

    account_id: int
    """0: of an activity, which is the company's."""
    side: str
    scope: str
    item_id: str
    status: str
    """live, deleted, missing or unreadable"""
    view: Any
    """Canonical form, as JSON; None if it is not live."""
    raw: Any
    stamp: datetime | None
    """Last edit, by our clock."""
    error: str | None
    """Why it is not live."""
    print: str | None = None
    """Of a linked item, by which it is compared the next time (`flows.prints`)."""


def is_live(row: Observation | None) -> TypeGuard[Observation]:
    """Whether the item was seen, alive and readable."""
    return row is not None and row.status == "live"


def is_missing(row: Observation | None) -> TypeGuard[Observation]:
    """Whether the item was asked for and not found, which proves nothing."""
    return row is not None and row.status == "missing"


def is_lost(event: Observation | None) -> TypeGuard[Observation]:
    """Whether an event is gone without a proof that a person deleted it."""
    return is_missing(event) and event.error in UNPROVEN_EVENTS


def is_vanished(seen: Observation | None) -> TypeGuard[Observation]:
    """Whether an occurrence was missed, and not yet asked for by its id."""
    return seen is not None and seen.status == "missing" and seen.error == Absence.VANISHED


def is_unread(row: Observation) -> bool:
    """Whether an unreadable item was not answered at all, so that nothing is known of it."""
    return bool(row.status == "unreadable" and (row.raw is None or UNREAD in row.raw))
