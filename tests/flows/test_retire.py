"""An account can be left cleanly: its events removed or kept, its pairs ended, and all of it undone."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from sqlalchemy import select

from include.calsync.errors import SettingsError
from include.calsync.flows import holds
from include.calsync.store.tables import account, quarantine
from include.sandbox.faults import Fault
from tests.flows.killing import before_request
from tests.flows.test_deletions import pairs
from tests.flows.test_holds import ANYTHING, WHOLE, delete_events, held, the_hold
from tests.flows.test_undo import activities, events, notices, run_id
from tests.flows.world import World

GUEST = {"attendees": [{"email": "guest@elsewhere.example"}]}


def switch_off(world: World) -> None:
    """Anna's account takes no part any more, and a run has seen it."""
    world.anna_is(enabled=False)
    world.sync()


def retired(world: World, how: str, **options: Any) -> dict[str, Any]:
    """A retirement that must be green; what it reports of Anna's account."""
    summary = world.retire(events=how, **options)
    assert summary.failure is None, summary.failure
    return dict(summary.result["accounts"]["anna"]) | {"run_id": run_id(summary)}


def names(world: World) -> list[str]:
    return sorted(event["summary"] for event in world.events())


def installations(world: World) -> list[str | None]:
    """Which installation each live event says it belongs to."""
    found = (event.get("extendedProperties", {}).get("private", {}) for event in world.events())
    return [each.get("calsyncDeployment") for each in found]


# What goes, and what stays.


def test_our_events_are_removed_and_nothing_else(world: World) -> None:
    pairs(world, 2)
    world.event("Lunch")
    world.green()
    before = activities(world)
    switch_off(world)
    assert retired(world, "remove")["events"]["deleted"] == 2
    assert names(world) == ["Lunch"]
    assert activities(world) == before, "activities are the company's"
    assert (world.links(), world.cursors(), installations(world)) == ([], [], [None])
    assert {row.actor for row in world.changes() if row.run_id == world.changes()[-1].run_id} == {"olga"}


def test_events_are_kept_and_belong_to_no_installation(world: World) -> None:
    pairs(world, 2)
    world.event("Lunch")
    world.green()
    shown = events(world)
    switch_off(world)
    retired(world, "keep")
    assert (events(world), installations(world)) == (shown, [None, None, None])
    assert (world.links(), world.cursors()) == ([], [])


