"""Limits of creations: what they hold back is decided anew once they are changed."""

from __future__ import annotations

from datetime import datetime

from include.calsync.core.run_records import Limits
from include.calsync.flows import aside
from include.calsync.settings import Account
from include.calsync.store import holds
from include.calsync.store.transaction import Connection

MAX_CREATE = "max_create"
"""Rule of a hold by these limits."""


def create_limits(settings: Account) -> Limits:
    """The account's limits of creations, as stored with a hold: who changes them wants it decided anew."""
    return [settings.max_create_ratio, settings.max_create_count]


def decide_anew(conn: Connection, account_id: int, settings: Account, now: datetime) -> None:
    """If the account's limits were changed, what they held back is read again and counts anew."""
    known = holds.held_creations(conn, account_id)
    limits = create_limits(settings)
    freed = [row for row in known if row.state == "open" and row.rule == MAX_CREATE and row.limits != limits]
    for row in freed:
        aside.put(conn, account_id, (row.side, row.item_id), "the limits were changed", now, failed=False)
    holds.release_creations(conn, freed)
