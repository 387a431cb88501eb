"""The first steps: what is there, until the first account has synced."""

from __future__ import annotations

from dataclasses import dataclass

from include.calsync.flows.page import lists
from include.calsync.flows.page.connections import PIPEDRIVE
from include.calsync.store import page_accounts as store
from include.calsync.store.transaction import Engine, reading


@dataclass(frozen=True, slots=True)
class Welcome:
    """How far a new installation is. `company`, `people_count`: as Pipedrive told a run or the form of an account."""

    account_count: int
    has_synced: bool
    company: str
    people_count: int


def read(engine: Engine) -> Welcome:
    """Two queries."""
    with reading(engine) as conn:
        heads = store.heads(conn)
    known = lists.read(engine, PIPEDRIVE)
    has_synced = any(head.last_success_at is not None for head in heads)
    return Welcome(len(heads), has_synced, known.company, len(known.users))
