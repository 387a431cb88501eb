"""How a linked event says to whom it belongs: its deterministic id and its private properties.

Both survive the loss of the database, so that every pair can be found again.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from include.calsync.core.model import Origin
from include.calsync.core.raw import Body, Raw

VERSION = "1"
LARGEST_ID = 2**63 - 1
ACTIVITY = "calsyncActivityId"
"""The property that says whose event it is."""
DEPLOYMENT = "calsyncDeployment"
"""The property that says which installation writes to it."""


def event_id(company_id: str, activity_id: int, calendar_id: str, generation: int) -> str:
    """The event id for an activity: base32hex, lower case, as Google Calendar API v3 (Events.insert, `id`) wants."""
    key = f"{company_id}|{activity_id}|{calendar_id}|{generation}"
    return base64.b32hexencode(hashlib.sha1(key.encode(), usedforsecurity=False).digest()).decode().rstrip("=").lower()


_ID = re.compile(r"[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Mark:
    """The private extended properties of a linked event."""

    company_id: str
    activity_id: int
    event_id: str
    origin: Origin
    deployment: str = field(default="", compare=False)
    """The installation that wrote it; "": one from before there was this property. No event is rewritten for it."""

    def properties(self) -> Body:
        """As the `extendedProperties` member of an event."""
        return {
            "private": {
                ACTIVITY: str(self.activity_id),
                "calsyncCompany": self.company_id,
                "calsyncEventId": self.event_id,
                "calsyncOrigin": str(self.origin),
                "calsyncVersion": VERSION,
                **({DEPLOYMENT: self.deployment} if self.deployment else {}),
            }
        }


def read_mark(event: Raw) -> Mark | None:
    """The mark of a raw event; None if it has none that can be ours: any app may write these properties."""
    properties = event.get("extendedProperties")
    private = properties.get("private") if isinstance(properties, Mapping) else None
    if not isinstance(private, Mapping):
        return None
    activity, company = str(private.get(ACTIVITY) or ""), str(private.get("calsyncCompany") or "")
    if not (_ID.fullmatch(activity) and int(activity) <= LARGEST_ID and company):
        return None
    origin = Origin.GOOGLE if private.get("calsyncOrigin") == Origin.GOOGLE else Origin.PIPEDRIVE
    deployment = str(private.get(DEPLOYMENT) or "")
    return Mark(company, int(activity), str(private.get("calsyncEventId") or ""), origin, deployment)
