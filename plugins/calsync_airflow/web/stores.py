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
        if url not in _engines:
            made = create_store_engine(url)
            migrate(made)
            while _engines:
                _engines.popitem()[1].dispose()
            _engines[url] = made
        return _engines[url]
