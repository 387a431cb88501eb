"""The screens of Find an item: what was found, and one pair: both sides field by field, why, and what was written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from include.calsync.core.conflicts import Conflict
from include.calsync.core.item_ids import item_id
from include.calsync.core.model import Origin
from include.calsync.core.policy import Policy, Side
from include.calsync.core.raw import Json, RawEvent
from include.calsync.core.records import Link, Payload
from include.calsync.core.row_words import is_secret, pages_of
from include.calsync.core.run_records import Decision, Entry
from include.calsync.core.sentences import LANGUAGES, because
from include.calsync.core.stamps import stamp
from include.calsync.core.written import Written
from include.calsync.flows import explain_text
from include.calsync.flows.explain import Explanation, Known, explain_pair
from include.calsync.flows.live_look import Found as Looked
from include.calsync.flows.live_look import Look, look_at_both
from include.calsync.flows.page.account import parsed
from include.calsync.flows.page.pair_rows import Flow, Row, flow_of, rows_of
from include.calsync.flows.run_account import policy_of
from include.calsync.flows.services import Services
from include.calsync.settings import Account
from include.calsync.store import histories, mapping, page_accounts, quarantine
from include.calsync.store.page_accounts import Head
from include.calsync.store.page_items import Hit, by_subject
from include.calsync.store.transaction import Connection, Engine, reading

HITS_SHOWN = 20
SHORTEST = 2
"""Characters that a subject is searched by."""
_CREATING = ("create_event", "create_activity", "adopt")
"""What makes a pair."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: one pair, an item that no link knows, or pairs by subject (`more`: there are others)."""

    query: str
    link_id: int | None = None
    item: tuple[Side, str] | None = None
    calendar: str = ""
    is_clear: bool = False
    """Whether the text is an id or an address, and no part of a subject."""
    hits: Sequence[Hit] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """A value that lost a conflict, to which side's, and why (a sentence)."""

    name: str
    value: Any
    winner: Side
    why: str


@dataclass(frozen=True, slots=True)
class Write:
    """One write. `changes`: field, value before and after. `action`, `why`: in words."""

    entry: Entry
    action: str
    why: str
    changes: Sequence[tuple[str, Any, Any]]
    lost: Sequence[Lost]


@dataclass(frozen=True, slots=True)
class PairPage:
    """The screen of a pair. `is_secret`: nothing may be told but ids and times. `guests`: their addresses.

    `born_at`, `linked_at`: None: not kept. `looks`: of activity and event, if both were looked at now.
    """

    account: Head
    link: Link
    known: Known
    is_secret: bool
    rows: Sequence[Row]
    block: str
    guests: Sequence[str]
    history: Sequence[Write]
    pages: tuple[str, str]
    decision: str
    born_at: datetime | None
    linked_at: datetime | None
    flow: Flow | None
    looks: tuple[Look, ...] = ()

    @property
    def moving_count(self) -> int:
        """Fields that were edited since, and that the next run takes to the other side."""
        return sum(row.next is not None for row in self.rows)

    @property
    def edited_count(self) -> int:
        """Fields that were edited since, whether or not that goes anywhere."""
        return sum(bool(row.edited) for row in self.rows)

    @property
    def was_answered(self) -> bool:
        """Whether both services showed their side."""
        return all(look.found is Looked.LIVE for look in self.looks)

    @property
    def can_be_looked_at(self) -> bool:
        """Whether its account says where both sides are."""
        return parsed(self.account) is not None

    @property
    def subject(self) -> str:
        """What the pair is called."""
        return "" if self.is_secret else str(self.link.base_activity.get("subject") or "")

    @property
    def run_ids(self) -> set[str]:
        """The runs that wrote to it."""
        return {each.entry.run_id for each in self.history}


@dataclass(frozen=True, slots=True)
class Named:
    """A pair, as far as another screen names it."""

    account: Head
    link: Link

    @property
    def subject(self) -> str:
        """What the pair is called; "": that may not be told."""
        if is_secret(Payload(event_raw=self.link.event_raw, activity=self.link.base_activity)):
            return ""
        return str(self.link.base_activity.get("subject") or "")


# Finding.


def find(engine: Engine, text: str, may_read: Callable[[str], bool]) -> Found:
    """What an id, a pasted address or a part of a subject means. At most three queries.

    `may_read`: whether what is in the account of this Google user may be read.
    """
    text = text.strip()
    with reading(engine) as conn:
        heads = page_accounts.heads(conn)
        mine = {head.id for head in heads if may_read(str((head.settings or {}).get("google_user", "")))}
        try:
            item = item_id(text)
        except ValueError:
            item = None
        is_clear = item is not None and ("//" in text or item.side is Side.ACTIVITY)
        links = histories.links(conn, (item.side, item.id)) if item is not None else []
        reached = [link for link in links if link.account_id in mine]
        if item is not None and reached:
            one = [link for link in reached if item.calendar in ("", link.calendar_id)] or reached
            return Found(text, link_id=one[0].id)
        if item is not None and is_clear:
            return Found(text, item=(item.side, item.id), calendar=item.calendar, is_clear=True)
        hits = by_subject(conn, mine, text, HITS_SHOWN + 1) if len(text) >= SHORTEST else []
    told = [hit for hit in hits if not is_secret(Payload(event_raw=hit.event_raw, activity=hit.base_activity))]
    unknown = (item.side, item.id) if item is not None else None
    return Found(text, item=unknown, hits=told[:HITS_SHOWN], more=len(hits) > HITS_SHOWN)


