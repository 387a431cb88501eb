"""Why an item is, or is not, synced: all that is known of it, and of one that no link knows what a look at it shows.

Nothing is written, no lease taken, no cursor moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from include.calsync.core.item_ids import ItemId
from include.calsync.core.policy import Side
from include.calsync.core.records import Former, KnownAccount, Link, SetAside
from include.calsync.core.run_records import Decision, Entry, StoredHold
from include.calsync.core.stamps import stamp
from include.calsync.errors import CalsyncError, SettingsError
from include.calsync.flows.accounts_now import account_now, enabled_accounts
from include.calsync.flows.live_look import Found, Look, look_at_activity, look_at_event
from include.calsync.flows.opening.identity import company
from include.calsync.flows.run_account import RunAccount
from include.calsync.flows.services import Services
from include.calsync.settings import Account
from include.calsync.store import histories
from include.calsync.store.directory import Directory
from include.calsync.store.transaction import Connection, Engine, reading

HISTORY = 100
"""The latest writes that are shown."""
MOST_CALENDARS = 20
"""So many are asked for an event; a person who has more accounts says which one."""


class Standing(StrEnum):
    """How it stands with what was decided last."""

    GOING = "going"
    """The run is at work on it."""
    LEFT = "left"
    """The run ended before it."""
    HELD = "held"
    DEFERRED = "deferred"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of a link, or of an item without one (`link` None), for one account.

    `decision`: what was decided last; None: no run decided anything, or that is forgotten.
    """

    account: str
    link: Link | None
    decision: Decision | None
    holds: tuple[StoredHold, ...]
    aside: tuple[SetAside, ...]

    @property
    def hold_id(self) -> int | None:
        """The hold that waits for a person."""
        return next((hold.id for hold in self.holds if hold.state == "open"), None)

    @property
    def standing(self) -> Standing | None:
        """Of the last decision; None: it was carried out, set aside, or decided by a person since."""
        last = self.decision
        if last is None or (last.state == Standing.HELD and self.hold_id is None):
            return None
        if last.state == "planned":
            return Standing.GOING if last.finished_at is None else Standing.LEFT
        return Standing(last.state) if last.state in list(Standing) else None

    @property
    def edited_at(self) -> tuple[datetime | None, datetime | None]:
        """When the last full objects of activity and event were edited last, by each service's clock."""
        activity, event = (self.link.activity_raw, self.link.event_raw) if self.link is not None else (None, None)
        return stamp((activity or {}).get("update_time")), stamp((event or {}).get("updated"))


@dataclass(frozen=True, slots=True)
class Explanation:
    """All about one item.

    `known`: a line per link, else per account of which anything is stored. `looks`: of an item without a link.
    `history`: the latest writes first. `former`: what its last pair held, if it has none any more. `accounts`: all that
    there are or were. `problems`: accounts that could not be asked.
    """

    item: ItemId
    known: tuple[Known, ...]
    looks: tuple[Look, ...]
    history: tuple[Entry, ...]
    former: Former | None
    accounts: tuple[KnownAccount, ...]
    problems: tuple[str, ...] = ()

    @property
    def names(self) -> dict[int, str]:
        """The accounts' names, by id."""
        return {each.id: each.name for each in self.accounts}

    @property
    def is_linked(self) -> bool:
        """Whether any link knows it."""
        return any(each.link is not None for each in self.known)

    @property
    def is_known(self) -> bool:
        """Whether anything is known of it, here or at its service."""
        there = any(each.found in (Found.LIVE, Found.DELETED) for each in self.looks)
        return bool(self.known or self.history or there)


def explain(services: Services, item: ItemId, *, account: str | None = None) -> Explanation:
    """Everything about the item. `account`: only this one is asked for an item that no link knows.

    Asks the services only about an item without a link, and then as `look` says (plus what tells an account's
    identity, which runs keep for a day).

    Raises SettingsError if the accounts file is wrong, or there is no such account.
    """
    found = explain_stored(services.engine, item)
    return found if found.is_linked else looked_at(services, found, account=account)


def explain_stored(engine: Engine, item: ItemId) -> Explanation:
    """Everything that is stored about the item, in six queries; no service is asked."""
    key = (item.side, item.id)
    with reading(engine) as conn:
        accounts = histories.accounts(conn)
        links = histories.links(conn, key)
        names = {each.id: each.name for each in accounts}
        known = _pairs(conn, links, names) if links else _unlinked(conn, key, accounts)
        former = None if links else histories.former(conn, key)
        history = histories.entries(conn, key, accounts, limit=HISTORY)
    return Explanation(item, tuple(known), (), tuple(history), former, tuple(accounts))


def looked_at(services: Services, stored: Explanation, *, account: str | None = None) -> Explanation:
    """The same of an item without a link, with what a look at it shows. `account`, errors: as `explain` has them."""
    asked, problems = enabled_accounts(services, stored.accounts, account), list[str]()
    looks = tuple(_looks(services, stored.item, asked, stored.accounts, problems))
    return replace(stored, looks=looks, problems=tuple(problems))


