"""Pull: Pipedrive once per connection, Google once per calendar, into staging. Nothing is decided here."""

from __future__ import annotations

import logging
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from include.calsync.core.policy import Side
from include.calsync.errors import CalsyncError
from include.calsync.flows import told
from include.calsync.flows.border import border
from include.calsync.flows.pulling.calendar import CalendarPull
from include.calsync.flows.pulling.company import CompanyPull
from include.calsync.flows.run import at_work, fail_account, resume_pull, shards
from include.calsync.flows.run_account import RunAccount
from include.calsync.flows.services import Services
from include.calsync.store import runs

log = logging.getLogger(__name__)
PARALLEL_CALENDARS = 16


def pull_activities(services: Services, run_id: str, owner: str) -> list[list[str]]:
    """Stage the activities that changed, those that must be looked at again, and what became of missing ones.

    Returns: the names of the accounts that go on, in shards; at least one, as a run without any is planned, too.
    """
    run = resume_pull(services, run_id, owner)
    with services.engine.begin() as conn:
        runs.forget_observations(conn, run.id, "activities")
    by_connection: dict[str, list[RunAccount]] = defaultdict(list)
    for account in run.working():
        by_connection[account.settings.pipedrive_conn_id].append(account)
    since: dict[int, datetime | None] = {}
    with at_work(services, run):
        for conn_id, accounts in by_connection.items():
            try:
                with border(f"connection {conn_id}"):
                    company = CompanyPull(services, run, services.pipedrive(conn_id), accounts)
                    company.pull()
                    since |= dict.fromkeys((account.id for account in accounts), company.since)
            except CalsyncError as error:
                for account in accounts:
                    fail_account(services, run, account, error)
    for line in told.pulled(run.accounts, Side.ACTIVITY, since):
        log.info("%s", line)
    return shards([account.name for account in run.working()], services) or [[]]


def pull_events(services: Services, run_id: str, shard: list[str], owner: str) -> dict[str, int]:
    """Stage the events that changed, calendar by calendar. Returns how many were listed, by account."""
    run = resume_pull(services, run_id, owner, shard)
    with services.engine.begin() as conn:
        runs.forget_observations(conn, run.id, "events", [account.id for account in run.accounts])

    def pull(account: RunAccount) -> None:
        try:
            with border(f"account {account.name}"):
                client = services.google(account.settings.google_conn_id, account.settings.google_user)
                CalendarPull(services, run, client, account).pull()
        except CalsyncError as error:
            fail_account(services, run, account, error)

    with at_work(services, run), ThreadPoolExecutor(PARALLEL_CALENDARS) as pool:
        list(pool.map(pull, run.working()))
    for line in told.pulled(run.accounts, Side.EVENT, {}):
        log.info("%s", line)
    return {account.name: account.counts.get("events_listed", 0) for account in run.accounts}
