"""Reading transactions; the writing ones are SQLAlchemy's own `engine.begin()`.

Who passes engines and connections on, and says no SQL, takes their names from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection as Connection
from sqlalchemy import Engine as Engine

READ_ONLY = "calsync_read_only"
"""Execution option that SQLite engines heed when a transaction begins."""


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads and, on SQLite, waits for no writer; any write in it is refused."""
    with engine.connect() as connection:
        yield connection.execution_options(**{READ_ONLY: True, "postgresql_readonly": True})
