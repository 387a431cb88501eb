"""A SQLite store with the schema, as a copy of one that was migrated once per process.

Its engines share the statements that others of the process compiled: a store per test would compile all of them anew.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import Engine, make_url

from include.calsync.store.engine import create_store_engine, migrate
from include.calsync.store.transaction import reader_of


def with_schema(url: str) -> str:
    """`url`, whose SQLite file has the schema from now on; a file that exists and other databases are left alone."""
    parsed = make_url(url)
    file = Path(str(parsed.database))
    if parsed.get_backend_name() == "sqlite" and not file.exists():
        file.write_bytes(_migrated())
    return url


def engine_with_schema(url: str) -> Engine:
    """An engine on a store with the schema, its statements shared with the other SQLite stores of this process."""
    engine = create_store_engine(with_schema(url))
    if engine.dialect.name == "sqlite":
        for number, each in enumerate((engine, reader_of(engine))):
            first = _FIRST.setdefault(number, each)
            # What is compiled is known by the dialect that compiled it.
            each.dialect, each._compiled_cache = first.dialect, first._compiled_cache
    return engine


_FIRST: dict[int, Engine] = {}
"""The writing and the reading engine whose statements the others share."""


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "calsync.db")
        engine = create_store_engine(f"sqlite:///{file}")
        migrate(engine)
        engine.dispose()
        return file.read_bytes()
