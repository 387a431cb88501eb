"""Accounts as they are configured now, for who looks at items without a run. Nothing is stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from include.calsync.core.account_records import ConfiguredAccount
from include.calsync.core.records import KnownAccount
from include.calsync.core.run_records import AccountInRun
from include.calsync.errors import SettingsError
from include.calsync.flows.configured import configured, known_names
from include.calsync.flows.opening.identity import resolve
from include.calsync.flows.run_account import RunAccount, run_account
from include.calsync.flows.services import Services
from include.calsync.settings import Account
from include.calsync.store.directory import Directory


def enabled_accounts(services: Services, known: Iterable[KnownAccount], name: str | None = None) -> list[Account]:
    """The enabled accounts, or the one of this name. `known`: all that the store has.

    Raises SettingsError as `configured` does, or if no account has the name.
    """
    stored = [each for each in known if isinstance(each, ConfiguredAccount) and each.removed_at is None]
    found = configured(services, sorted(stored, key=lambda each: each.name))
    if name is None:
        return [each.account for each in found if each.account.enabled]
    asked = [each.account for each in found if each.account.name == name]
    if not asked:
        raise SettingsError([f"--account {name}: not configured. Known: {known_names(found)}."])
    return asked


def account_now(
    services: Services, directory: Directory, account: Account, known: Iterable[KnownAccount], number: int
) -> RunAccount:
    """The account as a run would have it. `number`: its id, if the store does not know it yet.

    Raises AccountError if it can't be synced, ServiceError if a service does not answer.
    """
    found = resolve(services, directory, account, dry_run=True)
    ids = found.company_id, found.user_id, found.calendar_id
    same = next((each for each in known if (each.company_id, each.user_id, each.calendar_id) == ids), None)
    row = AccountInRun(
        run_id="",
        account_id=same.id if same is not None else number,
        settings={**account.model_dump(mode="json"), "_resolved": asdict(found)},
        fence=None,
        state="ok",
        error=None,
        notices=[],
        next_watermark=None,
        next_sync_token=None,
        params_digest=None,
        counts={},
        activities_pulled=True,
        events_pulled=True,
        planned=False,
        name=account.name,
        activities_connected_at=same.activities_connected_at if same is not None else None,
        events_connected_at=same.events_connected_at if same is not None else None,
        settings_digest=None,
        mode=None,
    )
    return run_account(row)
