"""What becomes of events of activities that are done, reopened, or of another type; and colors."""

from __future__ import annotations

from typing import Any

import pytest

from include.sandbox.faults import Fault
from tests.flows.world import World


def done_activity(world: World, **fields: Any) -> int:
    """Somebody finishes an activity that is synced."""
    world.green()
    key = int(world.activity("Call", **fields)["id"])
    world.green()
    world.pipedrive.edit_activity(key, done=True)
    world.green()
    return key


def title(world: World) -> str:
    return str(world.the_event()["summary"])


def test_done_activities_keep_their_event(world: World) -> None:
    done_activity(world)
    assert title(world) == "Call"
    world.assert_quiet()


def test_a_mark_before_the_title_comes_and_goes(world: World) -> None:
    world.anna_is(done="prefix")
    deal = world.pipedrive.add_deal("Roof")["id"]
    key = done_activity(world, deal_id=deal)
    event = world.the_event()
    assert event["summary"] == "✓ Roof > Call"
    world.assert_quiet()
    world.edit_event(event, summary="✓ Roof > Call back")
    world.green()
    assert world.the_activity()["subject"] == "Call back"
    world.edit_event(event, summary="Visit")
    world.green()
    assert world.the_activity()["subject"] == "Visit"
    assert title(world) == "✓ Roof > Visit"
    world.edit_event(event, summary="Roof > Visit")  # only the mark is taken away: Google can't reopen an activity
    world.green()
    assert world.the_activity()["subject"] == "Visit"
    assert world.the_activity()["done"] is True
    assert title(world) == "✓ Roof > Visit"
    world.pipedrive.edit_activity(key, done=False)
    world.green()
    assert title(world) == "Roof > Visit"
    assert world.the_event()["id"] == event["id"]
    world.assert_quiet()


def test_an_event_of_its_author_is_not_marked(world: World) -> None:
    world.anna_is(done="prefix")
    world.green()
    world.event("Lunch")
    world.green()
    world.pipedrive.edit_activity(world.the_activity()["id"], done=True)
    world.green()
    assert title(world) == "Lunch"
    assert world.the_activity()["subject"] == "Lunch"
    world.assert_quiet()


def test_an_event_is_removed_and_comes_back(world: World) -> None:
    world.anna_is(done="remove")
    key = done_activity(world)
    assert world.events() == []
    world.assert_quiet()
    world.pipedrive.edit_activity(key, done=False)
    world.green()
    assert title(world) == "Call"
    assert world.the_activity()["id"] == key
    world.assert_quiet()


def test_an_event_of_its_author_stays_and_meets_its_activity_again(world: World) -> None:
    world.anna_is(done="remove")
    world.green()
    event = world.event("Lunch")
    world.green()
    key = world.the_activity()["id"]
    world.pipedrive.edit_activity(key, done=True, subject="Dinner")
    world.green()
    assert title(world) == "Lunch"
    world.pipedrive.edit_activity(key, done=False)
    world.green()
    assert title(world) == "Dinner"
    assert world.the_event()["id"] == event["id"]
    assert len(world.activities()) == 1
    world.assert_quiet()


STYLES = {"keep": ["Call"], "prefix": ["✓ Call"], "remove": []}


@pytest.mark.parametrize("after", STYLES)
@pytest.mark.parametrize("before", STYLES)
def test_another_style_is_applied_to_what_exists(world: World, before: str, after: str) -> None:
    world.anna_is(done=before)
    key = done_activity(world)
    world.pass_time(3600)
    world.anna_is(done=after, max_change_count=0, max_change_ratio=0, max_delete_count=2, max_delete_ratio=0)
    planned = world.sync(dry_run=True).result["accounts"]["anna"]["events"]
    assert [event["summary"] for event in world.events()] == STYLES[before]
    seen = world.green()["events"]
    assert [event["summary"] for event in world.events()] == STYLES[after]
    for what in ("created", "updated", "deleted"):
        assert planned[what] == seen[what]
    world.assert_quiet()
    world.anna_is(done=before)
    world.green()
    assert [event["summary"] for event in world.events()] == STYLES[before]
    assert world.the_activity()["id"] == key
    world.assert_quiet()


def test_settings_that_change_how_events_look_are_applied_to_what_exists(world: World) -> None:
    world.green()
    deal = world.pipedrive.add_deal("Roof")["id"]
    keys = [world.activity(f"Call {n}", deal_id=deal, due_time=f"{n + 8:02}:00")["id"] for n in range(3)]
    world.anna_is(max_change_count=0, max_change_ratio=0)
    world.green()
    world.anna_is(title=["subject", "deal"], include_context=False)
    world.green()
    assert sorted(e["summary"] for e in world.events()) == [f"Call {n} > Roof" for n in range(3)]
    assert all(not e.get("description") for e in world.events())
    assert [a["id"] for a in world.activities()] == keys
    world.assert_quiet()
    world.anna_is(title=["deal", "subject"], include_context=True)
    world.green()
    assert sorted(e["summary"] for e in world.events()) == [f"Roof > Call {n}" for n in range(3)]
    assert all("Deal: Roof" in e["description"] for e in world.events())
    world.assert_quiet()


