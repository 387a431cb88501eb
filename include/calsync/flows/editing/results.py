"""What comes of changing an account on the page: each outcome is a type of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from include.calsync.core.account_records import AccountDraft, ConfiguredAccount
from include.calsync.core.raw import Json

Problems = list[tuple[str, str]]
"""Key of a setting, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Saved:
    """It is stored. `merged`: keys that somebody else changed meanwhile, and that are as they are there."""

    account: ConfiguredAccount
    merged: tuple[str, ...] = ()
    remark: str | None = None
    """What a run would say of it now: that it can't be synced yet, and the remedy. Nothing was wrong with the form."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """It can be tried out by a dry run with this draft's id; otherwise as `Saved`."""

    draft: AccountDraft
    merged: tuple[str, ...] = ()
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class Invalid:
    """Nothing was stored: all that is wrong, at once."""

    problems: Problems


@dataclass(frozen=True, slots=True)
class Choice:
    """A setting that two people changed at once: what both had before them, and what each wants."""

    base: Any
    mine: Any
    theirs: Any


@dataclass(frozen=True, slots=True)
class Conflict:
    """Nothing was stored: somebody else saved meanwhile. `account` is as they saved it; `fields`: what both changed;
    `settings`: both merged, with theirs where both differ. Who sends it again bases it on the account's version."""

    account: ConfiguredAccount
    fields: Mapping[str, Choice]
    settings: Json


@dataclass(frozen=True, slots=True)
class FromFile:
    """Nothing was stored: who writes the accounts file changes this account."""

    account: ConfiguredAccount


@dataclass(frozen=True, slots=True)
class Gone:
    """There is no such account, version or draft any more."""


Refused = Invalid | Conflict | FromFile | Gone
