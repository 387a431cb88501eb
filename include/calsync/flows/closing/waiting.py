"""Accounts that a run could not work on, or not wholly, as they wait: for another run, or for a service.

That is no failure, for the next runs go on by themselves. But if no run gets through for an hour somebody has to know.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, func, select, update

from include.calsync.flows.aside import WAITS
from include.calsync.flows.run import Run, RunAccount
from include.calsync.store.tables import account as account_table
from include.calsync.store.tables import quarantine

LONGEST_WAIT = timedelta(hours=1)


def note(conn: Connection, run: Run, now: datetime) -> None:
    """Remember since when each account waits; one that a run got through with waits no more."""
    row = account_table.c
    for account in run.accounts if not run.request.dry_run else ():
        known = func.coalesce(row.busy_since, now)
        # Whoever noted it may have had a clock that was ahead.
        since = case((known > now, now), else_=known)
        if _what_for(conn, account) is not None:
            conn.execute(update(account_table).where(row.id == account.id).values(busy_since=since))
        elif account.state == "ok":
            conn.execute(update(account_table).where(row.id == account.id).values(busy_since=None))


def problems(conn: Connection, run: Run, now: datetime) -> Iterator[str]:
    """What must be told of the accounts that wait: who started the run by hand wants to know it at once."""
    row = account_table.c
    for account in run.accounts:
        text = _what_for(conn, account)
        if text is None:
            continue
        since = conn.execute(select(row.busy_since).where(row.id == account.id)).scalar()
        if since is not None and now - since > LONGEST_WAIT:
            yield f"{text.rstrip('.')}. No run got through since {since:%Y-%m-%d %H:%M} UTC."
        elif account.state == "busy" and run.request.kind != "scheduled":
            yield text


def _what_for(conn: Connection, account: RunAccount) -> str | None:
    """What the account waits for, or changes to its calendar do; None: it does not."""
    if account.state == "busy":
        return account.error or f"account {account.name} waits"
    if account.state != "ok":
        return None
    entry = quarantine.c
    mine = entry.account_id == account.id, entry.reason.startswith(WAITS)
    count, why = conn.execute(select(func.count(), func.min(entry.reason)).where(*mine)).one()
    return f"account {account.name}: {count} changes wait: {why.removeprefix(WAITS)}" if count else None
