"""Which accounts take part: those of the file, which provisions, and those of the page; and what is stored of them."""

from __future__ import annotations

from typing import Any

import pytest

from include.calsync.core.account_records import FILE, PAGE, ConfiguredAccount
from include.calsync.errors import SettingsError
from include.calsync.settings import Account
from include.calsync.store import accounts as known_accounts
from include.calsync.store import configured as store
from include.calsync.store.transaction import reading
from tests.flows.world import ANNA, World, account_row


def stored(world: World, name: str = "anna") -> ConfiguredAccount:
    with reading(world.engine) as conn:
        found = store.named(conn, name)
    assert found is not None
    return found


def versions(world: World, name: str = "anna") -> list[tuple[int, str, Any]]:
    account_id = stored(world, name).id
    with reading(world.engine) as conn:
        found = store.versions(conn, account_id)
    return [(each.version, each.by, each.settings["mode"]) for each in found]


def names(world: World) -> list[str]:
    with reading(world.engine) as conn:
        return [each.name for each in store.accounts(conn)]


def to_page(world: World, name: str = "anna", **settings: Any) -> None:
    """An account of the page, as the page saves one; it is in no file."""
    world.account(name=name, **settings)
    written = next(one for one in world.accounts if one["name"] == name)
    world.accounts.remove(written)
    world.write_accounts()
    values = Account.model_validate(written).model_dump(mode="json")
    with world.engine.begin() as conn:
        account_id = known_accounts.id_of_name(conn, name)
        store.write(
            conn, account_id, values, base=store.version_of(conn, account_id), source=PAGE, by="olga", at=world.clock()
        )


# The file.


def test_a_run_stores_the_accounts_of_the_file(world: World) -> None:
    world.green()
    anna = stored(world)
    assert (anna.source, anna.source_line, anna.version, anna.updated_by) == (FILE, 2, 1, "accounts file")
    assert Account.model_validate(anna.settings).pipedrive_user == ANNA
    assert (anna.company_id, anna.calendar_id) == ("77", world.calendar)
    world.anna_is(mode="to_google")
    world.green()
    assert versions(world) == [(2, "accounts file", "to_google"), (1, "accounts file", "all_events")]
    world.green()
    assert stored(world).version == 2


def test_it_stores_all_of_them_also_if_it_is_asked_for_one(world: World) -> None:
    world.add_colleague("bert", enabled=False)
    world.add_colleague("carla")
    world.account(name="dora", pipedrive_user="dora@acme.example", google_user="dora@acme.example")
    world.green(accounts=["anna"])
    assert names(world) == ["anna", "bert", "carla", "dora"]
    assert [account_row(world, name).state for name in names(world)] == ["ok", "paused", "ok", "ok"]
    assert account_row(world, "carla").activities_connected_at is None


def test_a_dry_run_stores_nothing(world: World) -> None:
    world.sync(dry_run=True)
    assert names(world) == []
    world.green()
    world.anna_is(mode="to_google")
    world.account(name="bert", pipedrive_user=ANNA, google_user=ANNA, activity_types=["lunch"])
    before = stored(world)
    world.sync(dry_run=True)
    assert (stored(world), names(world)) == (before, ["anna"])


