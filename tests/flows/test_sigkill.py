"""A real process, really killed, right after a service carried out what it asked for; both databases."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from include.sandbox.base import Fault, Service
from include.sandbox.server import Sandbox
from tests.flows import victim
from tests.flows.judging import picture, settled
from tests.flows.world import World, day
from tests.store.conftest import Databases, all_databases, databases

__all__ = ["all_databases", "databases"]  # fixtures

ROOT = Path(__file__).parents[2]
STALL_S = 6.0
PATIENCE_S = 60.0


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path, dialect: str) -> Iterator[World]:
    store: Databases | None = request.getfixturevalue("databases") if dialect == "postgresql" else None
    url = store.migrated(dialect) if store else f"sqlite:///{tmp_path / 'calsync.db'}"
    with Sandbox(seed=1) as sandbox:
        made = World(sandbox, tmp_path, url)
        yield made
        made.engine.dispose()


def at_work(world: World) -> None:
    """Something to create, to change and to delete on each side."""
    world.green()
    for name in ("edited here", "edited there", "event gone", "activity gone"):
        world.activity(name, due_date=day(5))
    world.green()
    ids = {row["subject"]: row["id"] for row in world.activities()}
    events = {row["summary"]: row["id"] for row in world.events()}
    world.pipedrive.delete_activity(ids["activity gone"])
    world.green()
    world.pipedrive.edit_activity(ids["edited here"], subject="Edited here", due_time="17:00")
    world.google.edit_event(world.calendar, events["edited there"], summary="Edited there", location="Bar")
    world.google.delete_event(world.calendar, events["event gone"])
    world.activity("New here")
    world.event("New there")


CASES: dict[str, tuple[str, str, str]] = {
    "insert event": ("google", "POST", "/events$"),
    "patch event": ("google", "PATCH", "/events/"),
    "delete event": ("google", "DELETE", "/events/"),
    "create activity": ("pipedrive", "POST", "/activities$"),
}
# Both databases lose the same things; those where most is at stake are tried on both.
CHOSEN = [(name, "sqlite") for name in CASES] + [(name, "postgresql") for name in ("insert event", "create activity")]


@pytest.mark.parametrize(("name", "dialect"), CHOSEN)
def test_a_process_killed_right_after_a_write(world: World, name: str) -> None:
    at_work(world)
    where, method, path = CASES[name]
    service: Service = getattr(world.sandbox, where)
    service.faults.add(Fault("slow", when="after", method=method, path=path, seconds=STALL_S))
    _kill_once(world, lambda: bool(service.faults.struck) and _is_served(service, method))
    service.faults.clear()

    with world.requests():
        assert world.sync().result["accounts"]["anna"]["state"] == "busy"
    assert world.writes() == 0
    world.pass_time(301)
    settled(world)

    seen = picture(world)
    titles = ["Edited here", "Edited there", "New here", "New there"]
    assert sorted(row["subject"] for row in world.activities()) == titles
    assert sorted(row["summary"] for row in world.events()) == titles
    assert len(seen["pairs"]) == len(titles)
    assert (seen["intents"], seen["aside"]) == ([], [])
    by_title = {row["summary"]: row for row in world.events()}
    assert by_title["Edited here"]["start"]["dateTime"].startswith(day(5))
    assert {row["subject"]: (row["location"] or {}).get("value") for row in world.activities()}["Edited there"] == "Bar"


def _is_served(service: Service, method: str) -> bool:
    return any(request.method == method and request.fault == "slow" for request in service.requests)


def _kill_once(world: World, is_time: Callable[[], bool]) -> None:
    """A run in a process of its own, killed when it is time."""
    environment: dict[str, Any] = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(Path(victim.__file__)), victim.arguments(world)]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    deadline = time.monotonic() + PATIENCE_S
    while not is_time():
        assert process.poll() is None, process.communicate()[1].decode()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
