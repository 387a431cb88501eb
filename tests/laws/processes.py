"""A company whose runs are carried out by two processes: each takes a part of the accounts, at the same time.

As two of Airflow's workers do. Both are forked for one step and know of each other through the store alone; time passes
for all at once, by the parent, who also serves both services. Runs that a test kills stay in one process: the killer
counts their steps.
"""

from __future__ import annotations

import multiprocessing
import pickle
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.connection import Connection, wait
from typing import Any

from include.calsync.clients import sessions
from include.calsync.flows.applying.apply import upsert_activities, upsert_events
from include.calsync.flows.pulling.pull import pull_events
from tests.laws.company import A_LOOK_S, Company

MAPPED = (pull_events, upsert_events, upsert_activities)
FORKED = multiprocessing.get_context("fork")
_alive = sessions.exchange


@dataclass
class TwoProcesses(Company):
    """As `Company`, but for who does a step that is mapped over accounts."""

    def __post_init__(self) -> None:
        self._shared_s = FORKED.Value("d", 0.0)
        """How far the clocks of all processes have gone; what theirs show is never behind what another's showed."""
        self._parent: Connection | None = None
        super().__post_init__()

    def clock(self) -> datetime:
        if self._parent is None:
            return super().clock()
        with self._shared_s.get_lock():
            self._shared_s.value += A_LOOK_S
            return self.base + timedelta(seconds=self._shared_s.value)

    def pass_time(self, seconds: float) -> None:
        if self._parent is not None:
            with self._asking:  # several writes of one account may be about to sleep
                self._parent.send(("pass", seconds))
                self._parent.recv()
            return
        super().pass_time(seconds)
        with self._shared_s.get_lock():
            own_s = self.offset.total_seconds()
            behind_s = max(0.0, self._shared_s.value - own_s)
            self._shared_s.value = own_s + behind_s
        if behind_s:
            super().pass_time(behind_s)

    def carry_out(self, step: Callable[..., Any], services: Any, *arguments: Any) -> Any:
        shard = arguments[1] if step in MAPPED else []
        if len(shard) < 2 or sessions.exchange is not _alive:
            return super().carry_out(step, services, *arguments)
        CARRIED_OUT[step.__name__] = CARRIED_OUT.get(step.__name__, 0) + 1
        middle = (len(shard) + 1) // 2
        children = [self._start(step, arguments, part) for part in (shard[:middle], shard[middle:])]
        answers = self._attend([conn for _, conn in children])
        for process, _ in children:
            process.join()
        self.pass_time(0)
        for said, what in answers:
            if said == "raised":
                raise what
        return {}

    def _start(self, step: Callable[..., Any], arguments: tuple[Any, ...], part: list[str]) -> tuple[Any, Connection]:
        here, there = FORKED.Pipe()
        process = FORKED.Process(target=self._work, args=(there, step, (arguments[0], part, *arguments[2:])))
        process.start()
        there.close()
        return process, here

    def _attend(self, children: list[Connection]) -> list[tuple[str, Any]]:
        """Let time pass for them until both are done; what they said."""
        answers: list[tuple[str, Any]] = []
        open_ = list(children)
        while open_:
            for conn in wait(open_):
                assert isinstance(conn, Connection)
                try:
                    said, what = conn.recv()
                except EOFError:
                    said, what = "raised", RuntimeError("a process ended without a word")
                if said == "pass":
                    self.pass_time(what)
                    with suppress(OSError):
                        conn.send(None)
                else:
                    answers.append((said, what))
                    open_.remove(conn)
        return answers

    def _work(self, parent: Connection, step: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        """In the child: connections of its own, and nothing that another process remembers."""
        self._parent, self._asking = parent, threading.Lock()
        self.engine.dispose(close=False)
        self._clients = {}
        try:
            step(self.services(), *arguments)
            said: tuple[str, Any] = ("done", None)
        except BaseException as error:  # noqa: BLE001  the parent raises it
            said = ("raised", _sendable(error))
        parent.send(said)


CARRIED_OUT: dict[str, int] = {}
"""How many steps two processes did together, by step."""


def _sendable(error: BaseException) -> BaseException:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001  whatever can't be sent is told
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