def account_of_calendar(engine: Engine, calendar_id: str) -> int | None:
    """The account that has the calendar: an address of the page names no calendar, only ids."""
    with reading(engine) as conn:
        return next((each.id for each in histories.accounts(conn) if each.calendar_id == calendar_id), None)


# One pair.


def read(engine: Engine, link_id: int, language: str) -> PairPage | None:
    """Six queries. None: there is no such pair (any more). `language`: of its sentences."""
    with reading(engine) as conn:
        named = _named(conn, link_id)
        if named is None:
            return None
        explained = explain_pair(conn, named.link, named.account.name)
    return _page(named.account, named.link, explained, language)


def name(engine: Engine, link_id: int) -> Named | None:
    """Two queries. None: as above."""
    with reading(engine) as conn:
        return _named(conn, link_id)


def _named(conn: Connection, link_id: int) -> Named | None:
    link = mapping.get_link(conn, link_id)
    account = page_accounts.head(conn, link.account_id) if link is not None else None
    return None if link is None or account is None else Named(account, link)


def look_again(services: Services, pair: PairPage) -> PairPage:
    """The same with both sides as they are now: one request each. A side that does not answer stays as it was."""
    settings = parsed(pair.account)
    if settings is None:
        return pair
    looks = tuple(look_at_both(services, pair.link, settings))
    seen = [look.shown for look in looks if look.found is Looked.LIVE and look.shown is not None]
    secret = pair.is_secret or any(
        is_secret(Payload(event_raw=each.raw) if each.side == Side.EVENT else Payload(activity=each.view))
        for each in seen
    )
    event = next((each.raw for each in seen if each.side == Side.EVENT), pair.link.event_raw)
    policy = _policy(settings, pair.link, event)
    shown = {Side(each.side): each.view for each in seen if each.view is not None}
    rows = list(rows_of(pair.link, policy, secret=secret, shown=shown))
    page = replace(pair, rows=rows, looks=looks, guests=_guests(event), flow=flow_of(policy))
    return _untold(page) if secret else page


def try_again(engine: Engine, pair: PairPage, now: datetime) -> None:
    """What is set aside of the pair is due now."""
    with engine.begin() as conn:
        for each in pair.known.aside:
            quarantine.due(conn, account_id=each.account_id, side=each.side, item_id=each.item_id, at=now)


def _page(account: Head, link: Link, explained: Explanation, language: str) -> PairPage:
    secret = explain_text.is_secret_item(explained)
    settings = parsed(account)
    policy = _policy(settings, link, link.event_raw) if settings is not None else None
    made = [entry.at for entry in explained.history if entry.action in _CREATING and entry.link_id == link.id]
    born = (link.activity_raw or {}).get("add_time"), (link.event_raw or {}).get("created")
    page = PairPage(
        account=account,
        link=link,
        known=explained.known[0],
        is_secret=secret,
        rows=list(rows_of(link, policy, secret=secret, shown={})),
        block=Written.from_json(link.rendered).block if link.rendered else "",
        guests=_guests(link.event_raw),
        history=writes_of(explained.history, language),
        pages=pages_of(link.activity_id, Payload(activity=link.base_activity, event_raw=link.event_raw)),
        decision=because_of(explained.known[0].decision, language),
        born_at=stamp(born[link.origin == Origin.GOOGLE]),
        linked_at=made[-1] if made else None,
        flow=flow_of(policy) if policy is not None else None,
    )
    return _untold(page) if secret else page


def _untold(page: PairPage) -> PairPage:
    """Without anything that people typed; the rows are their maker's."""
    return replace(page, is_secret=True, block="", guests=(), history=untold(page.history))


def because_of(decision: Decision | None, language: str) -> str:
    """Why a run decided so, as a clause after "because"; "": none is kept."""
    return because(decision.rule, decision.reason, language=language) if decision is not None else ""


def _policy(settings: Account, link: Link, event: RawEvent | None) -> Policy:
    """The rules of the pair with this event, as far as they say what flows."""
    whole = policy_of(settings, 0, "UTC", link.calendar_id)
    return whole.of_pair(event, Origin(link.origin))


def _guests(event: RawEvent | None) -> list[str]:
    mails = [str(each.get("email") or "") for each in (event or {}).get("attendees") or ()]
    return [mail for mail in mails if mail]


def writes_of(entries: Iterable[Entry], language: str) -> list[Write]:
    """What was written, in words of this language."""
    return [_written(entry, language) for entry in entries]


def untold(history: Iterable[Write]) -> list[Write]:
    """The same without anything that people typed."""
    return [replace(write, changes=(), lost=()) for write in history]


def _written(entry: Entry, language: str) -> Write:
    return Write(
        entry=entry,
        action=explain_text.action_of(entry, language),
        why=explain_text.why_of(entry, language),
        changes=() if entry.action in _CREATING and not entry.before else list(explain_text.changed(entry)),
        lost=[_lost(each, language) for each in entry.lost or ()],
    )


def _lost(value: Json, language: str) -> Lost:
    conflict = Conflict.from_json(value)
    lost = value["activity"] if conflict.winner is Side.EVENT else value["event"]
    return Lost(conflict.field, lost, conflict.winner, LANGUAGES[language].wins[conflict.said])
