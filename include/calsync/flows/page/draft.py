"""Reviewing a draft: which settings differ, and what the dry run that tries it out would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from include.calsync.core.account_records import AccountDraft, ConfiguredAccount
from include.calsync.core.policy import Side
from include.calsync.core.row_words import ONE_SIDED, RowWords, words_of
from include.calsync.core.run_records import PlanRow
from include.calsync.flows.editing.drafts import KEPT
from include.calsync.flows.run import load
from include.calsync.store import configured
from include.calsync.store import page_drafts as store
from include.calsync.store.page_drafts import TrialRun
from include.calsync.store.transaction import Connection, Engine, reading

ROWS_SHOWN = 20
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
class Review:
    """The screen. `account` None: a new one. `counts`: of rows, by side and one of KINDS; `held_count` waits."""

    draft: AccountDraft
    account: ConfiguredAccount | None
    changes: Sequence[Change]
    trying: Trying
    errors: Sequence[str]
    counts: Mapping[tuple[Side, str], int]
    held_count: int
    row_count: int
    rows: Sequence[RowWords]

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


def read(engine: Engine, draft_id: int, now: datetime, *, paused: bool, personal: bool, language: str) -> Review | None:
    """At most eight queries. None: the draft is over. `paused`: the sync is switched off. `personal`: with titles.
    `language`: of the rows."""
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
        rows = _rows(conn, run.id, personal=personal, language=language) if run is not None and found else []
    held_count = sum(count for (_, _, state), count in found.items() if state == "held")
    changes = _changes(account, draft)
    return Review(draft, account, changes, trying, errors, _kinds(found), held_count, sum(found.values()), rows)


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


def _rows(conn: Connection, run_id: str, *, personal: bool, language: str) -> list[RowWords]:
    policies = {account.id: account.policy for account in load(conn, run_id).accounts}
    rows: list[PlanRow] = store.first_rows(conn, run_id, ROWS_SHOWN)
    known = [(row, policies[row.account_id]) for row in rows if row.account_id in policies]
    return [words_of(row, policy, personal=personal, language=language) for row, policy in known]
