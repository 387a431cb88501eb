"""How this Pipedrive behaves where the documentation leaves it open, and how much it allows.

The defaults are what is documented or was measured. Every other value is a behaviour that a client must
survive, because nobody has confirmed it either way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DAILY_TOKENS = 30_000
PLAN_MULTIPLIER = {"lite": 1, "growth": 2, "premium": 5, "ultimate": 7}
PLAN_BURST = {"lite": 20, "growth": 40, "premium": 100, "ultimate": 120}
OAUTH_BURST_FACTOR = 4


@dataclass
class Options:
    """Settable at any time; the next request obeys."""

    # Allowances ("Pipedrive rate limits page").
    plan: str = "lite"
    seats: int | None = None
    """None: the number of active users."""
    top_up_tokens: int = 0
    daily_tokens: int | None = None
    """Overrides plan, seats and top-up."""
    burst_requests: int | None = None
    """Requests per rolling window and API token; None: by plan."""
    burst_enabled: bool = True
    burst_window_s: float = 2.0
    daily_headers: bool = True
    daily_reset_zone: str = "UTC"
    failed_requests_cost: bool = True
    ignored_429_count: int = 10
    """So many 429s ignored within a minute make Cloudflare block the token."""
    block_s: float = 900.0
    access_token_s: int = 3599
    refresh_token_days: int = 60

    # Lists.
    last_page: Literal["null", "absent", "no_additional_data"] = "null"
    cursor_when_full: bool = False
    """A full page always carries a cursor, even when nothing follows."""
    empty_pages: int = 0
    """So many list pages are answered empty, with a cursor to the same place (counts down)."""
    empty_pages_sent: int = 0
    """Counts up, so that no two of these cursors are the same."""
    limit_over_max: Literal["refuse", "clamp"] = "refuse"
    list_deleted: bool = False
    list_lag_s: float = 0.0
    """Lists do not show yet the activities that were edited so lately."""
    archived_by_ids: bool = False

    # Single items.
    get_deleted: Literal["404", "410", "200"] = "404"
    """Of activities."""
    get_hidden: Literal["404", "403"] = "404"
    """Of what the user may not see; deals answer 403 in any case."""
    create_status: int = 200

    # What is taken.
    null_clears: bool = True
    """False: null is refused for texts, dates, times and places, so that "" is needed."""
    unknown_fields: Literal["refuse", "ignore"] = "refuse"
    person_id_in_body: Literal["ignore", "refuse"] = "ignore"
    sanitise_note: bool = False
    trim_text: bool = False
    fill_from_deal: bool = False
    """Linking to a deal also links the deal's person and organization."""
    rename_touches_activities: bool = False

    # How it is shown.
    seconds_in_times: bool = False
    """due_time and duration as HH:MM:SS."""
    milliseconds_in_stamps: bool = False
    unset_as_empty: bool = False
    """Unset due_time and duration as "" (recorded from v1) instead of null."""
