"""Drafts: settings that a dry run tries out before they are saved."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from include.calsync.core.account_records import AccountDraft
from include.calsync.core.raw import Json
from include.calsync.flows.editing.accounts import Candidate, candidate, create, save
from include.calsync.flows.editing.agreed import agree
from include.calsync.flows.editing.results import Drafted, Gone, Invalid, Refused, Saved
from include.calsync.flows.editing.rules import look
from include.calsync.flows.services import Services
from include.calsync.settings import Account, checked
from include.calsync.store import configured as store
from include.calsync.store.transaction import Engine, reading

KEPT = timedelta(days=1)


def draft(
    services: Services, values: Mapping[str, Any], *, by: str, account_id: int | None = None, base_version: int = 0
) -> Drafted | Refused:
    """Keep settings to be tried out: start `calendar_sync` as a dry run with the draft's id.

    What is wrong with them is told as if they were saved. `account_id` None: of a new account.
    """
    if account_id is not None:
        found = candidate(services, account_id, values, base_version)
        if not isinstance(found, Candidate):
            return found
        kept = _keep(services, found.now.id, found.now.version, found.settings, by)
        return Drafted(kept, found.merged, found.looked.remark)
    account = checked(values)
    if not isinstance(account, Account):
        return Invalid(account)
    looked = look(services, account, None)
    if looked.problems:
        return Invalid(looked.problems)
    return Drafted(_keep(services, None, 0, account.model_dump(mode="json"), by), (), looked.remark)


def _keep(services: Services, account_id: int | None, version: int, settings: Json, by: str) -> AccountDraft:
    expires = services.clock() + KEPT
    with services.engine.begin() as conn:
        draft_id = store.add_draft(
            conn, account_id=account_id, base_version=version, settings=settings, by=by, expires=expires
        )
    return AccountDraft(draft_id, account_id, version, settings, by, expires)


def get_draft(services: Services, draft_id: int) -> AccountDraft | None:
    """The draft, for a day."""
    with reading(services.engine) as conn:
        return store.draft(conn, draft_id, services.clock())


def save_draft(services: Services, draft_id: int, *, by: str, agreed: str | None = None) -> Saved | Refused:
    """Save what was tried out; the draft is gone then. `agreed`: the dry run whose deletions the person agreed to."""
    found = get_draft(services, draft_id)
    if found is None:
        return Gone()
    if found.account_id is None:
        result = create(services, found.settings, by=by)
    else:
        result = save(services, found.account_id, found.settings, base_version=found.base_version, by=by)
    if isinstance(result, Saved):
        if agreed is not None:
            agree(services, agreed, result.account.id, by=by)
        drop_draft(services.engine, draft_id)
    return result


def drop_draft(engine: Engine, draft_id: int) -> None:
    """It is not wanted any more."""
    with engine.begin() as conn:
        store.drop_draft(conn, draft_id)
