"""Cursors: they come last, and nothing that they pass was missed (law 7)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from include.calsync.store.tables import cursor
from tests.flows.killing import before_request
from tests.flows.steps import Steps
from tests.flows.world import World


def cursors(world: World) -> list[Any]:
    with world.engine.connect() as conn:
        return list(conn.execute(select(cursor.c.watermark, cursor.c.sync_token).order_by(cursor.c.side)))


def listings(world: World, service: str) -> list[dict[str, list[str]]]:
    """The queries of the listings since the last reset."""
    path = "/activities" if service == "pipedrive" else "/events"
    recorded = getattr(world.sandbox, service).requests
    return [r.query for r in recorded if r.method == "GET" and r.path.endswith(path) and "ids" not in r.query]


def test_a_run_starts_where_the_one_before_read(world: World) -> None:
    world.green()
    for _ in range(2):
        world.pass_time(3600)
        before = world.clock()
        world.green()
        with world.requests():
            world.green()
            (activities,), (events,) = listings(world, "pipedrive"), listings(world, "google")
        since = datetime.fromisoformat(activities["updated_since"][0])
        assert before - timedelta(seconds=65) < since <= before - timedelta(seconds=55), "a minute of overlap"
        assert "syncToken" in events


def test_a_run_that_left_rows_fails_and_moves_no_cursor(world: World) -> None:
    """The tasks that write died; the last one runs all the same."""
    world.green()
    world.activity("Call")
    world.event("Lunch")
    before = cursors(world)
    failure = str(Steps(world).pull().plan().close().failure)
    assert "anna: 2 planned changes were not carried out" in failure
    assert cursors(world) == before
    world.green()
    assert len(world.events()) == len(world.activities()) == 2
    assert cursors(world) != before
    world.assert_quiet()


def test_what_pipedrive_lists_late_is_seen(world: World) -> None:
    world.green()
    world.pipedrive.options.list_lag_s = 30
    world.activity("Late")
    world.pass_time(2)
    world.green()
    assert world.events() == []
    world.pass_time(31)
    world.green()
    assert world.the_event()["summary"] == "Late"


def test_what_google_lists_late_is_seen(world: World) -> None:
    world.green()
    world.google.options.list_lag_s = 30
    world.event("Late")
    world.green()
    assert world.activities() == []
    world.pass_time(31)
    world.green()
    assert world.the_activity()["subject"] == "Late"


def test_what_is_edited_while_a_long_listing_is_read_is_seen(world: World) -> None:
    """The watermark is the time of the first page, however long the others take."""
    world.green()
    activity = world.activity("Call")
    world.pipedrive.options.empty_pages = 1

    def meanwhile() -> None:
        world.pass_time(3600)
        world.pipedrive.edit_activity(activity["id"], subject="Edited")
        world.pass_time(3600)
        world.pipedrive.hide(world.anna, "activity", [activity["id"]])  # the second page has it no more

    with before_request("GET", r"/activities\?.*cursor=", meanwhile):
        world.sync()
    world.pipedrive.unhide(world.anna)
    world.green()
    assert world.the_event()["summary"] == "Edited"
    world.assert_quiet()


def test_an_account_that_failed_catches_up_with_the_others(world: World) -> None:
    """One listing serves all accounts of a connection: it begins at the oldest of their watermarks."""
    ben, calendar = world.add_colleague("ben")
    world.green()
    mail = "ben@acme.example"
    world.google.share(calendar, mail, "none")
    world.activity("For Ben", owner_id=ben)
    for _ in range(2):
        world.pass_time(600)
        assert "ben" in str(world.sync().failure)
    world.google.share(calendar, mail, "owner")
    world.green()
    assert [event["summary"] for event in world.events(calendar)] == ["For Ben"]


def test_a_sync_token_is_used_only_with_the_parameters_it_was_made_with(world: World) -> None:
    world.green()
    with world.requests():
        world.green()
        assert "syncToken" in listings(world, "google")[0]
    with world.engine.begin() as conn:
        conn.execute(update(cursor).where(cursor.c.side == "events").values(params_digest="of an older version"))
    with world.requests():
        world.green()
        assert "syncToken" not in listings(world, "google")[0]
    with world.requests():
        world.green()
        assert "syncToken" in listings(world, "google")[0]


@pytest.mark.parametrize("setting", [{"title": ["subject"]}, {"default_duration_minutes": 45}])
def test_after_a_change_of_settings_one_run_reads_everything(world: World, setting: dict[str, Any]) -> None:
    world.green()
    world.anna_is(**setting)
    for everything in (True, False):
        with world.requests():
            world.green()
        assert ("updated_since" not in listings(world, "pipedrive")[0]) is everything
        assert ("syncToken" not in listings(world, "google")[0]) is everything
