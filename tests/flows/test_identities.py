"""What a person may rename: calendars, addresses. Identity is the id, not the name that was written down."""

from __future__ import annotations

from typing import Any

import pytest

from include.calsync.store import page_accounts
from tests.flows.world import ANNA, World

DAY_S = 25 * 3600


@pytest.fixture
def created(world: World) -> tuple[World, str]:
    """An account whose calendar calsync created, with one linked pair."""
    world.anna_is(calendar={"create": "Pipedrive"})
    world.green()
    world.activity("Call")
    world.green()
    return world, calendar_named(world, "Pipedrive")


def calendar_named(world: World, name: str) -> str:
    (found,) = [key for key, entry in named(world).items() if entry == name]
    return found


def named(world: World) -> dict[str, str]:
    return {
        str(each["id"]): str(each["summary"]) for each in world._google("google_calendar_default", ANNA).calendars()
    }


def shown(world: World) -> tuple[str | None, str | None]:
    """Id and name of the account's calendar, as the page knows it."""
    with world.engine.connect() as conn:
        (head,) = page_accounts.heads(conn)
    return head.calendar_id, head.calendar_name


def rename(world: World, calendar: str, name: str) -> None:
    world.google.calendars[calendar].summary = name


def test_a_renamed_calendar_stays_the_accounts(created: tuple[World, str]) -> None:
    world, calendar = created
    before = set(named(world))
    rename(world, calendar, "My sales")
    assert shown(world) == (calendar, "Pipedrive")
    for _ in range(3):
        world.pass_time(DAY_S)
        world.activity("Another")
        world.green()
    assert set(named(world)) == before
    assert shown(world) == (calendar, "My sales"), "the page calls it as its owner does now"
    assert len(world.events(calendar)) == 4


def test_another_calendar_of_that_name_is_not_taken_for_it(created: tuple[World, str]) -> None:
    world, calendar = created
    rename(world, calendar, "My sales")
    world.google.add_calendar(ANNA, "Pipedrive")
    world.pass_time(DAY_S)
    world.green()
    world.activity("Another")
    world.green()
    assert len(world.events(calendar)) == 2


def test_a_deleted_calendar_fails_the_account_and_no_second_one_appears(created: tuple[World, str]) -> None:
    world, calendar = created
    world.google.delete_calendar(calendar)
    before = set(named(world))
    world.pass_time(DAY_S)
    for _ in range(2):
        summary = world.sync()
        assert "is gone, and none is created in its place" in str(summary.failure)
        assert "give another name" in str(summary.failure)
    assert set(named(world)) == before
    assert len(world.activities()) == 1
    world.anna_is(calendar={"create": "Pipedrive 2"})
    world.sync()
    world.activity("Another")
    world.sync()
    assert "Another" in {event["summary"] for event in world.events(calendar_named(world, "Pipedrive 2"))}


def test_a_renamed_connection_does_not_change_the_calendar(created: tuple[World, str]) -> None:
    world, calendar = created
    before = set(named(world))
    rename(world, calendar, "My sales")
    world.anna_is(google_conn_id="google_of_acme")
    world.green()
    assert set(named(world)) == before
    assert world.links()[0].calendar_id == calendar


def test_a_store_from_before_knows_the_calendar_by_its_last_look_up(created: tuple[World, str]) -> None:
    world, calendar = created
    with world.engine.begin() as conn:
        conn.exec_driver_sql("DELETE FROM directory WHERE scope LIKE 'calendar:%'")
    rename(world, calendar, "My sales")
    world.pass_time(DAY_S)
    before = set(named(world))
    world.green()
    assert set(named(world)) == before


def test_another_google_user_gets_a_calendar_of_its_own(created: tuple[World, str]) -> None:
    world, _ = created
    world.google.add_user("petra@acme.example", time_zone="Europe/Berlin")
    world.anna_is(google_user="petra@acme.example")
    world.sync()
    client = world._google("google_calendar_default", "petra@acme.example")
    assert [each["summary"] for each in client.calendars() if each["summary"] == "Pipedrive"] == ["Pipedrive"]


@pytest.mark.parametrize("change", [{"email": "anna.new@acme.example"}], ids=["address"])
def test_a_user_with_another_address_stays_the_accounts(world: World, change: dict[str, Any]) -> None:
    world.green()
    world.activity("Call")
    world.green()
    world.pipedrive.edit_user(world.anna, **change)
    world.pass_time(DAY_S)
    world.activity("Another")
    assert world.green()["events"]["created"] == 1


def test_an_address_that_went_to_a_colleague_is_not_followed_blindly(world: World) -> None:
    world.green()
    world.pipedrive.edit_user(world.anna, email="anna.new@acme.example")
    other = world.pipedrive.add_user("Ben", ANNA, "Europe/Berlin")["id"]
    world.pass_time(DAY_S)
    failure = str(world.sync().failure)
    assert f"was user {world.anna}'s and is user {other}'s now. Write the id" in failure
    world.anna_is(pipedrive_user=world.anna)
    world.green()


def test_the_successor_of_a_user_who_left_takes_the_address(world: World) -> None:
    world.green()
    world.pipedrive.edit_user(world.anna, active_flag=False)
    other = world.pipedrive.add_user("Ben", ANNA, "Europe/Berlin")["id"]
    world.tokens["pipedrive_default"] = world.pipedrive.token_for(other)
    world.pass_time(DAY_S)
    world.activity("Call", owner_id=other)
    world.sync()
    world.activity("Another", owner_id=other)
    world.sync()
    assert "Another" in {event["summary"] for event in world.events()}
