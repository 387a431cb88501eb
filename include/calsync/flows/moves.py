"""Activities that go from one account to another: other owners, other types, and accounts that no longer take part.

An account rests while it is disabled, gone from the file, or has another calendar now (then the store keeps its old
self under another name). Its pairs are kept. But an activity that a working account shows now leaves the calendar of
the resting one: our own event is removed there, with the credential of that time if it still works, and created in
the new calendar by the next run. Ids of events are made from the calendar, so the way back finds what was left.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from include.calsync.clients.google_calendar import GoogleCalendarClient
from include.calsync.core.decide import out_of_scope
from include.calsync.core.fields import has_guests, is_foreign
from include.calsync.core.model import ActivityView, Origin, When
from include.calsync.core.policy import Mode, Side
from include.calsync.core.privacy import is_veiled
from include.calsync.core.raw import Raw
from include.calsync.core.records import LinkHead
from include.calsync.core.series import LAST, span
from include.calsync.errors import CalsyncError
from include.calsync.flows import aside
from include.calsync.flows.run_account import RunAccount, settings_of
from include.calsync.flows.services import Services
from include.calsync.store import accounts as known_accounts
from include.calsync.store import lookups
from include.calsync.store.transaction import Connection, reading

log = logging.getLogger(__name__)

ANYWHERE = timedelta(hours=12)
LOOK_AGAIN = timedelta(hours=1)
OTHER_ACCOUNT = "other_account"
"""Cause of a removal: another account shows the activity, while the one of the pair rests."""
MOVES = frozenset({"other_owner", "other_type", OTHER_ACCOUNT})
"""Another account may show the activity from here on, and no listing shows it again: it is read once more."""


@dataclass(frozen=True)
class Resting:
    """An account that takes no part: its Pipedrive user."""

    id: int
    user_id: int


def resting(conn: Connection, accounts: Iterable[RunAccount]) -> dict[int, Resting]:
    """The resting accounts of these accounts' companies, by id."""
    accounts = list(accounts)
    # A dry run leaves the account of a changed calendar as it is: it goes by the same name.
    names, ids = [account.name for account in accounts], [account.id for account in accounts]
    companies = {account.company_id for account in accounts}
    found = known_accounts.resting(conn, company_ids=companies, names=names, but=ids)
    return {account_id: Resting(account_id, user_id) for account_id, user_id in found}


def absent(conn: Connection, accounts: Iterable[RunAccount]) -> set[tuple[str, int]]:
    """Company and user of accounts that are in use, may show activities, and are not at work in this run: they failed,
    another run has them, or they were not asked for. `accounts`: those that are."""
    accounts = list(accounts)
    names, ids = [account.name for account in accounts], [account.id for account in accounts]
    companies = {account.company_id for account in accounts}
    return known_accounts.elsewhere(conn, company_ids=companies, names=names, ids=ids, but_mode=Mode.TO_PIPEDRIVE)


def left_behind(conn: Connection, accounts: Iterable[RunAccount], now: datetime) -> set[int]:
    """Activities that accounts which have just begun, or begun again, find with a resting account of the same user."""
    begun = [account for account in accounts if account.begins]
    if not begun:
        return set()
    users = {account.user_id for account in begun}
    rest = {each.id for each in resting(conn, begun).values() if each.user_id in users}
    links = lookups.of_accounts(conn, rest, now - timedelta(days=2)) if rest else []
    return {link.activity_id for link in links}


def heir(
    link: LinkHead, view: ActivityView, rests: dict[int, Resting], accounts: Iterable[RunAccount], now: datetime
) -> RunAccount | None:
    """The working account that shows a resting account's activity from here on; None: it stays where it is."""
    owner = rests.get(link.account_id)
    if owner is None or link.state not in ("active", "held") or link.origin != Origin.PIPEDRIVE or view.when is None:
        return None
    if owner.user_id == view.owner_id and _end(view.when) < now:
        return None  # what is past stays in the old calendar
    return taker(view, link.company_id, accounts)


def taker(view: ActivityView, company_id: str, accounts: Iterable[RunAccount]) -> RunAccount | None:
    """The working account that shows this activity."""
    colleagues = (a for a in accounts if a.company_id == company_id and a.policy.may_create(Side.EVENT))
    return next((a for a in colleagues if out_of_scope(view, a.policy) is None), None)


def moves_along(event: Raw | None, calendar_id: str) -> bool:
    """Whether an author's event goes with its activity: a single one, nobody else was asked to come, and a colleague
    may know what it is about."""
    raw = event or {}
    series = raw.get("recurrence") or raw.get("recurringEventId")
    return not (series or has_guests(raw) or is_foreign(raw, calendar_id) or is_veiled(raw))


def _end(when: When) -> datetime:
    last = span(when)[1]  # of a day, wherever one is
    return last + min(ANYWHERE, LAST - last) if when.all_day else last


def hand_over(conn: Connection, link: LinkHead, owner_id: int, account: RunAccount, now: datetime) -> None:
    """Set the activity aside for the accounts that may show it now: they keep it until they have read it."""
    item = ("activities", str(link.activity_id))
    for account_id in known_accounts.of_user(conn, account.company_id, owner_id):
        if account_id != account.id or link.calendar_id != account.calendar_id:
            aside.put(conn, account_id, item, "may have moved", now, failed=False)


def client_of(services: Services, company_id: str, calendar_id: str) -> GoogleCalendarClient | None:
    """The Google client of a calendar's account, as it was set up when it last took part; None: it can't be used."""
    with reading(services.engine) as conn:
        stored = known_accounts.last_settings(conn, company_id, calendar_id)
    if stored is None:
        return None
    settings = settings_of(stored)
    try:
        return services.google(settings.google_conn_id, settings.google_user)
    except CalsyncError as error:
        log.warning("the calendar of an account that rests can't be reached: %s", error)
        return None
