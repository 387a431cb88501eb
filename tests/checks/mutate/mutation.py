"""One line of the product, broken on purpose."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """Put `new` where `old` is; a test must notice.

    `file` is below include/calsync and holds `old` exactly once. `why` says what would go wrong, and which law it would
    break. `tests` are the
    arguments of pytest that select what most likely notices; it is tried first, then everything.
    """

    file: str
    old: str
    new: str
    why: str
    tests: str


def laws_of(mutation: Mutation) -> set[int]:
    """Numbers of the laws that it would break: "(law 2)", "(laws 3 and 4)"."""
    named = re.search(r"\(laws? ([\d, and]+)", mutation.why)
    return {int(number) for number in re.findall(r"\d+", named[1])} if named else set()
