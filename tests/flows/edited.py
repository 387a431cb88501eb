"""Accounts of the page, as people change them there."""

from __future__ import annotations

from typing import Any

from include.calsync.core.account_records import ConfiguredAccount
from include.calsync.core.raw import Json
from include.calsync.flows.editing import accounts as editing
from include.calsync.flows.editing.results import Saved
from tests.flows.world import ANNA, World


def without_file(world: World) -> World:
    """An installation without an accounts file."""
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
