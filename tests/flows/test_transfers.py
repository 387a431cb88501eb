"""An activity that gets another owner: its meeting is never in nobody's calendar, and in one run in the new owner's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from include.sandbox.faults import Fault
from tests.flows import meetings
from tests.flows.killing import Killed, Killer, Snapshot, before_request
from tests.flows.meetings import BERT
from tests.flows.steps import Steps
from tests.flows.test_crash import moments
from tests.flows.world import ANNA, World
from tests.proofs import WHOLE

LEASE_S = 301
CARL = "carl@acme.example"


@pytest.fixture
def moving(world: World) -> World:
    """Anna's call, about to be Ben's: `world.ben`, `world.bens` and `world.key` name him, his calendar and the call."""
    world.ben, world.bens = world.add_colleague("ben")  # type: ignore[attr-defined]
    world.green()
    world.key = world.activity("Call")["id"]  # type: ignore[attr-defined]
    world.green()
    world.assert_quiet()
    return world


def given(world: Any) -> None:
    world.pipedrive.edit_activity(world.key, owner_id=world.ben)


def given_back(world: Any) -> None:
    world.pipedrive.edit_activity(world.key, owner_id=world.anna)


def titles(world: Any) -> tuple[list[str], list[str]]:
    """What is in Anna's and in Ben's calendar."""
    anna, ben = (sorted(str(event["summary"]) for event in world.events(each)) for each in (None, world.bens))
    return anna, ben


def settle(world: World) -> None:
    world.pass_time(600)
    world.green()
    world.green()
    world.assert_quiet()


def writes(world: World) -> list[tuple[str, str]]:
    """Writes to calendars since the last reset, in order: method and calendar."""
    return [
        (each.method, each.path.split("/calendars/")[1].split("/")[0].replace("%40", "@"))
        for each in world.sandbox.google.requests
        if each.method != "GET" and "/calendars/" in each.path
    ]


def test_it_is_inserted_and_removed_in_one_run(moving: World) -> None:
    world: Any = moving
    given(world)
    with world.requests():
        world.green()
    assert writes(world) == [("POST", world.bens), ("DELETE", world.calendar)]
    assert titles(world) == ([], ["Call"])
    (link,) = world.links()
    assert (link.activity_id, link.calendar_id, link.state) == (world.key, world.bens, "active")
    world.assert_quiet()
    logged = [(row.account_id, row.action, row.calendar_id) for row in world.changes()[-2:]]
    anna, ben = (world.changes()[0].account_id, link.account_id)
    assert logged == [(ben, "create_event", world.bens), (anna, "remove_event", world.calendar)]
    assert world.google.mails == []


def test_what_a_person_put_on_it_goes_along(moving: World) -> None:
    """Also what was typed since the last run."""
    world: Any = moving
    guests = [{"email": "eva@kunde.example"}]
    world.edit_event(world.the_event(), location="Bar", colorId="7", attendees=guests)
    given(world)
    world.green()
    assert titles(world) == ([], ["Call"])
    event = world.the_event(world.bens)
    assert (event["location"], event["colorId"]) == ("Bar", "7")
    assert [each["email"] for each in event["attendees"] if not each.get("organizer")] == ["eva@kunde.example"]
    assert world.the_activity()["location"]["value"] == "Bar"
    assert world.google.mails == []
    world.assert_quiet()


def test_accounts_of_two_shards(moving: World) -> None:
    world: Any = moving
    given(world)
    world.green(fates={"none": ""})
    assert titles(world) == ([], ["Call"])
    world.assert_quiet()


def test_a_dry_run_shows_both_and_writes_nothing(moving: World) -> None:
    world: Any = moving
    given(world)
    with world.requests():
        planned = world.sync(dry_run=True).result["accounts"]
    assert world.writes() == 0
    assert (planned["ben"]["events"]["created"], planned["anna"]["events"]["deleted"]) == (1, 1)


@pytest.mark.timeout(3600 if WHOLE else 300)
@pytest.mark.parametrize("again", ["nothing else", "given back"])
def test_a_run_killed_anywhere_is_completed(moving: World, again: str) -> None:
    world: Any = moving
    given(world)
    snapshot, whole = Snapshot(world), Killer()
    with whole.on(world):
        world.sync()
    first = next(number for number, step in enumerate(whole.steps) if step.writes)
    for at in range(first, len(whole.steps)) if WHOLE else [at for at in moments(whole) if at >= first - 1]:
        snapshot.restore()
        killer = Killer(at)
        with pytest.raises(Killed), killer.on(world):
            world.sync()
        dead = f"killed before step {at}: {whole.steps[at]}"
        assert titles(world) != ([], []), dead
        if again == "given back":
            given_back(world)
        world.pass_time(LEASE_S)
        settle(world)
        wanted = (["Call"], []) if again == "given back" else ([], ["Call"])
        assert (titles(world), len(world.links())) == (wanted, 1), dead
        assert world.the_activity()["id"] == world.key, dead


@pytest.mark.parametrize(("status", "reason"), [(400, "invalid"), (503, "backendError"), (429, "rateLimitExceeded")])
def test_the_old_event_stays_until_the_new_one_is_there(moving: World, status: int, reason: str) -> None:
    world: Any = moving
    given(world)
    fault = Fault("status", method="POST", path="/events", status=status, reason=reason, times=0)
    world.sandbox.google.faults.add(fault)
    for _ in range(3):
        world.sync()
        assert titles(world) == (["Call"], [])
        world.pass_time(600)
    world.sandbox.google.faults.clear()
    world.pass_time(86_400)
    settle(world)
    assert titles(world) == ([], ["Call"])


@pytest.mark.parametrize("then", ["nothing else", "edited", "given back", "deleted by hand"])
def test_an_old_event_that_can_not_be_removed_is_removed_later(moving: World, then: str) -> None:
    world: Any = moving
    old = world.the_event()
    given(world)
    fault = Fault("status", method="DELETE", path="/events", status=503, reason="backendError", times=0)
    world.sandbox.google.faults.add(fault)
    world.sync()
    assert titles(world) == (["Call"], ["Call"])
    world.pass_time(600)
    if then == "edited":
        world.edit_event(old, location="Bar")
    elif then == "given back":
        given_back(world)
    elif then == "deleted by hand":
        world.google.delete_event(world.calendar, old["id"])
    world.sandbox.google.faults.clear()
    settle(world)
    assert titles(world) == ((["Call"], []) if then == "given back" else ([], ["Call"]))
    assert (world.the_activity()["location"] or {}).get("value") == ("Bar" if then == "edited" else None)
    if then == "deleted by hand":
        world.google.edit_event(world.calendar, old["id"], status="confirmed")
        settle(world)
        assert titles(world) == (["Call"], ["Call"]), "what a person brings back is not ours to remove"


def test_what_was_typed_into_both_is_in_the_log(moving: World) -> None:
    world: Any = moving
    old = world.the_event()
    given(world)
    fault = Fault("status", method="DELETE", path="/events", status=503, reason="backendError", times=0)
    world.sandbox.google.faults.add(fault)
    world.sync()
    new = world.the_event(world.bens)
    world.edit_event(old, location="Bar", transparency="transparent")
    world.google.edit_event(world.bens, new["id"], location="Hall")
    world.sandbox.google.faults.clear()
    settle(world)
    event, activity = world.the_event(world.bens), world.the_activity()
    assert titles(world) == ([], ["Call"])
    assert (event["location"], activity["location"]["value"]) == ("Hall", "Hall")
    assert (event["transparency"], activity["busy"]) == ("transparent", False)
    lost = [each for row in world.changes() if row.lost for each in row.lost]
    assert [(each["field"], each["event"], each["why"]) for each in lost] == [("place", "Bar", "moved")]


@pytest.mark.parametrize("when", ["before it is inserted", "before it is removed"])
def test_an_edit_while_it_moves_is_not_lost(moving: World, when: str) -> None:
    world: Any = moving
    old = world.the_event()
    given(world)

    def edit() -> None:
        world.edit_event(old, location="Bar", description="Bring papers")

    if when == "before it is inserted":
        run = Steps(world).pull().plan()
        edit()
        run.apply().close()
    else:
        with before_request("DELETE", "/events/", edit):
            world.green()
    settle(world)
    assert titles(world) == ([], ["Call"])
    assert world.the_event(world.bens)["location"] == "Bar"
    assert world.the_activity()["location"]["value"] == "Bar"
    assert "Bring papers" in world.the_activity()["public_description"]


def failed(world: Any) -> None:
    world.sandbox.google.faults.add(Fault("status", path=world.bens.split("@")[0], status=404, times=0))


def busy(world: Any) -> None:
    world.account(name="ben", calendar="no such calendar")


@pytest.mark.parametrize("trouble", [failed, busy])
def test_the_old_event_stays_while_the_new_owners_account_fails(moving: World, trouble: Callable[[Any], None]) -> None:
    world: Any = moving
    trouble(world)
    given(world)
    for _ in range(3):
        world.sync()
        assert titles(world) == (["Call"], [])
        world.pass_time(4000)
    world.sandbox.google.faults.clear()
    world.account(name="ben", calendar=world.bens)
    settle(world)
    assert titles(world) == ([], ["Call"])
    assert world.the_activity()["id"] == world.key


def test_it_is_given_back_while_the_new_owners_account_fails(moving: World) -> None:
    world: Any = moving
    event = world.the_event()["id"]
    failed(world)
    given(world)
    world.sync()
    given_back(world)
    world.pass_time(4000)
    world.sync()
    world.sandbox.google.faults.clear()
    settle(world)
    assert (titles(world), world.the_event()["id"]) == ((["Call"], []), event)


@pytest.mark.parametrize("settings", [{"mode": "to_pipedrive"}, {"activity_types": ["task"]}, {"enabled": False}])
def test_an_account_that_does_not_show_it_awaits_nothing(moving: World, settings: dict[str, Any]) -> None:
    world: Any = moving
    world.account(name="ben", **settings)
    settle(world)
    given(world)
    settle(world)
    assert titles(world) == ([], [])


def test_another_run_took_the_old_owners_account_meanwhile(moving: World) -> None:
    world: Any = moving
    given(world)
    run = Steps(world).pull().plan()
    world.pass_time(LEASE_S)
    world.sync(accounts=["anna"])
    run.apply()
    assert titles(world) == (["Call"], [])
    run.close()
    settle(world)
    assert titles(world) == ([], ["Call"])


def test_a_meeting_that_a_colleague_has_as_well(team: World) -> None:
    """Anna's own event with Bert as guest goes to Carl, who asks Bert to come from then on."""
    team.add_colleague("carl")
    team.account(name="carl", calendar="primary")
    team.green()
    team.activity("Talk")
    team.green()
    (event,) = team.events(ANNA)
    team.google.edit_event(ANNA, event["id"], attendees=[{"email": BERT}])
    meetings.settle(team)
    assert [len(team.events(calendar)) for calendar in (ANNA, BERT, CARL)] == [1, 1, 0]
    team.pipedrive.edit_activity(team.the_activity()["id"], owner_id=meetings.user(team, CARL))
    team.green()
    assert [len(team.events(calendar)) for calendar in (ANNA, BERT, CARL)] == [0, 1, 1]
    meetings.settle(team)
    assert (meetings.owner(team), len(team.links())) == (CARL, 1)
    assert [len(team.events(calendar)) for calendar in (ANNA, BERT, CARL)] == [0, 1, 1]
    assert team.google.mails == []
    meetings.assert_quiet(team)
