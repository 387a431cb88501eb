"""Killing a run at any point of it, and going back to the moment before it.

A run is a sequence of steps: requests, and commits of writing transactions. What is durable changes in no other place,
so dying between any two steps covers every moment at which a process can die.
"""

from __future__ import annotations

import copy
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import Connection, event, make_url

from include.calsync.clients.sessions import Session, Timing
from include.calsync.clients.sessions import exchange as send
from tests.flows.world import World


class Killed(BaseException):
    """What nobody can catch. Once it was raised no request leaves any more and no commit succeeds, as after SIGKILL."""


@dataclass(frozen=True)
class Step:
    """One thing that a run does and that may change what is durable."""

    kind: str
    what: str

    @property
    def writes(self) -> bool:
        """Whether it changes something at a service."""
        return self.kind == "request" and not self.what.startswith("GET ") and "token" not in self.what


class Killer:
    """Notes the steps of the runs inside `on`, and lets none happen from number `at` on."""

    def __init__(self, at: int | None = None) -> None:
        self.at = at
        self.steps: list[Step] = []
        self.statuses: set[int] = set()
        self.dead = False
        self._lock = threading.Lock()

    def step(self, kind: str, what: str) -> None:
        if threading.current_thread().name == "leases":  # it renews by the clock; a dead process renews nothing
            if self.dead:
                raise SystemExit
            return
        with self._lock:
            if self.dead or len(self.steps) == self.at:
                self.dead = True
                raise Killed(f"before step {self.at}: {kind} {what}")
            self.steps.append(Step(kind, what))

    def replace(self) -> None:
        """Another process takes over: what it does happens."""
        self.at, self.dead = None, False

    @contextmanager
    def on(self, world: World) -> Iterator[Killer]:
        def exchange(session: Session, request: requests.PreparedRequest, timing: Timing) -> requests.Response | str:
            self.step("request", f"{request.method} {(request.url or '').partition('?')[0]}")
            answer = send(session, request, timing)
            if isinstance(answer, requests.Response):
                self.statuses.add(answer.status_code)
            return answer

        def commit(_: Connection) -> None:
            self.step("commit", "")

        event.listen(world.engine, "commit", commit)
        with pytest.MonkeyPatch.context() as patch:
            for user in ("transport", "auth"):
                patch.setattr(f"include.calsync.clients.{user}.exchange", exchange)
            try:
                yield self
            finally:
                event.remove(world.engine, "commit", commit)


@contextmanager
def before_request(method: str, path: str, act: Callable[[], object], times: int = 1) -> Iterator[None]:
    """A person does something just before the first such requests (`path`: a regular expression) are sent."""
    left, lock = iter(range(times)), threading.Lock()

    def exchange(session: Session, request: requests.PreparedRequest, timing: Timing) -> requests.Response | str:
        if request.method == method and re.search(path, request.url or ""):
            with lock:
                is_turn = next(left, None) is not None
            if is_turn:
                act()
        return send(session, request, timing)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("include.calsync.clients.transport.exchange", exchange)
        yield
    assert next(left, None) is None, f"too few {method} {path}"


class Snapshot:
    """A world (SQLite) as it is now, to return to any number of times."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._file = Path(make_url(world.store_url).database or "")
        self._copy = self._file.with_suffix(".copy")
        world.engine.dispose()  # the last connection takes the write-ahead log into the file
        assert not self._file.with_name(self._file.name + "-wal").exists()
        shutil.copy(self._file, self._copy)
        self._remember()

    def _remember(self) -> None:
        """All but the store."""
        self._memory = copy.deepcopy(self._parts())
        self._offsets = [holder.offset for holder in self._clocks()]

    def restore(self) -> World:
        """The world as it was; only the wall clock has gone on."""
        self.restore_store()
        world = self.world
        memory = copy.deepcopy(self._memory)
        for holder, name in self._places():
            setattr(holder, name, memory[f"{type(holder).__name__}.{name}"])
        for holder, offset in zip(self._clocks(), self._offsets, strict=True):
            holder.offset = offset
        for service in (world.sandbox.pipedrive, world.sandbox.google):
            service.reset_requests()
            service.faults.clear()
        return world

    def restore_store(self) -> None:
        """Only the store."""
        self.world.engine.dispose()
        for name in ("-wal", "-shm"):
            self._file.with_name(self._file.name + name).unlink(missing_ok=True)
        shutil.copy(self._copy, self._file)

    def _places(self) -> list[tuple[Any, str]]:
        google, pipedrive = self.world.google, self.world.pipedrive
        return [
            *((pipedrive, name) for name in ("tables", "users", "leads")),
            *((google, name) for name in ("calendars", "users", "mails", "_last_etag", "_last_change")),
            *((google.tokens, name) for name in ("_sync", "_pages")),
        ]

    def _parts(self) -> dict[str, Any]:
        return {f"{type(holder).__name__}.{name}": getattr(holder, name) for holder, name in self._places()}

    def _clocks(self) -> list[Any]:
        return [self.world, self.world.sandbox.pipedrive.clock, self.world.sandbox.google.clock]
