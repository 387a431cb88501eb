"""Accounts of the page are paused, removed and set as they were; and those of the file, beside them."""

from __future__ import annotations

from pathlib import Path

from include.calsync.core.account_records import FILE, PAGE
from include.calsync.flows.editing import accounts as editing
from include.calsync.flows.editing import drafts
from include.calsync.flows.editing.results import FromFile, Gone, Saved
from include.calsync.settings import load_accounts
from tests.flows.edited import added, save
from tests.flows.world import World

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
