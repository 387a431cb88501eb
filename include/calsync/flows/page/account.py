"""The screen of one account: its settings, what flows which way, how a title will look, what was changed before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from itertools import pairwise, takewhile
from typing import Any

from pydantic import ValidationError

from include.calsync.core.fields import context_block
from include.calsync.core.model import ActivityView, Context
from include.calsync.core.title import SEPARATOR, SUBJECT, render
from include.calsync.flows.page.accounts import State, state_of
from include.calsync.settings import Account
from include.calsync.store import page_account as store
from include.calsync.store import page_accounts
from include.calsync.store.page_account import Version
from include.calsync.store.page_accounts import Head
from include.calsync.store.page_frame import Progress
from include.calsync.store.transaction import Engine, reading

PARTS = ("deal", "person", "organization", "subject")
VERSIONS_SHOWN = 4
VERSIONS_READ = 50
"""To find since when it is switched off."""


class Way(StrEnum):
    """Where something flows."""

    BOTH = "both"
    TO_EVENT = "to_event"
    TO_ACTIVITY = "to_activity"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Ways:
    """What flows which way under some settings."""

    new: Way
    edits: Way
    deletions: Way


@dataclass(frozen=True, slots=True)
class Changed:
    """One saved change: by whom, and the keys that differ from the settings before."""

    version: Version
    keys: Sequence[str]


@dataclass(frozen=True, slots=True)
class AccountPage:
    """The screen. `settings` None: they can't be read (as of an account that is configured no more)."""

    account: Head
    state: State
    progress: Progress | None
    pair_count: int
    settings: Account | None
    ways: Ways | None
    changed: Sequence[Changed]
    off: Version | None = None
    """What switched it off; None: it takes part, or that is not known."""


@dataclass(frozen=True, slots=True)
class Title:
    """A title in its parts, as it will be written: `pieces` are name of the part and text."""

    pieces: Sequence[tuple[str, str]]
    separator: str = SEPARATOR


@dataclass(frozen=True, slots=True)
class EventSample:
    """An event's title, and the block below its description."""

    title: Title
    block: str


def read(engine: Engine, account_id: int, *, running: str | None) -> AccountPage | None:
    """Three queries, four in a run. None: there is no such account, or it was removed."""
    with reading(engine) as conn:
        found = page_accounts.head(conn, account_id)
        if found is None:
            return None
        progress = page_accounts.progress(conn, running).get(account_id) if running else None
        pairs = page_accounts.pair_counts(conn, [account_id]).get(account_id, 0)
        versions = store.versions(conn, account_id, VERSIONS_READ)
    settings = parsed(found)
    ways = ways_of(settings) if settings is not None else None
    changed = _changed(versions[: VERSIONS_SHOWN + 1])
    return AccountPage(found, state_of(found, progress), progress, pairs, settings, ways, changed, _off(versions))


def parsed(found: Head) -> Account | None:
    """The settings with their defaults; None: there are none that could be used."""
    try:
        return Account.model_validate({**(found.settings or {}), "name": found.name})
    except ValidationError:
        return None


def ways_of(settings: Account) -> Ways:
    """What flows which way. One-way modes send nothing back; a deletion flows unless a setting keeps the other side."""
    new, edits = {
        "all_events": (Way.BOTH, Way.BOTH),
        "pipedrive_only": (Way.TO_EVENT, Way.BOTH),
        "to_google": (Way.TO_EVENT, Way.TO_EVENT),
        "to_pipedrive": (Way.TO_ACTIVITY, Way.TO_ACTIVITY),
    }[settings.mode]
    to_event = settings.on_activity_deleted == "delete" and edits is not Way.TO_ACTIVITY
    to_activity = settings.on_event_deleted != "keep" and edits is not Way.TO_EVENT
    deletions = {
        (True, True): Way.BOTH,
        (True, False): Way.TO_EVENT,
        (False, True): Way.TO_ACTIVITY,
        (False, False): Way.NONE,
    }[to_event, to_activity]
    return Ways(new, edits, deletions)


def title_of(order: Sequence[str], sample: Mapping[str, str]) -> Title:
    """How an event's title will look, by the function that writes it. `order`: parts; unknown and repeated ones drop.

    The subject is always there: at the end, if it is not named.
    """
    known = list(dict.fromkeys(part for part in order if part in PARTS))
    parts = known if SUBJECT in known else [*known, SUBJECT]
    rendered = render(parts, {part: sample[part] for part in parts if part != SUBJECT}, sample[SUBJECT])
    texts = rendered.text.split(SEPARATOR)
    return Title(list(zip([part for part in parts if sample[part].strip()], texts, strict=False)))


def event_of(
    order: Sequence[str], sample: Mapping[str, str], *, include_context: bool, include_note: bool
) -> EventSample:
    """How an event will look, by the functions that write it. `order`: as of `title_of`."""
    names = [each.name for each in fields(Context)] if include_context else []
    context = Context(**{name: sample[name] for name in names if name in sample})
    activity = ActivityView(sample[SUBJECT], None, "", "", busy=True, note=sample["note"], context=context)
    return EventSample(title_of(order, sample), context_block(activity, include_note=include_note))


def _off(versions: Sequence[Version]) -> Version | None:
    """The first of the latest versions that are switched off."""
    off = list(takewhile(lambda each: each.settings.get("enabled") is False, versions))
    is_known = len(off) < len(versions) or len(versions) < VERSIONS_READ
    return off[-1] if off and is_known else None


def _changed(versions: Sequence[Version]) -> list[Changed]:
    """What each version changed, the latest first; of the oldest of all nothing is known before it."""
    found = [Changed(later, _differing(later.settings, earlier.settings)) for later, earlier in pairwise(versions)]
    return [each for each in found if each.keys]


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    return sorted(key for key in {*one, *other} if one.get(key) != other.get(key))
