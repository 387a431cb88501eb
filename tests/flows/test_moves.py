"""Activities that change hands, and accounts that are switched, disabled, removed, renamed and brought back."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from include.sandbox.faults import Fault
from tests.flows.steps import Steps
from tests.flows.world import ANNA, World, account_row, day


def titles(world: World, calendar: str | None = None) -> list[str]:
    return sorted(str(event["summary"]) for event in world.events(calendar))


def run(world: World, **options: Any) -> None:
    """One run that may not be green for others than Anna."""
    world.sync(**options)


def remove(world: World, name: str) -> None:
    """The account is taken out of the file."""
    world.accounts[:] = [one for one in world.accounts if one["name"] != name]
    world.accounts_file.write_text(yaml.safe_dump({"accounts": world.accounts}))


def settle(world: World) -> None:
    world.green()
    world.green()
    world.assert_quiet()


# Reassignment.


def test_an_activity_goes_to_a_colleagues_calendar_and_back(world: World) -> None:
    ben, bens = world.add_colleague("ben")
    world.green()
    key = world.activity("Call")["id"]
    world.green()
    for _ in range(2):
        world.pipedrive.edit_activity(key, owner_id=ben)
        settle(world)
        assert (titles(world), titles(world, bens)) == ([], ["Call"])
        world.pipedrive.edit_activity(key, owner_id=world.anna)
        settle(world)
        assert (titles(world), titles(world, bens)) == (["Call"], [])
    assert world.the_activity()["id"] == key
    assert len(world.links()) == 1


@pytest.mark.parametrize("by_way", [False, True])
@pytest.mark.parametrize("origin", ["pipedrive", "google"])
def test_an_activity_is_given_to_a_colleague_while_its_event_is_deleted(
    world: World, origin: str, by_way: bool
) -> None:
    """An edit beats a deletion: the colleague gets it. `by_way`: it was somebody's without an account before."""
    ben, bens = world.add_colleague("ben")
    carl = world.pipedrive.add_user("Carl", "carl@acme.example", "Europe/Berlin")["id"]
    world.green()
    if origin == "pipedrive":
        world.activity("Call")
    else:
        world.event("Call")
    world.green()
    key, event = world.the_activity()["id"], world.the_event()
    if by_way:
        world.pipedrive.edit_activity(key, owner_id=carl)
        settle(world)
    world.pass_time(600)
    if world.events():
        world.google.delete_event(world.calendar, event["id"])
    world.pipedrive.edit_activity(key, owner_id=ben)
    world.pass_time(120)
    world.green()
    world.pass_time(600)  # no listing shows the edit again
    settle(world)
    assert (titles(world), titles(world, bens)) == ([], ["Call"])
    assert world.the_activity()["id"] == key


def test_an_authors_event_goes_along_to_a_colleague_and_stays_without_one(world: World) -> None:
    ben, bens = world.add_colleague("ben")
    carl = world.pipedrive.add_user("Carl", "carl@acme.example", "Europe/Berlin")["id"]
    world.green()
    event = world.event("Lunch", description="Bring the plan")
    world.green()
    key = world.the_activity()["id"]
    world.pipedrive.edit_activity(key, owner_id=carl)
    settle(world)
    assert titles(world) == ["Lunch"]
    world.edit_event(event, location="Bar")
    settle(world)
    assert world.the_activity()["location"] is None
    world.pipedrive.edit_activity(key, owner_id=world.anna)
    settle(world)
    assert world.the_event()["id"] == event["id"]
    assert world.the_activity()["location"]["value"] == "Bar"
    world.pipedrive.edit_activity(key, owner_id=ben)
    settle(world)
    assert (titles(world), titles(world, bens)) == ([], ["Lunch"])
    assert "Bring the plan" in world.the_event(bens)["description"]
    world.pipedrive.edit_activity(key, owner_id=world.anna)
    settle(world)
    assert (titles(world), titles(world, bens)) == (["Lunch"], [])
    assert world.the_activity()["id"] == key


