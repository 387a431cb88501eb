"""Tokens of OAuth connections in calsync's database, encrypted with Airflow's key."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowException

from calsync_airflow.hooks.store import StoreHook
from include.calsync.errors import AccountError, CalsyncError

if TYPE_CHECKING:
    from airflow.sdk.crypto import FernetProtocol
    from sqlalchemy import Engine

    from include.calsync.clients.auth import TokenKeeper


def encrypt(plain: str) -> str:
    """Return a text encrypted with `[core] fernet_key`; as it is if the key is empty, as in Airflow's own database.

    Raises AccountError for a key that is none.
    """
    return _fernet().encrypt(plain.encode()).decode()


def decrypt(sealed: str) -> str:
    """Return the text. Raises ValueError for what another key encrypted; else as `encrypt`."""
    from cryptography.fernet import InvalidToken

    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise ValueError("encrypted with another key") from None


def _fernet() -> FernetProtocol:
    from airflow.sdk.crypto import get_fernet  # slow to import, and most connections never need it

    try:
        return get_fernet()
    except AirflowException:
        raise AccountError("Give every component of Airflow the same valid `[core] fernet_key`.") from None


def token_keeper(engine: Engine, clock: Callable[[], datetime], sleep: Callable[[float], None]) -> TokenKeeper:
    """Return what lets all who use this store share their tokens."""
    from include.calsync.store.tokens import StoreTokenKeeper

    return StoreTokenKeeper(engine, clock=clock, sleep=sleep, encrypt=encrypt, decrypt=decrypt)


@contextmanager
def shared_tokens() -> Iterator[TokenKeeper | None]:
    """Give the tasks' keeper to who tests a connection; None if there is no store with tables yet.

    Without it a test would use up a refresh token that a service replaces at each use.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from include.calsync.flows.services import utc_now
    from include.calsync.store.schema import is_current

    try:
        engine = StoreHook().get_conn()
    except (CalsyncError, AirflowException):
        yield None
        return
    try:
        try:
            is_ready = is_current(engine)
        except SQLAlchemyError:
            is_ready = False
        yield token_keeper(engine, utc_now, time.sleep) if is_ready else None
    finally:
        engine.dispose()
