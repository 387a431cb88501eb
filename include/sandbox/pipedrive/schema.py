"""Validation of v2 queries and bodies.

Source: "Pipedrive OpenAPI v2" for names and types, "Pipedrive API v2 migration guide" for strictness (numbers must
be numbers, booleans true or false, `person_id` read-only), Airbyte's Pipedrive connector for what `updated_since`
refuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from include.sandbox.pipedrive.errors import invalid, refused
from include.sandbox.pipedrive.options import Options

Check = Callable[[Any], str | None]
"""A complaint about a value, or None."""

STAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?")
DURATION = re.compile(r"\d{1,3}:[0-5]\d(:[0-5]\d)?")
LOCATION_PARTS = (
    "value", "country", "admin_area_level_1", "admin_area_level_2", "locality", "sublocality", "route", "street_number",
    "subpremise", "postal_code",
)  # fmt: skip


def integer(value: Any) -> str | None:
    return None if isinstance(value, int) and not isinstance(value, bool) else "must be a number"


def boolean(value: Any) -> str | None:
    return None if isinstance(value, bool) else "must be a boolean"


def text(value: Any) -> str | None:
    return None if isinstance(value, str) else "must be a string"


MAX_SUBJECT, MAX_PLACE, MAX_DESCRIPTION = 255, 1024, 65_535
"""UNCONFIRMED: the specification names no lengths; these are usual sizes of such columns (the last one in bytes)."""


def short_text(limit: int) -> Check:
    """Text of at most so many characters; a description, of so many bytes."""

    def check(value: Any) -> str | None:
        size = len(value.encode()) if isinstance(value, str) and limit == MAX_DESCRIPTION else len(str(value))
        return text(value) or (f"must be at most {limit} long" if size > limit else None)

    return check


def pattern(regex: re.Pattern[str], shape: str) -> Check:
    """Text of that shape, or "" for none."""

    def check(value: Any) -> str | None:
        return None if isinstance(value, str) and (value == "" or regex.fullmatch(value)) else f"must be {shape}"

    return check


def calendar_date(value: Any) -> str | None:
    if value == "":
        return None
    try:
        if isinstance(value, str) and DATE.fullmatch(value):
            datetime.fromisoformat(value)
            return None
    except ValueError:
        pass
    return "must be a date, YYYY-MM-DD"


def record(checks: Mapping[str, Check], required: tuple[str, ...] = ()) -> Check:
    """An object of those members; nulls and unknown members are let through, which `nested` judges."""

    def check(value: Any) -> str | None:
        if not isinstance(value, dict):
            return "must be an object"
        for name in required:
            if name not in value:
                return f"must have {name}"
        for name, member in value.items():
            complaint = checks[name](member) if name in checks and member is not None else None
            if complaint:
                return f"{name} {complaint}"
        return None

    return check


def list_of(item: Check) -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, list):
            return "must be an array"
        return next((complaint for complaint in map(item, value) if complaint), None)

    return check


LOCATION: Mapping[str, Check] = dict.fromkeys(LOCATION_PARTS, text) | {"value": short_text(MAX_PLACE)}
PARTICIPANT: Mapping[str, Check] = {"person_id": integer, "primary": boolean}
ATTENDEE: Mapping[str, Check] = {
    "email": text, "name": text, "status": text, "is_organizer": boolean, "person_id": integer, "user_id": integer,
}  # fmt: skip
NESTED = {"location": LOCATION, "participants": PARTICIPANT, "attendees": ATTENDEE}
ACTIVITY_FIELDS: Mapping[str, Check] = {
    "subject": short_text(MAX_SUBJECT), "type": text, "owner_id": integer, "deal_id": integer, "lead_id": text,
    "person_id": integer,
    "org_id": integer, "project_id": integer, "due_date": calendar_date, "due_time": pattern(TIME, "a time, HH:MM"),
    "duration": pattern(DURATION, "a duration, HH:MM"), "busy": boolean, "done": boolean, "location": record(LOCATION),
    "participants": list_of(record(PARTICIPANT, required=("person_id",))), "attendees": list_of(record(ATTENDEE)),
    "public_description": short_text(MAX_DESCRIPTION), "priority": integer, "outcome": integer, "note": text,
}  # fmt: skip
TIMES = ("due_date", "due_time", "duration")
NEVER_NULL = frozenset({"subject", "type", "owner_id", "done", "participants", "attendees"})
NULL_IN_DOUBT = frozenset({*TIMES, "location", "public_description", "note"})
READ_ONLY_PERSON = (
    "'person_id' is a read-only field. Add a primary participant through 'participants' to set the person."
)


def check_activity(body: Any, options: Options) -> dict[str, Any]:
    """The members of `body` that count. Raises ApiError (400)."""
    if isinstance(body, dict) and "person_id" in body and options.person_id_in_body == "refuse":
        raise refused(READ_ONLY_PERSON)
    never_null = NEVER_NULL | (frozenset() if options.null_clears else NULL_IN_DOUBT)
    never_null |= frozenset() if options.null_clears_times else frozenset(TIMES)
    known = check_body(body, ACTIVITY_FIELDS, never_null, options)
    for name in TIMES:
        if known.get(name) == "" and not options.empty_clears_times:
            raise refused(f"Validation failed: {name}: This value is not a valid {KINDS_OF_TIME[name]}.")
    for name, members in NESTED.items():
        if known.get(name) is not None:
            known[name] = _nested(name, known[name], members, options)
    known.pop("person_id", None)
    return known


KINDS_OF_TIME = {"due_date": "date", "due_time": "datetime", "duration": "datetime"}


def _nested(name: str, value: Any, members: Mapping[str, Check], options: Options) -> Any:
    """A place, participants or attendees without what is not known of them. Raises ApiError (400)."""
    if isinstance(value, list):
        return [_nested(f"{name}[{number}]", each, members, options) for number, each in enumerate(value)]
    for member, content in value.items():
        if member not in members and options.nested_unknown == "refuse":
            raise refused(not_allowed(member, f"{name}.{member}"))
        if content is None and options.nested_nulls == "refuse":
            raise refused(f"Validation failed: {name}.{member}: This value should not be null.")
    return {member: content for member, content in value.items() if member in members}


def not_allowed(member: str, path: str) -> str:
    """The wording of Whalesync's production report."""
    return f"Validation failed: {path}: Parameter '{member}' is not allowed for this request"


