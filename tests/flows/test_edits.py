"""Edits of every shared field, both ways, together and against each other."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from include.calsync.store.tables import plan_row
from include.sandbox.faults import Fault
from tests.flows.world import World, day


@pytest.fixture
def paired(world: World) -> World:
    """One activity of a deal, a person and an organization, and its event."""
    org = world.pipedrive.add_organization("Müller GmbH")["id"]
    person = world.pipedrive.add_person(
        "Jörg Groß", emails=[{"value": "j@x.example", "primary": True, "label": "work"}]
    )["id"]
    deal = world.pipedrive.add_deal("Big Deal")["id"]
    world.green()
    world.activity(
        "Demo", deal_id=deal, person_id=person, org_id=org, location="Berlin", public_description="Agenda", busy=True
    )
    world.green()
    return world


def shown(world: World) -> dict[str, Any]:
    """The event as a person sees it."""
    event = world.the_event()
    return {
        "title": event.get("summary"),
        "start": event["start"].get("dateTime") or event["start"].get("date"),
        "place": event.get("location", ""),
        "description": event.get("description", ""),
        "busy": event.get("transparency") != "transparent",
    }


TITLE = "Big Deal > Jörg Groß > Müller GmbH > "

ACTIVITY_EDITS = [
    ({"subject": "Demo 2"}, "title", TITLE + "Demo 2"),
    ({"due_time": "12:00"}, "start", f"{day(1)}T"),
    ({"location": "Hamburg"}, "place", "Hamburg"),
    ({"busy": False}, "busy", False),
]


@pytest.mark.parametrize(("edit", "field", "value"), ACTIVITY_EDITS)
def test_an_edit_of_the_activity_reaches_the_event(paired: World, edit: Any, field: str, value: Any) -> None:
    before = shown(paired)
    paired.pipedrive.edit_activity(paired.the_activity()["id"], **edit)
    seen = paired.green()
    assert seen["events"]["updated"] == 1
    after = shown(paired)
    assert after[field] != before[field]
    assert str(after[field]).startswith(str(value))
    assert {k: v for k, v in after.items() if k != field} == {k: v for k, v in before.items() if k != field}
    paired.assert_quiet()


def test_a_new_description_keeps_the_context_below(paired: World) -> None:
    assert "Jörg Groß" in shown(paired)["description"]
    paired.pipedrive.edit_activity(paired.the_activity()["id"], public_description="New agenda")
    paired.green()
    text = shown(paired)["description"]
    assert text.startswith("New agenda")
    assert text.count("Big Deal") == 1
    assert "j@x.example" in text
    paired.assert_quiet()


def test_a_changed_deal_reaches_the_context_and_leaves_what_was_typed(paired: World) -> None:
    event = paired.the_event()
    paired.edit_event(event, description="More words\n" + event["description"])
    paired.green()
    other = paired.pipedrive.add_deal("Other Deal")["id"]
    paired.pipedrive.edit_activity(paired.the_activity()["id"], deal_id=other)
    paired.green()
    text = shown(paired)["description"]
    assert "Other Deal" in text
    assert "Big Deal" not in text
    assert text.startswith("More words")
    assert text.count("j@x.example") == 1
    paired.assert_quiet()


def test_an_event_that_changed_in_what_is_not_synced_is_written_at_once(paired: World) -> None:
    """Its new etag is kept: the write is not refused first."""
    paired.edit_event(paired.the_event(), colorId="5")
    paired.green()
    paired.pipedrive.edit_activity(paired.the_activity()["id"], subject="Other")
    with paired.requests() as seen:
        paired.green()
    assert (seen["PATCH events.patch"], seen["GET events.get"]) == (1, 0)


EVENT_EDITS = [
    ({"summary": TITLE + "Demo 3"}, {"subject": "Demo 3"}),
    (
        {"start": {"dateTime": f"{day(2)}T07:15:00Z"}, "end": {"dateTime": f"{day(2)}T08:00:00Z"}},
        {"due_date": day(2), "due_time": "07:15", "duration": "00:45"},
    ),
    ({"location": "Köln"}, {"location": "Köln"}),
    ({"transparency": "transparent"}, {"busy": False}),
    ({"description": "Typed in Google"}, {"public_description": "Typed in Google"}),
]


@pytest.mark.parametrize(("edit", "expected"), EVENT_EDITS)
def test_an_edit_of_the_event_reaches_the_activity(paired: World, edit: Any, expected: dict[str, Any]) -> None:
    paired.edit_event(paired.the_event(), **edit)
    seen = paired.green()
    assert seen["activities"]["updated"] == 1
    activity = paired.the_activity()
    activity["location"] = (activity["location"] or {}).get("value")
    assert {key: activity[key] for key in expected} == expected
    paired.assert_quiet()


def test_text_typed_above_the_block_flows_back_without_the_block(paired: World) -> None:
    event = paired.the_event()
    paired.edit_event(event, description="More words\n" + event["description"])
    paired.green()
    description = paired.the_activity()["public_description"]
    assert "More words" in description
    assert "Agenda" in description
    assert "Jörg" not in description
    paired.assert_quiet()


def test_different_fields_edited_on_both_sides_both_survive(paired: World) -> None:
    paired.pipedrive.edit_activity(paired.the_activity()["id"], location="Bonn")
    paired.edit_event(paired.the_event(), summary=TITLE + "Renamed")
    paired.green()
    assert shown(paired)["place"] == "Bonn"
    assert shown(paired)["title"] == TITLE + "Renamed"
    activity = paired.the_activity()
    assert (activity["subject"], activity["location"]["value"]) == ("Renamed", "Bonn")
    paired.assert_quiet()


def test_the_same_edit_on_both_sides_writes_nothing(paired: World) -> None:
    paired.pipedrive.edit_activity(paired.the_activity()["id"], location="Bonn")
    paired.edit_event(paired.the_event(), location="Bonn")
    paired.assert_quiet()
    paired.assert_quiet()


@pytest.mark.parametrize("side", ["activity", "event"])
def test_one_side_edited_again_and_again_is_no_conflict(paired: World, side: str) -> None:
    """What a run wrote to the other side is not that side's own edit: it has nothing to win."""
    paired.anna_is(conflict="google" if side == "activity" else "pipedrive")
    paired.green()
    for place in ("Bonn", "Köln", "Trier"):
        if side == "activity":
            paired.pipedrive.edit_activity(paired.the_activity()["id"], location=place)
        else:
            paired.edit_event(paired.the_event(), location=place)
        assert paired.green()["conflicts"] == 0
        assert paired.the_event()["location"] == paired.the_activity()["location"]["value"] == place


