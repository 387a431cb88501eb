"""What a row will write is the same after it lay in the store."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from include.calsync.core.conflicts import Conflict, Why
from include.calsync.core.merge import Merged
from include.calsync.core.model import ActivityView, EventView, When
from include.calsync.core.planning.wanted import Wanted, before_activity, before_event, changes_of
from include.calsync.core.policy import Side
from include.calsync.core.title import Rendered
from include.calsync.core.written import Written

NOON = When(start=datetime(2026, 11, 26, 12, tzinfo=UTC), duration=timedelta(minutes=30))
DAY = When(day=datetime(2026, 11, 27, tzinfo=UTC).date(), days=2)
WRITTEN = Written(Rendered("Deal > Call", "Deal > ", "", "Call"), "Note", "11", "private")
ACTIVITY = ActivityView("Call", NOON, "Berlin", "Bring the contract", busy=True, priority=521)
EVENT = EventView("Deal > Call", NOON, "Berlin", "Bring the contract", busy=True)

MERGED = [
    Merged({}, {}, WRITTEN),
    Merged({"title": "A", "when": DAY, "busy": False, "color": None}, {}, WRITTEN),
    Merged({}, {"subject": "A", "when": NOON, "place": ""}, WRITTEN, (), {Side.EVENT: frozenset({"title", "when"})}),
    Merged(
        {"description": "<b>a</b>"},
        {"priority": 0},
        dataclasses.replace(WRITTEN, color=None, visibility=""),
        (
            Conflict("subject", "A", "B", Side.EVENT, Why.NEWEST, NOON.start, NOON.start),
            Conflict("when", NOON, DAY, Side.ACTIVITY, Why.ONE_WAY),
        ),
    ),
]


@pytest.mark.parametrize("merged", MERGED)
def test_it_reads_as_it_was_stored(merged: Merged) -> None:
    before = {
        Side.EVENT: before_event(merged.event_changes, EVENT, {"colorId": "4"}),
        Side.ACTIVITY: before_activity(merged.activity_changes, ACTIVITY, {}, veiled=False),
    }
    wanted = Wanted(merged, before)
    stored: Any = json.loads(json.dumps({"wanted": wanted.to_json(), "conflicts": wanted.conflicts_json()}))
    read = Wanted.from_json(stored["wanted"], stored["conflicts"])
    assert (read, read.conflicts_json()) == (wanted, wanted.conflicts_json())
    assert set(changes_of(stored, Side.EVENT)) == set(merged.event_changes)
    assert set(changes_of(stored, Side.ACTIVITY)) == set(merged.activity_changes)


def test_before_is_what_both_sides_show() -> None:
    assert before_event({"title": "A", "when": DAY, "color": "11"}, EVENT, {"colorId": "4"}) == {
        "title": "Deal > Call",
        "when": NOON.to_json(),
        "color": "4",
    }
    assert before_activity({"subject": "A", "when": DAY}, ACTIVITY, {}, veiled=False) == {
        "subject": "Call",
        "when": NOON.to_json(),
    }


def test_of_an_activity_with_a_veiled_event_only_when_it_is_is_told() -> None:
    assert before_activity({"subject": "A", "when": DAY}, ACTIVITY, {}, veiled=True) == {
        "subject": None,
        "when": NOON.to_json(),
    }


def test_a_row_that_merges_nothing_writes_no_fields() -> None:
    assert changes_of({"cause": "event_deleted"}, Side.EVENT) == {}


def test_a_description_is_kept_with_its_markup() -> None:
    shown = dataclasses.replace(EVENT, description="Bold")
    assert before_event({"description": "New"}, shown, {"description": "<b>Bold</b>"}) == {"description": "<b>Bold</b>"}
    activity, raw = dataclasses.replace(ACTIVITY, description="Bold"), {"public_description": "<b>Bold</b>"}
    assert before_activity({"description": "New"}, activity, raw, veiled=False) == {"description": "<b>Bold</b>"}
    assert before_activity({"description": "New"}, activity, raw, veiled=True) == {"description": None}
