"""One account in one run: its settings, ids and rules, and how they are had from what is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from include.calsync.core.policy import Mode, Policy
from include.calsync.core.run_records import AccountInRun, Counts
from include.calsync.settings import Account


@dataclass
class RunAccount:
    """One account in one run, with its settings, ids and rules."""

    id: int
    name: str
    settings: Account
    company_id: str
    user_id: int
    calendar_id: str | None
    rep: dict[str, str]
    """The Pipedrive user's `email` and `name`."""
    policy: Policy
    state: str
    error: str | None
    fence: int | None
    activities_connected_at: datetime | None
    events_connected_at: datetime | None
    settings_changed: bool
    mode_changed: bool
    pulled: bool = False
    """Whether everything that this run has to see of both sides is staged."""
    planned: bool = False
    """Whether that is in the stored plan. Only then the absence of planned rows means that all is done."""
    begins: bool = False
    """Whether it takes part for the first time, for the first time again, or with other settings."""
    counts: Counts = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


def settings_of(stored: Mapping[str, Any]) -> Account:
    """The settings in a run's record of an account, whose name there may be that of a former one (`anna~7`)."""
    values = {key: value for key, value in stored.items() if not key.startswith("_")}
    return Account.model_validate({**values, "name": values["name"].partition("~")[0]})


def run_account(row: AccountInRun) -> RunAccount:
    """A stored row as a value."""
    stored = dict(row.settings)
    resumed = bool(stored.pop("_resumed", False))
    found = stored.pop("_resolved") or {"company_id": "", "user_id": 0, "calendar_id": None, "zone": "UTC"}
    settings = settings_of(stored)
    return RunAccount(
        id=row.account_id,
        name=stored["name"],
        settings=settings,
        company_id=found["company_id"],
        user_id=found["user_id"],
        calendar_id=found["calendar_id"],
        rep={"email": found.get("email") or "", "name": found.get("name") or ""},
        policy=policy_of(
            settings,
            found["user_id"],
            found["zone"],
            found["calendar_id"] or "",
            frozenset(found.get("own") or ()),
            found.get("colors") or [("type", key, str(color)) for key, color in settings.colors.items()],
        ),
        state=row.state,
        error=row.error,
        fence=row.fence,
        activities_connected_at=row.activities_connected_at,
        events_connected_at=row.events_connected_at,
        settings_changed=resumed or row.settings_digest not in (None, settings.digest()),
        mode_changed=row.mode is not None and row.mode != settings.mode,
        pulled=row.activities_pulled and row.events_pulled,
        planned=row.planned,
        begins=resumed or row.settings_digest != settings.digest(),
        counts=dict(row.counts),
        notices=list(row.notices),
    )


def policy_of(
    settings: Account,
    user_id: int,
    zone: str,
    calendar_id: str = "",
    own: frozenset[str] = frozenset(),
    colors: Iterable[Iterable[str]] = (),
) -> Policy:
    """The settings that the core needs."""
    return Policy(
        user_id=user_id,
        zone=zone,
        mode=Mode(settings.mode),
        activity_types=None if settings.activity_types is None else frozenset(settings.activity_types),
        event_type=settings.event_type,
        title=tuple(settings.title),
        conflict=settings.conflict,
        default_duration=timedelta(minutes=settings.default_duration_minutes),
        include_note=settings.include_note,
        include_context=settings.include_context,
        done=settings.done,
        on_event_deleted=settings.on_event_deleted,
        on_activity_deleted=settings.on_activity_deleted,
        colors=tuple((name, value, color) for name, value, color in colors),
        private_events=settings.private_events,
        calendar_id=calendar_id,
        own=own,
    )
