"""The cache of slow-moving facts: company, users, calendars."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, select

from include.calsync.store.tables import directory
from include.calsync.store.transaction import reading
from include.calsync.store.upsert import put

KEPT = timedelta(hours=24)
CALENDAR = "calendar-name:"


def calendar_scope(calendar_id: str) -> str:
    """Under which the name of a calendar is kept: `{"name": …}`."""
    return f"{CALENDAR}{calendar_id}"


def calendars_scope(conn_id: str, google_user: str) -> str:
    """Under which the calendars are kept that a Google user may write to: pairs of id and name."""
    return f"calendars:{conn_id}:{google_user}"


def check_scope(service: str, conn_id: str) -> str:
    """Under which is kept what the last check of an Airflow connection found: `{"works": …}`."""
    return f"check:{service}:{conn_id}"


class Directory:
    """Facts by scope; each is asked for again after a day, when its credential changes, or on request."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime], *, read_only: bool) -> None:
        self._engine, self._clock, self._read_only = engine, clock, read_only

    def get(self, scope: str, fingerprint: str, fetch: Callable[[], Any], *, fresh: bool = False) -> Any:
        """The cached content, or what `fetch` says now."""
        row = directory.c
        query = select(row.content).where(
            row.scope == scope, row.fingerprint == fingerprint, row.fetched_at > self._clock() - KEPT
        )
        with reading(self._engine) as conn:
            known = conn.execute(query).first()
        if known is not None and not fresh:
            return known.content
        content = fetch()
        self._keep(scope, fingerprint, content)
        return content

    def since(self, scope: str, value: str) -> datetime | None:
        """Note `value` (at most 64 characters), and return since when it is known to differ from an earlier one.

        None: it was never another, as far as is known.
        """
        row = directory.c
        with reading(self._engine) as conn:
            known = conn.execute(select(row.fingerprint, row.content).where(row.scope == scope)).first()
        if known is not None and known.fingerprint == value:
            return datetime.fromisoformat(known.content["since"]) if known.content["since"] else None
        changed_at = self._clock() if known is not None else None
        self._keep(scope, value, {"since": changed_at and changed_at.isoformat()})
        return changed_at

    def known(self, scope: str) -> Any:
        """What is kept under `scope`, however old; None: nothing."""
        with reading(self._engine) as conn:
            return read(conn, scope)

    def note(self, scope: str, content: Any) -> None:
        """Keep what identifies something for good."""
        if self.known(scope) != content:
            self._keep(scope, "", content)

    def _keep(self, scope: str, fingerprint: str, content: Any) -> None:
        if self._read_only:
            return
        with self._engine.begin() as conn:
            keep(conn, scope, fingerprint, content, self._clock())


def read(conn: Connection, scope: str) -> Any:
    """The content kept under `scope`, however old; None: nothing."""
    return conn.execute(select(directory.c.content).where(directory.c.scope == scope)).scalar()


def keep(conn: Connection, scope: str, fingerprint: str, content: Any, at: datetime) -> None:
    """Keep this content under `scope` instead of what was there."""
    values = {"scope": scope, "fingerprint": fingerprint, "content": content, "fetched_at": at}
    put(conn, directory, values, key=["scope"])
