"""What a run has stored, and what waits for a person: each record is a row, and has the names of its columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from include.calsync.core.raw import Json
from include.calsync.core.records import Payload

Counts = dict[str, Any]
"""What an account's part in a run counted: numbers, or numbers by reason."""

Limits = list[float]
"""An account's limits as stored with a hold: ratio and count, in pairs. Who changes them wants it decided anew."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoredRun:
    """One run of a DAG."""

    id: str
    dag_id: str
    kind: str
    dry_run: bool
    request: Json
    """What was asked for, as `RunRequest` makes it."""
    started_at: datetime
    planned_at: datetime | None
    finished_at: datetime | None
    summary: Json | None
    quiet: bool
    """Nothing came of it that anybody would want to look up."""


@dataclass(frozen=True, slots=True)
class AccountInRun:
    """One account's part in one run, and what the store knows of the account."""

    run_id: str
    account_id: int
    settings: Json
    """The account as configured for this run, and the ids that were found for it."""
    fence: int | None
    state: str
    """ok, busy or failed"""
    error: str | None
    notices: list[str]
    next_watermark: datetime | None
    next_sync_token: str | None
    params_digest: str | None
    counts: Counts
    activities_pulled: bool
    events_pulled: bool
    planned: bool
    name: str
    activities_connected_at: datetime | None
    events_connected_at: datetime | None
    settings_digest: str | None
    """Of the settings that the last full pull was made with."""
    mode: str | None
    """Of the last run."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next pull of one side starts: a watermark, or a sync token with the parameters it was made with."""

    account_id: int
    side: str
    watermark: datetime | None
    sync_token: str | None
    params_digest: str | None
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class PlanRow:
    """What a run is going to do to one item or pair."""

    id: int
    run_id: str
    account_id: int
    link_id: int | None
    activity_id: int | None
    event_id: str | None
    action: str
    side: str
    """Which operator carries it out: events, activities or store."""
    state: str
    reason: str
    payload: Payload
    conflicts: list[Json] | None
    rule: str | None
    """The rule that decided it."""
    format: int
    """Of the payload: `planning.row_format`."""
    error: str | None

    @property
    def named_activity(self) -> int:
        """The activity that it is about. Raises LookupError if it names none."""
        return _named(self.activity_id, "activity", self)

    @property
    def named_event(self) -> str:
        """The event that it is about. Raises LookupError if it names none."""
        return _named(self.event_id, "event", self)

    @property
    def named_link(self) -> int:
        """The link that it is about. Raises LookupError if it names none."""
        return _named(self.link_id, "link", self)


@dataclass(slots=True)
class NewHold:
    """What a person is to be asked. `id`: once it is stored; None: it is not yet."""

    rule: str
    message: str
    limits: Limits
    id: int | None = None


@dataclass(slots=True)
class NewRow:
    """A plan row that is not stored yet, with the names of the columns: until then it may still be held or changed."""

    account_id: int
    link_id: int | None
    activity_id: int | None
    event_id: str | None
    action: str
    side: str
    state: str
    reason: str
    payload: Payload
    conflicts: list[Json] | None
    rule: str | None
    format: int
    error: str | None = None
    hold: NewHold | None = None


@dataclass(frozen=True, slots=True)
class OpenWrite:
    """A write that was about to be sent, and whose outcome nobody knows yet."""

    id: int
    at: datetime
    run_id: str
    account_id: int
    link_id: int | None
    company_id: str
    activity_id: int | None
    calendar_id: str
    event_id: str | None
    side: str
    action: str
    reason: str
    actor: str | None
    """Who decided it; None: the sync by itself."""
    before: Json | None
    after: Json | None
    seen: str | None
    """Etag or update time of the item before the write."""

    @property
    def named_activity(self) -> int:
        """The activity that was written. Raises LookupError if it names none."""
        return _named(self.activity_id, "activity", self)

    @property
    def named_event(self) -> str:
        """The event that was written. Raises LookupError if it names none."""
        return _named(self.event_id, "event", self)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One write, as the change log has it: what was written where, why, and by which run."""

    id: int
    at: datetime
    run_id: str
    account_id: int
    link_id: int | None
    company_id: str
    activity_id: int | None
    calendar_id: str
    event_id: str | None
    side: str
    action: str
    reason: str
    actor: str | None
    """Who decided it; None: the sync by itself."""
    before: Json | None
    after: Json | None
    lost: list[Json] | None
    """What lost a conflict (`Conflict`)."""


@dataclass(frozen=True, slots=True)
class Held:
    """What would be done to a pair, once a person approves it: the row that was planned.

    None in what a row always has: of the first format. `state`: of its hold: open, approved or rejected.
    """

    id: int
    hold_id: int
    account_id: int
    link_id: int
    action: str
    side: str | None
    reason: str | None
    payload: Payload
    conflicts: list[Json] | None
    rule: str | None
    format: int
    state: str
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class HeldCreation:
    """A new item that is not created on the other side until a person decides."""

    id: int
    hold_id: int
    account_id: int
    side: str
    item_id: str
    payload: Payload
    """Of the row that would have created it."""
    rule: str
    """Of its hold, like what follows."""
    limits: Limits
    state: str
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class StoredHold:
    """What a person is asked to decide, or has decided."""

    id: int
    account_id: int
    run_id: str
    rule: str
    message: str
    state: str
    """open, approved, rejected or lapsed"""
    opened_at: datetime
    item_count: int
    """When it was opened: by now some may have lapsed."""
    asked_by: str | None
    """The Airflow run that asks a person; None: none did yet."""
    decided_at: datetime | None
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the change log: one write that happened."""

    id: int
    at: datetime
    run_id: str
    account_id: int
    link_id: int | None
    company_id: str
    activity_id: int | None
    calendar_id: str
    event_id: str | None
    side: str
    """Where it was written: events, activities or store."""
    action: str
    reason: str
    actor: str | None
    """Who decided it; None: the sync by itself."""
    before: Json | None
    """Values by field, like `after`."""
    after: Json | None
    lost: list[Json] | None
    """Values that lost a conflict, as `Conflict` makes them."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a run decided about an item or pair."""

    id: int
    run_id: str
    account_id: int
    link_id: int | None
    activity_id: int | None
    event_id: str | None
    action: str
    state: str
    reason: str
    rule: str | None
    error: str | None
    started_at: datetime
    """When the run began."""
    finished_at: datetime | None
    """When it ended; None: it is at work, or was stopped."""


def _named(value: T | None, what: str, row: PlanRow | OpenWrite) -> T:
    if value is None:
        raise LookupError(f"row {row.id} ({row.action}) names no {what}")
    return value
