"""The screen Held: what waits for a person with its items, and what was decided."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from include.calsync.core.decide import Action
from include.calsync.core.model import When
from include.calsync.core.planning.wanted import changes_of
from include.calsync.core.policy import Side
from include.calsync.core.raw import Json
from include.calsync.core.records import Payload
from include.calsync.core.row_words import is_secret
from include.calsync.core.run_records import Held, HeldCreation
from include.calsync.flows.holds import EXPIRES, plan_hash_of, print_of
from include.calsync.store import holds, page_accounts
from include.calsync.store import page_holds as store
from include.calsync.store.page_holds import HoldHead
from include.calsync.store.transaction import Connection, Engine, reading

DECIDED_SHOWN = 20
ITEMS_SHOWN = 5
PER_PAGE = 100
SEEN_AT_MOST = 500
"""So many items are told one by one when they changed since a person looked."""
REMOVALS = frozenset(
    {Action.DELETE_EVENT, Action.DELETE_ACTIVITY, Action.FINISH_ACTIVITY, Action.REMOVE_EVENT, Action.DETACH}
)


@dataclass(frozen=True, slots=True)
class Change:
    """A field that would be written to `side`, with its value before and after, as stored."""

    side: str
    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Item:
    """What is held of one item. `key`: of what would be done: another one as soon as that changes."""

    key: str
    link_id: int | None
    action: str
    cause: str
    when: When | None
    subject: str
    """Empty: it is private, or nothing is known of it."""
    is_private: bool
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True)
class OneHold:
    """A hold with all its items, those first that are first. `pair_count`: of its account."""

    head: HoldHead
    pair_count: int
    items: Sequence[Item]
    plan_hash: str
    edited_side: str
    """Where held edits were made, `events` or `activities`; empty: it is about something else."""
    page: int = 1
    changed: frozenset[str] = frozenset()
    """Keys of items that are not as a person saw them."""

    @property
    def action(self) -> str:
        """What an approval does to all of them; `mixed`: it is not the same."""
        actions = {item.action for item in self.items}
        return actions.pop() if len(actions) == 1 else "mixed"

    @property
    def removes(self) -> bool:
        """Whether an approval removes something."""
        return any(item.action in REMOVALS for item in self.items)

    @property
    def ends_at(self) -> datetime:
        """When a person is asked anew if nobody decided."""
        return self.head.opened_at + EXPIRES

    @property
    def seen(self) -> str:
        """What a person is shown, for the form: the items' keys."""
        return " ".join(item.key for item in self.items) if len(self.items) <= SEEN_AT_MOST else ""

    @property
    def page_count(self) -> int:
        """How many pages of items there are, at least one."""
        return max(1, -(-len(self.items) // PER_PAGE))

    @property
    def shown(self) -> Sequence[Item]:
        """The items of this page; of page 0, the few that stand for all."""
        if not self.page:
            return self.items[:ITEMS_SHOWN]
        return self.items[(self.page - 1) * PER_PAGE : self.page * PER_PAGE]


@dataclass(frozen=True, slots=True)
class Holds:
    """The screen: the oldest that waits in full, the others in short, and what was decided.

    `before`: where the older decisions begin; None: there are none.
    """

    first: OneHold | None
    others: Sequence[HoldHead]
    decided: Sequence[HoldHead]
    before: int | None


def read(engine: Engine, *, before: int | None = None) -> Holds:
    """Four queries. `before`: only decisions about older holds."""
    with reading(engine) as conn:
        waiting, decided = store.heads(conn, before=before, limit=DECIDED_SHOWN + 1)
        first = _whole(conn, waiting[0], 0) if waiting and before is None else None
    shown = decided[:DECIDED_SHOWN]
    older = shown[-1].id if len(decided) > len(shown) else None
    return Holds(first, waiting[1:] if first else (), shown, older)


def read_one(engine: Engine, hold_id: int, *, page: int = 1, seen: str = "") -> OneHold | None:
    """Four queries. `page`: 0 for the first few; `seen`: `OneHold.seen` of what a person was shown. None: there is no
    such hold."""
    with reading(engine) as conn:
        head = store.head(conn, hold_id)
        return None if head is None else _whole(conn, head, page, seen.split())


def search(hold: OneHold, text: str, say: Callable[[When], str]) -> list[Item]:
    """Its items whose subject or date holds the text, upper or lower case. `say`: a date as the page shows it."""
    wanted = text.strip().casefold()
    return [item for item in hold.items if wanted in _searched(item, say)]


def _searched(item: Item, say: Callable[[When], str]) -> str:
    when = item.when
    dates = [say(when), str(when.day or when.start)] if when is not None else []
    return "\n".join([item.subject, *dates]).casefold()


def _whole(conn: Connection, head: HoldHead, page: int = 1, seen: Collection[str] = ()) -> OneHold:
    pairs, new = holds.items_of(conn, head.id), holds.creations_of(conn, head.id)
    items = sorted([*map(_item, pairs), *map(_new_item, new)], key=_place)
    sides = {row.payload.get("edited") or "" for row in pairs}
    return OneHold(
        head=head,
        pair_count=page_accounts.pair_counts(conn, [head.account_id]).get(head.account_id, 0),
        items=items,
        plan_hash=plan_hash_of(pairs, new),
        edited_side=sides.pop() if len(sides) == 1 else "",
        page=page,
        changed=frozenset(item.key for item in items if seen and item.key not in seen),
    )


def _item(row: Held) -> Item:
    cause = row.payload.get("cause") or ""
    return _shown(row.payload, print_of(row), row.link_id, row.action, cause)


def _new_item(row: HeldCreation) -> Item:
    action = Action.CREATE_EVENT if row.side == Side.ACTIVITY else Action.CREATE_ACTIVITY
    return _shown(row.payload, print_of(row), None, str(action), "")


def _shown(payload: Payload, key: str, link_id: int | None, action: str, cause: str) -> Item:
    views = [view for view in (payload.get("activity"), payload.get("event")) if view]
    when = next((_start(view["when"]) for view in views if view.get("when")), None)
    subject = next((str(text) for view in views if (text := view.get("subject") or view.get("title"))), "")
    is_private = is_secret(payload)
    changes = [] if is_private else list(_changes(payload))
    return Item(key, link_id, action, cause, when, "" if is_private else subject, is_private, changes)


def _start(when: Json) -> When:
    """When it begins is enough to know it by."""
    return replace(When.from_json(when), duration=None, days=1)


def _changes(payload: Payload) -> Iterable[Change]:
    before: Mapping[str, Any] = (payload.get("wanted") or {}).get("before") or {}
    for side in (Side.EVENT, Side.ACTIVITY):
        for field, value in changes_of(payload, side).items():
            yield Change(str(side), field, (before.get(str(side)) or {}).get(field), value)


def _place(item: Item) -> tuple[str, str]:
    when = item.when
    at = "" if when is None else str(when.day or "") if when.start is None else when.start.isoformat()
    return at, item.subject
