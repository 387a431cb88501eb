"""What a test may switch in the Google sandbox: behaviour that Google does not promise, and limits."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Literal


@dataclass
class Options:
    cancelled_details: bool = False
    """Listings show deleted events with their details (Google may); else only what is guaranteed, and ``updated`` now
    and then. ``events.get`` always shows what is left of them."""
    undelete: bool = True
    """PATCH and PUT may set a deleted event to ``confirmed``; else 403 ``forbidden``, which some have met."""
    normalisations: set[str] = field(default_factory=set)
    """Rewritings of what is stored: see ``bodies.normalised``."""
    page_sizes: deque[int] = field(default_factory=deque)
    """Each listing takes the first one and serves at most so many items on this page; 0 = an empty page with more to
    come."""
    list_lag_s: float = 0.0
    """Listings do not show yet what changed so lately; their sync token stands before it, so that it shows later."""
    updated_min_days: float = 29.0
    """``updatedMin`` before this is 410 ``updatedMinTooLongAgo``."""
    bounded_sync_token: bool = False
    """A listing bounded by both ``timeMin`` and ``timeMax`` ends with a ``nextSyncToken``; unconfirmed."""
    sync_token_days: float | None = None
    """Sync tokens older than this are expired."""
    foreign_sync_token_status: int = 400
    """Answer to a sync token of another calendar, user or set of parameters: 400 ``invalid`` or 410
    ``fullSyncRequired``."""
    error_form: Literal["calendar", "aip", "both"] = "calendar"
    """Error bodies: as the Calendar guide shows them, with ``status`` and ``details`` alone, or with all of it."""
    long_description: Literal["refuse", "cut"] = "refuse"
    """What becomes of a description over 8,192 characters."""
    refused_zones: set[str] = field(default_factory=set)
    """Time zones that Google's data base does not have (yet): 400 ``invalid`` on writes of events and calendars."""
    broken_events: set[str] = field(default_factory=set)
    """Ids of events whose ``events.get`` is always 500; listings show them."""
    refused_events: dict[str, str] = field(default_factory=dict)
    """Ids of events that can't be written -> the reason of the 403, whatever it may be."""
    expansion_days: int = 730
    """How far ahead of now a series is expanded where the request sets no ``timeMax``."""
    app_client_id: str = "100000000000-sandbox.apps.googleusercontent.com"
    """The one OAuth client (type: web application) that is registered, and what people may consent to."""
    app_client_secret: str = "GOCSPX-sandbox"
    app_name: str = "calsync"
    app_redirect_uris: set[str] = field(default_factory=set)
    """Its authorized redirect URIs, each exactly as requests name it."""
    code_s: float = 600.0
    """How long an authorization code may be swapped."""
    batch_shuffle: bool = False
    """Batch answers come in reverse order."""
    batch_drop: deque[int] = field(default_factory=deque)
    """Each batch takes the first one and leaves so many of its last answers out."""
