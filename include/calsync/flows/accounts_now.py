"""Accounts as they are configured now, for who looks at items without a run. Nothing is stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from include.calsync.core.records import KnownAccount
from include.calsync.core.run_records import AccountInRun
from include.calsync.errors import SettingsError
from include.calsync.flows.opening.identity import resolve
from include.calsync.flows.run_account import RunAccount, run_account
from include.calsync.flows.services import Services
from include.calsync.settings import Account, load_accounts
from include.calsync.store.directory import Directory


def configured(services: Services, name: str | None = None) -> list[Account]:
    """The enabled accounts of the accounts file, or the one of this name.

    Raises SettingsError if the file is missing or wrong, or no account has the name.
    """
    path = services.environment.accounts_file
    if path is None:
        raise SettingsError(["Name the accounts file in CALSYNC_ACCOUNTS_FILE: it is not set."])
    accounts = load_accounts(path)
    if name is None:
        return [account for account in accounts if account.enabled]
    found = [account for account in accounts if account.name == name]
    if not found:
        names = ", ".join(account.name for account in accounts) or "none"
        raise SettingsError([f"--account {name}: not in {path}. Known: {names}."])
    return found


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
