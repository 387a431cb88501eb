"""What is left after a fault, judged by the outcomes (a) to (g) that every fault has to have.

(a) both sides are equal; (b) one item per key on each side; (c) a third run writes nothing; (d) every edit is on both
sides or in the log; (e) no request was malformed or needless; (f) no secret in a log; (g) no failure looks green.
"""

from __future__ import annotations

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from include.calsync.flows.closing.close import Summary
from include.calsync.store.tables import hold, lease, quarantine, run_account, sync_run
from include.sandbox.base import Recorded
from tests.checks.faults.work import TYPED, Moment
from tests.flows.judging import lost_values, mapping_of, picture
from tests.laws.company import Company
from tests.laws.judge import Judge, Violation

LETTERS = "abcdefg"
LAWS = {"law 1": "b", "law 2": "d", "law 3": "d", "law 5": "a", "law 7": "d", "law 9": "e"}
MALFORMED = {400, 401, 403, 405, 406, 411, 413, 414, 415, 422, 429}
LONGEST_RUN_S = 1800
READS_MORE = 12
"""Reads that one struck request may cause beyond its retries: the next run lists again, and looks at what was open."""

Bad = dict[str, list[str]]


@dataclass
class Want:
    """What comes of the run that nothing strikes."""

    picture: dict[str, Any]
    lost: list[str]
    writes: Counter[str]
    reads_count: int


def write_key(request: Recorded) -> str:
    """Service, method and kind of item: the ids of new items differ from case to case."""
    return f"{request.service} {request.method} {request.operation}"


class Case:
    """One case: runs that are watched, and what was wrong with them."""

    def __init__(self, moment: Moment, secrets: list[str]) -> None:
        self.company: Company = moment.restore()
        self.judge: Judge = moment.restored_judge()
        self.secrets = secrets
        self.bad: Bad = defaultdict(list)
        self.sent: list[Recorded] = []
        self.last: list[Recorded] = []
        """Requests of the last run."""
        self.strikes_count = 0

    def note(self, letter: str, text: str) -> None:
        self.bad[letter].append(text)

    # Runs.

    def run(self, *, must_be_green: bool = False, full: bool = False) -> Summary | None:
        """One run, and the laws after it. None: it raised."""
        before = self._troubles()
        started = self.company.offset
        try:
            with self._watched():
                summary = self.company.sync(full=full)
        except Exception as error:  # noqa: BLE001  a run that raises is a finding, not the end of the table
            self.note("g", f"raised {type(error).__name__}: {error}")
            return None
        if (self.company.offset - started).total_seconds() > LONGEST_RUN_S:
            self.note("e", f"took {self.company.offset - started}")
        self._is_honest(summary, before, self._troubles())
        if must_be_green and summary.failure:
            self.note("g", f"not green: {summary.failure}")
        self.look()
        return summary

    @contextmanager
    def _watched(self) -> Iterator[None]:
        services = (self.company.sandbox.pipedrive, self.company.sandbox.google)
        for service in services:
            service.reset_requests()
        with self.no_secrets():
            try:
                yield
            finally:
                self.take_requests()

    def take_requests(self) -> None:
        services = (self.company.sandbox.pipedrive, self.company.sandbox.google)
        self.last = [request for service in services for request in service.requests]
        self.sent += self.last

    @contextmanager
    def no_secrets(self) -> Iterator[None]:
        handler = _Scan(self.secrets)
        root = logging.getLogger("include.calsync")
        level, root.level = root.level, logging.DEBUG
        others, root.handlers = root.handlers, [handler]
        root.propagate = False
        try:
            yield
        finally:
            root.level, root.handlers, root.propagate = level, others, True
            self.bad["f"] += handler.found

    def look(self) -> None:
        self._lawful(self.judge.look)

    def _lawful(self, look: Any) -> None:
        try:
            look()
        except Violation as violation:
            letter = next((letter for law, letter in LAWS.items() if str(violation).startswith(law)), "a")
            self.note(letter, str(violation))

    # Outcome g.

    def _troubles(self) -> dict[str, Any]:
        with self.company.engine.connect() as conn:
            attempts = {
                (row.account_id, row.side, row.item_id): row.attempts for row in conn.execute(select(quarantine))
            }
            latest = select(sync_run.c.id).order_by(sync_run.c.started_at.desc()).limit(1).scalar_subquery()
            failed = conn.execute(
                select(run_account.c.settings).where(run_account.c.run_id == latest, run_account.c.state == "failed")
            )
            return {
                "attempts": attempts,
                "failed": [settings["name"] for (settings,) in failed],
                "holds": set(conn.execute(select(hold.c.id)).scalars()),
            }

    def _is_honest(self, summary: Summary, before: dict[str, Any], after: dict[str, Any]) -> None:
        said = summary.failure or ""
        for name in after["failed"]:
            if name not in said:
                self.note("g", f"account {name} failed unnamed: {said!r}")
        states = {name: result["state"] for name, result in summary.result["accounts"].items()}
        if not said and "failed" in states.values():
            self.note("g", f"green with {states}")
        for key, attempts in after["attempts"].items():
            if attempts > before["attempts"].get(key, 0) and not said:
                self.note("g", f"green although {key} entered quarantine")
        if after["holds"] - before["holds"] and not said:
            self.note("g", "green although a hold was opened")

    # The end.

    def settle(self, want: Want, strikes_count: int, wait_s: float, *, hidden: bool = False) -> None:
        """The fault is gone and time has passed: two runs, and a third that has nothing to do.

        `hidden`: something was kept back, for the first run to find it by reading everything.
        """
        self.company.pass_time(wait_s)
        self.company.restart()
        self.run(must_be_green=True, full=hidden)
        self.run(must_be_green=True)
        self._lawful(self.judge.settled)
        if not hidden:
            self._same_world(want)
        known = mapping_of(self.company)
        self.run(must_be_green=True)
        if writes := [f"{request.method} {request.path}" for request in self.last if _writes(request)]:
            self.note("c", f"the third run writes {writes}")
        if mapping_of(self.company) != known:
            self.note("c", "the third run changes the mapping")
        self._least(want, strikes_count)

    def _same_world(self, want: Want) -> None:
        seen = picture(self.company)
        for name, letter in (("activities", "a"), ("events", "a"), ("pairs", "a"), ("intents", "a"), ("aside", "a")):
            if seen[name] != want.picture[name]:
                here, there = Counter(map(str, seen[name])), Counter(map(str, want.picture[name]))
                twice = [each for each, count in (here - there).items() if there[each] and count]
                self.note("b" if twice else letter, f"{name}: more {here - there}, less {there - here}")
        if lost_values(self.company) != want.lost:
            self.note("d", f"lost values: {lost_values(self.company)}, not {want.lost}")

    # Outcome e.

    def _least(self, want: Want, strikes_count: int) -> None:
        for request in self.sent:
            if request.fault is None and (request.status in MALFORMED or request.status >= 500):
                self.note("e", f"answered {request.status}: {request.method} {request.path}")
        # An insert that meets an id in use is followed by one with the next id. A write whose condition fails (412)
        # writes nothing, and one listing that was cut may hide several edits: it counts as a read.
        refused = (409, 412)
        writes = Counter(
            write_key(request) for request in self.sent if _writes(request) and request.status not in refused
        )
        for key, count in writes.items():
            if count > want.writes[key] + strikes_count:
                self.note("e", f"{count} of {key}, not {want.writes[key]} + {strikes_count}")
        reads_count = sum(not _writes(request) or request.status == 412 for request in self.sent)
        allowed = 2 * want.reads_count + strikes_count + READS_MORE
        if reads_count > allowed:
            self.note("e", f"{reads_count} reads, not {allowed}")