def check_body(body: Any, fields: Mapping[str, Check], never_null: frozenset[str], options: Options) -> dict[str, Any]:
    """The members of `body` that `fields` knows. Raises ApiError (400)."""
    if not isinstance(body, dict):
        raise invalid("body must be an object")
    known: dict[str, Any] = {}
    for name, value in body.items():
        if name not in fields:
            if options.unknown_fields == "refuse":
                raise refused(not_allowed(name, name))
            continue
        if value is None and name in never_null:
            raise refused(f"Validation failed: {name}: This value should not be null.")
        complaint = None if value is None else fields[name](value)
        if complaint:
            raise invalid(f"{name}: {complaint}")
        known[name] = value
    return known


def query_integer(name: str, value: str) -> int:
    if not re.fullmatch(r"-?\d{1,18}", value):
        raise invalid(f"query.{name} must be a number")
    return int(value)


def query_boolean(name: str, value: str) -> bool:
    if value not in ("true", "false"):
        raise invalid(f"query.{name} must be a boolean")
    return value == "true"


def query_choice(name: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise invalid(f"query.{name} must be one of {', '.join(choices)}")
    return value


def query_stamp(name: str, value: str) -> datetime:
    """An aware instant. Whole seconds only: a fraction or a blank is refused, as Airbyte's connector measured."""
    try:
        if STAMP.fullmatch(value):
            return datetime.fromisoformat(value)
    except ValueError:
        pass
    raise invalid(f"query.{name} '{value}' is not a valid datetime")


def query_ids(name: str, value: str) -> list[int]:
    """At most 100 numbers."""
    ids = [query_integer(name, part.strip()) for part in value.split(",") if part.strip()]
    if len(ids) > 100:
        raise invalid(f"query.{name} must not have more than 100 ids")
    return ids
