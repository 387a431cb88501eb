"""What the page's screen of one account reads, beside what the list of accounts knows of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from include.calsync.core.raw import Json
from include.calsync.store.columns import columns_of, records
from include.calsync.store.tables import account_version


@dataclass(frozen=True, slots=True)
class Version:
    """What an account's settings were from a moment on."""

    version: int
    at: datetime
    by: str
    settings: Json


_VERSION = columns_of(Version, account_version)


def versions(conn: Connection, account_id: int, limit: int) -> list[Version]:
    """The latest settings of an account, the present ones first."""
    query = select(*_VERSION).where(account_version.c.account_id == account_id)
    return records(Version, conn.execute(query.order_by(account_version.c.version.desc()).limit(limit)))
