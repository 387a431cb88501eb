"""Raw objects as services answer them, made safe: each member that is read has the JSON type that it should have.

A number where text is expected is text, and an id may come as text (both were seen). A member of any other type is left
out, and the object says so: its view can't be read, so that the item is left alone and named (law 6), and nothing else
stumbles over it. Other members stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from include.calsync.core.raw import Raw, RawActivity, RawEvent, RawItem
from include.calsync.errors import Unreadable

ODD = "calsyncOdd"
"""Member of a raw object that names the members that were of another type than expected."""
LARGEST = 2**63 - 1
Kind = Callable[[Any], Any]


def event(raw: Raw) -> RawEvent:
    """An event of the Calendar API v3. One that may be private counts as private."""
    out = _shaped(raw, _EVENT)
    if "visibility" in out.get(ODD, ""):
        out["visibility"] = "private"
    return out


def activity(raw: Raw) -> RawActivity:
    """An activity of the v2 API; its `id` is missing if it is none."""
    return _shaped(raw, _ACTIVITY)


def check(raw: Raw) -> None:
    """Raise Unreadable if a member was of another type than expected."""
    if raw.get(ODD):
        raise Unreadable(f"another kind of value than expected: {raw[ODD]}")


def _shaped(raw: Raw, kinds: Mapping[str, Kind]) -> RawItem:
    out, odd = dict(raw), []
    for name, value in raw.items():
        kind = kinds.get(name)
        if kind is None or value is None or type(value) is _PLAIN.get(kind):  # as almost all are
            continue
        try:
            out[name] = kind(value)
        except TypeError:
            del out[name]
            odd.append(name)
    if odd:
        out[ODD] = ", ".join(name for name in kinds if name in odd)
    return out


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return str(value)


def _number(value: object) -> int:
    if type(value) is int and -LARGEST <= value <= LARGEST:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST:
        raise TypeError
    return value


def _flag(value: object) -> bool:
    if value not in (True, False):  # 0 and 1 are equal to these
        raise TypeError
    return bool(value)


_PLAIN: Mapping[Kind, type] = {_text: str, _flag: bool}
"""The types that are taken as they are."""


def _texts(value: object) -> list[str]:
    return [_text(each) for each in value] if isinstance(value, list) else [_text(value)]


def _object(kinds: Mapping[str, Kind]) -> Kind:
    """An object: a member of another type makes the whole one of another type."""

    def read(value: object) -> RawItem:
        out = _shaped(value, kinds) if isinstance(value, dict) else {ODD: ""}
        if ODD in out:
            raise TypeError
        return out

    return read


def _objects(kinds: Mapping[str, Kind]) -> Kind:
    """A list of objects; what else stands in it is nothing."""
    read = _object(kinds)

    def each(value: object) -> list[RawItem]:
        if not isinstance(value, list):
            raise TypeError
        return [read(one) for one in value if isinstance(one, dict)]

    return each


def _properties(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise TypeError
    return {str(name): _text(each) for name, each in value.items() if each is not None}


def _place(value: object) -> Any:
    return _PLACE(value) if isinstance(value, Mapping) else _text(value)


_PLACE = _object({"value": _text, "formatted_address": _text})
_TIME = _object({"date": _text, "dateTime": _text, "timeZone": _text})
_PERSON = {
    **dict.fromkeys(("email", "displayName", "id", "responseStatus"), _text),
    **dict.fromkeys(("self", "organizer", "resource"), _flag),
}
_EVENT: Mapping[str, Kind] = {
    **dict.fromkeys(("etag", "status", "summary", "description", "location", "iCalUID", "recurringEventId"), _text),
    **dict.fromkeys(("created", "updated", "visibility", "transparency", "eventType", "colorId", "hangoutLink"), _text),
    **dict.fromkeys(("start", "end", "originalStartTime"), _TIME),
    **dict.fromkeys(("organizer", "creator"), _object(_PERSON)),
    **dict.fromkeys(("attendeesOmitted", "locked", "endTimeUnspecified"), _flag),
    "recurrence": _texts,
    "attendees": _objects(_PERSON),
    "extendedProperties": _object({"private": _properties, "shared": _properties}),
    "conferenceData": _object({"entryPoints": _objects({"entryPointType": _text, "uri": _text})}),
}
_ACTIVITY: Mapping[str, Kind] = {
    **dict.fromkeys(("id", "owner_id", "deal_id", "person_id", "org_id"), _number),
    **dict.fromkeys(("subject", "type", "due_date", "due_time", "duration", "note", "public_description"), _text),
    **dict.fromkeys(("lead_id", "conference_meeting_url", "add_time", "update_time"), _text),
    **dict.fromkeys(("busy", "done", "is_deleted", "private"), _flag),
    "location": _place,
    "participants": _objects({"person_id": _number, "primary": _flag, "primary_flag": _flag}),
    "attendees": _objects({"email": _text, "email_address": _text, "name": _text}),
}
