"""No sleep stands between reading an item and writing it: a write that had to wait is decided anew (law 2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from include.calsync.store.limits import StoreLimiter
from include.sandbox.faults import Fault
from tests.flows.judging import lost_values, pair, settled
from tests.flows.killing import before_request
from tests.flows.meetings import BERT, attendees, meets, settle
from tests.flows.world import ANNA, World

WAIT_S = 50
BURST = {"Retry-After": str(WAIT_S), "x-ratelimit-remaining": "0", "x-daily-ratelimit-token-remaining": "90000"}


def held_up(world: World, method: str, act: Callable[[], object]) -> None:
    """The next such request to an activity is told to come again later; `act` happens while it waits."""
    world.sandbox.pipedrive.faults.add(
        Fault("status", method=method, path=r"/activities/\d+$", status=429, headers=dict(BURST))
    )
    while_it_waits(world, act)


def while_it_waits(world: World, act: Callable[[], object]) -> None:
    sleep, acts = world.sleep, iter([act])

    def sleep_on(seconds: float) -> None:
        if seconds > WAIT_S / 2 and (meanwhile := next(acts, None)) is not None:
            meanwhile()
        sleep(seconds)

    world.sleep = sleep_on  # type: ignore[method-assign]
    world.restart()  # clients are made with it


def edit(world: World, activity_id: int, **fields: Any) -> Callable[[], object]:
    def act() -> None:
        world.pass_time(90)
        world.pipedrive.edit_activity(activity_id, **fields)

    return act


def test_an_edit_while_a_patch_waits_is_not_overwritten(world: World) -> None:
    activity_id, event_id = pair(world)
    world.google.edit_event(world.calendar, event_id, location="From Google")
    held_up(world, "PATCH", edit(world, activity_id, location="Later, from Pipedrive"))
    world.sync()
    settled(world)
    assert world.the_activity()["location"]["value"] == world.the_event()["location"] == "Later, from Pipedrive"
    assert "From Google" in str(lost_values(world))


def test_nor_while_another_thread_was_told_to_wait(world: World) -> None:
    activity_id, event_id = pair(world)
    world.limited = True
    world.restart()
    world.google.edit_event(world.calendar, event_id, location="From Google")

    def pause() -> None:
        limiter = StoreLimiter(world.engine, world.clock, world.sleep)
        limiter.pause("pipedrive_default", world.clock() + timedelta(seconds=WAIT_S), "another thread met a limit")
        world.pass_time(2)  # what this one had reserved is used up

    while_it_waits(world, edit(world, activity_id, location="Later, from Pipedrive"))
    with before_request("GET", rf"/activities/{activity_id}(\?|$)", pause):
        world.sync()
    settled(world)
    assert world.the_activity()["location"]["value"] == world.the_event()["location"] == "Later, from Pipedrive"
    assert "From Google" in str(lost_values(world))


@pytest.mark.parametrize(("setting", "method"), [("delete", "DELETE"), ("done", "PATCH")])
def test_an_activity_edited_while_its_removal_waits_lives(world: World, setting: str, method: str) -> None:
    world.anna_is(on_event_deleted=setting)
    activity_id, event_id = pair(world)
    world.google.delete_event(world.calendar, event_id)
    held_up(world, method, edit(world, activity_id, location="Bar"))
    world.sync()
    settled(world)
    activity = world.the_activity()
    assert (activity["id"], activity["done"]) == (activity_id, False)
    assert world.the_event()["location"] == "Bar"


def test_attendees_added_while_a_write_of_them_waits_stay(team: World) -> None:
    team.pipedrive.add_user("Cleo", "cleo@acme.example", "Europe/Berlin")
    meets(team)
    team.sync(accounts=["anna"], kind="manual")
    activity_id = team.the_activity()["id"]
    added = [{"email": "eva@customer.example", "name": "Eva"}]
    held_up(team, "PATCH", edit(team, activity_id, attendees=added))
    settle(team)
    assert attendees(team) == [BERT, "eva@customer.example"]


def test_an_activity_given_away_while_a_take_over_waits_is_not_taken_back(team: World) -> None:
    cleo = team.pipedrive.add_user("Cleo", "cleo@acme.example", "Europe/Berlin")["id"]
    event = meets(team)
    settle(team)
    activity_id = team.the_activity()["id"]
    team.google.edit_event(ANNA, event, attendees=[{"email": BERT, "responseStatus": "accepted"}])
    settle(team)
    team.account(name="anna", enabled=False)
    held_up(team, "PATCH", edit(team, activity_id, owner_id=cleo))
    for _ in range(3):
        team.sync()
    assert team.the_activity()["owner_id"] == cleo
