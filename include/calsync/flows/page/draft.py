"""Reviewing a draft: which settings differ, and what the dry run that tries it out would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from include.calsync.core.account_records import AccountDraft, ConfiguredAccount
from include.calsync.core.model import When
from include.calsync.core.planning.wanted import changes_of
from include.calsync.core.policy import Policy, Side
from include.calsync.core.records import Payload
from include.calsync.core.row_words import ONE_SIDED, is_secret, title_of, words_of
from include.calsync.core.run_records import PlanRow
from include.calsync.flows.editing.drafts import KEPT
from include.calsync.flows.run import load
from include.calsync.store import configured
from include.calsync.store import page_drafts as store
from include.calsync.store.page_drafts import TrialRun
from include.calsync.store.transaction import Engine, reading

ROWS_SHOWN, PER_PAGE = 20, 100
REMOVING = tuple(str(action) for action, (_, kind) in ONE_SIDED.items() if kind == "removed")
"""Actions that delete something: their rows come first."""
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
    delete something."""

    what: str
    when: When | None
    title: str
    changes: Sequence[Written]
    removes: bool


@dataclass(frozen=True, slots=True)
class Review:
    """The screen. `account` None: a new one. `counts`: of rows, by side and one of KINDS; `held_count` waits.

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

    @property
    def page_count(self) -> int:
        """How many pages all rows have, at least one."""
        return max(1, -(-self.row_count // PER_PAGE))

    @property
    def removed_count(self) -> int:
        """How many events and activities would be deleted, without a person being asked later."""
        return sum(count for (_, kind), count in self.counts.items() if kind == "removed")

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
        planned = store.first_rows(conn, run.id, REMOVING, limit, offset) if run is not None and found else []
        policies = {each.id: each.policy for each in load(conn, run.id).accounts} if run is not None and planned else {}
    held_count = sum(count for (_, _, state), count in found.items() if state == "held")
    changes = _changes(account, draft)
    known = [(row, policies[row.account_id]) for row in planned if row.account_id in policies]
    rows = [_line(row, policy, personal=personal, language=language) for row, policy in known]
    return Review(draft, account, changes, trying, errors, _kinds(found), held_count, sum(found.values()), rows, page)


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


def _kinds(found: Mapping[tuple[str, str, str], int]) -> dict[tuple[Side, str], int]:
    counts: Counter[tuple[Side, str]] = Counter()
    for (side, action, state), count in found.items():
        if action in ONE_SIDED and state != "held":
            counts[ONE_SIDED[action]] += count
        elif side in (Side.EVENT.value, Side.ACTIVITY.value) and state != "held":
            counts[Side(side), "changed"] += count
    return dict(counts)


def _line(row: PlanRow, policy: Policy, *, personal: bool, language: str) -> Line:
    payload = row.payload
    told = personal and not is_secret(payload)
    whens = [view["when"] for view in (payload.get("event"), payload.get("activity")) if view and view.get("when")]
    return Line(
        what=words_of(row, policy, personal=False, language=language).what,
        when=When.from_json(whens[0]) if whens else None,
        title=title_of(payload, policy) if told else "",
        changes=list(_written(payload)) if told else (),
        removes=row.action in REMOVING,
    )


def _written(payload: Payload) -> Iterable[Written]:
    before: Mapping[str, Any] = (payload.get("wanted") or {}).get("before") or {}
    for side in (Side.EVENT, Side.ACTIVITY):
        for field, value in changes_of(payload, side).items():
            yield Written(str(side), field, (before.get(str(side)) or {}).get(field), value)
