"""Pipedrive's allowances: the rolling burst window per token, the company's tokens per day, the Cloudflare block.

Source: "Pipedrive rate limits page" (core-api-concepts-rate-limiting); the undocumented daily headers as the
pdcli project saw them; the relative `x-ratelimit-reset` as measured by Airbyte's Pipedrive connector.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from include.sandbox.pipedrive.errors import Blocked, TooManyRequests
from include.sandbox.pipedrive.options import DAILY_TOKENS, OAUTH_BURST_FACTOR, PLAN_BURST, PLAN_MULTIPLIER, Options

IGNORED_WINDOW_S = 60.0


class Clock(Protocol):
    """The service's clock."""

    def now(self) -> datetime: ...


@dataclass(frozen=True)
class Moment:
    """A point on the service's clock and on the machine's: a window is over when either says so, so that
    both a test that moves the clock and one that really waits get through."""

    at: datetime
    ticks: float


@dataclass
class Window:
    """What one token did lately."""

    sent: deque[Moment] = field(default_factory=deque)
    searches: deque[Moment] = field(default_factory=deque)
    ignored: deque[Moment] = field(default_factory=deque)
    told: tuple[Moment, float] | None = None
    blocked: Moment | None = None


class RateLimits:
    """Admits a request or raises; counts what was spent today."""

    def __init__(self, options: Options, clock: Clock, seats: Callable[[], int]) -> None:
        self._options = options
        self._clock = clock
        self._seats = seats
        self._windows: dict[str, Window] = {}
        self._day: date | None = None
        self._spent = 0

    @property
    def daily_limit(self) -> int:
        """30,000 × plan multiplier × seats, plus top-ups."""
        options = self._options
        if options.daily_tokens is not None:
            return options.daily_tokens
        seats = self._seats() if options.seats is None else options.seats
        return DAILY_TOKENS * PLAN_MULTIPLIER[options.plan] * max(seats, 1) + options.top_up_tokens

    @property
    def spent_today(self) -> int:
        self._roll_day()
        return self._spent

    @property
    def remaining_today(self) -> int:
        return max(0, self.daily_limit - self.spent_today)

    def exhaust_day(self) -> None:
        """Spend all that is left of today, as another app of the company would."""
        self._roll_day()
        self._spent = max(self._spent, self.daily_limit)

    def refund(self, cost: int) -> None:
        self._spent -= cost

    def burst_limit(self, *, oauth: bool) -> int:
        base = self._options.burst_requests or PLAN_BURST[self._options.plan]
        return base * OAUTH_BURST_FACTOR if oauth else base

    def admit(self, key: str, cost: int, *, oauth: bool, search: bool = False) -> dict[str, str]:
        """Headers for the answer. Raises Blocked or TooManyRequests, which cost nothing.

        `search`: it has a window of its own, 10 requests on every plan (rate limits page).
        """
        window = self._windows.setdefault(key, Window())
        self._check_block(window)
        own_window = search and self._options.search_requests is not None
        sent = window.searches if own_window else window.sent
        limit = self._options.search_requests or 0 if own_window else self.burst_limit(oauth=oauth)
        self._drop_old(window.sent, self._options.burst_window_s)
        self._drop_old(window.searches, self._options.burst_window_s)
        full = self._options.burst_enabled and len(sent) >= limit
        if not (full or cost > self.remaining_today):
            window.told = None
            sent.append(self._moment())
            self._spent += cost
            return self._headers(window, oauth=oauth, search=own_window)
        headers = self._headers(window, oauth=oauth, search=own_window)
        self._note_refusal(window, self._burst_reset_s(sent) if full else self._day_reset_s())
        raise TooManyRequests(headers)

    def unblock(self) -> None:
        """Forget every window and block."""
        self._windows.clear()

    def _check_block(self, window: Window) -> None:
        if window.blocked is not None and self._elapsed_s(window.blocked) < self._options.block_s:
            raise Blocked
        window.blocked = None

    def _note_refusal(self, window: Window, wait_s: float) -> None:
        """A 429 to a client that was told to wait and did not is an ignored one."""
        now = self._moment()
        if window.told is not None and self._elapsed_s(window.told[0]) < window.told[1]:
            self._drop_old(window.ignored, IGNORED_WINDOW_S)
            window.ignored.append(now)
            if len(window.ignored) >= self._options.ignored_429_count:
                window.blocked = now
                window.ignored.clear()
        window.told = (now, wait_s)

    def _headers(self, window: Window, *, oauth: bool, search: bool) -> dict[str, str]:
        headers: dict[str, str] = {}
        if self._options.burst_enabled:
            own = search and self._options.search_headers == "own"
            limit = self._options.search_requests or 0 if own else self.burst_limit(oauth=oauth)
            sent = window.searches if own else window.sent
            headers["x-ratelimit-limit"] = str(limit)
            headers["x-ratelimit-remaining"] = str(max(0, limit - len(sent)))
            headers["x-ratelimit-reset"] = str(math.ceil(self._burst_reset_s(sent)))
        return headers | self.daily_headers()

    def daily_headers(self) -> dict[str, str]:
        """What every answer tells of the day's tokens, unless the option takes it away."""
        if not self._options.daily_headers:
            return {}
        return {
            "x-daily-ratelimit-token-limit": str(self.daily_limit),
            "x-daily-ratelimit-token-remaining": str(self.remaining_today),
        }

    def _burst_reset_s(self, sent: deque[Moment]) -> float:
        if not sent:
            return self._options.burst_window_s
        return max(0.0, self._options.burst_window_s - self._elapsed_s(sent[0]))

    def _in_day(self) -> datetime:
        """Now, as if the day's tokens came back at midnight."""
        now = self._clock.now().astimezone(ZoneInfo(self._options.daily_reset_zone))
        return now - timedelta(hours=self._options.daily_reset_hour)

    def _day_reset_s(self) -> float:
        now = self._in_day()
        return 86_400.0 - (now.hour * 3600 + now.minute * 60 + now.second)

    def _roll_day(self) -> None:
        today = self._in_day().date()
        if today != self._day:
            self._day, self._spent = today, 0

    def _drop_old(self, moments: deque[Moment], age_s: float) -> None:
        while moments and self._elapsed_s(moments[0]) >= age_s:
            moments.popleft()

    def _moment(self) -> Moment:
        return Moment(self._clock.now(), time.monotonic())

    def _elapsed_s(self, moment: Moment) -> float:
        by_clock = (self._clock.now() - moment.at).total_seconds()
        return max(by_clock, time.monotonic() - moment.ticks)


