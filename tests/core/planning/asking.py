"""Whether a combination of facts exists that some rules are not for: all values of all columns, without a list of them.

A box says of each column which values it may have. What no box of a list covers is searched for by taking values away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from include.calsync.core.planning.facts import DOMAIN, Values

Box = Mapping[str, frozenset[str | bool]]


def everything(domain: Mapping[str, Values] = DOMAIN) -> dict[str, frozenset[str | bool]]:
    """The box of all combinations."""
    return {column: frozenset(values) for column, values in domain.items()}


def outside(start: Box, boxes: Sequence[Box]) -> dict[str, frozenset[str | bool]] | None:
    """A box of combinations in `start` that are in none of `boxes`; None: there is no such combination."""
    box = dict(start)
    near = [each for each in boxes if all(box[column] & values for column, values in each.items())]
    if not near:
        return box
    # The one with the fewest ways out first.
    best = min(near, key=lambda each: sum(1 for column, values in each.items() if box[column] - values))
    for column, values in best.items():
        if not box[column] - values:
            continue
        found = outside({**box, column: box[column] - values}, near)
        if found is not None:
            return found
        box[column] = box[column] & values  # all else was tried
    return None


def one_of(box: Box, domain: Mapping[str, Values] = DOMAIN) -> dict[str, str | bool]:
    """One combination of a box."""
    return {column: next(value for value in values if value in box[column]) for column, values in domain.items()}


def both(one: Box, other: Box, domain: Mapping[str, Values] = DOMAIN) -> dict[str, frozenset[str | bool]] | None:
    """The combinations that are in both boxes; None: there are none."""
    box = everything(domain)
    for column, values in (*one.items(), *other.items()):
        box[column] &= values
    return box if all(box.values()) else None
