"""How often a person may ask for what reaches out to a service: each process counts for itself."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable

from fastapi import HTTPException

WINDOW_S = 60.0


class Rate:
    """At most `count` a minute and person. Thread-safe."""

    def __init__(self, count: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._count, self._clock = count, clock
        self._asked: defaultdict[str, deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def take(self, user_id: str) -> None:
        """Raises HTTPException (429) if this person asked too often."""
        now = self._clock()
        with self._lock:
            asked = self._asked[user_id]
            while asked and asked[0] <= now - WINDOW_S:
                asked.popleft()
            if len(asked) >= self._count:
                raise HTTPException(429, headers={"Retry-After": str(int(asked[0] + WINDOW_S - now) + 1)})
            asked.append(now)
