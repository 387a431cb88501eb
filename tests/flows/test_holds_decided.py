"""A hold is decided once, or nobody decides it: who may, for how long, and what is shown of it."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select

from include.calsync.errors import CalsyncError
from include.calsync.flows import holds
from include.calsync.store.tables import hold, run_account
from tests.flows.test_deletions import pairs
from tests.flows.test_holds import ANYTHING, decide, delete_events, held, left, the_hold
from tests.flows.world import World


def test_a_hold_is_decided_once(world: World) -> None:
    world.anna_is(**ANYTHING)
    pairs(world, 4)
    delete_events(world, 3)
    held(world)
    hold_id, services = the_hold(world).id, world.services()
    shown = holds.show(services, hold_id)
    assert (shown.account, shown.hold.item_count, len(shown.lines)) == ("anna", 3, 3)
    assert (shown.approved, shown.counts) == ("delete 3 activities in Pipedrive", {"delete_activity": 3})
    assert {line.what for line in shown.lines} == {"remove activity"}
    assert {line.changes for line in shown.lines} == {""}
    with pytest.raises(CalsyncError, match="Look at hold 1 again"):
        holds.decide(services, hold_id, approve=True, by="olga", plan_hash="another")
    holds.decide(services, hold_id, approve=True, by="olga", plan_hash=shown.plan_hash)
    with pytest.raises(CalsyncError, match="hold 1 was approved by olga"):
        holds.decide(services, hold_id, approve=False, by="otto")
    with pytest.raises(CalsyncError, match="there is no hold 99"):
        holds.show(services, 99)
    world.log_personal_data = True
    assert all("Call" in line.changes for line in holds.show(world.services(), hold_id).lines)


def test_what_nobody_decides_is_asked_about_again_after_a_week(world: World) -> None:
    world.anna_is(**ANYTHING)
    pairs(world, 4)
    delete_events(world, 3)
    held(world)
    first = the_hold(world).id
    for _ in range(6):
        world.pass_time(24 * 3600)
        world.green()
    assert the_hold(world).id == first
    world.pass_time(25 * 3600)
    held(world)
    assert the_hold(world).id > first
    assert len(world.activities()) == 4
    decide(world, approve=True)
    world.green()
    assert (len(world.activities()), left(world)) == (1, 0)


def test_what_nobody_decides_stays_as_it_is_while_another_run_has_the_account(world: World) -> None:
    """That one may be carrying the same pairs out."""
    world.anna_is(**ANYTHING)
    pairs(world, 4)
    delete_events(world, 3)
    held(world)
    hold_id, account_id = the_hold(world).id, the_hold(world).account_id
    world.pass_time(8 * 24 * 3600)
    leases = world.services().leases
    fence = leases.acquire(account_id, "another run")
    assert world.sync().result["accounts"]["anna"]["state"] == "busy"
    assert ({link.state for link in world.links()}, the_hold(world).id) == ({"active", "held"}, hold_id)
    leases.release(account_id, fence)
    held(world)
    assert the_hold(world).id > hold_id


def test_a_question_is_one_as_long_as_the_hold_waits_for_it(world: World) -> None:
    world.anna_is(**ANYTHING)
    pairs(world, 4)
    delete_events(world, 3)
    held(world)
    hold_id, services = the_hold(world).id, world.services()
    assert holds.ask(services, hold_id, "one")
    assert [holds.is_waiting(services, hold_id, by) for by in ("one", "another")] == [True, False]
    assert holds.ask(services, hold_id, "another", again=True)
    assert [holds.is_waiting(services, hold_id, by) for by in ("one", "another")] == [False, True]
    world.pass_time(8 * 24 * 3600)
    assert not holds.is_waiting(world.services(), hold_id, "another"), "too old, if no run comes that asks anew"
    world.pass_time(-8 * 24 * 3600)
    decide(world, approve=True)
    assert not holds.is_waiting(services, hold_id, "another")
    assert not holds.is_waiting(services, 99, "another")


def test_a_hold_whose_run_is_kept_no_more_says_so(world: World) -> None:
    world.anna_is(**ANYTHING)
    pairs(world, 4)
    delete_events(world, 3)
    held(world)
    with world.engine.begin() as conn:
        run_id = conn.execute(select(hold.c.run_id)).scalar_one()
        conn.execute(delete(run_account).where(run_account.c.run_id == run_id))
    with pytest.raises(CalsyncError, match="Nothing can be shown of hold 1 any more"):
        holds.show(world.services(), 1)
