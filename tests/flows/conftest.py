"""A fresh world for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from include.calsync.clients.sessions import Timing
from include.calsync.flows.applying import apply
from include.sandbox.server import Sandbox
from tests.flows.edited import without_file
from tests.flows.recurring import Json, series
from tests.flows.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Sandbox(seed=1) as sandbox:
        world = World(sandbox, tmp_path, f"sqlite:///{tmp_path / 'calsync.db'}")
        yield world
        world.engine.dispose()


@pytest.fixture
def one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """For deaths at a step of one write: requests come in the order of the plan, so that steps can be counted."""
    monkeypatch.setattr(apply, "IN_FLIGHT", 1)


@pytest.fixture
def impatient(world: World) -> None:
    """Who waits for no answer long."""
    world.timing = Timing(read_s=0.3, answer_s=0.6)


@pytest.fixture
def synced(world: World) -> Json:
    """A daily series of four, synced."""
    world.green()
    event = series(world)
    world.green()
    return event


@pytest.fixture
def team(world: World) -> World:
    """Anna and Bert have accounts with their primary calendars."""
    world.anna_is(calendar="primary")
    world.add_colleague("bert")
    world.account(name="bert", calendar="primary")
    world.green()
    return world


@pytest.fixture
def page(world: World) -> World:
    """An installation without an accounts file."""
    return without_file(world)
