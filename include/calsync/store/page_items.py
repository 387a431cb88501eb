"""What the page's search for an item reads: pairs by their subject, and one pair with its account."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from include.calsync.core.raw import Json
from include.calsync.core.text import search_key
from include.calsync.store.tables import account, link


@dataclass(frozen=True, slots=True)
class Hit:
    """A pair that was found."""

    link_id: int
    account: str
    state: str
    due_at: datetime | None
    base_activity: Json
    event_raw: Json | None


def by_subject(conn: Connection, account_ids: Collection[int], text: str, limit: int) -> list[Hit]:
    """Pairs of these accounts whose subject holds the text, upper or lower case, the latest due first. The index
    answers which; only those are read."""
    row = link.c
    fits = row.account_id.in_(account_ids), row.subject_key.contains(search_key(text), autoescape=True)
    ids = select(row.id).where(*fits).order_by(row.due_at.desc(), row.id.desc()).limit(limit).subquery()
    query = select(row.id, account.c.name, row.state, row.due_at, row.base_activity, row.event_raw)
    query = query.join(account, account.c.id == row.account_id).where(row.id.in_(select(ids.c.id)))
    return [Hit(*found) for found in conn.execute(query.order_by(row.due_at.desc(), row.id.desc()))]
