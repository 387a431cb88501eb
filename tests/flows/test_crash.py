"""A run killed at any point: the next runs complete it, with nothing duplicated and nothing lost (F01-F09, F704)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import inspect, select, update

from include.calsync.flows.closing.close import Summary
from include.calsync.flows.sync import sync
from include.calsync.store.tables import cursor, lease
from tests.flows.judging import lost_values, picture, settled
from tests.flows.killing import Killed, Killer, Snapshot, before_request
from tests.flows.world import ANNA, World, day
from tests.proofs import WHOLE

STRIDE = 29
"""How many of the less interesting moments are passed over for one that is tried; `make proofs` tries all."""
LEASE_S = 301
pytestmark = [pytest.mark.timeout(3600 if WHOLE else 300), pytest.mark.usefixtures("one_after_the_other")]
EXPECTED_STATUSES = {200, 201, 204, 404, 409, 410, 412}


# What is at work when the run dies. `prepare` ends before the run that is killed.


def both_new(world: World) -> None:
    """New on either side, and one meeting that somebody entered on both."""
    world.green()
    org = world.pipedrive.add_organization("ACME AG")["id"]
    person = world.pipedrive.add_person("Eva Muster", email="eva@kunde.example", phone="+49 30 1", org_id=org)["id"]
    deal = world.pipedrive.add_deal("Roof", person_id=person, org_id=org)["id"]
    world.activity("Offer", deal_id=deal, person_id=person, org_id=org, public_description="<b>Prices</b>")
    world.activity("All day", due_time=None, duration=None)
    world.event("Lunch", location="Corner", description="Bring papers")
    world.event("Fair", start={"date": day(3)}, end={"date": day(6)})
    world.activity("Same", due_time="15:00")
    start, end = {"dateTime": f"{day(1)}T15:00:00Z"}, {"dateTime": f"{day(1)}T15:30:00Z"}
    world.event("Same", description="typed in Google", start=start, end=end)


FIELDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "subject": ({"subject": "New name"}, {"summary": "New name"}),
    "time": (
        {"due_date": day(2), "due_time": "13:15", "duration": "00:45"},
        {
            "start": {"dateTime": f"{day(2)}T13:15:00Z", "timeZone": "Europe/Berlin"},
            "end": {"dateTime": f"{day(2)}T14:00:00Z", "timeZone": "Europe/Berlin"},
        },
    ),
    "place": ({"location": "Room 7"}, {"location": "Room 7"}),
    "text": ({"public_description": "Agenda"}, {"description": "Agenda"}),
    "busy": ({"busy": False}, {"transparency": "transparent"}),
}


def linked(world: World, names: list[str]) -> dict[str, tuple[int, str]]:
    """Pairs of an activity and its event, by subject."""
    world.green()
    for number, name in enumerate(names):
        world.activity(name, due_date=day(1 + number))
    world.green()
    world.assert_quiet()
    subjects = {row["id"]: row["subject"] for row in world.activities()}
    return {subjects[row.activity_id]: (row.activity_id, row.event_id) for row in world.links()}


def fields_edited(world: World) -> None:
    """Each shared field, edited here or there."""
    pairs = linked(world, [f"{name} {side}" for name in FIELDS for side in ("here", "there")])
    for name, (here, there) in FIELDS.items():
        world.pipedrive.edit_activity(pairs[f"{name} here"][0], **here)
        world.google.edit_event(world.calendar, pairs[f"{name} there"][1], **there)


def both_edited(world: World) -> None:
    """Conflicts that either side wins, fields that don't meet, the same edit twice, a deal renamed meanwhile."""
    world.green()
    deal = world.pipedrive.add_deal("Roof")["id"]
    world.activity("In a deal", deal_id=deal)
    pairs = linked(world, ["event wins", "activity wins", "apart", "alike"])
    edit_activity, edit_event = world.pipedrive.edit_activity, world.google.edit_event
    edit_activity(pairs["event wins"][0], subject="lost here", location="from here")
    edit_event(world.calendar, pairs["activity wins"][1], summary="lost there", description="from there")
    edit_activity(pairs["apart"][0], due_time="17:00")
    edit_event(world.calendar, pairs["apart"][1], location="Bar")
    world.pass_time(90)
    edit_event(world.calendar, pairs["event wins"][1], summary="won there", transparency="transparent")
    edit_activity(pairs["activity wins"][0], subject="won here", due_time="18:00")
    edit_activity(pairs["alike"][0], location="Same place")
    edit_event(world.calendar, pairs["alike"][1], location="Same place")
    edit_event(world.calendar, pairs["In a deal"][1], summary="Roof > Renamed")
    world.pipedrive.rename_deal(deal, "Roof and walls")
    edit_activity(pairs["In a deal"][0], due_time="08:00")


