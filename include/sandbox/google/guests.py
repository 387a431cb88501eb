"""Guests: the copies of an event in their calendars, their answers, and the mails that a write would have sent.

Sources: Google Calendar API guides "Share events with attendees" and "Events with attendees"; reference, Events:
``organizer``, ``attendees``, ``status``.
"""

from __future__ import annotations

from typing import Any

from include.sandbox.google.errors import GoogleError
from include.sandbox.google.records import Calendar, Stored
from include.sandbox.google.world import Mail, World

SHARED_FIELDS = (
    "id", "iCalUID", "status", "created", "creator", "organizer", "summary", "description", "location", "start", "end",
    "recurrence", "recurringEventId", "originalStartTime", "attendees", "sequence", "eventType", "conferenceData",
    "hangoutLink", "guestsCanInviteOthers", "guestsCanModify", "guestsCanSeeOtherGuests", "attachments", "source",
)  # fmt: skip
"""What all copies of an event have in common; the rest (reminders, colour, private properties …) is each copy's own."""
STUB_FIELDS = (
    "id", "iCalUID", "status", "created", "creator", "organizer", "sequence", "eventType", "recurringEventId",
    "originalStartTime",
)  # fmt: skip
"""What is kept, mostly hidden, of an event of which nothing but the id is guaranteed."""


def is_organizer(calendar: Calendar, data: dict[str, Any]) -> bool:
    return bool(data["organizer"]["email"] == calendar.id)


def guest_emails(data: dict[str, Any]) -> list[str]:
    """E-mails of all attendees but the organizer and rooms."""
    organizer = data.get("organizer", {}).get("email")
    return [
        each["email"] for each in data.get("attendees", ()) if each["email"] != organizer and not each.get("resource")
    ]


def spread(world: World, calendar: Calendar, stored: Stored) -> None:
    """Brings the guests' copies up to date with the organizer's event."""
    if not is_organizer(calendar, stored.data):
        return
    invited = {email for email in guest_emails(stored.data) if email in world.users}
    series = calendar.events.get(stored.series_id or "")
    known = stored.copied_to | (series.copied_to if series is not None else frozenset())
    for email in sorted(known - invited):
        _withdraw(world, world.calendars[email], stored)
    for email in sorted(invited):
        _copy_to(world, world.calendars[email], stored)
    stored.copied_to = frozenset(invited)


def _copy_to(world: World, guest: Calendar, master: Stored) -> None:
    copy = guest.events.get(master.id)
    if copy is not None and copy.data.get("iCalUID") != master.data["iCalUID"]:
        return  # the guest has another event of that id: ids are unique per calendar only
    shared = {name: master.data[name] for name in SHARED_FIELDS if name in master.data}
    properties = master.data.get("extendedProperties", {}).get("shared")
    if copy is None:
        if not master.cancelled:
            own = {"reminders": {"useDefault": True}}
            world.add(guest, _with_shared_properties({**shared, **own}, properties))
        return
    if copy.cancelled and _response(master.data, guest.id) == "declined":
        return  # removed by the guest
    own = {name: value for name, value in copy.data.items() if name not in SHARED_FIELDS}
    data = _with_shared_properties({**own, **shared}, properties)
    if data != copy.data:
        world.commit(guest, copy, data)


def _with_shared_properties(data: dict[str, Any], shared: dict[str, str] | None) -> dict[str, Any]:
    """Shared extended properties appear on every copy, private ones stay with theirs."""
    groups = {name: group for name, group in data.get("extendedProperties", {}).items() if name != "shared"}
    groups |= {"shared": shared} if shared else {}
    kept = {name: value for name, value in data.items() if name != "extendedProperties"}
    return {**kept, "extendedProperties": groups} if groups else kept


def _withdraw(world: World, guest: Calendar, master: Stored) -> None:
    """A guest taken off the list: the copy is cancelled, and nothing but its id is left."""
    try:
        copy = world.find(guest, master.id)  # an occurrence may be there by its series alone
    except GoogleError:
        return
    if not copy.cancelled and copy.data.get("iCalUID") == master.data["iCalUID"]:
        copy.bare = True
        world.commit(guest, copy, stub({**copy.data, "status": "cancelled"}))


def stub(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in STUB_FIELDS if name in data}


def _response(data: dict[str, Any], email: str) -> str | None:
    return next((each["responseStatus"] for each in data.get("attendees", ()) if each["email"] == email), None)


def with_response(data: dict[str, Any], email: str, answer: dict[str, Any]) -> dict[str, Any]:
    """The event with this attendee's own answer: ``responseStatus``, ``comment``, ``additionalGuests``."""
    taken = {name: answer[name] for name in ("responseStatus", "comment", "additionalGuests") if name in answer}
    changed = [{**each, **taken} if each["email"] == email else each for each in data.get("attendees", ())]
    return {**data, "attendees": changed} if changed else data


def answer_organizer(world: World, stored: Stored, email: str, answer: dict[str, Any]) -> None:
    """A guest's answer reaches the organizer's event, and from there every other copy."""
    found = world.master(stored)
    if found is not None:
        calendar, master = found
        data = with_response(master.data, email, answer)
        if data != master.data:
            world.commit(calendar, master, data)
            spread(world, calendar, master)


def mail_guests(
    world: World, calendar: Calendar, before: dict[str, Any] | None, after: dict[str, Any], send_updates: str | None
) -> None:
    """Records the mails of one write. Without ``sendUpdates`` some might be sent, says the reference: they are
    recorded."""
    if before == after:
        return
    if is_organizer(calendar, after):
        old = set(guest_emails(before)) if before and before["status"] != "cancelled" else set()
        new = set(guest_emails(after)) if after["status"] != "cancelled" else set()
        groups = {"invitation": new - old, "cancellation": old - new, "update": old & new}
        kinds = {email: kind for kind, emails in groups.items() for email in emails}
    elif _response(before or {}, calendar.id) != _response(after, calendar.id):
        kinds = {after["organizer"]["email"]: "response"}
    else:
        kinds = {}
    for email, kind in sorted(kinds.items()):
        informed = send_updates in (None, "all") or (send_updates == "externalOnly" and email not in world.users)
        if informed:
            summary = (after if "summary" in after else before or {}).get("summary", "")
            world.mails.append(Mail(world.clock.now(), kind, email, calendar.id, after["id"], summary, send_updates))
