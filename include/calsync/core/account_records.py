"""How accounts are configured: each record is a row of the store, and has the names of its columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from include.calsync.core.raw import Json
from include.calsync.core.records import KnownAccount

FILE, PAGE = "file", "page"
"""Where an account's settings come from, which says who may change them."""
BY_FILE = "accounts file"
"""Who changed settings that came from the file."""


@dataclass(frozen=True, slots=True)
class ConfiguredAccount(KnownAccount):
    """An account that is configured, or was: how it is set, by whom, and how its last runs went."""

    settings: Json
    source: str
    """FILE or PAGE"""
    source_line: int | None
    version: int
    updated_at: datetime | None
    updated_by: str | None
    removed_at: datetime | None
    """Since when it was removed on the page, or is gone from the file; None: it is configured."""
    state: str
    """ok, failed or paused"""
    error: str | None
    last_run_id: str | None
    last_success_at: datetime | None
    failing_since: datetime | None


@dataclass(frozen=True, slots=True)
class AccountVersion:
    """What an account's settings were, or are, as somebody saved them."""

    account_id: int
    version: int
    at: datetime
    by: str
    settings: Json


@dataclass(frozen=True, slots=True)
class AccountDraft:
    """Settings to be tried out. `account_id` None: of a new account. `base_version`: of the settings they change."""

    id: int
    account_id: int | None
    base_version: int
    settings: Json
    by: str
    expires: datetime
