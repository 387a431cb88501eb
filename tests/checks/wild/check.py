"""The check: import, sync, sync again, lose the mapping, sync, sync again; then judge.

Each event, and each occurrence of a series that another library sees in the window, makes one activity or is skipped
with a reason, nothing fails, and only the first sync writes. Done once with all calendars at today's time, and once for
each year in which series begin, with those and with clocks set to that year: most series of the wild ended long ago.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from include.calsync.flows.closing.close import Summary
from include.calsync.store.tables import link, sync_run
from include.sandbox.server import Sandbox
from tests.checks.runner import Addresses, Runner
from tests.checks.wild import vevents
from tests.checks.wild.expand import AMBIGUOUS, Expected, Window
from tests.checks.wild.fetch import CalendarFile
from tests.checks.wild.judge import Paired, alike, problems, told
from tests.checks.wild.load import Load, Loaded

# One calendar for each package, each in another zone: floating times are then other instants.
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland")
HORIZON_DAYS = 365
# Time passes between the syncs only, and at an odd hour: no occurrence comes into the window while the check runs.
SECONDS_BETWEEN_SYNCS = 15.0


@dataclass
class Report:
    """What happened, by package. `writes`: write requests of each sync, in order."""

    name: str
    loads: dict[str, Load]
    made: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, Counter[str]] = field(default_factory=dict)
    writes: dict[str, int] = field(default_factory=dict)
    expected: Expected = field(default_factory=Expected)
    problems: list[str] = field(default_factory=list)
    pairs: dict[str, Paired] = field(default_factory=dict)
    """By event id, as the first mapping said."""
    seconds: float = 0.0

    @property
    def series_count(self) -> int:
        return sum(len(load.series) for load in self.loads.values())


def years_of(files: Sequence[CalendarFile]) -> list[int]:
    """The years in which series begin."""
    found: set[int | None] = set()
    for file in files:
        try:
            found.update(
                vevents.first_year(each, "UTC") for each in vevents.read(file.content) if vevents.is_series(each)
            )
        except ValueError:
            continue  # told when it is imported
    return sorted(year for year in found if year is not None)


class Check:
    """A company in which each package is a person with a calendar. `year`: only series that begin in it, and then."""

    def __init__(
        self,
        sandbox: Sandbox,
        folder: Path,
        packages: Sequence[str],
        year: int | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.sandbox, self.folder, self.year, self.tell = sandbox, folder, year, tell
        self.pipedrive, self.google = sandbox.pipedrive.state, sandbox.google.state
        self.pipedrive.options.burst_enabled = False
        self.pipedrive.options.daily_tokens = 10_000_000
        self.google.quotas.on = False
        today = datetime.now(UTC).replace(second=0, microsecond=0)
        day = today if year is None else today.replace(year, 1, 31)  # then the window is that year
        for service in (sandbox.pipedrive, sandbox.google):
            service.clock.freeze(day.replace(hour=12, minute=17))
        self.accounts = [self._account(name, zone) for name, zone in zip(packages, ZONES, strict=False)]
        self.loads = {name: Load(_mail(name), zone) for name, zone in zip(packages, ZONES, strict=False)}
        self.addresses = Addresses.of(sandbox.pipedrive.url, sandbox.google.url)
        self.report = Report(str(year or "today"), self.loads)

    def _account(self, name: str, zone: str) -> dict[str, Any]:
        self.pipedrive.add_user(name, _mail(name), zone)
        self.google.add_user(_mail(name), time_zone=zone)
        return {"name": name, "pipedrive_user": _mail(name), "google_user": _mail(name), "calendar": "primary",
                "private_events": "full", "horizon_days": HORIZON_DAYS, "max_create_count": 100_000}  # fmt: skip

    def run(self, files: Sequence[CalendarFile]) -> Report:
        """The whole check."""
        begun = time.monotonic()
        runner = self._runner("first")
        self._sync(runner, "the empty calendars")  # connects the accounts, so that what follows is new
        self._import(files)
        self._count(self._sync(runner, "after the import"))
        self._expand(runner)
        self.report.pairs = pairs = self.pairs(runner)
        self._judge(pairs)
        self._sync(runner, "again, in full", quiet=True, full=True)
        self._sync(runner, "again", quiet=True)
        runner.close()
        runner = self._runner("second")
        self._sync(runner, "with an empty store", quiet=True)
        self._sync(runner, "again, with that store", quiet=True)
        self._judge_again(self.pairs(runner))
        runner.close()
        self.report.seconds = time.monotonic() - begun
        return self.report

    def pairs(self, runner: Runner) -> dict[str, Paired]:
        """By event id, as the mapping says."""
        with runner.engine.connect() as conn:
            rows = conn.execute(select(link)).all()
        return {row.event_id: _paired(row) for row in rows}

    def _runner(self, name: str) -> Runner:
        folder = self.folder / name
        folder.mkdir(parents=True)
        runner = Runner(folder, self.addresses, clock=self.sandbox.google.clock.now)
        runner.write_accounts(self.accounts)
        return runner

    def _import(self, files: Sequence[CalendarFile]) -> None:
        for package, load in self.loads.items():
            begun = time.monotonic()
            for file in (file for file in files if file.package == package):
                load.file(self.google, file, self.year)
            self._tell(f"{package}: {load.vevent_count} VEVENTs imported", begun)

    def _sync(self, runner: Runner, name: str, *, quiet: bool = False, full: bool = False) -> Summary:
        begun = time.monotonic()
        for service in (self.sandbox.pipedrive, self.sandbox.google):
            service.clock.advance(SECONDS_BETWEEN_SYNCS)
            service.reset_requests()
        summary = runner.sync(full=full)
        sent = [each for service in (self.sandbox.pipedrive, self.sandbox.google) for each in service.requests]
        written_count = sum(each.method != "GET" and each.operation != "token" for each in sent)
        self.report.writes[name] = written_count
        if summary.failure:
            self.report.problems.append(f"sync {name}: {summary.failure}")
        if quiet and written_count:
            self.report.problems.append(f"sync {name}: {written_count} writes, though nobody edited anything")
        self._tell(f"sync {name}: {written_count} writes", begun)
        return summary

    def _tell(self, what: str, begun: float) -> None:
        self.tell(f"{self.report.name}: {what}, {time.monotonic() - begun:.1f} s")

    def _count(self, summary: Summary) -> None:
        for name in self.loads:
            result = summary.result["accounts"][name]
            self.report.made[name] = result["activities"]["created"]
            self.report.skipped[name] = Counter(result["skipped_by_reason"])
            count = self.report.skipped[name].total()
            if count:
                self.report.problems.append(f"{name}: {count} events were reported as skipped, not none")

    def _expand(self, runner: Runner) -> None:
        """What the last sync should have seen of the series."""
        begun = time.monotonic()
        with runner.engine.connect() as conn:
            now = conn.execute(select(sync_run.c.started_at).order_by(sync_run.c.started_at.desc())).scalars().first()
        assert now is not None
        for series in (series for load in self.loads.values() for series in load.series.values()):
            self.report.expected.add(series, Window.at(now, HORIZON_DAYS))
        self._tell(f"{len(self.report.expected.occurrences)} occurrences expected", begun)

    def _judge(self, pairs: dict[str, Paired], when: str = "", doubtful: Collection[str] = ()) -> None:
        activities = {row["id"]: row for row in self.pipedrive.live_activities()}
        found = problems(self._items(), pairs, activities, self.report.expected.left_out, doubtful)
        self.report.problems.extend(f"{self.report.name}: {when}{text}" for text in found)

    def _judge_again(self, pairs: dict[str, Paired]) -> None:
        """After a loss of the mapping marks tell whose a single event is, and only the content whose an occurrence."""
        doubtful = alike(self._items()) - pairs.keys()
        self.report.expected.reasons[AMBIGUOUS] += len(doubtful)
        self._judge(pairs, "with an empty store: ", doubtful)
        for key in (item.event_id for item in self._items() if not item.is_series):
            if key in pairs and pairs[key].activity_id != self.report.pairs[key].activity_id:
                self.report.problems.append(f"{self.report.name}: with an empty store event {key} has another activity")

    def _items(self) -> list[Loaded]:
        """The single events, and the occurrences that have to be there."""
        single = [item for load in self.loads.values() for item in load.events.values() if not item.is_series]
        return [*single, *self.report.expected.occurrences.values()]


def _paired(row: Row[Any]) -> Paired:
    times = (row.event_raw[side] for side in ("start", "end"))
    start, end = (_told(each.get("date") or each["dateTime"]) for each in times)
    return Paired(row.activity_id, row.original_start and _told(row.original_start), start, end)


def _told(text: str) -> str:
    return text if len(text) == len("2026-11-23") else told(datetime.fromisoformat(text))


def _mail(name: str) -> str:
    return f"{name}@acme.example"