@pytest.mark.parametrize("trouble", ["failed", "disabled", "other run"])
def test_the_new_owners_account_is_not_at_work(world: World, trouble: str) -> None:
    ben, bens = world.add_colleague("ben")
    world.green()
    key = world.activity("Call")["id"]
    start, end = ({"dateTime": f"{day(2)}T1{n}:00:00Z"} for n in range(2))
    world.event("Lunch", start=start, end=end)
    world.green()
    for row in world.activities():
        world.pipedrive.edit_activity(row["id"], owner_id=ben)
    if trouble == "failed":
        world.sandbox.google.faults.add(Fault("status", path=bens.split("@")[0], status=404, times=0))
    elif trouble == "disabled":
        world.account(name="ben", enabled=False)
    options: dict[str, Any] = {"accounts": ["anna"]} if trouble == "other run" else {}
    for _ in range(3):
        run(world, **options)
    assert titles(world) == (["Lunch"] if trouble == "disabled" else ["Call", "Lunch"])
    assert titles(world, bens) == []
    world.sandbox.google.faults.clear()
    world.account(name="ben", enabled=True)
    world.pass_time(600)
    settle(world)
    assert (titles(world), titles(world, bens)) == ([], ["Call", "Lunch"])
    assert key in [row["id"] for row in world.activities()]
    assert len(world.activities()) == 2


@pytest.mark.parametrize(
    "made_so",
    [{"visibility": "private"}, {"attendees": [{"email": "eva@x.example"}]}],
    ids=["private", "with a guest"],
)
@pytest.mark.parametrize("before", ["it was synced", "the activity was given away", "the event is deleted"])
def test_an_authors_event_that_is_not_the_authors_alone_stays(
    world: World, made_so: dict[str, Any], before: str
) -> None:
    ben, bens = world.add_colleague("ben")
    world.green()
    event = world.event("Lunch", **(made_so if before == "it was synced" else {}))
    world.green()
    key = world.the_activity()["id"]
    if before == "the activity was given away":
        world.edit_event(event, **made_so)
    world.pipedrive.edit_activity(key, owner_id=ben)
    run = Steps(world).pull().plan()
    if before == "the event is deleted":
        world.edit_event(event, **made_so)
    run.apply().close()
    settle(world)
    assert (titles(world), titles(world, bens)) == (["Lunch"], [])
    assert [link.state for link in world.links()] == ["detached"]
    world.pipedrive.edit_activity(key, owner_id=world.anna)
    settle(world)
    assert (titles(world), [link.state for link in world.links()]) == (["Lunch"], ["active"])


def test_an_authors_event_that_is_restored_while_it_moves_does_not_stop_the_move(world: World) -> None:
    ben, bens = world.add_colleague("ben")
    world.green()
    event = world.event("Lunch")
    world.green()
    key = world.the_activity()["id"]
    world.pipedrive.edit_activity(key, owner_id=ben)
    world.green()
    assert titles(world) == []
    world.google.edit_event(world.calendar, event["id"], status="confirmed")
    world.green()
    assert titles(world, bens) == ["Lunch"]
    settle(world)
    assert key in {link.activity_id for link in world.links()}


def test_a_type_goes_to_the_users_other_account(world: World) -> None:
    world.green()
    world.activity("Call")
    world.activity("Task", type="task", due_time="14:00")
    world.green()
    other = world.google.add_calendar(ANNA, "Tasks")
    world.anna_is(activity_types=["call"])
    world.account(name="tasks", pipedrive_user=ANNA, google_user=ANNA, calendar=other, activity_types=["task"])
    settle(world)
    assert (titles(world), titles(world, other)) == (["Call"], ["Task"])
    remove(world, "tasks")
    world.anna_is(activity_types=None)
    settle(world)
    assert (titles(world), titles(world, other)) == (["Call", "Task"], [])
    assert len(world.activities()) == 2


# Another calendar.


@pytest.fixture
def filled(world: World) -> World:
    """Two upcoming activities, a past one, an event of Anna's own."""
    world.green()
    deal = world.pipedrive.add_deal("Roof")["id"]
    world.activity("Call", deal_id=deal)
    world.activity("Visit", due_time=None, duration=None)
    world.activity("Yesterday", due_date=day(-2))
    world.event("Lunch")
    world.green()
    assert titles(world) == ["Lunch", "Roof > Call", "Visit", "Yesterday"]
    world.pass_time(3600)
    return world


