"""What of an activity may be sent to Pipedrive: nothing goes back as it was read. Nested bodies are made here alone.

A member that may not be written fails the whole write (400 "Parameter 'private' is not allowed for this request"), and
in attendees, participants and places a null, an older name or a wrong type may do so, too. Sources: Pipedrive OpenAPI
v2, POST and PATCH /activities; reports of users of the API.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from include.calsync.core.raw import Body, Raw

WRITABLE = frozenset({
    "subject", "type", "owner_id", "deal_id", "lead_id", "org_id", "project_id", "due_date", "due_time", "duration",
    "busy", "done", "location", "participants", "attendees", "public_description", "priority", "outcome", "note",
})  # fmt: skip
TEXTS = frozenset({"due_date", "due_time", "duration", "lead_id", "public_description", "note"})
"""Members that an empty text may clear."""
_ATTENDEE = {"email": str, "name": str, "status": str, "is_organizer": bool, "person_id": int, "user_id": int}
_PLACE = (
    "value", "country", "admin_area_level_1", "admin_area_level_2", "locality", "sublocality", "route", "street_number",
    "subpremise", "postal_code",
)  # fmt: skip


def sendable(body: Raw) -> Body:
    """The members of `body` that may be written, nested ones made anew; None clears one.

    `person_id` is read-only: the person becomes the primary participant.
    """
    out = {name: value for name, value in body.items() if name in WRITABLE}
    if body.get("person_id") and "participants" not in out:
        out["participants"] = with_person((), body["person_id"])
    made = {"participants": participants, "attendees": attendees, "location": place}
    return out | {name: make(out[name]) for name, make in made.items() if name in out}


def attendees(shown: object) -> list[Body]:
    """Attendees as they may be sent: known members, set and of the right type. `email_address` is an older name."""
    return [person for each in _objects(shown) if (person := _attendee(each))]


def lean(body: Raw) -> Body:
    """The body with nothing but e-mail and name of each attendee."""
    if "attendees" not in body:
        return dict(body)
    short = [{name: each[name] for name in ("email", "name") if name in each} for each in body["attendees"]]
    return {**body, "attendees": [each for each in short if "email" in each]}


def participants(shown: object) -> list[Body]:
    """Participants as they may be sent. The migration guide of v2 also shows `primary_flag`."""
    people = [(each.get("person_id"), each) for each in _objects(shown)]
    return [
        {"person_id": key, "primary": bool(each.get("primary") or each.get("primary_flag"))}
        for key, each in people
        if _is(key, int)
    ]


def with_person(shown: object, person_id: int) -> list[Body]:
    """The participants and this person as the primary one: an edit may replace the whole list."""
    others = [each | {"primary": False} for each in participants(shown) if each["person_id"] != person_id]
    return [{"person_id": person_id, "primary": True}, *others]


def place(shown: object) -> Body | None:
    """A place as it may be sent; None clears it."""
    if isinstance(shown, str):
        shown = {"value": shown}
    if not isinstance(shown, Mapping):
        return None
    whole = {"value": shown.get("value") or shown.get("formatted_address")}
    parts = {name: value for name, value in ({**shown, **whole}).items() if name in _PLACE and _is(value, str)}
    return parts or None


def _attendee(shown: Raw) -> Body:
    known = {"email": shown.get("email_address"), **{name: shown[name] for name in shown if shown[name] is not None}}
    return {name: known[name] for name, kind in _ATTENDEE.items() if _is(known.get(name), kind)}


def _is(value: object, kind: type) -> bool:
    """Whether the value is exactly of that type (a bool is no int), and no empty text."""
    return type(value) is kind and value != ""


def _objects(shown: object) -> Iterator[Raw]:
    return (each for each in shown if isinstance(each, Mapping)) if isinstance(shown, Sequence) else iter(())
