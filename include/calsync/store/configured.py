"""How accounts are configured: their settings, where these come from, earlier versions, and drafts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from include.calsync.core.account_records import FILE, AccountDraft, AccountVersion, ConfiguredAccount
from include.calsync.core.raw import Json
from include.calsync.store.columns import columns_of, record_of, records
from include.calsync.store.tables import account, account_draft, account_version

_CONFIGURED = columns_of(ConfiguredAccount, account)
_HERE = account.c.settings.is_not(None)
_MOVED = ("settings", "source", "source_line", "updated_at", "updated_by", "removed_at")


def accounts(conn: Connection, *, removed: bool = False) -> list[ConfiguredAccount]:
    """Those that are configured, by name. `removed`: those as well that were, and whose settings are kept."""
    query = select(*_CONFIGURED).where(_HERE)
    if not removed:
        query = query.where(account.c.removed_at.is_(None))
    return records(ConfiguredAccount, conn.execute(query.order_by(account.c.name)))


def get(conn: Connection, account_id: int) -> ConfiguredAccount | None:
    """The account of this id. Where its user or calendar was changed, another row goes by its name now: that one."""
    found = _one(conn, account.c.id == account_id)
    if found is not None:
        return found
    name = conn.execute(select(account.c.name).where(account.c.id == account_id)).scalar()
    before, _, end = (name or "").rpartition("~")
    return _one(conn, account.c.name == before) if end == str(account_id) else None


def named(conn: Connection, name: str) -> ConfiguredAccount | None:
    """The account of this name."""
    return _one(conn, account.c.name == name)


def _one(conn: Connection, where: ColumnElement[bool]) -> ConfiguredAccount | None:
    return record_of(ConfiguredAccount, conn.execute(select(*_CONFIGURED).where(where, _HERE)).first())


def is_configured(conn: Connection, account_id: int) -> bool:
    """Whether the row is that of an account that is configured."""
    here = account.c.id == account_id, _HERE, account.c.removed_at.is_(None)
    return conn.execute(select(account.c.id).where(*here)).first() is not None


# Changes.


def write(
    conn: Connection,
    account_id: int,
    settings: Json,
    *,
    base: int,
    source: str,
    by: str,
    at: datetime,
    line: int | None = None,
) -> bool:
    """Set the account so, and keep that as a version. False: its version is not `base` any more; nothing was done."""
    values: dict[str, Any] = {"settings": settings, "source": source, "source_line": line, "version": base + 1}
    values |= {"updated_at": at, "updated_by": by, "removed_at": None}
    changed = update(account).where(account.c.id == account_id, account.c.version == base).values(**values)
    if conn.execute(changed).rowcount == 0:
        return False
    version = {"account_id": account_id, "version": base + 1, "at": at, "by": by, "settings": settings}
    conn.execute(insert(account_version).values(**version))
    return True


def version_of(conn: Connection, account_id: int) -> int:
    """The version of a row's settings; 0: it has none."""
    return int(conn.execute(select(account.c.version).where(account.c.id == account_id)).scalar_one())


def set_line(conn: Connection, account_id: int, line: int | None) -> None:
    """It is the same, elsewhere in the file."""
    conn.execute(update(account).where(account.c.id == account_id).values(source_line=line))


def remove(conn: Connection, account_id: int, *, base: int, by: str, at: datetime) -> bool:
    """It takes part no more. False: its version is not `base` any more; nothing was done."""
    values = {"removed_at": at, "updated_at": at, "updated_by": by, "state": "paused"}
    this = account.c.id == account_id, account.c.version == base
    return bool(conn.execute(update(account).where(*this).values(**values)).rowcount)


def gone_from_file(conn: Connection, names: Collection[str], at: datetime) -> list[str]:
    """The accounts of the file that are none of these take part no more. Returns their names."""
    gone = account.c.source == FILE, account.c.removed_at.is_(None), account.c.name.not_in(names)
    ended = update(account).where(*gone).values(removed_at=at, state="paused").returning(account.c.name)
    return sorted(conn.execute(ended).scalars())


def move(conn: Connection, old_id: int, new_id: int) -> None:
    """Another row goes by the account's name from now on, as its user or calendar is another: it has the settings now,
    and their versions after those that it had itself."""
    old = conn.execute(select(account).where(account.c.id == old_id)).one()
    if old.settings is None:
        return
    before = version_of(conn, new_id)
    values = {name: getattr(old, name) for name in _MOVED}
    cleared = {**dict.fromkeys(_MOVED), "version": 0}
    conn.execute(update(account).where(account.c.id == new_id).values(**values, version=old.version + before))
    conn.execute(update(account).where(account.c.id == old_id).values(**cleared))
    for table, column in ((account_version, "version"), (account_draft, "base_version")):
        changed = {"account_id": new_id, column: table.c[column] + before}
        conn.execute(update(table).where(table.c.account_id == old_id).values(**changed))


# Versions and drafts.


def versions(conn: Connection, account_id: int) -> list[AccountVersion]:
    """What the account's settings are and were, newest first."""
    row = account_version.c
    query = select(*columns_of(AccountVersion, account_version)).where(row.account_id == account_id)
    return records(AccountVersion, conn.execute(query.order_by(row.version.desc())))


def version(conn: Connection, account_id: int, number: int) -> AccountVersion | None:
    """One of them, if it is still kept."""
    row = account_version.c
    this = row.account_id == account_id, row.version == number
    query = select(*columns_of(AccountVersion, account_version)).where(*this)
    return record_of(AccountVersion, conn.execute(query).first())


def add_draft(
    conn: Connection, *, account_id: int | None, base_version: int, settings: Json, by: str, expires: datetime
) -> int:
    """Keep settings to be tried out. Returns the draft's id."""
    values = {"account_id": account_id, "base_version": base_version, "settings": settings, "by": by}
    made = insert(account_draft).values(**values, expires=expires).returning(account_draft.c.id)
    return int(conn.execute(made).scalar_one())


def draft(conn: Connection, draft_id: int, now: datetime) -> AccountDraft | None:
    """The draft, unless it is over."""
    row = account_draft.c
    query = select(*columns_of(AccountDraft, account_draft)).where(row.id == draft_id, row.expires > now)
    return record_of(AccountDraft, conn.execute(query).first())


def drop_draft(conn: Connection, draft_id: int) -> None:
    """It is saved."""
    conn.execute(delete(account_draft).where(account_draft.c.id == draft_id))
