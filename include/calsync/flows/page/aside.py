"""The list of what is set aside: items that failed, why, and when they are tried again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from include.calsync.core.policy import Side
from include.calsync.core.records import Payload, SetAside
from include.calsync.core.row_words import is_secret
from include.calsync.store import page_accounts, quarantine
from include.calsync.store import page_aside as store
from include.calsync.store.page_accounts import Head
from include.calsync.store.page_aside import Paired
from include.calsync.store.transaction import Engine, reading

SHOWN = 100


@dataclass(frozen=True, slots=True)
class Item:
    """One of them. `link_id`: of its pair, if it is one; `subject`: "" if it is none, or may not be told."""

    entry: SetAside
    account: Head
    link_id: int | None
    subject: str
    readable: bool


@dataclass(frozen=True, slots=True)
class Aside:
    """The screen. `more`: there are others."""

    account_id: int | None
    side: str
    accounts: Sequence[Head]
    items: Sequence[Item]
    more: bool


def read(engine: Engine, account_id: int | None, side: str, may_read: Callable[[str], bool]) -> Aside:
    """Three queries. `may_read`: whether what is in the account of this Google user may be read."""
    with reading(engine) as conn:
        heads = page_accounts.heads(conn)
        found = store.aside(conn, account_id=account_id, side=side, limit=SHOWN + 1)
        shown = found[:SHOWN]
        activity_ids = [int(entry.item_id) for entry in shown if entry.side == Side.ACTIVITY]
        event_ids = [entry.item_id for entry in shown if entry.side == Side.EVENT]
        pairs = store.pairs(conn, activity_ids, event_ids) if shown else []
    return Aside(account_id, side, heads, list(_items(shown, heads, pairs, may_read)), len(found) > len(shown))


def _items(
    found: Sequence[SetAside], heads: Sequence[Head], pairs: Sequence[Paired], may_read: Callable[[str], bool]
) -> Iterator[Item]:
    known = {head.id: head for head in heads}
    paired = {(pair.account_id, Side.ACTIVITY.value, str(pair.activity_id)): pair for pair in pairs}
    paired |= {(pair.account_id, Side.EVENT.value, pair.event_id): pair for pair in pairs}
    for entry in found:
        head = known.get(entry.account_id)
        if head is None:
            continue  # it takes no part any more
        pair = paired.get((entry.account_id, entry.side, entry.item_id))
        readable = may_read(str((head.settings or {}).get("google_user", "")))
        told = pair if pair is not None and readable and not _is_secret(pair) else None
        subject = str(told.base_activity.get("subject") or "") if told is not None else ""
        yield Item(entry, head, pair.id if pair is not None else None, subject, readable)


def _is_secret(pair: Paired) -> bool:
    return is_secret(Payload(event_raw=pair.event_raw, activity=pair.base_activity))


def try_again(engine: Engine, account_id: int, side: str, item_id: str, now: datetime) -> str | None:
    """The item is due now. The account's name; None: it is not set aside."""
    with engine.begin() as conn:
        head = page_accounts.head(conn, account_id)
        if head is None or not quarantine.is_aside(conn, account_id, side, item_id):
            return None
        quarantine.due(conn, account_id=account_id, side=side, item_id=item_id, at=now)
    return head.name
