"""Since when an account is connected, by the clock of each service."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from include.calsync.core.records import KnownAccount
from include.calsync.errors import AccountError, ServiceError
from include.calsync.flows.services import Services
from include.calsync.settings import Account
from include.calsync.store import accounts as known_accounts
from include.calsync.store.transaction import reading


def connect(services: Services, account: Account, account_id: int) -> None:
    """Note since when the account is connected, once: now by each service's own clock, in whole seconds."""
    with reading(services.engine) as conn:
        known = known_accounts.get(conn, account_id)
    values = {}
    if known.activities_connected_at is None:
        now = _time_at(services, lambda: _pipedrive_time(services, account))
        values["activities_connected_at"] = _followed_until(services, known) or now
    if known.events_connected_at is None:
        values["events_connected_at"] = _time_at(services, lambda: _google_time(services, account))
    if values:
        with services.engine.begin() as conn:
            known_accounts.set_connected_at(conn, account_id, **values)


def _followed_until(services: Services, known: KnownAccount) -> datetime | None:
    """Until when the user's activities were followed with the calendar that this account had before, if it had one."""
    with reading(services.engine) as conn:
        return known_accounts.followed_until(conn, known)


def _pipedrive_time(services: Services, account: Account) -> datetime | None:
    client = services.pipedrive(account.pipedrive_conn_id)
    if client.server_time is None:
        client.me()
    return client.server_time


def _google_time(services: Services, account: Account) -> datetime | None:
    client = services.google(account.google_conn_id, account.google_user)
    if client.server_time is None:
        client.get_calendar("primary")
    return client.server_time


def _time_at(services: Services, ask: Callable[[], datetime | None]) -> datetime:
    """An error tells the time as well; without any answer it is our own clock's."""
    try:
        at = ask()
    except ServiceError as error:
        at = error.server_time
    except AccountError:
        at = None
    return (at or services.clock()).replace(microsecond=0)
