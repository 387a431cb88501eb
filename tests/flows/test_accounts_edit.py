"""Accounts are edited on the page: what is stored, what is refused, and what real runs make of it; on both databases
where several people save at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from include.calsync.core.account_records import FILE, PAGE, ConfiguredAccount
from include.calsync.core.raw import Json
from include.calsync.errors import SettingsError
from include.calsync.flows.editing import accounts as editing
from include.calsync.flows.editing import drafts
from include.calsync.flows.editing.merging import merge
from include.calsync.flows.editing.results import Choice, Conflict, Drafted, FromFile, Gone, Invalid, Saved
from include.calsync.flows.opening import open_run
from include.calsync.settings import load_accounts
from include.sandbox.base import Fault
from include.sandbox.server import Sandbox
from tests.flows.world import ANNA, World, account_row
from tests.store.conftest import Databases, all_databases, databases

__all__ = ["all_databases", "databases"]

DAY_S = 86_400


@pytest.fixture
def page(world: World) -> World:
    """An installation without an accounts file."""
    return without_file(world)


def without_file(world: World) -> World:
    world.has_file = False
    world.accounts.clear()
    return world


def values(world: World, **settings: Any) -> Json:
    return {"name": "anna", "pipedrive_user": ANNA, "google_user": ANNA, "calendar": world.calendar, **settings}


def added(world: World, **settings: Any) -> ConfiguredAccount:
    result = editing.create(world.services(), values(world, **settings), by="olga")
    assert isinstance(result, Saved), result
    world.pass_time(1)
    return result.account


def now(world: World, account: ConfiguredAccount) -> ConfiguredAccount:
    found = editing.get_account(world.engine, account.id)
    assert found is not None
    return found


def save(world: World, account: ConfiguredAccount, by: str = "paul", **settings: Any) -> Any:
    """Saved by somebody who saw the account so."""
    changed = {**account.settings, **settings}
    return editing.save(world.services(), account.id, changed, base_version=account.version, by=by)


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


# Pausing, removing, going back.


def test_a_paused_account_rests_and_catches_up(page: World) -> None:
    anna = added(page)
    page.green()
    paused = editing.pause(page.services(), anna.id, by="paul")
    assert isinstance(paused, Saved)
    assert (paused.account.state, paused.account.settings["enabled"], paused.account.version) == ("paused", False, 2)
    page.activity("While away")
    assert page.sync().result["accounts"] == {}
    assert page.events() == []
    resumed = editing.resume(page.services(), anna.id, by="paul")
    assert isinstance(resumed, Saved)
    assert resumed.account.state == "ok"
    page.green()
    assert [event["summary"] for event in page.events()] == ["While away"]


def test_a_removed_account_keeps_its_pairs_and_comes_back(page: World) -> None:
    anna = added(page)
    page.activity("Call")
    page.green()
    removed = editing.remove(page.services(), anna.id, by="paul")
    assert isinstance(removed, Saved)
    assert (removed.account.state, removed.account.updated_by) == ("paused", "paul")
    assert isinstance(editing.remove(page.services(), anna.id, by="paul"), Gone)
    assert isinstance(save(page, anna, done="remove"), Gone)
    assert isinstance(editing.pause(page.services(), anna.id, by="paul"), Gone)
    assert editing.list_accounts(page.engine) == []
    assert [each.name for each in editing.list_accounts(page.engine, removed=True)] == ["anna"]
    assert page.sync().result["accounts"] == {}
    assert (len(page.links()), len(page.events())) == (1, 1)
    back = editing.restore(page.services(), anna.id, 1, by="quinn")
    assert isinstance(back, Saved)
    assert (back.account.id, back.account.version, back.account.state) == (anna.id, 2, "ok")
    page.green()
    assert (len(page.links()), len(page.events())) == (1, 1)


def test_the_name_of_a_removed_account_is_free(page: World) -> None:
    anna = added(page)
    page.green()
    editing.remove(page.services(), anna.id, by="paul")
    another = added(page, calendar="primary")
    assert another.id != anna.id
    assert another.version == 2, "the versions of the name go on"
    page.green()
    assert [each.id for each in editing.list_accounts(page.engine)] == [another.id]


def test_an_earlier_version_is_restored_as_a_new_one(page: World) -> None:
    anna = added(page, done="keep", mode="to_google")
    save(page, anna, mode="all_events", done="prefix", name="anna-smith")
    editing.pause(page.services(), anna.id, by="paul")
    result = editing.restore(page.services(), anna.id, 1, by="quinn")
    assert isinstance(result, Saved)
    settings = result.account.settings
    assert (result.account.version, result.account.updated_by) == (4, "quinn")
    assert (settings["mode"], settings["done"]) == ("to_google", "keep")
    assert (settings["name"], settings["enabled"]) == ("anna-smith", False)
    assert isinstance(editing.restore(page.services(), anna.id, 9, by="quinn"), Gone)
    assert isinstance(editing.restore(page.services(), 999, 1, by="quinn"), Gone)


# Accounts of the file.


def test_an_account_of_the_file_is_changed_there_alone(world: World) -> None:
    world.green()
    (anna,) = editing.list_accounts(world.engine)
    services = world.services()
    refused = [
        save(world, anna, done="remove"),
        editing.pause(services, anna.id, by="paul"),
        editing.resume(services, anna.id, by="paul"),
        editing.remove(services, anna.id, by="paul"),
        editing.restore(services, anna.id, 1, by="paul"),
        drafts.draft(services, anna.settings, by="paul", account_id=anna.id, base_version=1),
    ]
    assert [type(each) for each in refused] == [FromFile] * 6
    assert editing.list_accounts(world.engine) == [anna]


def test_an_account_gone_from_the_file_is_taken_over_by_the_page(world: World) -> None:
    world.add_colleague("bert")
    world.green()
    world.activity("Call")
    world.green()
    world.accounts.pop(0)
    world.write_accounts()
    assert world.sync().failure is None
    gone = next(each for each in editing.list_accounts(world.engine, removed=True) if each.name == "anna")
    result = editing.restore(world.services(), gone.id, 1, by="paul")
    assert isinstance(result, Saved)
    assert (result.account.id, result.account.source, result.account.version) == (gone.id, PAGE, 2)
    world.green()
    assert len(world.events()) == 1


def test_copied_as_yaml_it_is_an_entry_of_the_file(page: World, tmp_path: Path) -> None:
    anna = added(
        page, calendar={"create": "Täglich"}, mode="to_google", colors={"call": 5}, title=["person", "subject"]
    )
    text = editing.as_yaml(anna.settings)
    assert text.startswith("- name: anna\n  pipedrive_user: anna@acme.example\n")
    assert "conflict" not in text
    assert "Täglich" in text
    page.accounts_file.write_text(f"accounts:\n{text}", encoding="utf-8")
    (read,) = load_accounts(page.accounts_file)
    assert read.model_dump(mode="json") == anna.settings
    page.has_file = True
    page.green()
    (now_of_file,) = editing.list_accounts(page.engine)
    assert (now_of_file.source, now_of_file.id, now_of_file.version) == (FILE, anna.id, 2)


# Drafts.


def drafted(world: World, account: ConfiguredAccount | None, **settings: Any) -> int:
    changed = {**account.settings, **settings} if account else values(world, **settings)
    ids: Any = {"account_id": account.id, "base_version": account.version} if account else {}
    result = drafts.draft(world.services(), changed, by="paul", **ids)
    assert isinstance(result, Drafted), result
    return result.draft.id


def test_a_draft_s_dry_run_shows_what_would_be_and_changes_nothing(page: World) -> None:
    anna = added(page)
    page.activity("Call")
    page.activity("Visit", type="meeting")
    page.green()
    draft_id = drafted(page, anna, activity_types=["call"])
    with page.requests():
        summary = page.sync(kind="manual", dry_run=True, draft_id=draft_id)
    assert summary.failure is None
    assert summary.result["accounts"]["anna"]["events"]["deleted"] == 1
    assert page.writes() == 0
    assert now(page, anna).settings == anna.settings
    page.assert_quiet()
    result = drafts.save_draft(page.services(), draft_id, by="quinn")
    assert isinstance(result, Saved)
    assert (result.account.version, result.account.settings["activity_types"]) == (2, ["call"])
    assert drafts.get_draft(page.services(), draft_id) is None
    assert isinstance(drafts.save_draft(page.services(), draft_id, by="quinn"), Gone)
    page.green()
    assert [event["summary"] for event in page.events()] == ["Call"]


def test_a_draft_counts_for_its_account_in_its_run_alone(page: World) -> None:
    anna = added(page)
    bert, calendar = page.add_colleague("bert")
    page.accounts.clear()
    mail = "bert@acme.example"
    editing.create(
        page.services(), values(page, name="bert", pipedrive_user=mail, google_user=mail, calendar=calendar), by="olga"
    )
    page.pass_time(1)
    page.green()
    page.activity("Visit", owner_id=bert)
    draft_id = drafted(page, anna, mode="to_pipedrive", name="anna-smith", enabled=False)
    summary = page.sync(kind="manual", dry_run=True, draft_id=draft_id)
    assert list(summary.result["accounts"]) == ["anna"], "by its present name, also if it is switched off"
    page.green()
    assert len(page.events(calendar)) == 1


def test_a_new_account_is_tried_out_before_it_is_there(page: World) -> None:
    page.activity("Call")
    draft_id = drafted(page, None)
    summary = page.sync(kind="manual", dry_run=True, draft_id=draft_id)
    assert summary.failure is None
    assert list(summary.result["accounts"]) == ["anna"]
    assert editing.list_accounts(page.engine, removed=True) == []
    result = drafts.save_draft(page.services(), draft_id, by="paul")
    assert isinstance(result, Saved)
    assert result.account.version == 1
    assert account_row(page).activities_connected_at is not None


def test_what_was_saved_meanwhile_is_in_the_draft_or_a_conflict(page: World) -> None:
    anna = added(page)
    save(page, anna, mode="to_google")
    asked: Any = {"account_id": anna.id, "base_version": 1, "by": "quinn"}
    merged = drafts.draft(page.services(), {**anna.settings, "done": "remove"}, **asked)
    assert isinstance(merged, Drafted)
    assert (merged.merged, merged.draft.settings["mode"], merged.draft.base_version) == (("mode",), "to_google", 2)
    refused = drafts.draft(page.services(), {**anna.settings, "mode": "to_pipedrive"}, **asked)
    assert isinstance(refused, Conflict)
    wrong = drafts.draft(page.services(), {**anna.settings, "mode": "sideways"}, **asked)
    assert isinstance(wrong, Invalid)


def test_a_draft_is_for_dry_runs_and_for_a_day(page: World) -> None:
    anna = added(page)
    draft_id = drafted(page, anna, done="remove")
    with pytest.raises(SettingsError, match=r"a draft is tried out by a dry run alone: set dry_run"):
        page.sync(kind="manual", draft_id=draft_id)
    with pytest.raises(SettingsError, match=r"draft_id 99: the draft is over\. Review the changes on the page again"):
        page.sync(kind="manual", dry_run=True, draft_id=99)
    page.pass_time(DAY_S + 1)
    with pytest.raises(SettingsError, match=r"the draft is over"):
        page.sync(kind="manual", dry_run=True, draft_id=draft_id)
    assert drafts.get_draft(page.services(), draft_id) is None
