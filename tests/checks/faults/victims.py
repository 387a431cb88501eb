"""`python -m tests.checks.faults.victims LOG`: for each line on stdin a run in a forked process, which kills itself.

A line is JSON: what `tests.flows.victim.arguments` says, the time, and `at`, `after`: the step before or after which
the process gets SIGKILL. Steps are requests, and commits of transactions that wrote. The answer is a line of JSON.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from sqlalchemy import Engine, event

from include.calsync.clients.sessions import Session, Timing
from include.calsync.clients.sessions import exchange as send
from include.calsync.flows.applying import apply
from include.calsync.flows.opening import open_run
from include.calsync.flows.pulling import pull
from include.calsync.store.engine import create_store_engine
from include.sandbox.base import SandboxClock
from tests.flows.victim import FIRST_NUMBER
from tests.laws.company import Company


@dataclass(frozen=True)
class Step:
    """A request (method and address), or a commit (the tables that were written)."""

    kind: str
    what: str


@contextmanager
def commits(engine: Engine, act: Callable[[], None], done: Callable[[], None] = lambda: None) -> Iterator[list[str]]:
    """Act before each commit of a transaction that wrote, `done` after it; yields the tables of the present one."""
    written = threading.local()
    tables: list[str] = []

    def executed(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        words = statement.split(maxsplit=3)
        if words[0] in ("INSERT", "UPDATE", "DELETE"):
            written.tables = [*getattr(written, "tables", []), words[1 if words[0] == "UPDATE" else 2]]

    def commit(dbapi_connection: Any) -> None:
        mine, written.tables = getattr(written, "tables", []), []
        if mine and threading.current_thread().name != "leases":
            tables[:] = dict.fromkeys(mine)
            act()
            plain(dbapi_connection)
            done()
        else:
            plain(dbapi_connection)

    plain = engine.dialect.do_commit
    event.listen(engine, "before_cursor_execute", executed)
    engine.dialect.do_commit = commit  # type: ignore[method-assign]
    try:
        yield tables
    finally:
        engine.dialect.do_commit = plain  # type: ignore[method-assign]
        event.remove(engine, "before_cursor_execute", executed)


class Fate:
    """Notes the steps, and kills this process at one of them."""

    def __init__(self, at: int | None, *, after: bool) -> None:
        self.at, self.after = at, after
        self.steps: list[Step] = []

    def begin(self, kind: str, what: str) -> None:
        self.steps.append(Step(kind, what))
        self._die(after=False)

    def end(self) -> None:
        self._die(after=True)

    def _die(self, *, after: bool) -> None:
        if len(self.steps) == self.at and after == self.after:
            os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def on(self, engine: Engine) -> Iterator[None]:
        def exchange(session: Session, request: requests.PreparedRequest, timing: Timing) -> requests.Response | str:
            self.begin("request", f"{request.method} {(request.url or '').partition('?')[0]}")
            answer = send(session, request, timing)
            self.end()
            return answer

        with (
            pytest.MonkeyPatch.context() as patch,
            commits(engine, lambda: self.begin("commit", " ".join(tables)), self.end) as tables,
        ):
            for user in ("transport", "auth"):
                patch.setattr(f"include.calsync.clients.{user}.exchange", exchange)
            yield


def firm(known: dict[str, Any]) -> Company:
    """The company with nothing but addresses and credentials: its services run in another process."""
    made = Company.__new__(Company)
    services = {name: SimpleNamespace(url=known[name], clock=SandboxClock()) for name in ("pipedrive", "google")}
    state: dict[str, Any] = {
        "sandbox": SimpleNamespace(**services),
        "google": SimpleNamespace(service_account_key=lambda: known["key"]),
        "tokens": known["tokens"],
        "folder": Path(known["folder"]),
        "base": datetime.fromisoformat(known["base"]),
        "offset": timedelta(seconds=known["offset_s"]),
        "engine": create_store_engine(known["store_url"]),
        "_numbers": itertools.count(FIRST_NUMBER),
        "_clients": {},
        "_begun": set(),
        "_passing": threading.Lock(),
        "accounts": [],
    }
    vars(made).update(state)
    return made


def live(known: dict[str, Any], answer: int, log: str) -> None:
    """One run, as a process of its own."""
    logging.basicConfig(filename=log, level=logging.DEBUG, force=True)
    company = firm(known)
    fate = Fate(known["at"], after=known["after"])
    with fate.on(company.engine):
        summary = company.sync()
    steps = [asdict(step) for step in fate.steps]
    with os.fdopen(answer, "w") as out:
        json.dump({"failure": summary.failure, "steps": steps}, out)


def serve(log: str) -> None:
    """Fork a process for each line, and tell how it ended."""
    apply.PARALLEL_ACCOUNTS = apply.IN_FLIGHT = pull.PARALLEL_CALENDARS = open_run.PARALLEL_ACCOUNTS = 1
    for line in sys.stdin:
        ours, theirs = os.pipe()
        child = os.fork()
        if not child:
            code = 1
            with suppress(Exception):
                os.close(ours)
                live(json.loads(line), theirs, log)
                code = 0
            os._exit(code)
        os.close(theirs)
        with os.fdopen(ours) as said:
            told = json.loads(said.read() or "{}")
        _, status = os.waitpid(child, 0)
        ended = {"signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None, "failure": "raised"}
        sys.stdout.write(json.dumps(ended | told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve(sys.argv[1])
