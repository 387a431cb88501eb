"""The complete comparison: it finds what no cursor shows, tells what drifted, repairs it within the guard, rests."""

from __future__ import annotations

from datetime import timedelta

import pytest

from include.calsync.flows.closing.close import Summary
from include.calsync.flows.pulling import pace
from include.sandbox.base import Fault
from tests.flows.judging import mapping_of
from tests.flows.steps import Steps
from tests.flows.world import World, account_row, day

NO_DRIFT = {"missing": 0, "extra": 0, "differing": 0, "orphaned": 0}


def pairs(world: World, count: int = 3) -> None:
    """So many pairs, the first runs of the account among them, out of reach of the next listing."""
    world.green()
    for number in range(count):
        world.activity(f"Call {number}", due_time=f"{9 + number:02}:00")
    world.green()
    world.pass_time(3600)
    world.green()


def drift(summary: Summary, name: str = "anna") -> dict[str, int]:
    """The kinds of drift that were found at all."""
    found: dict[str, int] = summary.result["accounts"][name]["drift"]
    assert set(found) == set(NO_DRIFT)
    return {kind: count for kind, count in found.items() if count}


def mended(world: World, **expected: int) -> None:
    """The comparison finds this, and after it nothing: no cursor was touched, and nothing is written again."""
    before = world.cursors()
    summary = world.reconcile()
    assert summary.failure is None
    assert drift(summary) == expected
    assert world.cursors() == before
    rests(world)


def rests(world: World) -> None:
    before, stored = world.cursors(), mapping_of(world)
    with world.requests():
        again = world.reconcile()
    assert (world.writes(), drift(again), again.failure) == (0, {}, None)
    assert mapping_of(world) == stored
    assert world.cursors() == before
    world.assert_quiet()


def test_nothing_drifted(world: World) -> None:
    pairs(world)
    rests(world)


# What a sync misses.


def test_events_of_a_page_that_google_lost(world: World) -> None:
    world.green()
    for number in range(6):
        world.event(f"Lunch {number}", start={"date": day(number + 1)}, end={"date": day(number + 2)})
    world.sandbox.google.faults.add(Fault("truncate", method="GET", path="/events$", still_parses=True))
    world.green()
    world.green()
    assert len(world.activities()) == 3, "the token stands behind what was lost"
    mended(world, extra=3)
    assert len(world.activities()) == 6


def test_edited_and_deleted_events_of_a_page_that_google_lost(world: World) -> None:
    pairs(world, 4)
    events = sorted(world.events(), key=lambda event: str(event["summary"]))
    for event in events[:2]:
        world.edit_event(event, location="Bar")  # these are in the first half, that is kept
    world.edit_event(events[2], location="Café")
    world.google.delete_event(world.calendar, events[3]["id"])
    world.sandbox.google.faults.add(Fault("truncate", method="GET", path="/events$", still_parses=True))
    world.green()
    world.green()
    assert {row["subject"]: (row["location"] or {}).get("value") for row in world.activities()} == {
        "Call 0": "Bar", "Call 1": "Bar", "Call 2": None, "Call 3": None,
    }  # fmt: skip
    mended(world, differing=1, missing=1)
    assert {row["subject"]: (row["location"] or {}).get("value") for row in world.activities()} == {
        "Call 0": "Bar", "Call 1": "Bar", "Call 2": "Café",
    }  # fmt: skip


def test_an_activity_that_pipedrive_listed_too_late(world: World) -> None:
    pairs(world)
    world.pipedrive.options.list_lag_s = 1200
    world.activity("Late", due_time="15:00")
    for _ in range(3):
        world.green()
        world.pass_time(300)
    world.pass_time(900)
    world.pipedrive.options.list_lag_s = 0
    world.green()
    assert "Late" not in {event["summary"] for event in world.events()}
    mended(world, extra=1)
    assert "Late" in {event["summary"] for event in world.events()}


def test_an_event_that_lost_our_properties(world: World) -> None:
    pairs(world)
    event = world.events()[0]
    stored = world.google.calendars[world.calendar].events[event["id"]]
    stored.data["extendedProperties"] = {}
    mended_event = world.reconcile()
    assert mended_event.failure is None
    rests(world)


# What is gone.


def test_a_deleted_activity_is_proven_by_two_runs(world: World) -> None:
    pairs(world)
    gone = world.activities()[0]
    world.pipedrive.delete_activity(gone["id"])
    first = world.reconcile()
    assert drift(first) == {"missing": 1}
    assert len(world.events()) == 3, "one 404 is no proof"
    world.green()
    assert len(world.events()) == 2, "the next run of any kind is the second"
    rests(world)


