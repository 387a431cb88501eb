"""The guard: how much one account may lose or change at once before a person is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


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


def message(
    limit: Limit,
    what: str,
    planned_count: int,
    recent_count: int,
    link_count: int,
    settings: Mapping[str, int] = MappingProxyType({}),
) -> str:
    """What the operator reads about a hold. `settings`: how many are there because of which changed setting."""
    earlier = f", after {recent_count} in the last 24 hours" if recent_count else ""
    causes = [f"{count} because of a changed setting: {name}." for name, count in sorted(settings.items())]
    back = " If not, take the setting back." if settings else ""
    numbers = (
        f"{planned_count} {what} held{earlier}: more than {limit.rule}_count = {limit.max_count} and "
        f"{limit.rule}_ratio = {limit.max_ratio:g} of {link_count} links allow. Nothing of it was written."
    )
    remedy = f"Approve or reject it under Required Actions; the items stay held until then.{back}"
    return " ".join([numbers, *causes, remedy])
