"""The screen Upload: what would be brought over, how far a run is with it, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from urllib.parse import quote

from include.calsync.core.decide import Action
from include.calsync.core.run_records import StoredRun
from include.calsync.flows.closing import stopped as closing
from include.calsync.flows.request import RunRequest, UploadOptions
from include.calsync.store import page_accounts
from include.calsync.store import page_runs as store
from include.calsync.store.leases import owner_run
from include.calsync.store.page_accounts import Head
from include.calsync.store.page_runs import Group, Part
from include.calsync.store.transaction import Connection, Engine, reading

EARLY = timedelta(minutes=1)
"""The clocks of Airflow's database and of a worker may disagree so much."""
ENOUGH = 10
"""So many items are done before their pace says anything."""
_OPEN = ("planned",)
_WRONG = ("failed", "quarantined", "deferred")
_LEFT_OUT = ("activities_skipped", "events_skipped", "skipped")


class Phase(StrEnum):
    """How far a run is."""

    WAITING = "waiting"
    """Airflow has not begun it."""
    READING = "reading"
    WRITING = "writing"
    COUNTED = "counted"
    """A dry run that is over."""
    DONE = "done"
    STOPPED = "stopped"
    """Over, and not all that was planned is done."""
    FAILED = "failed"
    """Over, and without a plan."""


@dataclass(frozen=True, slots=True)
class UploadRun:
    """A run, by Airflow's id of it; `run_id`: by that of the store. `left_out`: how many items, by reason.
    `read_count`: items read so far."""

    airflow_id: str
    run_id: str | None
    phase: Phase
    dry_run: bool
    started_at: datetime | None
    names: Sequence[str]
    options: UploadOptions
    groups: Sequence[Group]
    parts: Sequence[Part]
    read_count: int
    planned_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing will change any more."""
        return self.phase not in (Phase.WAITING, Phase.READING, Phase.WRITING)

    @property
    def planned_count(self) -> int:
        """All that is, or would be, brought over."""
        return sum(group.count for group in self.groups)

    @property
    def done_count(self) -> int:
        """What is done with, in one way or another."""
        return sum(group.count for group in self.groups if group.state not in _OPEN)

    def remaining(self, now: datetime) -> timedelta | None:
        """How long it goes on writing, at the pace it had so far; None: that can't be told."""
        if self.phase is not Phase.WRITING or self.planned_at is None or self.done_count < ENOUGH:
            return None
        return (now - self.planned_at) * (self.planned_count - self.done_count) / self.done_count

    @property
    def linked_count(self) -> int:
        """What is linked with an item that was there, as far as it is done; of a dry run what would be."""
        return self._count(linked=True)

    @property
    def new_count(self) -> int:
        """What is made, like `linked_count`."""
        return self._count(linked=False)

    def _count(self, *, linked: bool) -> int:
        mine = [group for group in self.groups if (group.action == Action.ADOPT) is linked]
        return sum(group.count for group in mine if group.state in ("confirmed", "shown"))

    @property
    def wrong_count(self) -> int:
        """What could not be brought over."""
        return sum(group.count for group in self.groups if group.state in _WRONG)

    @property
    def types(self) -> Mapping[str, int]:
        """What would be made, by the key of its type, the most first."""
        made = [group for group in self.groups if group.action != Action.ADOPT and group.type]
        counted: Counter[str] = Counter()
        for group in made:
            counted[str(group.type)] += group.count
        return dict(counted.most_common())

    @property
    def left_out(self) -> Mapping[str, int]:
        """How many items stay where they are, by reason."""
        counted: Counter[str] = Counter()
        for part in self.parts:
            for key in _LEFT_OUT:
                counted.update(part.counts.get(key) or {})
        return dict(counted.most_common())

    @property
    def span(self) -> tuple[date, date] | None:
        """First and last day (UTC) of what would be brought over."""
        days = [text[:10] for group in self.groups for text in (group.first, group.last) if text]
        return (date.fromisoformat(min(days)), date.fromisoformat(max(days))) if days else None


def accounts(engine: Engine) -> list[Head]:
    """Those that can be uploaded, by name. One query."""
    with reading(engine) as conn:
        return [head for head in page_accounts.heads(conn) if (head.settings or {}).get("enabled", True)]


def read(
    engine: Engine,
    dag_id: str,
    airflow_id: str,
    conf: Mapping[str, object],
    queued_at: datetime,
    *,
    ended: bool,
    stopped: bool,
) -> UploadRun:
    """At most four queries. `conf`, `queued_at`, `ended`, `stopped`: what Airflow knows of the run."""
    with reading(engine) as conn:
        run = _stored(conn, dag_id, airflow_id, queued_at)
        planned = run is not None and run.planned_at is not None
        groups = store.groups(conn, run.id) if run is not None and planned else []
        parts = store.parts(conn, run.id) if run is not None and (planned or ended) else []
        count = store.read_count(conn, run.id) if run is not None and not planned else 0
    dry = bool(conf.get("dry_run"))
    names = [str(each) for each in _listed(conf.get("accounts"))]
    return UploadRun(
        airflow_id=airflow_id,
        run_id=run.id if run is not None else None,
        phase=_phase(run, groups, dry_run=dry, ended=ended, stopped=stopped),
        dry_run=dry,
        started_at=run.started_at if run is not None else None,
        names=names,
        options=_options(run, conf),
        groups=groups,
        parts=parts,
        read_count=count,
        planned_at=run.planned_at if run is not None else None,
    )


def stop(engine: Engine, dag_id: str, airflow_id: str, queued_at: datetime, now: datetime, *, by: str) -> None:
    """Close a run that was ended in Airflow, as far as it had begun. `by`: who ended it."""
    with reading(engine) as conn:
        run = _stored(conn, dag_id, airflow_id, queued_at)
    if run is not None:
        closing.stop(engine, run.id, now, by)


def _stored(conn: Connection, dag_id: str, airflow_id: str, queued_at: datetime) -> StoredRun | None:
    owner = quote(f"{dag_id}/{airflow_id}", safe="/:+")
    begun = store.begun_since(conn, dag_id, queued_at - EARLY)
    return next((each for each in begun if owner_run(str(each.request.get("owner", ""))) == owner), None)


def _phase(run: StoredRun | None, groups: Sequence[Group], *, dry_run: bool, ended: bool, stopped: bool) -> Phase:
    if ended:
        if stopped and (dry_run or run is None or run.planned_at is None):
            return Phase.STOPPED
        if run is None or run.planned_at is None:
            return Phase.FAILED
        if dry_run:
            return Phase.COUNTED
        return Phase.STOPPED if any(group.state in _OPEN for group in groups) else Phase.DONE
    if run is None:
        return Phase.WAITING
    return Phase.WRITING if run.planned_at is not None and not dry_run else Phase.READING


def _options(run: StoredRun | None, conf: Mapping[str, object]) -> UploadOptions:
    if run is not None:
        return RunRequest.from_json(run.request).upload or UploadOptions()
    days = [date.fromisoformat(str(conf[key])) if conf.get(key) else None for key in ("due_from", "due_to")]
    types = [str(each) for each in _listed(conf.get("types"))] or None
    return UploadOptions(str(conf.get("direction", "to_google")), due_from=days[0], due_to=days[1], types=types)


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else []
