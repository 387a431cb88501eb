"""The table of fields: raw objects of both services to canonical views, and canonical changes back to bodies.

Reading is tolerant: Pipedrive sends null or "" for what is unset (OpenAPI v2 marks almost nothing nullable), Google
leaves default values out (Calendar API v3 reference: events). Only a time that means nothing raises (Unreadable).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from include.calsync.core import received
from include.calsync.core.limits import EVENT_PLACE, EVENT_TITLE, NAME, NOTE, PLACE, SUBJECT, shorten
from include.calsync.core.model import ActivityView, Context, EventView, When, flat
from include.calsync.core.raw import Body, Raw
from include.calsync.core.text import RECENT, clean_characters, escape, one_line, plain, unescape
from include.calsync.core.visibility import visibility_body
from include.calsync.core.when import activity_fields, activity_when, event_fields, event_when

_NO_TIME: Mapping[str, str | None] = {"due_date": None, "due_time": None, "duration": None}


def activity_view(raw: Raw, context: Context) -> ActivityView:
    """An activity of the v2 API. Raises Unreadable if its time means nothing, or a member is of another type."""
    received.check(raw)
    shown = {name: half.read(raw) for name, half in ACTIVITY.items()}
    names = {name: one_line(value) for name, value in flat(context).items()}
    return ActivityView(context=Context(**names), **shown)


def event_view(raw: Raw) -> EventView:
    """A live event of the v3 API, omitted defaults filled in. Raises Unreadable as `activity_view` does."""
    received.check(raw)
    return EventView(**{name: half.read(raw) for name, half in EVENT.items() if name not in BESIDE})


def join_link(raw: Raw) -> str:
    """Where an event's video call is joined; "" if it has none."""
    points = _mappings(_mapping(raw.get("conferenceData")).get("entryPoints"))
    video = (point.get("uri") for point in points if point.get("entryPointType") == "video")
    return one_line(_text(raw.get("hangoutLink") or next(video, None)))


def activity_body(changes: Mapping[str, Any]) -> Body:
    """The PATCH (or POST) body for canonical changes of an activity, by the name of its field.

    None and "" clear a field. Raises KeyError for a name that is none, or is never written.
    """
    body: Body = {}
    for name, value in changes.items():
        body.update(ACTIVITY[name].body(value))
    return body


def event_body(changes: Mapping[str, Any], *, zone: str, default_duration: timedelta) -> Body:
    """The PATCH body for canonical changes of an event, by the name of its field. Raises KeyError for any other name.

    `zone`: IANA name shown with timed events; `default_duration`: length of a `when` that has none.
    """
    body: Body = {}
    for name, value in changes.items():
        if name == "when":
            body.update(event_fields(value, zone=zone, default_duration=default_duration))
        else:
            body.update(EVENT[name].body(value))
    return body


def without_nulls(body: Raw) -> Body:
    """The body for an insert: there is nothing to clear yet. Looks into nested objects."""
    return {
        key: without_nulls(value) if isinstance(value, Mapping) else value
        for key, value in body.items()
        if value is not None
    }


def context_block(view: ActivityView, *, include_note: bool, include_call: bool = True) -> str:
    """The block under the delimiter, canonical plain text; "" if there is nothing to say."""
    return _block(view.context, view.call if include_call else "", view.note if include_note else "")


@lru_cache(RECENT)
def _block(context: Context, call: str, note: str) -> str:
    named = {
        "Video call": call,
        "Deal": shorten(one_line(context.deal), NAME),
        "Contact": shorten(one_line(context.person), NAME),
        "Phone": one_line(context.phone),
        "E-mail": one_line(context.email),
        "Organization": shorten(one_line(context.organization), NAME),
        "Note": shorten(unescape(note), NOTE),
        "Link": one_line(context.url),
    }
    return escape("\n".join(f"{label}: {value}" for label, value in named.items() if value))


def unsupported(raw: Raw) -> str | None:
    """Why a Google event is left alone (the reason under which it is counted), or None for one that is synced."""
    if raw.get("recurrence"):
        return "series"
    if raw.get("eventType", "default") not in ("default", None):
        return "event_type"
    return None


def has_guests(raw: Raw) -> bool:
    """Whether anybody else was asked to come. Rooms and other resources are no guests."""
    attendees = _mappings(raw.get("attendees"))
    return bool(raw.get("attendeesOmitted")) or any(not (a.get("self") or a.get("resource")) for a in attendees)


def is_foreign(raw: Raw, calendar_id: str = "") -> bool:
    """Whether somebody else organises the event, or this copy of it can't be changed.

    An organizer of the address `calendar_id` is the calendar itself. An event without an organizer is one's own.
    """
    organizer = _mapping(raw.get("organizer"))
    address = _text(organizer.get("email")).casefold()
    own = organizer.get("self") or not address or address == calendar_id.casefold()
    return bool(raw.get("locked")) or not own


def _text(value: object) -> str:
    return "" if value is None else clean_characters(str(value))


def _mapping(value: object) -> Raw:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: object) -> list[Raw]:
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


def _when(raw: Raw) -> When | None:
    return activity_when(raw.get("due_date"), raw.get("due_time"), raw.get("duration"))


def _busy(raw: Raw) -> bool:
    """The effective value: unset, it follows from whether there is a time."""
    busy = raw.get("busy")
    if busy is not None:
        return bool(busy)
    when = _when(raw)
    return when is not None and not when.all_day


def _refs(raw: Raw) -> tuple[str, str, str]:
    return (
        _text(raw.get("deal_id") or raw.get("lead_id")),
        _text(raw.get("person_id") or _primary_person(raw.get("participants"))),
        _text(raw.get("org_id")),
    )


