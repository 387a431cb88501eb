"""A SQLite store with the schema, as a copy of one that was migrated once per process."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import make_url

from include.calsync.store.engine import create_store_engine, migrate


def with_schema(url: str) -> str:
    """`url`, whose SQLite file has the schema from now on; a file that exists and other databases are left alone."""
    parsed = make_url(url)
    file = Path(str(parsed.database))
    if parsed.get_backend_name() == "sqlite" and not file.exists():
        file.write_bytes(_migrated())
    return url


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "calsync.db")
        engine = create_store_engine(f"sqlite:///{file}")
        migrate(engine)
        engine.dispose()
        return file.read_bytes()
