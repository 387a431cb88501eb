"""Changed settings are tried out by a dry run before they are saved."""

from __future__ import annotations

from typing import Any

import pytest

from include.calsync.core.account_records import ConfiguredAccount
from include.calsync.errors import SettingsError
from include.calsync.flows.editing import accounts as editing
from include.calsync.flows.editing import drafts
from include.calsync.flows.editing.results import Conflict, Drafted, Gone, Invalid, Saved
from tests.flows.edited import added, now, save, values
from tests.flows.world import World, account_row

DAY_S = 86_400


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
