"""What the connection's user may not see in Pipedrive: 403 for one item is no word about the credential (law 6)."""

from __future__ import annotations

import pytest

from include.sandbox.base import Fault
from tests.flows.judging import pair, settled
from tests.flows.world import World, account_row


@pytest.mark.parametrize("kind", ["deal", "lead"])
def test_what_an_activity_hangs_on_may_not_be_seen(world: World, kind: str) -> None:
    world.pipedrive.options.get_hidden = "403"
    person = world.pipedrive.add_person("Eva")["id"]
    thing = (world.pipedrive.add_deal if kind == "deal" else world.pipedrive.add_lead)("Roof", person_id=person)["id"]
    world.pipedrive.hide(world.anna, kind, [thing])
    world.green()
    world.activity("Call", person_id=person, **{f"{kind}_id": thing})
    world.green()
    assert [event["summary"] for event in world.events()] == ["Eva > Call"]
    world.assert_quiet()


@pytest.mark.parametrize("kind", ["deal", "lead", "person", "organization"])
def test_a_pasted_link_to_what_may_not_be_seen(world: World, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    world.pipedrive.options.get_hidden = "403"
    person = world.pipedrive.add_person("Eva")["id"]
    made = {
        "deal": lambda: world.pipedrive.add_deal("Roof"),
        "lead": lambda: world.pipedrive.add_lead("Roof", person_id=person),
        "person": lambda: world.pipedrive.add_person("Max"),
        "organization": lambda: world.pipedrive.add_organization("ACME"),
    }[kind]()["id"]
    world.pipedrive.hide(world.anna, kind, [made])
    world.green()
    path = "leads/inbox" if kind == "lead" else kind
    world.event("Lunch", description=f"{world.sandbox.pipedrive.url}/{path}/{made}")
    world.green()
    assert "not linked" in caplog.text
    assert world.the_activity()["subject"] == "Lunch"
    world.assert_quiet()


def test_an_activity_that_may_not_be_seen_any_more_is_no_deletion(world: World) -> None:
    """Told once and held, although the rights are as before: a 403 says that the activity is there."""
    world.pipedrive.options.get_hidden = "403"
    activity_id, _ = pair(world)
    world.activity("Other", due_time="15:00")
    world.green()
    world.pipedrive.hide(world.anna, "activity", [activity_id])
    summary = world.sync()
    assert account_row(world).state == "ok"
    assert "they may be hidden" in str(summary.failure)
    world.activity("New", due_time="17:00")
    for _ in range(3):
        world.pass_time(300)
        world.green()
    assert sorted(row.state for row in world.links()) == ["active", "active", "held"]
    assert len(world.events()) == 3
    world.pipedrive.unhide(world.anna)
    settled(world)
    assert {row.state for row in world.links()} == {"active"}
    world.assert_quiet()


def test_an_edit_for_an_activity_that_may_not_be_seen_any_more_waits_alone(world: World) -> None:
    world.pipedrive.options.get_hidden = "403"
    activity_id, event_id = pair(world)
    world.pipedrive.hide(world.anna, "activity", [activity_id])
    world.google.edit_event(world.calendar, event_id, location="Bar")
    world.event("Lunch")
    assert world.sync().failure is not None
    assert account_row(world).state == "ok"
    assert {row["subject"] for row in world.activities()} == {"Demo", "Lunch"}
    world.pipedrive.unhide(world.anna)
    world.pass_time(86_400)
    settled(world)
    assert world.pipedrive.activities[activity_id]["location"]["value"] == "Bar"


def test_a_refusal_that_passes_takes_no_name_away(world: World) -> None:
    deal = world.pipedrive.add_deal("Roof")["id"]
    world.pipedrive.archive_deal(deal)
    world.green()
    world.activity("Call", deal_id=deal)
    world.sandbox.pipedrive.faults.add(Fault("status", status=403, method="GET", path=f"/deals/{deal}$"))
    world.green()
    assert world.the_event()["summary"] == "Roof > Call"
    world.assert_quiet()


@pytest.mark.parametrize("body", [None, {"success": False, "error": "Scope and URL mismatch", "errorCode": 403}])
def test_a_refused_credential_is_not_taken_for_hidden_items(world: World, body: dict[str, object] | None) -> None:
    deal = world.pipedrive.add_deal("Roof")["id"]
    world.pipedrive.archive_deal(deal)
    world.green()
    world.activity("Call", deal_id=deal)
    path = f"/deals/{deal}$" if body else f"/deals/{deal}$|users/me"
    world.sandbox.pipedrive.faults.add(Fault("status", status=403, method="GET", path=path, body=body, times=0))
    assert world.sync().failure is not None
    assert account_row(world).state == "failed"
    assert world.events() == []
    world.sandbox.pipedrive.faults.clear()
    settled(world)
    assert world.the_event()["summary"] == "Roof > Call"


def test_a_name_that_may_be_seen_again_is_shown_within_the_hour(world: World) -> None:
    deal = world.pipedrive.add_deal("Roof")["id"]
    world.pipedrive.hide(world.anna, "deal", [deal])
    world.green()
    world.activity("Call", deal_id=deal)
    world.green()
    world.pipedrive.unhide(world.anna)
    world.pipedrive.edit_entity("deal", deal, visible_to=7)
    world.pass_time(3600)
    world.green()
    assert world.the_event()["summary"] == "Roof > Call"
    world.assert_quiet()


def test_what_was_renamed_while_its_activity_was_hidden_is_made_up_for(world: World) -> None:
    world.pipedrive.options.get_hidden = "403"
    deal = world.pipedrive.add_deal("Roof")["id"]
    activity_id, _ = pair(world, deal_id=deal)
    world.pipedrive.hide(world.anna, "activity", [activity_id])
    world.sync()
    world.pipedrive.rename_deal(deal, "Wall")
    for _ in range(3):
        world.pass_time(3700)
        world.green()
    world.pipedrive.unhide(world.anna)
    world.pass_time(3700)
    world.green()
    assert world.the_event()["summary"] == "Wall > Demo"
    world.assert_quiet()
    world.pass_time(3700)
    world.assert_quiet()