def test_busy_that_follows_the_time_is_nobody_s_edit(world: World) -> None:
    """An activity nobody set busy or free: with a time it is busy, and what Google says next is no conflict."""
    world.anna_is(conflict="pipedrive")
    world.green()
    world.activity("Fair", due_time=None, duration=None)
    world.green()
    assert shown(world)["busy"] is False
    timed = {side: {"dateTime": f"{day(1)}T{hour}:00:00Z"} for side, hour in (("start", 10), ("end", 11))}
    world.edit_event(world.the_event(), **timed)
    world.green()
    assert (world.the_activity()["due_time"], shown(world)["busy"]) == ("10:00", True)
    world.edit_event(world.the_event(), transparency="transparent")
    assert world.green()["conflicts"] == 0
    assert world.the_activity()["busy"] is False
    assert shown(world)["busy"] is False


def test_after_an_edit_the_pair_is_not_asked_about_again(paired: World) -> None:
    paired.pipedrive.edit_activity(paired.the_activity()["id"], subject="Renamed")
    paired.green()
    paired.green()
    with paired.requests() as seen:
        paired.green()
    assert sum(seen.values()) == 3, "two listings, one probe"


@pytest.mark.parametrize(
    ("conflict", "activity_later_s", "winner"),
    [
        ("pipedrive", -600, "Activity"),
        ("google", 600, "Event"),
        ("newest", 600, "Activity"),
        ("newest", -600, "Event"),
        ("newest", 20, "Activity"),
        ("newest", -20, "Activity"),
    ],
)
def test_a_conflict_follows_the_rule_and_the_loser_is_logged(
    paired: World, conflict: str, activity_later_s: int, winner: str
) -> None:
    paired.anna_is(conflict=conflict)
    edits = [
        lambda: paired.edit_event(paired.the_event(), location="Event"),
        lambda: paired.pipedrive.edit_activity(paired.the_activity()["id"], location="Activity"),
    ]
    first, second = edits if activity_later_s > 0 else reversed(edits)
    first()
    paired.pass_time(abs(activity_later_s))
    second()
    seen = paired.green()
    assert seen["conflicts"] == 1
    assert shown(paired)["place"] == winner
    assert paired.the_activity()["location"]["value"] == winner
    lost = [entry for change in paired.changes() for entry in change.lost or []]
    loser = {"Activity", "Event"} - {winner}
    assert {entry["field"] for entry in lost} == {"place"}
    why = "newest" if conflict == "newest" else "setting"
    with paired.engine.begin() as conn:
        planned = [entry for row in conn.execute(select(plan_row.c.conflicts)) for entry in row.conflicts or []]
    assert [entry["why"] for entry in (*planned, *lost)] == [why, why]
    assert {lost[0]["activity"], lost[0]["event"]} >= loser
    paired.assert_quiet()


# The title's round trip.


def title_edit(world: World, text: str) -> None:
    world.edit_event(world.the_event(), summary=text)
    world.green()


def test_the_prefix_never_accumulates(paired: World) -> None:
    for number in range(4):
        title_edit(paired, f"{TITLE}Demo {number}")
        assert paired.the_activity()["subject"] == f"Demo {number}"
        paired.pipedrive.edit_activity(paired.the_activity()["id"], subject=f"Call {number}")
        paired.green()
        assert shown(paired)["title"] == f"{TITLE}Call {number}"


