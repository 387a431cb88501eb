"""What the store knows and what a pull saw, and what can be asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeGuard

from include.calsync.core.policy import Policy
from include.calsync.core.words import UNPROVEN_EVENTS, Absence

UNREAD = "calsyncUnread"
"""Member of the raw object of an activity of which a part was not answered."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What a pull saw of one item. `scope`: the company of an activity, the calendar of an event."""

    account_id: int
    """0: an activity of the company that no account of the run owns."""
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


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """What the store knows of an account, whether or not it takes part in a run.

    Its identity is company, user and calendar; None: it is nothing but a name yet.
    """

    id: int
    name: str
    company_id: str | None
    user_id: int | None
    calendar_id: str | None
    activities_connected_at: datetime | None
    events_connected_at: datetime | None


@dataclass(frozen=True, slots=True)
class SetAside:
    """An item in quarantine, or one that is to be read again. `attempts`: 0: only to be read again."""

    account_id: int
    side: str
    item_id: str
    reason: str
    attempts: int
    next_try_at: datetime
    since: datetime


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


def is_unfinished(link: Any, policy: Policy) -> bool:
    """Whether a run stopped in the middle of this pair: both sides must be read again."""
    unmarked = not link.marked and policy.may_mark
    return link.state == "removing" or (link.state == "active" and (link.intended is not None or unmarked))
