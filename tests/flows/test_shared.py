"""Meetings in several accounts' calendars: one activity, whoever is seen first, with the other reps as attendees."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from include.calsync.store.tables import copy
from tests.flows.meetings import BERT, assert_quiet, attendees, meets, owner, settle, user
from tests.flows.steps import Steps
from tests.flows.world import ANNA, World, day
from tests.laws.company import mapping_of


@pytest.mark.parametrize("organiser", [ANNA, BERT])
def test_one_activity_for_all_reps(team: World, organiser: str) -> None:
    """The organiser's account has it."""
    (guest,) = {ANNA, BERT} - {organiser}
    meets(team, organiser, (guest,))
    assert team.sync().failure is None
    assert (owner(team), attendees(team)) == (organiser, [guest])
    assert_quiet(team)
    assert len(team.links()) == 1
    assert team.google.mails == []


def test_an_outsider_invites_both(team: World) -> None:
    """Nobody's account organises it: the first by name has it."""
    team.google.add_user("boss@elsewhere.example")
    meets(team, "boss@elsewhere.example", (BERT, ANNA))
    team.sync()
    assert (owner(team), attendees(team)) == (ANNA, [BERT])
    assert_quiet(team)


@pytest.mark.parametrize("first", ["anna", "bert"])
def test_copies_that_come_in_other_runs(team: World, first: str) -> None:
    meets(team)
    team.sync(accounts=[first], kind="manual")
    assert owner(team) == {"anna": ANNA, "bert": BERT}[first]
    settle(team)
    assert (owner(team), attendees(team)) == (ANNA, [BERT])
    assert len(team.links()) == 1
    assert_quiet(team)


def test_attendees_are_written_once_and_not_taken_for_an_edit(team: World) -> None:
    meets(team)
    team.sync(accounts=["anna"], kind="manual")
    team.pass_time(1)
    team.sync()
    assert attendees(team) == [BERT]
    known = team.links()[0].activity_raw
    assert_quiet(team)
    assert team.links()[0].activity_raw == known


def test_copies_that_come_by_upload(world: World) -> None:
    world.anna_is(calendar="primary")
    world.add_colleague("bert")
    world.account(name="bert", calendar="primary")
    meets(world)
    world.pass_time(100)
    world.sync()
    assert world.activities() == []
    for name in ("bert", "anna", "bert"):
        assert world.upload(direction="to_pipedrive", accounts=[name]).failure is None
    assert len(world.activities()) == len(world.links()) == 1
    settle(world)
    assert len(world.activities()) == 1
    assert_quiet(world)


def test_edits_of_copies_arrive_once(team: World) -> None:
    event = meets(team)
    settle(team)
    team.google.edit_event(ANNA, event, location="Hall")
    settle(team)
    assert team.the_activity()["location"]["value"] == "Hall"
    team.pipedrive.edit_activity(team.the_activity()["id"], due_time="15:00")
    settle(team)
    assert team.google.event(BERT, event)["start"]["dateTime"][11:16] == "16:00"
    assert_quiet(team)


def test_a_copy_that_goes_takes_its_rep_along(team: World) -> None:
    event = meets(team)
    settle(team)
    team.pipedrive.edit_activity(
        team.the_activity()["id"], attendees=[*team.the_activity()["attendees"], {"email": "x@y.example", "name": "X"}]
    )
    team.google.rsvp(BERT, event, "declined")
    settle(team)
    assert (owner(team), attendees(team)) == (ANNA, ["x@y.example"])
    assert_quiet(team)


def test_the_meeting_is_called_off(team: World) -> None:
    event = meets(team)
    settle(team)
    team.google.delete_event(ANNA, event)
    settle(team)
    assert (team.activities(), team.links()) == ([], [])
    assert_quiet(team)


def test_a_guests_account_is_added_long_after(world: World) -> None:
    world.google.add_user(BERT)
    world.pipedrive.add_user("Bert", BERT, "Europe/Berlin")
    world.anna_is(calendar="primary")
    world.green()
    event = meets(world)
    world.green()
    for _ in range(2):
        world.pass_time(10_000)
        world.assert_quiet()
    world.account(name="bert", pipedrive_user=BERT, google_user=BERT, calendar="primary")
    settle(world)
    world.google.touch_events(BERT, event)
    settle(world)
    assert (owner(world), attendees(world)) == (ANNA, [BERT])
    assert_quiet(world)


def test_an_activity_whose_event_gets_a_colleague(team: World) -> None:
    """An event from Pipedrive to which Anna invites Bert."""
    team.activity("Call")
    settle(team)
    (event,) = team.events(ANNA)
    team.google.edit_event(ANNA, event["id"], attendees=[{"email": BERT}])
    settle(team)
    assert (owner(team), attendees(team)) == (ANNA, [BERT])
    assert_quiet(team)


