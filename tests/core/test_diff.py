"""The diff aligns by key and loses no bit of an id."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from include.calsync.core.diff import diff
from include.calsync.core.model import Change

BIG = 2**53  # beyond it, floats skip every other integer


def frame(rows: dict[str, tuple[str, str | None]]) -> pd.DataFrame:
    keys, values = list(rows), list(rows.values())
    return pd.DataFrame({"key": keys, "status": [v[0] for v in values], "digest": [v[1] for v in values]}, dtype=object)


def links(*rows: tuple[str, str]) -> pd.DataFrame:
    columns = {"activity_key": [a for a, _ in rows], "event_key": [e for _, e in rows]}
    return pd.DataFrame({**columns, "activity_digest": "same", "event_digest": "same"}, dtype=object)


def test_each_change_is_told() -> None:
    found = diff(
        links(("1", "a"), ("2", "b"), ("3", "c"), ("4", "d")),
        frame({"2": ("live", "other"), "3": ("deleted", None), "4": ("live", "same"), "9": ("live", "x")}),
        frame({"a": ("live", "other"), "d": ("missing", None), "z": ("live", "x"), "y": ("deleted", None)}),
    )
    changes = list(zip(found.links["activity_change"], found.links["event_change"], strict=True))
    assert changes == [
        (Change.UNCHANGED, Change.UPDATED),
        (Change.UPDATED, Change.UNCHANGED),
        (Change.DELETED, Change.UNCHANGED),
        (Change.UNCHANGED, Change.UNCHANGED),
    ]
    assert list(found.changed().index) == [0, 1, 2]
    assert list(found.new_activities) == [3]
    assert list(found.new_events) == [2]


def test_nothing_seen_and_nothing_known() -> None:
    assert diff(links(), frame({}), frame({})).changed().empty
    assert diff(links(("1", "a")), frame({}), frame({})).changed().empty


@given(st.sets(st.integers(BIG, BIG + 40), min_size=1), st.data())
def test_neighbouring_large_ids_are_not_mixed_up(ids: set[int], data: st.DataObject) -> None:
    edited = data.draw(st.sets(st.sampled_from(sorted(ids))))
    known = links(*((f"77:{n}", f"cal/{n}") for n in ids))
    seen = frame({f"77:{n}": ("live", "edited" if n in edited else "same") for n in ids})
    changed = diff(known, seen, frame({})).changed()
    assert set(changed["activity_key"]) == {f"77:{n}" for n in edited}
