"""What items hold, as people read it: names of fields, times, yes and no."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from calsync_airflow.web.local import Local
from calsync_airflow.web.words import N_
from include.calsync.core.model import When

FIELDS = {
    "subject": N_("Subject"),
    "title": N_("Title"),
    "when": N_("When"),
    "place": N_("Place"),
    "description": N_("Description"),
    "busy": N_("Busy"),
    "color": N_("Color"),
    "visibility": N_("Visibility"),
    "type": N_("Type"),
    "done": N_("Done"),
    "note": N_("Internal note"),
    "priority": N_("Priority"),
    "owner_id": N_("Owner"),
    "guests": N_("Guests"),
}
"""By their names in the store."""
LONGEST = 300
"""Characters of a value that are shown."""


def name(local: Local, field: str) -> str:
    """What people call a field."""
    return local.words.say(FIELDS[field]) if field in FIELDS else field.replace("_", " ")


def text(local: Local, field: str, value: Any) -> str:
    """A field's value as stored, in words; "": there is none."""
    if field == "when":
        return moment(local, When.from_json(value)) if value else ""
    if isinstance(value, bool):
        return local.words.say(N_("yes")) if value else local.words.say(N_("no"))
    if isinstance(value, dict | list):
        return "…" if value else ""
    shown = "" if value is None else str(value)
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"


def moment(local: Local, when: When) -> str:
    """Like Thu 26 Nov, 14:00–14:45; at either end of the calendar in UTC."""
    try:
        return _moment(local, when)
    except (OverflowError, ValueError):
        return (when.start or when.day or datetime.min.replace(tzinfo=UTC)).isoformat()


def _moment(local: Local, when: When) -> str:
    if when.day is not None:
        last = when.day + timedelta(days=when.days - 1)
        first = local.weekday(when.day)
        return first if when.days <= 1 else f"{first} – {local.weekday(last)}"
    assert when.start is not None
    begin = f"{local.weekday(local.here(when.start).date())}, {local.clock(when.start)}"
    if not when.duration:
        return begin
    end = when.start + when.duration
    same = local.here(end).date() == local.here(when.start).date()
    return f"{begin}–{local.clock(end)}" if same else f"{begin} – {local.moment(end)}"
