"""The two per-minute quotas of the Calendar API, as sliding windows. Source: Google Calendar API guide "Manage
quotas"."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from include.sandbox.google.errors import GoogleError

WINDOW = timedelta(seconds=60)


@dataclass
class Quotas:
    """``per_user`` counts per ``quotaUser`` where that is sent; else per user, and all delegated calls on the service
    account.

    ``status`` is the HTTP status of a refusal: Google answers 403 or 429. Refused requests do not count.
    """

    on: bool = True
    per_project: int = 10_000
    per_user: int = 600
    status: int = 403
    _project: deque[datetime] = field(default_factory=deque)
    _users: dict[str, deque[datetime]] = field(default_factory=dict)

    def spend(self, user: str, now: datetime) -> None:
        """Counts one request. Raises GoogleError ``rateLimitExceeded`` or ``userRateLimitExceeded``."""
        if not self.on:
            return
        user_window = self._users.setdefault(user, deque())
        for window in (self._project, user_window):
            while window and not timedelta(0) <= now - window[0] < WINDOW:
                window.popleft()
        if len(self._project) >= self.per_project:
            raise GoogleError(self.status, "rateLimitExceeded")
        if len(user_window) >= self.per_user:
            reason = "userRateLimitExceeded" if self.status == 403 else "rateLimitExceeded"
            raise GoogleError(self.status, reason)
        self._project.append(now)
        user_window.append(now)

    def reset(self) -> None:
        self._project.clear()
        self._users.clear()
