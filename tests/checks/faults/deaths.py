"""Dying at each request and each commit of the run: as an exception that nobody catches, and by SIGKILL."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError

from tests.checks.faults import victims
from tests.checks.faults.outcomes import Case, Want, leased_until, scan
from tests.checks.faults.strikes import SOON_S
from tests.checks.faults.victims import Step
from tests.checks.faults.work import Moment, Work
from tests.flows import victim
from tests.flows.killing import Killed, Killer

ROOT = Path(__file__).parents[3]
OWN_REMOVALS = ("no date", "other type", "handed over", "done")


@dataclass(frozen=True)
class Death:
    """Before or after the step number `at` (from 1); `ids`: the faults of the page that it is a case of."""

    at: int
    after: bool
    sigkill: bool
    step: Step
    ids: tuple[str, ...] = field(compare=False, default=("F07",))

    def __str__(self) -> str:
        how = "SIGKILL" if self.sigkill else "raised"
        moment = "after" if self.after else "before"
        return f"--only {self.ids[-1]} --at {self.at}: {how} {moment} {self.step.kind} {self.step.what}"


class Victims:
    """Processes that die: one that is warm, and forks a new one for each case."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.log = folder / "victim.log"
        command = [sys.executable, "-m", victims.__name__, str(self.log)]
        self._process = stack.enter_context(
            subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
            )
        )
        stack.callback(self._process.stdin.close)  # type: ignore[union-attr]

    def run(self, work: Work, at: int | None = None, *, after: bool = False) -> dict[str, Any]:
        """One run in a new process. Returns what became of it: `signal`, `steps`, `failure`."""
        self.log.write_text("")
        company = work.company
        known = json.loads(victim.arguments(company)) | {"base": company.base.isoformat(), "at": at, "after": after}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(known) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the process that forks the victims is gone"
        answer: dict[str, Any] = json.loads(line)
        return answer


def steps_of(moment: Moment, victims: Victims) -> list[Step]:
    """What the run does, in order, as another process does it."""
    moment.restore()
    moment.work.short_pages()
    ended = victims.run(moment.work)
    assert ended["signal"] is None, ended
    assert ended["failure"] is None, ended
    return [Step(**step) for step in ended["steps"]]


def deaths(work: Work, steps: list[Step]) -> Iterator[Death]:
    """Each moment, by exception (before each step, and after the last) and by SIGKILL (before and after each)."""
    ids = _ids(work, steps)
    for at, step in enumerate(steps, 1):
        for after in (False, True):
            yield Death(at, after, True, step, ids[at - 1, after])
        yield Death(at, False, False, step, ids[at - 1, False])


def _ids(work: Work, steps: list[Step]) -> dict[tuple[int, bool], tuple[str, ...]]:
    """Of which faults a moment is a case: (number from 0, after) to ids."""
    found: dict[tuple[int, bool], list[str]] = {
        (at, after): ["F07"] for at in range(len(steps)) for after in (False, True)
    }

    def add(fault: str, first: int, last: int) -> None:
        """From just after one step until just before another."""
        for at in range(first, last + 1):
            for after in (False, True):
                if (first, True) <= (at, after) <= (last, False):
                    found[at, after].append(fault)

    own = [work.event(title)[1]["id"] for title in OWN_REMOVALS]
    for at, step in enumerate(steps):
        if step.kind == "commit" and "cursor" in step.what.split():
            found[at, False].append("F04")
            found[at, True].append("F04")
        committed = next((n for n in range(at + 1, len(steps)) if steps[n].kind == "commit"), at)
        for fault in _unheard(step, own):
            add(fault, at, committed)
        following = next((n for n in range(at + 1, len(steps)) if steps[n].kind == "request"), at)
        if _LISTS.search(step.what) and following != at and steps[following].what == step.what:
            add("F05", at, following)
    for fault, title in (("F03", "fight"), ("F09", "apart")):
        first, last = _writes_of(work, steps, title)
        add(fault, first, last)
    return {moment: tuple(faults) for moment, faults in found.items()}


_LISTS = re.compile("^GET .*/(events|activities)$")


def _unheard(step: Step, own_removals: list[str]) -> Iterator[str]:
    """Of which faults it is a case to die after this request and before the commit that follows."""
    if re.match(r"POST .*/calendars/.*/events$", step.what):
        yield "F01"
    if re.match(r"POST .*/api/v2/activities$", step.what):
        yield "F02"
    if step.what.startswith("DELETE") and step.what.rpartition("/")[2] in own_removals:
        yield "F08"


