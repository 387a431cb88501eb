"""What a client needs of a rate limiter; the store has the one that parallel tasks share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class Limiter(Protocol):
    """Keeps all who use one key together under its limits. Thread-safe."""

    def acquire(self, key: str, *, per_second: float) -> None:
        """Block until one request may be sent. Raises BudgetExhausted if `key` is paused for too long to wait."""

    def pause(self, key: str, until: datetime, reason: str) -> None:
        """Let nobody send anything under `key` before `until` (aware)."""

    def spend(self, key: str, tokens: int, remaining: int | None) -> None:
        """Book `tokens` of the daily budget; `remaining` is what the service said is left, None if it said nothing."""


class NoLimiter:
    """Lets everything pass."""

    def acquire(self, key: str, *, per_second: float) -> None:
        return None

    def pause(self, key: str, until: datetime, reason: str) -> None:
        return None

    def spend(self, key: str, tokens: int, remaining: int | None) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Limit:
    """One key a request counts against, and how many requests it may have per second."""

    key: str
    per_second: float
