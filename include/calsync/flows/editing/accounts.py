"""Accounts as people change them on the page: listed, added, saved, paused, removed, and set as they were earlier.

Each change is a version of the settings. Who saves says on which version that is based: if somebody else saved
meanwhile, both changes are merged, setting by setting. Accounts of the accounts file are changed there alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from include.calsync.core.account_records import FILE, PAGE, AccountVersion, ConfiguredAccount
from include.calsync.core.raw import Json
from include.calsync.flows.editing.merging import merge
from include.calsync.flows.editing.results import Conflict, FromFile, Gone, Invalid, Refused, Saved
from include.calsync.flows.editing.rules import NAME_TAKEN, Looked, look
from include.calsync.flows.opening.connected import connect
from include.calsync.flows.opening.identity import Resolved
from include.calsync.flows.opening.provisioning import row_of
from include.calsync.flows.services import Services
from include.calsync.settings import Account, checked
from include.calsync.store import accounts as known_accounts
from include.calsync.store import configured as store
from include.calsync.store.transaction import Connection, Engine, reading

# Looking.


def list_accounts(engine: Engine, *, removed: bool = False) -> list[ConfiguredAccount]:
    """All accounts by name, of file and page. `removed`: those as well that were removed, or are gone from the file."""
    with reading(engine) as conn:
        return store.accounts(conn, removed=removed)


def get_account(engine: Engine, account_id: int) -> ConfiguredAccount | None:
    """One account. After a change of user or calendar it has another id; it is found by the former one as well."""
    with reading(engine) as conn:
        return store.get(conn, account_id)


def versions(engine: Engine, account_id: int) -> list[AccountVersion]:
    """What the account's settings are and were, newest first, as far as they are kept."""
    with reading(engine) as conn:
        found = store.get(conn, account_id)
        return store.versions(conn, found.id) if found is not None else []


def as_yaml(settings: Mapping[str, Any]) -> str:
    """The account as an entry of the accounts file's list: what is not as it is by default."""
    account = Account.model_validate(dict(settings))
    shown = account.model_dump(mode="json", exclude_defaults=True)
    return yaml.safe_dump([shown], sort_keys=False, allow_unicode=True)


# Changing.


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is to be stored: settings that nothing is wrong with, and on what they are based."""

    now: ConfiguredAccount
    account: Account
    merged: tuple[str, ...]
    looked: Looked

    @property
    def settings(self) -> Json:
        """As they are stored."""
        return self.account.model_dump(mode="json")


def candidate(services: Services, account_id: int, values: Mapping[str, Any], base_version: int) -> Candidate | Refused:
    """The settings, merged with what somebody else saved since `base_version`, and checked."""
    with reading(services.engine) as conn:
        now = store.get(conn, account_id)
        base = store.version(conn, now.id, base_version) if now is not None else None
    if now is None or now.removed_at is not None:
        return Gone()
    if now.source == FILE:
        return FromFile(now)
    mine = checked(values)
    if not isinstance(mine, Account):
        return Invalid(mine)
    merged = merge(base.settings if base else None, mine.model_dump(mode="json"), now.settings)
    if merged.conflicts and base_version != now.version:
        return Conflict(now, merged.conflicts, merged.settings)
    account = Account.model_validate(merged.settings) if base_version != now.version else mine
    looked = look(services, account, now.id)
    return Invalid(looked.problems) if looked.problems else Candidate(now, account, merged.taken, looked)


def create(services: Services, values: Mapping[str, Any], *, by: str) -> Saved | Refused:
    """Add an account of the page, and note since when it is connected. `by`: the user's name in Airflow."""
    account = checked(values)
    if not isinstance(account, Account):
        return Invalid(account)
    looked = look(services, account, None)
    if looked.problems:
        return Invalid(looked.problems)
    try:
        with services.engine.begin() as conn:
            account_id = _free_row(conn, account.name, looked.found)
            base = store.version_of(conn, account_id)
            _write(services, conn, account_id, account, base=base, by=by)
    except _NameTaken:
        return Invalid([("name", NAME_TAKEN)])
    return _saved(services, account_id, account, looked)


def save(
    services: Services, account_id: int, values: Mapping[str, Any], *, base_version: int, by: str
) -> Saved | Refused:
    """Set an account of the page so. `values`: all settings that are not as by default; `base_version`: of those that
    the person saw."""
    while True:
        found = candidate(services, account_id, values, base_version)
        if not isinstance(found, Candidate):
            return found
        now = found.now
        if found.settings == now.settings:
            return Saved(now, found.merged, found.looked.remark)
        try:
            with services.engine.begin() as conn:
                _rename(conn, now, found.account.name)
                written = _write(services, conn, now.id, found.account, base=now.version, by=by)
                if not written:
                    raise _Outrun
        except _NameTaken:
            return Invalid([("name", NAME_TAKEN)])
        except _Outrun:
            continue  # somebody was quicker: merged with that
        return _saved(services, now.id, found.account, found.looked, found.merged)


