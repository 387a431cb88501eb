"""What the page's screens of held changes read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, and_, case, or_, select

from include.calsync.core.raw import Json
from include.calsync.core.run_records import Limits
from include.calsync.store.holds import ASKS_NOBODY
from include.calsync.store.tables import account, held_creation, held_item, hold

MOST_OPEN = 100


@dataclass(frozen=True, slots=True)
class HoldHead:
    """A hold in short, and whose it is."""

    id: int
    account_id: int
    account: str
    settings: Json | None
    """The account's, as a person wrote them."""
    rule: str
    limits: Limits
    state: str
    """open, approved, rejected or lapsed"""
    opened_at: datetime
    item_count: int
    """When it was opened."""
    decided_at: datetime | None
    decided_by: str | None
    rests: bool
    """Whether some of its items still wait: for a person, or for the next run to do what was decided."""


_ITEMS = select(held_item.c.id).where(held_item.c.hold_id == hold.c.id).exists()
_CREATIONS = select(held_creation.c.id).where(held_creation.c.hold_id == hold.c.id).exists()
_OPEN = hold.c.state == "open"


def _heads(*which: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    row, whose = hold.c, account.c
    return (
        select(
            row.id, row.account_id, whose.name, whose.settings, row.rule, row.limits, row.state, row.opened_at,
            row.item_count, row.decided_at, row.decided_by, or_(_ITEMS, _CREATIONS),
        )
        .join(account, whose.id == row.account_id)
        .where(row.rule.not_in(ASKS_NOBODY), *which)
    )  # fmt: skip


def heads(conn: Connection, *, before: int | None, limit: int) -> tuple[list[HoldHead], list[HoldHead]]:
    """One query: what waits for a person, oldest first, and so many that were decided, the latest first.

    `before`: those decided whose id is smaller.
    """
    decided: ColumnElement[bool] = hold.c.state.in_(["approved", "rejected"])
    if before is not None:
        decided = and_(decided, hold.c.id < before)
    query = _heads(or_(_OPEN, decided)).order_by(case((_OPEN, 0), else_=1), hold.c.id.desc())
    found = [HoldHead(*row) for row in conn.execute(query.limit(MOST_OPEN + limit))]
    waiting = [head for head in found if head.state == "open"]
    return waiting[::-1][:MOST_OPEN], [head for head in found if head.state != "open"][:limit]


def head(conn: Connection, hold_id: int) -> HoldHead | None:
    """One of them, whatever its state."""
    row = conn.execute(_heads(hold.c.id == hold_id)).first()
    return None if row is None else HoldHead(*row)