def _writes_of(work: Work, steps: list[Step], title: str) -> tuple[int, int]:
    """Where the event and the activity of a pair are written."""
    number = work.numbers[title]
    event_id = next(row.event_id for row in work.company.links() if row.activity_id == number)
    first = next(n for n, step in enumerate(steps) if step.what.startswith("PATCH") and step.what.endswith(event_id))
    ends = f"/activities/{number}"
    return first, next(n for n, step in enumerate(steps) if step.what.startswith("PATCH") and step.what.endswith(ends))


def judge(death: Death, moment: Moment, secrets: list[str], want: Want, victims: Victims) -> Case:
    """The case, carried out."""
    case = Case(moment, secrets)
    company = case.company
    moment.work.short_pages()
    for service in (company.sandbox.pipedrive, company.sandbox.google):
        service.reset_requests()
    died = _killed(death, moment, victims, case) if death.sigkill else _raised(death, case)
    case.take_requests()
    if not died:
        case.note("e", "nobody died: the table is wrong, not the product")
    company.pass_time(1)
    company.restart()
    case.look()
    if leased_until(company) is not None:
        summary = case.run(must_be_green=True)
        states = {seen["state"] for seen in summary.result["accounts"].values()} if summary is not None else set()
        if states == {"busy"} and any(request.method != "GET" and "token" not in request.path for request in case.last):
            case.note("e", "a run wrote to accounts that the dead one still holds")
    case.settle(want, 1, SOON_S)
    return case


@dataclass(frozen=True)
class StoreTrouble:
    """The store fails at its commit number `at` (from 1): once, once after it was carried out, or from then on."""

    id: str
    name: str
    at: int
    after: bool = False
    for_good: bool = False

    def __str__(self) -> str:
        return f"--only {self.id} --at {self.at}: {self.name} at this commit"


def store_troubles(steps: list[Step]) -> Iterator[StoreTrouble]:
    """Each kind of trouble at each commit of the run."""
    for at in range(1, 1 + sum(step.kind == "commit" for step in steps)):
        yield StoreTrouble("F701", "database is locked", at)
        yield StoreTrouble("F701", "connection dropped after the commit", at, after=True)
        yield StoreTrouble("F702", "disk is full from here on", at, for_good=True)


def judge_store(trouble: StoreTrouble, moment: Moment, secrets: list[str], want: Want) -> Case:
    """The case, carried out: the run may end with the store's error, as a failed task does."""
    case = Case(moment, secrets)
    company = case.company
    moment.work.short_pages()
    for service in (company.sandbox.pipedrive, company.sandbox.google):
        service.reset_requests()
    count = 0

    def begin() -> None:
        nonlocal count
        count += 1
        if not trouble.after:
            fail()

    def fail() -> None:
        if count == trouble.at or (trouble.for_good and count > trouble.at):
            dbapi: Any = company.engine.dialect.dbapi
            raise dbapi.OperationalError(trouble.name)

    done = fail if trouble.after else lambda: None
    with case.no_secrets(), victims.commits(company.engine, begin, done), suppress(OperationalError):
        company.sync()
    case.take_requests()
    if count < trouble.at:
        case.note("e", "nothing failed: the table is wrong, not the product")
    company.restart()
    case.look()
    case.settle(want, 1, SOON_S)
    return case


def _killed(death: Death, moment: Moment, victims: Victims, case: Case) -> bool:
    ended = victims.run(moment.work, death.at, after=death.after)
    case.bad["f"] += scan(victims.log.read_text("utf-8"), case.secrets)
    return bool(ended["signal"] == signal.SIGKILL)


class _AtWrites(Killer):
    """Numbers only what changes something durable, or is a request, as the victims do."""

    def step(self, kind: str, what: str) -> None:
        if kind == "request":
            super().step(kind, what)

    def commit(self) -> None:
        super().step("commit", "")


def _raised(death: Death, case: Case) -> bool:
    killer = _AtWrites(death.at - 1)
    try:
        with case.no_secrets(), killer.on(case.company), victims.commits(case.company.engine, killer.commit):
            case.company.sync()
    except Killed:
        return True
    return killer.dead
