"""What a backfill or a comparison will cost at least, before its first request: Pipedrive's tokens are few.

The estimate knows only what the store knows, and counts reading only: pages of 500 activities, at 10 tokens each. What
will have to be repaired is not known before it is read, and comes on top.

* a comparison: per user, a page per 500 pairs (in an interval: that are due since it begins, for activities are read
  from the latest back); and for each activity that is being missed, a direct look
* a backfill of the sync: a page per 500 pairs of the company that changed since the interval began

A backfill is many runs. What is left of the day has to suffice for those that are still waiting as well, as if each
cost as much as this one; else it would starve the schedule halfway.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from include.calsync.clients.pipedrive import IDS_PER_REQUEST, OPERATIONS, PAGE_SIZE
from include.calsync.core.records import KnownAccount
from include.calsync.errors import AccountError
from include.calsync.flows.request import RunRequest
from include.calsync.flows.run import Stop
from include.calsync.flows.services import Services
from include.calsync.settings import Account
from include.calsync.store import accounts as known_accounts
from include.calsync.store import mapping
from include.calsync.store.budgets import budget_of, resets_at
from include.calsync.store.transaction import Connection, reading

PAGE = OPERATIONS["activities.list"].tokens
LOOK = OPERATIONS["activities.get"].tokens
RIGHTS = OPERATIONS["users.me"].tokens


def unaffordable(services: Services, request: RunRequest, accounts: Iterable[Account]) -> dict[str, Stop]:
    """The accounts that this run can't afford to read, by name. Asks nobody: what a service last said counts.

    Where nothing was said about the budget today, nothing is refused.
    """
    if not (request.reconcile or request.interval is not None):
        return {}
    by_connection: dict[str, list[str]] = defaultdict(list)
    for account in accounts:
        by_connection[account.pipedrive_conn_id].append(account.name)
    out: dict[str, Stop] = {}
    for conn_id, names in by_connection.items():
        asked = [name for name in names if request.accounts is None or name in request.accounts]
        refusal = _refusal(services, request, conn_id, asked) if asked else None
        if refusal is not None:
            out |= {name: Stop("failed", f"account {name}: {refusal}", passing=True) for name in names}
    return out


def _refusal(services: Services, request: RunRequest, conn_id: str, names: list[str]) -> str | None:
    now = services.clock()
    try:
        key = services.pipedrive(conn_id).key
        left = budget_of(services.engine, key, now).remaining
    except AccountError:
        return None  # said when the account is looked up
    with reading(services.engine) as conn:
        each = estimate(conn, request, names)
    runs_count = 1 + request.waiting_count
    if left is None or each * runs_count <= left:
        return None
    runs = "this run" if runs_count == 1 else f"this run and the {request.waiting_count} waiting ones"
    cheaper = "start it with fewer accounts"
    if not request.reconcile:
        cheaper = "mend the past by a backfill of calendar_reconcile, which is cheaper: one run a day"
    elif request.waiting_count:
        cheaper = "start it with a shorter interval or fewer accounts"
    return (
        f"{runs} would take at least {each * runs_count} tokens of Pipedrive's daily budget, and {left} are left. "
        f"Nothing was asked. Start again after {resets_at(services.engine, key, now):%H:%M} UTC, or {cheaper}."
    )


def estimate(conn: Connection, request: RunRequest, names: list[str]) -> int:
    """The tokens that reading will take at least, for accounts of one company."""
    accounts = known_accounts.of_names(conn, names)
    if request.reconcile:
        return _comparison(conn, accounts, request.interval)
    assert request.interval is not None
    companies = {account.company_id for account in accounts if account.company_id is not None}
    return _pages(mapping.changed_count(conn, companies, request.interval[0]))


def _comparison(conn: Connection, accounts: list[KnownAccount], interval: tuple[datetime, datetime] | None) -> int:
    ids = [account.id for account in accounts]
    counts = mapping.counts(conn, ids, due_from=interval[0] if interval is not None else None)
    by_user: dict[int | None, int] = defaultdict(int)
    for account in accounts:
        by_user[account.user_id] += counts.get(account.id, 0)
    tokens = sum(_pages(count) for count in by_user.values()) or PAGE
    missed_count = mapping.missed_count(conn, ids, due=interval)
    asked = -(-missed_count // IDS_PER_REQUEST) * PAGE
    return tokens + asked + missed_count * LOOK + (RIGHTS if missed_count else 0)


def _pages(count: int) -> int:
    return PAGE * (count // PAGE_SIZE + 1)
