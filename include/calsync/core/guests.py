"""Who else is asked to an event, as far as it matters outside the company."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from include.calsync.core.raw import Raw


def domain_of(address: str) -> str:
    """The part behind the last @, in lower case."""
    return address.rpartition("@")[2].strip().casefold()


# Who gives addresses to anybody: `name.tld`, in all its countries.
_PROVIDERS = """
    gmail googlemail outlook hotmail live msn passport yahoo ymail rocketmail icloud me mac aol aim gmx yandex zoho
    protonmail proton pm tutanota tuta fastmail hey mail email inbox rediffmail naver daum hanmail sina sohu qq 126 163
    web freenet t-online arcor posteo mailbox orange wanadoo free laposte sfr libero virgilio tiscali alice seznam
    centrum wp o2 onet interia bluewin hispeed sunrise uol bol terra comcast verizon att sbcglobal bellsouth cox
    charter earthlink btinternet sky virginmedia talktalk ziggo kpnmail telenet skynet rambler bk list ukr
"""
_SUFFIX = re.compile(r"(com|net|org|co|[a-z]{2})\.[a-z]{2}|com|net|org|[a-z]{2}")


def is_public(domain: str) -> bool:
    """Whether a domain is a provider's who gives addresses to anybody: it says nothing of whose colleague one is."""
    name, _, suffix = domain.partition(".")
    return name in _PROVIDERS.split() and _SUFFIX.fullmatch(suffix) is not None


def own_people(users: Iterable[Raw]) -> set[str]:
    """What colleagues are known by, from the company's Pipedrive users: active ones' addresses, and their domains.

    A public provider's domain is left out, and so is what only a deleted or deactivated user had.
    """
    active = [user for user in users if not user.get("is_deleted") and user.get("active_flag") is not False]
    addresses = {str(user.get("email") or "").strip().casefold() for user in active} - {""}
    return addresses | {domain for each in addresses if (domain := domain_of(each)) and not is_public(domain)}


def outside_guests(event: Raw, own: frozenset[str]) -> list[str]:
    """Addresses of guests who are nobody of the company, each once, the organizer first, in lower case.

    `own`: addresses and domains of colleagues.
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
        if "@" in address and not nobody and not own & {address, domain}:
            out[address] = None
    return list(out)
