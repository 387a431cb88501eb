"""What accounts keep of people, and for how long: settings, also of versions, drafts and runs, who saved them, and
links to consent pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Table, delete, func, or_, select, update

from include.calsync.core.persons import BLANK, Person
from include.calsync.store.tables import account, account_draft, account_version, oauth_attempt, run_account

_PRESENT = select(account.c.id).where(
    account.c.id == account_version.c.account_id, account.c.version == account_version.c.version, account.c.source != ""
)
_NOTHING: dict[str, Any] = dict.fromkeys(("settings", "source", "source_line", "updated_by"))


def prune(conn: Connection, now: datetime, before: datetime) -> None:
    """Drop drafts that are over, and from before then: settings of removed accounts, and versions but the present
    ones."""
    conn.execute(delete(account_draft).where(account_draft.c.expires < now))
    conn.execute(update(account).where(account.c.removed_at < before, account.c.source != "").values(**_NOTHING))
    conn.execute(delete(account_version).where(account_version.c.at < before, ~_PRESENT.exists()))


def settings(conn: Connection, person: Person, *, do: bool) -> int:
    """Drafts, versions but the present ones, and settings of removed accounts that name the person: how many; with
    `do` they are dropped."""
    gone = [row.id for row in _naming(conn, person, account, account.c.id) if row.removed_at is not None]
    drafts = [row.id for row in _naming(conn, person, account_draft, account_draft.c.id)]
    keys = account_version.c.account_id, account_version.c.version
    here = select(account.c.id, account.c.version).where(account.c.removed_at.is_(None))
    present = {row.id: row.version for row in conn.execute(here)}
    old = [row for row in _naming(conn, person, account_version, *keys) if present.get(row.account_id) != row.version]
    if do:
        conn.execute(delete(account_draft).where(account_draft.c.id.in_(drafts)))
        conn.execute(update(account).where(account.c.id.in_(gone)).values(**_NOTHING))
        for row in old:
            conn.execute(delete(account_version).where(keys[0] == row.account_id, keys[1] == row.version))
    return len(gone) + len(drafts) + len(old)


def savers(conn: Connection, person: Person, *, do: bool) -> int:
    """Versions and drafts that say that the person saved them."""
    count = 0
    for table, column in ((account_version, account_version.c.by), (account_draft, account_draft.c.by)):
        count += _blank(conn, table, column, person, do=do)
    _blank(conn, account, account.c.updated_by, person, do=do)  # the present version says the same
    return count


def runs(conn: Connection, person: Person, *, do: bool) -> int:
    """Settings that runs took, of accounts that are removed or no longer name the person: with `do` only the account's
    name stays in them."""
    here = {row.id for row in _naming(conn, person, account, account.c.id) if row.removed_at is None}
    key = run_account.c
    found = [
        row for row in _naming(conn, person, run_account, key.run_id, key.account_id) if row.account_id not in here
    ]
    for row in found if do else ():
        mine = key.run_id == row.run_id, key.account_id == row.account_id
        conn.execute(update(run_account).where(*mine).values(settings={"name": row.settings["name"]}))
    return len(found)


def links(conn: Connection, person: Person, *, do: bool) -> int:
    """Links to consent pages that are for the person, or from them: with `do` they are dropped."""
    if not person.address:
        return 0
    row = oauth_attempt.c
    named = or_(*(func.lower(each) == person.address for each in (row.person, row.asked_by)))
    count = int(conn.execute(select(func.count()).select_from(oauth_attempt).where(named)).scalar_one())
    if do and count:
        conn.execute(delete(oauth_attempt).where(named))
    return count


def accounts(conn: Connection, person: Person) -> int:
    """How many accounts that are configured name the person."""
    return sum(row.removed_at is None for row in _naming(conn, person, account, account.c.id))


def _naming(conn: Connection, person: Person, table: Table, *keys: Column[Any]) -> list[Any]:
    also = [account.c.removed_at] if table is account else []
    rows = conn.execute(select(*keys, *also, table.c.settings).where(table.c.settings.is_not(None)))
    return [row for row in rows if person.is_in(row.settings)]


def _blank(conn: Connection, table: Table, column: Column[Any], person: Person, *, do: bool) -> int:
    if not person.address:
        return 0
    mine = func.lower(column) == person.address
    count = int(conn.execute(select(func.count()).select_from(table).where(mine)).scalar_one())
    if do and count:
        conn.execute(update(table).where(mine).values({column: BLANK}))
    return count
