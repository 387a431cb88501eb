"""Keys of activity types in the settings: compared with the company's before anything is written."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.world import World


def pairs(world: World, count: int) -> None:
    """So many linked pairs, born in Pipedrive."""
    world.green()
    for number in range(count):
        world.activity(f"Call {number}", due_time=f"{8 + number // 6:02}:{number % 6}0")
    world.green()


@pytest.mark.parametrize(
    ("settings", "meant"),
    [
        ({"activity_types": ["calls", "meetings"]}, "activity_types: `calls` is no activity type of this company, did"),
        ({"activity_types": ["Call"]}, "did you mean `call`?"),
        ({"activity_types": ["Site visit"]}, "did you mean `besuch`?"),
        ({"event_type": "meting"}, "event_type: `meting` is no activity type of this company, did you mean `meeting`?"),
        ({"colors": {"lnch": 4}}, "colors: `lnch` is no activity type of this company, did you mean `lunch`?"),
        ({"colors": {"xyzzy": 4}}, "colors: `xyzzy` is no activity type of this company. Its types: "),
        (
            {"colors": {"priority Hihg": 4}},
            "colors: `priority Hihg` is no priority of this company, did you mean `priority High`?",
        ),
        (
            {"colors": {"priority xyzzy": 4}},
            "colors: `priority xyzzy` is no priority of this company. Its priorities: High, Low, Medium.",
        ),
    ],
)
def test_an_unknown_type_fails_the_account_before_any_write(world: World, settings: dict[str, Any], meant: str) -> None:
    world.pipedrive.add_activity_type("besuch", "Site visit")
    pairs(world, 3)
    world.anna_is(**settings)
    world.activity("Another")
    with world.requests():
        summary = world.sync()
    assert meant in str(summary.failure)
    assert summary.result["accounts"]["anna"]["state"] == "failed"
    assert world.writes() == 0
    assert len(world.events()) == 3


def test_a_mistyped_list_of_types_removes_nothing(world: World) -> None:
    """As it was seen: every event of the account was removed, in a green run, past the limits."""
    pairs(world, 30)
    world.anna_is(activity_types=["calls", "meetings"])
    assert "did you mean `call`?" in str(world.sync().failure)
    assert len(world.events()) == 30
    world.anna_is(activity_types=["call", "meeting"])
    world.green()
    assert len(world.events()) == 30
    world.assert_quiet()


def test_the_other_accounts_go_on(world: World) -> None:
    world.add_colleague("ben")
    world.anna_is(activity_types=["calls"])
    result = world.sync().result["accounts"]
    assert (result["anna"]["state"], result["ben"]["state"]) == ("failed", "ok")


def test_a_type_that_was_just_added_is_known_at_once(world: World) -> None:
    world.green()
    world.pipedrive.add_activity_type("visit", "Site visit")
    world.anna_is(activity_types=["call", "visit"], event_type="visit", colors={"visit": 3})
    world.activity("Here", type="visit")
    assert world.green()["events"]["created"] == 1


def test_an_inactive_type_is_a_known_one(world: World) -> None:
    world.pipedrive.add_activity_type("fax", "Fax", active=False)
    world.anna_is(activity_types=["call", "fax"])
    world.green()


def test_types_are_asked_for_once_a_day(world: World) -> None:
    world.green()
    for hours, asked in ((1, 0), (24, 1)):
        world.pass_time(hours * 3600)
        with world.requests() as seen:
            world.green()
        assert seen["GET activityTypes.list"] == asked


def test_an_unknown_type_of_an_upload_fails_the_run(world: World) -> None:
    world.activity("Old")
    world.pass_time(3600)
    world.green()
    with world.requests():
        summary = world.upload(types=["cal"])
    assert "types: `cal` is no activity type of this company, did you mean `call`?" in str(summary.failure)
    assert world.writes() == 0
    world.upload(types=["call"])
    assert len(world.events()) == 1


def test_an_upload_may_name_a_type_of_one_company_of_several(world: World) -> None:
    """What one of the run's companies knows is no mistake."""
    world.add_colleague("ben")
    world.activity("Old")
    world.pass_time(3600)
    world.green()
    assert world.upload(types=["call", "meeting"]).failure is None
