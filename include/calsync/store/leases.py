"""One run at a time per account (law 11): a lease with an expiry and a fencing number.

The fencing number rises with every change of hands. Whoever commits the result of a write calls `check_fence` in
that transaction, so a try that was taken over can't write, even if it never noticed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Integer, and_, bindparam, func, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.dml import ReturningInsert

from include.calsync.errors import AccountBusy, LeaseLost
from include.calsync.store.tables import lease
from include.calsync.store.upsert import insert

log = logging.getLogger(__name__)

DEFAULT_TTL_S = 300.0
RENEWED_EVERY_S = 60.0
CLOCKS_APART_S = 60.0
_SEPARATOR = " "


def lease_owner(run_id: str, attempt: str) -> str:
    """Owner text of one task try of a run: `attempt` names the task, its shard and the try."""
    if not run_id or _SEPARATOR in run_id:
        raise ValueError("a run id is not empty and holds no blank")
    return f"{run_id}{_SEPARATOR}{attempt}"


def owner_run(owner: str) -> str:
    """The run id in an owner text."""
    return owner.partition(_SEPARATOR)[0]


class Leases:
    """Leases of accounts. `clock` gives the present instant, aware; workers' clocks must agree to some seconds."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock

    def acquire(self, account_id: int, owner: str, ttl_s: float = DEFAULT_TTL_S, *, since: int | None = None) -> int:
        """Take the lease for `ttl_s` seconds; returns the fencing number.

        A free, expired or own lease (another try or task of the same run) is taken at once; else AccountBusy. One that
        would last longer than any may is another's whose clock is ahead: from now on it lasts as long as any. If its
        holder lives it renews it meanwhile.

        Args:
            since: the run's last fencing number. AccountBusy, too, if another run had the lease since then, though it
                be free again: what the run has read is not the state that it would write to.
        """
        with self._engine.begin() as connection:
            try:
                return self.take(connection, account_id, owner, ttl_s, since=since)
            except AccountBusy as error:  # what was learned of its holder is kept
                busy = error
        raise busy

    def take(
        self,
        connection: Connection,
        account_id: int,
        owner: str,
        ttl_s: float = DEFAULT_TTL_S,
        *,
        since: int | None = None,
    ) -> int:
        """As `acquire`, in the caller's transaction. Take several by their ids, or two callers may block."""
        now, run = self._clock(), owner_run(owner)
        values = {"account_id": account_id, "owner": owner, "expires_at": now + timedelta(seconds=ttl_s), "fence": 1}
        prefix = run + _SEPARATOR
        asked = {"now": now, "run": run, "prefix": prefix, "length": len(prefix), "since": since}
        taken = _take(connection.dialect.name, after=since is not None)
        fence = connection.execute(taken, values | asked).scalar_one_or_none()
        if fence is None:
            _shorten(connection, account_id, now, max(ttl_s, DEFAULT_TTL_S))
            raise _busy(connection, account_id, now)
        return int(fence)

    def renew(self, account_id: int, fence: int, ttl_s: float = DEFAULT_TTL_S) -> None:
        """Let the lease last `ttl_s` seconds from now. LeaseLost if it changed hands; late is fine otherwise."""
        expires_at = self._clock() + timedelta(seconds=ttl_s)
        with self._engine.begin() as connection:
            done = connection.execute(update(lease).where(_held(account_id, fence)).values(expires_at=expires_at))
            if done.rowcount == 0:
                raise _lost(account_id)

    @contextmanager
    def kept(self, fences: Mapping[int, int]) -> Iterator[None]:
        """Renew these leases (account to fencing number) while the block runs, however long one wait in it takes.

        A lease that changed hands is left alone: `check_fence` stops whoever still works under it.
        """
        done = threading.Event()
        beat = threading.Thread(target=self._beat, args=(dict(fences), done), name="leases", daemon=True)
        if fences:
            beat.start()
        try:
            yield
        finally:
            done.set()
            if fences:
                beat.join()

    def _beat(self, fences: dict[int, int], done: threading.Event) -> None:
        while fences and not done.wait(RENEWED_EVERY_S):
            for account_id, fence in list(fences.items()):
                try:
                    self.renew(account_id, fence)
                except LeaseLost:
                    del fences[account_id]
                except SQLAlchemyError as error:
                    log.warning("lease of account %d not renewed, next try follows: %s", account_id, error)

    def release(self, account_id: int, fence: int) -> None:
        """Free the account; the fencing number is void from here on. Nothing happens if the lease is another's."""
        free = {"fence": lease.c.fence + 1, "owner": "", "expires_at": self._clock()}
        with self._engine.begin() as connection:
            connection.execute(update(lease).where(_held(account_id, fence)).values(free))


