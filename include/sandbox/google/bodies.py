"""Event bodies: which fields a client may write, what Google makes of them, and how PATCH merges.

Source: Google Calendar API reference "Events"; guides "Extended properties" and "Recurring events".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from include.sandbox.google.errors import GoogleError, invalid, required
from include.sandbox.google.options import Options
from include.sandbox.google.recurrence import check_rules
from include.sandbox.google.times import length, read_time

# Default-valued fields are left out of responses.
DEFAULTS: dict[str, Any] = {
    "transparency": "opaque", "visibility": "default", "guestsCanInviteOthers": True, "guestsCanModify": False,
    "guestsCanSeeOtherGuests": True, "anyoneCanAddSelf": False, "privateCopy": False, "endTimeUnspecified": False,
    "locked": False, "summary": "", "description": "", "location": "",
}  # fmt: skip
ATTENDEE_DEFAULTS: dict[str, Any] = {"additionalGuests": 0, "optional": False, "resource": False}
GUEST_RIGHTS = ("guestsCanInviteOthers", "guestsCanModify", "guestsCanSeeOtherGuests")
ENUMS: dict[str, tuple[str, ...]] = {
    "status": ("confirmed", "tentative", "cancelled"),
    "transparency": ("opaque", "transparent"),
    "visibility": ("default", "public", "private", "confidential"),
    "eventType": ("default", "birthday", "focusTime", "fromGmail", "outOfOffice", "workingLocation"),
}
RESPONSES = ("needsAction", "declined", "tentative", "accepted")
TYPES: dict[str, type] = {
    "summary": str, "description": str, "location": str, "colorId": str, "eventLabelId": str, "status": str,
    "transparency": str, "visibility": str, "eventType": str, "iCalUID": str, "id": str, "sequence": int,
    "guestsCanInviteOthers": bool, "guestsCanModify": bool, "guestsCanSeeOtherGuests": bool, "anyoneCanAddSelf": bool,
    "privateCopy": bool, "endTimeUnspecified": bool, "start": dict, "end": dict, "recurrence": list, "attendees": list,
    "attendeesOmitted": bool, "extendedProperties": dict, "reminders": dict, "source": dict, "conferenceData": dict,
    "attachments": list, "gadget": dict, "outOfOfficeProperties": dict, "focusTimeProperties": dict,
    "workingLocationProperties": dict, "birthdayProperties": dict,
}  # fmt: skip
"""Every field that a request may set; all others are read-only or unknown and are ignored."""

MAX_LENGTHS = {"summary": 1024, "description": 8192, "location": 1024}
"""Characters. UNCONFIRMED: the reference names no limits, these are what is commonly said."""

MAX_KEY, MAX_VALUE, MAX_COUNT, MAX_BYTES = 44, 1024, 300, 32 * 1024
_ID = re.compile(r"[a-v0-9]{5,1024}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def merged(target: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """PATCH: objects merge recursively, arrays are replaced, null deletes. Neither argument is changed."""
    result = dict(target)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            old = result.get(name)
            result[name] = merged(old if isinstance(old, dict) else {}, value)
        else:
            result[name] = value
    return result


def check_body(body: Any, options: Options) -> dict[str, Any]:
    """A request body's writable fields, their JSON types checked. Nulls stay, for PATCH."""
    if not isinstance(body, dict):
        raise GoogleError(400, "parseError")
    kept = {name: value for name, value in body.items() if name in TYPES}
    if options.long_description == "cut" and isinstance(kept.get("description"), str):
        kept["description"] = kept["description"][: MAX_LENGTHS["description"]]
    for name, value in kept.items():
        wanted = TYPES[name]
        if value is None:
            continue
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise invalid(f"Invalid value for: {name}")
        if name in ENUMS and value not in ENUMS[name]:
            raise invalid(f"Invalid value for: {name}")
        if isinstance(value, str) and len(value) > MAX_LENGTHS.get(name, len(value)):
            raise invalid(f"Invalid value for: {name}")
        if isinstance(value, str) and _SURROGATE.search(value):
            raise GoogleError(400, "parseError")
    return kept


def check_id(event_id: str) -> str:
    """A client's own id: base32hex (a-v, 0-9), 5 to 1024 characters."""
    if not _ID.fullmatch(event_id):
        raise invalid("Invalid resource id value.")
    return event_id


def resource(fields: dict[str, Any], calendar_zone: str) -> dict[str, Any]:
    """A whole event as Google stores it, from all writable fields of it. Raises GoogleError 400."""
    made = {name: value for name, value in fields.items() if value is not None}
    made.pop("attendeesOmitted", None)
    _times(made, calendar_zone)
    checks: dict[str, Callable[[Any], Any]] = {
        "extendedProperties": _extended_properties,
        "attendees": _attendees,
        "reminders": _reminders,
        "source": _source,
    }
    for name, check in checks.items():
        if name in made:
            made[name] = check(made[name])
    _event_type(made)
    made.setdefault("status", "confirmed")
    made.setdefault("reminders", {"useDefault": True})
    return {name: value for name, value in made.items() if value != DEFAULTS.get(name) and value not in ({}, [])}


