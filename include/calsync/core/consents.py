"""What is kept of a person's consent at a service: the way to it, and the tokens that it gives."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

GOOGLE = "google"
PIPEDRIVE = "pipedrive"
SCOPE = "https://www.googleapis.com/auth/"
GOOGLE_SCOPES = tuple(
    SCOPE + name
    for name in ("calendar.events", "calendar.calendarlist.readonly", "calendar.calendars.readonly",
                 "calendar.app.created")
)  # fmt: skip
"""The least that a sync needs, per the API's discovery document: events; finding a calendar by name; resolving
`primary`; creating the calendar of `{create: …}`."""
PIPEDRIVE_SCOPES = (
    "base", "activities:full", "deals:read", "contacts:read", "leads:read", "users:read",
)  # fmt: skip
"""They belong to the app's registration; `…:full` holds `…:read`."""


@dataclass(frozen=True, slots=True)
class KeptTokens:
    """An access token, until when it works, and the refresh token that the next one comes from."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """One link to a consent page. `used_at`: when it led to a connection; `error`: why it did not, the last time.

    `person`: who has to consent, as the service calls them; "": whoever does. `asked_by`: who made the link, as Airflow
    calls them. `browser_digest`, `verifier` (encrypted): of the last time it was opened.
    """

    id: str
    service: str
    account: str | None
    person: str
    asked_by: str
    expires_at: datetime
    browser_digest: str | None
    verifier: str | None
    used_at: datetime | None
    error: str | None


def hashed(secret: str) -> str:
    """How a random secret (ticket, state, cookie) is stored: it can be looked up, and not turned back."""
    return hashlib.sha256(secret.encode()).hexdigest()


def lacking(may: Callable[[Sequence[str]], bool], scopes: Sequence[str]) -> list[str]:
    """The scopes that are not granted. Google names none of them: one question if all are, else one more for each."""
    return [] if may(scopes) else [each for each in scopes if not may([each])]
