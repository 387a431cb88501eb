"""Meetings in several accounts' calendars: one activity, whoever is seen first, with the other reps as attendees."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from include.calsync.flows import apply
from include.calsync.store.tables import copy
from tests.flows.steps import Steps
from tests.flows.world import ANNA, World, account_row, day
from tests.laws.company import mapping_of

BERT = "bert@acme.example"
CARL = "carl@acme.example"


@pytest.fixture
def team(world: World) -> World:
    """Anna and Bert have accounts with their primary calendars."""
    world.anna_is(calendar="primary")
    world.add_colleague("bert")
    world.account(name="bert", calendar="primary")
    world.green()
    return world


def meets(world: World, organiser: str = ANNA, guests: tuple[str, ...] = (BERT,), **fields: Any) -> str:
    attendees = [{"email": each} for each in guests]
    return str(world.event("Round table", organiser, attendees=attendees, **fields)["id"])


def owner(world: World) -> str:
    return str(world.pipedrive.users[world.the_activity()["owner_id"]]["email"])


def user(world: World, mail: str) -> int:
    return next(int(each["id"]) for each in world.pipedrive.users.values() if each["email"] == mail)


def attendees(world: World) -> list[str]:
    return sorted(each["email"] for each in world.the_activity()["attendees"])


def assert_quiet(world: World) -> None:
    with world.requests():
        assert world.sync().failure is None
    assert world.writes() == 0


def settle(world: World) -> None:
    for _ in range(3):
        summary = world.sync()
        assert summary.failure is None, summary.failure


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


def test_the_organisers_account_is_added_later(world: World) -> None:
    world.google.add_user(BERT)
    world.pipedrive.add_user("Bert", BERT, "Europe/Berlin")
    world.anna_is(calendar="primary")
    world.green()
    event = meets(world, BERT, (ANNA,))
    world.green()
    assert owner(world) == ANNA
    world.pass_time(100)
    world.account(name="bert", pipedrive_user=BERT, google_user=BERT, calendar="primary")
    settle(world)
    assert len(world.activities()) == 1
    world.google.edit_event(BERT, event, summary="Square table")
    settle(world)
    assert (world.the_activity()["subject"], owner(world), attendees(world)) == ("Square table", BERT, [ANNA])
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


@pytest.mark.parametrize("rule", ["delete", "keep"])
def test_another_copy_takes_over_from_who_declines(team: World, rule: str) -> None:
    for name in ("anna", "bert"):
        team.account(name=name, on_event_deleted=rule)
    team.google.add_user("boss@elsewhere.example")
    event = meets(team, "boss@elsewhere.example", (ANNA, BERT))
    settle(team)
    activity = team.the_activity()["id"]
    team.google.rsvp(ANNA, event, "declined")
    settle(team)
    assert (team.the_activity()["id"], owner(team)) == (activity, BERT)
    assert [row.state for row in team.links()] == ["active"]
    assert_quiet(team)
    team.google.edit_event("boss@elsewhere.example", event, location="Hall")
    settle(team)
    assert team.the_activity()["location"]["value"] == "Hall"
    team.google.rsvp(ANNA, event, "accepted")
    settle(team)
    assert (team.the_activity()["id"], owner(team), attendees(team)) == (activity, BERT, [ANNA])
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


def test_an_account_that_is_off(team: World) -> None:
    event = meets(team)
    settle(team)
    activity = team.the_activity()["id"]
    team.anna_is(enabled=False)
    settle(team)
    assert (team.the_activity()["id"], owner(team)) == (activity, BERT)
    team.google.edit_event(ANNA, event, location="Hall")
    settle(team)
    assert team.the_activity()["location"]["value"] == "Hall"
    team.anna_is(enabled=True)
    settle(team)
    assert (team.the_activity()["id"], len(team.links())) == (activity, 1)
    settle(team)
    assert_quiet(team)


def test_an_account_that_is_off_long_after_its_meeting_was_synced(team: World) -> None:
    """No listing shows the meeting any more when the colleague's copy takes over."""
    meets(team)
    settle(team)
    for _ in range(2):
        team.pass_time(10_000)
        assert_quiet(team)
    team.anna_is(enabled=False)
    settle(team)
    assert owner(team) == BERT
    assert_quiet(team)


