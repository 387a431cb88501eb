"""What waits for a person: shown item by item, approved or rejected, and asked about anew after a week.

A decision is stored here and carried out by the next run: it does exactly what was held, if the items are as they were.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from include.calsync.core.decide import Action
from include.calsync.core.planning.rule import Reason
from include.calsync.core.policy import Side
from include.calsync.core.raw import Json
from include.calsync.core.records import Link, Payload
from include.calsync.core.row_words import RowWords, words_of
from include.calsync.core.run_records import Held, HeldCreation, StoredHold
from include.calsync.core.sentences import DEFAULT, LANGUAGES
from include.calsync.core.words import MISSING, REJECTED
from include.calsync.errors import CalsyncError
from include.calsync.flows import aside
from include.calsync.flows.run_account import run_account
from include.calsync.flows.services import Services
from include.calsync.flows.told import some
from include.calsync.store import accounts as known_accounts
from include.calsync.store import holds, mapping, runs
from include.calsync.store.transaction import Connection, Engine, reading

EXPIRES = timedelta(days=7)
"""A decision is about items as they were: after so long they are read again, and a person is asked anew."""


class Undecidable(CalsyncError):
    """It is decided already, or over, or not what the person saw."""


NOUNS: Mapping[str, str] = {
    Action.DELETE_ACTIVITY: "activity",
    Action.FINISH_ACTIVITY: "activity",
    Action.DELETE_EVENT: "event",
    Action.REMOVE_EVENT: "event",
    Action.CREATE_EVENT: "event",
    Action.CREATE_ACTIVITY: "activity",
}
"""What an approval is about, by action; else it is pairs."""


@dataclass(frozen=True, slots=True)
class _Row:
    """What is held, as a row that is to be carried out."""

    activity_id: int | None
    event_id: str | None
    action: str
    reason: str
    payload: Payload
    rule: str | None = None
    conflicts: list[Json] | None = None
    state: str = "planned"
    error: str | None = None

    @property
    def at(self) -> str:
        """When its item is, so that rows can be sorted by it."""
        shown = self.payload.get("activity") or self.payload.get("event") or {}
        when = shown.get("when") or {}
        return str(when.get("start") or when.get("day") or "")


@dataclass(frozen=True, slots=True)
class HoldView:
    """A hold with its items. `plan_hash`: of exactly these: who approves may name it."""

    hold: StoredHold
    account: str
    lines: tuple[RowWords, ...]
    counts: Mapping[str, int]
    """How many items, by action."""
    plan_hash: str

    @property
    def approved(self) -> str:
        """What the next run does if it is approved."""
        words = LANGUAGES[DEFAULT].approved
        parts = [words[key].format(count=some(count, NOUNS.get(key, "pair"))) for key, count in self.counts.items()]
        return ", ".join(parts)

    @property
    def rejected(self) -> str:
        """What the next run does if it is rejected."""
        return ", ".join(dict.fromkeys(LANGUAGES[DEFAULT].rejected[key] for key in self.counts))


def waiting(services: Services, *, unasked: bool = False) -> list[StoredHold]:
    """The open holds, oldest first. `unasked`: only those that nobody was asked about."""
    with reading(services.engine) as conn:
        return holds.open_holds(conn, unasked=unasked)


def ask(services: Services, hold_id: int, by: str, *, again: bool = False) -> bool:
    """Take it on to ask a person about the hold. False: it is decided, or another Airflow run asks (unless `again`).

    Args:
        by: the Airflow run that asks.
    """
    with services.engine.begin() as conn:
        return holds.ask(conn, hold_id, by, again=again)


def is_waiting(services: Services, hold_id: int, by: str) -> bool:
    """Whether the hold still waits for the person whom this Airflow run asks, and is not too old for that."""
    with reading(services.engine) as conn:
        hold = holds.get(conn, hold_id)
    fresh = hold is not None and services.clock() - hold.opened_at <= EXPIRES
    return fresh and hold is not None and (hold.state, hold.asked_by) == ("open", by)


def show(services: Services, hold_id: int) -> HoldView:
    """A hold as it is now. Titles only if the logs may have personal data. Raises as `view_of` does."""
    return view_of(services.engine, hold_id, personal=services.environment.log_personal_data)


def view_of(engine: Engine, hold_id: int, *, personal: bool, language: str = DEFAULT) -> HoldView:
    """A hold as it is now. `personal`: with titles and values; `language`: of its lines.

    Raises CalsyncError if there is none, or the run that held it is kept no more.
    """
    with reading(engine) as conn:
        hold = _known(conn, hold_id)
        items, creations = holds.items_of(conn, hold_id), holds.creations_of(conn, hold_id)
        links = mapping.whole(conn, [row.link_id for row in items])
        account = known_accounts.get(conn, hold.account_id)
        held_by = next((row for row in runs.accounts(conn, hold.run_id) if row.account_id == hold.account_id), None)
    if held_by is None:
        raise CalsyncError(f"Nothing can be shown of hold {hold_id} any more: the run that held it is kept no longer.")
    rows = [_row_of(held, links[held.link_id]) for held in items] + [_row_of_new(new) for new in creations]
    policy = run_account(held_by).policy
    rows.sort(key=lambda row: row.at)
    lines = [words_of(row, policy, personal=personal, language=language) for row in rows]
    return HoldView(
        hold, account.name, tuple(lines), Counter(row.action for row in rows), plan_hash_of(items, creations)
    )


def decide(services: Services, hold_id: int, *, approve: bool, by: str, plan_hash: str | None = None) -> None:
    """Store what a person decided. The next run carries it out. As `decide_at`, now."""
    decide_at(services.engine, services.clock(), hold_id, approve=approve, by=by, plan_hash=plan_hash)


def decide_at(
    engine: Engine, now: datetime, hold_id: int, *, approve: bool, by: str, plan_hash: str | None = None
) -> None:
    """Store what a person decided.

    Args:
        by: the person's name in Airflow.
        plan_hash: of what the person saw.

    Raises:
        Undecidable: it is decided already, or over, or not what the person saw.
        CalsyncError: there is no such hold.
    """
    with engine.begin() as conn:
        hold = _known(conn, hold_id)
        items, creations = holds.items_of(conn, hold_id), holds.creations_of(conn, hold_id)
        if plan_hash is not None and plan_hash != plan_hash_of(items, creations):
            raise Undecidable(f"Look at hold {hold_id} again: some of its items changed since it was shown.")
        if not holds.decide(conn, hold_id, state="approved" if approve else "rejected", by=by, at=now):
            raise Undecidable(f"Nothing was changed: {_over(hold)}")
        for new in creations if approve else ():
            _read_again(conn, hold.account_id, (new.side, new.item_id), now)
        for row in items if not approve else ():
            if row.payload.get("unproven") == MISSING:
                mapping.set_link(conn, row.link_id, cause=REJECTED)


def expire(conn: Connection, account_id: int, now: datetime) -> None:
    """Let go what nobody decided for a week: it is read and decided anew, and if it is still too much a person is asked
    again."""
    for hold in holds.expired(conn, account_id, now - EXPIRES):
        items, creations = holds.items_of(conn, hold.id), holds.creations_of(conn, hold.id)
        links = mapping.whole(conn, [row.link_id for row in items])
        for link in links.values():
            _read_again(conn, account_id, ("activities", str(link.activity_id)), now)
            _read_again(conn, account_id, ("events", link.event_id), now)
            holds.release(conn, link.id)
        for row in creations:
            _read_again(conn, account_id, (row.side, row.item_id), now)
        holds.release_creations(conn, creations)


def _read_again(conn: Connection, account_id: int, item: tuple[str, str], now: datetime) -> None:
    aside.put(conn, account_id, item, "a person decided, or nobody did for a week", now, failed=False)


def _known(conn: Connection, hold_id: int) -> StoredHold:
    hold = holds.get(conn, hold_id)
    if hold is None:
        raise CalsyncError(f"Look under Required Actions which holds there are: there is no hold {hold_id}.")
    return hold


def _over(hold: StoredHold) -> str:
    if hold.state == "lapsed":
        return f"hold {hold.id} is over; its items changed, and were decided anew."
    return f"hold {hold.id} was {hold.state} by {hold.decided_by} at {hold.decided_at:%Y-%m-%d %H:%M} UTC."


def plan_hash_of(items: Iterable[Held], creations: Iterable[HeldCreation]) -> str:
    """Of what would be done, whatever the order."""
    texts = sorted([*map(_identity, items), *map(_identity, creations)])
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def print_of(row: Held | HeldCreation) -> str:
    """Of one item: it is another one as soon as what would be done is."""
    return hashlib.sha256(_identity(row).encode()).hexdigest()[:8]


def _identity(row: Held | HeldCreation) -> str:
    key = [str(row.link_id), row.action] if isinstance(row, Held) else [row.side, row.item_id]
    return json.dumps([*key, row.payload], sort_keys=True)


def _row_of(held: Held, link: Link) -> _Row:
    ids = link.activity_id, link.event_id
    return _Row(*ids, held.action, held.reason or "", held.payload, held.rule, held.conflicts)


def _row_of_new(new: HeldCreation) -> _Row:
    if new.side == Side.ACTIVITY:
        return _Row(int(new.item_id), None, str(Action.CREATE_EVENT), str(Reason.NEW_ACTIVITY), new.payload)
    return _Row(None, new.item_id, str(Action.CREATE_ACTIVITY), str(Reason.NEW_EVENT), new.payload)