def _writes(request: Recorded) -> bool:
    return request.method != "GET" and "token" not in request.path


class _Scan(logging.Handler):
    """Looks for what no log may hold."""

    def __init__(self, words: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self.words, self.found = words, list[str]()

    def emit(self, record: logging.LogRecord) -> None:
        self.found += scan(self.format(record), self.words)


def scan(text: str, words: list[str]) -> list[str]:
    """What no log may hold and this one does: credentials, and what people typed."""
    pattern = "|".join([*map(re.escape, [*words, *TYPED]), r"ya29\.", r"eyJ[\w-]+\.", "PRIVATE KEY"])
    return [f"{hit[:8]}… in a log" for hit in re.findall(pattern, text)]


def secrets_of(company: Company) -> list[str]:
    key = company.google.service_account_key()["private_key"]
    return [*company.tokens.values(), key.splitlines()[1], key[-60:-30]]


def leased_until(company: Company) -> datetime | None:
    """When the last lease ends; None: nobody holds one."""
    with company.engine.connect() as conn:
        rows = [row.expires_at for row in conn.execute(select(lease)) if row.owner and row.expires_at > company.clock()]
    return max(rows, default=None)


def untouched(moment: Moment, secrets: list[str]) -> tuple[Want, list[Recorded]]:
    """What comes of the run alone, and its requests."""
    case = Case(moment, secrets)
    moment.work.short_pages()
    case.run(must_be_green=True)
    requests = list(case.last)
    case.company.pass_time(600)
    case.company.restart()
    for _ in range(3):
        case.run(must_be_green=True)
    case._lawful(case.judge.settled)
    if any(case.bad.values()):
        raise AssertionError(f"the run that nothing strikes is not sound: {dict(case.bad)}")
    writes = Counter(write_key(request) for request in case.sent if _writes(request) and request.status != 409)
    reads_count = sum(not _writes(request) for request in case.sent)
    return Want(picture(case.company), lost_values(case.company), writes, reads_count), requests
