"""Who else is asked to an event, as far as it matters outside the company."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


def domain_of(address: str) -> str:
    """The part behind the last @, in lower case."""
    return address.rpartition("@")[2].strip().casefold()


def outside_guests(event: Mapping[str, Any], own_domains: Collection[str]) -> list[str]:
    """Addresses of guests who are nobody of the company, each once, the organizer first, in lower case.

    Not: the calendar itself, rooms and other resources, and calendars that organise an event.
    """
    organizer = event.get("organizer")
    people = [organizer] if isinstance(organizer, Mapping) else []
    attendees = event.get("attendees")
    people += [each for each in attendees if isinstance(each, Mapping)] if isinstance(attendees, list) else []
    out: dict[str, None] = {}
    for person in people:
        address = str(person.get("email") or "").strip().casefold()
        domain = domain_of(address)
        nobody = person.get("self") or person.get("resource") or domain.endswith(".calendar.google.com")
        if "@" in address and not nobody and domain not in own_domains:
            out[address] = None
    return list(out)