def test_who_is_gone_from_the_file_is_kept_as_removed(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.add_colleague("bert")
    world.green()
    bert = world.accounts.pop()
    world.anna_is()
    world.green()
    assert names(world) == ["anna"]
    assert "gone from the accounts file, and paused: bert" in caplog.text
    gone = stored(world, "bert")
    assert (gone.state, gone.removed_at is not None, gone.version) == ("paused", True, 1)
    world.accounts.append(bert)
    world.anna_is()
    world.green()
    assert (stored(world, "bert").state, stored(world, "bert").removed_at) == ("ok", None)
    assert stored(world, "bert").version == 2


def test_a_new_name_keeps_the_row_and_its_versions(world: World) -> None:
    world.green()
    before = stored(world).id
    world.accounts[0]["name"] = "anna-smith"
    world.account(name="anna-smith")
    world.sync()
    assert names(world) == ["anna-smith"]
    assert (stored(world, "anna-smith").id, stored(world, "anna-smith").version) == (before, 2)


def test_a_new_calendar_is_another_row_with_the_settings_and_their_versions(world: World) -> None:
    world.green()
    before = stored(world).id
    world.anna_is(calendar="primary")
    world.green()
    now = stored(world)
    assert now.id != before
    assert (now.version, names(world)) == (2, ["anna"])
    assert [number for number, *_ in versions(world)] == [2, 1]
    with reading(world.engine) as conn:
        assert store.get(conn, before) == now
    world.anna_is(calendar=world.calendar)
    world.green()
    assert (stored(world).id, stored(world).version) == (before, 3)
    assert [number for number, *_ in versions(world)] == [3, 2, 1]


def test_two_accounts_that_exchange_their_calendars_keep_their_settings(world: World) -> None:
    world.add_colleague("bert", mode="to_google")
    anna, bert = world.accounts
    world.green()
    who = ("pipedrive_user", "google_user", "calendar")
    swapped = {key: bert[key] for key in who}, {key: anna[key] for key in who}
    anna.update(swapped[0])
    bert.update(swapped[1])
    world.anna_is()
    world.green()
    assert names(world) == ["anna", "bert"]
    assert (stored(world).settings["mode"], stored(world, "bert").settings["mode"]) == ("all_events", "to_google")
    assert stored(world).calendar_id == anna["calendar"]


def test_a_dry_run_after_a_new_name_shows_what_would_be(world: World) -> None:
    world.green()
    world.activity("Call")
    world.accounts[0]["name"] = "anna-smith"
    world.account(name="anna-smith")
    summary = world.sync(dry_run=True)
    assert summary.failure is None
    assert summary.result["accounts"]["anna-smith"]["events"]["created"] == 1


def test_two_accounts_of_one_user_and_calendar_fail_alone_and_lose_nothing(world: World) -> None:
    world.add_colleague("bert")
    world.green()
    world.activity("Call")
    world.green()
    world.account(name="twin", **{key: world.accounts[0][key] for key in ("pipedrive_user", "google_user", "calendar")})
    summary = world.sync()
    states = {name: result["state"] for name, result in summary.result["accounts"].items()}
    assert states == {"anna": "failed", "bert": "ok", "twin": "failed"}
    assert "account anna and twin sync the same Pipedrive user's activity types" in str(summary.failure)
    world.accounts.pop()
    world.anna_is()
    world.green()
    assert (len(world.links()), len(world.events())) == (1, 1)


# The page.


def test_an_account_of_the_page_syncs_without_a_file(world: World) -> None:
    to_page(world)
    world.accounts_file.unlink()
    world.has_file = False
    world.green()
    world.activity("Call")
    world.green()
    assert len(world.events()) == 1
    anna = stored(world)
    assert (anna.source, anna.version, anna.calendar_id) == (PAGE, 1, world.calendar)


def test_accounts_of_the_file_and_of_the_page_take_part_together(world: World) -> None:
    bert, calendar = world.add_colleague("bert")
    to_page(world, "bert")
    world.green()
    world.activity("Call")
    world.activity("Visit", owner_id=bert)
    world.green()
    assert (len(world.events()), len(world.events(calendar))) == (1, 1)
    assert (stored(world).source, stored(world, "bert").source) == (FILE, PAGE)


def test_without_any_account_a_run_is_green_and_asks_nobody(world: World) -> None:
    world.has_file = False
    with world.requests() as seen:
        assert world.sync().failure is None
    assert not seen


def test_a_file_that_is_named_no_more_pauses_nobody(world: World) -> None:
    world.green()
    world.has_file = False
    with world.requests() as seen, pytest.raises(SettingsError, match=r"CALSYNC_ACCOUNTS_FILE again.*: anna\."):
        world.sync()
    assert not seen
    assert account_row(world).state == "ok"


def test_the_file_takes_an_account_of_the_page_over_with_its_pairs(world: World) -> None:
    anna = dict(world.accounts[0])
    to_page(world)
    world.green()
    world.activity("Call")
    world.green()
    before = stored(world).id
    world.account(**anna | {"mode": "to_google"})
    world.green()
    assert (stored(world).id, stored(world).source, stored(world).source_line) == (before, FILE, 2)
    assert versions(world) == [(2, "accounts file", "to_google"), (1, "olga", "all_events")]
    assert len(world.events()) == 1


def test_one_name_for_two_pairs_fails_that_name_alone(world: World) -> None:
    world.green()
    bert, calendar = world.add_colleague("bert")
    to_page(world, "bert")
    world.green()
    world.account(name="bert", pipedrive_user=ANNA, google_user=ANNA, calendar="primary", activity_types=["lunch"])
    world.activity("Call")
    summary = world.sync()
    states = {name: result["state"] for name, result in summary.result["accounts"].items()}
    assert states == {"anna": "ok", "bert": "failed"}
    assert "account bert: it is in " in str(summary.failure)
    assert "and on the page, for another user or calendar" in str(summary.failure)
    assert len(world.events()) == 1
    now = stored(world, "bert")
    assert (now.source, now.version, now.calendar_id, now.state) == (PAGE, 1, calendar, "failed")
    world.accounts[-1]["name"] = "lunches"
    world.anna_is(activity_types=["call"])
    world.activity("Visit", owner_id=bert)
    world.green()
    assert (len(world.events(calendar)), names(world)) == (1, ["anna", "bert", "lunches"])


def test_settings_of_the_page_that_are_none_of_this_version_fail_the_run_by_name(world: World) -> None:
    to_page(world)
    anna = stored(world)
    wrong = {**anna.settings, "mode": "sideways"}
    with world.engine.begin() as conn:
        store.write(conn, anna.id, wrong, base=1, source=PAGE, by="olga", at=world.clock())
    with pytest.raises(SettingsError, match=r"account anna: mode: must be .* not 'sideways'; save it on the page"):
        world.sync()


# How the last runs went.


def test_close_says_how_the_last_runs_went(world: World) -> None:
    world.green()
    first = stored(world)
    assert (first.last_success_at is not None, first.failing_since) == (True, None)
    world.anna_is(activity_types=["nonsense"])
    world.pass_time(300)
    failed_id = world.sync().result["sync_run_id"]
    failing = stored(world)
    assert (failing.last_run_id, failing.last_success_at) == (failed_id, first.last_success_at)
    assert failing.failing_since is not None
    world.pass_time(300)
    world.sync()
    assert stored(world).failing_since == failing.failing_since
    world.sync(dry_run=True)
    world.anna_is(activity_types=["call"])
    world.green()
    well = stored(world)
    assert well.last_success_at is not None
    assert (well.failing_since, well.last_success_at > failing.failing_since) == (None, True)
    world.upload()
    assert stored(world).last_run_id != failed_id


def test_an_account_elsewhere_in_the_file_is_no_new_version(world: World) -> None:
    world.add_colleague("bert")
    world.green()
    first = stored(world, "bert")
    world.accounts.reverse()
    world.write_accounts()
    world.green()
    assert (stored(world, "bert").source_line, stored(world, "bert").version) == (2, 1)
    assert first.source_line != 2
