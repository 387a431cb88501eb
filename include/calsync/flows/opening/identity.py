"""From the accounts as written to accounts with ids: company, user, calendar, zone."""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from include.calsync.clients.google_calendar import GoogleCalendarClient
from include.calsync.core.guests import own_people
from include.calsync.core.raw import Json, RawItem
from include.calsync.core.when import known_zone
from include.calsync.errors import (
    AccountError,
    FatalError,
    NotFound,
    RecordError,
    UnknownUser,
    UnusableCalendar,
    UnusableSetting,
)
from include.calsync.flows import calendar_names
from include.calsync.flows.opening.types import check_types, types_of
from include.calsync.flows.rights import rights_since
from include.calsync.flows.services import Services
from include.calsync.settings import Account, CreateCalendar
from include.calsync.store.directory import Directory

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Resolved:
    """An account's identity and home. `calendar_id` None: a dry run would create the calendar."""

    company_id: str
    user_id: int
    calendar_id: str | None
    zone: str
    own: tuple[str, ...] = ()
    """Addresses and domains of colleagues."""
    email: str = ""
    name: str = ""
    """Of the Pipedrive user."""
    colors: tuple[tuple[str, str, str], ...] = ()
    """As of a policy."""


def resolve(services: Services, directory: Directory, account: Account, *, dry_run: bool) -> Resolved:
    """Look the names up.

    Raises:
        AccountError: this account can't be synced; the message names it and the remedy.
        ServiceError: a service did not answer.
    """
    company_id, user, own = _user(services, directory, account)
    colors = check_types(services, directory, account)
    zone = account.time_zone or user.get("timezone_name") or "UTC"
    calendar_id = _calendar(services, directory, account, (company_id, int(user["id"])), zone, dry_run=dry_run)
    who = str(user.get("email") or ""), str(user.get("name") or "")
    return Resolved(company_id, int(user["id"]), calendar_id, zone, own, *who, colors)


def _user(services: Services, directory: Directory, account: Account) -> tuple[str, RawItem, tuple[str, ...]]:
    """Company, user, and what tells colleagues by."""
    for fresh in (False, True):
        known = company(services, directory, account.pipedrive_conn_id, fresh=fresh)
        user = _find_user(directory, account, known["company_id"], known["users"])
        if user is not None:
            return known["company_id"], user, tuple(sorted(own_people(known["users"])))
    raise UnknownUser(
        f"account {account.name}: pipedrive_user is no active user of the company that the connection "
        f"{account.pipedrive_conn_id} opens. Correct the e-mail or id, or use a connection of the right company."
    )


def company(services: Services, directory: Directory, conn_id: str, *, fresh: bool = False) -> Json:
    """Id, domain and users of the company that a connection opens; asked for if `fresh`, or if nobody did for a day.

    Raises ServiceError, AccountError.
    """
    client = services.pipedrive(conn_id)

    def fetch() -> Json:
        kept = ("id", "email", "name", "timezone_name", "active_flag", "is_deleted")
        users = [{key: user.get(key) for key in kept} for user in client.users()]
        me = client.me()
        rights_since(directory, conn_id, me)
        return {"company_id": str(me["company_id"]), "domain": str(me.get("company_domain") or ""), "users": users}

    known: Json = directory.get(f"pipedrive:{conn_id}", client.fingerprint, fetch, fresh=fresh)
    return known


def ask_company(services: Services, conn_id: str) -> None:
    """Keep who is in the company, and its types, as they are now. Raises ServiceError, AccountError."""
    directory = Directory(services.engine, services.clock, read_only=False)
    company(services, directory, conn_id, fresh=True)
    types_of(services, directory, conn_id, fresh=True)


def _find_user(directory: Directory, account: Account, company_id: str, users: list[RawItem]) -> RawItem | None:
    """The account's active user. An address stands for the id that it had first: a person may get another address."""
    active = {user["id"]: user for user in users if not user.get("is_deleted") and user.get("active_flag") is not False}
    wanted = account.pipedrive_user
    if isinstance(wanted, int):
        return active.get(wanted)
    scope = _identity("user", company_id, wanted)
    before = active.get(directory.known(scope))
    now = next((user for user in active.values() if str(user.get("email") or "").casefold() == wanted), None)
    if before is not None and now is not None and now["id"] != before["id"]:
        raise UnknownUser(
            f"account {account.name}: the address in pipedrive_user was user {before['id']}'s and is user "
            f"{now['id']}'s now. Write the id of the user who is meant."
        )
    found = now or before
    if found is not None:
        directory.note(scope, found["id"])
    return found


def _identity(*parts: object) -> str:
    """A scope of the directory under which an id is kept for good; names of any length may be among the parts."""
    return f"{parts[0]}:{hashlib.sha256(repr(parts[1:]).encode()).hexdigest()[:32]}"


