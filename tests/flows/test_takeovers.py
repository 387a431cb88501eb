"""Whose a meeting's one activity is when accounts, copies and owners come and go."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from include.calsync.flows.applying import apply
from include.calsync.store.tables import quarantine
from include.sandbox.base import Fault
from tests.flows.meetings import BERT, assert_quiet, attendees, meets, owner, settle, user
from tests.flows.world import ANNA, World, account_row, day

CARL = "carl@acme.example"


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


def test_a_deal_is_renamed_while_a_copy_takes_over(team: World) -> None:
    deal = team.pipedrive.add_deal("Roof")["id"]
    team.activity("Call", deal_id=deal)
    settle(team)
    (event,) = team.events(ANNA)
    team.google.edit_event(ANNA, event["id"], attendees=[{"email": BERT}])
    settle(team)
    team.pass_time(2 * 3600)
    team.pipedrive.rename_deal(deal, "Tower")
    team.anna_is(enabled=False)
    settle(team)
    (link,) = team.links()
    assert (owner(team), link.base_activity["context"]["deal"]) == (BERT, "Tower")
    with team.engine.connect() as conn:
        assert list(conn.execute(select(quarantine))) == []


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


def test_the_organisers_event_is_seen_before_anybody_knows_that_the_activity_was_created(team: World) -> None:
    """The guest's account sent it, and heard of nothing; the organiser's could not be read in that run."""
    meets(team)
    team.sandbox.google.faults.add(Fault("drop", path=f"{ANNA}/events$", times=0))
    team.sandbox.pipedrive.faults.add(Fault("drop", when="after", method="POST", path="/activities$"))
    assert team.sync().failure is not None
    team.sandbox.google.faults.clear()
    team.pass_time(600)
    for _ in range(2):
        assert team.sync().failure is None
    assert (owner(team), attendees(team), len(team.activities())) == (ANNA, [BERT], 1)
    assert_quiet(team)


def test_the_organisers_account_leaves_the_calendar_before_anybody_knows_of_the_activity(team: World) -> None:
    """A copy takes over what was created, and nothing is created a second time (law 1)."""
    meets(team)
    team.sandbox.pipedrive.faults.add(Fault("drop", when="after", method="POST", path="/activities$"))
    team.sync()
    assert (len(team.activities()), team.links()) == (1, [])
    team.sandbox.pipedrive.faults.clear()
    team.anna_is(calendar=team.google.add_calendar(ANNA, "Other"))
    team.pass_time(10_000)
    for _ in range(4):
        assert team.sync().failure is None
    assert (len(team.activities()), len(team.links())) == (1, 1)
    assert_quiet(team)


@pytest.mark.parametrize("status", [400, 503])
def test_a_take_over_that_fails_is_made_up_for(team: World, status: int) -> None:
    meets(team)
    team.sync(accounts=["bert"], kind="manual")
    team.sandbox.pipedrive.faults.add(Fault("status", status=status, method="PATCH", path="/activities/", times=0))
    team.sync()
    assert owner(team) == BERT
    team.sandbox.pipedrive.faults.clear()
    team.pass_time(60)
    team.sync()
    team.pass_time(7200)
    for _ in range(2):
        assert team.sync().failure is None
    assert (owner(team), attendees(team), len(team.activities())) == (ANNA, [BERT], 1)
    assert_quiet(team)


def test_the_organisers_event_is_seen_by_a_run_without_the_guests_account(team: World) -> None:
    meets(team)
    team.sync(accounts=["bert"], kind="manual")
    team.sync(accounts=["anna"], kind="manual")
    assert owner(team) == BERT
    team.pass_time(10_000)
    for _ in range(2):
        assert team.sync().failure is None
    assert (owner(team), attendees(team), len(team.activities())) == (ANNA, [BERT], 1)
    assert_quiet(team)


def test_a_meeting_that_waits_for_its_organiser_is_no_guests_business(team: World) -> None:
    """A run of the guest's account alone, in between, makes no attendee of the organiser."""
    meets(team)
    for name in ("bert", "anna", "bert"):
        team.sync(accounts=[name], kind="manual")
    assert (owner(team), attendees(team)) == (BERT, [])
    for _ in range(2):
        assert team.sync().failure is None
    assert (owner(team), attendees(team), len(team.activities())) == (ANNA, [BERT], 1)
    assert_quiet(team)


def test_who_was_to_create_the_activity_takes_part_no_more(team: World) -> None:
    """No listing shows the colleague's copy again."""
    boss = team.google.add_user("boss@elsewhere.example")
    meets(team, boss, (ANNA, BERT))
    team.sandbox.pipedrive.faults.add(Fault("status", status=400, method="POST", path="/activities$", times=0))
    team.sync()
    assert team.activities() == []
    team.sandbox.pipedrive.faults.clear()
    team.anna_is(enabled=False)
    team.pass_time(10_000)
    for _ in range(2):
        assert team.sync().failure is None
    assert (owner(team), attendees(team)) == (BERT, [])
    assert_quiet(team)


def test_a_creation_that_failed_stays_with_its_account(team: World) -> None:
    boss = team.google.add_user("boss@elsewhere.example")
    meets(team, boss, (ANNA, BERT))
    team.sandbox.pipedrive.faults.add(Fault("status", status=400, method="POST", path="/activities$", times=0))
    assert team.sync().failure is not None
    team.sandbox.pipedrive.faults.clear()
    for pause in (60, 60, 600):
        team.pass_time(pause)
        team.sync()
    assert (owner(team), attendees(team)) == (ANNA, [BERT])
    assert_quiet(team)