def test_its_activity_is_deleted(team: World) -> None:
    """Nobody's copy brings it back."""
    team.google.add_user("boss@elsewhere.example")
    event = meets(team, "boss@elsewhere.example", (ANNA, BERT))
    settle(team)
    team.pipedrive.delete_activity(team.the_activity()["id"])
    settle(team)
    team.google.edit_event("boss@elsewhere.example", event, location="Hall")
    settle(team)
    assert team.activities() == []
    assert_quiet(team)


def test_its_deleted_activity_comes_back_with_its_reps(team: World) -> None:
    """An edit of the event beats the deletion; the copy was known before."""
    event = meets(team)
    settle(team)
    team.pass_time(10_000)
    settle(team)
    team.google.edit_event(ANNA, event, location="Hall")
    team.pipedrive.delete_activity(team.the_activity()["id"])
    settle(team)
    assert (owner(team), attendees(team)) == (ANNA, [BERT])
    assert_quiet(team)


def test_an_event_that_changes_with_its_guests_is_settled_at_once(team: World) -> None:
    """The same run writes the attendees, and takes the event's own change as settled."""
    boss = team.google.add_user("boss@elsewhere.example")
    event = meets(team, boss, (ANNA,))
    settle(team)
    team.pass_time(600)
    team.google.edit_event(boss, event, attendees=[{"email": ANNA}, {"email": BERT}])
    team.green()
    assert (owner(team), attendees(team)) == (ANNA, [BERT])
    before = mapping_of(team)
    team.pass_time(60)
    assert_quiet(team)
    assert mapping_of(team) == before


def test_an_event_left_behind_becomes_a_meeting(team: World) -> None:
    """Its activity is a colleague's by now. It is brought back, and the colleague is invited to it."""
    key = team.activity("Call")["id"]
    settle(team)
    (event,) = team.events(ANNA)
    team.pipedrive.edit_activity(key, owner_id=user(team, BERT))
    settle(team)
    assert [len(team.events(calendar)) for calendar in (ANNA, BERT)] == [0, 1]
    team.google.edit_event(ANNA, event["id"], status="confirmed", attendees=[{"email": BERT}])
    settle(team)
    (meeting,) = [row for row in team.activities() if row["id"] != key]
    assert (meeting["owner_id"], [each["email"] for each in meeting["attendees"]]) == (user(team, ANNA), [BERT])
    assert_quiet(team)
    with team.requests():
        team.sync(kind="manual", reconcile=True)
    assert team.writes() == 0


def test_occurrences_are_meetings_of_their_own(team: World) -> None:
    start, end = ({"dateTime": f"{day(1)}T{hour:02}:00:00", "timeZone": "Europe/Berlin"} for hour in (9, 10))
    meets(team, recurrence=["RRULE:FREQ=DAILY;COUNT=3"], start=start, end=end)
    settle(team)
    assert len(team.activities()) == 3
    assert {row["owner_id"] for row in team.activities()} == {team.anna}
    assert [[each["email"] for each in row["attendees"]] for row in team.activities()] == [[BERT]] * 3
    assert_quiet(team)


@pytest.mark.parametrize("how", ["shortened", "moved", "deleted"])
def test_a_series_of_both_reps_changes(team: World, how: str) -> None:
    """Nobody's calendar has the occurrences that are gone: no copy takes their activities over."""
    boss = team.google.add_user("boss@elsewhere.example")
    guests = [{"email": ANNA}, {"email": BERT}]
    made = team.event("Stand-up", boss, recurrence=["RRULE:FREQ=DAILY;COUNT=3"], attendees=guests)
    settle(team)
    before = {row["id"] for row in team.activities()}
    assert len(before) == 3
    if how == "shortened":
        team.google.edit_event(boss, made["id"], recurrence=["RRULE:FREQ=DAILY;COUNT=1"])
    elif how == "moved":
        moved = {side: {"dateTime": f"{day(1)}T{hour}:00:00Z"} for side, hour in (("start", 15), ("end", 16))}
        team.google.edit_event(boss, made["id"], **moved)
    else:
        team.google.delete_event(boss, made["id"])
    team.green()
    team.green()
    assert_quiet(team)
    assert_quiet(team)
    left = {"shortened": 1, "moved": 3, "deleted": 0}[how]
    assert (len(team.activities()), len(team.links())) == (left, left)
    assert {row["id"] for row in team.activities()} <= before
    with team.engine.connect() as conn:
        assert len(list(conn.execute(select(copy)))) == left
    assert {each["email"] for row in team.activities() for each in row["attendees"]} <= {BERT}


def test_a_guest_of_one_occurrence_only(team: World) -> None:
    """The colleague's calendar has that occurrence, and nothing of its series."""
    boss = team.google.add_user("boss@elsewhere.example")
    made = team.event("Stand-up", boss, recurrence=["RRULE:FREQ=DAILY;COUNT=3"], attendees=[{"email": ANNA}])
    second = team.google.instances(boss, made["id"])[1]["id"]
    settle(team)
    team.google.edit_event(boss, second, attendees=[{"email": BERT}])
    settle(team)
    assert sorted(team.pipedrive.users[row["owner_id"]]["email"] for row in team.activities()) == [ANNA, ANNA, BERT]
    assert_quiet(team)
    team.google.edit_event(boss, second, location="Hall")
    settle(team)
    (activity,) = [row for row in team.activities() if row["owner_id"] == user(team, BERT)]
    assert activity["location"]["value"] == "Hall"
    team.google.edit_event(boss, second, attendees=[{"email": ANNA}])
    settle(team)
    assert [team.pipedrive.users[row["owner_id"]]["email"] for row in team.activities()] == [ANNA] * 3
    assert_quiet(team)


