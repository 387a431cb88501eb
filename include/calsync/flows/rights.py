"""Which right to a calendar an account needs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from include.calsync.clients.google_calendar import GoogleCalendarClient
from include.calsync.core.policy import Mode
from include.calsync.core.raw import Raw
from include.calsync.errors import UnusableCalendar
from include.calsync.flows.services import Services
from include.calsync.store.directory import Directory

WRITERS = ("writer", "owner")


def check_right(role: str | None, mode: str) -> None:
    """Raises UnusableCalendar if an account of this mode can't work with this right. None: the service did not say."""
    if role == "writerWithoutPrivateAccess":
        raise UnusableCalendar(
            "share the Google calendar with the right to make changes to events and to see private ones, too. With "
            "the present right private events have no content, which would be taken for edits."
        )
    needed = WRITERS if mode != Mode.TO_PIPEDRIVE else ("reader", *WRITERS)
    if role is not None and role not in needed:
        raise UnusableCalendar(
            f"the Google calendar is shared with the right «{role}» only. "
            "Share it with the right to make changes to events."
        )


def right_to(services: Services, client: GoogleCalendarClient, calendar_id: str) -> str | None:
    """The credential's right, as a listing of what changed since now tells it. One request."""
    listing = client.list_events(calendar_id, updated_min=services.clock())
    for _ in listing.pages():
        pass
    return listing.access_role


def rights_of(me: Raw) -> str:
    """A digest of what decides which activities a credential sees, as far as GET /v1/users/me tells.

    The order of `access` is not promised (Pipedrive API v1, GET /users/me: three entries, in changing order).
    """
    known = {key: me.get(key) for key in ("id", "company_id", "role_id", "access", "is_admin")}
    if isinstance(known["access"], list):
        known["access"] = sorted(known["access"], key=_by_app)
    text = json.dumps(list(known.values()), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _by_app(entry: object) -> tuple[str, str, str]:
    known = entry if isinstance(entry, Mapping) else {}
    return str(known.get("app")), str(known.get("permission_set_id")), json.dumps(entry, sort_keys=True)


def rights_since(directory: Directory, conn_id: str, me: Raw) -> datetime | None:
    """Note the rights of the connection's credential; since when they differ from what they were, None: always so."""
    return directory.since(f"rights:{conn_id}", rights_of(me))