@pytest.mark.parametrize(
    ("edit", "synced", "why"),
    [
        ({"location": "Rome"}, False, "it was edited since the last sync: the event stays"),
        (GUEST, True, "it has guests: the event stays"),
    ],
)
def test_what_a_person_would_miss_stays(
    world: World, edit: dict[str, Any], synced: bool, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    pairs(world, 2)
    world.edit_event(world.events()[0], **edit)
    if synced:
        world.green()
    switch_off(world)
    with caplog.at_level(logging.INFO):
        retired(world, "remove", dry_run=True)
    plan = " ".join(caplog.text.split())
    assert all(word in plan for word in why.split()), plan
    assert len(world.events()) == 2
    assert retired(world, "remove")["events"]["deleted"] == 1
    assert len(world.events()) == 1
    assert installations(world) == [None]


def test_the_last_of_a_pair_stays(world: World) -> None:
    world.pipedrive.options.get_deleted = "404"
    pairs(world, 1)
    switch_off(world)
    world.pipedrive.delete_activity(world.the_activity()["id"])
    assert retired(world, "remove")["events"]["deleted"] == 0
    assert names(world) == ["Call 0"]


def test_what_was_parted_stays(world: World) -> None:
    world.anna_is(on_activity_deleted="keep")
    world.pipedrive.options.list_deleted = True
    pairs(world, 1)
    world.pipedrive.delete_activity(world.the_activity()["id"])
    world.green()
    switch_off(world)
    assert retired(world, "remove")["events"]["deleted"] == 0
    assert names(world) == ["Call 0"]
    assert world.links() == []


def test_one_way_to_pipedrive_writes_nothing_to_google(world: World) -> None:
    pairs(world, 1)
    world.anna_is(mode="to_pipedrive")
    world.green()
    shown = world.events()
    switch_off(world)
    retired(world, "remove")
    assert world.events() == shown
    assert world.links() == []


def test_an_event_that_is_gone_ends_its_pair(world: World) -> None:
    pairs(world, 2)
    switch_off(world)
    delete_events(world, 1)
    assert retired(world, "remove")["events"]["deleted"] == 1
    assert len(world.activities()) == 2
    assert world.links() == []


def test_nobody_is_mailed(world: World) -> None:
    world.anna_is(notify_guests="all")
    pairs(world, 1)
    world.edit_event(world.the_event(), **GUEST)
    world.green()
    switch_off(world)
    mailed = len(world.google.mails)
    retired(world, "keep")
    assert len(world.google.mails) == mailed


# Whose.


def test_an_account_that_takes_part_is_refused_with_the_remedy(world: World) -> None:
    pairs(world, 1)
    with pytest.raises(SettingsError, match="account anna: switch it off first"):
        world.retire()
    world.anna_is(enabled=False)
    with pytest.raises(SettingsError, match="account anna: let calendar_sync run once"):
        world.retire()
    with pytest.raises(SettingsError, match=r"account ben: write another name.*"):
        world.retire("ben")
    assert len(world.links()) == 1


def test_an_account_under_a_new_name_is_refused(world: World) -> None:
    pairs(world, 1)
    world.accounts[0]["name"] = "anna-sales"
    world.account(name="anna-sales")
    with pytest.raises(SettingsError, match="account anna: let calendar_sync run once"):
        world.retire()
    world.sync()
    with pytest.raises(SettingsError, match="account anna: write another name"):
        world.retire()


def test_an_account_gone_from_the_file_is_retired_by_what_was_known(world: World) -> None:
    pairs(world, 1)
    world.add_colleague("ben")
    world.accounts.pop(0)
    world.account(name="ben")
    world.sync()
    world.pipedrive.users[world.anna]["active_flag"] = False
    summary = world.retire(events="remove")
    assert summary.failure is None, summary.failure
    assert (world.events(), world.links()) == ([], [])


def test_a_dry_run_changes_nothing(world: World) -> None:
    pairs(world, 2)
    switch_off(world)
    before = (world.links(), world.events(), world.changes(), world.cursors())
    would = retired(world, "remove", dry_run=True)
    assert (would["events"]["deleted"], world.links()) == (2, before[0])
    assert (world.links(), world.events(), world.changes(), world.cursors()) == before


# What waited ends, too.


def test_what_waits_for_a_person_ends(world: World) -> None:
    world.anna_is(**ANYTHING)
    pairs(world, 5)
    delete_events(world, 3)
    held(world)
    hold_id = the_hold(world).id
    switch_off(world)
    retired(world, "remove")
    assert holds.waiting(world.services()) == []
    assert len(world.activities()) == 5
    assert holds.show(world.services(), hold_id).hold.state == "lapsed"


def test_what_was_in_quarantine_ends(world: World) -> None:
    pairs(world, 1)
    world.activity("Bad")
    world.sandbox.google.faults.add(Fault("status", status=400, method="POST", times=0))
    world.sync()
    world.sandbox.google.faults.clear()
    switch_off(world)
    retired(world, "keep")
    with world.engine.connect() as conn:
        assert conn.execute(select(quarantine)).all() == []


# What fails.


def test_what_could_not_be_removed_is_said_and_done_the_next_time(world: World) -> None:
    pairs(world, 2)
    switch_off(world)
    world.sandbox.google.faults.add(Fault("status", status=503, method="DELETE", times=0))
    assert world.retire(events="remove").failure is not None
    world.sandbox.google.faults.clear()
    with world.engine.connect() as conn:
        assert conn.execute(select(account.c.state)).scalars().all() == ["paused"]
    retired(world, "remove")
    assert (world.events(), world.links(), len(world.activities())) == ([], [], 2)


def test_an_edit_between_plan_and_removal_wins(world: World) -> None:
    pairs(world, 1)
    switch_off(world)
    event = world.the_event()
    with before_request("DELETE", event["id"], lambda: world.edit_event(event, location="Rome")):
        assert "start it again" in str(world.retire(events="remove").failure)
    assert [each.get("location") for each in world.events()] == ["Rome"]
    assert retired(world, "remove")["events"]["deleted"] == 0
    assert world.links() == []


def test_an_edit_between_plan_and_letting_go_is_no_matter(world: World) -> None:
    pairs(world, 1)
    switch_off(world)
    event = world.the_event()
    with before_request("PATCH", event["id"], lambda: world.edit_event(event, location="Rome")):
        retired(world, "keep")
    assert [each.get("location") for each in world.events()] == ["Rome"]
    assert (installations(world), world.links()) == ([None], [])


def test_a_removal_that_was_begun_never_reaches_the_activity(world: World) -> None:
    """The answer to the deletion is lost, and the account is switched on again before anybody retires it once more."""
    pairs(world, 1)
    switch_off(world)
    world.sandbox.google.faults.add(Fault("drop", when="after", method="DELETE", times=0))
    world.retire(events="remove")
    world.sandbox.google.faults.clear()
    assert world.events() == []
    world.anna_is(enabled=True)
    world.sync()
    world.sync()
    assert len(world.activities()) == 1


# Afterwards.


@pytest.mark.parametrize("how", ["remove", "keep"])
def test_an_undo_gives_back_the_state_before(world: World, how: str) -> None:
    pairs(world, 2)
    world.event("Lunch")
    world.green()
    for event in world.events():
        world.edit_event(event, **{name: value for name, value in WHOLE.items() if name != "attendees"})
    world.green()
    world.green()
    switch_off(world)

    def shown() -> list[dict[str, Any]]:
        return sorted(({**event, "id": ""} for event in events(world)), key=lambda event: str(event["summary"]))

    before, paired = (shown(), activities(world)), {link.activity_id for link in world.links()}
    done = retired(world, how)
    summary = world.undo(done["run_id"])
    assert (summary.failure, notices(world)) == (None, [])
    assert (shown(), activities(world)) == before
    assert {link.activity_id for link in world.links()} == paired
    world.anna_is(enabled=True)
    for _ in range(2):
        world.green()
    assert (shown(), activities(world)) == before
    world.assert_quiet()


def test_connected_again_after_removal_it_begins_as_a_new_one(world: World) -> None:
    pairs(world, 2)
    switch_off(world)
    retired(world, "remove")
    world.pass_time(60)
    world.restart()
    world.anna_is(enabled=True)
    world.green()
    assert world.events() == [], "older activities come with an upload"
    world.pipedrive.edit_activity(world.activities()[0]["id"], location="Rome")
    world.green()
    assert len(world.events()) == 1
    assert world.upload().failure is None
    assert names(world) == ["Call 0", "Call 1"]
    world.assert_quiet()


def test_connected_again_after_keeping_nothing_is_doubled(world: World) -> None:
    pairs(world, 2)
    world.event("Lunch")
    world.green()
    switch_off(world)
    retired(world, "keep")
    world.pass_time(60)
    world.restart()
    world.anna_is(enabled=True)
    world.green()
    for row in world.activities():
        world.pipedrive.edit_activity(row["id"], location="Rome")
    for event in world.events():
        world.edit_event(event, colorId="6")
    world.green()
    assert (len(world.events()), len(world.activities()), len(world.links())) == (3, 3, 3)
    world.assert_quiet()


def test_another_installation_may_take_over_what_was_kept(world: World) -> None:
    pairs(world, 2)
    switch_off(world)
    retired(world, "keep")
    world.lose_store()
    world.deployments = ("another",)
    world.anna_is(enabled=True)
    world.green()
    assert len(world.links()) == 2


def test_a_pair_whose_activity_has_no_date_stays_apart_after_an_undo(world: World) -> None:
    world.green()
    world.event("Lunch")
    world.green()
    world.pipedrive.edit_activity(world.the_activity()["id"], due_date=None, due_time=None)
    world.green()
    assert [row.cause for row in world.links()] == ["no_date"]
    switch_off(world)
    left = retired(world, "keep")
    summary = world.undo(str(left["run_id"]))
    assert summary.failure is None, summary.failure
    (told,) = notices(world)
    assert "its activity has no date, and so no event" in told


def test_what_stays_different_in_a_meeting_of_somebody_else_is_kept_by_an_undo(world: World) -> None:
    """The guest's copy can't be written: what was typed on the activity stays there alone."""
    world.green()
    world.event("Visit", organizer={"email": "boss@elsewhere.example"}, attendees=[{"email": world.calendar}])
    world.green()
    world.pipedrive.edit_activity(world.the_activity()["id"], location="Alley")
    world.green()
    assert world.the_activity()["location"]["value"] == "Alley"
    switch_off(world)
    left = retired(world, "keep")
    assert world.undo(str(left["run_id"])).failure is None
    assert world.the_activity()["location"]["value"] == "Alley"
    assert len(world.links()) == 1
