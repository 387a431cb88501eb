"""Stores of earlier versions, brought up to this one."""

from __future__ import annotations

from include.calsync.store import schema
from include.calsync.store.engine import migrate
from tests.flows.meetings import BERT, assert_quiet, attendees, meets, owner, settle
from tests.flows.world import ANNA, World


def test_a_link_of_before_meetings_is_known_by_a_colleagues_copy(world: World) -> None:
    """Bert's account is added long after; his copy must not become a second activity."""
    world.google.add_user(BERT)
    world.pipedrive.add_user("Bert", BERT, "Europe/Berlin")
    world.anna_is(calendar="primary")
    world.green()
    event = meets(world)
    world.green()
    schema.downgrade(world.engine, "0003")
    migrate(world.engine)
    (row,) = world.links()
    assert row.meeting == world.google.event(ANNA, event)["iCalUID"]
    world.assert_quiet()
    world.account(name="bert", pipedrive_user=BERT, google_user=BERT, calendar="primary")
    world.google.touch_events(BERT, event)
    settle(world)
    assert len(world.activities()) == 1
    world.google.touch_events(BERT, event)
    settle(world)
    assert (owner(world), attendees(world)) == (ANNA, [BERT])
    assert_quiet(world)
