"""Query parameters: which ones a method takes, and their types. A name or value that it does not know is refused.

Source: the Calendar API's discovery document. The real service ignores unknown names; the sandbox answers 400, so
that a misspelt one is noticed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from include.sandbox.google.errors import GoogleError, invalid
from include.sandbox.google.times import parse_instant, zone

COMMON = {"alt": "alt", "fields": "str", "key": "str", "oauth_token": "str", "prettyPrint": "bool", "quotaUser": "str",
          "userIp": "str"}  # fmt: skip
_SHOWN = {"alwaysIncludeEmail": "bool", "maxAttendees": "positive", "timeZone": "zone"}
_SENDING = {"sendNotifications": "bool", "sendUpdates": "send"}
_BODY = {"conferenceDataVersion": "version", "eventLabelVersion": "version", "maxAttendees": "positive",
         "supportsAttachments": "bool", **_SENDING}  # fmt: skip
_PAGING = {"maxResults": "positive", "pageToken": "str"}

PARAMETERS: dict[str, dict[str, str]] = {
    "events.list": {
        **_SHOWN, **_PAGING, "eventTypes": "types", "iCalUID": "str", "orderBy": "order", "q": "str",
        "privateExtendedProperty": "pairs", "sharedExtendedProperty": "pairs", "showDeleted": "bool",
        "showHiddenInvitations": "bool", "singleEvents": "bool", "syncToken": "str", "timeMax": "instant",
        "timeMin": "instant", "updatedMin": "instant",
    },
    "events.instances": {
        **_SHOWN, **_PAGING, "originalStart": "str", "showDeleted": "bool", "timeMax": "instant", "timeMin": "instant",
    },
    "events.get": _SHOWN,
    "events.insert": _BODY,
    "events.patch": {**_BODY, "alwaysIncludeEmail": "bool"},
    "events.update": {**_BODY, "alwaysIncludeEmail": "bool"},
    "events.delete": _SENDING,
    "calendars.get": {},
    "calendars.insert": {},
    "calendars.patch": {},
    "calendars.update": {},
    "calendars.delete": {},
    "calendarList.get": {},
    "calendarList.insert": {"colorRgbFormat": "bool"},
    "calendarList.list": {
        **_PAGING, "minAccessRole": "role", "showDeleted": "bool", "showHidden": "bool",
        "showOwnOrganizationOnly": "bool", "syncToken": "str",
    },
}  # fmt: skip

_CHOICES = {
    "alt": ("json",),
    "send": ("all", "externalOnly", "none"),
    "order": ("startTime", "updated"),
    "types": ("birthday", "default", "focusTime", "fromGmail", "outOfOffice", "workingLocation"),
    "role": ("freeBusyReader", "owner", "reader", "writer", "writerWithoutPrivateAccess"),
}


def read_parameters(operation: str, query: dict[str, list[str]]) -> dict[str, Any]:
    """The typed values of what was sent. Raises GoogleError 400."""
    known = {**COMMON, **PARAMETERS[operation]}
    read: dict[str, Any] = {}
    for name, values in query.items():
        kind = known.get(name)
        if kind is None:
            raise GoogleError(400, "invalidParameter", f"Unknown parameter: {name}", name)
        try:
            read[name] = _read(kind, values)
        except ValueError as error:
            raise invalid(f"Invalid value for {name}", location=name) from error
    if len(read.get("quotaUser", "")) > 40:
        raise invalid("Invalid value for quotaUser", location="quotaUser")
    return read


def _read(kind: str, values: list[str]) -> Any:
    if kind == "types":
        return frozenset(_choice(kind, each) for each in values)
    if kind == "pairs":
        return tuple(_pair(each) for each in values)
    value = values[-1]
    if kind in _CHOICES:
        return _choice(kind, value)
    if kind == "bool":
        if value.lower() not in ("true", "false"):
            raise ValueError("not a boolean")
        return value.lower() == "true"
    if kind in ("positive", "version"):
        number = int(value)
        if number < (kind == "positive") or (kind == "version" and number > 1):
            raise ValueError("out of range")
        return number
    if kind == "instant":
        at: datetime = parse_instant(value)
        return at
    if kind == "zone":
        zone(value)
    return value


def _choice(kind: str, value: str) -> str:
    if value not in _CHOICES[kind]:
        raise ValueError("not one of the allowed values")
    return value


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ValueError("not name=value")
    return name, value
