"""One fixed, small run of all kinds of actions, and the way back to the moment before it."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from include.calsync.flows.applying import apply
from include.calsync.flows.opening import open_run
from include.calsync.flows.pulling import pull
from include.sandbox.faults import Fault
from include.sandbox.server import Sandbox
from tests.flows.killing import Snapshot
from tests.flows.world import day
from tests.laws.company import Company, times
from tests.laws.judge import Judge
from tests.store.conftest import Databases

HALF_HOUR = timedelta(minutes=30)
TYPED = ("Zebra", "Okapi", "Quokka", "Wombat", "Numbat")
"""Words that people type, and that no log may repeat."""

# By account: name, whose event is deleted and so on. Titles tell what has become of a pair.
PAIRS: dict[str, tuple[str, ...]] = {
    "anna": (
        "edited here", "edited there", "apart", "fight", "activity gone", "event gone", "activity gone, event edited",
        "event gone, activity edited", "both gone", "no date", "other type", "handed over", "done",
    ),
    "bert": ("finished", "kept"),
    "dora": ("rebased",),
}  # fmt: skip


class Work:
    """A company just before the run; `judge` watches it."""

    def __init__(self, company: Company) -> None:
        self.company, self.judge = company, Judge(company)
        self.dora, calendar = company.add_colleague("dora", mode="to_google")
        company.calendars["dora"], company.owners["dora"] = calendar, self.dora
        company.anna_is(done="remove", activity_types=["call", "meeting"])
        company.account(name="bert", on_event_deleted="done", on_activity_deleted="keep")
        company.green()
        self._pairs()
        self._unmarked()
        self._deleted_long_ago()
        self.judge.look()
        self.numbers = {row["subject"]: row["id"] for row in company.activities()}
        company.pass_time(600)
        self._edit()
        self._create()
        company.account(name="dora", mode="all_events")
        company.restart()
        self.judge.look()

    def _pairs(self) -> None:
        company = self.company
        for name, titles in PAIRS.items():
            for at, title in enumerate(titles):
                company.person_adds_activity(
                    subject=title, owner_id=company.owners[name], due_date=day(20 + at), deal_id=None
                )
        company.person_adds_event(company.calendar, "authored", **times(day(40), "10:00", HALF_HOUR))
        company.green()
        company.pass_time(100)
        company.green()

    def _unmarked(self) -> None:
        """A pair whose event could not be marked yet."""
        company = self.company
        fault = Fault("status", status=503, method="PATCH", times=0)
        company.sandbox.google.faults.add(fault)
        company.person_adds_event(company.calendar, "unmarked", **times(day(41), "10:00", HALF_HOUR))
        company.sync()
        company.sandbox.google.faults.clear()

    def _deleted_long_ago(self) -> None:
        """It takes two runs to be sure that an activity is gone; this is the first of them."""
        company = self.company
        for title in ("activity gone", "activity gone, event edited", "both gone", "kept"):
            company.person_deletes_activity(self.activity(title))
        # A run that looks for deletions and nothing else: no marks are made up for.
        company.sandbox.google.faults.add(Fault("status", status=503, method="PATCH", times=0))
        company.sync()
        company.sandbox.google.faults.clear()

    def activity(self, title: str) -> dict[str, Any]:
        return next(row for row in self.company.activities() if row["subject"] == title)

    def event(self, title: str) -> tuple[str, dict[str, Any]]:
        for calendar in self.company.calendars.values():
            for event in self.company.events(calendar):
                if event["summary"] == title:
                    return calendar, event
        raise LookupError(title)

    def _edit(self) -> None:
        company, types = self.company, self._type
        edit = company.person_edits_activity
        edit(self.activity("edited here"), "time", due_time="17:00", location=TYPED[0])
        types("edited there", {"subject": f"{TYPED[1]} there", "place": "Bar"}, location="Bar")
        edit(self.activity("apart"), "time", due_time="18:00")
        types("apart", {"place": TYPED[2]}, location=TYPED[2])
        edit(self.activity("fight"), "both", subject="lost here", location="from here")
        types("activity gone, event edited", {"place": "Still on"}, location="Still on")
        edit(self.activity("event gone, activity edited"), "place", location="Still on")
        edit(self.activity("no date"), "date", due_date=None, due_time=None, duration=None)
        edit(self.activity("other type"), "type", type="task")
        edit(self.activity("authored"), "date", due_date=None, due_time=None, duration=None)
        edit(self.activity("handed over"), "owner", owner_id=company.bert)
        edit(self.activity("done"), "done", done=True)
        edit(self.activity("rebased"), "place", location="Same place")
        types("rebased", {"place": "Same place"}, location="Same place")
        for title in ("event gone", "event gone, activity edited", "both gone", "finished"):
            company.person_deletes_event(*self.event(title))
        company.pass_time(90)
        types("fight", {"subject": "won there"}, summary="won there")

    def _type(self, title: str, typed: dict[str, Any], **patch: Any) -> None:
        if "summary" not in patch and "subject" in typed:
            patch["summary"] = typed["subject"]
        calendar, event = self.event(title)
        self.company.person_edits_event(calendar, event, "edit", typed, **patch)

    def _create(self) -> None:
        company = self.company
        refs = {"deal_id": company.deals[0], "person_id": company.people[0], "org_id": company.orgs[0]}
        company.person_adds_activity(subject=f"{TYPED[3]} new here", due_date=day(50), **refs)
        company.person_adds_event(company.calendar, f"{TYPED[4]} new there", **times(day(51), "10:00", HALF_HOUR))
        company.person_adds_activity(subject="Same", due_date=day(52), due_time="15:00", deal_id=None)
        company.person_adds_event(company.calendar, "Same", description="typed", **times(day(52), "15:00", HALF_HOUR))

    def short_pages(self) -> None:
        """Listings of the next run come in pieces."""
        self.company.google.options.page_sizes.clear()
        self.company.google.options.page_sizes.extend([2, 0, 3])
        self.company.pipedrive.options.empty_pages = 1


class Moment(Snapshot):
    """A work and its whole world as it is now, on either database."""

    def __init__(self, work: Work, databases: Databases | None = None) -> None:
        self.work, self._databases = work, databases
        self.world: Company
        if databases is None:
            super().__init__(work.company)
            return
        self.world = work.company
        self.world.engine.dispose()
        self._used = make_url(work.company.store_url).database or ""
        self._template = make_url(databases.empty("postgresql", self._used)).database or ""
        self._remember()

    def restore(self) -> Company:
        """Everything but the wall clock, as it was; new processes."""
        super().restore()
        self.world.restart()
        return self.world

    def restore_store(self) -> None:
        self.world.engine.dispose()
        if self._databases is not None:
            self._databases.replace(self._used, self._template)
            return
        for name in ("-wal", "-shm"):
            self._file.with_name(self._file.name + name).unlink(missing_ok=True)
        shutil.copy(self._copy, self._file)

    def _places(self) -> list[tuple[Any, str]]:
        company, pipedrive, google = self.work.company, self.work.company.pipedrive, self.work.company.google
        return [
            *super()._places(),
            *((pipedrive, name) for name in ("hidden",)),
            *((pipedrive.limits, name) for name in ("_windows", "_day", "_spent")),
            *((google.auth, name) for name in ("_access", "refused")),
            *((company, name) for name in ("ledger", "names", "_numbers")),
            *((self.work.judge, name) for name in ("before", "read_log")),
        ]

    def restored_judge(self) -> Judge:
        """The judge, with the ledger that was put back."""
        self.work.judge.ledger = self.work.company.ledger
        return self.work.judge


def make(stack: ExitStack, folder: Path, databases: Databases | None = None) -> Work:
    """A company of its own. Requests come in one order, so that a case can be repeated by its number."""
    sandbox = stack.enter_context(Sandbox(seed=1))
    patch = stack.enter_context(pytest.MonkeyPatch.context())
    patch.setattr(apply, "PARALLEL_ACCOUNTS", 1)
    patch.setattr(apply, "IN_FLIGHT", 1)
    patch.setattr(pull, "PARALLEL_CALENDARS", 1)
    patch.setattr(open_run, "PARALLEL_ACCOUNTS", 1)
    url = databases.migrated("postgresql") if databases else f"sqlite:///{folder / 'calsync.db'}"
    company = Company(sandbox, folder, url)
    stack.callback(lambda: company.engine.dispose())
    return Work(company)
