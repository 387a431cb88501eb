"""One line of the product, broken on purpose."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """Put `new` where `old` is; a test must notice.

    `file` is below include/calsync and holds `old` exactly once. `why` says what would go wrong. `tests` are the
    arguments of pytest that select what most likely notices; it is tried first, then everything.
    """

    file: str
    old: str
    new: str
    why: str
    tests: str
