"""Accounts are added and saved on the page: what is stored, what is refused, and what real runs make of it; on both
databases where several people save at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from include.calsync.core.account_records import PAGE
from include.calsync.core.raw import Json
from include.calsync.flows.editing import accounts as editing
from include.calsync.flows.editing.merging import merge
from include.calsync.flows.editing.results import Choice, Conflict, Invalid, Saved
from include.calsync.flows.opening import open_run
from include.sandbox.base import Fault
from include.sandbox.server import Sandbox
from tests.flows.edited import added, now, save, values, without_file
from tests.flows.world import ANNA, World
from tests.store.conftest import Databases, all_databases, databases

__all__ = ["all_databases", "databases"]


# Adding.


def test_an_account_that_is_added_syncs(page: World) -> None:
    page.activity("Before")
    page.pass_time(60)
    anna = added(page, mode="pipedrive_only")
    assert (anna.source, anna.version, anna.updated_by, anna.state) == (PAGE, 1, "olga", "ok")
    assert (anna.company_id, anna.user_id, anna.calendar_id) == ("77", page.anna, page.calendar)
    page.activity("Call")
    page.green()
    page.event()
    page.green()
    assert [event["summary"] for event in page.events()] == ["Call", "Lunch"]
    assert (len(page.links()), now(page, anna).last_success_at is not None) == (1, True)


def test_it_is_connected_when_it_is_saved_by_the_services_clocks(page: World) -> None:
    page.sandbox.google.clock.advance(600)
    page.sandbox.pipedrive.clock.advance(-600)
    anna = added(page)
    assert anna.activities_connected_at is not None
    assert anna.events_connected_at is not None
    assert 1190 <= (anna.events_connected_at - anna.activities_connected_at).total_seconds() <= 1210
    assert anna.events_connected_at.microsecond == 0
    page.green()
    assert now(page, anna).activities_connected_at == anna.activities_connected_at


def test_all_that_is_wrong_is_told_at_once_by_key(page: World) -> None:
    wrong = {"name": "Anna Smith", "google_user": "anna", "title": ["deal"], "colors": {"call": 12}, "modus": 1}
    result = editing.create(page.services(), wrong, by="olga")
    assert isinstance(result, Invalid)
    told = dict(result.problems)
    assert list(told) == ["name", "pipedrive_user", "google_user", "title", "colors", "modus"]
    assert told["pipedrive_user"] == "is missing; add it"
    assert told["colors"] == "call: must be at most 11, not 12"
    assert told["modus"] == "unknown key, did you mean `mode`?; remove or correct it"
    assert editing.list_accounts(page.engine) == []


def test_name_calendar_and_types_of_others_are_refused(page: World) -> None:
    added(page)
    again = editing.create(page.services(), values(page), by="olga")
    assert isinstance(again, Invalid)
    assert [key for key, _ in again.problems] == ["name", "calendar", "activity_types"]
    other = editing.create(page.services(), values(page, name="other", calendar="primary"), by="olga")
    assert isinstance(other, Invalid)
    assert [key for key, _ in other.problems] == ["activity_types"]
    assert "sync the same Pipedrive user's activity types" in other.problems[0][1]
    paused = editing.create(page.services(), values(page, name="other", enabled=False), by="olga")
    assert isinstance(paused, Saved)
    resumed = editing.resume(page.services(), paused.account.id, by="olga")
    assert isinstance(resumed, Invalid)
    assert [key for key, _ in resumed.problems] == ["calendar", "activity_types"]


def test_what_a_run_would_say_is_a_remark_and_the_account_is_saved(page: World) -> None:
    result = editing.create(page.services(), values(page, pipedrive_user="nobody@acme.example"), by="olga")
    assert isinstance(result, Saved)
    assert str(result.remark).startswith("pipedrive_user is no active user of the company")
    page.sandbox.pipedrive.faults.add(Fault("status", status=503, times=0))
    page.restart()
    down = save(page, result.account, pipedrive_user=ANNA)
    assert (type(down), down.remark is not None, down.account.version) == (Saved, True, 2)
    page.sandbox.pipedrive.faults.clear()
    page.green()
    assert now(page, down.account).calendar_id == page.calendar


def test_a_calendar_that_is_still_to_be_created(page: World) -> None:
    anna = added(page, calendar={"create": "Pipedrive"})
    assert anna.calendar_id is None
    page.green()
    assert now(page, anna).id == anna.id
    assert now(page, anna).calendar_id is not None
    assert now(page, anna).activities_connected_at == anna.activities_connected_at


# Saving.


def test_each_save_is_a_version(page: World) -> None:
    anna = added(page)
    result = save(page, anna, mode="to_google")
    assert isinstance(result, Saved)
    assert (result.account.version, result.account.updated_by) == (2, "paul")
    same = save(page, result.account)
    assert isinstance(same, Saved)
    assert same.account.version == 2
    listed = editing.versions(page.engine, anna.id)
    assert [(each.version, each.by, each.settings["mode"]) for each in listed] == [
        (2, "paul", "to_google"),
        (1, "olga", "all_events"),
    ]


def test_different_settings_of_two_people_are_both_kept(page: World) -> None:
    anna = added(page)
    save(page, anna, by="paul", mode="to_google")
    result = save(page, anna, by="quinn", done="remove")
    assert isinstance(result, Saved)
    assert result.merged == ("mode",)
    assert (result.account.version, result.account.settings["mode"]) == (3, "to_google")
    assert result.account.settings["done"] == "remove"


def test_the_same_setting_of_two_people_is_a_conflict_that_names_it(page: World) -> None:
    anna = added(page)
    save(page, anna, by="paul", mode="to_google", done="remove")
    result = save(page, anna, by="quinn", mode="to_pipedrive", conflict="google")
    assert isinstance(result, Conflict)
    assert result.fields == {"mode": Choice("all_events", "to_pipedrive", "to_google")}
    assert (result.account.version, result.account.updated_by) == (2, "paul")
    assert (result.settings["mode"], result.settings["conflict"], result.settings["done"]) == (
        "to_google",
        "google",
        "remove",
    )
    assert now(page, anna).settings["conflict"] == "newest"
    decided = {**result.settings, "mode": "to_pipedrive"}
    settled = editing.save(page.services(), anna.id, decided, base_version=result.account.version, by="quinn")
    assert isinstance(settled, Saved)
    assert settled.account.settings["mode"] == "to_pipedrive"


BASE = {"mode": "all_events", "done": "keep", "colors": {}}


@pytest.mark.parametrize(
    ("mine", "theirs", "merged", "taken", "conflicts"),
    [
        ({}, {}, {}, (), []),
        ({"done": "remove"}, {}, {"done": "remove"}, (), []),
        ({}, {"done": "remove"}, {"done": "remove"}, ("done",), []),
        ({"done": "remove"}, {"done": "remove"}, {"done": "remove"}, (), []),
        ({"done": "remove"}, {"done": "prefix"}, {"done": "prefix"}, (), ["done"]),
        ({"done": "remove"}, {"mode": "to_google"}, {"done": "remove", "mode": "to_google"}, ("mode",), []),
        ({"colors": {"call": 1}}, {"colors": {"task": 1}}, {"colors": {"task": 1}}, (), ["colors"]),
    ],
)
def test_the_merge_by_setting(
    mine: Json, theirs: Json, merged: Json, taken: tuple[str, ...], conflicts: list[str]
) -> None:
    found = merge(BASE, BASE | mine, BASE | theirs)
    assert (found.settings, found.taken, list(found.conflicts)) == (BASE | merged, taken, conflicts)


def test_without_a_base_each_difference_is_for_a_person() -> None:
    found = merge(None, BASE | {"done": "remove"}, BASE)
    assert (found.settings, found.conflicts) == (BASE, {"done": Choice(None, "remove", "keep")})


@pytest.fixture(params=["sqlite", "postgresql"])
def stored_in(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """An installation without an accounts file, on either database."""
    url = f"sqlite:///{tmp_path / 'calsync.db'}"
    if request.param == "postgresql":
        made: Databases = request.getfixturevalue("databases")
        url = made.migrated("postgresql")
    with Sandbox(seed=1) as sandbox:
        world = without_file(World(sandbox, tmp_path, url))
        yield world
        world.engine.dispose()


def test_many_people_who_save_at_once_lose_nothing(stored_in: World) -> None:
    anna = added(stored_in)
    changes: list[Json] = [
        {"mode": "to_google"},
        {"done": "remove"},
        {"conflict": "google"},
        {"horizon_days": 30},
        {"include_note": True},
        {"notify_guests": "all"},
    ]
    together = Barrier(len(changes))

    def saved(change: Json) -> Any:
        together.wait(30)
        return save(stored_in, anna, **change)

    with ThreadPoolExecutor(len(changes)) as people:
        results = list(people.map(saved, changes))
    assert {type(each) for each in results} == {Saved}
    settings: Json = {**anna.settings}
    for change in changes:
        settings |= change
    assert now(stored_in, anna).settings == settings
    kept = editing.versions(stored_in.engine, anna.id)
    assert [each.version for each in kept] == list(range(1 + len(changes), 0, -1))


def test_of_people_who_change_one_setting_at_once_one_wins_and_the_others_are_told(stored_in: World) -> None:
    anna = added(stored_in)
    wanted = [30, 60, 90, 120]
    together = Barrier(len(wanted))

    def saved(days: int) -> Any:
        together.wait(30)
        return save(stored_in, anna, horizon_days=days)

    with ThreadPoolExecutor(len(wanted)) as people:
        results = list(people.map(saved, wanted))
    assert sorted(type(each).__name__ for each in results) == ["Conflict"] * 3 + ["Saved"]
    assert now(stored_in, anna).version == 2


def test_of_people_who_add_one_name_at_once_one_does(stored_in: World) -> None:
    together = Barrier(3)

    def create(number: int) -> Any:
        together.wait(30)
        asked = values(stored_in, activity_types=[["call"], ["meeting"], ["task"]][number], enabled=False)
        return editing.create(stored_in.services(), asked, by="olga")

    with ThreadPoolExecutor(3) as people:
        results = list(people.map(create, range(3)))
    assert sorted(type(each).__name__ for each in results) == ["Invalid", "Invalid", "Saved"]
    assert [each.version for each in editing.list_accounts(stored_in.engine)] == [1]


def test_a_new_name_keeps_the_pairs(page: World) -> None:
    anna = added(page)
    page.activity("Call")
    page.green()
    result = save(page, anna, name="anna-smith")
    assert isinstance(result, Saved)
    assert result.account.name == "anna-smith"
    summary = page.sync()
    assert summary.failure is None
    assert summary.result["accounts"]["anna-smith"]["events"]["created"] == 0
    assert (len(page.links()), now(page, anna).id) == (1, anna.id)
    other = editing.create(page.services(), values(page, enabled=False), by="olga")
    assert isinstance(other, Saved)
    taken = save(page, other.account, name="anna-smith")
    assert isinstance(taken, Invalid)
    assert [key for key, _ in taken.problems] == ["name"]


def test_a_new_name_during_a_run_disturbs_nothing(page: World, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = added(page)
    page.activity("Call")

    def carry_out(step: Any, services: Any, *arguments: Any) -> Any:
        done = step(services, *arguments)
        if step is open_run.open_run:
            assert isinstance(save(page, anna, name="anna-smith"), Saved)
        return done

    monkeypatch.setattr(page, "carry_out", carry_out)
    summary = page.sync()
    assert (summary.failure, len(page.events())) == (None, 1)


def test_another_calendar_is_found_by_the_former_id(page: World) -> None:
    anna = added(page)
    page.green()
    result = save(page, anna, calendar="primary")
    assert isinstance(result, Saved)
    page.green()
    moved = now(page, anna)
    assert moved.id != anna.id
    assert isinstance(save(page, anna, done="remove"), Saved), "who had the form open may save it"
    assert [each.version for each in editing.versions(page.engine, anna.id)] == [3, 2, 1]
    assert [each.name for each in editing.list_accounts(page.engine)] == ["anna"]
