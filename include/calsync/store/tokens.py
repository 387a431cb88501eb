"""Tokens of OAuth connections, shared by all processes: one asks the service for another, the others wait and read.

A service that replaces its refresh token at each use would else answer the second one of two that ask at once with
`invalid_grant`. If a process dies after the service answered and before that is stored, the consent has to be renewed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, Select, or_, select, update

from include.calsync.core.consents import KeptTokens
from include.calsync.errors import CredentialRefused, RetryableError
from include.calsync.store.oauth_tables import oauth_token
from include.calsync.store.transaction import Engine, reading
from include.calsync.store.upsert import insert

EARLY = timedelta(seconds=60)
"""An access token is renewed this long before its end."""
RENEWING = timedelta(seconds=120)
"""Longer than a request to a token endpoint may last; who died while renewing is waited for so long."""
LOOK_AGAIN_S = 0.2

_Kept = Row[tuple[str | None, str | None, datetime | None]]
_columns = oauth_token.c


class StoreTokenKeeper:
    """`encrypt` and `decrypt` are Airflow's; `decrypt` raises ValueError for what another key encrypted."""

    def __init__(
        self,
        engine: Engine,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        encrypt: Callable[[str], str],
        decrypt: Callable[[str], str],
    ) -> None:
        self._engine, self._clock, self._sleep = engine, clock, sleep
        self._encrypt, self._decrypt = encrypt, decrypt

    def renewed(self, key: str, first: str, refused: str, fetch: Callable[[str], KeptTokens]) -> KeptTokens:
        """Tokens that work: kept ones, or those that `fetch` gets for the refresh token.

        Args:
            first: the refresh token that the consent gave
            refused: an access token that the service refuses, though it should last; "" if there is none
        """
        until = self._clock() + 2 * RENEWING
        while True:
            with reading(self._engine) as conn:
                row = conn.execute(_row(key)).first()
            if (kept := self._fresh(row, refused)) is not None:
                return kept
            with self._engine.begin() as conn:
                is_mine = _take(conn, key, self._clock())
                row = conn.execute(_row(key)).first()
            if is_mine:
                return self._renew(key, row, first, refused, fetch)
            if self._clock() >= until:
                raise RetryableError("Another task asks for a token and does not come back.", reason="token_endpoint")
            self._sleep(LOOK_AGAIN_S)

    def _renew(
        self, key: str, row: _Kept | None, first: str, refused: str, fetch: Callable[[str], KeptTokens]
    ) -> KeptTokens:
        """With the key taken. Somebody else may have been quicker before."""
        changed: dict[str, object] = {"renewing_until": None}
        try:
            if (kept := self._fresh(row, refused)) is not None:
                return kept
            self._encrypt(first)  # a key that is missing must not cost the refresh token
            made = fetch(self._plain(row.refresh_token) if row is not None and row.refresh_token else first)
            changed |= {
                "access_token": self._encrypt(made.access_token),
                "refresh_token": self._encrypt(made.refresh_token),
                "expires_at": made.expires_at,
            }
            return made
        finally:
            with self._engine.begin() as conn:
                conn.execute(update(oauth_token).where(_columns.key == key).values(**changed))

    def _fresh(self, row: _Kept | None, refused: str) -> KeptTokens | None:
        if row is None or row.access_token is None or row.refresh_token is None or row.expires_at is None:
            return None
        if row.expires_at - EARLY <= self._clock():
            return None
        kept = KeptTokens(self._plain(row.access_token), self._plain(row.refresh_token), row.expires_at)
        return kept if kept.access_token != refused else None

    def _plain(self, encrypted: str) -> str:
        try:
            return self._decrypt(encrypted)
        except ValueError:
            raise CredentialRefused(
                "Give every component of Airflow the same `[core] fernet_key`, or connect anew: the kept token was "
                "encrypted with another one.",
                reason="fernet_key",
            ) from None


def _row(key: str) -> Select[tuple[str | None, str | None, datetime | None]]:
    return select(_columns.access_token, _columns.refresh_token, _columns.expires_at).where(_columns.key == key)


def _take(conn: Connection, key: str, now: datetime) -> bool:
    """Be the one that renews."""
    until = now + RENEWING
    free = or_(_columns.renewing_until.is_(None), _columns.renewing_until < now)
    if conn.execute(update(oauth_token).where(_columns.key == key, free).values(renewing_until=until)).rowcount:
        return True
    new = insert(conn.dialect.name, oauth_token).values(key=key, renewing_until=until).on_conflict_do_nothing()
    return conn.execute(new.returning(_columns.key)).first() is not None
