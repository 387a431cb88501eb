"""Health: whether the syncs get through, as an outside monitor asks. Only the store is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from include.calsync.store import alerts
from include.calsync.store.transaction import Engine, reading

TOLD_WITHIN = timedelta(minutes=15)
"""An alert is sent at once, or by the next run, or by the watchdog."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why all is not well. `what`: a word for programs; `subject`: the account's name, if it is about one."""

    what: str
    text: str
    subject: str | None = None


def reasons(engine: Engine, now: datetime, longest: timedelta) -> list[Reason]:
    """What is wrong, accounts by name. `longest`: how long an account may be without a run that got through."""
    with reading(engine) as conn:
        accounts = alerts.healths(conn)
        untold_count = alerts.untold_count(conn, now - TOLD_WITHIN)
    late = [each for each in accounts if each.succeeded_at is not None and now - each.succeeded_at > longest]
    found = [
        Reason("no_success", f"No run got through since {each.succeeded_at:%Y-%m-%d %H:%M} UTC.", each.name)
        for each in late
    ]
    if untold_count:
        found.append(Reason("unsent_alerts", f"{untold_count} alerts could not be sent."))
    return found