BURST_IS_LEFT, BURST_IS_OVER = ("20", "7"), ("20", "0")
SEARCH_IS_OVER = ("10", "0")
REFUSED: dict[str, tuple[tuple[str, str] | None, str | None]] = {
    "burst": (BURST_IS_OVER, "plenty"),
    "search": (SEARCH_IS_OVER, "plenty"),
    "daily": (BURST_IS_LEFT, "0"),
    # Another client of the token, or another window, leaves this picture: nothing is spent.
    "burst_left": (BURST_IS_LEFT, "plenty"),
    # What is left of the day is less than most requests cost.
    "day_rest": (BURST_IS_LEFT, "4"),
    "day_rest_burst_over": (BURST_IS_OVER, "4"),
    "burst_undated": (BURST_IS_OVER, None),
    "burst_left_undated": (BURST_IS_LEFT, None),
    "bare": (None, None),
}
"""Reasons of a 429 fault: limit and remaining of the burst window, and what the daily header says is left."""


def refused_headers(reason: str, limits: RateLimits) -> dict[str, str]:
    """The headers of a 429 fault. Raises KeyError on an unknown reason."""
    burst, left = REFUSED[reason]
    headers = {}
    if burst is not None:
        headers = {"x-ratelimit-limit": burst[0], "x-ratelimit-remaining": burst[1], "x-ratelimit-reset": "2"}
    if left is None:
        return headers
    headers |= limits.daily_headers()
    return headers if left == "plenty" else {**headers, "x-daily-ratelimit-token-remaining": left}
