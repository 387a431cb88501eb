"""Alerts: what the store knows that somebody is to be told of, and who was told of what.

One row per notifier, kind and subject: it is there as long as that lasts, and until somebody was told that it is over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, update

from include.calsync.core.alerts import Alert, StoredAlert
from include.calsync.store.columns import columns_of, records
from include.calsync.store.tables import account, alert, cursor, quarantine, token_budget
from include.calsync.store.upsert import insert

_ALERT = columns_of(StoredAlert, alert)


@dataclass(frozen=True, slots=True)
class Health:
    """How an account is that takes part. `succeeded_at`: when a run got through last, else since when it is known;
    None: neither is known. `quarantined_count`: items that failed and are tried again."""

    id: int
    name: str
    state: str
    error: str | None
    failure: str | None
    resynced_at: datetime | None
    succeeded_at: datetime | None
    quarantined_count: int


def healths(conn: Connection) -> list[Health]:
    """The accounts that are not paused, by name."""
    row, mark, aside = account.c, cursor.c, quarantine.c
    done = select(mark.account_id, func.max(mark.saved_at).label("at")).group_by(mark.account_id).subquery()
    failed = select(aside.account_id, func.count().label("count")).where(aside.attempts > 0)
    bad = failed.group_by(aside.account_id).subquery()
    known = func.coalesce(done.c.at, row.activities_connected_at, row.events_connected_at)
    query = select(row.id, row.name, row.state, row.error, row.failure, row.resynced_at, known)
    query = query.add_columns(func.coalesce(bad.c.count, 0))
    query = query.outerjoin(done, done.c.account_id == row.id).outerjoin(bad, bad.c.account_id == row.id)
    return records(Health, conn.execute(query.where(row.state != "paused").order_by(row.name)))


def budget_keys(conn: Connection, since: datetime) -> list[str]:
    """The keys of budgets that a service told of since then."""
    seen = token_budget.c
    return list(conn.execute(select(seen.key).where(seen.seen_at >= since).distinct().order_by(seen.key)).scalars())


def stored(conn: Connection) -> list[StoredAlert]:
    """All there are, oldest first."""
    return records(StoredAlert, conn.execute(select(*_ALERT).order_by(alert.c.id)))


def untold_count(conn: Connection, before: datetime) -> int:
    """How many should have been told since then, and were not."""
    late = or_(and_(alert.c.told_at.is_(None), alert.c.since < before), alert.c.over_at < before)
    return int(conn.execute(select(func.count()).select_from(alert).where(late)).scalar_one())


def begin(conn: Connection, notifier: str, found: Iterable[Alert], at: datetime) -> None:
    """These are to be told."""
    for each in found:
        values = {"notifier": notifier, "kind": each.kind, "subject": each.subject, "text": each.text, "since": at}
        conn.execute(insert(conn.dialect.name, alert).values(**values).on_conflict_do_nothing())


def end(conn: Connection, ids: Collection[int], at: datetime) -> None:
    """These are over. What nobody was told of, and nobody is telling, is forgotten."""
    mine, row = alert.c.id.in_(ids), alert.c
    conn.execute(delete(alert).where(mine, row.told_at.is_(None), _free(at)))
    conn.execute(update(alert).where(mine, row.over_at.is_(None)).values(over_at=at))


def go_on(conn: Connection, ids: Collection[int]) -> None:
    """These are not over after all, and nobody was told that they were."""
    conn.execute(update(alert).where(alert.c.id.in_(ids), alert.c.taken_until.is_(None)).values(over_at=None))


def forget(conn: Connection, ids: Collection[int]) -> None:
    """Nobody is to be told of these any more."""
    conn.execute(delete(alert).where(alert.c.id.in_(ids)))


def take(conn: Connection, notifier: str, now: datetime, until: datetime) -> list[StoredAlert]:
    """Be the one that tells these, until then: new ones, and told ones that are over."""
    due = alert.c.told_at.is_(None) == alert.c.over_at.is_(None)
    mine = update(alert).where(alert.c.notifier == notifier, _free(now), due)
    mine = mine.values(taken_until=until).returning(*_ALERT)
    return sorted(records(StoredAlert, conn.execute(mine)), key=lambda each: each.id)


def _free(now: datetime) -> ColumnElement[bool]:
    """Nobody is telling it; who died while doing so is not waited for."""
    return or_(alert.c.taken_until.is_(None), alert.c.taken_until < now)


def told(conn: Connection, alerts: Iterable[StoredAlert], at: datetime) -> None:
    """Somebody was told of these; those that are over are gone."""
    for each in alerts:
        if each.over_at is not None:
            conn.execute(delete(alert).where(alert.c.id == each.id))
        else:
            conn.execute(update(alert).where(alert.c.id == each.id).values(told_at=at, taken_until=None))


def give_back(conn: Connection, alerts: Iterable[StoredAlert]) -> None:
    """Nobody could be told of these: they are told later."""
    ids = [each.id for each in alerts]
    conn.execute(update(alert).where(alert.c.id.in_(ids)).values(taken_until=None))
