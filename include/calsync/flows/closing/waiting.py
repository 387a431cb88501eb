"""Accounts that a run could not work on, or not wholly, as they wait: for another run, or for a service.

That is no failure, for the next runs go on by themselves. But if no run gets through for an hour somebody has to know.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from include.calsync.flows.aside import WAITS
from include.calsync.flows.run import Run
from include.calsync.flows.run_account import RunAccount
from include.calsync.store import accounts, quarantine
from include.calsync.store.transaction import Connection

LONGEST_WAIT = timedelta(hours=1)


def note(conn: Connection, run: Run, now: datetime) -> None:
    """Remember since when each account waits; one that a run got through with waits no more."""
    for account in run.accounts if not run.request.dry_run else ():
        if _what_for(conn, account) is not None:
            accounts.busy(conn, account.id, now)
        elif account.state == "ok":
            accounts.busy_no_more(conn, account.id)


def problems(conn: Connection, run: Run, now: datetime) -> Iterator[str]:
    """What must be told of the accounts that wait: who started the run by hand wants to know it at once."""
    for account in run.accounts:
        text = _what_for(conn, account)
        if text is None:
            continue
        since = accounts.busy_since(conn, account.id)
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
    count, why = quarantine.waiting(conn, account.id, WAITS)
    return f"account {account.name}: {count} changes wait: {why.removeprefix(WAITS)}" if why is not None else None
