"""Reading transactions; the writing ones are SQLAlchemy's own `engine.begin()`.

Who passes engines and connections on, and says no SQL, takes their names from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from sqlalchemy import Connection as Connection
from sqlalchemy import Engine as Engine

_READERS: WeakKeyDictionary[Engine, Engine] = WeakKeyDictionary()


def set_reader(engine: Engine, reader: Engine) -> None:
    """Let what reads go through another engine on the same database, whose connections refuse to write."""
    _READERS[engine] = reader


def reader_of(engine: Engine) -> Engine:
    """The engine that reads go through: on SQLite another one."""
    return _READERS.get(engine, engine)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads and, on SQLite, waits for no writer; any write in it is refused."""
    with reader_of(engine).connect() as connection:
        yield connection.execution_options(postgresql_readonly=True)
