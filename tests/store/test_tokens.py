"""Tokens that processes share: one asks the service for another, the others wait and read."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Engine, select

from include.calsync.core.consents import KeptTokens
from include.calsync.errors import CredentialRefused, RetryableError
from include.calsync.store.oauth_tables import oauth_token
from include.calsync.store.tokens import RENEWING, StoreTokenKeeper
from tests.store.conftest import NOON, FakeClock

FERNET = Fernet(Fernet.generate_key())
HOUR = timedelta(hours=1)


def encrypt(plain: str) -> str:
    return FERNET.encrypt(plain.encode()).decode()


def decrypt(sealed: str, fernet: Fernet = FERNET) -> str:
    try:
        return fernet.decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise ValueError from None


class Service:
    """A token endpoint that replaces the refresh token at each use: the one before is dead."""

    def __init__(self, clock: Callable[[], datetime], valid: str = "first", pause_s: float = 0) -> None:
        self._clock, self._valid, self._pause_s = clock, valid, pause_s
        self._lock = threading.Lock()
        self.asked: list[str] = []

    def fetch(self, refresh_token: str) -> KeptTokens:
        with self._lock:
            self.asked.append(refresh_token)
            if refresh_token != self._valid:
                raise CredentialRefused("invalid_grant")
            number = len(self.asked)
            self._valid = f"refresh-{number}"
        time.sleep(self._pause_s)
        return KeptTokens(f"access-{number}", f"refresh-{number}", self._clock() + HOUR)


def keeper_on(store: Engine, clock: FakeClock, sleep: Callable[[float], None] | None = None, **changes: Any) -> Any:
    known: dict[str, Any] = {"clock": clock, "sleep": sleep or clock.sleep, "encrypt": encrypt, "decrypt": decrypt}
    return StoreTokenKeeper(store, **{**known, **changes})


def test_tokens_are_kept_until_they_end(store: Engine) -> None:
    clock = FakeClock()
    keeper, service = keeper_on(store, clock), Service(clock)
    assert keeper.renewed("k", "first", "", service.fetch).access_token == "access-1"
    clock.advance(3539)
    other = keeper_on(store, clock)
    assert other.renewed("k", "first", "", service.fetch) == KeptTokens("access-1", "refresh-1", NOON + HOUR)
    clock.advance(1)
    assert other.renewed("k", "first", "", service.fetch).access_token == "access-2"
    assert keeper.renewed("k", "first", "", service.fetch).refresh_token == "refresh-2"
    assert service.asked == ["first", "refresh-1"]


def test_a_refused_token_is_renewed_once_for_all(store: Engine) -> None:
    clock = FakeClock()
    keeper, service = keeper_on(store, clock), Service(clock)
    keeper.renewed("k", "first", "", service.fetch)
    for _ in range(3):
        assert keeper.renewed("k", "first", "access-1", service.fetch).access_token == "access-2"
    assert len(service.asked) == 2


def test_consents_do_not_meet(store: Engine) -> None:
    clock = FakeClock()
    keeper = keeper_on(store, clock)
    for key, first in (("k", "first"), ("l", "one")):
        assert keeper.renewed(key, first, "", Service(clock, first).fetch).refresh_token == "refresh-1"


def test_of_many_that_ask_at_once_one_asks_the_service(store: Engine) -> None:
    clock = FakeClock()
    service = Service(clock, pause_s=0.3)

    def ask(_: int) -> str:
        return str(keeper_on(store, clock, time.sleep).renewed("k", "first", "", service.fetch).access_token)

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(ask, range(6))) == {"access-1"}
        clock.advance(3600)
        assert set(pool.map(ask, range(6))) == {"access-2"}
    assert service.asked == ["first", "refresh-1"]


def test_who_failed_stands_in_nobodys_way(store: Engine) -> None:
    clock = FakeClock()
    keeper, service = keeper_on(store, clock), Service(clock, "another")
    for _ in range(2):
        with pytest.raises(CredentialRefused):
            keeper.renewed("k", "first", "", service.fetch)
    assert len(service.asked) == 2
    assert keeper.renewed("k", "another", "", service.fetch).access_token == "access-3"


def test_who_died_is_waited_for_so_long_and_not_longer(store: Engine) -> None:
    clock = FakeClock()
    keeper, service = keeper_on(store, clock, lambda _: clock.advance(10)), Service(clock)
    with store.begin() as conn:
        conn.execute(oauth_token.insert().values(key="k", renewing_until=NOON + RENEWING))
    assert keeper.renewed("k", "first", "", service.fetch).access_token == "access-1"
    assert RENEWING <= clock() - NOON <= RENEWING + timedelta(seconds=10)
    with store.begin() as conn:
        conn.execute(oauth_token.update().values(renewing_until=NOON + 99 * HOUR, expires_at=NOON))
    with pytest.raises(RetryableError, match="does not come back"):
        keeper.renewed("k", "first", "", service.fetch)


def test_no_token_is_readable_in_the_store(store: Engine) -> None:
    clock = FakeClock()
    keeper, service = keeper_on(store, clock), Service(clock)
    keeper.renewed("k", "first", "", service.fetch)
    with store.connect() as conn:
        kept = repr(conn.execute(select(oauth_token)).all())
    assert "access-1" not in kept
    assert "refresh-1" not in kept
    other = Fernet(Fernet.generate_key())
    changed = keeper_on(store, clock, decrypt=lambda sealed: decrypt(sealed, other))
    for late_s in (0, 3600):
        clock.advance_to(NOON + timedelta(seconds=late_s))
        with pytest.raises(CredentialRefused, match="fernet_key"):
            changed.renewed("k", "first", "", service.fetch)
    assert keeper.renewed("k", "first", "", service.fetch).access_token == "access-2"
