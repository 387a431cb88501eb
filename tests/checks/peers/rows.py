"""The bare three-way diff: links with a digest of each side, and what both sides show now. Standard library only.

Keys and digests are 64-bit integers over 2^53: who lets them become floats confuses neighbours and misses edits. Of all
links 1 % differ: on the first side, on the second, or on both; half of the edits change a digest's lowest bit alone.
As many as a tenth of that are new, on each side.
"""

from __future__ import annotations

import hashlib
import random
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

LEAST = 2**60
CHANGED_RATIO = 0.01


@dataclass(frozen=True)
class Rows:
    """Columns of the three tables. The first and the second side are in orders of their own."""

    keys: list[int]
    first_base: list[int]
    second_base: list[int]
    first_keys: list[int]
    first_seen: list[int]
    second_keys: list[int]
    second_seen: list[int]

    def write(self, folder: Path) -> None:
        """A file for each column, so that all contenders begin at once."""
        for name, values in vars(self).items():
            (folder / name).write_bytes(array("q", values).tobytes())

    @staticmethod
    def read(folder: Path) -> Rows:
        """What `write` wrote."""
        columns = {}
        for each in fields(Rows):
            column = array("q")
            column.frombytes((folder / each.name).read_bytes())
            columns[each.name] = column.tolist()
        return Rows(**columns)


def make_rows(count: int) -> Rows:
    """The same rows for the same count."""
    draw = random.Random(count)
    keys = [LEAST + 2 * number + draw.randrange(2) for number in range(count)]
    draw.shuffle(keys)
    bases = [[LEAST + draw.getrandbits(60) for _ in range(count)] for _ in range(2)]
    seen = [list(base) for base in bases]
    changed = draw.sample(range(count), max(1, round(count * CHANGED_RATIO)))
    for order, at in enumerate(changed):
        for side in ((0,), (1,), (0, 1))[order % 3]:
            seen[side][at] ^= 1 if draw.randrange(2) else 1 + draw.getrandbits(40)
    shown: list[tuple[list[int], list[int]]] = []
    for side in range(2):
        fresh = [LEAST + 2 * count + 10 * number + side for number in range(max(1, len(changed) // 10))]
        lines = [*zip(keys, seen[side], strict=True), *((key, LEAST + draw.getrandbits(60)) for key in fresh)]
        draw.shuffle(lines)
        shown.append(([key for key, _ in lines], [value for _, value in lines]))
    return Rows(keys, bases[0], bases[1], *shown[0], *shown[1])


@dataclass(frozen=True)
class Found:
    """What a diff tells: keys of links that differ on a side, and keys that no link knows."""

    first_changed: Iterable[int]
    second_changed: Iterable[int]
    first_new: Iterable[int]
    second_new: Iterable[int]

    def outcome(self) -> str:
        """How many of each, and a hash of all keys: equal for equal results alone."""
        lists = [sorted(int(key) for key in keys) for keys in vars(self).values()]
        counts = " ".join(str(len(keys)) for keys in lists)
        return f"{counts} {hashlib.sha256(repr(lists).encode()).hexdigest()[:16]}"
