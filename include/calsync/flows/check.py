"""Looks at settings, store, connections and accounts as a run would, and writes nothing.

Each problem is told as a run would tell it: the same code finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from zoneinfo import available_timezones

from include.calsync.core.account_records import PAGE
from include.calsync.environment import Environment
from include.calsync.errors import CalsyncError, SettingsError
from include.calsync.flows.configured import configured
from include.calsync.flows.deployment import check_store
from include.calsync.flows.opening.identity import Resolved, clashes, resolve
from include.calsync.flows.rights import check_right, right_to
from include.calsync.flows.services import Services
from include.calsync.settings import Account, load_accounts
from include.calsync.store.directory import Directory
from include.calsync.store.schema import schema_state
from include.calsync.store.transaction import Engine

STORE = "calsync_db"
FILE = "accounts file"


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, whether it is well, and what was found or is to be done."""

    what: str
    is_well: bool
    text: str


def check_environment(variables: Mapping[str, str], deployment: str) -> tuple[Environment | None, list[Finding]]:
    """The `CALSYNC_…` variables. `deployment`: the installation's id unless they say otherwise."""
    try:
        found = Environment.from_env(variables, deployment=deployment)
    except SettingsError as error:
        return None, [Finding("environment", False, problem) for problem in error.problems]
    return found, [Finding("environment", True, f"schedule {found.schedule}")]


def check_accounts_file(environment: Environment) -> list[Finding]:
    """The accounts file, if one is named: every problem with its line."""
    path = environment.accounts_file
    if path is None:
        return [Finding(FILE, True, "none is named in CALSYNC_ACCOUNTS_FILE: all accounts are those of the page")]
    try:
        accounts = load_accounts(path)
    except SettingsError as error:
        return [Finding(FILE, False, problem) for problem in error.problems]
    enabled_count = sum(account.enabled for account in accounts)
    return [Finding(FILE, True, f"{path}: accounts: {len(accounts)}, enabled: {enabled_count}")]


def check_accounts(services: Services) -> tuple[list[Account], list[Finding]]:
    """The enabled accounts of file and page together. The file has been found readable."""
    try:
        found = configured(services)
    except SettingsError as error:
        return [], [Finding("accounts", False, problem) for problem in error.problems]
    problems = [Finding(f"account {each.account.name}", False, each.problem) for each in found if each.problem]
    problems = [replace(each, text=each.text.removeprefix(f"{each.what}: ")) for each in problems]
    enabled = [each.account for each in found if each.account.enabled and not each.problem]
    of_page_count = sum(each.source == PAGE for each in found)
    if of_page_count:
        problems.append(Finding("accounts", True, f"of the page: {of_page_count}"))
    if not enabled:
        text = "Enable an account, or add one on the page or to the accounts file: there is none to sync."
        problems.append(Finding("accounts", False, text))
    return enabled, problems


def check_schema(engine: Engine) -> Finding:
    """The database: reachable, and of which schema. It is not migrated."""
    is_well, text = schema_state(engine)
    return Finding(STORE, is_well, text)


def check_owner(services: Services) -> Finding:
    """Whether the database is this installation's."""
    try:
        check_store(services, read_only=True)
    except SettingsError as error:
        return Finding(STORE, False, str(error))
    return Finding(STORE, True, "belongs to this installation, or to nobody yet")


def check_services(services: Services, accounts: list[Account]) -> Iterator[Finding]:
    """Each Pipedrive connection, then each account: user, types, calendar, right, time zone; then all together.

    Requests: at most 44 tokens of Pipedrive's daily budget per connection; two or three to Google per account.
    """
    for conn_id in dict.fromkeys(account.pipedrive_conn_id for account in accounts):
        yield _found(f"connection {conn_id}", partial(_company, services, conn_id))
    directory = _Asked(services)
    found: list[tuple[Account, Resolved]] = []
    for account in accounts:
        yield _found(f"account {account.name}", partial(_account, services, directory, account, found))
    for name, text in clashes(found).items():
        yield Finding(f"account {name}", False, text)


class _Asked(Directory):
    """What a run keeps for a day is asked for anew, once. Identities that runs noted are those of the store."""

    def __init__(self, services: Services) -> None:
        super().__init__(services.engine, services.clock, read_only=True)
        self._asked: dict[tuple[str, str], Any] = {}

    def get(self, scope: str, fingerprint: str, fetch: Callable[[], Any], *, fresh: bool = False) -> Any:
        key = scope, fingerprint
        if key not in self._asked:
            self._asked[key] = fetch()
        return self._asked[key]


def _found(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, look())
    except CalsyncError as error:
        return Finding(what, False, str(error).removeprefix(f"{what}: "))


def _company(services: Services, conn_id: str) -> str:
    me = services.pipedrive(conn_id).me()
    return f"the company is {me.get('company_name')} (id {me.get('company_id')})"


def _account(services: Services, directory: Directory, account: Account, found: list[tuple[Account, Resolved]]) -> str:
    resolved = resolve(services, directory, account, dry_run=True)
    found.append((account, resolved))
    if resolved.zone not in available_timezones():
        raise CalsyncError(f"Set `time_zone`: the Pipedrive user's, {resolved.zone}, is not known here.")
    told = f"Pipedrive user {resolved.user_id}, time zone {resolved.zone}"
    if resolved.calendar_id is None:
        return f"{told}; the first run creates the calendar"
    client = services.google(account.google_conn_id, account.google_user)
    role = right_to(services, client, resolved.calendar_id)
    check_right(role, account.mode)
    return f"{told}; calendar answers, with the right «{role}»"
