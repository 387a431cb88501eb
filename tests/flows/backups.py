"""A backup of the store, on either database, to put back after the world went on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from include.sandbox.server import Sandbox
from tests.flows.world import World
from tests.store.conftest import Databases


class Backup:
    """The store as it is when this is made. `put_back` may be called any number of times."""

    def __init__(self, world: World, databases: Databases | None) -> None:
        self._world, self._databases = world, databases
        self._used = make_url(world.store_url).database or ""
        world.engine.dispose()  # a server copies no database in use; a file gets what its log still holds
        if databases is not None:
            self._copy = make_url(databases.empty("postgresql", self._used)).database or ""
        else:
            self._copy = self._used + ".backup"
            shutil.copy(self._used, self._copy)

    def put_back(self) -> None:
        """The store as it was; everything else has gone on. New processes work on it."""
        self._world.engine.dispose()
        if self._databases is not None:
            self._databases.replace(self._used, self._copy)
        else:
            for name in ("-wal", "-shm"):
                Path(self._used + name).unlink(missing_ok=True)
            shutil.copy(self._copy, self._used)
        self._world.restart()


class Kept(World):
    """A world whose store can be backed up."""

    databases: Databases | None = None

    def backup(self) -> Backup:
        return Backup(self, self.databases)


@pytest.fixture
def kept(request: pytest.FixtureRequest, tmp_path: Path, dialect: str) -> Iterator[Kept]:
    """A fresh world on each database (`dialect`)."""
    databases: Databases | None = request.getfixturevalue("databases") if dialect == "postgresql" else None
    url = databases.migrated(dialect) if databases else f"sqlite:///{tmp_path / 'calsync.db'}"
    with Sandbox(seed=1) as sandbox:
        world = Kept(sandbox, tmp_path, url)
        world.databases = databases
        yield world
        world.engine.dispose()
