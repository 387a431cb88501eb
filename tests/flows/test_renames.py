"""Renamed deals, leads, persons and organizations on their way to events."""

from __future__ import annotations

from typing import Any

import pytest

from include.calsync.flows.pulling import pace as budget
from include.calsync.flows.pulling import renames
from include.sandbox.faults import Fault
from tests.flows.world import World, day

HOUR = 3660


def named(world: World) -> dict[str, Any]:
    """An activity with everything that has a name, and its event."""
    pipedrive = world.pipedrive
    org = pipedrive.add_organization("ACME")["id"]
    person = pipedrive.add_person("Eva", email="eva@x.example", phone="+49 1", org_id=org)["id"]
    deal = pipedrive.add_deal("Roof")["id"]
    world.green()
    world.activity("Call", deal_id=deal, person_id=person, org_id=org)
    world.green()
    assert world.the_event()["summary"] == "Roof > Eva > ACME > Call"
    return {"deal": deal, "person": person, "organization": org}


def shown(world: World) -> str:
    event = world.the_event()
    return f"{event['summary']}\n{event['description']}"


@pytest.mark.parametrize(
    ("kind", "fields", "texts"),
    [
        ("deal", {"title": "Wall"}, ["Wall > Eva > ACME > Call", "Deal: Wall"]),
        ("person", {"name": "Eve"}, ["Roof > Eve > ACME > Call", "Contact: Eve"]),
        ("organization", {"name": "Ajax"}, ["Roof > Eva > Ajax > Call", "Organization: Ajax"]),
        ("person", {"phones": [{"value": "+49 2", "primary": True}]}, ["Phone: +49 2"]),
        ("person", {"emails": [{"value": "e@y.example", "primary": True}]}, ["E-mail: e@y.example"]),
    ],
)
def test_a_new_name_is_shown_within_the_hour(world: World, kind: str, fields: dict[str, Any], texts: list[str]) -> None:
    keys = named(world)
    world.pipedrive.edit_entity(kind, keys[kind], **fields)
    world.assert_quiet()
    world.pass_time(HOUR)
    world.green()
    for text in texts:
        assert text in shown(world)
    assert world.the_activity()["subject"] == "Call"
    world.assert_quiet()
    world.pass_time(HOUR)
    world.assert_quiet()


def test_a_renamed_lead(world: World) -> None:
    lead = world.pipedrive.add_lead("Idea", person_id=world.pipedrive.add_person("Eva")["id"])["id"]
    world.green()
    world.activity("Call", lead_id=lead)
    world.green()
    world.pipedrive.rename_lead(lead, "Plan")
    world.pass_time(HOUR)
    world.green()
    assert world.the_event()["summary"].startswith("Plan > ")
    world.assert_quiet()


def test_many_events_of_one_deal_are_nobodys_edits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither held as a mass edit, nor counted against the next edit; a part in each run."""
    monkeypatch.setattr(renames, "PER_RUN", 4)
    deal = world.pipedrive.add_deal("Roof")["id"]
    world.green()
    for number in range(6):
        world.activity(f"Visit {number}", deal_id=deal, due_date=day(number + 1))
    world.green()
    world.anna_is(max_change_count=1, max_change_ratio=0)
    world.pipedrive.rename_deal(deal, "Wall")
    world.pass_time(HOUR)
    world.green()
    names = [event["summary"].split(" > ")[0] for event in world.events()]
    assert (names.count("Wall"), names.count("Roof")) == (4, 2)
    world.pass_time(300)
    world.green()
    assert all(event["summary"].startswith("Wall > ") for event in world.events())
    world.pipedrive.edit_activity(world.activities()[0]["id"], location="Bar")
    world.green()
    assert sum(event.get("location") == "Bar" for event in world.events()) == 1
    world.assert_quiet()


def test_an_event_of_its_author_is_left_alone(world: World) -> None:
    deal = world.pipedrive.add_deal("Roof")["id"]
    world.green()
    world.event("Lunch")
    world.green()
    world.pipedrive.edit_activity(world.the_activity()["id"], deal_id=deal)
    world.green()
    world.pipedrive.rename_deal(deal, "Wall")
    world.pass_time(HOUR)
    world.assert_quiet()
    assert world.the_event()["summary"] == "Lunch"


def test_a_rename_is_neither_lost_with_a_run_nor_with_a_store(world: World) -> None:
    """The run that learns of it can't write; the activity is edited in between."""
    keys = named(world)
    world.pipedrive.rename_deal(keys["deal"], "Wall")
    world.pass_time(HOUR)
    world.sandbox.google.faults.add(Fault("status", method="PATCH", path="/events/", status=503, times=0))
    world.sync()
    world.pipedrive.edit_activity(world.the_activity()["id"], location="Bar")
    world.sandbox.google.faults.clear()
    world.pass_time(600)
    world.green()
    world.green()
    assert world.the_event()["summary"].startswith("Wall > ")
    assert world.the_event()["location"] == "Bar"
    world.assert_quiet()


