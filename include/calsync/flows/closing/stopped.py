"""A run that a person stopped: it is closed as such. What it wrote stays, and is counted; the next run goes on."""

from __future__ import annotations

from datetime import datetime

from include.calsync.flows.closing.close import note_accounts, result_of
from include.calsync.flows.run import load
from include.calsync.store import leases, runs
from include.calsync.store.transaction import Engine


def stop(engine: Engine, run_id: str, now: datetime, by: str) -> None:
    """Close an upload, unless it is closed. A task of it that lives writes nothing any more. `by`: who stopped it."""
    with engine.begin() as conn:
        run = load(conn, run_id)
        if run.is_finished:
            return
        leases.void(conn, leases.owner_run(run.request.owner))
        result = {**result_of(conn, run), "stopped_by": by}
        runs.finish(conn, run_id, now, result, quiet=False)
        if not run.request.dry_run:
            note_accounts(conn, run, result, now, stopped=True)