def _calendar(
    services: Services, directory: Directory, account: Account, owner: tuple[str, int], zone: str, *, dry_run: bool
) -> str | None:
    """The id of the account's calendar. `owner`: company and Pipedrive user; None: a dry run would create it."""
    client = services.google(account.google_conn_id, account.google_user)
    wanted = account.calendar
    name = f"create:{wanted.create}" if isinstance(wanted, CreateCalendar) else wanted
    if name == "primary" and not client.acts_as_user:
        name = account.google_user
    if isinstance(wanted, CreateCalendar) and not client.acts_as_user:
        raise UnusableSetting(
            f"account {account.name}: calendar {{create: …}} needs a connection that acts as the user (delegation or "
            "the user's consent); without it, share an existing calendar with the service account and give its id."
        )
    scope = f"google:{account.google_conn_id}:{account.google_user}:{name}"

    home = _identity("calendar", *owner, name)

    def look() -> RawItem | None:
        if not isinstance(wanted, CreateCalendar):
            return _existing(client, account, name)
        known = directory.known(home) or {"id": directory.known(scope), "google_user": account.google_user}
        there = _still_there(client, account, known["id"], known["google_user"]) if known["id"] else None
        return there or _create_once(client, wanted.create, zone, dry_run=dry_run)

    def fetch() -> str | None:
        seen = look()
        if seen is None:
            return None
        calendar_names.note(directory, seen)
        return str(seen["id"])

    found: str | None = directory.get(scope, client.fingerprint, fetch)
    if isinstance(wanted, CreateCalendar) and found is not None:
        directory.note(home, {"id": found, "google_user": account.google_user})
    return found


def _still_there(client: GoogleCalendarClient, account: Account, calendar_id: str, google_user: str) -> RawItem | None:
    """A calendar that was created or found by its name, if it answers: it may have another name by now.

    None: it was another Google user's. Raises UnusableCalendar if it is gone: who deleted it wants no second one.
    """
    try:
        return {**client.get_calendar(calendar_id), "id": calendar_id}
    except NotFound as error:
        if google_user != account.google_user:
            return None
        raise UnusableCalendar(
            f"account {account.name}: the calendar that {{create: …}} made or found is gone, and none is created in "
            "its place. For a new one give another name; or give the id of a calendar that there is."
        ) from error


def _existing(client: GoogleCalendarClient, account: Account, name: str) -> RawItem:
    try:
        found = client.get_calendar(name)
    except NotFound as error:
        raise UnusableCalendar(
            f"account {account.name}: the calendar does not exist or is not shared with the connection "
            f"{account.google_conn_id}. Correct `calendar`, or share it with the right to make changes to events."
        ) from error
    if name == "primary" and str(found["id"]).casefold() != account.google_user.casefold():
        raise AccountError(
            f"account {account.name}: the connection {account.google_conn_id} belongs to another Google user: its "
            "primary calendar is not google_user's. Use google_user's own consent, or delegation."
        )
    return found


def _create_once(client: GoogleCalendarClient, summary: str, zone: str, *, dry_run: bool) -> RawItem | None:
    # Inserting a calendar is not idempotent, and its answer may be lost: look before creating.
    for entry in client.calendars():
        if entry.get("summary") == summary and entry.get("accessRole") == "owner" and not entry.get("deleted"):
            return entry
    return None if dry_run else _insert(client, summary, known_zone(zone).key)


def _insert(client: GoogleCalendarClient, summary: str, zone: str) -> RawItem:
    """A new calendar, shown in UTC if Google refuses its zone: it may be new in the database of zones."""
    try:
        return client.insert_calendar(summary, zone)
    except (RecordError, FatalError) as error:
        if zone == "UTC" or error.status != 400:
            raise
        refused = error
    try:
        made = client.insert_calendar(summary, "UTC")
    except (RecordError, FatalError):
        raise refused from None
    log.warning("the calendar that was created is shown in UTC: Google refuses the time zone %s", zone)
    return made


Pairs = Sequence[tuple[Account, Resolved]]


def clashes(resolved: Pairs) -> dict[str, str]:
    """Accounts that share a calendar, or a user and an activity type: name → what to do."""
    return shared_calendars(resolved) | shared_types(resolved)


def shared_calendars(resolved: Pairs) -> dict[str, str]:
    """Accounts that share a calendar: name → what to do."""
    by_calendar: dict[str, list[str]] = defaultdict(list)
    for account, found in resolved:
        if found.calendar_id is not None:
            by_calendar[found.calendar_id].append(account.name)
    problems: dict[str, str] = {}
    for names in by_calendar.values():
        if len(names) > 1:
            told = f"accounts {', '.join(names)} share one Google calendar. Give each its own, or disable all but one."
            problems |= dict.fromkeys(names, told)
    return problems


def shared_types(resolved: Pairs) -> dict[str, str]:
    """Accounts that share a user and an activity type: name → what to do."""
    by_user: dict[tuple[str, int], list[Account]] = defaultdict(list)
    for account, found in resolved:
        by_user[found.company_id, found.user_id].append(account)
    problems: dict[str, str] = {}
    for accounts in by_user.values():
        for one in accounts:
            others = [other.name for other in accounts if other is not one and _overlap(one, other)]
            if others:
                problems[one.name] = (
                    f"account {one.name} and {', '.join(others)} sync the same Pipedrive user's activity types. "
                    "Split them with activity_types, or disable all but one."
                )
    return problems


def same_pairs(resolved: Pairs) -> list[str]:
    """Names of accounts that are one: of the same user and calendar."""
    names: dict[tuple[str, int, str], list[str]] = defaultdict(list)
    for account, found in resolved:
        if found.calendar_id is not None:
            names[found.company_id, found.user_id, found.calendar_id].append(account.name)
    return [name for them in names.values() if len(them) > 1 for name in them]


def _overlap(one: Account, other: Account) -> bool:
    if one.activity_types is None or other.activity_types is None:
        return True
    return bool(set(one.activity_types) & set(other.activity_types))
