"""Insert, patch, update and delete of events, for requests and for a person in the UI alike.

Sources: Google Calendar API reference, Events.insert / patch / update / delete; guide "Handle API errors"
(``forbiddenForNonOrganizer``); guide "Recurring events".
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from include.sandbox.google.auth import Principal
from include.sandbox.google.bodies import (
    DEFAULTS,
    GUEST_RIGHTS,
    TYPES,
    check_body,
    check_id,
    merged,
    normalised,
    resource,
)
from include.sandbox.google.errors import GoogleError, invalid
from include.sandbox.google.guests import answer_organizer, is_organizer, mail_guests, spread, stub, with_response
from include.sandbox.google.records import Calendar, Stored
from include.sandbox.google.recurrence import occurs
from include.sandbox.google.times import show_ms
from include.sandbox.google.world import World

READ_ONLY = ("id", "iCalUID", "created", "creator", "organizer", "recurringEventId", "originalStartTime", "sequence",
             "hangoutLink", "locked", "privateCopy")  # fmt: skip
RESCHEDULING = ("start", "end", "recurrence")
LOCKED_FIELDS = ("summary", "description", "location", "start", "end", "recurrence")


@dataclass(frozen=True)
class Manner:
    """How a write is made. ``mails`` False: by a person who tells nobody (set-up of a test)."""

    actor: Principal
    send_updates: str | None = None
    conference: bool = False
    attachments: bool = False
    mails: bool = True


def insert(
    world: World, calendar: Calendar, body: Any, manner: Manner, *, given: Mapping[str, Any] | None = None
) -> Stored:
    """``given``: fields that no request may set, past all rules (set-up of a test)."""
    fields = {name: value for name, value in check_body(body, world.options).items() if value is not None}
    event_id = _new_id(calendar, fields)
    if fields.get("status") == "cancelled" or fields.get("eventType") == "fromGmail":
        raise invalid()
    if fields.get("eventType") in ("outOfOffice", "focusTime") and not calendar.primary:
        raise invalid("Invalid event type.")
    _check_guests_allowed(fields, [], manner)
    for name, allowed in (("conferenceData", manner.conference), ("attachments", manner.attachments)):
        if not allowed:
            fields.pop(name, None)
    made = resource(normalised(fields, world.options.normalisations), calendar.time_zone)
    uid = fields.get("iCalUID", f"{event_id}@google.com")
    made |= {
        "id": event_id,
        "iCalUID": uid,
        "created": show_ms(world.clock.now()),
        "sequence": fields.get("sequence", 0),
    }
    made["creator"] = {"email": manner.actor.email}
    made["organizer"] = {"email": calendar.id} | ({} if calendar.primary else {"displayName": calendar.summary})
    _make_conference(made)
    stored = world.add(calendar, made | dict(given or {}))
    _finish(world, calendar, None, stored, manner)
    return stored


def _new_id(calendar: Calendar, fields: dict[str, Any]) -> str:
    """The client's id, or a new one. Raises 409 for an id in use, also by a deleted event."""
    event_id, uid = fields.get("id"), fields.get("iCalUID")
    if event_id is None:
        if uid is not None and any(each.data["iCalUID"] == uid and not each.cancelled for each in calendar.order):
            raise GoogleError(409, "duplicate")
        return "".join(secrets.choice("0123456789abcdefghijklmnopqrstuv") for _ in range(26))
    if uid is not None:
        raise invalid("Only one of id and iCalUID may be given.")
    check_id(event_id)
    if event_id in calendar.events:
        raise GoogleError(409, "duplicate")
    return str(event_id)


def patch(world: World, calendar: Calendar, stored: Stored, body: Any, manner: Manner) -> Stored:
    fields = check_body(body, world.options)
    current = {name: value for name, value in stored.data.items() if name in TYPES}
    if _mere_guest(calendar, stored.data) and any(name in fields for name in GUEST_RIGHTS):
        raise GoogleError(403, "forbiddenForNonOrganizer")
    return _rewrite(world, calendar, stored, merged(current, fields), fields, manner)


