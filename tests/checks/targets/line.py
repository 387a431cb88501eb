"""One line of the table of targets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """What was measured of one kind of work, beside what it was to be. `reached`: None where nothing was set."""

    work: str
    measured: str
    target: str = ""
    reached: bool | None = None

    def cells(self) -> tuple[str, ...]:
        return self.work, self.measured, self.target, {None: "", True: "yes", False: "no"}[self.reached]


HEAD = ("work", "measured", "target", "reached")


def markdown(lines: Iterable[Line]) -> str:
    """The table for docs/."""
    rows = [HEAD, ("---",) * len(HEAD), *(line.cells() for line in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