def test_an_activity_is_edited_while_the_organisers_account_comes_back(
    team: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of the two accounts works on the pair, not both."""
    monkeypatch.setattr(apply, "PARALLEL_ACCOUNTS", 1)  # the guest's account after the organiser's
    team.activity("Call")
    settle(team)
    (event,) = team.events(ANNA)
    team.google.edit_event(ANNA, event["id"], attendees=[{"email": BERT}])
    team.anna_is(enabled=False)
    settle(team)
    assert owner(team) == BERT
    team.pass_time(10_000)
    settle(team)
    team.pipedrive.edit_activity(team.the_activity()["id"], location="Hall")
    team.anna_is(enabled=True)
    settle(team)
    assert [(row.calendar_id, row.account_id, row.state) for row in team.links()] == [
        (ANNA, account_row(team).id, "active")
    ]
    assert (owner(team), attendees(team), team.events(ANNA)[0]["location"]) == (ANNA, [BERT], "Hall")
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


@pytest.mark.parametrize("recurrence", [None, ["RRULE:FREQ=DAILY;COUNT=2"]], ids=["single", "series"])
def test_what_the_organiser_edited_before_a_copy_takes_over_arrives(team: World, recurrence: list[str] | None) -> None:
    """No listing shows the copy again: it was seen when the meeting was still another account's."""
    boss = team.google.add_user("boss@elsewhere.example")
    fields = {"recurrence": recurrence} if recurrence else {}
    event = meets(team, boss, (ANNA, BERT), **fields)
    settle(team)
    first = team.google.instances(boss, event)[0]["id"] if recurrence else event
    team.anna_is(enabled=False)
    team.google.edit_event(boss, first, location="Hall")
    settle(team)
    places = [row["location"]["value"] for row in team.activities() if row["location"]]
    assert places == ["Hall"]
    assert {link.calendar_id for link in team.links()} == {BERT}
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


@pytest.mark.parametrize("organiser", [ANNA, "boss@elsewhere.example"])
def test_its_activity_is_given_to_the_colleague(team: World, organiser: str) -> None:
    """The colleague's calendar shows the meeting already: its copy there is the activity's event from here on."""
    if organiser != ANNA:
        team.google.add_user(organiser)
    meets(team, organiser, tuple(sorted({ANNA, BERT} - {organiser})))
    settle(team)
    assert (owner(team), attendees(team)) == (ANNA, [BERT])
    bert = user(team, BERT)
    team.pipedrive.edit_activity(team.the_activity()["id"], owner_id=bert)
    settle(team)
    assert (owner(team), attendees(team)) == (BERT, [ANNA])
    assert [len(team.events(calendar)) for calendar in (ANNA, BERT)] == [1, 1], "nobody has it twice"
    assert_quiet(team)
    anna = user(team, ANNA)
    team.pipedrive.edit_activity(team.the_activity()["id"], owner_id=anna, subject="Long table", attendees=[])
    team.sync()
    team.pass_time(600)  # no listing shows the edit again
    settle(team)
    assert (owner(team), attendees(team)) == (ANNA, [BERT])
    titles = {event["summary"] for calendar in (ANNA, BERT) for event in team.events(calendar)}
    assert titles == ({"Long table"} if organiser == ANNA else {"Round table"}), "what came with it flows, if it may"
    assert [len(team.events(calendar)) for calendar in (ANNA, BERT)] == [1, 1]
    assert_quiet(team)


def test_a_guest_had_typed_the_meeting_before(team: World) -> None:
    """Two runs: her activity is recognised as the meeting's, and the organiser's account takes it over."""
    anna = user(team, ANNA)
    times = {side: {"dateTime": f"{day(1)}T{clock}:00Z"} for side, clock in (("start", "11:00"), ("end", "11:30"))}
    meets(team, BERT, (ANNA,), **times)
    team.activity("Round table", owner_id=anna, due_time="11:00", duration="00:30")
    for _ in range(2):
        assert team.sync().failure is None
    assert (owner(team), attendees(team)) == (BERT, [ANNA])
    assert_quiet(team)


def test_a_title_that_was_emptied_while_the_organisers_account_was_off_is_put_back(team: World) -> None:
    event_id = meets(team)
    settle(team)
    team.anna_is(enabled=False)
    settle(team)
    assert owner(team) == BERT
    team.google.edit_event(ANNA, event_id, summary="")
    settle(team)
    team.anna_is(enabled=True)
    settle(team)
    assert (owner(team), team.the_activity()["subject"]) == (ANNA, "Round table")
    assert [event["summary"] for event in team.events(ANNA)] == ["Round table"]
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


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("owned_by", [ANNA, CARL])
def test_who_has_an_activity_that_is_not_shown_does_not_come(team: World, owned_by: str, at_once: bool) -> None:
    """Without a date, or given to somebody without an account: the colleague's copy keeps the meeting to one activity,
    which stays whose it is."""
    team.google.add_user("boss@elsewhere.example")
    event = meets(team, "boss@elsewhere.example", (ANNA, BERT))
    settle(team)
    activity = team.the_activity()["id"]
    carl = team.pipedrive.add_user("Carl", CARL, "Europe/Berlin")["id"]
    away = {"owner_id": carl} if owned_by == CARL else {"due_date": None, "due_time": None, "duration": None}
    team.pipedrive.edit_activity(activity, **away)
    if not at_once:
        settle(team)
    team.google.rsvp(ANNA, event, "declined")
    settle(team)
    team.google.edit_event("boss@elsewhere.example", event, location="Hall")
    settle(team)
    assert (team.the_activity()["id"], owner(team)) == (activity, CARL if owned_by == CARL else BERT)
    assert [(row.calendar_id, row.state) for row in team.links()] == [(BERT, "detached")]
    assert_quiet(team)
    back = {"owner_id": user(team, BERT)} if owned_by == CARL else {"due_date": day(1), "due_time": "09:00"}
    team.pipedrive.edit_activity(activity, **back)
    settle(team)
    assert (team.the_activity()["id"], owner(team)) == (activity, BERT)
    assert [(row.calendar_id, row.state) for row in team.links()] == [(BERT, "active")]
    assert_quiet(team)
