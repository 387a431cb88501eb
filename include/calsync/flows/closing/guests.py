"""Guests whom nobody told of a new time."""

from __future__ import annotations

from include.calsync.core.guests import outside_guests
from include.calsync.flows.run import Run
from include.calsync.flows.run_account import RunAccount
from include.calsync.store import changes, mapping
from include.calsync.store.transaction import Connection


def not_informed(conn: Connection, run: Run, account: RunAccount) -> list[int]:
    """Ids of links whose event got a time in this run, anew or for the first time, that its guests outside the company
    were not told of."""
    if account.settings.notify_guests != "none":
        return []
    moved = {link_id for link_id, now in changes.written_to_events(conn, run.id, account.id) if "when" in now}
    links = mapping.whole(conn, sorted(moved))
    return [key for key, link in links.items() if outside_guests(link.event_raw or {}, account.policy.own)]
