"""Two installations: a copied store, and two of them on one calendar."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from include.calsync.errors import Failure, SettingsError
from include.calsync.store.engine import create_store_engine
from tests.flows.world import World, account_row


@pytest.fixture
def live(world: World) -> World:
    """Production, with ten linked pairs."""
    world.deployments = ("production",)
    world.green()
    for number in range(10):
        world.activity(f"Call {number}", due_time=f"{8 + number:02}:00")
    world.green()
    return world


def private(event: dict[str, Any]) -> dict[str, str]:
    return dict(event["extendedProperties"]["private"])


def with_empty_store(world: World, tmp_path: Path) -> None:
    """From here on it is another installation that runs."""
    world.engine.dispose()
    world.store_url = f"sqlite:///{tmp_path}/other.db"
    world.engine = create_store_engine(world.store_url)


def strip(world: World) -> None:
    """As a version left them that did not know the property."""
    for event in world.events():
        world.edit_event(event, extendedProperties={"private": {"calsyncDeployment": None}})


def test_events_say_which_installation_wrote_them(live: World) -> None:
    live.event("Lunch")
    live.green()
    assert {private(event)["calsyncDeployment"] for event in live.events()} == {"production"}
    live.assert_quiet()


def test_a_copied_store_stops_before_the_first_request(live: World) -> None:
    live.deployments = ("staging",)
    live.anna_is(activity_types=["meeting"])
    for options in (dict[str, Any](), {"dry_run": True}):
        with live.requests() as seen, pytest.raises(SettingsError, match="Set CALSYNC_DEPLOYMENT=production here"):
            live.sync(**options)
        assert not seen
    live.deployments = ("production",)
    live.anna_is(activity_types=None)
    live.green()


def test_a_store_can_be_claimed(live: World) -> None:
    live.deployments = ("moved", "production")
    live.assert_quiet()
    live.pipedrive.edit_activity(live.activities()[0]["id"], subject="Edited")
    live.green()
    assert sorted(private(event)["calsyncDeployment"] for event in live.events()) == ["moved"] + ["production"] * 9
    live.assert_quiet()
    live.deployments = ("production",)
    with pytest.raises(SettingsError, match="belongs to the installation moved"):
        live.sync()


def test_a_dry_run_claims_nothing(world: World) -> None:
    world.deployments = ("trial",)
    world.sync(dry_run=True)
    world.deployments = ("production",)
    world.green()


def test_another_installation_on_the_same_calendar_writes_nothing(live: World, tmp_path: Path) -> None:
    """As it was seen: a copy with narrower types made production delete ten of ten activities."""
    with_empty_store(live, tmp_path)
    live.deployments = ("staging",)
    live.anna_is(activity_types=["meeting"])
    with live.requests():
        for options in (dict[str, Any](), {"full": True}):
            summary = live.sync(**options)
    failure = str(summary.failure)
    assert "another installation of calsync writes to this calendar: production (this one is staging)" in failure
    assert "CALSYNC_DEPLOYMENT=staging,production" in failure
    assert live.writes() == 0
    assert (len(live.activities()), len(live.events())) == (10, 10)
    assert "another installation" in str(live.upload(direction="both").failure)
    assert "another installation" in str(live.reconcile().failure)


def test_what_another_installation_removes_is_no_deletion(live: World) -> None:
    """It wrote to the events before it removed them: the account stops, and its activities live."""
    for event in live.events():
        live.edit_event(event, extendedProperties={"private": {"calsyncDeployment": "staging"}})
    assert "another installation" in str(live.sync().failure)
    for event in live.events():
        live.google.delete_event(live.calendar, event["id"])
    failure = str(live.sync().failure)
    assert "10 events are gone that another installation of calsync had written to" in failure
    for _ in range(2):
        live.assert_quiet()
    assert len(live.activities()) == 10
    live.pipedrive.delete_activity(live.activities()[0]["id"])
    for _ in range(3):
        live.green()
    assert len(live.links()) == 9


def test_the_other_accounts_go_on(live: World) -> None:
    live.add_colleague("ben")
    live.edit_event(live.events()[0], extendedProperties={"private": {"calsyncDeployment": "staging"}})
    result = live.sync().result["accounts"]
    assert (result["anna"]["state"], result["ben"]["state"]) == ("failed", "ok")
    assert account_row(live).failure == Failure.OTHERS


def test_the_events_of_a_former_installation_are_taken_over(live: World, tmp_path: Path) -> None:
    links = {(link.activity_id, link.event_id) for link in live.links()}
    with_empty_store(live, tmp_path)
    live.deployments = ("staging",)
    assert live.sync().failure
    live.deployments = ("staging", "production")
    with live.requests():
        live.green()
    assert live.writes() == 0
    assert {(link.activity_id, link.event_id) for link in live.links()} == links
    live.assert_quiet()


def test_a_lost_store_is_found_again_as_before(live: World) -> None:
    links = {(link.activity_id, link.event_id) for link in live.links()}
    live.lose_store()
    with live.requests():
        live.green()
    assert live.writes() == 0
    assert {(link.activity_id, link.event_id) for link in live.links()} == links


def test_events_without_the_property_count_as_ours_and_get_it_with_the_next_write(live: World) -> None:
    strip(live)
    live.assert_quiet()
    live.lose_store()
    with live.requests():
        live.green()
    assert live.writes() == 0
    live.pipedrive.edit_activity(live.activities()[0]["id"], subject="Edited")
    live.green()
    named = [private(event).get("calsyncDeployment") for event in live.events()]
    assert sorted(map(str, named)) == ["None"] * 9 + ["production"]
    live.assert_quiet()


def test_a_copy_that_a_person_made_says_nothing_about_installations(live: World) -> None:
    strip(live)
    copy = live.google.duplicate_event(live.calendar, live.events()[0]["id"])
    live.edit_event(copy, extendedProperties={"private": {"calsyncDeployment": "staging"}})
    live.green()
