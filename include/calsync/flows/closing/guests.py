"""Guests whom nobody told of a new time."""

from __future__ import annotations

from sqlalchemy import Connection, select

from include.calsync.core.guests import outside_guests
from include.calsync.flows.run import Run, RunAccount
from include.calsync.store import mapping
from include.calsync.store.tables import change_log


def not_informed(conn: Connection, run: Run, account: RunAccount) -> list[int]:
    """Ids of links whose event got a time in this run, anew or for the first time, that its guests outside the company
    were not told of."""
    if account.settings.notify_guests != "none":
        return []
    row = change_log.c
    mine = row.run_id == run.id, row.account_id == account.id, row.side == "events", row.link_id.is_not(None)
    entries = conn.execute(select(row.link_id, row.before, row.after).where(*mine))
    moved = {int(each.link_id) for each in entries if "when" in (each.after or {})}
    links = mapping.whole(conn, sorted(moved))
    return [key for key, link in links.items() if outside_guests(link.event_raw or {}, account.policy.own)]