def explain_pair(conn: Connection, link: Link, account: str) -> Explanation:
    """Everything that is stored about this pair of the account of that name; no service is asked."""
    item, place = (Side.ACTIVITY, str(link.activity_id)), (link.company_id, None, link.calendar_id)
    mine = KnownAccount(link.account_id, account, *place, activities_connected_at=None, events_connected_at=None)
    history = histories.entries(conn, item, [mine], limit=HISTORY)
    known = tuple(_pairs(conn, [link], {mine.id: account}))
    return Explanation(ItemId(*item), known, (), tuple(history), None, (mine,))


# What is stored.


def _unlinked(conn: Connection, item: histories.Item, accounts: Iterable[KnownAccount]) -> list[Known]:
    kept_back = histories.kept_back(conn, item)
    decisions = {each.account_id: each for each in histories.decisions(conn, item)}
    found = []
    for each in accounts:
        hold, aside = kept_back.get(each.id, (None, None))
        if each.id in kept_back or each.id in decisions:
            holds, apart = (hold,) if hold is not None else (), (aside,) if aside is not None else ()
            found.append(Known(each.name, None, decisions.get(each.id), holds, apart))
    return found


def _pairs(conn: Connection, links: Sequence[Link], names: Mapping[int, str]) -> list[Known]:
    """Of one account there is one link at most."""
    events = dict.fromkeys((Side.EVENT, link.event_id) for link in links)
    items = [*dict.fromkeys((Side.ACTIVITY, str(link.activity_id)) for link in links), *events]
    decisions = {each.account_id: each for each in histories.decisions(conn, *items)}
    holds = histories.holds(conn, events, [link.id for link in links])
    aside = histories.set_aside(conn, items)
    return [
        Known(
            names.get(link.account_id, ""),
            link,
            decisions.get(link.account_id),
            tuple(each for each in holds if each.account_id == link.account_id),
            tuple(each for each in aside if each.account_id == link.account_id),
        )
        for link in links
    ]


# What is there now.


def _looks(
    services: Services, item: ItemId, asked: list[Account], known: Sequence[KnownAccount], problems: list[str]
) -> Iterator[Look]:
    directory = Directory(services.engine, services.clock, read_only=True)
    if item.side is Side.EVENT:
        there = [each for each in asked if not (item.calendar and _is_elsewhere(each, item.calendar, known))]
        found = list(_now(services, directory, there, known, problems))
        at_work = [each for each in found if item.calendar in ("", each.calendar_id)]
        if len(at_work) > MOST_CALENDARS:
            text = f"Say in whose calendar the event is (--account): {len(at_work)} accounts would be asked for it."
            raise SettingsError([text])
        yield from (look_at_event(services, item, each) for each in at_work)
        return
    users = {each.name: each.user_id for each in known}
    for conn_id in dict.fromkeys(each.pipedrive_conn_id for each in asked):
        mine = [each for each in asked if each.pipedrive_conn_id == conn_id]

        def accounts_of(user_id: int, conn_id: str = conn_id, mine: list[Account] = mine) -> list[RunAccount]:
            email = _email(services, directory, conn_id, user_id)
            able = [each for each in mine if _may_be_of(each, user_id, email, users)]
            return [each for each in _now(services, directory, able, known, problems) if each.user_id == user_id]

        yield from look_at_activity(services, item, conn_id, accounts_of)


def _now(
    services: Services,
    directory: Directory,
    accounts: Iterable[Account],
    known: Sequence[KnownAccount],
    problems: list[str],
) -> Iterator[RunAccount]:
    """Those of the accounts that can be looked up."""
    for number, account in enumerate(accounts, start=1):
        try:
            yield account_now(services, directory, account, known, -number)
        except CalsyncError as error:
            text = str(error)
            problems.append(text if text.startswith("account ") else f"account {account.name}: {text}")


def _email(services: Services, directory: Directory, conn_id: str, user_id: int) -> str:
    """Of a user of Pipedrive; "": nobody says."""
    try:
        users = company(services, directory, conn_id)["users"]
    except CalsyncError:
        return ""
    return next((str(each.get("email") or "").casefold() for each in users if each["id"] == user_id), "")


def _may_be_of(account: Account, user_id: int, email: str, users: Mapping[str, int | None]) -> bool:
    """Whether the account may be this user's. Most are known to be somebody else's (`users`): looking each up costs."""
    return account.pipedrive_user in (user_id, email) or users.get(account.name) in (None, user_id)


def _is_elsewhere(account: Account, calendar_id: str, known: Iterable[KnownAccount]) -> bool:
    """Whether the store says that the account has another calendar; asking costs requests."""
    return any(each.name == account.name and each.calendar_id not in (None, calendar_id) for each in known)
