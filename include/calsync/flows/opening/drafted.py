"""Opening a dry run that tries out a draft: for its one account the draft's settings count, in this run alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from include.calsync.core.account_records import PAGE
from include.calsync.errors import SettingsError
from include.calsync.flows.configured import Configured
from include.calsync.flows.request import RunRequest
from include.calsync.flows.services import Services
from include.calsync.settings import Account, checked
from include.calsync.store import configured as store
from include.calsync.store.transaction import reading


def with_draft(
    services: Services, request: RunRequest, accounts: Sequence[Configured]
) -> tuple[RunRequest, list[Configured]]:
    """The request with the draft's account, and the accounts with the draft's settings; others pass as they are.

    The account goes by its present name, and takes part even if it is switched off.

    Raises:
        SettingsError: the run is not a dry one; or nothing is known of the draft.
    """
    if request.draft_id is None:
        return request, list(accounts)
    if not request.dry_run:
        raise SettingsError([f"draft_id {request.draft_id}: a draft is tried out by a dry run alone: set dry_run."])
    drafted, present = _drafted(services, request.draft_id)
    entry = Configured(drafted, PAGE)
    others = [each for each in accounts if each.account.name != drafted.name]
    if present is None and len(others) < len(accounts):
        raise SettingsError([f"draft_id {request.draft_id}: there is an account {drafted.name}: choose another name."])
    return replace(request, accounts=[drafted.name]), [*others, entry]


def _drafted(services: Services, draft_id: int) -> tuple[Account, str | None]:
    """The draft's account, and the present name of the one that it changes, if it does."""
    with reading(services.engine) as conn:
        draft = store.draft(conn, draft_id, services.clock())
        account = draft and draft.account_id is not None and store.get(conn, draft.account_id)
    settings = checked(draft.settings) if draft is not None else None
    if not isinstance(settings, Account):
        raise SettingsError([f"draft_id {draft_id}: the draft is over. Review the changes on the page again."])
    present = account.name if account else None
    return settings.model_copy(update={"enabled": True, "name": present or settings.name}), present
