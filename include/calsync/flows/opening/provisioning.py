"""Storing which accounts the file has, so that the page shows them, and their earlier settings are known.

Accounts are rows by company, user and calendar: who they are must be known before a row can be theirs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from include.calsync.core.account_records import BY_FILE, FILE, ConfiguredAccount
from include.calsync.core.raw import Json
from include.calsync.core.records import KnownAccount
from include.calsync.flows.configured import Configured
from include.calsync.flows.opening.identity import Resolved
from include.calsync.flows.services import Services
from include.calsync.store import accounts as known_accounts
from include.calsync.store import configured as store
from include.calsync.store.transaction import Connection, reading

log = logging.getLogger(__name__)


def provision(services: Services, configured: Iterable[Configured], found: Mapping[str, Resolved]) -> None:
    """Store the accounts of the file as they are in it now. Those that are gone from it take part no more.

    Without a file nothing changes: none of them came from one, then.
    """
    if services.environment.accounts_file is None:
        return
    of_file = {each.account.name: each for each in configured if each.source == FILE}
    with reading(services.engine) as conn:
        known = {each.name: each for each in store.accounts(conn)}
    changed = [each for name, each in of_file.items() if not _is_known(each, known.get(name))]
    gone = [each.name for each in known.values() if each.source == FILE and each.name not in of_file]
    if not changed and not gone:
        return
    with services.engine.begin() as conn:
        # First: one that has another name in the file now is not to keep the former one as well.
        gone = store.gone_from_file(conn, list(of_file), services.clock())
        for each in changed:
            _store(services, conn, each, found.get(each.account.name))
        gone = [name for name in gone if store.named(conn, name) is not None]
    if gone:
        log.warning("gone from the accounts file, and paused: %s; their pairs are kept", ", ".join(gone))


def _is_known(each: Configured, known: ConfiguredAccount | None) -> bool:
    return known is not None and _as_stored(each) == (known.settings, known.source, known.source_line)


def _as_stored(each: Configured) -> tuple[Json, str, int | None]:
    return each.account.model_dump(mode="json"), FILE, each.line


def _store(services: Services, conn: Connection, each: Configured, found: Resolved | None) -> None:
    account_id = row_of(conn, each.account.name, found)
    (settings, source, line), now = _as_stored(each), store.named(conn, each.account.name)
    if now is not None and (now.settings, now.source, now.removed_at) == (settings, source, None):
        store.set_line(conn, account_id, line)
        return
    base = store.version_of(conn, account_id)
    store.write(conn, account_id, settings, base=base, source=source, by=BY_FILE, at=services.clock(), line=line)
    if not each.account.enabled:
        known_accounts.rest(conn, account_id)


NEXT = "~next"
"""Ends the name of what an account will be, in a dry run after its calendar was changed."""


def known_row(conn: Connection, name: str, found: Resolved | None) -> int:
    """A dry run changes no account: the one it would be, or a new row that is nothing but a name.

    An account that has another user or calendar now would be a new one, and is planned as one.
    """
    known = _same(conn, found)
    if known is None:
        named = known_accounts.named(conn, name)
        if found and named is not None and named.company_id is not None and named.calendar_id != found.calendar_id:
            name += NEXT
            named = known_accounts.named(conn, name)
        known = named
    return known.id if known is not None else known_accounts.id_of_name(conn, name)


def _same(conn: Connection, found: Resolved | None) -> KnownAccount | None:
    """The account of this identity; None: it is not known, or its calendar is not there yet."""
    if found is None or not found.calendar_id:
        return None
    return known_accounts.of_ids(
        conn, company_id=found.company_id, user_id=found.user_id, calendar_id=found.calendar_id
    )


def row_of(conn: Connection, name: str, found: Resolved | None) -> int:
    """The row of (company, user, calendar), whatever its name was; else the row of this name; else a new one.

    It has the settings of the name from now on.
    """
    named = known_accounts.named(conn, name)
    if found is None:
        return named.id if named is not None else known_accounts.id_of_name(conn, name)
    same = _same(conn, found)
    if same is not None and same.name == name:
        return same.id
    ids: dict[str, Any] = {"company_id": found.company_id, "user_id": found.user_id, "calendar_id": found.calendar_id}
    if named is not None and same is None:
        if named.company_id is None:
            known_accounts.claim(conn, named.id, **ids)
            return named.id
        if named.calendar_id == found.calendar_id and named.company_id == found.company_id:
            return named.id
    if named is not None:
        known_accounts.retire(conn, named)
    if same is not None:
        _take_name(conn, same, name)
    added = same.id if same is not None else known_accounts.add(conn, name=name, **ids)
    account_id = added if added is not None else row_of(conn, name, found)  # another run was just quicker
    if named is not None:
        store.move(conn, named.id, account_id)
    return account_id


def _take_name(conn: Connection, known: KnownAccount, name: str) -> None:
    """The row goes by this name from now on. Who was configured there keeps settings and name, in a row without ids."""
    known_accounts.rename(conn, known.id, name)
    if store.is_configured(conn, known.id):
        store.move(conn, known.id, known_accounts.id_of_name(conn, known.name))