def test_deal_and_title_change_at_once(paired: World) -> None:
    other = paired.pipedrive.add_deal("Other Deal")["id"]
    paired.pipedrive.edit_activity(paired.the_activity()["id"], deal_id=other)
    title_edit(paired, TITLE + "Fresh")
    assert paired.the_activity()["subject"] == "Fresh"
    assert shown(paired)["title"] == "Other Deal > Jörg Groß > Müller GmbH > Fresh"
    paired.assert_quiet()


def test_a_subject_with_the_separator_survives(paired: World) -> None:
    title_edit(paired, TITLE + "A > B > C")
    assert paired.the_activity()["subject"] == "A > B > C"
    paired.pipedrive.edit_activity(paired.the_activity()["id"], subject="B > C")
    paired.green()
    assert shown(paired)["title"] == TITLE + "B > C"
    paired.assert_quiet()


@pytest.mark.parametrize("text", ["Demo", "Deal > Jörg Groß > Müller GmbH > Demo", ""])
def test_damaged_ends_are_restored(paired: World, text: str) -> None:
    title_edit(paired, text)
    assert paired.the_activity()["subject"] == "Demo"
    assert shown(paired)["title"] == TITLE + "Demo"
    paired.assert_quiet()


def test_a_title_typed_anew_is_the_subject_once(paired: World) -> None:
    title_edit(paired, "Something else")
    assert paired.the_activity()["subject"] == "Something else"
    assert shown(paired)["title"] == TITLE + "Something else"
    paired.assert_quiet()


def test_the_order_is_configurable_and_empty_parts_drop(world: World) -> None:
    world.anna_is(title=["subject", "organization", "deal"])
    deal = world.pipedrive.add_deal("Big Deal")["id"]
    world.green()
    world.activity("Demo", deal_id=deal)
    world.green()
    assert shown(world)["title"] == "Demo > Big Deal"
    title_edit(world, "Changed > Big Deal")
    assert world.the_activity()["subject"] == "Changed"


def test_an_event_born_in_google_keeps_its_title_and_gets_no_block(world: World) -> None:
    deal = world.pipedrive.add_deal("Big Deal")["id"]
    world.green()
    world.event("Lunch", description="Mine")
    world.green()
    world.pipedrive.edit_activity(world.the_activity()["id"], deal_id=deal, note="internal", location="Here")
    world.green()
    event = world.the_event()
    assert (event["summary"], event["description"], event["location"]) == ("Lunch", "Mine", "Here")
    world.pipedrive.edit_activity(world.the_activity()["id"], subject="Dinner")
    world.green()
    assert world.the_event()["summary"] == "Dinner"
    world.assert_quiet()


def test_what_is_written_on_an_event(paired: World) -> None:
    event = paired.the_event()
    private = event["extendedProperties"]["private"]
    assert private == {
        "calsyncActivityId": str(paired.the_activity()["id"]),
        "calsyncCompany": "77",
        "calsyncEventId": event["id"],
        "calsyncOrigin": "pipedrive",
        "calsyncVersion": "1",
        "calsyncDeployment": paired.deployments[0],
    }
    assert event["source"]["url"].endswith(f"/deal/{paired.the_activity()['deal_id']}")
    assert not event.get("attendees")
    assert paired.google.mails == []


def test_an_event_born_in_google_is_marked(world: World) -> None:
    world.green()
    world.event("Lunch")
    world.green()
    private = world.the_event()["extendedProperties"]["private"]
    assert (private["calsyncOrigin"], private["calsyncActivityId"]) == ("google", str(world.the_activity()["id"]))


def test_the_service_rewrites_what_it_was_sent(world: World) -> None:
    world.pipedrive.options.trim_text = True
    world.pipedrive.options.seconds_in_times = True
    world.google.options.normalisations |= {"trim", "rewrite_html", "whole_minutes"}
    world.green()
    world.activity("  Demo  ", public_description=" Agenda \n\n")
    world.event("  Lunch  ", description="<b>Hi</b><br>there ")
    world.green()
    for _ in range(3):
        world.assert_quiet()


@pytest.mark.parametrize("kind", ["persons", "organizations"])
def test_a_name_that_one_listing_leaves_out_is_asked_for_again(world: World, kind: str) -> None:
    """A listing that was cut looks like one without those that may not be seen; titles follow only with an edit."""
    world.green()
    org = world.pipedrive.add_organization("ACME AG")["id"]
    person = world.pipedrive.add_person("Eva Muster", org_id=org)["id"]
    world.activity("Offer", person_id=person, org_id=org)
    world.sandbox.pipedrive.faults.add(Fault("truncate", path=f"/{kind}$", still_parses=True))
    world.green()
    assert world.sandbox.pipedrive.faults.struck
    assert world.the_event()["summary"] == "Eva Muster > ACME AG > Offer"
