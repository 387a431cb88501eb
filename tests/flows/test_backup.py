"""A restored backup, or a store that lost its last minutes: what was made anew since is found by its mark (law 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from include.calsync.core.marks import read_mark
from include.sandbox.faults import Fault
from tests.flows.backups import Kept, kept
from tests.flows.world import day
from tests.proofs import WHOLE
from tests.store.conftest import all_databases, databases

__all__ = ["all_databases", "databases", "kept"]  # fixtures

NOTE = "<p>Ask for the key</p>"


@pytest.fixture(params=["sqlite", "postgresql"] if WHOLE else ["sqlite"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def leaves_and_returns(world: Kept, key: int, change: dict[str, Any], back: dict[str, Any]) -> None:
    """The activity loses its event, and gets a new one."""
    world.pipedrive.edit_activity(key, **change)
    world.sync()
    assert world.events() == []
    world.pass_time(600)
    world.pipedrive.edit_activity(key, **back)
    world.sync()
    world.sync()


def by_setting(world: Kept, key: int) -> None:
    world.anna_is(activity_types=["meeting"], max_delete_ratio=1.0)
    world.green()
    assert world.events() == []
    world.anna_is(activity_types=["meeting", "call"])
    world.green()
    world.green()


WAYS: dict[str, Callable[[Kept, int], None]] = {
    "date": lambda world, key: leaves_and_returns(
        world, key, {"due_date": None, "due_time": None}, {"due_date": day(3), "due_time": "15:00"}
    ),
    "same date": lambda world, key: leaves_and_returns(
        world, key, {"due_date": None, "due_time": None}, {"due_date": day(1), "due_time": "09:00"}
    ),
    "type": lambda world, key: leaves_and_returns(world, key, {"type": "lunch"}, {"type": "call"}),
    "owner": lambda world, key: leaves_and_returns(
        world, key, {"owner_id": _user(world, "carl")}, {"owner_id": world.anna}
    ),
    "colleague and back": lambda world, key: leaves_and_returns(
        world, key, {"owner_id": _user(world, "ben")}, {"owner_id": world.anna}
    ),
    "done": lambda world, key: leaves_and_returns(world, key, {"done": True}, {"done": False}),
    "setting": by_setting,
}


def _user(world: Kept, name: str) -> int:
    return next(int(row["id"]) for row in world.pipedrive.users.values() if row["email"] == f"{name}@acme.example")


def company(world: Kept) -> int:
    """One activity with all that its event does not show; carl has no account, ben has one. Returns: its id."""
    world.pipedrive.add_user("Carl", "carl@acme.example", "Europe/Berlin")
    world.add_colleague("ben")
    world.anna_is(activity_types=["call", "meeting", "task"], done="remove")
    world.green()
    deal = world.pipedrive.add_deal("Roof")["id"]
    key = int(world.activity("Offer", note=NOTE, deal_id=deal)["id"])
    world.green()
    world.pass_time(600)
    return key


def assert_kept(world: Kept, key: int, event_id: str) -> None:
    """The activity is the same one, and so is its event; nobody wrote anything to either."""
    activity, event = world.the_activity(), world.the_event()
    assert (activity["id"], activity["note"], activity["subject"]) == (key, NOTE, "Offer")
    assert event["id"] == event_id
    (link,) = world.links()
    assert (link.activity_id, link.event_id, link.state) == (key, event_id, "active")
    world.assert_quiet()


@pytest.mark.parametrize(("way", "runs"), [*((way, "sync") for way in WAYS), ("date", "full"), ("date", "reconcile")])
def test_an_event_that_was_made_anew_since_the_backup(kept: Kept, way: str, runs: str) -> None:
    key = company(kept)
    backup = kept.backup()
    WAYS[way](kept, key)
    kept.assert_quiet()
    event_id = kept.the_event()["id"]
    kept.pass_time(600)
    backup.put_back()
    with kept.requests():
        if runs == "reconcile":
            kept.reconcile()
        else:
            kept.green(full=runs == "full")
        kept.green()
    assert kept.writes() == 0
    assert_kept(kept, key, event_id)


def test_the_colleague_who_got_it_since_the_backup_keeps_it(kept: Kept) -> None:
    key = company(kept)
    backup = kept.backup()
    bens = kept.accounts[1]["calendar"]
    kept.pipedrive.edit_activity(key, owner_id=_user(kept, "ben"))
    for _ in range(2):
        kept.green()
    event_id = kept.the_event(bens)["id"]
    kept.pass_time(600)
    backup.put_back()
    for _ in range(3):
        kept.green()
    assert kept.events() == []
    assert kept.the_event(bens)["id"] == event_id
    assert (kept.the_activity()["id"], kept.the_activity()["note"]) == (key, NOTE)
    (link,) = kept.links()
    assert (link.activity_id, link.event_id, link.state) == (key, event_id, "active")
    kept.assert_quiet()


@pytest.mark.parametrize("edited", ["activity", "event", "both"])
def test_edits_meet_after_the_backup(kept: Kept, edited: str) -> None:
    key = company(kept)
    backup = kept.backup()
    WAYS["date"](kept, key)
    kept.pass_time(600)
    if edited != "event":
        kept.pipedrive.edit_activity(key, subject="Better offer")
    if edited != "activity":
        kept.edit_event(kept.the_event(), location="Bar")
    backup.put_back()
    for _ in range(3):
        kept.green()
    activity, event = kept.the_activity(), kept.the_event()
    assert activity["id"] == key
    assert event["summary"] == f"Roof > {activity['subject']}"
    assert activity["subject"] == ("Offer" if edited == "event" else "Better offer")
    place = "Bar" if edited != "activity" else None
    assert ((activity["location"] or {}).get("value"), event.get("location")) == (place, place)
    assert len(kept.links()) == 1
    kept.assert_quiet()


def test_a_tombstone_without_a_live_event_is_one_also_after_a_backup(kept: Kept) -> None:
    key = company(kept)
    backup = kept.backup()
    WAYS["date"](kept, key)
    kept.google.delete_event(kept.calendar, kept.the_event()["id"])
    kept.pass_time(600)
    backup.put_back()
    for _ in range(2):
        kept.green()
    # The activity shows another time than at the backup: an edit beats a deletion.
    assert kept.the_activity()["id"] == key
    kept.google.delete_event(kept.calendar, kept.the_event()["id"])
    kept.green()
    assert kept.activities() == []
    kept.assert_quiet()


@pytest.mark.parametrize("state", ["event_deleted", "no_date"])
def test_a_backup_that_was_made_while_a_removal_was_unfinished(kept: Kept, state: str) -> None:
    key = company(kept)
    if state == "event_deleted":
        kept.anna_is(on_event_deleted="keep")
        kept.google.delete_event(kept.calendar, kept.the_event()["id"])
        kept.green()
    else:
        kept.sandbox.google.faults.add(Fault("status", status=503, method="DELETE", times=0))
        kept.pipedrive.edit_activity(key, due_date=None, due_time=None)
        kept.sync()
        kept.sandbox.google.faults.clear()
    assert [link.state for link in kept.links()] == ["detached" if state == "event_deleted" else "removing"]
    backup = kept.backup()
    if state == "event_deleted":
        kept.upload()
    else:
        kept.green()
        kept.pipedrive.edit_activity(key, due_date=day(3), due_time="15:00")
        kept.pass_time(4000)
        kept.green()
    kept.assert_quiet()
    event_id = kept.the_event()["id"]
    kept.pass_time(600)
    backup.put_back()
    for _ in range(3):
        kept.green()
    assert_kept(kept, key, event_id)


@pytest.mark.parametrize("rule", ["delete", "done", "keep"])
def test_a_run_that_sees_only_the_tombstone_looks_for_the_mark(kept: Kept, rule: str) -> None:
    """A comparison of one day: the old event is asked for, and the new one lies in another week by now."""
    key = company(kept)
    kept.anna_is(on_event_deleted=rule)
    kept.green()
    backup = kept.backup()
    WAYS["same date"](kept, key)
    event = kept.the_event()
    start, end = ({"dateTime": f"{day(9)}T{hour}:00:00Z"} for hour in (15, 16))
    kept.edit_event(event, start=start, end=end)
    kept.pass_time(600)
    backup.put_back()
    kept.reconcile_days(1)
    for _ in range(2):
        kept.green()
    assert kept.the_activity()["due_date"] == day(9)
    assert kept.the_activity()["done"] is False
    assert_kept(kept, key, event["id"])


# The mirror: activities that were made anew since the backup.


@pytest.mark.parametrize("way", ["edit beats deletion", "restored event"])
@pytest.mark.parametrize("edited", [False, True])
def test_an_activity_that_was_made_anew_since_the_backup(kept: Kept, way: str, edited: bool) -> None:
    key = company(kept)
    event = kept.the_event()
    backup = kept.backup()
    if way == "edit beats deletion":
        kept.pipedrive.delete_activity(key)
        kept.edit_event(event, location="Bar")
    else:
        kept.google.delete_event(kept.calendar, event["id"])
        kept.green()
        assert kept.activities() == []
        kept.edit_event(event, status="confirmed")
    for _ in range(3):
        kept.green()
    anew = kept.the_activity()["id"]
    assert anew != key
    mark = read_mark(kept.the_event())
    assert mark is not None
    assert mark.activity_id == anew
    kept.pass_time(600)
    if edited:
        kept.pipedrive.edit_activity(anew, subject="Edited since")
    backup.put_back()
    for _ in range(3):
        kept.green()
    assert [row["id"] for row in kept.activities()] == [anew]
    assert kept.the_event()["id"] == event["id"]
    (link,) = kept.links()
    assert (link.activity_id, link.event_id, link.state) == (anew, event["id"], "active")
    assert kept.the_event()["summary"].endswith("Edited since" if edited else "Offer")
    kept.assert_quiet()
