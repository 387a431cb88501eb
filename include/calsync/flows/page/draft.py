"""Reviewing a draft: which settings differ, and what the dry run that tries it out would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from include.calsync.core.account_records import AccountDraft, ConfiguredAccount
from include.calsync.core.decide import Action
from include.calsync.core.model import When
from include.calsync.core.planning.wanted import changes_of
from include.calsync.core.policy import Policy, Side
from include.calsync.core.records import Payload
from include.calsync.core.row_words import ONE_SIDED, REMOVING, is_secret, title_of, words_of
from include.calsync.core.run_records import PlanRow
from include.calsync.flows.editing.drafts import KEPT
from include.calsync.flows.moves import OTHER_ACCOUNT
from include.calsync.flows.run import load
from include.calsync.store import configured
from include.calsync.store import page_drafts as store
from include.calsync.store.page_drafts import TrialRun
from include.calsync.store.transaction import Engine, reading

ROWS_SHOWN, PER_PAGE = 20, 100
PATIENCE = timedelta(minutes=10)
"""So long after a draft was made its dry run is waited for."""


class Trying(StrEnum):
    """How far the dry run is."""

    WAITING = "waiting"
    READING = "reading"
    TRIED = "tried"
    FAILED = "failed"
    UNTRIED = "untried"
    """No run came: the sync is switched off, or Airflow has other things to do."""


@dataclass(frozen=True, slots=True)
class Change:
    """A setting that is saved as another one. `before` is None for a new account."""

    key: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Written:
    """A field that would be written, as stored: what it is, and what it would be."""

    side: str
    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the plan. `what` is done, in words. `title` of the event; "": it may not be read. `removes`: it would
    delete something. `moves`: the event goes to the other calendar."""

    what: str
    when: When | None
    title: str
    changes: Sequence[Written]
    removes: bool
    moves: bool


