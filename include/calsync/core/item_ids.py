"""Which item somebody means who pastes an id, or the address of a page of Pipedrive or Google Calendar."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from include.calsync.core.marks import LARGEST_ID
from include.calsync.core.policy import Side

_NUMBER = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_EVENT_ID = re.compile(r"[^\s/?#]{1,1024}")
# How Google's links shorten a calendar's address; no documentation has it.
_SHORT = {
    "g": "group.calendar.google.com",
    "m": "gmail.com",
    "i": "import.calendar.google.com",
    "v": "group.v.calendar.google.com",
}


@dataclass(frozen=True, slots=True)
class ItemId:
    """An activity or event. `calendar`: of an event, as far as the link tells; "" if it does not."""

    side: Side
    id: str
    calendar: str = ""


def item_id(text: str) -> ItemId:
    """The item that an id or a pasted address names: a number alone is an activity's.

    Raises ValueError, naming the remedy, if it names none.
    """
    text = text.strip()
    found = _linked(text) if "//" in text else _alone(text)
    if found is None:
        raise ValueError("Paste the id of an activity or event, or the address of its page: this names none.")
    return found


def _alone(text: str) -> ItemId | None:
    if _NUMBER.fullmatch(text):
        return _activity(text)
    return ItemId(Side.EVENT, text) if _EVENT_ID.fullmatch(text) else None


def _activity(text: str) -> ItemId | None:
    return ItemId(Side.ACTIVITY, text) if int(text) <= LARGEST_ID else None


def _linked(text: str) -> ItemId | None:
    """Pipedrive: `/activities/list?activity=17#…`, `/activities/17`; Google: `?eid=…`, `/r/eventedit/…`."""
    try:
        address = urlsplit(text)
    except ValueError:
        return None
    asked, parts = parse_qs(address.query), [unquote(part) for part in address.path.split("/") if part]
    last = parts[-1] if parts else ""
    if "eid" in asked or "eventedit" in parts:
        return _event(asked["eid"][0] if "eid" in asked else last)
    numbers = [*asked.get("activity", ()), last]
    of_activities = not {"activity", "activities"}.isdisjoint(parts)
    found = next((each for each in numbers if of_activities and _NUMBER.fullmatch(each)), None)
    return _activity(found) if found else None


def _event(eid: str) -> ItemId | None:
    """`eid` is base64 of the event's id, a blank, and the calendar's address (seen in Google's `htmlLink`)."""
    try:
        told = base64.urlsafe_b64decode(eid + "=" * (-len(eid) % 4)).decode()
    except (binascii.Error, ValueError):
        return None
    key, _, calendar = told.partition(" ")
    name, _, domain = calendar.strip().rpartition("@")
    full = f"{name}@{_SHORT.get(domain, domain)}" if name else ""
    return ItemId(Side.EVENT, key, full) if _EVENT_ID.fullmatch(key) else None
