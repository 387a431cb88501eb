"""Passing troubles of single items: one is that item's alone, some in a row mean that the service is down."""

from __future__ import annotations

import threading

from include.calsync.errors import FatalError, RecordError, RetryableError

TROUBLES_IN_A_ROW = 3

ITEMS = (RetryableError, RecordError, FatalError)
"""What may be wrong with one item that is asked for by its id."""


class Troubles:
    """Counts them. Thread-safe."""

    def __init__(self) -> None:
        self._count = 0
        self._lock = threading.Lock()

    def none(self) -> None:
        """An item went well."""
        self._count = 0

    def met(self, error: Exception) -> None:
        """An item failed. Raises the error if the service is down: the cursor stays, and the next run repeats."""
        if isinstance(error, RetryableError):
            with self._lock:
                self._count += 1
                is_down = self._count >= TROUBLES_IN_A_ROW
            if is_down:
                raise error
