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
DEFAULT_SCOPES = "base activities:full activities:read deals:read contacts:read leads:read users:read"
SEARCH_BURST = 10
"""On every plan, for API tokens and OAuth alike."""
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
    search_requests: int | None = SEARCH_BURST
    """Searches per rolling window, which is apart from the other requests'; None: they are counted among these."""
    search_headers: Literal["own", "general"] = "own"
    """Whose numbers a search's `x-ratelimit-*` tell; unconfirmed."""
    daily_headers: bool = True
    daily_reset_zone: str = "UTC"
    daily_reset_hour: int = 0
    """The hour in `daily_reset_zone` at which the day's tokens come back; documented is a midnight, of nobody knows
    where."""
    failed_requests_cost: bool = True
    ignored_429_count: int = 10
    """So many 429s ignored within a minute make Cloudflare block the token."""
    block_s: float = 900.0
    app_client_id: str = "5a4db0c5a4db0c5a"
    """The one app that is registered, and that people may install."""
    app_client_secret: str = "sandbox-secret"
    app_name: str = "calsync"
    app_scopes: str = DEFAULT_SCOPES
    """Pipedrive's requests name no scopes: the app's registration does."""
    app_redirect_uri: str = ""
    """Its callback URL; empty: none is registered yet."""
    code_s: float = 300.0
    access_token_s: int = 3599
    refresh_token_days: int = 60
    rotate_refresh_tokens: bool = False
    """Each refresh gives another refresh token, and the old one is dead."""

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
    get_deleted: Literal["404", "410", "400", "200"] = "404"
    """Of activities. 400 has a code that ends in `_DELETED`, as an edit has."""
    edit_deleted: Literal["400", "404", "410", "403"] = "400"
    """Of activities. 400 is what deals answer."""
    delete_deleted: Literal["400", "404", "410"] = "404"
    """A second DELETE of an activity."""
    get_hidden: Literal["404", "403"] = "404"
    """Of what the user may not see; deals answer 403 in any case."""
    create_status: int = 200

    # What is taken.
    null_clears: bool = True
    """False: null is refused for texts, dates, times and places, so that "" is needed."""
    null_clears_times: bool = True
    """False: null is refused for date, time and duration alone."""
    empty_clears_times: bool = False
    """False: "" is no valid date, time or duration."""
    unknown_fields: Literal["refuse", "ignore"] = "refuse"
    nested_unknown: Literal["refuse", "ignore"] = "refuse"
    """Members of attendees, participants and places that the specification does not have."""
    nested_nulls: Literal["refuse", "take"] = "refuse"
    person_id_in_body: Literal["ignore", "refuse"] = "refuse"
    participants_patch: Literal["replace", "add"] = "replace"
    due_date_default: Literal["today", "none"] = "today"
    """Of an activity that is created without one; today in UTC."""
    busy_default: Literal["by_time", "false", "none"] = "by_time"
    """Of an activity that is created without it: true with a time (seen in v1) and false without one, or always
    false."""
    busy_follows_time: bool = False
    """An edit that takes the time away makes the activity free."""
    owner_change: Literal["allow", "refuse"] = "allow"
    """Whether an activity may be given to another user by somebody else than its owner."""
    sanitise_note: bool = False
    trim_text: bool = False
    fill_from_deal: bool = False
    """Linking to a deal also links the deal's person and organization."""
    rename_touches_activities: bool = False

    # How it is shown.
    seconds_in_times: bool = False
    """due_time and duration as HH:MM:SS."""
    milliseconds_in_stamps: bool = False
    show_private: bool = True
    """Activities have the member `private`, as some accounts' do."""
    access_order: Literal["changing", "fixed"] = "changing"
    """Of the entries in a user's `access`."""
    unedited_deals: Literal["null", "added"] = "null"
    """`update_time` of a deal that nobody edited: null, or when it was added."""
    unset_as_empty: bool = False
    """Unset due_time and duration as "" (recorded from v1) instead of null."""
