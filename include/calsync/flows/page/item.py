"""The screens of Find an item: what was found, and one pair: both sides field by field, why, and what was written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.calsync.core.conflicts import Conflict
from include.calsync.core.item_ids import item_id
from include.calsync.core.model import Origin
from include.calsync.core.policy import Policy, Side
from include.calsync.core.raw import Json
from include.calsync.core.records import Link, Payload
from include.calsync.core.row_words import is_secret, pages_of
from include.calsync.core.run_records import Decision, Entry
from include.calsync.core.sentences import LANGUAGES, because
from include.calsync.core.written import Written
from include.calsync.flows import explain_text
from include.calsync.flows.explain import Explanation, Known, explain_pair
from include.calsync.flows.page.account import Way, parsed
from include.calsync.flows.run_account import policy_of
from include.calsync.settings import Account
from include.calsync.store import histories, mapping, page_accounts, quarantine
from include.calsync.store.page_accounts import Head
from include.calsync.store.page_items import Hit, by_subject
from include.calsync.store.transaction import Engine, reading

HITS_SHOWN = 20
SHORTEST = 2
"""Characters that a subject is searched by."""
_SHARED = (("subject", "title"), ("when", "when"), ("place", "place"), ("description", "description"), ("busy", "busy"))
"""Names of what flows, on an activity and on an event."""
_BESIDE = ("type", "done", "note")
"""Of an activity alone."""


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
class Row:
    """One field of both sides, as they were when last equal. `before`, `after`: of the title what the sync adds."""

    name: str
    activity: Any
    event: Any
    way: Way
    before: str = ""
    after: str = ""

    @property
    def is_same(self) -> bool:
        """Whether both show the same, so that a narrow page says it once."""
        return bool(self.activity == self.event and not self.before and not self.after)


@dataclass(frozen=True, slots=True)
class Lost:
    """A value that lost a conflict, and why (a sentence)."""

    name: str
    value: Any
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
    """The screen of a pair. `is_secret`: nothing may be told but ids and times. `guests`: their addresses."""

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

    @property
    def subject(self) -> str:
        """What the pair is called."""
        return "" if self.is_secret else str(self.link.base_activity.get("subject") or "")

    @property
    def run_ids(self) -> set[str]:
        """The runs that wrote to it."""
        return {each.entry.run_id for each in self.history}


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


def accounts(engine: Engine) -> list[Head]:
    """All accounts, by name."""
    with reading(engine) as conn:
        return page_accounts.heads(conn)


# One pair.


def read(engine: Engine, link_id: int, language: str) -> PairPage | None:
    """Six queries. None: there is no such pair (any more). `language`: of its sentences."""
    with reading(engine) as conn:
        link = mapping.get_link(conn, link_id)
        account = page_accounts.head(conn, link.account_id) if link is not None else None
        if link is None or account is None:
            return None
        explained = explain_pair(conn, link, account.name)
    return _page(account, link, explained, language)


def try_again(engine: Engine, pair: PairPage, now: datetime) -> None:
    """What is set aside of the pair is due now."""
    with engine.begin() as conn:
        for each in pair.known.aside:
            quarantine.due(conn, account_id=each.account_id, side=each.side, item_id=each.item_id, at=now)


def _page(account: Head, link: Link, explained: Explanation, language: str) -> PairPage:
    secret = explain_text.is_secret_item(explained)
    settings = parsed(account)
    policy = _policy(settings, link) if settings is not None else None
    rendered = Written.from_json(link.rendered) if link.rendered else None
    guests = [str(each.get("email") or "") for each in (link.event_raw or {}).get("attendees") or ()]
    return PairPage(
        account=account,
        link=link,
        known=explained.known[0],
        is_secret=secret,
        rows=list(_rows(link, policy, rendered, secret=secret)),
        block=rendered.block if rendered is not None and not secret else "",
        guests=[] if secret else [each for each in guests if each],
        history=[_written(entry, language, secret=secret) for entry in explained.history],
        pages=pages_of(link.activity_id, Payload(activity=link.base_activity, event_raw=link.event_raw)),
        decision=because_of(explained.known[0].decision, language),
    )


def because_of(decision: Decision | None, language: str) -> str:
    """Why a run decided so, as a clause after "because"; "": none is kept."""
    return because(decision.rule, decision.reason, language=language) if decision is not None else ""


def _policy(settings: Account, link: Link) -> Policy:
    """The rules of the pair, as far as they say what flows."""
    whole = policy_of(settings, 0, "UTC", link.calendar_id)
    return whole.of_pair(link.event_raw, Origin(link.origin))


def _rows(link: Link, policy: Policy | None, rendered: Written | None, *, secret: bool) -> Iterator[Row]:
    activity, event = link.base_activity, link.base_event
    for mine, theirs in _SHARED:
        if secret and mine != "when":
            continue
        value, before, after = event.get(theirs), "", ""
        if rendered is not None and mine == "subject" and value == rendered.title.text:
            before, after = rendered.title.mark + rendered.title.prefix, rendered.title.suffix
            value = rendered.title.subject
        if rendered is not None and mine == "description" and rendered.block:
            value = activity.get(mine)
        yield Row(mine, activity.get(mine), value, _way(policy, mine), before, after)
    if not secret:
        yield from (Row(name, activity[name], None, Way.NONE) for name in _BESIDE if activity.get(name))


def _way(policy: Policy | None, name: str) -> Way:
    if policy is None:
        return Way.NONE
    both = policy.may_write(Side.EVENT, name), policy.may_write(Side.ACTIVITY, name)
    ways = {(True, True): Way.BOTH, (True, False): Way.TO_EVENT, (False, True): Way.TO_ACTIVITY}
    return ways.get(both, Way.NONE)


def _written(entry: Entry, language: str, *, secret: bool) -> Write:
    return Write(
        entry=entry,
        action=explain_text.action_of(entry, language),
        why=explain_text.why_of(entry, language),
        changes=[] if secret else list(explain_text.changed(entry)),
        lost=[] if secret else [_lost(each, language) for each in entry.lost or ()],
    )


def _lost(value: Json, language: str) -> Lost:
    conflict = Conflict.from_json(value)
    lost = value["activity"] if conflict.winner is Side.EVENT else value["event"]
    return Lost(conflict.field, lost, LANGUAGES[language].wins[conflict.why])