def update(world: World, calendar: Calendar, stored: Stored, body: Any, manner: Manner) -> Stored:
    """PUT: what is not sent is cleared. Guests' rights left out count as set to their defaults."""
    fields = {name: value for name, value in check_body(body, world.options).items() if value is not None}
    changed = [
        name for name in GUEST_RIGHTS if fields.get(name, DEFAULTS[name]) != stored.data.get(name, DEFAULTS[name])
    ]
    if changed and _mere_guest(calendar, stored.data):
        raise GoogleError(403, "forbiddenForNonOrganizer")
    return _rewrite(world, calendar, stored, fields, fields, manner)


def _mere_guest(calendar: Calendar, data: dict[str, Any]) -> bool:
    """Whether this is a guest's copy of an event that guests may not modify."""
    return not is_organizer(calendar, data) and not data.get("guestsCanModify")


def _rewrite(
    world: World, calendar: Calendar, stored: Stored, wanted: dict[str, Any], sent: dict[str, Any], manner: Manner
) -> Stored:
    old = stored.data
    _check_immutable(old, sent)
    _check_guests_allowed(sent, old.get("attendees", []), manner)
    if old["status"] == "cancelled" and wanted.get("status", "confirmed") != "cancelled" and not world.options.undelete:
        raise GoogleError(403, "forbidden")
    if sent.get("status") == "cancelled" and not stored.cancelled:
        delete(world, calendar, stored, manner)
        return stored
    wanted = _kept_where_ignored(old, wanted, manner)
    made = resource(normalised(wanted, world.options.normalisations), calendar.time_zone)
    data = {**made, **{name: old[name] for name in READ_ONLY if name in old}}
    if old.get("locked") and any(data.get(name) != old.get(name) for name in LOCKED_FIELDS):
        raise GoogleError(403, "forbidden")
    answer = None
    if _mere_guest(calendar, old):
        data, answer = _as_guest(calendar, old, data)
    rescheduled = any(data.get(name) != old.get(name) for name in RESCHEDULING) or old["status"] == "cancelled"
    data["sequence"] = max(sent.get("sequence") or 0, old["sequence"] + (1 if rescheduled else 0))
    _make_conference(data)
    stored.bare = False
    quietly = {**data, "reminders": None} == {**old, "reminders": None} and data != old
    world.commit(calendar, stored, data, quietly=quietly)
    _keep_exceptions(world, calendar, old, stored)
    if answer is not None:
        answer_organizer(world, stored, calendar.id, answer)
    _finish(world, calendar, old, stored, manner)
    return stored


def _check_immutable(old: dict[str, Any], sent: dict[str, Any]) -> None:
    if sent.get("eventType", old["eventType"]) != old["eventType"]:
        raise invalid("Event type cannot be changed.")
    if (sent.get("sequence") if sent.get("sequence") is not None else old["sequence"]) < old["sequence"]:
        raise invalid(
            "Invalid sequence value. The specified sequence number is below the current sequence number of the "
            "resource. Re-fetch the resource and use its sequence number on the following request."
        )


def _check_guests_allowed(sent: dict[str, Any], known: list[dict[str, Any]], manner: Manner) -> None:
    """A plain service account may not invite anyone."""
    if manner.actor.plain_service_account:
        old = {each["email"] for each in known}
        if any(isinstance(each, dict) and each.get("email") not in old for each in sent.get("attendees") or ()):
            raise GoogleError(403, "forbiddenForServiceAccounts")


def _kept_where_ignored(old: dict[str, Any], wanted: dict[str, Any], manner: Manner) -> dict[str, Any]:
    """Fields that a request changes only when it says that it knows them, and those an instance cannot have."""
    kept = {**wanted, "eventType": old["eventType"]}
    kept.pop("privateCopy", None)
    for name, allowed in (("conferenceData", manner.conference), ("attachments", manner.attachments)):
        if not allowed:
            kept.pop(name, None)
            kept |= {name: old[name]} if name in old else {}
    if "recurringEventId" in old:
        kept.pop("recurrence", None)
    return kept


