"""Contenders of the bare diff. Each gets the rows in its own form before the clock starts, and tells keys.

    python -m tests.checks.peers.bare polars FOLDER 3     # in which `Rows.write` wrote; runs

None reads, hashes or normalises anything: keys and digests are there, as columns of its own kind.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.checks.peers.measured import measured, middle, tell
from tests.checks.peers.rows import Found, Rows

Prepare = Callable[[Rows], Callable[[], Found]]


def dicts(rows: Rows) -> Callable[[], Found]:
    """The oracle: a dict of each side, and a loop over the links."""

    def work() -> Found:
        first = dict(zip(rows.first_keys, rows.first_seen, strict=True))
        second = dict(zip(rows.second_keys, rows.second_seen, strict=True))
        links = zip(rows.keys, rows.first_base, rows.second_base, strict=True)
        first_changed, second_changed = [], []
        for key, first_base, second_base in links:
            if first.get(key, first_base) != first_base:
                first_changed.append(key)
            if second.get(key, second_base) != second_base:
                second_changed.append(key)
        known = set(rows.keys)
        return Found(
            first_changed,
            second_changed,
            [key for key in rows.first_keys if key not in known],
            [key for key in rows.second_keys if key not in known],
        )

    return work


def product(rows: Rows) -> Callable[[], Found]:
    """calsync's own diff with columns of 64-bit integers, as all others get them."""
    return _product(rows, "int64", lambda value: value)


def product_as_used(rows: Rows) -> Callable[[], Found]:
    """calsync's own diff as its planner calls it: keys and digests are text, in columns of objects."""
    return _product(rows, "object", lambda value: f"{value:032x}", lambda text: int(text, 16))


def _product(
    rows: Rows, kind: str, shown: Callable[[int], Any], read: Callable[[Any], int] = int
) -> Callable[[], Found]:
    import numpy as np
    import pandas as pd

    from include.calsync.core.diff import diff
    from include.calsync.core.model import Change

    def column(values: list[int]) -> Any:
        return pd.Series([shown(value) for value in values], dtype=kind)

    keys = column(rows.keys)
    links = pd.DataFrame(
        {
            "activity_key": keys,
            "event_key": keys,
            "activity_digest": column(rows.first_base),
            "event_digest": column(rows.second_base),
        }
    )
    sides = [
        pd.DataFrame({"key": column(keys), "status": np.full(len(keys), "live", dtype=object), "digest": column(seen)})
        for keys, seen in ((rows.first_keys, rows.first_seen), (rows.second_keys, rows.second_seen))
    ]

    def work() -> Found:
        found = diff(links, *sides)
        changed = [
            found.links[f"{side}_key"][found.links[f"{side}_change"] == Change.UPDATED].to_list()
            for side in ("activity", "event")
        ]
        new = [
            side["key"].iloc[at].to_list()
            for side, at in zip(sides, (found.new_activities, found.new_events), strict=True)
        ]
        return Found(*([read(key) for key in keys] for keys in (*changed, *new)))

    return work


def polars(rows: Rows) -> Callable[[], Found]:
    """polars: two left joins, two anti joins, collected as one lazy query."""
    import polars as pl

    links = pl.DataFrame({"key": rows.keys, "first_base": rows.first_base, "second_base": rows.second_base})
    first = pl.DataFrame({"key": rows.first_keys, "first": rows.first_seen})
    second = pl.DataFrame({"key": rows.second_keys, "second": rows.second_seen})

    def work() -> Found:
        both = links.lazy().join(first.lazy(), on="key", how="left").join(second.lazy(), on="key", how="left")
        asked = [
            both.filter((pl.col("first") != pl.col("first_base")) | (pl.col("second") != pl.col("second_base"))),
            first.lazy().join(links.lazy(), on="key", how="anti"),
            second.lazy().join(links.lazy(), on="key", how="anti"),
        ]
        changed, *new = pl.collect_all(asked)
        differ = [changed.filter(pl.col(side) != pl.col(f"{side}_base"))["key"].to_list() for side in _SIDES]
        return Found(*differ, *(frame["key"].to_list() for frame in new))

    return work


def duckdb(rows: Rows) -> Callable[[], Found]:
    """DuckDB: tables in memory, and one query for each list."""
    import duckdb as db
    import pyarrow as pa

    conn: Any = db.connect()
    tables = {
        "links": {"key": rows.keys, "first_base": rows.first_base, "second_base": rows.second_base},
        "first": {"key": rows.first_keys, "first": rows.first_seen},
        "second": {"key": rows.second_keys, "second": rows.second_seen},
    }
    for name, columns in tables.items():
        conn.register("given", pa.table(columns))
        conn.execute(f'create table "{name}" as select * from given')
        conn.unregister("given")

    def work() -> Found:
        changed = conn.execute(
            'select key, "first" <> first_base, "second" <> second_base from links '
            'left join "first" using (key) left join "second" using (key) '
            'where "first" <> first_base or "second" <> second_base'
        ).fetchall()
        new = [
            [key for (key,) in conn.execute(f'select key from "{side}" anti join links using (key)').fetchall()]
            for side in _SIDES
        ]
        return Found(*([row[0] for row in changed if row[at]] for at in (1, 2)), *new)

    return work


def datacompy(rows: Rows) -> Callable[[], Found]:
    """datacompy on polars frames: it compares two tables, so it is asked twice."""
    return _datacompy(rows, lambda value: value)


def datacompy_of_text(rows: Rows) -> Callable[[], Found]:
    """The same with digests as text: numbers it compares as floats, and misses those that differ in the lowest bit."""
    return _datacompy(rows, lambda value: f"{value:016x}")


def _datacompy(rows: Rows, shown: Callable[[int], Any]) -> Callable[[], Found]:
    import datacompy as dc
    import polars as pl

    def frame(keys: list[int], digests: list[int]) -> Any:
        return pl.DataFrame({"key": keys, "digest": [shown(value) for value in digests]})

    frames = [
        (frame(rows.keys, rows.first_base), frame(rows.first_keys, rows.first_seen)),
        (frame(rows.keys, rows.second_base), frame(rows.second_keys, rows.second_seen)),
    ]

    def work() -> Found:
        changed, new = [], []
        for links, seen in frames:
            compared = dc.PolarsCompare(links, seen, join_columns="key", cast_column_names_lower=False)
            differ = compared.intersect_rows.filter(~pl.col("digest_match"))
            changed.append(differ["key"].to_list())
            new.append(compared.df2_unq_rows["key"].to_list())
        return Found(*changed, *new)

    return work


_SIDES = ("first", "second")
OURS: Mapping[str, Prepare] = {"calsync": product, "calsync, as its planner calls it": product_as_used, "dicts": dicts}
PEERS: Mapping[str, Prepare] = {
    "polars": polars,
    "DuckDB": duckdb,
    "datacompy": datacompy,
    "datacompy, digests as text": datacompy_of_text,
}


def main() -> None:
    name, folder, runs = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    work = {**OURS, **PEERS}[name](Rows.read(folder))
    figures = []
    for _ in range(runs):
        figure, found = measured(work)
        figures.append(dataclasses.replace(figure, outcome=found.outcome()))
    # Later runs may find memory that an earlier one left.
    tell(dataclasses.replace(middle(figures), memory_added=max(each.memory_added for each in figures)))


if __name__ == "__main__":
    main()