def test_another_calendar_takes_what_is_upcoming_and_gives_it_back(filled: World) -> None:
    world, keys = filled, [row["id"] for row in filled.activities()]
    other = world.google.add_calendar(ANNA, "Other")
    world.anna_is(calendar=other)
    with world.requests():
        planned = world.sync(dry_run=True).result["accounts"]["anna"]["events"]
    assert world.writes() == 0
    assert planned["deleted"] == 2
    settle(world)
    assert (titles(world), titles(world, other)) == (["Lunch", "Yesterday"], ["Roof > Call", "Visit"])
    call = next(row for row in world.activities() if row["subject"] == "Call")
    world.pipedrive.edit_activity(call["id"], subject="Talk")
    settle(world)
    assert titles(world, other) == ["Roof > Talk", "Visit"]
    world.anna_is(calendar=world.calendar)
    settle(world)
    assert (titles(world), titles(world, other)) == (["Lunch", "Roof > Talk", "Visit", "Yesterday"], [])
    assert [row["id"] for row in world.activities()] == keys
    past = next(row for row in world.activities() if row["subject"] == "Yesterday")
    world.pipedrive.edit_activity(past["id"], due_date=day(3))
    lunch = next(event for event in world.events() if event["summary"] == "Lunch")
    world.edit_event(lunch, location="Bar")
    settle(world)
    assert [row["location"]["value"] for row in world.activities() if row["location"]] == ["Bar"]
    assert len(world.events()) == 4


