"""A fresh world for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from include.sandbox.server import Sandbox
from tests.flows.recurring import Json, series
from tests.flows.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Sandbox(seed=1) as sandbox:
        world = World(sandbox, tmp_path, f"sqlite:///{tmp_path / 'calsync.db'}")
        yield world
        world.engine.dispose()


@pytest.fixture
def synced(world: World) -> Json:
    """A daily series of four, synced."""
    world.green()
    event = series(world)
    world.green()
    return event
