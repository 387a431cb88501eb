"""A person is forgotten: what is kept of them is blanked, and everything else goes on as before."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select, update

from include.calsync.core.persons import Person, person
from include.calsync.flows.consent import Consents
from include.calsync.flows.editing import accounts as editing
from include.calsync.flows.editing import drafts
from include.calsync.flows.editing.results import Saved
from include.calsync.flows.forget import Forgotten, forget
from include.calsync.flows.services import utc_now
from include.calsync.store import accounts as known_accounts
from include.calsync.store.tables import change_log, log_guard, metadata, run_account
from tests.flows.world import World

LENA = "lena@nordwind.example"


def text_of(world: World, *but: str) -> str:
    """All that the store holds, as one text."""
    with world.engine.connect() as conn:
        tables = [table for table in metadata.sorted_tables if table.name not in but]
        rows = [tuple(row) for table in tables for row in conn.execute(select(table))]
    return json.dumps(rows, default=str).casefold()


def forgotten(world: World, who: str, *, do: bool = True) -> Forgotten:
    return forget(world.engine, person(who), do=do)


@pytest.fixture
def met(world: World) -> dict[str, Any]:
    """A meeting with Lena that was edited on both sides, and another one without her."""
    world.green()
    world.event("Meet Lena", attendees=[{"email": LENA, "displayName": "Lena Vogt"}])
    world.activity("Call the bank")
    world.green()
    event = next(event for event in world.events() if event["summary"] == "Meet Lena")
    world.edit_event(event, summary="Meet Lena Vogt", description=f"Her address: {LENA}")
    world.green()
    return event


def test_without_yes_it_only_counts(world: World, met: dict[str, Any]) -> None:
    before = text_of(world)
    counted = forgotten(world, LENA, do=False)
    assert counted.blanked["log"] == 3
    assert counted.blanked["plans"] == 2
    assert counted.stays == {"pairs": 1, "attendees": 0, "held": 0, "unfinished": 0, "accounts": 0}
    assert text_of(world) == before


def test_the_log_keeps_the_facts_and_loses_the_values(world: World, met: dict[str, Any]) -> None:
    facts = [(row.id, row.at, row.action, row.reason, row.activity_id, row.event_id) for row in world.changes()]
    assert forgotten(world, LENA).blanked["log"] == 3
    assert [(row.id, row.at, row.action, row.reason, row.activity_id, row.event_id) for row in world.changes()] == facts
    values = [row.after for row in world.changes() if row.event_id == met["id"]]
    assert values == [None] * 3
    other = [row.after for row in world.changes() if row.event_id != met["id"]]
    assert other[0]["title"] == "Call the bank"
    left = text_of(world, "link")
    assert [word for word in ("lena", "vogt", "nordwind") if word in left] == []
    assert "meet lena vogt" in text_of(world), "the pair lives"
    with world.engine.connect() as conn:
        assert conn.execute(select(log_guard)).all() == []
    world.assert_quiet()
    again = forgotten(world, LENA)
    assert (again.blanked["log"], again.blanked["plans"]) == (0, 0)


def test_once_the_items_are_deleted_nothing_stays(world: World, met: dict[str, Any]) -> None:
    world.google.delete_event(world.calendar, met["id"])
    for _ in range(2):
        world.green()
    assert "meet lena" in text_of(world)
    counted = forgotten(world, LENA)
    assert counted.blanked["ended"] == 1
    assert not any(counted.stays.values())
    left = text_of(world)
    assert [word for word in ("lena", "vogt", "nordwind") if word in left] == []
    world.assert_quiet()


def test_a_person_of_pipedrive_is_found_by_id(world: World) -> None:
    world.green()
    lena = world.pipedrive.add_person("Lena Vogt", emails=[LENA])["id"]
    activity = world.activity("Call her", person_id=lena)
    world.green()
    assert forgotten(world, f"person:{lena + 1}", do=False).blanked["log"] == 0
    counted = forgotten(world, f"person:{lena}")
    assert (counted.blanked["log"], counted.stays["pairs"]) == (1, 1)
    assert [row.after for row in world.changes() if row.activity_id == activity["id"]] == [None]


def test_a_user_s_items_and_decisions_are_found(world: World, met: dict[str, Any]) -> None:
    ben, calendar = world.add_colleague("ben")
    world.green()
    world.activity("Ben's call", owner_id=ben)
    world.green()
    assert len(world.events(calendar)) == 1
    assert forgotten(world, f"user:{ben}").blanked["log"] == 1
    with world.engine.begin() as conn:
        conn.execute(log_guard.insert().values(key="test", erasing=True))
        conn.execute(update(change_log).values(actor="Boss@acme.example"))
        conn.execute(log_guard.delete())
    assert forgotten(world, "boss@acme.example").blanked["deciders"] == len(world.changes())
    assert {row.actor for row in world.changes()} == {"…"}


def test_notices_and_look_ups_lose_the_address(world: World, met: dict[str, Any]) -> None:
    with world.engine.begin() as conn:
        conn.execute(update(run_account).values(notices=[f"account anna: {LENA} is no user"], error=f"Ask {LENA}"))
    assert forgotten(world, LENA).blanked["notices"] == 3
    with world.engine.connect() as conn:
        told = conn.execute(select(run_account.c.notices, run_account.c.error)).all()
    assert {(row.notices[0], row.error) for row in told} == {("account anna: … is no user", "Ask …")}
    assert forgotten(world, "anna@acme.example", do=False).blanked["looked_up"] == 1
    assert person("anna@acme.example") == Person(address="anna@acme.example")


def test_settings_that_name_the_person_go_but_for_those_in_use(world: World) -> None:
    world.has_file = False
    services, mail = world.services(), "anna@acme.example"
    values = {"name": "anna", "pipedrive_user": mail, "google_user": mail, "calendar": world.calendar}
    added = editing.create(services, values, by="Boss@acme.example")
    assert isinstance(added, Saved)
    anna = added.account
    editing.save(services, anna.id, {**values, "done": "remove"}, base_version=1, by="olga")
    drafts.draft(services, values, by="olga", account_id=anna.id, base_version=2)
    counted = forgotten(world, mail)
    assert (counted.blanked["settings"], counted.stays["accounts"]) == (2, 1)
    assert [each.version for each in editing.versions(world.engine, anna.id)] == [2]
    assert forgotten(world, f"user:{world.anna}", do=False).stays["accounts"] == 0
    by_id = editing.save(services, anna.id, {**values, "pipedrive_user": world.anna}, base_version=2, by="olga")
    assert isinstance(by_id, Saved)
    assert forgotten(world, f"user:{world.anna}", do=False).stays["accounts"] == 1
    assert forgotten(world, "boss@acme.example").blanked["savers"] == 0, "that version is gone"
    world.green()
    editing.remove(services, anna.id, by="olga")
    counted = forgotten(world, mail)
    assert (counted.blanked["settings"], counted.stays["accounts"]) == (3, 0)
    assert editing.list_accounts(world.engine, removed=True) == []
    assert editing.versions(world.engine, anna.id) == []
    assert counted.blanked["runs"] == 1
    assert forgotten(world, mail, do=False).blanked["runs"] == 0
    with world.engine.connect() as conn:
        assert known_accounts.settings_then(conn, anna.id) is None
        assert known_accounts.last_settings(conn, "77", world.calendar) is None
    assert mail not in text_of(world, "directory")


def test_runs_keep_the_settings_of_an_account_that_is_in_use(world: World, met: dict[str, Any]) -> None:
    assert forgotten(world, "anna@acme.example").blanked["runs"] == 0
    world.assert_quiet()


def test_links_to_consent_pages_go(world: World) -> None:
    links = Consents(world.engine, clock=utc_now, encrypt=str, decrypt=str)
    links.ask(service="google", account="anna", person="Anna@acme.example", asked_by="Boss@acme.example")
    links.ask(service="pipedrive", account=None, person="", asked_by="olga")
    assert forgotten(world, "boss@acme.example", do=False).blanked["links"] == 1
    assert forgotten(world, "anna@acme.example").blanked["links"] == 1
    left = text_of(world, "directory")
    assert [word for word in ("anna@", "boss@") if word in left] == []
    assert "olga" in left


def test_who_saved_settings_is_blanked(world: World) -> None:
    world.has_file = False
    mail = "anna@acme.example"
    values = {"name": "anna", "pipedrive_user": mail, "google_user": mail, "calendar": world.calendar}
    added = editing.create(world.services(), values, by="Boss@acme.example")
    assert isinstance(added, Saved)
    assert forgotten(world, "boss@acme.example").blanked["savers"] == 1
    (anna,) = editing.list_accounts(world.engine)
    (version,) = editing.versions(world.engine, anna.id)
    assert (anna.updated_by, version.by) == ("…", "…")
