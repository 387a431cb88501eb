"""Raw objects of both services to canonical views, and canonical changes back to request bodies.

Reading is tolerant: Pipedrive sends null or "" for what is unset (OpenAPI v2 marks almost nothing nullable), Google
leaves default values out (Calendar API v3 reference: events). Only a time that means nothing raises (Unreadable).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from include.calsync.core import received
from include.calsync.core.limits import NAME, NOTE, shorten
from include.calsync.core.model import ActivityView, Context, EventView, When
from include.calsync.core.text import clean_characters, escape, one_line, plain, unescape
from include.calsync.core.visibility import visibility_body
from include.calsync.core.when import activity_fields, activity_when, event_fields, event_when

_NO_TIME: Mapping[str, Any] = {"due_date": None, "due_time": None, "duration": None}


def activity_view(raw: Mapping[str, Any], context: Context) -> ActivityView:
    """An activity of the v2 API. Raises Unreadable if its time means nothing, or a member is of another type."""
    received.check(raw)
    when = activity_when(raw.get("due_date"), raw.get("due_time"), raw.get("duration"))
    busy = raw.get("busy")
    return ActivityView(
        subject=one_line(_text(raw.get("subject"))),
        when=when,
        place=_place(raw.get("location")),
        description=plain(_text(raw.get("public_description"))),
        busy=bool(busy) if busy is not None else when is not None and not when.all_day,
        done=bool(raw.get("done")),
        type=_text(raw.get("type")),
        owner_id=_number(raw.get("owner_id")),
        refs=(
            _text(raw.get("deal_id") or raw.get("lead_id")),
            _text(raw.get("person_id") or _primary_person(raw.get("participants"))),
            _text(raw.get("org_id")),
        ),
        note=plain(_text(raw.get("note"))),
        call=one_line(_text(raw.get("conference_meeting_url"))),
        private=raw.get("private") is True,
        context=Context(**{name: one_line(value) for name, value in dataclasses.asdict(context).items()}),
    )


def event_view(raw: Mapping[str, Any]) -> EventView:
    """A live event of the v3 API, omitted defaults filled in. Raises Unreadable as `activity_view` does."""
    received.check(raw)
    return EventView(
        title=one_line(_text(raw.get("summary"))),
        when=event_when(_mapping(raw.get("start")), _mapping(raw.get("end"))),
        place=one_line(_text(raw.get("location"))) or join_link(raw),
        description=plain(_text(raw.get("description"))),
        busy=raw.get("transparency") != "transparent",
        guests=has_guests(raw),
    )


def join_link(raw: Mapping[str, Any]) -> str:
    """Where an event's video call is joined; "" if it has none."""
    points = _mappings(_mapping(raw.get("conferenceData")).get("entryPoints"))
    video = (point.get("uri") for point in points if point.get("entryPointType") == "video")
    return one_line(_text(raw.get("hangoutLink") or next(video, None)))


def activity_body(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The PATCH (or POST) body for canonical changes: subject, when, place, description, busy, done, type, owner_id.

    None and "" clear a field. Raises KeyError for any other name.
    """
    body: dict[str, Any] = {}
    for name, value in changes.items():
        body.update(_ACTIVITY_FIELDS[name](value))
    return body


def event_body(changes: Mapping[str, Any], *, zone: str, default_duration: timedelta) -> dict[str, Any]:
    """The PATCH body for canonical changes: title, when, place, description, busy, color, visibility. KeyError: others.

    `zone`: IANA name shown with timed events; `default_duration`: length of a `when` that has none.
    """
    body: dict[str, Any] = {}
    for name, value in changes.items():
        if name == "when":
            body.update(event_fields(value, zone=zone, default_duration=default_duration))
        else:
            body.update(_EVENT_FIELDS[name](value))
    return body


def without_nulls(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body for an insert: there is nothing to clear yet. Looks into nested objects."""
    return {
        key: without_nulls(value) if isinstance(value, Mapping) else value
        for key, value in body.items()
        if value is not None
    }


def context_block(view: ActivityView, *, include_note: bool, include_call: bool = True) -> str:
    """The block under the delimiter, canonical plain text; "" if there is nothing to say."""
    context = view.context
    named = {
        "Video call": view.call if include_call else "",
        "Deal": shorten(one_line(context.deal), NAME),
        "Contact": shorten(one_line(context.person), NAME),
        "Phone": one_line(context.phone),
        "E-mail": one_line(context.email),
        "Organization": shorten(one_line(context.organization), NAME),
        "Note": shorten(unescape(view.note), NOTE) if include_note else "",
        "Link": one_line(context.url),
    }
    return escape("\n".join(f"{label}: {value}" for label, value in named.items() if value))


def unsupported(raw: Mapping[str, Any]) -> str | None:
    """Why a Google event is left alone (the reason under which it is counted), or None for one that is synced."""
    if raw.get("recurrence"):
        return "series"
    if raw.get("eventType", "default") not in ("default", None):
        return "event_type"
    return None


def has_guests(raw: Mapping[str, Any]) -> bool:
    """Whether anybody else was asked to come. Rooms and other resources are no guests."""
    attendees = _mappings(raw.get("attendees"))
    return bool(raw.get("attendeesOmitted")) or any(not (a.get("self") or a.get("resource")) for a in attendees)


def is_foreign(raw: Mapping[str, Any], calendar_id: str = "") -> bool:
    """Whether somebody else organises the event, or this copy of it can't be changed.

    An organizer of the address `calendar_id` is the calendar itself. An event without an organizer is one's own.
    """
    organizer = _mapping(raw.get("organizer"))
    address = _text(organizer.get("email")).casefold()
    own = organizer.get("self") or not address or address == calendar_id.casefold()
    return bool(raw.get("locked")) or not own


def _text(value: object) -> str:
    return "" if value is None else clean_characters(str(value))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _number(value: object) -> int:
    text = _text(value).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def _place(location: object) -> str:
    """`location` is an object, null, or (older shapes) text."""
    if isinstance(location, Mapping):
        location = location.get("value") or location.get("formatted_address")
    return one_line(_text(location))


def _primary_person(participants: object) -> object:
    """The person of the participant marked primary; the migration guide also shows `primary_flag`."""
    people = _mappings(participants)
    chosen = (p.get("person_id") for p in people if p.get("primary") or p.get("primary_flag"))
    return next(chosen, None)


def _when(value: When | None) -> Mapping[str, Any]:
    return _NO_TIME if value is None else activity_fields(value)


def _send(name: str) -> Callable[[Any], dict[str, Any]]:
    return lambda value: {name: clean_characters(value) if isinstance(value, str) else value}


_ACTIVITY_FIELDS: Mapping[str, Callable[[Any], Mapping[str, Any]]] = {
    "subject": _send("subject"),
    "when": _when,
    "place": lambda value: {"location": {"value": clean_characters(value)} if value else None},
    "description": _send("public_description"),
    "busy": _send("busy"),
    "done": _send("done"),
    "type": _send("type"),
    "owner_id": _send("owner_id"),
}
_EVENT_FIELDS: Mapping[str, Callable[[Any], Mapping[str, Any]]] = {
    "title": _send("summary"),
    "place": _send("location"),
    "description": _send("description"),
    "busy": lambda value: {"transparency": "opaque" if value else "transparent"},
    "color": lambda value: {"colorId": value or None},
    "visibility": visibility_body,
}
