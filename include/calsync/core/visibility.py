"""Activities that are private in Pipedrive: their words must not reach people who merely share the calendar.

Such an activity makes its event private, and a property of ours on the event says that it was us: it is no secret of
the calendar's owner (core.privacy), and may be taken back. Whatever else a person chooses there stays.
"""

from __future__ import annotations

from collections.abc import Mapping

from include.calsync.core.raw import Body, Raw

PRIVATE = "private"
OURS = "ours"
"""The visibility of an event that we made private."""
_PROPERTY = "calsyncVisibility"
_STRICT = frozenset({PRIVATE, "confidential", OURS})


def visibility_of(event: Raw) -> str:
    """A raw event's visibility: Google's, or OURS. A copy of our event, made by a person, is that person's."""
    shown = str(event.get("visibility") or "default")
    properties = event.get("extendedProperties")
    private = properties.get("private") if isinstance(properties, Mapping) else None
    if shown != PRIVATE or not isinstance(private, Mapping) or private.get(_PROPERTY) != PRIVATE:
        return shown
    return OURS if private.get("calsyncEventId") == event.get("id") else shown


def visibility_change(known: str, wanted: str, shown: str) -> dict[str, str]:
    """What to write: `known` and `wanted` of the activity (PRIVATE or ""), `shown` by the event."""
    if known == wanted:
        return {}
    if wanted:
        return {} if shown in _STRICT else {"visibility": PRIVATE}
    return {"visibility": "default"} if shown == OURS else {}


def visibility_body(value: str) -> Body:
    """The members of an event's body that make it private for us, or take that back."""
    mine = {_PROPERTY: value if value == PRIVATE else None}
    return {"visibility": value, "extendedProperties": {"private": mine}}
