"""Meetings of colleagues, and what tests look at in their one activity."""

from __future__ import annotations

from typing import Any

from tests.flows.world import ANNA, World

BERT = "bert@acme.example"


def meets(world: World, organiser: str = ANNA, guests: tuple[str, ...] = (BERT,), **fields: Any) -> str:
    attendees = [{"email": each} for each in guests]
    return str(world.event("Round table", organiser, attendees=attendees, **fields)["id"])


def owner(world: World) -> str:
    return str(world.pipedrive.users[world.the_activity()["owner_id"]]["email"])


def user(world: World, mail: str) -> int:
    return next(int(each["id"]) for each in world.pipedrive.users.values() if each["email"] == mail)


def attendees(world: World) -> list[str]:
    return sorted(each["email"] for each in world.the_activity()["attendees"])


def assert_quiet(world: World) -> None:
    with world.requests():
        assert world.sync().failure is None
    assert world.writes() == 0


def settle(world: World) -> None:
    for _ in range(3):
        summary = world.sync()
        assert summary.failure is None, summary.failure
