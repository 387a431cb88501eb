"""Whoever lost an account commits nothing any more (law 11): in uploads, and when cursors move."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from include.calsync.core.policy import Side
from include.calsync.errors import FatalError, LeaseLost
from include.calsync.flows.applying import apply
from include.calsync.flows.closing import close as closing
from include.calsync.flows.closing import stopped
from include.calsync.flows.run import load
from include.calsync.store.leases import DEFAULT_TTL_S
from tests.flows.killing import before_request
from tests.flows.steps import Steps
from tests.flows.test_leases import holder
from tests.flows.world import World


def taken_over(world: World) -> None:
    """The lease was over, and a run that lives has it now."""
    world.pass_time(DEFAULT_TTL_S + 1)
    world.services().leases.acquire(holder(world).account_id, "another-run task")


def test_an_upload_that_was_taken_over_commits_nothing(world: World) -> None:
    world.activity("Old")
    world.pass_time(60)
    world.green()
    with before_request("POST", r"/events\?", lambda: taken_over(world)):
        failure = str(world.upload().failure)
    assert "1 planned changes were not carried out; start it again" in failure
    assert world.links() == []
    assert len(world.events()) == 1, "it was on its way"
    world.pass_time(DEFAULT_TTL_S + 1)
    assert world.upload().failure is None
    assert len(world.events()) == len(world.links()) == 1
    world.assert_quiet()


def test_an_upload_that_is_stopped_begins_nothing_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply, "UPLOAD_LEASE_ITEMS", 1)
    for name in ("One", "Two", "Three"):
        world.activity(name)
    world.pass_time(60)
    world.green()
    run = Steps(world, kind="upload", upload=world.upload_options()).pull().plan()

    def stop() -> None:
        stopped.stop(world.engine, run.id, run.services.clock(), "olga")

    with before_request("POST", r"/events\?", stop), pytest.raises(FatalError, match="is over"):
        run.apply()  # the next task does not begin
    assert world.links() == []
    assert len(world.events()) == 1, "it was on its way"
    assert run.close().result["stopped_by"] == "olga"
    monkeypatch.undo()
    world.pass_time(DEFAULT_TTL_S + 1)
    assert world.upload().failure is None
    assert len(world.events()) == len(world.links()) == 3
    world.assert_quiet()


def test_an_upload_that_is_stopped_between_two_items_goes_no_further(world: World) -> None:
    world.activity("One")
    world.pass_time(60)
    world.green()
    run = Steps(world, kind="upload", upload=world.upload_options()).pull().plan()
    with world.engine.connect() as conn:
        loaded = load(conn, run.id)
    stopped.stop(world.engine, run.id, run.services.clock(), "olga")
    work = apply._AccountApply(run.services, loaded, loaded.accounts[0], Side.EVENT, run.owner)
    with pytest.raises(LeaseLost):
        work.work(Counter())
    assert world.events() == []


def test_an_upload_gives_the_account_back(world: World) -> None:
    world.activity("Old")
    world.pass_time(60)
    world.green()
    assert world.upload().failure is None
    assert holder(world).owner == ""
    assert world.sync().result["accounts"]["anna"]["state"] == "ok"


def test_cursors_move_only_for_whoever_holds_the_account(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.green()
    world.activity("Call")
    run = Steps(world).pull().plan().apply()
    before = world.cursors()
    finish = closing._finish_account

    def too_late(*arguments: Any) -> None:
        taken_over(world)
        finish(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(closing, "_finish_account", too_late)
        assert "lease" in str(run.close().failure)
    assert world.cursors() == before
    world.pass_time(DEFAULT_TTL_S + 1)
    world.green()
    assert world.cursors() != before
    assert len(world.events()) == len(world.links()) == 1
    world.assert_quiet()