def pause(services: Services, account_id: int, *, by: str) -> Saved | Refused:
    """Let it take part in no run until it is resumed. Pairs and cursors are kept."""
    return _switch(services, account_id, enabled=False, by=by)


def resume(services: Services, account_id: int, *, by: str) -> Saved | Refused:
    """Let it take part again: its next run reads everything once."""
    return _switch(services, account_id, enabled=True, by=by)


def _switch(services: Services, account_id: int, *, enabled: bool, by: str) -> Saved | Refused:
    now = get_account(services.engine, account_id)
    if now is None:
        return Gone()
    return save(services, account_id, {**now.settings, "enabled": enabled}, base_version=now.version, by=by)


def remove(services: Services, account_id: int, *, by: str) -> Saved | Refused:
    """Let it take part no more. Pairs, cursors and earlier settings are kept: it may come back by `restore`."""
    while True:
        now = get_account(services.engine, account_id)
        if now is None or now.removed_at is not None:
            return Gone()
        if now.source == FILE:
            return FromFile(now)
        with services.engine.begin() as conn:
            if not store.remove(conn, now.id, base=now.version, by=by, at=services.clock()):
                continue
        return Saved(_stored(services, now.id))


def restore(services: Services, account_id: int, version: int, *, by: str) -> Saved | Refused:
    """Set the account as it was in an earlier version, but for its name and whether it is enabled, as a new version.

    One that was removed, or is gone from the file, is one of the page from now on, and enabled.
    """
    with reading(services.engine) as conn:
        now = store.get(conn, account_id)
        earlier = store.version(conn, now.id, version) if now is not None else None
    if now is None or earlier is None:
        return Gone()
    if now.removed_at is not None:
        return create(services, {**earlier.settings, "name": now.name, "enabled": True}, by=by)
    kept = {"name": now.settings["name"], "enabled": now.settings["enabled"]}
    return save(services, account_id, {**earlier.settings, **kept}, base_version=now.version, by=by)


def undo(services: Services, account_id: int, version: int, *, by: str) -> Saved | Refused:
    """Take back what made this version: what was saved since stays, where it is about something else."""
    with reading(services.engine) as conn:
        earlier = store.version(conn, account_id, version - 1)
    if earlier is None:
        return Gone()
    return save(services, account_id, earlier.settings, base_version=version, by=by)


# Storing.


class _NameTaken(Exception):
    """Another account has the name: nothing is stored."""


class _Outrun(Exception):
    """Somebody else saved since: nothing is stored."""


def _free_row(conn: Connection, name: str, found: Resolved | None) -> int:
    """The row of a new account. Raises _NameTaken if another one is configured by the name."""
    there = store.named(conn, name)
    if there is not None and there.removed_at is None:
        raise _NameTaken
    # A calendar that a run is still to create is no identity yet.
    account_id = row_of(conn, name, found if found is not None and found.calendar_id else None)
    if store.is_configured(conn, account_id):  # by somebody who was just quicker
        raise _NameTaken
    return account_id


def _rename(conn: Connection, now: ConfiguredAccount, name: str) -> None:
    if name == now.name:
        return
    there = known_accounts.named(conn, name)
    if there is not None:
        if store.is_configured(conn, there.id):
            raise _NameTaken
        known_accounts.retire(conn, there)
    if not known_accounts.try_rename(conn, now.id, name):
        raise _NameTaken


def _write(services: Services, conn: Connection, account_id: int, account: Account, *, base: int, by: str) -> bool:
    settings, at = account.model_dump(mode="json"), services.clock()
    if not store.write(conn, account_id, settings, base=base, source=PAGE, by=by, at=at):
        return False
    if account.enabled:
        known_accounts.resume(conn, account_id)
    else:
        known_accounts.rest(conn, account_id)
    return True


def _saved(
    services: Services, account_id: int, account: Account, looked: Looked, merged: tuple[str, ...] = ()
) -> Saved:
    if account.enabled:
        connect(services, account, account_id)
    return Saved(_stored(services, account_id), merged, looked.remark)


def _stored(services: Services, account_id: int) -> ConfiguredAccount:
    found = get_account(services.engine, account_id)
    assert found is not None
    return found