def listings(world: World) -> int:
    """How often names were asked for by one run."""
    with world.requests() as seen:
        world.green()
    return sum(seen[f"GET {kind}.list"] for kind in ("deals", "persons", "organizations", "leads"))


def test_names_are_asked_for_once_an_hour(world: World) -> None:
    """Nothing hangs on a lead: leads are not asked for."""
    named(world)
    for seconds, count in ((0, 0), (HOUR, 3), (60, 0), (HOUR, 3)):
        world.pass_time(seconds)
        assert listings(world) == count


def test_names_are_asked_for_once_a_day_while_tokens_are_scarce(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = named(world)
    monkeypatch.setattr(budget, "pace", lambda *_: budget.Pace(thrifty=True))
    world.pipedrive.rename_deal(keys["deal"], "Wall")
    for seconds, count in ((HOUR, 0), (20 * 3600, 0), (4 * 3600, 6)):
        world.pass_time(seconds)
        assert listings(world) == count  # in the end also the names of what was renamed
    assert world.the_event()["summary"].startswith("Wall > ")
    assert listings(world) == 0


@pytest.mark.parametrize("status", [403, 404, 415])
def test_a_kind_that_may_not_be_listed_stops_nothing(
    world: World, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Leads are a feature that a company may switch off. What was renamed meanwhile is made up for."""
    deal = world.pipedrive.add_deal("Roof")["id"]
    lead = world.pipedrive.add_lead("Idea", person_id=world.pipedrive.add_person("Eva")["id"])["id"]
    world.green()
    world.activity("Call", deal_id=deal)
    world.activity("Mail", lead_id=lead, due_time="15:00")
    world.green()
    world.pipedrive.rename_deal(deal, "Wall")
    world.pipedrive.rename_lead(lead, "Plan")
    world.sandbox.pipedrive.faults.add(Fault("status", status=status, method="GET", path="/leads$", times=0))
    world.pass_time(HOUR)
    world.green()
    titles = {event["summary"] for event in world.events()}
    assert titles == {"Wall > Call", "Idea > Mail"}
    (told,) = {line for line in caplog.messages if "new names of leads are not shown: " in line}
    assert f"leads.list: {status}" in told
    world.sandbox.pipedrive.faults.clear()
    world.pass_time(HOUR)
    world.green()
    assert {event["summary"] for event in world.events()} == {"Wall > Call", "Plan > Mail"}
    world.assert_quiet()


def test_a_lead_of_long_ago_that_is_used_now(world: World) -> None:
    """Its kind was not asked for until then."""
    lead = world.pipedrive.add_lead("Idea", person_id=world.pipedrive.add_person("Eva")["id"])["id"]
    world.green()
    for _ in range(3):
        world.pass_time(HOUR)
        assert listings(world) == 0
    world.activity("Mail", lead_id=lead)
    world.green()
    world.pipedrive.rename_lead(lead, "Plan")
    world.pass_time(HOUR)
    world.green()
    assert world.the_event()["summary"] == "Plan > Mail"
    world.assert_quiet()


def test_a_renamed_archived_deal(world: World) -> None:
    """It is in the listing of archived deals alone."""
    keys = named(world)
    world.pipedrive.archive_deal(keys["deal"])
    world.pass_time(HOUR)
    world.assert_quiet()
    world.pipedrive.rename_deal(keys["deal"], "Wall")
    world.pass_time(HOUR)
    world.green()
    assert world.the_event()["summary"].startswith("Wall > ")
    world.assert_quiet()


def test_deals_that_nobody_edited_end_no_page_of_renames(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their `update_time` is null, and the names behind them are read in later runs."""
    monkeypatch.setattr(renames, "PAGES_PER_RUN", 1)
    monkeypatch.setattr("include.calsync.clients.pipedrive.PAGE_SIZE", 2)
    world.pipedrive.options.unedited_deals = "null"
    keys = named(world)
    world.pass_time(60)
    world.pipedrive.rename_deal(world.pipedrive.add_deal("Edited")["id"], "First")
    world.pass_time(60)
    world.pipedrive.add_deal("Never edited")
    world.pass_time(60)
    world.pipedrive.rename_deal(keys["deal"], "Wall")
    world.pass_time(HOUR)
    for _ in range(3):
        world.green()
        world.pass_time(300)
    assert world.the_event()["summary"].startswith("Wall > ")
    world.assert_quiet()


@pytest.mark.parametrize("kind", ["html", "status"])
def test_a_page_that_is_not_pipedrives_own_stops_no_sync(
    world: World, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """A gateway answers with a page, or with 502, wherever this kind is listed."""
    named(world)
    fault = Fault(kind, status=404 if kind == "html" else 502, method="GET", path="/deals/archived$", times=0)
    world.sandbox.pipedrive.faults.add(fault)
    world.pass_time(HOUR)
    world.green()
    assert "new names of archived deals are not shown" in caplog.text