def test_a_setting_is_applied_later_where_google_refuses_it_now(world: World) -> None:
    done_activity(world)
    world.anna_is(done="prefix")
    world.sandbox.google.faults.add(Fault("status", method="PATCH", path="/events/", status=400, times=1))
    world.sync()
    assert title(world) == "Call"
    world.sandbox.google.faults.clear()
    world.pass_time(600)
    world.green()
    world.green()
    assert title(world) == "✓ Call"
    world.assert_quiet()


# Types.


def test_a_type_is_taken_out_and_in_again(world: World) -> None:
    """Also an activity that is older than the account, and came by an upload."""
    key = world.activity("Old")["id"]
    world.pass_time(7200)
    world.green()
    world.upload()
    world.activity("New", due_time="13:00")
    world.event("Lunch")
    world.green()
    assert len(world.events()) == 3
    world.anna_is(activity_types=["meeting"])
    planned = world.sync(dry_run=True).result["accounts"]["anna"]["events"]["deleted"]
    assert planned == world.green()["events"]["deleted"] == 2
    assert [event["summary"] for event in world.events()] == ["Lunch"]
    assert len(world.activities()) == 3
    world.assert_quiet()
    world.anna_is(activity_types=None)
    world.green()
    assert sorted(event["summary"] for event in world.events()) == ["Lunch", "New", "Old"]
    assert key in [row["id"] for row in world.activities()]
    assert len(world.activities()) == 3
    world.assert_quiet()


# Colors.


def test_colors_follow_the_type(world: World) -> None:
    world.anna_is(colors={"call": 5, "task": 7})
    world.green()
    key = world.activity("Call")["id"]
    world.green()
    assert world.the_event()["colorId"] == "5"
    world.assert_quiet()
    world.pipedrive.edit_activity(key, type="task")
    world.green()
    assert world.the_event()["colorId"] == "7"
    world.pipedrive.edit_activity(key, type="lunch")
    world.green()
    assert "colorId" not in world.the_event()
    world.assert_quiet()


def test_a_color_that_a_person_chose_stays_until_the_type_changes(world: World) -> None:
    world.anna_is(colors={"call": 5, "task": 7})
    world.green()
    key = world.activity("Call")["id"]
    world.green()
    world.edit_event(world.the_event(), colorId="11")
    world.assert_quiet()
    world.pipedrive.edit_activity(key, subject="Call back")
    world.anna_is(colors={"call": 4, "task": 7})
    world.green()
    assert world.the_event()["colorId"] == "11"
    world.assert_quiet()
    world.pipedrive.edit_activity(key, type="lunch")
    world.green()
    assert world.the_event()["colorId"] == "11"
    world.pipedrive.edit_activity(key, type="task")
    world.green()
    assert world.the_event()["colorId"] == "7"
    world.assert_quiet()


def test_colors_are_given_to_what_exists_and_taken_back(world: World) -> None:
    world.green()
    world.activity("Call")
    world.event("Lunch", colorId="3")
    world.green()
    world.anna_is(colors={"call": 5, "meeting": 6})
    world.green()
    assert {e["summary"]: e.get("colorId") for e in world.events()} == {"Call": "5", "Lunch": "3"}
    world.assert_quiet()
    world.anna_is(colors={})
    world.green()
    assert {e["summary"]: e.get("colorId") for e in world.events()} == {"Call": None, "Lunch": "3"}
    world.assert_quiet()


def test_a_priority_has_a_color_that_wins_over_the_type_s(world: World) -> None:
    world.anna_is(colors={"call": 5, "priority High": 11, "priority low": 8})
    world.green()
    key = world.activity("Call", priority=priority(world, "High"))["id"]
    world.green()
    assert world.the_event()["colorId"] == "11"
    world.assert_quiet()
    for wanted, color in (("Low", "8"), ("Medium", "5"), ("High", "11"), (None, "5")):
        world.pipedrive.edit_activity(key, priority=wanted and priority(world, wanted))
        world.green()
        assert world.the_event()["colorId"] == color
    world.assert_quiet()


def test_a_color_that_a_person_chose_stays_until_the_priority_changes(world: World) -> None:
    world.anna_is(colors={"priority High": 11, "priority Low": 8})
    world.green()
    key = world.activity("Call", priority=priority(world, "High"))["id"]
    world.green()
    world.edit_event(world.the_event(), colorId="3")
    world.assert_quiet()
    world.pipedrive.edit_activity(key, priority=priority(world, "Medium"))
    world.green()
    assert world.the_event()["colorId"] == "3"
    world.pipedrive.edit_activity(key, priority=priority(world, "Low"))
    world.green()
    assert world.the_event()["colorId"] == "8"
    assert world.the_activity()["priority"] == priority(world, "Low")
    world.assert_quiet()


def test_a_priority_without_a_color_writes_nothing(world: World) -> None:
    world.green()
    key = world.activity("Call")["id"]
    world.green()
    world.pipedrive.edit_activity(key, priority=priority(world, "High"))
    with world.requests() as sent:
        world.green()
    assert not {name for name in sent if name.startswith(("PATCH", "POST", "DELETE"))}
    world.assert_quiet()


def priority(world: World, label: str) -> int:
    """The id of a priority."""
    return next(int(each["id"]) for each in world.pipedrive.priorities if each["label"] == label)
