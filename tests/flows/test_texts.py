"""Long texts, pasted links and video calls, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from include.calsync.core.limits import EVENT_DESCRIPTION, SHORTENED, SUBJECT
from tests.flows.world import World

LONG = "First " + "word " * 4000 + "last"
MEET = "https://meet.google.com/abc-defg-hij"


# Long texts.


def test_a_long_description_is_cut_on_the_event_only(world: World) -> None:
    deal = world.pipedrive.add_deal("Roof")["id"]
    world.green()
    key = world.activity("Call", public_description=LONG, deal_id=deal, location="Street " * 140)["id"]
    world.green()
    event = world.the_event()
    assert len(event["description"]) <= EVENT_DESCRIPTION
    assert SHORTENED in event["description"]
    assert "Deal: Roof" in event["description"]
    world.assert_quiet()
    world.edit_event(event, description=event["description"].replace("First", "Newest"))
    world.green()
    assert world.the_activity()["public_description"] == LONG.replace("First", "Newest")
    world.assert_quiet()
    world.pipedrive.edit_activity(key, public_description="Short")
    world.green()
    assert world.the_event()["description"].startswith("Short\n")
    assert SHORTENED not in world.the_event()["description"]
    world.assert_quiet()


def test_what_a_new_text_replaces_is_in_the_log(world: World) -> None:
    world.green()
    world.activity("Call", public_description=LONG)
    world.green()
    world.edit_event(world.the_event(), description="All new")
    assert world.green()["conflicts"] == 1
    assert world.the_activity()["public_description"] == "All new"
    assert any(lost["activity"] == LONG for row in world.changes() for lost in row.lost or [])
    world.assert_quiet()


def test_a_long_title_is_cut_on_the_activity_only(world: World) -> None:
    title = "First " + "word " * 150 + "last"
    world.green()
    event = world.event(title, description="<b>Agenda</b>" + "<p>point</p>" * 600)
    world.green()
    activity = world.the_activity()
    assert len(activity["subject"]) <= SUBJECT
    assert activity["subject"].endswith(SHORTENED)
    world.assert_quiet()
    world.pipedrive.edit_activity(activity["id"], subject=activity["subject"].replace("First", "Newest"))
    world.green()
    assert world.the_event()["summary"] == title.replace("First", "Newest")
    world.edit_event(event, location="Bar")
    world.green()
    assert world.the_event()["summary"] == title.replace("First", "Newest")
    world.assert_quiet()


def test_html_goes_across_without_what_follows_people(world: World) -> None:
    html = '<p>Hi <b>all</b><img src="https://t.example/1.gif" width="1"></p><script>x()</script><ul><li>one</li></ul>'
    world.green()
    world.activity("Call", public_description=html)
    world.green()
    shown = world.the_event()["description"]
    assert "<b>all</b>" in shown
    assert "script" not in shown
    assert "img" not in shown
    assert world.the_activity()["public_description"] == html
    for _ in range(3):
        world.assert_quiet()


# Links pasted into events.


def test_pasted_links_tie_the_activity(world: World) -> None:
    pipedrive, base = world.pipedrive, world.sandbox.pipedrive.url
    org, person = pipedrive.add_organization("ACME")["id"], pipedrive.add_person("Eva")["id"]
    deal, other = pipedrive.add_deal("Roof")["id"], pipedrive.add_deal("Wall")["id"]
    world.green()
    event = world.event(
        "Lunch", description=f'See <a href="{base}/deal/{deal}">the deal</a> and {base}/person/{person}.'
    )
    world.green()
    activity = world.the_activity()
    assert (activity["deal_id"], activity["person_id"], activity["org_id"]) == (deal, person, None)
    world.green()
    world.assert_quiet()
    text = f"{base}/deal/{other} https://acme.pipedrive.com/organization/{org} https://else.pipedrive.com/person/1"
    world.edit_event(event, description=text)
    world.green()
    activity = world.the_activity()
    assert (activity["deal_id"], activity["person_id"], activity["org_id"]) == (deal, person, org)
    assert world.the_event()["summary"] == "Lunch"
    world.green()
    world.assert_quiet()


def test_a_link_in_our_own_event_reaches_its_title(world: World) -> None:
    lead = world.pipedrive.add_lead("Idea", person_id=world.pipedrive.add_person("Eva")["id"])["id"]
    world.green()
    world.activity("Call")
    world.green()
    link = f"{world.sandbox.pipedrive.url}/leads/inbox/{lead}"
    world.edit_event(world.the_event(), description=f"{link}\n\n{world.the_event()['description']}")
    world.green()
    world.green()
    assert world.the_activity()["lead_id"] == lead
    assert world.the_event()["summary"] == "Idea > Call"
    world.assert_quiet()


@pytest.mark.parametrize("path", ["deal/999", "person/999", "organization/999", "leads/inbox/" + "-".join("a" * n for n in (8, 4, 4, 4, 12))])  # fmt: skip  # noqa: E501
def test_a_link_to_nothing_is_told_and_ignored(world: World, path: str, caplog: pytest.LogCaptureFixture) -> None:
    world.green()
    world.event("Lunch", description=f"{world.sandbox.pipedrive.url}/{path}")
    summary = world.sync()
    assert summary.failure is None
    assert "which is not there or hidden: not linked" in caplog.text
    assert world.the_activity()["subject"] == "Lunch"
    world.assert_quiet()


# Video calls.


def call(uri: str) -> dict[str, Any]:
    return {"entryPoints": [{"entryPointType": "phone", "uri": "tel:+1"}, {"entryPointType": "video", "uri": uri}]}


def test_the_call_of_an_event_is_the_place_of_its_activity(world: World) -> None:
    world.green()
    event = world.event("Lunch", conferenceData=call(MEET))
    world.green()
    key = world.the_activity()["id"]
    assert world.the_activity()["location"]["value"] == MEET
    assert "location" not in world.the_event()
    world.assert_quiet()
    world.pipedrive.edit_activity(key, location=None)
    world.green()
    world.assert_quiet()
    world.edit_event(event, location="Bar")
    world.green()
    assert world.the_activity()["location"]["value"] == "Bar"
    assert world.the_event()["conferenceData"]["entryPoints"][1]["uri"] == MEET
    world.assert_quiet()


def test_the_call_of_an_activity_is_in_the_block(world: World) -> None:
    world.green()
    key = world.activity("Call", conference_meeting_url="https://zoom.example/j/1")["id"]
    world.green()
    assert "Video call: https://zoom.example/j/1" in world.the_event()["description"]
    assert not world.the_activity()["public_description"]
    world.assert_quiet()
    world.pipedrive.edit_activity(key, conference_meeting_url=None)
    world.green()
    assert "Video call" not in world.the_event()["description"]
    world.assert_quiet()