def _as_guest(
    calendar: Calendar, old: dict[str, Any], data: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """A guest's write: of the attendees only the own answer counts. Second value: the answer, if it changed."""
    mine = next((each for each in data.get("attendees", ()) if each["email"] == calendar.id), None)
    kept = {**data, "attendees": old["attendees"]} if "attendees" in old else data
    if mine is None:
        return kept, None
    answered = with_response(kept, calendar.id, mine)
    return answered, mine if answered.get("attendees") != old.get("attendees") else None


def _make_conference(data: dict[str, Any]) -> None:
    """A ``createRequest`` becomes a conference at once (the real service may take a moment); a repeated id is
    ignored."""
    conference = data.get("conferenceData")
    if conference is None:
        data.pop("hangoutLink", None)
        return
    request = conference.get("createRequest")
    if not request or request.get("status"):
        return
    if not request.get("requestId"):
        raise invalid("Invalid conference type value.")
    code = "-".join("".join(secrets.choice("abcdefghijkmnopqrstuvwxyz") for _ in range(n)) for n in (3, 4, 3))
    uri = f"https://meet.google.com/{code}"
    data["hangoutLink"] = uri
    data["conferenceData"] = {
        "createRequest": {**request, "status": {"statusCode": "success"}},
        "entryPoints": [{"entryPointType": "video", "uri": uri, "label": uri.removeprefix("https://")}],
        "conferenceSolution": {"key": {"type": "hangoutsMeet"}, "name": "Google Meet"},
        "conferenceId": code,
    }


def delete(world: World, calendar: Calendar, stored: Stored, manner: Manner) -> None:
    """Raises GoogleError 410 ``deleted`` for a deleted event."""
    if stored.cancelled:
        raise GoogleError(410, "deleted")
    old = stored.data
    data = {**old, "status": "cancelled", "sequence": old["sequence"] + 1}
    own_answer = None
    if not is_organizer(calendar, old):
        own_answer = {"responseStatus": "declined"}
        data = with_response({**data, "sequence": old["sequence"]}, calendar.id, own_answer)
    world.commit(calendar, stored, data)
    if "recurrence" in old:
        for each in calendar.exceptions_of(stored.id):
            if not each.cancelled:
                world.commit(calendar, each, {**each.data, "status": "cancelled"})
                spread(world, calendar, each)
    if own_answer is not None:
        answer_organizer(world, stored, calendar.id, own_answer)
    _finish(world, calendar, old, stored, manner)


def _finish(world: World, calendar: Calendar, before: dict[str, Any] | None, stored: Stored, manner: Manner) -> None:
    """What follows every write: guests' copies and mails."""
    if before is not None and not is_organizer(calendar, stored.data) and stored.data.get("guestsCanModify"):
        _push_to_organizer(world, stored)
    spread(world, calendar, stored)
    if manner.mails:
        mail_guests(world, calendar, before, stored.data, manner.send_updates)


def _push_to_organizer(world: World, stored: Stored) -> None:
    """``guestsCanModify``: a guest's edit of what all share changes the organizer's event, and so every copy."""
    found = world.master(stored)
    if found is None or stored.cancelled:
        return
    calendar, master = found
    names = (*LOCKED_FIELDS, "attendees", "sequence", *GUEST_RIGHTS)
    data = {name: value for name, value in master.data.items() if name not in names}
    data |= {name: stored.data[name] for name in names if name in stored.data}
    if data != master.data:
        world.commit(calendar, master, data)
        spread(world, calendar, master)


def _keep_exceptions(world: World, calendar: Calendar, old: dict[str, Any], series: Stored) -> None:
    """A changed series: its exceptions follow in what they did not change; those that no longer occur are cancelled."""
    if "recurrence" not in old:
        return
    new = series.data
    changed = [name for name in {*old, *new} - {*READ_ONLY, *RESCHEDULING, "status"} if old.get(name) != new.get(name)]
    for each in calendar.exceptions_of(series.id):
        if each.cancelled:
            continue
        data = dict(each.data)
        if "recurrence" not in new or not occurs(new, data["originalStartTime"]):
            each.bare = True
            data = stub({**data, "status": "cancelled"})
        for name in changed:
            if data["status"] != "cancelled" and data.get(name) == old.get(name):
                data.pop(name, None)
                data |= {name: new[name]} if name in new else {}
        if data != each.data:
            world.commit(calendar, each, data)
            spread(world, calendar, each)
