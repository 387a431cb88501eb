"""Setting items aside: in quarantine after an error, or to be read again in a later run."""

from __future__ import annotations

from datetime import datetime, timedelta

from include.calsync.core.records import SetAside
from include.calsync.core.run_records import PlanRow
from include.calsync.store import quarantine
from include.calsync.store.transaction import Connection

FIRST_DELAY = timedelta(minutes=5)
LONGEST_DELAY = timedelta(hours=24)
WAITS = "waits: "
"""Begins the reason of what a service takes no change of for the time being."""


def item_of(event_id: str | None, activity_id: int | None) -> tuple[str, str]:
    """Side and id under which a plan row's item is set aside: what exists of it, the event if both do."""
    return ("events", str(event_id)) if event_id is not None else ("activities", str(activity_id))


def put(
    conn: Connection,
    account_id: int,
    item: tuple[str, str],
    reason: str,
    now: datetime,
    *,
    failed: bool,
    pause: timedelta = timedelta(0),
) -> None:
    """Set the item aside. `failed`: it is quarantined, and each failure doubles the time to the next try."""
    before = quarantine.attempts_count(conn, account_id, *item)
    attempts = before + 1 if failed else before
    delay = max(_delay(attempts), pause) if failed else pause
    quarantine.put_aside(
        conn,
        account_id=account_id,
        side=item[0],
        item_id=item[1],
        reason=reason,
        attempts=attempts,
        next_try_at=now + delay,
        at=now,
    )


def hand_on(conn: Connection, from_id: int, to_id: int, item: tuple[str, str], now: datetime) -> None:
    """An activity that is set aside for one account is another's now, who reads it again."""
    if is_known(conn, from_id, item):
        quarantine.take_back(conn, account_id=from_id, side=item[0], item_id=item[1])
        put(conn, to_id, item, "may have moved", now, failed=False)


def is_known(conn: Connection, account_id: int, item: tuple[str, str]) -> bool:
    """Whether the item is set aside."""
    return quarantine.is_aside(conn, account_id, *item)


def _delay(attempts: int) -> timedelta:
    """From the given failure (1: the first) to the next try."""
    doublings = min(attempts - 1, 20)  # more would overflow, and are past the cap anyway
    return min(FIRST_DELAY * (1 << doublings), LONGEST_DELAY)


def failed_at(entry: SetAside) -> datetime:
    """When an item in quarantine was tried last."""
    return entry.next_try_at - _delay(entry.attempts)


def take_back(conn: Connection, row: PlanRow) -> None:
    """The row's items are ordinary ones again."""
    for side, item_id in (("events", row.event_id), ("activities", row.activity_id)):
        if item_id is not None:
            quarantine.take_back(conn, account_id=row.account_id, side=side, item_id=str(item_id))
