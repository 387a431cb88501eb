"""Which right to a calendar an account needs."""

from __future__ import annotations

from include.calsync.clients.google_calendar import GoogleCalendarClient
from include.calsync.core.policy import Mode
from include.calsync.errors import CalsyncError
from include.calsync.flows.services import Services

WRITERS = ("writer", "owner")


def check_right(role: str | None, mode: str) -> None:
    """Raises CalsyncError if an account of this mode can't work with this right. None: the service did not say."""
    if role == "writerWithoutPrivateAccess":
        raise CalsyncError(
            "share the Google calendar with the right to make changes to events and to see private ones, too. With "
            "the present right private events have no content, which would be taken for edits."
        )
    needed = WRITERS if mode != Mode.TO_PIPEDRIVE else ("reader", *WRITERS)
    if role is not None and role not in needed:
        raise CalsyncError(
            f"the Google calendar is shared with the right «{role}» only. "
            "Share it with the right to make changes to events."
        )


def right_to(services: Services, client: GoogleCalendarClient, calendar_id: str) -> str | None:
    """The credential's right, as a listing of what changed since now tells it. One request."""
    listing = client.list_events(calendar_id, updated_min=services.clock())
    for _ in listing.pages():
        pass
    return listing.access_role
