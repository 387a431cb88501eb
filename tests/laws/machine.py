"""The state machine: people edit both sides, runs come and go, and everything that can go wrong does."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from include.calsync.core.words import Absence
from include.calsync.errors import LeaseLost
from include.calsync.flows import holds
from include.calsync.flows.applying import apply
from include.calsync.flows.closing.close import Summary
from include.calsync.flows.opening import open_run
from include.calsync.flows.pulling import pull
from include.calsync.store.holds import items_of
from include.calsync.store.transaction import reading
from include.sandbox.server import Sandbox
from tests.flows.killing import Killed, Killer
from tests.flows.world import TASKS, day
from tests.laws.company import Company, mapping_of, times, with_text
from tests.laws.customers import Customers
from tests.laws.judge import Judge, Violation
from tests.laws.ledger import Node
from tests.laws.meanwhile import before_request
from tests.laws.people import PAUSE, PICK
from tests.laws.series import add
from tests.laws.trouble import TROUBLES, calm
from tests.laws.undoing import Undoing

LEASE_S = 301
LONG_ENOUGH_S = 25 * 3600
"""Longer than any quarantine, pause, lease, and the time after which a lost request is sent again."""


@dataclass
class Figures:
    """What was done, over all examples."""

    examples: int = 0
    runs: Counter[str] = field(default_factory=Counter)
    edits: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    fates: Counter[str] = field(default_factory=Counter)
    decided: Counter[str] = field(default_factory=Counter)
    deaths: int = 0
    settled: int = 0
    violations: int = 0


FIGURES = Figures()

TROUBLE = st.lists(
    st.tuples(st.sampled_from(sorted(TROUBLES)), st.integers(1, 5), st.sampled_from([1, 1, 1, 2, 5])), max_size=2
)
# A comparison may be the first to see what was done and undone while a listing hid it.
AS_READ = frozenset({"etag", "event_raw", "activity_raw"})
WAYS: dict[str, dict[str, Any]] = {
    "incremental": {},
    "full": {"full": True},
    "dry": {"dry_run": True},
    "one account": {"accounts": ["anna"], "kind": "manual"},
    "backfill": {"kind": "backfill"},
    "reconcile": {"kind": "manual", "reconcile": True},
    "reconcile backfill": {"kind": "backfill", "reconcile": True},
    "upload to google": {"upload": "to_google"},
    "upload to pipedrive": {"upload": "to_pipedrive"},
    "upload both": {"upload": "both"},
}
FATES = st.dictionaries(st.sampled_from(TASKS), st.sampled_from(["failed", "skipped", "twice"]), min_size=1, max_size=2)
WAY = st.sampled_from(["incremental"] * 6 + sorted(WAYS))
SETTINGS = st.sampled_from(
    [
        {"done": "remove"},
        {"done": "prefix"},
        {"colors": {"call": 5, "task": 7}},
        {"done": "keep"},
        {"activity_types": ["call", "meeting"]},
        {"activity_types": None},
        {"on_event_deleted": "done"},
        {"on_event_deleted": "keep"},
        {"on_event_deleted": "delete"},
        {"on_activity_deleted": "keep"},
        {"on_activity_deleted": "delete"},
        {"conflict": "google"},
        {"conflict": "pipedrive"},
        {"conflict": "newest"},
        {"title": ["subject", "deal"]},
        {"include_context": False},
        {"private_events": "skip"},
        {"private_events": "busy"},
        {"private_events": "full"},
    ]
)


class Laws(Customers):
    """One company's life."""

    make_store: ClassVar[Callable[[Path], str]] = staticmethod(lambda folder: f"sqlite:///{folder / 'calsync.db'}")

    make_company: ClassVar[Callable[[Sandbox, Path, str], Company]] = Company

    def __init__(self) -> None:
        super().__init__()
        FIGURES.examples += 1
        self.stack = ExitStack()
        folder = Path(tempfile.mkdtemp())
        self.stack.callback(shutil.rmtree, folder, ignore_errors=True)
        self.sandbox = self.stack.enter_context(Sandbox(seed=1))
        patch = self.stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(apply, "PARALLEL_ACCOUNTS", 1)  # so that most failures can be repeated
        patch.setattr(pull, "PARALLEL_CALENDARS", 1)
        patch.setattr(open_run, "PARALLEL_ACCOUNTS", 1)
        self.company = type(self).make_company(self.sandbox, folder, type(self).make_store(folder))
        self.stack.callback(self.company.engine.dispose)
        self.judge = Judge(self.company)
        self.armed: dict[int, str] = {}
        self.broken = False
        self.interrupted = False
        self.told: list[str] = []
        """The story of this life: several writes are under way at a time, so that it may not come about again."""

    # The beginning.

    @initialize(
        skew=st.tuples(st.sampled_from([0, 0, -600, 600]), st.sampled_from([0, 0, -600, 600])),
        limited=st.booleans(),
        settings=st.lists(SETTINGS, max_size=2),
        careful=st.booleans(),
    )
    def connect(self, skew: tuple[int, int], limited: bool, settings: list[dict[str, Any]], careful: bool) -> None:
        """Clocks that disagree; something from before the accounts were connected; the first run."""
        company = self.company
        company.limited = limited
        self.sandbox.pipedrive.clock.advance(skew[0])
        self.sandbox.google.clock.advance(skew[1])
        row = company.activity("Old")
        event = company.event("Old event")
        company.pass_time(7200)
        for change in settings:
            self._configure("anna", change)
        if careful:
            company.anna_is(max_delete_count=1, max_delete_ratio=0.1)
        company.tell = self.told.append  # people also act in the middle of a run, in other threads
        company.green()
        nodes: list[Node] = [("activity", row["id"]), ("event", company.calendar, event["id"])]
        stamps = [company.pipedrive.activities[row["id"]]["update_time"], event["updated"]]
        for node, stamp in zip(nodes, stamps, strict=True):
            company.ledger.births[node] += 1
            self.judge.old = {**self.judge.old, node: stamp + "~"}
        org = company.orgs[0]
        company.person_adds_activity(subject="Call", deal_id=company.deals[0], org_id=org, location="Bar")
        company.person_adds_event(company.calendar, "Lunch", location="Bar")
        for number in range(4):
            at, half_hour = f"{number + 14}:00", timedelta(minutes=30)
            company.person_adds_activity(subject=f"Visit {number}", due_time=at, deal_id=company.deals[number % 2])
            company.person_adds_event(company.calendar, f"Walk {number}", **times(day(2), at, half_hour))
        add(company, company.calendar, "Jour fixe", "FREQ=WEEKLY;COUNT=3", 2, "13:00", 60)
        company.person_adds_event(company.bert_calendar, "Fair", **times(day(2), None, timedelta(days=3)))
        company.green()

    def _configure(self, name: str, change: dict[str, Any]) -> None:
        if "title" in change:
            self.company.title_orders.append(tuple(change["title"]))
        self.company.rearranged |= "private_events" in change
        self.company.account(name=name, **change)

    # The company's own settings, and time.

    @rule(change=SETTINGS, name=st.sampled_from(["anna", "anna", "bert"]))
    def configure(self, change: dict[str, Any], name: str) -> None:
        self._configure(name, change)
        self.company.did("settings", None, (name, change))

    @rule(pause=st.sampled_from([90, 400, 4000, LONG_ENOUGH_S]))
    def wait(self, pause: int) -> None:
        self.company.pass_time(pause)

    @rule(approve=st.booleans())
    def decide(self, approve: bool) -> None:
        """A person decides about all that is held; the next runs do it."""
        services = self.company.services()
        for hold in holds.waiting(services):
            if approve and hold.rule == Absence.HIDDEN:
                with reading(services.engine) as conn:
                    let_go = {held.link_id for held in items_of(conn, hold.id)}
                mine = [row for row in self.company.links() if row.id in let_go]
                self.company.given_up |= {("event", row.calendar_id, row.event_id) for row in mine}
            holds.decide(services, hold.id, approve=approve, by="olga")
            self.told.append(f"  hold {hold.id} ({hold.rule}): {'approved' if approve else 'rejected'}")
            FIGURES.decided["approved" if approve else "rejected"] += 1

    # Runs.

    # Three times, because people are not as busy as the schedule.
    @rule(pause=PAUSE)
    def scheduled_run(self, pause: int) -> None:
        self._go("incremental")
        self.company.pass_time(pause)

    @rule(pause=PAUSE)
    def next_run(self, pause: int) -> None:
        self.scheduled_run(pause)

    @rule(troubles=TROUBLE, pause=PAUSE)
    def troubled_run(self, troubles: list[tuple[str, int, int]], pause: int) -> None:
        self.run("incremental", troubles, pause)

    @rule(way=WAY, troubles=TROUBLE, pause=PAUSE)
    def run(self, way: str, troubles: list[tuple[str, int, int]], pause: int) -> None:
        self._arm(troubles)
        self._go(way)
        self._disarm()
        self.company.pass_time(pause)

    @rule(way=WAY, fates=FATES, pause=PAUSE)
    def broken_run(self, way: str, fates: dict[str, str], pause: int) -> None:
        """Some tasks fail for good, are marked as success by hand, or run twice; the last one runs all the same."""
        self._go(way, fates=fates)
        for task, fate in fates.items():
            FIGURES.fates[f"{task} {fate}"] += 1
        self.company.pass_time(pause)

    @rule(way=WAY, troubles=TROUBLE, at=st.integers(0, 70))
    def killed_run(self, way: str, troubles: list[tuple[str, int, int]], at: int) -> None:
        """The process dies before its request or commit number `at`."""
        self._arm(troubles)
        killer = Killer(at)
        with killer.on(self.company):
            try:
                self._go(way)
            except Killed as death:
                FIGURES.deaths += 1
                self.told.append(f"  {way}: killed {death}")
        self._disarm()

    @rule(way=WAY, at=st.integers(0, 30), what=st.sampled_from(["edit", "second", "takeover", "delete"]), n=PICK)
    def interrupted_run(self, way: str, at: int, what: str, n: int) -> None:
        """In the middle of a run, before its request number `at`, something else happens."""
        acts: dict[str, Callable[[], None]] = {
            "edit": lambda: self._meanwhile(n),
            "delete": lambda: self._deleted_meanwhile(n),
            "second": self._second,
            "takeover": self._takeover,
        }
        self.interrupted = True
        with before_request(at, acts[what]):
            try:
                self._go(way)
            except LeaseLost:
                _check(what == "takeover", "only a run that was taken over may lose its lease")
        self.interrupted = False

    def _meanwhile(self, n: int) -> None:
        found, other = self._pick("activity", n), self._pick("event", n)
        if found is not None:
            self.company.person_edits_activity(found[1], "place", location=f"Meanwhile {n}")
        if other is not None:
            self.company.person_edits_event(other[0][1], other[1], "text", {"description": f"Just now {n}"},
                                            description=with_text(other[1], f"Just now {n}"))  # fmt: skip

    def _deleted_meanwhile(self, n: int) -> None:
        found = self._pick("event" if n % 2 else "activity", n)
        if found is not None and found[0][0] == "event":
            self.company.person_deletes_event(found[0][1], found[1])
        elif found is not None:
            self.company.person_deletes_activity(found[1])

    def _takeover(self) -> None:
        self.company.pass_time(LEASE_S)
        self._second()

    def _second(self) -> None:
        self._go("incremental")

    def _arm(self, troubles: list[tuple[str, int, int]]) -> None:
        for name, nth, strikes in troubles:
            self.told.append(f"  from the next, number {nth}, {strikes} times: {name}")
            fault = TROUBLES[name].arm(self.sandbox, nth, strikes)
            if fault is None:
                FIGURES.faults[name] += 1
            else:
                self.armed[id(fault)] = name

    def _disarm(self) -> None:
        for service in (self.sandbox.pipedrive, self.sandbox.google):
            for fault, _, _ in service.faults.struck:
                FIGURES.faults[self.armed[id(fault)]] += 1
                self.company.cut |= self.armed[id(fault)] == "google: list cut, still parses"
        calm(self.sandbox)
        self.armed.clear()

    def _go(self, way: str, fates: dict[str, str] | None = None) -> Summary:
        company, options = self.company, {**WAYS[way], "fates": fates}
        FIGURES.runs[way] += 1
        company.apart |= "accounts" in options or self.interrupted
        if "accounts" in options and "anna" in company.away:
            options["accounts"] = ["bert"]
        if way == "backfill":
            options["interval"] = (company.clock() - timedelta(hours=2), company.clock() + timedelta(minutes=1))
        if way == "reconcile backfill":
            since = datetime.fromisoformat(f"{day(1)}T00:00:00+00:00")
            options["interval"] = (since, since + timedelta(days=2))
        if way == "dry" and not self.interrupted:
            stored = mapping_of(company)
            with company.requests():
                summary = company.sync(**options)
            _check(company.writes() == 0, "a dry run wrote")
            _check(mapping_of(company) == stored, "a dry run changed the mapping")
        elif "upload" in options:
            summary = company.upload(direction=options["upload"], fates=fates)
        else:
            summary = company.sync(**options)
        self.told.append(f"  {way} {fates or ''}: {summary.failure or 'green'}")
        return summary

    @invariant()
    def laws_hold(self) -> None:
        if self.judge.read_log >= 0 and not self.broken:
            self._judged(self.judge.look)

    def _judged(self, look: Callable[[], None]) -> None:
        try:
            look()
        except BaseException as error:
            error.add_note("\n".join(self.told))
            self.broken = True
            FIGURES.violations += 1
            raise

    # The end of trouble.

    @rule(now=st.integers(0, 3))
    def settle(self, now: int) -> None:
        """Faults end, time passes: two runs make both sides equal (law 5), and a third writes nothing (law 4)."""
        if now == 0:
            self._judged(self._settle)

    def _settle(self) -> None:
        company = self.company
        self._disarm()
        company.impatient = False
        company.put_back()
        company.person_shows_again()
        for name in company.calendars:
            company.account(name=name, enabled=True)
        company.pass_time(LONG_ENOUGH_S)
        self.told.append("settle")
        if company.cut or company.left:
            self._go("reconcile")
            company.cut = company.left = False
        for _ in range(2):
            summary = company.sync()
            _check(all(a["state"] == "ok" for a in summary.result["accounts"].values()), f"not well: {summary.failure}")
            _check(summary.failure is None or "held" in summary.failure, f"not green: {summary.failure}")
            self.judge.look()
        if self.judge.handed_on():  # by the second run, as its occurrence was given up only then
            company.green()
        self.judge.settled(company.unseen)
        if company.unseen:
            _check(self._go("reconcile").failure is None, "a comparison is not green")
            company.unseen.clear()
            self.judge.settled()
        before = mapping_of(company)
        with company.requests() as seen:
            company.sync()
        _check(company.writes() == 0, f"law 4: the third run writes: {seen}")
        _check(
            mapping_of(company) == before,
            f"law 4: the third run changes the mapping: {_new(before, mapping_of(company))}",
        )
        before = mapping_of(company, but_for=AS_READ)
        for way in ("reconcile", "reconcile backfill"):
            end = company.log_end()
            with company.requests():
                self._go(way)
            written = [(row.action, row.reason, row.activity_id, row.calendar_id, row.event_id)
                       for row in company.changes() if row.id > end]  # fmt: skip
            _check(company.writes() == 0, f"law 4: a {way} finds something to write: {written}")
            after = mapping_of(company, but_for=AS_READ)
            _check(after == before, f"law 4: a {way} changes the mapping: {_new(before, after)}")
        self.judge.look()
        company.impatient, company.apart = True, False
        FIGURES.settled += 1

    def _undo(self) -> None:
        """What was written can be taken back (law 12). It is the end: the judge is not told what people undid."""
        undoing = Undoing(self.company)
        for step in (undoing.a_run_is_taken_back, undoing.an_account_is_left_and_comes_back):
            wrong = step()
            _check(wrong is None, wrong or "")

    def teardown(self) -> None:
        try:
            if not self.broken:
                self._judged(self._settle)
                if FIGURES.examples % 3 == 0:  # it takes as long as some lives
                    self._judged(self._undo)
        finally:
            FIGURES.edits.update(self.company.ledger.edits)
            self.stack.close()


def _check(holds: bool, text: str) -> None:
    if not holds:
        raise Violation(text)


def _new(before: list[tuple[Any, ...]], after: list[tuple[Any, ...]]) -> str:
    """The links that are not as before, for a person to read."""
    gone, come = ([link for link in one if link not in other] for one, other in ((before, after), (after, before)))
    return f"{gone} → {come}"


__all__ = ["FIGURES", "Figures", "Laws"]