def taken_away(world: World) -> None:
    """Deletions both ways, edits against deletions, and all ways in which an activity leaves its account."""
    world.anna_is(done="remove", activity_types=["call", "meeting"])
    gone = ["activity gone", "event gone", "activity gone, event edited", "event gone, activity edited", "both gone"]
    left = ["no date", "other type", "other owner", "done"]
    pairs = linked(world, [*gone, *left])
    bert = world.pipedrive.add_user("Bert", "bert@acme.example", "Europe/Berlin")["id"]
    for name in ("activity gone", "activity gone, event edited", "both gone"):
        world.pipedrive.delete_activity(pairs[name][0])
    world.green()  # it takes two runs to be sure that an activity is gone
    for name in ("event gone", "event gone, activity edited", "both gone"):
        world.google.delete_event(world.calendar, pairs[name][1])
    world.google.edit_event(world.calendar, pairs["activity gone, event edited"][1], location="Still on")
    edit = world.pipedrive.edit_activity
    edit(pairs["event gone, activity edited"][0], location="Still on")
    edit(pairs["no date"][0], due_date=None, due_time=None, duration=None)
    edit(pairs["other type"][0], type="task")
    edit(pairs["other owner"][0], owner_id=bert)
    edit(pairs["done"][0], done=True)


def old_items(world: World) -> None:
    """What was there before the account was connected, for an upload."""
    for number in range(3):
        world.activity(f"Old activity {number}", due_date=day(number))
        world.event(f"Old event {number}", start={"date": day(number)}, end={"date": day(number + 1)})
    world.pass_time(3600)
    world.green()


def never_run(world: World) -> None:
    """The very first run, which creates the schema and the calendar."""
    world.anna_is(calendar={"create": "From Pipedrive"}, google_user=ANNA)
    world.lose_store()
    world.engine.connect().close()


def database_lost(world: World) -> None:
    """All pairs have to be found again, while people go on editing."""
    world.green()
    world.event("Born in Google", start={"date": day(9)}, end={"date": day(10)})
    pairs = linked(world, ["untouched", "edited here", "edited there"])
    world.lose_store()
    world.pipedrive.edit_activity(pairs["edited here"][0], due_time="17:00")
    world.google.edit_event(world.calendar, pairs["edited there"][1], location="Bar")
    world.engine.connect().close()


Work = tuple[Callable[[World], None], Callable[[World], Summary]]

WORK: dict[str, Work] = {
    "new items": (both_new, World.sync),
    "edited fields": (fields_edited, World.sync),
    "edited on both sides": (both_edited, World.sync),
    "taken away": (taken_away, World.sync),
    "upload": (old_items, lambda world: world.upload(direction="both")),
    "first run": (never_run, World.sync),
    "database lost": (database_lost, World.sync),
}


# How the outcome is judged.


def is_leased(world: World) -> bool:
    if not inspect(world.engine).has_table("lease"):
        return False
    with world.engine.connect() as conn:
        return any(row.owner and row.expires_at > world.clock() for row in conn.execute(select(lease)))


def recover(world: World, work: Callable[[World], Summary]) -> None:
    """What must come after a killed run."""
    if is_leased(world):
        with world.requests():
            summary = world.sync()
        assert summary.failure is None
        assert summary.result["accounts"]["anna"]["state"] == "busy"
        assert world.writes() == 0
    world.pass_time(LEASE_S)
    if work is not World.sync:
        assert work(world).failure is None
    settled(world)


def killed(world: World, work: Callable[[World], Summary], at: int) -> bool:
    """The run dies, and nothing of it goes on. False: it got by with fewer steps this time, and lived."""
    killer = Killer(at)
    try:
        with killer.on(world):
            work(world)
    except Killed:
        assert len(killer.steps) == at
    assert killer.dead or len(killer.steps) <= at
    return killer.dead


