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
from datetime import date, datetime
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

    def admit(self, key: str, cost: int, *, oauth: bool) -> dict[str, str]:
        """Headers for the answer. Raises Blocked or TooManyRequests, which cost nothing."""
        window = self._windows.setdefault(key, Window())
        self._check_block(window)
        self._drop_old(window.sent, self._options.burst_window_s)
        full = self._options.burst_enabled and len(window.sent) >= self.burst_limit(oauth=oauth)
        wait_s = self._burst_reset_s(window) if full else self._day_reset_s()
        if full or cost > self.remaining_today:
            headers = self._headers(window, oauth=oauth)
            self._note_refusal(window, wait_s)
            raise TooManyRequests(headers)
        window.told = None
        window.sent.append(self._moment())
        self._spent += cost
        return self._headers(window, oauth=oauth)

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

    def _headers(self, window: Window, *, oauth: bool) -> dict[str, str]:
        headers: dict[str, str] = {}
        if self._options.burst_enabled:
            limit = self.burst_limit(oauth=oauth)
            headers["x-ratelimit-limit"] = str(limit)
            headers["x-ratelimit-remaining"] = str(max(0, limit - len(window.sent)))
            headers["x-ratelimit-reset"] = str(math.ceil(self._burst_reset_s(window)))
        if self._options.daily_headers:
            headers["x-daily-ratelimit-token-limit"] = str(self.daily_limit)
            headers["x-daily-ratelimit-token-remaining"] = str(self.remaining_today)
        return headers

    def _burst_reset_s(self, window: Window) -> float:
        if not window.sent:
            return self._options.burst_window_s
        return max(0.0, self._options.burst_window_s - self._elapsed_s(window.sent[0]))

    def _day_reset_s(self) -> float:
        now = self._clock.now().astimezone(ZoneInfo(self._options.daily_reset_zone))
        return 86_400.0 - (now.hour * 3600 + now.minute * 60 + now.second)

    def _roll_day(self) -> None:
        today = self._clock.now().astimezone(ZoneInfo(self._options.daily_reset_zone)).date()
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
