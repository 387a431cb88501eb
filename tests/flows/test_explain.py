"""Why an item is, or is not, synced: told of linked, waiting, new and unknown ones, and nothing is written for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from include.calsync.core.item_ids import item_id
from include.calsync.errors import SettingsError
from include.calsync.flows import explain_text
from include.calsync.flows.explain import Explanation, explain
from include.calsync.flows.live_look import Found
from include.calsync.store.tables import metadata
from tests.flows.world import ANNA, NOW, World, day


def explained(world: World, item: Any, **options: Any) -> Explanation:
    """The explanation; asking for it changes no row of the store, and writes to no service."""
    before, sent = stored(world), world.writes()
    found = explain(world.services(), item_id(str(item)), **options)
    assert stored(world) == before
    assert world.writes() == sent
    return found


def stored(world: World) -> dict[str, list[Any]]:
    with world.engine.connect() as conn:
        return {table.name: list(conn.execute(select(table))) for table in metadata.sorted_tables}


def told(found: Explanation, *, personal: bool = False) -> str:
    lines = list(explain_text.text(found, personal=personal))
    assert all(len(line) <= 100 for line in lines)
    return " ".join(" ".join(lines).split())


def old(world: World, subject: str = "Old call", **fields: Any) -> dict[str, Any]:
    """An activity from before the account is connected."""
    activity = world.activity(subject, **fields)
    world.pass_time(3600)
    world.green()
    return activity


# Linked.


@pytest.fixture
def pair(world: World) -> dict[str, Any]:
    world.green()
    activity = world.activity("Call about the roll-out")
    world.green()
    return activity


def test_a_linked_one_is_explained_from_the_store_alone(world: World, pair: dict[str, Any]) -> None:
    with world.requests() as asked:
        found = explained(world, pair["id"])
    assert not asked
    (known,) = found.known
    assert (known.account, known.link and known.link.state) == ("anna", "active")
    assert known.decision is not None
    assert known.decision.rule == "a new activity gets an event"
    assert [(entry.side, entry.action) for entry in found.history] == [("events", "create_event")]
    assert not found.looks
    assert found.is_known
    text = told(found)
    assert f"activity {pair['id']} and event {world.the_event()['id']} are linked." in text
    assert "new event, because: new activity. It is carried out." in text
    assert "roll-out" not in text
    assert "Call about the roll-out" in told(found, personal=True)


def test_its_event_and_the_event_s_page_tell_the_same(world: World, pair: dict[str, Any]) -> None:
    event = world.the_event()
    by_activity, by_event = explained(world, pair["id"]), explained(world, event["id"])
    by_page = explained(world, event["htmlLink"])
    assert by_activity.known == by_event.known == by_page.known
    assert by_activity.history == by_event.history


def test_history_shows_what_changed_and_what_was_lost(world: World, pair: dict[str, Any]) -> None:
    world.anna_is(conflict="google")
    world.green()
    world.pipedrive.edit_activity(pair["id"], subject="From Pipedrive")
    world.edit_event(world.the_event(), summary="From Google")
    world.sync()
    found = explained(world, pair["id"])
    assert any(entry.lost for entry in found.history)
    text = told(found, personal=True)
    assert "subject: From Pipedrive → From Google" in text
    assert "lost: From Pipedrive (subject). Google's won, because: the account's settings say so." in text
    hidden = told(found)
    assert "fields: subject" in hidden
    assert "lost: (subject). Google's won" in hidden
    assert "From " not in hidden


def test_a_private_item_s_titles_are_never_shown(world: World) -> None:
    world.anna_is(private_events="full")
    world.green()
    event = world.event("At the doctor's", visibility="private")
    world.green()
    found = explained(world, event["id"])
    assert found.is_linked
    assert "doctor" not in told(found, personal=True)


def test_a_parted_pair_says_why(world: World, pair: dict[str, Any]) -> None:
    world.anna_is(on_event_deleted="keep")
    world.green()
    world.google.delete_event(world.calendar, world.the_event()["id"])
    world.green()
    text = told(explained(world, pair["id"]))
    assert "linked, but parted: edits do not flow any more: its event was deleted." in text
    assert "deleted in Google; `on_event_deleted` keeps the activity" in text


def test_a_held_one_names_its_hold(world: World) -> None:
    world.anna_is(max_delete_count=0, max_delete_ratio=0.01)
    world.green()
    activities = [world.activity(f"Call {n}", due_time=f"{9 + n:02d}:00") for n in range(3)]
    world.green()
    for event in world.events():
        world.google.delete_event(world.calendar, event["id"])
    world.sync()
    found = explained(world, activities[0]["id"])
    (known,) = found.known
    assert [(hold.rule, hold.state) for hold in known.holds] == [("max_delete", "open")]
    text = told(found)
    assert "kept back until a person decides" in text
    assert "more deletions than the account allows. Decide it under Required Actions." in text


def test_one_in_quarantine_tells_the_error_and_the_next_try(world: World, pair: dict[str, Any]) -> None:
    world.pipedrive.edit_activity(pair["id"], due_date="2026-02-31")
    world.sync()
    found = explained(world, pair["id"])
    (row,) = found.known[0].aside
    assert row.attempts == 1
    assert "It failed once since" in told(found)
    assert f"next try {row.next_try_at:%Y-%m-%d %H:%M:%S}: " in told(found)


# Not linked.


def test_an_old_activity_is_from_before_the_account_was_connected(world: World) -> None:
    activity = old(world)
    found = explained(world, activity["id"])
    (look,) = found.looks
    assert (look.found, look.where, look.cause) == (Found.LIVE, "anna", "before_connected")
    assert "Not synced: last edited before the account was connected." in told(found)
    assert "Old call" not in told(found)
    assert "Old call" in told(found, personal=True)


@pytest.mark.parametrize(
    ("settings", "fields", "cause"),
    [
        ({"activity_types": ["meeting"]}, {}, "other_type"),
        ({}, {"due_date": None, "due_time": None}, "no_date"),
        ({"mode": "to_pipedrive"}, {}, "mode"),
        ({"done": "remove"}, {"done": True}, "done"),
    ],
)
def test_an_activity_that_is_left_out_says_why(
    world: World, settings: dict[str, Any], fields: dict[str, Any], cause: str
) -> None:
    world.anna_is(**settings)
    world.green()
    activity = world.activity(**fields)
    world.green()
    (look,) = explained(world, activity["id"]).looks
    assert (look.where, look.cause) == ("anna", cause)


def test_a_new_activity_is_what_the_next_run_creates(world: World) -> None:
    world.green()
    activity = world.activity()
    found = explained(world, activity["id"])
    assert "The next run that reads it does this: new event, because: new activity." in told(found)
    world.green()
    assert explained(world, activity["id"]).is_linked


def test_nobody_is_responsible_for_an_activity_of_a_user_without_an_account(world: World) -> None:
    world.green()
    bob = world.pipedrive.add_user("Bob", "bob@acme.example", "Europe/Berlin")["id"]
    activity = world.activity(owner_id=bob)
    found = explained(world, activity["id"])
    assert [(look.where, look.cause) for look in found.looks] == [("", "no_account")]
    assert "no account belongs to its owner" in told(found)


def test_what_is_not_there_or_deleted_says_so(world: World) -> None:
    world.green()
    nothing = explained(world, 999_999)
    assert [look.found for look in nothing.looks] == [Found.NOT_FOUND]
    assert not nothing.is_known
    assert "Not found" in told(nothing)
    event = world.event()
    world.google.delete_event(world.calendar, event["id"])
    gone = explained(world, event["id"])
    assert [look.found for look in gone.looks] == [Found.DELETED]
    assert gone.is_known


def test_events_that_are_left_out_say_why(world: World) -> None:
    world.anna_is(private_events="skip")
    ancient = world.event("Ancient")
    world.pass_time(3600)
    world.green()
    events = {
        "before_connected": ancient,
        "private": world.event("Secret", visibility="private"),
        "whole_series": world.event("Weekly", recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"]),
        "declined": world.event("Declined", attendees=[{"email": world.calendar, "responseStatus": "declined"}]),
        "other_company": world.event("Theirs", id="theirs0"),
    }
    marked = {"calsyncActivityId": "1", "calsyncCompany": "78", "calsyncEventId": "theirs0"}
    world.edit_event(events["other_company"], extendedProperties={"private": marked})
    for cause, event in events.items():
        (look,) = explained(world, event["id"]).looks
        assert (look.where, look.cause) == ("anna", cause), cause
    assert "Secret" not in told(explained(world, events["private"]["id"]), personal=True)
    text = told(explained(world, events["whole_series"]["id"]))
    assert "Each of its occurrences is synced by itself" in text


def test_an_occurrence_beyond_the_horizon_says_so(world: World) -> None:
    world.anna_is(horizon_days=10)
    world.green()
    world.event("Weekly", recurrence=["RRULE:FREQ=WEEKLY;COUNT=9"])
    world.green()
    client = world.services().google("google_calendar_default", ANNA)
    first, far = NOW - timedelta(days=30), NOW + timedelta(days=40)
    listed = [raw for page in client.expanded(world.calendar, time_min=first, time_max=far) for raw in page]
    (look,) = explained(world, listed[-1]["id"]).looks
    assert look.cause == "outside_horizon"


def test_without_an_account_for_its_calendar_nobody_is_asked(world: World) -> None:
    world.green()
    other = world.google.add_calendar(ANNA, "Other")
    event = world.event("Elsewhere", calendar=other)
    with world.requests() as asked:
        found = explained(world, event["htmlLink"])
    assert not asked
    assert found.looks == ()
    assert "No enabled account is responsible for it." in told(found)


def test_an_account_that_can_t_be_looked_up_is_named(world: World) -> None:
    world.account(name="bob", pipedrive_user="bob@acme.example", google_user="bob@acme.example", calendar="primary")
    found = explained(world, world.activity()["id"])
    assert any(problem.startswith("account bob:") for problem in found.problems)
    assert [look.where for look in found.looks] == ["anna"]
    with pytest.raises(SettingsError, match="--account eve: not configured"):
        explain(world.services(), item_id("1"), account="eve")


def test_of_an_activity_only_its_owners_accounts_are_looked_up(world: World) -> None:
    bob, _ = world.add_colleague("bob")
    world.green()
    world.account(name="bob", calendar="nobody@group.calendar.google.com")
    mine, theirs = (explained(world, world.activity(owner_id=each)["id"]) for each in (world.anna, bob))
    assert ([look.where for look in mine.looks], mine.problems) == (["anna"], ())
    assert theirs.problems[0].startswith("account bob:")
    world.account(name="bob", calendar="primary", pipedrive_user=ANNA, google_user=ANNA)
    assert {look.where for look in explained(world, world.activity()["id"]).looks} == {"anna", "bob"}


def test_of_what_was_deleted_history_shows_what_people_saw(world: World, pair: dict[str, Any]) -> None:
    world.google.delete_event(world.calendar, world.the_event()["id"])
    world.green()
    text = told(explained(world, pair["id"]), personal=True)
    assert "subject: Call about the roll-out" in text
    assert not any(name in text for name in ("refs:", "context:", "owner_id:", "etag:"))


def test_an_event_asks_only_the_account_that_is_named(world: World) -> None:
    world.add_colleague("bob")
    world.green()
    event = world.event(start={"date": day(1)}, end={"date": day(2)})
    assert [(look.where, look.found) for look in explained(world, event["id"]).looks] == [
        ("anna", Found.LIVE),
        ("bob", Found.NOT_FOUND),
    ]
    assert [look.where for look in explained(world, event["id"], account="anna").looks] == ["anna"]
