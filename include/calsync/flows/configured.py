"""Which accounts there are: those of the accounts file, and those of the page. Nothing is stored here.

A name belongs to one account. If the file and the page both have it, for the same user and calendar, the file's counts:
so accounts move from the page into the file. If they are two, neither is synced until a person renames one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from include.calsync.core.account_records import FILE, PAGE, ConfiguredAccount
from include.calsync.errors import SettingsError
from include.calsync.flows.services import Services
from include.calsync.settings import Account, checked, located_accounts
from include.calsync.store import configured as store
from include.calsync.store.transaction import reading

WHO = ("pipedrive_user", "google_user", "calendar")
"""The settings that say who and what an account pairs."""


@dataclass(frozen=True, slots=True)
class Configured:
    """An account, and where it is configured. `problem`: why it can't be synced as it is."""

    account: Account
    source: str
    line: int | None = None
    """In the accounts file."""
    problem: str | None = None


def configured(services: Services, stored: Collection[ConfiguredAccount] | None = None) -> list[Configured]:
    """All accounts, those of the file first, in its order. `stored`: as the store has them, if that was read already.

    Raises SettingsError if the file is wrong, or none is named although accounts came from one, or the settings of an
    account of the page are none of this version.
    """
    path = services.environment.accounts_file
    listed = [] if path is None else located_accounts(path)
    if stored is None:
        with reading(services.engine) as conn:
            stored = store.accounts(conn)
    if path is None:
        refuse_unnamed_file(stored)
    of_page = {each.name: each for each in of_the_page(stored)}
    of_file = [_of_file(path, account, line, of_page.pop(account.name, None)) for account, line in listed]
    return [*of_file, *(Configured(account, PAGE) for account in of_page.values())]


def of_the_page(stored: Iterable[ConfiguredAccount]) -> list[Account]:
    """The accounts of the page. Raises SettingsError, naming every problem, if settings are none of this version."""
    found, problems = [], []
    for each in stored:
        if each.source == PAGE:
            account = checked(each.settings)
            if isinstance(account, Account):
                found.append(account)
            else:
                problems += [f"account {each.name}: {key}: {text}; save it on the page" for key, text in account]
    if problems:
        raise SettingsError(problems)
    return found


def refuse_unnamed_file(stored: Iterable[ConfiguredAccount]) -> None:
    """Raises SettingsError if accounts came from a file: where one process lacks the variable, it must pause nobody."""
    names = [each.name for each in stored if each.source == FILE]
    if names:
        told = "Name the accounts file in CALSYNC_ACCOUNTS_FILE again: it is not set, and these accounts came from it"
        raise SettingsError([f"{told}: {', '.join(names)}. To pause them, take them out of the file first."])


def _of_file(path: Path | None, account: Account, line: int, of_page: Account | None) -> Configured:
    if of_page is None or _who(account) == _who(of_page):
        return Configured(account, FILE, line)
    problem = (
        f"account {account.name}: it is in {path}, line {line}, and on the page, for another user or calendar. Give "
        "one of them another name, or remove the one that is too many; pairs are kept."
    )
    return Configured(of_page if of_page.enabled else account, PAGE, problem=problem)


def _who(account: Account) -> dict[str, object]:
    return account.model_dump(include=set(WHO))


def known_names(accounts: Iterable[Configured]) -> str:
    """Their names, for a message."""
    return ", ".join(sorted(each.account.name for each in accounts)) or "none"