def test_what_was_made_just_before_a_switch_comes_to_the_new_calendar(filled: World) -> None:
    """No run saw it with the old calendar, and it is older than the new one's connection."""
    world = filled
    world.activity("Just made", due_time="16:00")
    world.pass_time(240)
    world.restart()
    other = world.google.add_calendar(ANNA, "Other")
    world.anna_is(calendar=other)
    settle(world)
    assert titles(world, other) == ["Just made", "Roof > Call", "Visit"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_switch_after_a_lost_answer_doubles_nothing(filled: World, when: str) -> None:
    """An event of the old calendar may have got its activity, and stays there without being synced."""
    world = filled
    world.event("Dinner")
    world.sandbox.pipedrive.faults.add(Fault("drop", when=when, method="POST", path="/activities$"))
    world.sync()
    assert len(world.activities()) == (5 if when == "after" else 4)
    other = world.google.add_calendar(ANNA, "Other")
    world.anna_is(calendar=other)
    world.pass_time(600)
    settle(world)
    assert titles(world, other) == ["Roof > Call", "Visit"]
    world.anna_is(calendar=world.calendar)
    settle(world)
    assert (len(world.activities()), titles(world, other)) == (5, [])
    assert titles(world) == ["Dinner", "Lunch", "Roof > Call", "Visit", "Yesterday"]


def test_an_activity_of_the_past_that_gets_a_new_date_goes_to_the_new_calendar(filled: World) -> None:
    world = filled
    other = world.google.add_calendar(ANNA, "Other")
    world.anna_is(calendar=other)
    settle(world)
    past = next(row for row in world.activities() if row["subject"] == "Yesterday")
    world.pipedrive.edit_activity(past["id"], due_date=day(3))
    settle(world)
    assert (titles(world), titles(world, other)) == (["Lunch"], ["Roof > Call", "Visit", "Yesterday"])


@pytest.mark.parametrize("status", [403, 404])
def test_a_calendar_that_can_not_be_reached_any_more_keeps_its_events(filled: World, status: int) -> None:
    world = filled
    other = world.google.add_calendar(ANNA, "Other")
    path = f"{world.calendar.split('@')[0]}.*/events"
    reason = "forbidden" if status == 403 else "notFound"
    world.sandbox.google.faults.add(Fault("status", path=path, status=status, reason=reason, times=0))
    world.anna_is(calendar=other)
    settle(world)
    assert (len(world.events()), titles(world, other)) == (4, ["Roof > Call", "Visit"])
    world.sandbox.google.faults.clear()
    world.anna_is(calendar=world.calendar)
    settle(world)
    assert (titles(world), titles(world, other)) == (["Lunch", "Roof > Call", "Visit", "Yesterday"], [])


def test_another_google_user_takes_what_is_upcoming(filled: World) -> None:
    world = filled
    world.google.add_user("ben@acme.example", time_zone="Europe/Berlin")
    world.anna_is(google_user="ben@acme.example", calendar="primary")
    settle(world)
    assert (titles(world), titles(world, "ben@acme.example")) == (["Lunch", "Yesterday"], ["Roof > Call", "Visit"])
    world.anna_is(google_user=ANNA, calendar=world.calendar)
    settle(world)
    assert titles(world, "ben@acme.example") == []
    assert titles(world) == ["Lunch", "Roof > Call", "Visit", "Yesterday"]


def test_a_switch_that_is_interrupted_is_completed(filled: World) -> None:
    world = filled
    other = world.google.add_calendar(ANNA, "Other")
    world.anna_is(calendar=other)
    world.sandbox.google.faults.add(Fault("status", method="DELETE", path="/events/", status=503, times=0))
    run(world)
    run(world)
    world.sandbox.google.faults.clear()
    world.pass_time(86_400)
    settle(world)
    assert (titles(world), titles(world, other)) == (["Lunch", "Yesterday"], ["Roof > Call", "Visit"])


# Disabled, removed, renamed; and back.


@pytest.mark.parametrize("how", ["disabled", "removed"])
def test_an_account_rests_and_comes_back(filled: World, how: str) -> None:
    world, before = filled, dict(filled.accounts[0])
    keys = [row["id"] for row in world.activities()]
    if how == "disabled":
        world.anna_is(enabled=False)
    else:
        remove(world, "anna")
    call = next(row for row in world.activities() if row["subject"] == "Call")
    lunch = next(event for event in world.events() if event["summary"] == "Lunch")
    with world.requests():
        run(world)
        world.pipedrive.edit_activity(call["id"], subject="Talk")
        world.edit_event(lunch, summary="Dinner")
        run(world)
    assert world.writes() == 0
    assert account_row(world).state == "paused"
    world.accounts.clear()
    world.account(**before | {"enabled": True})
    planned = world.sync(dry_run=True).result["accounts"]["anna"]
    assert (planned["events"]["updated"], planned["activities"]["updated"]) == (1, 1)
    settle(world)
    assert titles(world) == ["Dinner", "Roof > Talk", "Visit", "Yesterday"]
    assert [row["id"] for row in world.activities()] == keys
    assert len(world.links()) == 4


def test_the_activities_of_somebody_who_left_go_to_the_colleague_who_gets_them(filled: World) -> None:
    world = filled
    remove(world, "anna")
    ben, bens = world.add_colleague("ben")
    run(world)
    for row in world.activities():
        world.pipedrive.edit_activity(row["id"], owner_id=ben)
    for _ in range(2):
        run(world)
    assert titles(world, bens) == ["Roof > Call", "Visit", "Yesterday"]
    assert titles(world) == ["Lunch"]
    with world.requests():
        run(world)
    assert world.writes() == 0


def test_another_name_is_the_same_account(filled: World) -> None:
    world, links = filled, [row.account_id for row in filled.links()]
    world.accounts[0]["name"] = "anne"
    world.account(name="anne")
    with world.requests():
        assert world.sync().failure is None
    assert world.writes() == 0
    assert [row.account_id for row in world.links()] == links


@pytest.mark.parametrize("mode", ["pipedrive_only", "to_google", "to_pipedrive"])
def test_another_mode_and_back(filled: World, mode: str) -> None:
    world = filled
    seen = (titles(world), world.activities())
    for each in (mode, "all_events"):
        world.anna_is(mode=each)
        with world.requests():
            world.sync(dry_run=True)
            settle(world)
        assert world.writes() == 0
        assert (titles(world), world.activities()) == seen
