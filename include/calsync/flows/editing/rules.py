"""What one account's settings must keep to because of the others, and what a run would say of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from include.calsync.core.account_records import ConfiguredAccount
from include.calsync.errors import CalsyncError
from include.calsync.flows.border import border
from include.calsync.flows.editing.results import Problems
from include.calsync.flows.opening.identity import Resolved, resolve, shared_calendars, shared_types
from include.calsync.flows.services import Services
from include.calsync.settings import Account, checked
from include.calsync.store import configured as store
from include.calsync.store.directory import Directory
from include.calsync.store.transaction import reading

NAME_TAKEN = "is another account's; choose another one"


@dataclass(frozen=True, slots=True)
class Looked:
    """`found`: who the account is; None: that can't be found out now, and `remark` says why. A disabled one is not
    looked at."""

    problems: Problems
    found: Resolved | None = None
    remark: str | None = None


def look(services: Services, account: Account, account_id: int | None) -> Looked:
    """What is wrong with the account, and who it is. `account_id` None: it is a new one.

    Requests: those of opening a run for it, of which the store knows most for a day.
    """
    with reading(services.engine) as conn:
        others = [each for each in store.accounts(conn) if each.id != account_id]
    problems = [("name", NAME_TAKEN) for each in others if each.name == account.name]
    if not account.enabled:
        return Looked(problems)
    try:
        with border(f"account {account.name}"):
            directory = Directory(services.engine, services.clock, read_only=True)
            found = resolve(services, directory, account, dry_run=True)
    except CalsyncError as error:
        return Looked(problems, None, str(error).removeprefix(f"account {account.name}: "))
    pairs = [(account, found), *_known(others)]
    for key, shared in (("calendar", shared_calendars(pairs)), ("activity_types", shared_types(pairs))):
        if account.name in shared:
            problems.append((key, shared[account.name]))
    return Looked(problems, found)


def _known(others: list[ConfiguredAccount]) -> Iterator[tuple[Account, Resolved]]:
    """The others that take part, as the last runs knew them: nobody is asked."""
    for each in others:
        account = checked(each.settings)
        if isinstance(account, Account) and account.enabled and each.company_id is not None:
            yield account, Resolved(each.company_id, each.user_id or 0, each.calendar_id, "UTC")
