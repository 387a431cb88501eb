"""Bases of earlier versions, which know less fields than the present one.

A base is stored with the number of the field set that it was made with. What is newer than that is taken as it is seen
now: a new field is nobody's edit, and nothing is written for its sake. So the first run after an upgrade plans nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TypeVar

from include.calsync.core.fields import ACTIVITY, BESIDE, EVENT, Half, activity_view, event_view
from include.calsync.core.model import ActivityView, Context, EventView
from include.calsync.core.raw import Json, Raw
from include.calsync.core.records import Payload
from include.calsync.errors import Unreadable

FIELD_SET = max(half.since for half in (*ACTIVITY.values(), *EVENT.values()))
"""The number of the present set."""
FIRST = 1
"""That of what was stored before sets had numbers."""

View = TypeVar("View", ActivityView, EventView)
_HALVES: Mapping[type, Mapping[str, Half]] = {ActivityView: ACTIVITY, EventView: EVENT}


def completed(known: Json, seen: View, field_set: int) -> View:
    """A view of an earlier version (JSON), with the fields that are newer than its set as `seen` shows them."""
    view = type(seen).from_json(dict(known))
    if field_set >= FIELD_SET:
        return view
    halves = _HALVES[type(seen)]
    newer = [name for name in halves if name not in BESIDE and halves[name].since > field_set]
    return dataclasses.replace(view, **{name: getattr(seen, name) for name in newer})


def last_activity(raw: Raw | None, context: Context | None = None) -> ActivityView | None:
    """What the last full object shows; None: there is none, or it can't be read."""
    try:
        return activity_view(raw, context or Context()) if raw else None
    except Unreadable:
        return None


def last_event(raw: Raw | None) -> EventView | None:
    """As `last_activity`."""
    try:
        return event_view(raw) if raw else None
    except Unreadable:
        return None


def present(payload: Payload) -> Payload:
    """A payload with the views of an earlier version completed from the raw objects beside them."""
    number = payload.get("field_set", FIRST)
    if number >= FIELD_SET or not payload.get("activity") or not payload.get("event"):
        return payload
    activity, event = last_activity(payload["activity_raw"]), last_event(payload["event_raw"])
    out: Payload = {**payload, "field_set": FIELD_SET}
    if activity is not None:
        out["activity"] = completed(payload["activity"], activity, number).to_json()
    if event is not None:
        out["event"] = completed(payload["event"], event, number).to_json()
    return out