def test_all_links_are_compared_and_not_a_hundred(world: World) -> None:
    """A sync asks for a hundred ids a run; whoever comes next is only seen then."""
    world.anna_is(max_delete_count=1000, max_create_count=1000)
    world.green()
    for n in range(130):
        world.activity(f"Old {n}", due_date=day(-n // 8 - 1), due_time=f"{n % 8 + 8:02}:00")
    world.green()
    world.pass_time(3600)
    world.green()
    asked = sorted((link.probed_at, link.due_at, link.id) for link in world.links() if link.probed_at)
    links = {link.id: link for link in world.links()}
    last = [links[number] for *_, number in asked]  # whose turn comes last
    for link in last[-5:]:
        row = world.pipedrive.activities[link.activity_id]
        world.pipedrive.put_raw_activity(row["id"], subject="Edited", update_time=row["update_time"])
    for link in last[-10:-5]:
        world.pipedrive.purge_activity(link.activity_id)
    world.assert_quiet()
    with world.requests() as seen:
        assert drift(world.reconcile()) == {"missing": 5, "differing": 5}
    assert seen["GET activities.list"] == 2, "a page, and what is missing by id"
    assert seen["GET activities.get"] == 5, "law 3"
    assert drift(world.reconcile()) == {"missing": 5}
    assert len(world.events()) == 125
    assert sum(event["summary"] == "Edited" for event in world.events()) == 5
    rests(world)


def test_an_event_without_a_trace_is_held_until_it_is_back(world: World) -> None:
    pairs(world)
    event = world.events()[0]
    calendar = world.google.calendars[world.calendar]
    stored = calendar.events[event["id"]]
    world.google.purge_event(world.calendar, event["id"])
    world.green()
    summary = world.reconcile()
    assert drift(summary) == {"missing": 1}
    assert "events are not found any more, although their calendar answers" in str(summary.failure)
    assert len(world.activities()) == 3, "a 404 is no proof"
    again = world.reconcile()
    assert (again.failure, drift(again)) == (None, {"missing": 1})
    assert [link.state for link in world.links()].count("held") == 1
    world.green()
    calendar.put(stored)
    assert world.reconcile().failure is None
    assert {link.state for link in world.links()} == {"active"}
    rests(world)


def test_an_event_without_a_trace_whose_activity_is_deleted_by_hand(world: World) -> None:
    pairs(world)
    event = world.events()[0]
    link = next(link for link in world.links() if link.event_id == event["id"])
    world.google.purge_event(world.calendar, event["id"])
    world.reconcile()
    world.pipedrive.options.get_deleted = "200"
    world.pipedrive.delete_activity(link.activity_id)
    for _ in range(2):
        world.reconcile()
    assert len(world.links()) == 2
    rests(world)


def test_both_sides_gone(world: World) -> None:
    pairs(world)
    link = world.links()[0]
    world.pipedrive.options.get_deleted = "200"
    world.pipedrive.delete_activity(link.activity_id)
    world.google.delete_event(world.calendar, link.event_id)
    mended(world, orphaned=1)
    assert len(world.links()) == 2


def test_links_of_an_account_that_is_not_in_use(world: World) -> None:
    ben, _ = world.add_colleague("ben")
    world.green()
    world.activity("Ben's", owner_id=ben)
    world.green()
    world.accounts = [one for one in world.accounts if one["name"] == "anna"]
    world.anna_is()
    row = next(row for row in world.activities() if row["subject"] == "Ben's")
    world.pipedrive.edit_activity(row["id"], owner_id=world.anna)
    world.pass_time(3600)
    assert drift(world.reconcile()) == {"orphaned": 1}


# How it goes about it.


def test_the_guard_holds_what_is_too_much(world: World) -> None:
    world.anna_is(max_delete_count=2, max_delete_ratio=0.1)
    pairs(world, 6)
    for event in world.events()[:4]:
        world.google.delete_event(world.calendar, event["id"])
    summary = world.reconcile()
    assert "4 deletions" in str(summary.failure)
    assert drift(summary) == {"missing": 4}
    assert len(world.activities()) == 6


def test_a_dry_run_tells_and_writes_nothing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    pairs(world)
    row = world.activities()[1]
    world.pipedrive.put_raw_activity(row["id"], subject="Call back", update_time=row["update_time"])
    world.pipedrive.delete_activity(world.activities()[0]["id"])
    before = mapping_of(world)
    with world.requests():
        summary = world.reconcile(dry_run=True)
    assert world.writes() == 0
    assert mapping_of(world) == before
    assert drift(summary) == {"missing": 1, "differing": 1}
    tables = caplog.text[caplog.text.index("Drift:") :].splitlines()
    assert tables[1].split() == ["account", "missing", "extra", "differing", "orphaned"]
    assert tables[2].split() == ["anna", "1", "0", "1", "0"]
    assert any(line.split()[:2] == ["anna", "differing"] and "merge" in line for line in tables)
    assert "Call back" not in caplog.text


# Names.


def hanging(world: World) -> dict[str, int]:
    """An activity that hangs on a deal, a person and an organization, out of reach of the next listing."""
    pipedrive = world.pipedrive
    org = pipedrive.add_organization("ACME")["id"]
    keys = {"organization": org, "person": pipedrive.add_person("Eva", phone="+49 1", org_id=org)["id"]}
    keys["deal"] = pipedrive.add_deal("Roof")["id"]
    world.green()
    world.activity("Call", deal_id=keys["deal"], person_id=keys["person"], org_id=org)
    world.green()
    world.pass_time(3700)
    world.green()
    assert world.the_event()["summary"] == "Roof > Eva > ACME > Call"
    return keys


def test_new_names_are_shown_at_once(world: World) -> None:
    keys = hanging(world)
    world.pipedrive.rename_deal(keys["deal"], "Wall")
    world.pipedrive.edit_entity("person", keys["person"], name="Eve", phones=[{"value": "+49 2", "primary": True}])
    world.pipedrive.edit_entity("organization", keys["organization"], name="Ajax")
    world.assert_quiet()
    mended(world, differing=1)
    event = world.the_event()
    assert event["summary"] == "Wall > Eve > Ajax > Call"
    assert "Phone: +49 2" in event["description"]
    assert world.the_activity()["subject"] == "Call"


def test_names_of_the_interval_are_shown_at_once(world: World) -> None:
    keys = hanging(world)
    world.pipedrive.rename_deal(keys["deal"], "Wall")
    assert world.reconcile_days(5).failure is None
    assert world.the_event()["summary"].startswith("Roof > ")
    assert world.reconcile_days(1).failure is None
    assert world.the_event()["summary"].startswith("Wall > ")


def test_names_cost_few_requests_and_what_is_not_found_keeps_its_name(world: World) -> None:
    """A lead and an archived deal would have to be asked for one by one."""
    keys = hanging(world)
    lead = world.pipedrive.add_lead("Idea", person_id=keys["person"])["id"]
    archived = world.pipedrive.add_deal("Old roof")["id"]
    world.activity("Talk", lead_id=lead, person_id=keys["person"], due_time="13:00")
    for number in range(5):
        world.activity(f"Visit {number}", deal_id=archived, person_id=keys["person"], due_time=f"{14 + number}:00")
    world.green()
    world.pipedrive.edit_entity("deal", archived, is_archived=True)
    world.pipedrive.edit_entity("person", keys["person"], name="Eve")
    with world.requests() as seen:
        assert world.reconcile().failure is None
    assert {name: count for name, count in seen.items() if "deals" in name or "leads" in name} == {"GET deals.list": 1}
    assert seen["GET persons.list"] == seen["GET organizations.list"] == 1
    shown = sorted(event["summary"] for event in world.events())
    assert shown == [
        "Idea > Eve > Talk",
        *(f"Old roof > Eve > Visit {number}" for number in range(5)),
        "Roof > Eve > ACME > Call",
    ]
    rests(world)


def test_names_can_wait_while_tokens_are_scarce(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    keys = hanging(world)
    world.pipedrive.rename_deal(keys["deal"], "Wall")
    monkeypatch.setattr(pace, "pace", lambda *_: pace.Pace(thrifty=True))
    with world.requests() as seen:
        assert world.reconcile().failure is None
    assert not [name for name in seen if "deals" in name or "persons" in name]
    assert world.the_event()["summary"].startswith("Roof > ")
    assert caplog.text.count("names were not read anew") == 1


def test_reads_are_few(world: World) -> None:
    ben, _ = world.add_colleague("ben")
    pairs(world, 3)
    with world.requests() as seen:
        world.reconcile()
    assert seen["GET activities.list"] == 2, "one listing per user, and nothing to ask for by id"
    assert seen["GET events.list"] == 2
    assert all("owner_id" in request.query for request in world.sandbox.pipedrive.requests)
    assert ben


def test_beside_the_schedule(world: World) -> None:
    pairs(world)
    row = world.activities()[1]
    world.pipedrive.put_raw_activity(row["id"], subject="Call back", update_time=row["update_time"])
    comparing = Steps(world, dag_id="calendar_reconcile", kind="scheduled", reconcile=True).pull().plan()
    assert world.sync().result["accounts"]["anna"]["state"] == "busy"
    assert comparing.apply().close().failure is None
    syncing = Steps(world).pull()
    scheduled, by_hand = world.reconcile(kind="scheduled"), world.reconcile()
    assert scheduled.failure is None
    assert scheduled.result["accounts"]["anna"]["state"] == "busy"
    assert scheduled.result["accounts"]["anna"]["drift"] is None, "it did not look"
    assert "in use by run" in str(by_hand.failure)
    assert syncing.plan().apply().close().failure is None
    rests(world)


def test_a_failed_account_leaves_the_others_alone(world: World) -> None:
    world.add_colleague("ben")
    pairs(world)
    world.account(name="ben", google_user="nobody@acme.example")
    summary = world.reconcile()
    states = {name: (one["state"], one["drift"]) for name, one in summary.result["accounts"].items()}
    assert states == {"anna": ("ok", NO_DRIFT), "ben": ("failed", None)}


def test_the_first_run_of_all_connects_the_account_and_leaves_its_past_alone(world: World) -> None:
    world.activity("Before")
    world.pass_time(3600)
    summary = world.reconcile()
    assert summary.failure is None
    assert drift(summary) == {}
    assert account_row(world).activities_connected_at is not None
    assert world.cursors() == []
    world.activity("After", due_time="12:00")
    assert drift(world.reconcile()) == {"extra": 1}
    assert [event["summary"] for event in world.events()] == ["After"]
    world.pass_time(timedelta(hours=2).total_seconds())
    world.green()
    rests(world)
