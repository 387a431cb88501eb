"""The guard: how much one account may lose or change at once before a person is asked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """More than `max_count` and more than `max_ratio` of the links: held."""

    rule: str
    max_ratio: float
    max_count: int

    def exceeded(self, planned_count: int, recent_count: int, link_count: int) -> bool:
        """Whether `planned_count` on top of what the last 24 hours already did is too much."""
        total = planned_count + recent_count
        return total > self.max_count and total > self.max_ratio * link_count


def message(limit: Limit, what: str, planned_count: int, recent_count: int, link_count: int) -> str:
    """What the operator reads about a hold."""
    earlier = f", after {recent_count} in the last 24 hours" if recent_count else ""
    return (
        f"{planned_count} {what} held{earlier}: more than {limit.rule}_count = {limit.max_count} and "
        f"{limit.rule}_ratio = {limit.max_ratio:g} of {link_count} links allow. Nothing of it was written. "
        "If it is meant, raise the limits of this account; the items stay held until then."
    )
