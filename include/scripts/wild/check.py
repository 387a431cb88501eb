"""The check: import, sync, sync again, lose the mapping, sync, sync again; then judge.

Each event makes one activity or is skipped with a reason, nothing fails, and only the first sync writes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from include.calsync.flows.close import Summary
from include.calsync.store.tables import link
from include.sandbox.server import Sandbox
from include.scripts.runner import Addresses, Runner
from include.scripts.wild.fetch import CalendarFile
from include.scripts.wild.judge import problems
from include.scripts.wild.load import Load

# One calendar for each package, each in another zone: floating times are then other instants.
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland")


@dataclass
class Report:
    """What happened, by package. `writes`: write requests of each sync, in order."""

    loads: dict[str, Load]
    made: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, Counter[str]] = field(default_factory=dict)
    writes: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    pairs: dict[str, int] = field(default_factory=dict)
    """Event id → activity id, as the first mapping said."""


class Check:
    """A company in which each package is a person with a calendar."""

    def __init__(self, sandbox: Sandbox, folder: Path, packages: Sequence[str]) -> None:
        self.sandbox, self.folder = sandbox, folder
        self.pipedrive, self.google = sandbox.pipedrive.state, sandbox.google.state
        self.pipedrive.options.burst_enabled = False
        self.pipedrive.options.daily_tokens = 10_000_000
        self.google.quotas.on = False
        self.accounts = [self._account(name, zone) for name, zone in zip(packages, ZONES, strict=False)]
        self.loads = {name: Load(_mail(name), zone) for name, zone in zip(packages, ZONES, strict=False)}
        self.addresses = Addresses.of(sandbox.pipedrive.url, sandbox.google.url)
        self.report = Report(self.loads)

    def _account(self, name: str, zone: str) -> dict[str, Any]:
        self.pipedrive.add_user(name, _mail(name), zone)
        self.google.add_user(_mail(name), time_zone=zone)
        return {"name": name, "pipedrive_user": _mail(name), "google_user": _mail(name), "calendar": "primary",
                "private_events": "full"}  # fmt: skip

    def run(self, files: Sequence[CalendarFile]) -> Report:
        """The whole check."""
        runner = self._runner("first")
        self._sync(runner, "the empty calendars")  # connects the accounts, so that what follows is new
        for file in files:
            self.loads[file.package].file(self.google, file)
        self._count(self._sync(runner, "after the import"))
        self._judge(runner)
        self._sync(runner, "again", quiet=True)
        self.report.pairs = pairs = self.pairs(runner)
        runner.close()
        runner = self._runner("second")
        self._sync(runner, "with an empty store", quiet=True)
        self._sync(runner, "again, with that store", quiet=True)
        if self.pairs(runner) != pairs:
            self.report.problems.append("with an empty store other pairs were found than before")
        runner.close()
        return self.report

    def pairs(self, runner: Runner) -> dict[str, int]:
        """Event id → activity id, as the mapping says."""
        with runner.engine.connect() as conn:
            return {str(row.event_id): int(row.activity_id) for row in conn.execute(select(link))}

    def _runner(self, name: str) -> Runner:
        folder = self.folder / name
        folder.mkdir()
        runner = Runner(folder, self.addresses)
        runner.write_accounts(self.accounts)
        return runner

    def _sync(self, runner: Runner, name: str, *, quiet: bool = False) -> Summary:
        for service in (self.sandbox.pipedrive, self.sandbox.google):
            service.reset_requests()
        summary = runner.sync()
        sent = [each for service in (self.sandbox.pipedrive, self.sandbox.google) for each in service.requests]
        written_count = sum(each.method != "GET" and each.operation != "token" for each in sent)
        self.report.writes[name] = written_count
        if summary.failure:
            self.report.problems.append(f"sync {name}: {summary.failure}")
        if quiet and written_count:
            self.report.problems.append(f"sync {name}: {written_count} writes, though nobody edited anything")
        return summary

    def _count(self, summary: Summary) -> None:
        for name in self.loads:
            result = summary.result["accounts"][name]
            self.report.made[name] = result["activities"]["created"]
            self.report.skipped[name] = Counter(result["skipped_by_reason"])
            told = self.report.skipped[name].total()
            if told:
                self.report.problems.append(f"{name}: {told} events were reported as skipped, not none")

    def _judge(self, runner: Runner) -> None:
        loaded = [item for load in self.loads.values() for item in load.events.values()]
        activities = {row["id"]: row for row in self.pipedrive.live_activities()}
        self.report.problems.extend(problems(loaded, self.pairs(runner), activities))


def _mail(name: str) -> str:
    return f"{name}@acme.example"
