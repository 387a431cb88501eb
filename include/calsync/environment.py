"""What the process environment sets, checked once, at the edge. Every problem is named at once, with its remedy."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from include.calsync.errors import SettingsError
from include.calsync.settings import short

UNNAMED = ("unnamed",)
"""The installation where nothing tells which one it is."""
DEFAULT_SCHEDULE = "*/5 * * * *"
DEFAULT_RESEND_AFTER_S = 120.0
DEFAULT_KEEP_DAYS = 400
LEAST_KEEP_DAYS = 30
"""An undo goes so far back."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Environment:
    """What the process environment sets. `shards` None: from the number of accounts."""

    accounts_file: Path | None = None
    shards: int | None = None
    resend_after_s: float = DEFAULT_RESEND_AFTER_S
    log_personal_data: bool = False
    schedule: str = DEFAULT_SCHEDULE
    deployments: tuple[str, ...] = UNNAMED
    """This installation's id; then those of former ones, whose store and events it takes over."""
    keep_days: int = DEFAULT_KEEP_DAYS
    """How long the change log, runs with their results, and what ended pairs held are kept."""

    @classmethod
    def from_env(cls, env: Mapping[str, str], *, deployment: str = UNNAMED[0]) -> Self:
        """Read `CALSYNC_…`; a variable that is set to nothing counts as absent. Raises SettingsError, all at once.

        `deployment`: the installation's id unless `CALSYNC_DEPLOYMENT` says otherwise.
        """
        problems: list[str] = []

        def read(name: str, parse: Callable[[str], _T], default: _T, wanted: str) -> _T:
            value = env.get(name, "").strip()
            try:
                return parse(value) if value else default
            except (KeyError, ValueError):
                problems.append(f"{name}: must be {wanted}, not {short(value)}; correct it or unset it")
                return default

        found = cls(
            accounts_file=read("CALSYNC_ACCOUNTS_FILE", Path, None, "a path"),
            shards=read("CALSYNC_SHARDS", _shards, None, "a whole number from 1 to 64"),
            resend_after_s=read("CALSYNC_RESEND_AFTER_S", _seconds, DEFAULT_RESEND_AFTER_S, "seconds, 0 to 86400"),
            keep_days=read("CALSYNC_KEEP_DAYS", _days, DEFAULT_KEEP_DAYS, "whole days, 30 to 36500"),
            log_personal_data=read("CALSYNC_LOG_PERSONAL_DATA", _flag, False, "true or false"),
            schedule=read("CALSYNC_SCHEDULE", str, DEFAULT_SCHEDULE, "a cron expression"),
            deployments=read("CALSYNC_DEPLOYMENT", _names, (deployment,), "a name of at most 64 letters, digits, -._"),
        )
        if problems:
            raise SettingsError(problems)
        return found


def _names(value: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in value.split(","))
    if not all(re.fullmatch(r"[A-Za-z0-9._-]{1,64}", name) for name in names):
        raise ValueError
    return names


def _shards(value: str) -> int:
    number = int(value)
    if not 1 <= number <= 64:
        raise ValueError
    return number


def _days(value: str) -> int:
    number = int(value)
    if not LEAST_KEEP_DAYS <= number <= 36_500:
        raise ValueError
    return number


def _seconds(value: str) -> float:
    number = float(value)
    if not (math.isfinite(number) and 0 <= number <= 86_400):
        raise ValueError
    return number


def _flag(value: str) -> bool:
    return {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}[
        value.lower()
    ]
