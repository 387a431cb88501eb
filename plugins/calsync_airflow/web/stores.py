"""The page's way to the store: one engine per process, with the schema of this version."""

from __future__ import annotations

import threading

from sqlalchemy import Engine

from calsync_airflow.hooks.store import StoreHook
from include.calsync.store.engine import create_store_engine, migrate

_lock = threading.Lock()
_engines: dict[str, Engine] = {}


def engine() -> Engine:
    """The engine for what connection `calsync_db` says now; the first one of a process creates missing tables.

    Raises SettingsError if the connection or the database can't be used, SQLAlchemyError if it does not answer.
    """
    url = StoreHook().get_url().render_as_string(hide_password=False)
    with _lock:
        known = _engines.get(url)
    return known if known is not None else _kept(url, _made(url))


def _made(url: str) -> Engine:
    """Nobody waits for who waits for a database that does not answer: it is made outside the lock."""
    made = create_store_engine(url)
    try:
        migrate(made)
    except BaseException:
        made.dispose()
        raise
    return made


def _kept(url: str, made: Engine) -> Engine:
    """The first one of this address. Those of others are closed, once what they are asked is answered."""
    with _lock:
        kept = _engines.setdefault(url, made)
        gone = [made] if kept is not made else []
        gone += [_engines.pop(other) for other in [*_engines] if other != url]
    for each in gone:
        each.dispose()
    return kept