def _line(name: str) -> Callable[[Raw], str]:
    return lambda raw: one_line(_text(raw.get(name)))


def _plain(name: str) -> Callable[[Raw], str]:
    return lambda raw: plain(_text(raw.get(name)))


def _send(name: str) -> Callable[[Any], Body]:
    return lambda value: {name: clean_characters(value) if isinstance(value, str) else value}


def _never(value: Any) -> Raw:
    raise KeyError(f"a field that is never written: {value}")


# The table.


class Merge(StrEnum):
    """How a field is merged."""

    TEXT = "text"
    """Both ways. One side may show only its beginning (core.limits)."""
    TIME = "time"
    """Both ways: a start and a length, which each side shows in its own way."""
    VALUE = "value"
    """Both ways, as it is."""
    OURS = "ours"
    """Written to the event where it is ours, by rules (core.written); what a person chose there stays."""
    READ = "read"
    """Of one side only: the rules look at it."""


@dataclass(frozen=True, slots=True)
class Half:
    """A field on one side. `columns`: the members of the raw object that hold it."""

    columns: tuple[str, ...]
    read: Callable[[Raw], Any]
    body: Callable[[Any], Raw] = _never
    """From a value to the members of a body."""
    longest: int | None = None
    """The service's own limit for a text, in characters."""
    name: str = ""
    """In the view and in the log, where it is not the field's."""
    since: int = 1
    """The field set that it came with (core.field_sets). A half that is read otherwise than before is new, too."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field that is synced, or looked at."""

    name: str
    activity: Half | None
    event: Half | None
    merged_as: Merge


FIELDS = (
    Field(
        "subject",
        Half(("subject",), _line("subject"), _send("subject"), SUBJECT),
        Half(("summary",), _line("summary"), _send("summary"), EVENT_TITLE, name="title"),
        Merge.TEXT,
    ),
    Field(
        "when",
        Half(
            ("due_date", "due_time", "duration"),
            _when,
            lambda value: _NO_TIME if value is None else activity_fields(value),
        ),
        # Its body needs to know the zone: event_body.
        Half(("start", "end"), lambda raw: event_when(_mapping(raw.get("start")), _mapping(raw.get("end")))),
        Merge.TIME,
    ),
    Field(
        "place",
        Half(
            ("location",),
            lambda raw: _place(raw.get("location")),
            lambda value: {"location": {"value": clean_characters(value)} if value else None},
            PLACE,
        ),
        Half(
            ("location",),
            lambda raw: one_line(_text(raw.get("location"))) or join_link(raw),
            _send("location"),
            EVENT_PLACE,
        ),
        Merge.TEXT,
    ),
    Field(
        "description",
        Half(("public_description",), _plain("public_description"), _send("public_description")),
        Half(("description",), _plain("description"), _send("description")),
        Merge.TEXT,
    ),
    Field(
        "busy",
        Half(("busy",), _busy, _send("busy")),
        Half(
            ("transparency",),
            lambda raw: raw.get("transparency") != "transparent",
            lambda value: {"transparency": "opaque" if value else "transparent"},
        ),
        Merge.VALUE,
    ),
    Field(
        "color",
        None,
        Half(("colorId",), lambda raw: str(raw.get("colorId") or ""), lambda value: {"colorId": value or None}),
        Merge.OURS,
    ),
    Field(
        "visibility",
        None,
        Half(("visibility",), lambda raw: str(raw.get("visibility") or "default"), visibility_body),
        Merge.OURS,
    ),
    Field("done", Half(("done",), lambda raw: bool(raw.get("done")), _send("done")), None, Merge.READ),
    Field("type", Half(("type",), lambda raw: _text(raw.get("type")), _send("type")), None, Merge.READ),
    Field(
        "owner_id", Half(("owner_id",), lambda raw: _number(raw.get("owner_id")), _send("owner_id")), None, Merge.READ
    ),
    Field("refs", Half(("deal_id", "lead_id", "person_id", "participants", "org_id"), _refs), None, Merge.READ),
    Field("note", Half(("note",), _plain("note")), None, Merge.READ),
    Field("call", Half(("conference_meeting_url",), _line("conference_meeting_url")), None, Merge.READ),
    Field("priority", Half(("priority",), lambda raw: _number(raw.get("priority")), since=2), None, Merge.READ),
    Field("private", Half(("private",), lambda raw: raw.get("private") is True), None, Merge.READ),
    Field("guests", None, Half(("attendees", "attendeesOmitted"), has_guests), Merge.READ),
)
"""All fields, in the order in which they are merged. What a title, a time and a description mean, core.merge knows."""

ACTIVITY: Mapping[str, Half] = {field.activity.name or field.name: field.activity for field in FIELDS if field.activity}
"""The halves of an activity, by their name in its view."""
EVENT: Mapping[str, Half] = {field.event.name or field.name: field.event for field in FIELDS if field.event}
MERGED = {field.name: field for field in FIELDS if field.merged_as in (Merge.TEXT, Merge.TIME, Merge.VALUE)}
"""The fields that flow both ways."""
TEXTS = frozenset(name for name, field in MERGED.items() if field.merged_as is Merge.TEXT)
VALUES = tuple(name for name, field in MERGED.items() if field.merged_as is Merge.VALUE)
BESIDE: Mapping[str, Half] = {
    field.name: field.event for field in FIELDS if field.event and field.merged_as is Merge.OURS
}
"""What of an event may be ours and is in no view."""


def event_name(name: str) -> str:
    """What a field is called on an event."""
    half = MERGED[name].event
    return (half.name if half else "") or name


def beside(raw: Raw) -> dict[str, str]:
    """What an event shows beside its view."""
    return {name: half.read(raw) for name, half in BESIDE.items()}
