"""Which rows of a plan must be carried out one after the other, and which may be under way at the same time."""

from __future__ import annotations

from collections.abc import Iterable

from include.calsync.core.run_records import PlanRow
from include.calsync.core.series import series_columns

Key = tuple[str, object]


def strands(rows: Iterable[PlanRow]) -> list[list[PlanRow]]:
    """Rows with an item, a pair, a series or a meeting in common are one strand, in the order of the plan.

    Different strands have nothing in common. They come in the order of their first rows.
    """
    rows = list(rows)
    heads: dict[Key, Key] = {}

    def head(key: Key) -> Key:
        while heads.setdefault(key, key) != key:
            heads[key] = heads[heads[key]]
            key = heads[key]
        return key

    for row in rows:
        first, *others = _keys(row)
        for other in others:
            heads[head(other)] = head(first)
    found: dict[Key, list[PlanRow]] = {}
    for row in rows:
        found.setdefault(head(_keys(row)[0]), []).append(row)
    return list(found.values())


def _keys(row: PlanRow) -> list[Key]:
    """What the row touches; a series goes by the id of its event."""
    of_event = series_columns(row.payload.get("event_raw"))
    named: list[Key] = [
        ("link", row.link_id),
        ("activity", row.activity_id),
        ("event", row.event_id),
        ("event", row.payload.get("copy")),
        ("event", of_event["series_id"]),
        ("meeting", of_event["meeting"]),
    ]
    return [key for key in named if key[1] is not None] or [("row", row.id)]
