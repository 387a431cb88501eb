"""What stands around each screen: when the last run was, what waits for a person, and at most one banner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from include.calsync.store import page_frame as store
from include.calsync.store.page_frame import Progress, RecentRun, Standing
from include.calsync.store.transaction import Engine, reading

RUNS_AT_MOST = timedelta(hours=2)
"""A run that began longer ago and has not ended is taken for a dead one."""
LATE = timedelta(minutes=40)
"""So long after the last end, or without any, the sync may stand still."""


class Banner(StrEnum):
    """What is most urgent, in this order."""

    PAUSED = "paused"
    """Switched off in Airflow."""
    NO_RUN = "no_run"
    """No run has ended for long."""
    USED_UP = "used_up"
    """Pipedrive's daily tokens."""
    FAILED = "failed"
    """Some accounts failed."""
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Frame:
    """Around a screen. `running`: the run that works now, and `progress` how far it is (None: not planned yet)."""

    standing: Standing
    last_at: datetime | None
    """When a run that writes ended last."""
    running: RecentRun | None
    progress: Progress | None
    banner: Banner | None

    @property
    def active_count(self) -> int:
        """Accounts that take part."""
        return self.standing.ok_count + self.standing.failed_count


def read(engine: Engine, now: datetime, *, paused: bool) -> Frame:
    """At most four queries. `paused`: the sync is switched off in Airflow."""
    with reading(engine) as conn:
        standing = store.standing(conn, now)
        runs = store.recent_runs(conn, now - RUNS_AT_MOST)
        # One that ended without a word, as a stopped one does, is followed by others.
        running = runs[0] if runs and runs[0].finished_at is None else None
        ended = [run.finished_at for run in runs if run.finished_at is not None]
        last_at = max(ended) if ended else store.last_finished_at(conn)
        progress = store.progress(conn, running.id) if running is not None and running.planned_at is not None else None
    banner = _banner(standing, last_at, now, paused=paused, running=running is not None)
    return Frame(standing, last_at, running, progress, banner)


def _banner(
    standing: Standing, last_at: datetime | None, now: datetime, *, paused: bool, running: bool
) -> Banner | None:
    if not standing.known_count:
        return None
    found = {
        Banner.PAUSED: paused,
        Banner.NO_RUN: not running and last_at is not None and now - last_at > LATE,
        Banner.USED_UP: standing.used_up_until is not None,
        Banner.FAILED: standing.failed_count > 0,
        Banner.RUNNING: running,
    }
    return next((banner for banner, holds in found.items() if holds), None)
