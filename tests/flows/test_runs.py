"""Runs as such: quiet ones, dry ones, full ones, backfills, modes, calendars by name, and what is not synced yet."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from include.calsync.errors import SettingsError
from include.sandbox.base import Fault
from tests.flows.world import ANNA, World, day


def test_a_quiet_run_asks_three_questions(world: World) -> None:
    _, calendar = world.add_colleague("ben")
    world.green()
    for number in range(5):
        world.activity(f"Call {number}")
        world.event(f"Lunch {number}", calendar=calendar, start={"date": day(number)}, end={"date": day(number + 1)})
    world.green()
    world.green()
    with world.requests():
        world.green()
    pipedrive = [f"{r.method} {r.path}" for r in world.sandbox.pipedrive.requests]
    google = [f"{r.method} {r.path}" for r in world.sandbox.google.requests]
    assert pipedrive == ["GET /api/v2/activities"] * 2, "one listing, one probe"
    assert "ids" in world.sandbox.pipedrive.requests[1].query
    assert sorted(google) == sorted(f"GET /calendar/v3/calendars/{c}/events" for c in (world.calendar, calendar))
    assert world.writes() == 0


def test_the_report_counts(world: World) -> None:
    world.green()
    world.activity("Call")
    world.event("Lunch")
    result = world.sync().result
    seen = result["accounts"]["anna"]
    assert (seen["state"], seen["error"]) == ("ok", None)
    assert seen["activities"]["created"] == 1
    assert seen["events"]["created"] == 1
    assert result["api_requests"]["pipedrive"] >= 2
    assert result["pipedrive_tokens"] >= 15


def test_a_dry_run_shows_the_plan_and_does_nothing(world: World) -> None:
    world.accounts[0]["calendar"] = {"create": "Pipedrive"}
    world.account(name="anna")
    world.activity("Call")
    with world.requests():
        summary = world.sync(dry_run=True)
    assert summary.failure is None
    assert world.writes() == 0
    assert world.links() == []
    world.green()
    world.pass_time(60)
    world.activity("New")
    with world.requests():
        planned = world.sync(dry_run=True).result["accounts"]["anna"]
    assert world.writes() == 0
    assert planned["events"]["created"] == 1
    assert world.green()["events"]["created"] == 1


def test_a_full_run_changes_nothing_that_is_equal(world: World) -> None:
    world.green()
    world.activity("Call")
    world.event("Lunch")
    world.green()
    with world.requests():
        world.green(full=True)
    assert world.writes() == 0
    world.assert_quiet()


def test_an_expired_sync_token_is_reported_and_harmless(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.green()
    world.activity("Call")
    world.green()
    world.google.expire_sync_tokens()
    world.edit_event(world.the_event(), location="Moved")
    world.green()
    assert "sync token expired" in caplog.text
    assert world.the_activity()["location"]["value"] == "Moved"
    world.assert_quiet()


def test_a_complete_listing_that_is_answered_like_an_expired_token_is_asked_once_more(world: World) -> None:
    world.green()
    world.event("Lunch")
    fault = Fault(kind="status", status=410, reason="fullSyncRequired", method="GET", path="/events$")
    world.sandbox.google.faults.add(fault)
    world.green(full=True)
    assert [row["subject"] for row in world.activities()] == ["Lunch"]


def test_a_calendar_is_created_once_by_name(world: World) -> None:
    world.anna_is(calendar={"create": "Pipedrive"})
    world.activity("Call")
    with world.requests():
        world.upload()
        with world.engine.begin() as conn:
            conn.exec_driver_sql("DELETE FROM directory")  # what was known of the calendar is forgotten
        world.green()
    created = [r for r in world.sandbox.google.requests if r.method == "POST" and r.path == "/calendar/v3/calendars"]
    assert len(created) == 1
    (link,) = world.links()
    assert [event["summary"] for event in world.events(link.calendar_id)] == ["Call"]


def test_a_calendar_whose_creation_was_never_answered_is_found(world: World) -> None:
    world.anna_is(calendar={"create": "Pipedrive"})
    lost = Fault(kind="drop", when="after", method="POST", path="/calendars$")
    world.sandbox.google.faults.add(lost)
    assert world.sync().failure
    world.sandbox.google.faults.clear()
    with world.requests():
        world.green()
    assert not [r for r in world.sandbox.google.requests if r.method == "POST" and r.path == "/calendar/v3/calendars"]


def test_the_primary_calendar(world: World) -> None:
    world.anna_is(calendar="primary")
    world.green()
    world.activity("Call")
    world.green()
    assert [event["summary"] for event in world.events(ANNA)] == ["Call"]
    assert world.links()[0].calendar_id == ANNA


def test_each_user_has_their_own(world: World) -> None:
    ben, calendar = world.add_colleague("ben", event_type="task")
    world.green()
    world.activity("Anna's")
    world.activity("Ben's", owner_id=ben)
    world.event("From Ben", calendar=calendar)
    world.green()
    assert [event["summary"] for event in world.events()] == ["Anna's"]
    assert sorted(event["summary"] for event in world.events(calendar)) == ["Ben's", "From Ben"]
    made = next(row for row in world.activities() if row["subject"] == "From Ben")
    assert (made["owner_id"], made["type"]) == (ben, "task")


def test_new_name_same_account(world: World) -> None:
    world.green()
    world.activity("Call")
    world.green()
    world.accounts[0]["name"] = "anna-smith"
    world.account(name="anna-smith")
    summary = world.sync()
    assert summary.failure is None
    assert summary.result["accounts"]["anna-smith"]["events"]["created"] == 0
    assert len(world.events()) == 1


def test_an_account_gone_from_the_file_loses_nothing(world: World) -> None:
    world.add_colleague("ben")
    world.green()
    world.activity("Call")
    world.green()
    anna = world.accounts.pop(0)
    world.account(name="ben")
    world.activity("While away")
    world.sync()
    assert len(world.events()) == 1
    world.accounts.append(anna)
    world.account(name="anna")
    world.green()
    assert {event["summary"] for event in world.events()} == {"Call", "While away"}
    world.assert_quiet()


# Modes.


@pytest.mark.parametrize(
    ("mode", "events", "activities"),
    [
        ("all_events", {"Call", "Lunch"}, {"Call", "Lunch"}),
        ("pipedrive_only", {"Call", "Lunch"}, {"Call"}),
        ("to_google", {"Call", "Lunch"}, {"Call"}),
        ("to_pipedrive", {"Lunch"}, {"Call", "Lunch"}),
    ],
)
def test_what_each_mode_creates(world: World, mode: str, events: set[str], activities: set[str]) -> None:
    world.anna_is(mode=mode)
    world.green()
    world.activity("Call")
    world.event("Lunch")
    world.green()
    assert {event["summary"] for event in world.events()} == events
    assert {row["subject"] for row in world.activities()} == activities
    world.assert_quiet()


def test_in_pipedrive_only_edits_flow_both_ways(world: World) -> None:
    world.anna_is(mode="pipedrive_only")
    world.green()
    world.activity("Call")
    world.green()
    world.edit_event(world.the_event(), location="Here")
    world.green()
    assert world.the_activity()["location"]["value"] == "Here"
    world.pipedrive.edit_activity(world.the_activity()["id"], subject="Call 2")
    world.green()
    assert world.the_event()["summary"] == "Call 2"


def test_to_google_keeps_foreign_edits_until_the_origin_changes_the_field(world: World) -> None:
    world.anna_is(mode="to_google")
    world.green()
    world.activity("Call", location="There")
    world.green()
    world.edit_event(world.the_event(), location="Here", summary="Mine")
    world.green()
    assert world.the_activity()["location"]["value"] == "There"
    assert world.the_event()["location"] == "Here"
    world.assert_quiet()
    world.pipedrive.edit_activity(world.the_activity()["id"], location="Elsewhere")
    world.green()
    assert world.the_event()["location"] == "Elsewhere"
    assert world.the_event()["summary"] == "Mine"
    assert [entry["event"] for change in world.changes() for entry in change.lost or []] == ["Here"]
    world.google.delete_event(world.calendar, world.the_event()["id"])
    world.green()
    world.pipedrive.edit_activity(world.the_activity()["id"], location="Later")
    world.green()
    assert world.events() == []
    assert len(world.activities()) == 1
    world.assert_quiet()


def test_to_pipedrive_writes_nothing_to_google(world: World) -> None:
    world.anna_is(mode="to_pipedrive")
    world.green()
    world.event("Lunch")
    with world.requests():
        world.green()
        world.edit_event(world.the_event(), location="Here")
        world.green()
        world.pipedrive.edit_activity(world.the_activity()["id"], subject="Changed")
        world.green()
    assert [r.method for r in world.sandbox.google.requests if "token" not in r.path].count("GET") == 3
    assert all(r.method == "GET" for r in world.sandbox.google.requests if "token" not in r.path)
    assert world.the_activity()["location"]["value"] == "Here"
    assert world.the_activity()["subject"] == "Changed"
    world.edit_event(world.the_event(), summary="Brunch")
    world.green()
    assert world.the_activity()["subject"] == "Brunch"
    world.assert_quiet()


def test_to_pipedrive_lets_an_edited_activity_go_with_its_event(world: World) -> None:
    """The edit was never to reach the event: it is no reason to keep the activity for ever."""
    world.anna_is(mode="to_pipedrive")
    world.green()
    event = world.event("Lunch")
    world.green()
    world.pipedrive.edit_activity(world.the_activity()["id"], subject="Long lunch")
    world.green()
    world.google.delete_event(world.calendar, event["id"])
    world.green()
    assert (world.activities(), world.links()) == ([], [])
    world.assert_quiet()


def test_an_upload_against_the_mode_is_refused(world: World) -> None:
    world.anna_is(mode="to_google")
    summary = world.upload(direction="to_pipedrive")
    assert "forbids an upload" in str(summary.failure)


@pytest.mark.parametrize("switch", [{"mode": "to_google"}, {"title": ["subject", "deal"]}, {"include_context": False}])
def test_changed_settings_duplicate_nothing(world: World, switch: dict[str, Any]) -> None:
    deal = world.pipedrive.add_deal("Deal")["id"]
    world.green()
    world.activity("Call", deal_id=deal)
    world.event("Lunch")
    world.green()
    world.anna_is(**switch)
    world.green()
    world.green()
    assert len(world.events()) == 2
    assert len(world.activities()) == 2
    world.assert_quiet()


def test_switching_the_mode_takes_both_sides_as_they_are(world: World) -> None:
    world.anna_is(mode="to_google")
    world.green()
    world.activity("Call", location="There")
    world.green()
    world.edit_event(world.the_event(), location="Here")
    world.green()
    world.anna_is(mode="all_events")
    world.assert_quiet()
    world.edit_event(world.the_event(), transparency="transparent")
    world.green()
    assert world.the_activity()["busy"] is False
    assert world.the_activity()["location"]["value"] == "There"
    assert world.the_event()["location"] == "Here"
    world.assert_quiet()


def test_a_dry_run_of_another_calendar_leaves_the_account_alone(world: World) -> None:
    world.green()
    world.activity("Call")
    world.green()
    world.anna_is(calendar={"create": "Elsewhere"})
    with world.requests():
        world.sync(dry_run=True)
    assert world.writes() == 0
    world.anna_is(calendar=world.calendar)
    world.assert_quiet()
    assert len(world.events()) == 1


# Not synced yet: skipped and counted, never half-synced.


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"eventType": "outOfOffice"}, "event_type"),
    ],
)
def test_what_is_not_synced_yet(world: World, fields: dict[str, Any], reason: str) -> None:
    world.anna_is(calendar="primary")
    world.green()
    world.event("Special", calendar=ANNA, **fields)
    seen = world.green()
    assert seen["skipped_by_reason"].get(reason, 0) >= 1
    assert world.activities() == []
    assert world.google.mails == []
    world.assert_quiet()


# Backfill.


def test_a_backfill_replays_an_interval_and_moves_no_cursor(world: World) -> None:
    world.green()
    begin = world.clock()
    world.activity("Call")
    world.event("Lunch")
    world.pass_time(3600)
    world.activity("Later")
    world.event("Later, too")
    interval = (begin - timedelta(minutes=1), begin + timedelta(minutes=30))
    before = world.cursors()
    world.sync(kind="backfill", interval=interval)
    assert (len(world.events()), len(world.activities())) == (3, 3), "what is later is left to the schedule"
    assert world.cursors() == before
    with world.requests():
        world.sync(kind="backfill", interval=interval)
    assert world.writes() == 0
    world.green()
    assert (len(world.events()), len(world.activities())) == (4, 4)
    world.assert_quiet()


# Settings.


def test_a_broken_accounts_file_fails_before_any_request(world: World) -> None:
    world.accounts_file.write_text("accounts: [{name: anna, colour: red}]")
    with world.requests() as seen, pytest.raises(SettingsError):
        world.sync()
    assert not seen


def test_unknown_accounts_are_named(world: World) -> None:
    with pytest.raises(SettingsError, match="nobody"):
        world.sync(accounts=["nobody"])


@pytest.mark.parametrize("personal", [False, True])
def test_the_plan_in_the_log_tells_what_people_typed_only_if_asked(
    world: World, caplog: pytest.LogCaptureFixture, personal: bool
) -> None:
    world.log_personal_data = personal
    caplog.set_level("INFO")
    world.green()
    world.activity("Call")
    world.green()
    world.pipedrive.edit_activity(world.the_activity()["id"], subject="Secret merger", location="Secret place")
    world.green()
    assert "change event" in caplog.text
    assert ("Secret" in caplog.text) is personal