@dataclass(frozen=True, slots=True)
class Review:
    """The screen. `account` None: a new one. `counts`: of rows, by side and one of KINDS, or `moved`: events that go to
    another calendar; `held_count` waits.

    `page`: of all rows, from 1; None: the first few of them are shown.
    """

    draft: AccountDraft
    account: ConfiguredAccount | None
    changes: Sequence[Change]
    trying: Trying
    errors: Sequence[str]
    counts: Mapping[tuple[Side, str], int]
    held_count: int
    row_count: int
    rows: Sequence[Line]
    page: int | None = None
    run_id: str | None = None
    """Of the dry run that tried it out."""
    stays_count: int = 0
    """Pairs that would part, or take part no more, with both items where they are."""
    mailed_count: int = 0
    """People whom Google would mail."""

    @property
    def page_count(self) -> int:
        """How many pages all rows have, at least one."""
        return max(1, -(-self.row_count // PER_PAGE))

    @property
    def removed_count(self) -> int:
        """How many events and activities would be deleted, without a person being asked later."""
        return sum(count for (_, kind), count in self.counts.items() if kind == "removed")

    @property
    def moved_count(self) -> int:
        """How many events would go to another calendar, without a person being asked later."""
        return self.counts.get((Side.EVENT, "moved"), 0)

    @property
    def asked_count(self) -> int:
        """How many of these a person agrees to before the draft is saved."""
        return self.removed_count + self.moved_count

    @property
    def is_over(self) -> bool:
        """Whether nothing is waited for."""
        return self.trying not in (Trying.WAITING, Trying.READING)

    @property
    def is_harmless(self) -> bool:
        """No deletion, and no change to any activity."""
        return not any(
            count for (side, kind), count in self.counts.items() if side is Side.ACTIVITY or kind == "removed"
        )


def read(
    engine: Engine,
    draft_id: int,
    now: datetime,
    *,
    paused: bool,
    personal: bool,
    language: str,
    page: int | None = None,
) -> Review | None:
    """At most eight queries. None: the draft is over. `paused`: the sync is switched off. `personal`: with titles.
    `language`: of the rows. `page`: as of `Review`."""
    limit, offset = (ROWS_SHOWN, 0) if page is None else (PER_PAGE, (page - 1) * PER_PAGE)
    with reading(engine) as conn:
        draft = configured.draft(conn, draft_id, now)
        if draft is None:
            return None
        account = configured.get(conn, draft.account_id) if draft.account_id is not None else None
        began = draft.expires - KEPT
        run = store.trial(conn, draft_id, began)
        errors = store.errors(conn, run.id) if run is not None else []
        trying = _trying(run, errors, paused=paused, late=now - began > PATIENCE)
        found = store.counts(conn, run.id) if run is not None and trying is Trying.TRIED else {}
        planned = store.first_rows(conn, run.id, limit, offset) if run is not None and found else []
        accounts = load(conn, run.id).accounts if run is not None and trying is Trying.TRIED else []
    held_count = sum(count for (*_, waits), count in found.items() if waits)
    changes = _changes(account, draft)
    policies = {each.id: each.policy for each in accounts}
    known = [(row, policies[row.account_id]) for row in planned if row.account_id in policies]
    rows = [_line(row, policy, personal=personal, language=language) for row, policy in known]
    row_count, run_id = sum(found.values()), run.id if run is not None else None
    stays, mailed = (sum(each.counts.get(key, 0) for each in accounts) for key in ("stays", "mailed"))
    numbers = (_kinds(found), held_count, row_count)
    return Review(draft, account, changes, trying, errors, *numbers, rows, page, run_id, stays, mailed)


def _trying(run: TrialRun | None, errors: Sequence[str], *, paused: bool, late: bool) -> Trying:
    if errors:
        return Trying.FAILED
    if run is None:
        return Trying.UNTRIED if paused or late else Trying.WAITING
    if run.planned_at is not None:
        return Trying.TRIED
    return Trying.UNTRIED if late or run.finished_at is not None else Trying.READING


def _changes(account: ConfiguredAccount | None, draft: AccountDraft) -> list[Change]:
    before = account.settings if account is not None else {}
    changed = [key for key, value in draft.settings.items() if account is None or before.get(key) != value]
    return [Change(key, before.get(key), draft.settings[key]) for key in changed]


def _kinds(found: Mapping[tuple[str, str, str, bool], int]) -> dict[tuple[Side, str], int]:
    counts: Counter[tuple[Side, str]] = Counter()
    for (side, action, cause, waits), count in found.items():
        if cause == OTHER_ACCOUNT and not waits:
            counts[Side.EVENT, "moved"] += count
        elif action in ONE_SIDED and not waits:
            counts[ONE_SIDED[action]] += count
        elif side in (Side.EVENT.value, Side.ACTIVITY.value) and not waits:
            counts[Side(side), "changed"] += count
    return dict(counts)


def _line(row: PlanRow, policy: Policy, *, personal: bool, language: str) -> Line:
    payload = row.payload
    told = personal and not is_secret(payload)
    moves = row.action == Action.REMOVE_EVENT and payload.get("cause") == OTHER_ACCOUNT
    whens = [view["when"] for view in (payload.get("event"), payload.get("activity")) if view and view.get("when")]
    return Line(
        what=words_of(row, policy, personal=False, language=language).what,
        when=When.from_json(whens[0]) if whens else None,
        title=title_of(payload, policy) if told else "",
        changes=[*_written(payload), *(_moved(payload, policy) if moves else ())] if told else (),
        removes=row.action in REMOVING and not moves,
        moves=moves,
    )


def _moved(payload: Payload, policy: Policy) -> Iterable[Written]:
    """The title that an event gets in the other calendar, if it is not as it was."""
    before, after = title_of(payload, policy), title_of({**payload, "event": None}, policy)
    if before != after:
        yield Written(str(Side.EVENT), "title", before, after)


def _written(payload: Payload) -> Iterable[Written]:
    before: Mapping[str, Any] = (payload.get("wanted") or {}).get("before") or {}
    for side in (Side.EVENT, Side.ACTIVITY):
        for field, value in changes_of(payload, side).items():
            yield Written(str(side), field, (before.get(str(side)) or {}).get(field), value)
