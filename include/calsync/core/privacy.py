"""Private events. Under `private_events: busy` nothing but their time gets past the veil: not into the store, not into
a log, not into Pipedrive. The veil is drawn over every raw event where it enters, so that nothing behind knows more.
"""

from __future__ import annotations

from collections.abc import Mapping

from include.calsync.core.raw import Raw, RawEvent
from include.calsync.core.received import ODD
from include.calsync.core.visibility import visibility_of
from include.calsync.core.words import Absence

NEUTRAL_TITLE = "Busy"
VEIL = "calsyncVeiled"
"""Member of a raw event that tells the veil from the event."""
_KEPT = (
    "kind", "etag", "id", "status", "created", "updated", "start", "end", "endTimeUnspecified", "recurrence",
    "recurringEventId", "originalStartTime", "visibility", "iCalUID", "sequence", "eventType", "locked",
    "attendeesOmitted", ODD,
)  # fmt: skip


def is_private(event: Raw) -> bool:
    """Whether only its owner may know what it is about (Calendar API v3 reference, Events: visibility).

    What we made private is not meant: what it is about comes from Pipedrive.
    """
    return visibility_of(event) in ("private", "confidential")


def is_veiled(event: Raw) -> bool:
    """Whether this raw event is only what the veil shows."""
    return bool(event.get(VEIL))


def is_declined(event: Raw) -> bool:
    """Whether the calendar's owner declined it."""
    return any(each.get("self") and each.get("responseStatus") == "declined" for each in _attendees(event))


def unwanted(event: Raw, private_events: str) -> str | None:
    """Why a live event counts as one that is not there; None: it counts."""
    if is_declined(event):
        return Absence.DECLINED
    return Absence.PRIVATE if private_events == "skip" and is_private(event) else None


def veiled(event: Raw, private_events: str) -> RawEvent:
    """The raw event as it may be known. Of guests only their domains are left, of properties only ours.

    Where private events are skipped the veil is the same: a pair may have been made before.
    """
    if private_events == "full" or not is_private(event) or is_veiled(event):
        return dict(event)
    out = {name: event[name] for name in _KEPT if name in event}
    out |= {"summary": NEUTRAL_TITLE, VEIL: True}
    organizer = event.get("organizer")
    if isinstance(organizer, Mapping):
        out["organizer"] = _nobody(organizer)
    if event.get("attendees"):
        out["attendees"] = [_nobody(each) for each in _attendees(event)]
    private = (event.get("extendedProperties") or {}).get("private") or {}
    ours = {name: value for name, value in private.items() if str(name).startswith("calsync")}
    return out | ({"extendedProperties": {"private": ours}} if ours else {})


def _nobody(person: Raw) -> RawEvent:
    out = {name: person[name] for name in ("self", "organizer", "resource", "responseStatus") if name in person}
    email = str(person.get("email") or "")
    domain = email.rpartition("@")[2]
    if domain.endswith(".calendar.google.com"):  # a calendar or a room is nobody
        return out | {"email": email}
    return out | ({"email": f"somebody@{domain}"} if domain else {})


def _attendees(event: Raw) -> list[Raw]:
    attendees = event.get("attendees")
    return [each for each in attendees if isinstance(each, Mapping)] if isinstance(attendees, list) else []
