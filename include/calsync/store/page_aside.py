"""What the page's list of items set aside reads: those that failed and are tried again, and the pairs they are of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, and_, or_, select

from include.calsync.core.raw import Json
from include.calsync.core.records import SetAside
from include.calsync.store.columns import columns_of, records
from include.calsync.store.tables import account, link, quarantine

_ENTRY = columns_of(SetAside, quarantine)


@dataclass(frozen=True, slots=True)
class Paired:
    """A pair, as far as one tells which it is."""

    id: int
    account_id: int
    activity_id: int
    event_id: str
    base_activity: Json
    event_raw: Json | None


def aside(conn: Connection, *, account_id: int | None, side: str, limit: int) -> list[SetAside]:
    """Items in quarantine, of one account and side or of all, the next to be tried first."""
    row = quarantine.c
    query = select(*_ENTRY).where(row.attempts > 0)
    query = query.where(row.account_id == account_id) if account_id is not None else query
    query = query.where(row.side == side) if side else query
    return records(SetAside, conn.execute(query.order_by(row.next_try_at, row.item_id).limit(limit)))


def pairs(conn: Connection, activity_ids: Collection[int], event_ids: Collection[str]) -> list[Paired]:
    """The pairs of these activities and events. There is an index for either."""
    # All there are: so the indexes, which begin with them, are used.
    companies = select(account.c.company_id).where(account.c.company_id.is_not(None)).distinct()
    calendars = select(account.c.calendar_id).where(account.c.calendar_id.is_not(None)).distinct()
    row = link.c
    fits = or_(
        and_(row.company_id.in_(companies), row.activity_id.in_(activity_ids)),
        and_(row.calendar_id.in_(calendars), row.event_id.in_(event_ids)),
    )
    return records(Paired, conn.execute(select(*columns_of(Paired, link)).where(fits)))
