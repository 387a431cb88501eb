"""What the mapping knows: each record is a row of the store, and has the names of its columns.

They are frozen: what is to be another value is stored, and read again. Those of a run's own rows: `run_records`;
of what a pull saw: `observations`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, TypeVar

from include.calsync.core.policy import Policy
from include.calsync.core.raw import Json, RawActivity, RawEvent


class Payload(TypedDict, total=False):
    """What carrying out a plan row needs, as JSON. Which members there are depends on the action."""

    origin: str
    activity: Any
    """View of the activity as it was seen last, as JSON; None: nothing is known of it. So `event`, and the raw ones."""
    event: Any
    activity_raw: Any
    event_raw: Any
    etag: str | None
    activity_stamp: str | None
    event_stamp: str | None
    field_set: int
    as_sent: bool
    """Nobody but us wrote the activity."""
    activity_sent: Json
    """The activity's view when the row was planned, if it was edited since."""
    wanted: Json
    """What will be written (`planning.wanted`)."""
    facts: Json
    """What the row was decided by (`planning.late`)."""
    changes: dict[str, str]
    cause: str
    """Why the link ends or rests."""
    unproven: str
    """Why what is missing may not be gone."""
    by_setting: str
    """The changed setting that removes the event."""
    limits: list[float]
    """Those under which the row is held."""
    edited: str
    """The side whose edits are held: of a mass edit."""
    rejects: str
    """The side whose edits a person rejected."""
    changed_since: int
    """The hold that a person approved when the items were not as they are now."""
    waits: bool
    """Of a dry run: a run would hold it."""
    takes_back: bool
    """It undoes what a run made: its pair stays, apart."""
    retires: bool
    """Its account is retired: the pair ends."""
    restores: bool
    """The other side is gone as well, and is made anew by the next sync."""
    decided: Json
    """The hold that a person decided (`hold`), and who did (`by`): what the row does is not guarded again."""
    look_again_s: float
    event_answer: RawEvent
    """What Google answered to the event's part of a merge."""
    copy: str
    """The event that takes an activity over, who leaves its attendees for that (`left`), and who had it (`holder`)."""
    left: Any
    holder: int
    reps: list[Json]
    """Attendees of a new activity; those to `add` and to `remove`: of one that is there."""
    add: list[Json]
    remove: list[Json]


Columns = dict[str, Any]
"""New values of a row, by column."""


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """What the store knows of an account, whether or not it takes part in a run.

    Its identity is company, user and calendar; None: it is nothing but a name yet, as no run has found out.
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


@dataclass(frozen=True, slots=True)
class LinkHead:
    """Ids, state and digests of a link: without what it holds, which is a hundred times as much."""

    id: int
    account_id: int
    company_id: str
    activity_id: int
    calendar_id: str
    event_id: str
    origin: str
    state: str
    """active, detached, removing or held"""
    cause: str | None
    """Why it is not active."""
    activity_digest: str
    event_digest: str
    intended: Json | None
    """Title and block about to be written (`Written`); kept until that is confirmed."""
    etag: str | None
    marked: bool
    """Whether the event carries our properties."""
    due_at: datetime | None
    probed_at: datetime | None
    missing_since_run: str | None
    missing_rights: str | None
    updated_at: datetime
    series_id: str | None
    """Of an occurrence: its series."""
    original_start: str | None
    """Of an occurrence: where its series put it, in the series' own zone."""
    meeting: str | None
    """iCalUID, and of an occurrence its original start."""
    vanished_since_run: str | None
    field_set: int
    """Of the fields that the base knows."""
    activity_print: str | None
    """Of an object that shows what the base does (`flows.prints`); None: none was seen yet. So `event_print`."""
    event_print: str | None


@dataclass(frozen=True, slots=True)
class Link(LinkHead):
    """One activity paired with one event, and what both showed when last equal."""

    base_activity: Json
    base_event: Json
    rendered: Json
    """Title and block last written to the event (`Written`)."""
    activity_raw: RawActivity | None
    """The last full object, for re-creation and undo."""
    event_raw: RawEvent | None


@dataclass(frozen=True, slots=True)
class Former:
    """What a link held last that ended: from this one side is made anew when the other comes back."""

    id: int
    company_id: str
    activity_id: int
    calendar_id: str
    event_id: str
    origin: str
    base_activity: Json
    base_event: Json
    activity_digest: str
    event_digest: str
    rendered: Json
    intended: Json | None
    activity_raw: RawActivity | None
    event_raw: RawEvent | None
    ended_at: datetime
    leaves: bool
    """Whether the event is still to be removed."""
    field_set: int


@dataclass(frozen=True, slots=True)
class ActivityBase:
    """What the activity of a link showed when last equal."""

    activity_id: int
    account_id: int
    origin: str
    state: str
    base_activity: Json
    field_set: int


@dataclass(frozen=True, slots=True)
class Intent:
    """An activity about to be created for an event: committed before the POST, gone with the link."""

    id: int
    account_id: int
    run_id: str
    company_id: str
    owner_id: int
    calendar_id: str
    event_id: str
    subject: str
    when: Json
    """As `When` makes it."""
    attempted_at: datetime
    """By our clock."""
    series_id: str | None
    original_start: str | None
    meeting: str | None


@dataclass(frozen=True, slots=True)
class Copy:
    """An event of a meeting that has its activity through another account's event."""

    id: int
    account_id: int
    company_id: str
    calendar_id: str
    event_id: str
    meeting: str
    email: str
    """Of the account's Pipedrive user, like `name`."""
    name: str
    state: str
    """new: to become an attendee; shown; gone: to be one no longer"""
    waits: bool
    """Whether it is the organiser's, which takes the activity over once it can."""
    series_id: str | None
    """Of an occurrence: its series."""


Moved = TypeVar("Moved", bound=LinkHead | Intent)


def with_columns(record: Moved, columns: Columns | None) -> Moved:
    """The record with other values in these columns."""
    return record if columns is None else dataclasses.replace(record, **columns)


def whole(link: LinkHead) -> Link:
    """The link with what it holds. Raises LookupError if only its head was read."""
    if not isinstance(link, Link):
        raise LookupError(f"only the head of link {link.id} was read")
    return link


def is_unfinished(link: LinkHead, policy: Policy) -> bool:
    """Whether a run stopped in the middle of this pair: both sides must be read again."""
    unmarked = not link.marked and policy.may_mark
    return link.state == "removing" or (link.state == "active" and (link.intended is not None or unmarked))
