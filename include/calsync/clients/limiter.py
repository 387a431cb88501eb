"""What a client needs of a rate limiter; the store has the one that parallel tasks share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

FIRST_REST = timedelta(minutes=1)
"""As long as Google's windows are."""


class Limiter(Protocol):
    """Keeps all who use one key together under its limits. Thread-safe."""

    def acquire(self, limits: Mapping[str, float]) -> None:
        """Block until one request may be sent that counts under each of these keys, with its permits per second.

        Raises BudgetExhausted if one of them is paused for too long to wait.
        """

    def pause(self, key: str, until: datetime, reason: str) -> None:
        """Let nobody send anything under `key` before `until` (aware)."""

    def back_off(self, key: str, now: datetime, reason: str) -> datetime:
        """Pause `key` for FIRST_REST, and longer each time it comes to that again. Returns until when."""

    def budget_returns(self, key: str, now: datetime) -> datetime:
        """When to ask again after `key`'s daily budget was found used up at `now`."""

    def spend(self, key: str, tokens: int, remaining: int | None) -> None:
        """Book `tokens` of the daily budget; `remaining` is what the service said is left, None if it said nothing."""


class NoLimiter:
    """Lets everything pass."""

    def acquire(self, limits: Mapping[str, float]) -> None:
        """At once."""
        return

    def pause(self, key: str, until: datetime, reason: str) -> None:
        """Nothing is remembered."""
        return

    def back_off(self, key: str, now: datetime, reason: str) -> datetime:
        """Always the first rest."""
        return now + FIRST_REST

    def budget_returns(self, key: str, now: datetime) -> datetime:
        """In an hour."""
        return now + timedelta(hours=1)

    def spend(self, key: str, tokens: int, remaining: int | None) -> None:
        """Nothing is booked."""
        return


@dataclass(frozen=True, slots=True)
class Limit:
    """One key a request counts against, and how many requests it may have per second."""

    key: str
    per_second: float
