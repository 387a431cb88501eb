"""The end of an account that is retired: once none of its pairs is left, nothing of it is gone on with."""

from __future__ import annotations

from include.calsync.flows.run_account import RunAccount
from include.calsync.store import accounts, holds, lookups, quarantine
from include.calsync.store.transaction import Connection


def end(conn: Connection, account: RunAccount) -> None:
    """Forget its cursors, since when it is connected, its quarantine, and what waits for a person. The change log, and
    what its pairs held last, are kept: so it can be undone."""
    if lookups.all_of(conn, account.id):
        return  # some could not be ended yet
    holds.release_creations(conn, holds.held_creations(conn, account.id))
    quarantine.drop_all(conn, account.id)
    accounts.begin_anew(conn, account.id)
