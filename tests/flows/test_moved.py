"""Marks that people take away, and events that they move to another calendar (F603, F604)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.judging import settled
from tests.flows.world import World


def pair(world: World) -> Any:
    world.green()
    world.activity("Call")
    world.green()
    settled(world)
    world.pass_time(600)
    (link,) = world.links()
    return link


@pytest.mark.parametrize("edit", [{}, {"location": "Bar"}], ids=["alone", "with an edit"])
def test_a_mark_that_is_taken_away(world: World, edit: dict[str, Any]) -> None:
    """The mapping knows the pair by its ids: one of each stays, and an edit arrives."""
    link = pair(world)
    gone = dict.fromkeys(world.the_event()["extendedProperties"]["private"])
    world.edit_event(world.the_event(), extendedProperties={"private": gone}, **edit)
    settled(world)
    assert [(row.activity_id, row.event_id) for row in world.links()] == [(link.activity_id, link.event_id)]
    assert (world.the_activity()["id"], world.the_event()["id"]) == (link.activity_id, link.event_id)
    assert ((world.the_activity()["location"] or {}).get("value")) == edit.get("location")


def test_an_event_that_is_moved_to_another_calendar(world: World) -> None:
    """It leaves the account's calendar, which counts as deleted there; no second activity or event comes of it."""
    link = pair(world)
    elsewhere = world.google.add_calendar(world.accounts[0]["google_user"], "Private")
    world.google.move_event(world.calendar, link.event_id, elsewhere)
    settled(world)
    assert world.activities() == []
    assert world.events() == []
    assert [event["id"] for event in world.events(elsewhere)] == [link.event_id]
    assert world.links() == []
