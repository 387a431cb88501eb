"""Rows of one kind, with an ordered index per sort field, and key-set paging over them.

A row is never changed in place: an edit puts a new dict. So a row that was handed out stays what it was.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
Position = tuple[Any, int]


@dataclass(frozen=True)
class Walk:
    """One page wanted: the order, where to go on, and a bound that lets an ascending walk skip the head."""

    sort_by: str = "id"
    descending: bool = False
    after: Position | None = None
    since: str | None = None
    limit: int = 100


class Table:
    """Rows by id. `sort_fields` besides `id` hold text or None; None sorts first."""

    def __init__(self, sort_fields: Sequence[str]) -> None:
        self.rows: dict[int, Row] = {}
        self._index: dict[str, list[Position]] = {name: [] for name in ("id", *sort_fields)}
        self._last_id = 0

    def next_id(self) -> int:
        """A fresh id; ids are never used twice."""
        self._last_id += 1
        return self._last_id

    def put(self, row: Row) -> Row:
        """Store `row` in place of the one with its id."""
        old = self.rows.get(row["id"])
        for name, index in self._index.items():
            new = position(row, name)
            if old is not None:
                was = position(old, name)
                if was == new:
                    continue
                del index[bisect_left(index, was)]
            insort(index, new)
        self.rows[row["id"]] = row
        self._last_id = max(self._last_id, row["id"])
        return row

    def remove(self, number: int) -> None:
        """Forget a row for good. Raises KeyError."""
        row = self.rows.pop(number)
        for name, index in self._index.items():
            del index[bisect_left(index, position(row, name))]

    def page(
        self, walk: Walk, accept: Callable[[Row], bool], ids: Iterable[int] | None = None
    ) -> tuple[list[Row], bool]:
        """At most `walk.limit` accepted rows, and whether one more follows."""
        index = self._index[walk.sort_by]
        if ids is not None:
            index = sorted(position(self.rows[i], walk.sort_by) for i in set(ids) if i in self.rows)
        found: list[Row] = []
        for number in _walk(index, walk):
            row = self.rows[number]
            if not accept(row):
                continue
            if len(found) == walk.limit:
                return found, True
            found.append(row)
        return found, False


def position(row: Row, sort_by: str) -> Position:
    """Where a row stands in an order; ids break ties."""
    return (row["id"] if sort_by == "id" else str(row[sort_by] or ""), row["id"])


def _walk(index: list[Position], walk: Walk) -> Iterator[int]:
    if walk.descending:
        start = len(index) if walk.after is None else bisect_left(index, walk.after)
        for at in range(start - 1, -1, -1):
            yield index[at][1]
        return
    start = 0
    if walk.after is not None:
        start = bisect_right(index, walk.after)
    elif walk.since is not None and walk.sort_by == "update_time":
        start = bisect_left(index, (walk.since, 0))
    for at in range(start, len(index)):
        yield index[at][1]
