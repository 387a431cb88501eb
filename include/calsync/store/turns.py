"""One connection for all threads of a process that write, in the order in which they came."""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import Any

from sqlalchemy import QueuePool
from sqlalchemy.exc import TimeoutError as NoTurn
from sqlalchemy.pool import ConnectionPoolEntry

# SQLAlchemy logs what its pools do under the name of their class: ours would be in every task's log.
logging.getLogger(f"{__name__}.Turns").setLevel(logging.WARNING)


class Turns(QueuePool):
    """A pool of one connection. SQLAlchemy's own lets the thread that gave it back take it again before all others."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"pool_size": 1, "max_overflow": 0})
        self._lock = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Event] = deque()

    def _do_get(self) -> ConnectionPoolEntry:
        self._wait()
        try:
            return super()._do_get()
        except BaseException:
            self._pass_on()
            raise

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        try:
            super()._do_return_conn(record)
        finally:
            self._pass_on()

    def _wait(self) -> None:
        with self._lock:
            if not self._taken:
                self._taken = True
                return
            mine = threading.Event()
            self._waiting.append(mine)
        try:
            if mine.wait(self._timeout):
                return
        except BaseException:
            self._give_up(mine)
            raise
        self._give_up(mine)
        raise NoTurn(f"another thread of this process has been writing for {self._timeout:.0f} s")

    def _give_up(self, mine: threading.Event) -> None:
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
                return
        self._pass_on()  # the turn came in the last moment

    def _pass_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