def test_after_the_loss_of_the_database(team: World) -> None:
    meets(team)
    settle(team)
    team.pass_time(1000)
    with team.engine.begin() as conn:
        for table in ("copy", "link", "cursor"):
            conn.exec_driver_sql(f"DELETE FROM {table}")
    settle(team)
    assert (len(team.activities()), len(team.links()), owner(team)) == (1, 1, ANNA)
    assert_quiet(team)


def test_two_runs_that_see_a_new_meeting_at_the_same_time(team: World) -> None:
    """Each plans the activity for its own account, as neither knows of the other's calendar."""
    meets(team, "anna@acme.example")
    anna, bert = (Steps(team, accounts=[name]).pull().plan() for name in ("anna", "bert"))
    assert anna.apply().close().failure is None
    bert.apply().close()
    assert (owner(team), len(team.links())) == (ANNA, 1)
    settle(team)
    assert (owner(team), attendees(team)) == (ANNA, [BERT])
    assert_quiet(team)


UID = "one-for-two@elsewhere.example"


def twins(world: World, calendar: str = ANNA) -> list[str]:
    """Two events of one calendar that carry the same iCalUID, as imports leave them."""
    at = {"start": {"dateTime": f"{day(2)}T09:00:00Z"}, "end": {"dateTime": f"{day(2)}T10:00:00Z"}}
    first = world.event("First", calendar, iCalUID=UID)
    return [str(first["id"]), str(world.event("Second", calendar, iCalUID=UID, **at)["id"])]


def subjects(world: World) -> list[str]:
    return sorted(row["subject"] for row in world.activities())


@pytest.mark.parametrize("together", [True, False])
def test_two_events_of_one_calendar_are_two_meetings(team: World, together: bool) -> None:
    """A copy is one only in another account's calendar."""
    if together:
        first, second = twins(team)
    else:
        first = str(team.event("First", ANNA, iCalUID=UID)["id"])
        settle(team)
        second = str(team.event("Second", ANNA, iCalUID=UID)["id"])
    settle(team)
    assert subjects(team) == ["First", "Second"]
    assert attendees_of_all(team) == []
    assert_quiet(team)
    for _ in range(2):  # what was written meanwhile makes no copy of it
        team.google.edit_event(ANNA, second, location="Hall")
        settle(team)
        team.google.edit_event(ANNA, second, location="Bar")
        settle(team)
    assert {row["subject"]: (row["location"] or {}).get("value") for row in team.activities()} == {
        "First": None,
        "Second": "Bar",
    }
    team.google.delete_event(ANNA, first)
    settle(team)
    assert subjects(team) == ["Second"]
    assert_quiet(team)


def attendees_of_all(world: World) -> list[str]:
    return [each["email"] for row in world.activities() for each in row.get("attendees") or ()]


def test_a_colleagues_copy_joins_one_of_two_twins(team: World) -> None:
    twins(team)
    team.event("First", BERT, iCalUID=UID)
    settle(team)
    assert subjects(team) == ["First", "Second"]
    assert attendees_of_all(team) == [BERT]
    assert {row["owner_id"] for row in team.activities()} == {team.anna}
    assert_quiet(team)


def test_an_upload_brings_both_twins(world: World) -> None:
    world.anna_is(calendar="primary")
    twins(world)
    world.pass_time(100)
    world.green()
    assert world.activities() == []
    assert world.upload(direction="to_pipedrive").failure is None
    assert subjects(world) == ["First", "Second"]
    settle(world)
    assert_quiet(world)


def test_the_last_object_of_an_activity_has_its_attendees_after_each_kind_of_write(team: World) -> None:
    """Answers to writes leave them out; what is made anew needs them, and a quiet run learns nothing."""

    def as_listed() -> None:
        (link,) = team.links()
        known = dict(team.the_activity())
        assert link.activity_raw["attendees"] == known["attendees"]

    event = meets(team)
    team.sync()
    as_listed()
    team.google.edit_event(ANNA, event, location="Hall")
    team.sync()
    as_listed()
    before = mapping_of(team)
    team.sync()
    assert mapping_of(team) == before
    team.account(name="anna", enabled=False)
    settle(team)
    assert owner(team) == BERT
    as_listed()


def test_also_if_colleagues_come_later(team: World) -> None:
    meets(team)
    team.sync(accounts=["anna"], kind="manual")
    team.sync()
    (link,) = team.links()
    assert [each["email"] for each in link.activity_raw["attendees"]] == [BERT]