def _times(made: dict[str, Any], calendar_zone: str) -> None:
    recurring = bool(made.get("recurrence"))
    if "start" not in made:
        raise required("Missing start time.")
    made["start"] = read_time(made["start"], "start", calendar_zone, recurring=recurring)
    if "end" not in made:
        if not made.get("endTimeUnspecified"):
            raise required("Missing end time.")
        made["end"] = made["start"]
    made["end"] = read_time(made["end"], "end", calendar_zone, recurring=recurring)
    if ("date" in made["start"]) != ("date" in made["end"]):
        raise invalid("Invalid start time.")
    if length(made["start"], made["end"]).total_seconds() < 0:
        raise GoogleError(400, "timeRangeEmpty")
    if recurring:
        made["recurrence"] = check_rules(made["recurrence"], made["start"])


def _extended_properties(value: dict[str, Any]) -> dict[str, Any]:
    """Guide "Extended properties": long keys are dropped and long values cut, silently; count and total size are
    limited."""
    made: dict[str, dict[str, str]] = {}
    for kind in ("private", "shared"):
        group = value.get(kind) or {}
        if not isinstance(group, dict) or not all(isinstance(each, str | None) for each in group.values()):
            raise invalid("Invalid extended property.")
        kept = {key: text[:MAX_VALUE] for key, text in group.items() if len(key) <= MAX_KEY and text is not None}
        if kept:
            made[kind] = kept
    pairs = [pair for group in made.values() for pair in group.items()]
    if len(pairs) > MAX_COUNT or sum(len((key + text).encode()) for key, text in pairs) > MAX_BYTES:
        raise invalid("Too many or too large extended properties.")
    return made


def _attendees(value: list[Any]) -> list[dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}
    for each in value:
        email = each.get("email") if isinstance(each, dict) else None
        if email is None:
            raise required("Missing attendee email.")
        if not isinstance(email, str) or not _EMAIL.fullmatch(email):
            raise invalid("Invalid attendee email.")
        attendee = {"email": email, "responseStatus": "needsAction"}
        for name in ("displayName", "optional", "resource", "responseStatus", "comment", "additionalGuests"):
            if each.get(name) is not None and each[name] != ATTENDEE_DEFAULTS.get(name):
                attendee[name] = each[name]
        if attendee["responseStatus"] not in RESPONSES:
            raise invalid("Invalid attendee response status.")
        made.setdefault(email.lower(), attendee)
    return list(made.values())


def _reminders(value: dict[str, Any]) -> dict[str, Any]:
    overrides = value.get("overrides") or []
    if len(overrides) > 5:
        raise invalid("Too many override reminders.")
    for each in overrides:
        minutes = each.get("minutes") if isinstance(each, dict) else None
        if not isinstance(minutes, int) or not 0 <= minutes <= 40320 or each.get("method") not in ("email", "popup"):
            raise invalid("Invalid reminder.")
    use_default = bool(value.get("useDefault", False))
    if use_default and overrides:
        raise GoogleError(400, "cannotUseDefaultRemindersAndSpecifyOverride")
    return {"useDefault": use_default, **({"overrides": overrides} if overrides else {})}


def _source(value: dict[str, Any]) -> dict[str, Any]:
    if not str(value.get("url", "")).lower().startswith(("http://", "https://")):
        raise invalid("Invalid source URL.")
    return {name: value[name] for name in ("title", "url") if isinstance(value.get(name), str)}


def _event_type(made: dict[str, Any]) -> None:
    kind = made.setdefault("eventType", "default")
    if kind in ("outOfOffice", "focusTime") and "date" in made["start"]:
        raise invalid("Invalid event type.")
    for owner in ("outOfOffice", "focusTime", "workingLocation", "birthday"):
        if f"{owner}Properties" in made and kind != owner:
            raise invalid(f"Invalid value for: {owner}Properties")


def normalised(fields: dict[str, Any], wishes: set[str]) -> dict[str, Any]:
    """The rewritings that a test switched on: what a server may do to text that it stores.

    ``trim`` outer blanks and runs of blanks · ``rewrite_html`` attributes of links, ``<br/>`` · ``escape_html`` bare
    ``&`` · ``whole_minutes`` · ``lowercase_mail``
    """
    made = dict(fields)
    for name in ("summary", "location", "description"):
        if isinstance(made.get(name), str):
            made[name] = _rewritten(made[name], name, wishes)
    if "whole_minutes" in wishes:
        for side in ("start", "end"):
            if made.get(side, {}).get("dateTime"):
                made[side] = {**made[side], "dateTime": re.sub(r"(T\d\d:\d\d):\d\d", r"\1:00", made[side]["dateTime"])}
    if "lowercase_mail" in wishes and made.get("attendees"):
        made["attendees"] = [{**each, "email": str(each.get("email", "")).lower()} for each in made["attendees"]]
    return made


def _rewritten(text: str, name: str, wishes: set[str]) -> str:
    if "trim" in wishes:
        text = text.strip() if name == "description" else re.sub(r"\s+", " ", text).strip()
    if name == "description" and "rewrite_html" in wishes:
        text = re.sub(r"<br\s*/?>", "<br>", text, flags=re.IGNORECASE)
        text = re.sub(r"<a\s+href=(\"[^\"]*\"|'[^']*')\s*>", r'<a href=\1 target="_blank" rel="noopener">', text)
    if name == "description" and "escape_html" in wishes:
        text = re.sub(r"&(?!\w+;|#\d+;)", "&amp;", text)
    return text