def moments(killer: Killer) -> list[int]:
    """After each write, and after some of the commits that follow; of all others some."""
    writes = [number for number, step in enumerate(killer.steps) if step.writes]
    near = {number + 1 for number in writes}
    every = range(len(killer.steps))
    chosen = set(every) if WHOLE else near | set(every[::STRIDE])
    return sorted(number for number in chosen if number < len(killer.steps))


def never_killed(world: World, name: str) -> tuple[Snapshot, Killer, Callable[[], tuple[Any, ...]]]:
    """The world before the run, the steps of the run, and a judgement by what comes of a run that is left alone."""
    prepare, work = WORK[name]
    prepare(world)
    snapshot, whole = Snapshot(world), Killer()
    with whole.on(world):
        assert work(world).failure is None
    world.pass_time(LEASE_S)
    settled(world)
    wanted, wanted_lost = picture(world), lost_values(world)

    def difference() -> tuple[Any, ...]:
        seen = picture(world)
        return {key: (seen[key], wanted[key]) for key in wanted if seen[key] != wanted[key]}, set(wanted_lost) ^ set(
            lost_values(world)
        )

    return snapshot, whole, difference


NONE: tuple[dict[str, Any], set[str]] = ({}, set())


@pytest.mark.parametrize("name", WORK)
def test_a_run_killed_anywhere_is_completed(world: World, name: str) -> None:
    snapshot, whole, difference = never_killed(world, name)
    work = WORK[name][1]
    deaths_count = 0
    for at in moments(whole):
        snapshot.restore()
        deaths_count += killed(world, work, at)
        with Killer().on(world) as after:
            recover(world, work)
        dead = f"killed before step {at}: {whole.steps[at]}"
        assert difference() == NONE, dead
        assert after.statuses <= EXPECTED_STATUSES, dead
        assert not world.google.mails
    assert deaths_count >= 0.9 * len(moments(whole))


@pytest.mark.parametrize("name", ["new items", "edited on both sides", "taken away"])
def test_a_task_killed_after_a_write_is_tried_again(world: World, name: str) -> None:
    """Airflow's second try goes on within the same run, at once: the lease is the run's own (F06, F706)."""
    snapshot, whole, difference = never_killed(world, name)
    writes = [number for number, step in enumerate(whole.steps) if step.writes]
    for at in range(len(whole.steps)) if WHOLE else [number + 1 for number in writes[::3]]:
        snapshot.restore()
        killer = Killer(at)
        with killer.on(world):
            summary = tried_twice(world, killer)
        dead = f"killed before step {at}: {whole.steps[at]}"
        assert summary.failure is None, dead
        world.pass_time(LEASE_S)
        settled(world)
        assert difference() == NONE, dead
        assert killer.statuses <= EXPECTED_STATUSES, dead


def tried_twice(world: World, killer: Killer) -> Summary:
    """A run whose tasks are started again when they die."""

    def task(work: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return work(world.services(), *arguments)
        except Killed:
            killer.replace()
            return work(world.services(), *arguments)

    summary = sync(world.request(), task)
    assert killer.at is None
    return summary


@pytest.mark.parametrize("gone", ["date", "event"])
def test_a_removal_that_died_before_its_request_is_ended(world: World, gone: str) -> None:
    """Its own cursor has not moved, but a mode's change, an upload or a backfill may have: only the link knows."""
    world.green()
    world.activity("Demo", due_date=day(2))
    world.green()
    activity, event = world.the_activity(), world.the_event()
    if gone == "date":
        world.pipedrive.edit_activity(activity["id"], due_date=None, due_time=None)
    else:
        world.google.delete_event(world.calendar, event["id"])

    def die() -> None:
        raise Killed

    with pytest.raises(Killed), before_request("DELETE", r"/(events|activities)/", die):
        world.sync()
    world.pass_time(LEASE_S)
    with world.engine.begin() as conn:  # whoever moved the cursors: they stand behind all that was seen
        at = world.services().clock()
        conn.execute(update(cursor).where(cursor.c.side == "activities").values(watermark=at))
    recover(world, World.sync)
    assert (world.events(), world.links()) == ([], [])
    assert len(world.activities()) == (1 if gone == "date" else 0)
