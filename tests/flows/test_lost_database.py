"""The database is lost, or an old copy of it comes back (F504)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from include.calsync.store.engine import create_store_engine
from tests.flows.judging import mapping_of, picture, settled
from tests.flows.killing import Snapshot
from tests.flows.world import World, day


def wipe(world: World) -> None:
    """The database is lost."""
    world.engine.dispose()
    file = Path(world.store_url.removeprefix("sqlite:///"))
    for each in file.parent.glob(file.name + "*"):
        each.unlink()
    world.engine = create_store_engine(world.store_url)


def company_at_rest(world: World) -> dict[str, Any]:
    """Pairs of both origins, with deals, whole days and descriptions; links by subject."""
    world.green()
    org = world.pipedrive.add_organization("ACME AG")["id"]
    person = world.pipedrive.add_person("Eva Muster", email="eva@kunde.example", phone="+49 30 1", org_id=org)["id"]
    deal = world.pipedrive.add_deal("Roof", person_id=person, org_id=org)["id"]
    hangs_on = {"deal_id": deal, "person_id": person, "org_id": org}
    world.activity("Offer", **hangs_on, public_description="<b>Prices</b>", location="Berlin")
    world.activity("All day", due_time=None, duration=None)
    world.activity("Short", due_date=day(2), duration=None, **hangs_on)
    world.event("Lunch", description="Bring <i>papers</i>")
    world.event("Fair", start={"date": day(3)}, end={"date": day(6)}, location="Hall 7")
    world.green()
    settled(world)
    world.pass_time(3600)
    subjects = {row["id"]: row["subject"] for row in world.activities()}
    return {subjects[row.activity_id]: row for row in world.links()}


def test_a_lost_database_is_found_again_in_the_events(world: World) -> None:
    company_at_rest(world)
    before, links = picture(world), {(row.activity_id, row.event_id, row.origin) for row in world.links()}
    wipe(world)
    with world.requests():
        world.green()
    assert world.writes() == 0
    assert {(row.activity_id, row.event_id, row.origin) for row in world.links()} == links
    assert picture(world) == before
    world.assert_quiet()


def test_edits_made_while_the_database_was_lost_arrive(world: World) -> None:
    links = company_at_rest(world)
    wipe(world)
    world.pipedrive.edit_activity(links["Offer"].activity_id, due_time="17:00", public_description="Cheaper")
    world.pipedrive.edit_activity(links["Lunch"].activity_id, subject="Late lunch")
    world.google.edit_event(world.calendar, links["Short"].event_id, location="Bar")
    world.google.edit_event(world.calendar, links["Fair"].event_id, start={"date": day(4)}, end={"date": day(7)})
    settled(world)
    activities = {row["subject"]: row for row in world.activities()}
    events = {row["summary"]: row for row in world.events()}
    assert set(activities) == {"Offer", "All day", "Short", "Late lunch", "Fair"}
    assert len(events) == len(activities) == len(world.links())
    offer = next(event for title, event in events.items() if title.endswith("Offer"))
    assert offer["start"]["dateTime"][11:16] == "18:00"
    assert offer["description"].startswith("Cheaper")
    assert offer["description"].count("Eva Muster") == 1
    assert "Late lunch" in events
    assert activities["Short"]["location"]["value"] == "Bar"
    assert activities["Fair"]["due_date"] == day(4)
    assert events["Fair"]["end"] == {"date": day(7)}


def test_what_was_deleted_while_the_database_was_lost_stays_deleted(world: World) -> None:
    links = company_at_rest(world)
    wipe(world)
    world.pipedrive.delete_activity(links["Offer"].activity_id)
    world.google.delete_event(world.calendar, links["Fair"].event_id)
    with world.requests():
        settled(world)
    assert "Offer" not in {row["subject"] for row in world.activities()}
    assert "Fair" not in {row["summary"] for row in world.events()}


def test_yesterdays_copy_of_the_database(world: World) -> None:
    """What was synced since the copy was made is equal on both sides already: nothing is written or doubled."""
    links = company_at_rest(world)
    copy = Snapshot(world)
    world.pass_time(86_400)
    world.activity("New here")
    world.event("New there")
    world.pipedrive.edit_activity(links["Short"].activity_id, subject="Shorter", due_time="17:00")
    world.google.edit_event(world.calendar, links["Offer"].event_id, location="Bar")
    world.google.delete_event(world.calendar, links["Fair"].event_id)
    world.pipedrive.delete_activity(links["All day"].activity_id)
    world.green()
    world.green()
    settled(world)
    before = picture(world)
    copy.restore_store()
    for _ in range(3):
        with world.requests():
            world.green()
        assert world.writes() == 0
    assert picture(world) == before
    known = mapping_of(world)
    world.assert_quiet()
    assert mapping_of(world) == known