def check_fence(connection: Connection, account_id: int, fence: int) -> None:
    """LeaseLost unless `fence` is current; nobody can take the lease over before the caller's transaction ends."""
    if connection.execute(_CHECK, {"held_by": account_id, "held_fence": fence}).first() is None:
        raise _lost(account_id)


def void(connection: Connection, run: str) -> None:
    """Let no task of this run commit anything any more under the leases that it has now.

    Unlike a release it leaves the accounts taken until the leases expire: what was sent may be on its way.
    """
    prefix = run + _SEPARATOR
    mine = func.substr(lease.c.owner, 1, len(prefix)) == prefix
    connection.execute(update(lease).where(mine).values(fence=lease.c.fence + 1))


def _held(account_id: int, fence: int) -> ColumnElement[bool]:
    return and_(lease.c.account_id == account_id, lease.c.fence == fence)


_CHECK = (
    select(lease.c.fence)
    .where(lease.c.account_id == bindparam("held_by"), lease.c.fence == bindparam("held_fence"))
    .with_for_update(read=True)
)


@cache
def _take(dialect: str, *, after: bool) -> ReturningInsert[Any]:
    """An insert of the lease, or an update of one that is free or the same run's; `after`: and unless another run had
    it since then. Its answer is the fencing number."""
    free = lease.c.expires_at <= bindparam("now")
    if after:
        since = bindparam("since", type_=Integer)
        free = and_(free, or_(lease.c.fence <= since, and_(lease.c.fence == since + 1, lease.c.owner == "")))
    mine = func.substr(lease.c.owner, 1, bindparam("length", type_=Integer)) == bindparam("prefix")
    statement = insert(dialect, lease)
    taken = {"owner": statement.excluded.owner, "expires_at": statement.excluded.expires_at}
    return statement.on_conflict_do_update(
        index_elements=[lease.c.account_id],
        set_={**taken, "fence": lease.c.fence + 1},
        where=or_(free, lease.c.owner == bindparam("run"), mine),
    ).returning(lease.c.fence)


def _shorten(connection: Connection, account_id: int, now: datetime, longest_s: float) -> None:
    end, too_late = now + timedelta(seconds=longest_s), now + timedelta(seconds=longest_s + CLOCKS_APART_S)
    this = lease.c.account_id == account_id, lease.c.expires_at > too_late
    connection.execute(update(lease).where(*this).values(expires_at=end))


def _busy(connection: Connection, account_id: int, now: datetime) -> AccountBusy:
    row = connection.execute(select(lease.c.owner, lease.c.expires_at).where(lease.c.account_id == account_id)).one()
    if row.expires_at <= now:
        return AccountBusy(f"another run worked on account {account_id} meanwhile: what this run read is out of date")
    until = row.expires_at.isoformat(timespec="seconds")
    run = owner_run(row.owner)
    return AccountBusy(f"account {account_id} is in use by run {run} until {until}, and longer if that run goes on")


def _lost(account_id: int) -> LeaseLost:
    return LeaseLost(f"the lease of account {account_id} was taken over or released: this try must stop")
