"""Links to consent pages: made, opened, taken once. Only hashes of what leads to them are stored."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from include.calsync.core.consents import Attempt
from include.calsync.store.columns import columns_of, record_of
from include.calsync.store.oauth_tables import oauth_attempt

KEPT = timedelta(days=1)
_row = oauth_attempt.c
_ATTEMPT = columns_of(Attempt, oauth_attempt)


def add(conn: Connection, attempt: Attempt, ticket_digest: str, now: datetime) -> None:
    """A new link; old ones are dropped."""
    drop_old(conn, now)
    values = {column.name: getattr(attempt, column.name) for column in _ATTEMPT}
    conn.execute(insert(oauth_attempt).values(**values, ticket_digest=ticket_digest))


def drop_old(conn: Connection, now: datetime) -> None:
    """Links that expired a day ago, with the addresses in them."""
    conn.execute(delete(oauth_attempt).where(_row.expires_at < now - KEPT))


def by_ticket(conn: Connection, ticket_digest: str) -> Attempt | None:
    """The attempt that a link belongs to, whatever has become of it."""
    return record_of(Attempt, conn.execute(select(*_ATTEMPT).where(_row.ticket_digest == ticket_digest)).first())


def by_id(conn: Connection, attempt_id: str) -> Attempt | None:
    """For whoever waits for it."""
    return record_of(Attempt, conn.execute(select(*_ATTEMPT).where(_row.id == attempt_id)).first())


def opened(
    conn: Connection, attempt_id: str, state_digest: str, browser_digest: str, verifier: str, now: datetime
) -> bool:
    """A browser is sent to the consent page: what an earlier one was sent with is worth nothing any more."""
    values = {"state_digest": state_digest, "browser_digest": browser_digest, "verifier": verifier, "error": None}
    mine = _row.id == attempt_id, *_usable(now)
    return bool(conn.execute(update(oauth_attempt).where(*mine).values(**values)).rowcount)


def take(conn: Connection, state_digest: str) -> Attempt | None:
    """The attempt that a browser comes back from; a second time there is none."""
    found = record_of(Attempt, conn.execute(select(*_ATTEMPT).where(_row.state_digest == state_digest)).first())
    if found is None:
        return None
    mine = update(oauth_attempt).where(_row.id == found.id, _row.state_digest == state_digest)
    return found if conn.execute(mine.values(state_digest=None, verifier=None)).rowcount else None


def done(conn: Connection, attempt_id: str, now: datetime) -> None:
    """The connection is written: the link is used up."""
    conn.execute(update(oauth_attempt).where(_row.id == attempt_id).values(used_at=now, error=None))


def failed(conn: Connection, attempt_id: str, error: str) -> None:
    """It can be opened again while it lasts."""
    conn.execute(update(oauth_attempt).where(_row.id == attempt_id).values(error=error))


def _usable(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return _row.used_at.is_(None), _row.expires_at > now
