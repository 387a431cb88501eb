"""What is made anew is made whole (law 2): from the last full object of its own side; its origin stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from include.calsync.core.marks import read_mark
from include.calsync.store.tables import run_account, sync_run
from tests.flows.world import World, day

Json = dict[str, Any]

# An activity is made anew.

KEPT = (
    "type", "owner_id", "deal_id", "person_id", "org_id", "project_id", "due_date", "due_time", "duration", "busy",
    "done", "location", "participants", "attendees", "public_description", "priority", "note", "subject",
)  # fmt: skip


def big_deal(world: World, **fields: Any) -> Json:
    """An activity with everything that its event does not show, synced and at rest."""
    world.green()
    org = world.pipedrive.add_organization("Orga")["id"]
    persons = [world.pipedrive.add_person(name, org_id=org)["id"] for name in ("Petra", "Paul")]
    deal = world.pipedrive.add_deal("Big deal", org_id=org)["id"]
    members = {
        "type": "lunch", "deal_id": deal, "org_id": org, "project_id": 7, "priority": 3, "busy": False,
        "participants": [{"person_id": key, "primary": at == 0} for at, key in enumerate(persons)],
        "attendees": [{"email": "petra@x.example", "name": "Petra"}],
        "note": "<p>Ask for the key</p>", "public_description": "<b>Prices</b>", "location": "Berlin",
    }  # fmt: skip
    world.activity("Own", **(members | fields))
    world.green()
    world.green()
    world.pass_time(600)
    return dict(world.the_activity())


def person_deletes_event(world: World) -> None:
    event = world.the_event()
    world.google.delete_event(world.calendar, event["id"])
    world.green()
    assert world.activities() == []
    world.pass_time(600)
    world.edit_event(event, status="confirmed")


def restored_after_our_deletion(world: World) -> None:
    event = world.the_event()
    world.pipedrive.delete_activity(world.the_activity()["id"])
    for _ in range(3):
        world.green()
    assert world.events() == []
    world.pass_time(600)
    world.edit_event(event, status="confirmed")


def edit_beats_deletion(world: World, **patch: Any) -> None:
    world.pipedrive.delete_activity(world.the_activity()["id"])
    world.edit_event(world.the_event(), **(patch or {"guestsCanModify": True, "location": "Berlin "}))


def kept_and_uploaded(world: World) -> None:
    world.anna_is(on_activity_deleted="keep")
    world.green()
    world.pipedrive.delete_activity(world.the_activity()["id"])
    for _ in range(3):
        world.green()
    world.upload(direction="to_pipedrive")


def lost_with_its_date(world: World) -> None:
    event, key = world.the_event(), world.the_activity()["id"]
    due = {name: world.the_activity()[name] for name in ("due_date", "due_time")}
    world.pipedrive.edit_activity(key, due_date=None, due_time=None)
    world.green()
    assert world.events() == []
    world.pipedrive.delete_activity(key)
    world.pass_time(600)
    world.edit_event(event, status="confirmed")
    assert due["due_date"]


COMEBACKS: dict[str, Callable[[World], None]] = {
    "restored event": person_deletes_event,
    "restored after our deletion": restored_after_our_deletion,
    "moved event": lambda world: edit_beats_deletion(world, location="Hamburg"),
    "upload": kept_and_uploaded,
    "restored without a date": lost_with_its_date,
}


@pytest.mark.parametrize("settings", [{}, {"done": "prefix", "include_note": True}], ids=["plain", "prefix"])
@pytest.mark.parametrize("way", COMEBACKS)
def test_an_activity_that_comes_back_is_what_it_was(world: World, way: str, settings: Json) -> None:
    world.anna_is(**settings)
    before = big_deal(world, done=bool(settings))
    title = world.the_event()["summary"]
    assert title == ("✓ " if settings else "") + "Big deal > Petra > Orga > Own"
    COMEBACKS[way](world)
    for _ in range(3):
        world.green()
    after = world.the_activity()
    expected = {name: before[name] for name in KEPT}
    if way == "moved event":
        expected["location"] = {**before["location"], "value": "Hamburg"}
    assert {name: after[name] for name in KEPT} == expected
    assert after["id"] != before["id"]
    event = world.the_event()
    assert event["summary"] == title
    mark, (link,) = read_mark(event), world.links()
    assert mark is not None
    assert (mark.activity_id, mark.origin, link.origin, link.activity_id) == (
        after["id"], "pipedrive", "pipedrive", after["id"],
    )  # fmt: skip
    world.assert_quiet()


@pytest.mark.parametrize(
    ("typed", "subject", "title"),
    [
        ("Big deal > Petra > Orga > Edited", "Edited", "Big deal > Petra > Orga > Edited"),
        ("Something else", "Something else", "Big deal > Petra > Orga > Something else"),
        ("deal > Petra > Orga > Own", "Own", "Big deal > Petra > Orga > Own"),
        ("", "Own", "Big deal > Petra > Orga > Own"),
    ],
    ids=["subject", "whole", "damaged", "emptied"],
)
def test_only_the_persons_edit_of_the_title_is_applied(world: World, typed: str, subject: str, title: str) -> None:
    big_deal(world)
    edit_beats_deletion(world, summary=typed, description="Anything", transparency="opaque")
    for _ in range(3):
        world.green()
    activity, event = world.the_activity(), world.the_event()
    assert (activity["subject"], event["summary"]) == (subject, title)
    assert (activity["public_description"], activity["busy"]) == ("Anything", True)
    assert activity["note"] == "<p>Ask for the key</p>"
    world.assert_quiet()


def test_also_where_events_are_not_imported_an_own_item_comes_back(world: World) -> None:
    world.anna_is(mode="pipedrive_only")
    big_deal(world)
    person_deletes_event(world)
    world.green()
    assert world.the_activity()["note"] == "<p>Ask for the key</p>"
    world.assert_quiet()


def account_notices(world: World) -> list[list[str]]:
    """What the last run told of its accounts."""
    with world.engine.connect() as conn:
        newest = select(sync_run.c.id).order_by(sync_run.c.started_at.desc()).limit(1).scalar_subquery()
        return list(conn.execute(select(run_account.c.notices).where(run_account.c.run_id == newest)).scalars())


def test_what_is_gone_is_left_out_and_told(world: World) -> None:
    before = big_deal(world)
    event = world.the_event()
    world.google.delete_event(world.calendar, event["id"])
    world.green()
    world.pipedrive.delete_deal(1)
    world.pipedrive.activity_types[:] = [
        {**row, "active_flag": row["key_string"] != "lunch"} for row in world.pipedrive.activity_types
    ]
    world.edit_event(event, status="confirmed")
    summary = world.sync()
    assert summary.failure is None
    activity = world.the_activity()
    assert [activity[name] for name in ("deal_id", "type", "note")] == [None, "meeting", "<p>Ask for the key</p>"]
    assert activity["org_id"] == before["org_id"]
    (row,) = account_notices(world)
    assert any("deal 1 is not there or hidden" in text for text in row)
    assert any("the type lunch is not in use any more" in text for text in row)
    for _ in range(2):
        world.green()
    shown = world.the_event()
    assert "Big deal" in event["summary"]
    assert "Big deal" not in shown["summary"] + shown["description"]
    world.assert_quiet()


def test_what_was_renamed_before_its_activity_is_made_anew_has_its_new_name(world: World) -> None:
    """The hourly look at names finds the activity that is gone."""
    world.green()
    deal = world.pipedrive.add_deal("Roof")["id"]
    activity = world.activity("Call", deal_id=deal)
    world.green()
    event = world.the_event()
    world.pass_time(2 * 3600)
    world.pipedrive.rename_deal(deal, "Tower")
    world.pipedrive.delete_activity(activity["id"])
    world.edit_event(event, location="Hall")
    for _ in range(4):
        world.sync()
        world.pass_time(600)
    world.green()
    assert world.the_activity()["location"]["value"] == "Hall"
    assert world.the_event()["summary"] == "Tower > Call"
    world.assert_quiet()


def test_an_authors_event_gets_its_enriched_activity_back(world: World) -> None:
    """Born in Google, and given a deal, a type and a note in Pipedrive since."""
    world.green()
    event = world.event("Lunch", description="Bring <i>papers</i>")
    world.green()
    deal = world.pipedrive.add_deal("Big deal")["id"]
    key = world.the_activity()["id"]
    world.pipedrive.edit_activity(key, deal_id=deal, type="task", note="Mine", done=True)
    world.green()
    world.pipedrive.delete_activity(key)
    world.edit_event(event, location="Bar")
    for _ in range(3):
        world.green()
    activity = world.the_activity()
    assert [activity[name] for name in ("subject", "deal_id", "type", "note", "done")] == [
        "Lunch", deal, "task", "Mine", True,
    ]  # fmt: skip
    assert activity["location"]["value"] == "Bar"
    assert world.the_event()["summary"] == "Lunch"
    assert world.the_event()["description"] == "Bring <i>papers</i>"
    assert [link.origin for link in world.links()] == ["google"]
    world.assert_quiet()


# An event is made anew.


def dressed(world: World, **fields: Any) -> Json:
    """The event of an activity, with what a person put on it: guests and all that no activity holds."""
    world.green()
    deal = world.pipedrive.add_deal("Roof")["id"]
    world.activity("Visit", deal_id=deal, **fields)
    world.green()
    world.edit_event(
        world.the_event(),
        attendees=[{"email": "eva@kunde.example", "displayName": "Eva"}, {"email": "max@kunde.example"}],
        colorId="5",
        reminders={"useDefault": False, "overrides": [{"method": "popup", "minutes": 45}]},
        transparency="transparent",
        guestsCanInviteOthers=False,
        attachments=[{"fileUrl": "https://drive.example/plan", "title": "Plan"}],
        conferenceData={"createRequest": {"requestId": "r1", "conferenceSolutionKey": {"type": "hangoutsMeet"}}},
        description="Bring <b>papers</b>",
    )
    for _ in range(2):
        world.green()
    world.pass_time(600)
    return dict(world.the_event())


DRESS = ("colorId", "reminders", "transparency", "guestsCanInviteOthers", "attachments", "summary", "location")


def assert_dressed(event: Json, before: Json, *names: str) -> None:
    for name in names or DRESS:
        assert event.get(name) == before.get(name), name
    assert [each["email"] for each in event["attendees"]] == [each["email"] for each in before["attendees"]]
    assert event["conferenceData"]["entryPoints"] == before["conferenceData"]["entryPoints"]
    assert "Bring <b>papers</b>" in event["description"]


def comes_and_goes(change: Json, back: Json) -> Callable[[World], None]:
    def way(world: World) -> None:
        key = world.the_activity()["id"]
        world.pipedrive.edit_activity(key, **change)
        world.green()
        assert world.events() == []
        world.pass_time(600)
        world.pipedrive.edit_activity(key, **back)

    return way


def by_setting(world: World) -> None:
    world.anna_is(activity_types=["meeting"], max_delete_ratio=1.0)
    world.green()
    assert world.events() == []
    world.anna_is(activity_types=["meeting", "call"])


def edited_while_deleted(world: World) -> None:
    world.google.delete_event(world.calendar, world.the_event()["id"])
    world.pipedrive.edit_activity(world.the_activity()["id"], note="Still on")


def kept_and_uploaded_event(world: World) -> None:
    world.google.delete_event(world.calendar, world.the_event()["id"])
    world.anna_is(on_event_deleted="keep")
    world.green()
    world.upload()


RETURNS: dict[str, Callable[[World], None]] = {
    "date": comes_and_goes({"due_date": None, "due_time": None}, {"due_date": day(1), "due_time": "09:00"}),
    "type": comes_and_goes({"type": "task"}, {"type": "call"}),
    "done": comes_and_goes({"done": True}, {"done": False}),
    "setting": by_setting,
    "edit beats deletion": edited_while_deleted,
    "upload": kept_and_uploaded_event,
}


@pytest.mark.parametrize("way", RETURNS)
def test_an_event_that_comes_back_is_what_it_was(world: World, way: str) -> None:
    world.anna_is(activity_types=["meeting", "call"], done="remove")
    before = dressed(world)
    key = world.the_activity()["id"]
    world.google.mails.clear()
    RETURNS[way](world)
    world.green()
    event = world.the_event()
    assert event["id"] != before["id"]
    assert_dressed(event, before)
    assert event["start"] == before["start"]
    assert world.the_activity()["id"] == key
    assert world.google.mails == []
    mark = read_mark(event)
    assert mark is not None
    assert (mark.activity_id, mark.event_id, mark.origin) == (key, event["id"], "pipedrive")
    world.assert_quiet()


def test_it_comes_back_at_another_time_and_with_another_color(world: World) -> None:
    world.anna_is(colors={"call": 2, "meeting": 3})
    before = dressed(world)
    comes_and_goes({"due_date": None, "due_time": None}, {"due_date": day(4), "due_time": "15:00", "type": "meeting"})(
        world
    )
    seen = world.green()
    event = world.the_event()
    assert seen["guests_not_informed"] == 1
    assert event["start"]["dateTime"].startswith(day(4))
    assert event["colorId"] == "3", "the color that a person chose lasts until the type changes"
    assert_dressed(event, before, "reminders", "attachments", "summary")
    world.assert_quiet()


def test_a_colleague_gets_it_with_guests_and_without_the_others_reminders(world: World) -> None:
    ben, bens = world.add_colleague("ben")
    before = dressed(world)
    world.pipedrive.edit_activity(world.the_activity()["id"], owner_id=ben)
    for _ in range(2):
        world.green()
    assert world.events() == []
    event = world.the_event(bens)
    assert event["reminders"] == {"useDefault": True}
    assert_dressed(event, before, "colorId", "transparency", "attachments", "summary")
    world.assert_quiet()


def test_an_edit_of_an_event_that_is_removed_meanwhile_comes_back_with_it(world: World) -> None:
    dressed(world)
    key = world.the_activity()["id"]
    world.edit_event(world.the_event(), location="Bar", summary="Roof > Late visit")
    world.pipedrive.edit_activity(key, due_date=None, due_time=None)
    world.green()
    assert world.events() == []
    world.pipedrive.edit_activity(key, due_date=day(3), due_time="10:00")
    for _ in range(2):
        world.green()
    event, activity = world.the_event(), world.the_activity()
    assert (event["location"], activity["location"]["value"]) == ("Bar", "Bar")
    assert (event["summary"], activity["subject"]) == ("Roof > Late visit", "Late visit")
    world.assert_quiet()


def test_an_authors_event_stays_its_authors(world: World) -> None:
    """Deleted in Google while its activity was edited: it keeps the title as typed, and gets no block."""
    world.green()
    event = world.event("Lunch", description="Bring <i>papers</i>", colorId="7")
    world.green()
    deal = world.pipedrive.add_deal("Roof")["id"]
    world.google.delete_event(world.calendar, event["id"])
    world.pipedrive.edit_activity(world.the_activity()["id"], subject="Dinner", deal_id=deal)
    world.green()
    made = world.the_event()
    assert (made["summary"], made["description"], made["colorId"]) == ("Dinner", "Bring <i>papers</i>", "7")
    assert [link.origin for link in world.links()] == ["google"]
    world.assert_quiet()


@pytest.mark.parametrize("in_trash", [True, False])
def test_of_a_private_event_nothing_is_stored_and_it_comes_back_private(world: World, in_trash: bool) -> None:
    """What it was is asked of its own calendar's trash alone."""
    before = dressed(world)
    key = world.the_activity()["id"]
    world.edit_event(world.the_event(), visibility="private", description="My secret")
    world.green()
    world.pipedrive.edit_activity(key, due_date=None, due_time=None)
    world.green()
    if not in_trash:
        world.google.purge_event(world.calendar, before["id"])
    world.pipedrive.edit_activity(key, due_date=day(3), due_time="10:00")
    world.green()
    event = world.the_event()
    assert (event["visibility"], event["summary"]) == ("private", "Roof > Visit")
    assert event["start"]["dateTime"].startswith(day(3))
    assert (event["description"] == "My secret", "attendees" in event, event.get("colorId") == "5") == (in_trash,) * 3
    world.engine.dispose()
    files = world.folder.glob("calsync.db*")
    assert not any(b"My secret" in file.read_bytes() for file in files)
    world.assert_quiet()


def test_an_old_event_that_is_restored_while_its_activity_has_a_new_one_gets_an_activity_of_its_own(
    world: World,
) -> None:
    key = big_deal(world)["id"]
    old = dict(world.the_event())
    world.google.delete_event(world.calendar, old["id"])
    world.pipedrive.edit_activity(key, location="Hamburg")  # an edit beats the deletion
    world.green()
    new = world.the_event()["id"]
    assert new != old["id"]
    world.pass_time(600)
    world.edit_event(old, status="confirmed")
    for _ in range(3):
        world.green()
    assert {event["id"] for event in world.events()} == {old["id"], new}
    (other,) = [each for each in world.activities() if each["id"] != key]
    assert other["subject"] == old["summary"]
    assert {(link.activity_id, link.event_id) for link in world.links()} == {(key, new), (other["id"], old["id"])}
