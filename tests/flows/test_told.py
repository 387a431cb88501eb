"""What the logs of plan and close say happened is what happened."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from include.calsync.core.planning.facts import Leaves, Obstacle
from include.calsync.core.planning.new_rules import NEW_RULES
from include.calsync.core.planning.rule import Cause
from include.calsync.core.sentences_en import LEFT_OUT
from include.sandbox.base import Fault
from tests.flows.world import World, day

Say = Callable[..., str]


@pytest.fixture
def say(world: World, caplog: pytest.LogCaptureFixture) -> Say:
    """What a run says."""
    caplog.set_level(logging.INFO, logger="include.calsync.flows")

    def run(step: Callable[..., object] = world.sync, **options: object) -> str:
        caplog.clear()
        step(**options)
        return "\n".join(record.getMessage() for record in caplog.records)

    return run


def table(text: str) -> list[list[str]]:
    """The cells that are filled, line by line."""
    return [line.split() for line in text.splitlines()]


def test_an_account_that_was_not_read_is_not_called_equal(world: World, say: Say) -> None:
    world.green()
    world.tokens["pipedrive_default"] = "0" * 40
    text = say(dry_run=True)
    assert "equal" not in text
    assert "anna: FAILED, nothing compared: Connection pipedrive_default: Enter a valid API token" in text
    assert "Nothing was compared." in text


def test_one_account_of_two_that_failed_is_named(world: World, say: Say) -> None:
    _, calendar = world.add_colleague("ben")
    world.green()
    world.sandbox.google.faults.add(Fault("status", status=403, reason="requiredAccessLevel", path=calendar, times=0))
    for text in (say(), say(world.reconcile)):
        assert "equal" not in text
        assert "ben: FAILED, nothing compared: Connection google_calendar_default: Share the calendar" in text
        assert "Of ben nothing is known." in text
        assert "anna: read " in text


def test_older_activities_are_told_with_what_to_start(world: World, say: Say) -> None:
    for number in range(3):
        world.activity(f"Old {number}", due_date=day(number + 1))
    world.event("Old")
    world.pass_time(60)
    first = say()
    assert "equal" not in first
    assert "Activities last edited before the account was connected are not read." in first
    assert "start upload_unsynced_activities." in first
    assert "left out: 1 event last edited before the account was connected." in first
    assert "start upload_unsynced_activities with direction to_pipedrive." in first
    full = say(full=True)
    assert "anna: read 3 activities and 1 event; no change planned." in full
    assert "left out: 3 activities last edited before the account was connected." in full
    assert "start upload_unsynced_activities." in full
    assert "start upload" not in say(), "nothing of it was read now"


def test_a_filter_that_matches_nothing_is_named(world: World, say: Say) -> None:
    world.anna_is(activity_types=["meeting"])
    world.green()
    world.activity("Call")
    world.activity("Another call")
    text = say()
    assert "equal" not in text
    assert "left out: 2 activities of types that the account does not sync." in text


def test_types_that_another_account_syncs_are_not_left_out(world: World, say: Say) -> None:
    world.anna_is(activity_types=["meeting"])
    other = world.google.add_calendar("anna@acme.example", "Calls")
    world.account(**(world.accounts[0] | {"name": "calls", "calendar": other, "activity_types": ["call"]}))
    world.green()
    world.activity("Call")
    assert "left out" not in say()


def test_what_an_uploads_params_leave_out_is_counted(world: World, say: Say) -> None:
    world.activity("Call")
    world.activity("Done", done=True)
    world.event("Far", start={"date": day(9)}, end={"date": day(10)})
    world.pass_time(60)
    world.green()
    text = say(world.upload, types=["lunch"])
    assert "Nothing is to be brought over." in text
    assert "left out: 2 activities outside the dates, types and states that were asked for." in text
    text = say(
        world.upload,
        direction="both",
        due_from=date.fromisoformat(day(1)),
        due_to=date.fromisoformat(day(2)),
        include_done=False,
    )
    assert "left out: 1 activity outside the dates, types and states that were asked for" in text
    assert "left out: 1 event outside the dates, types and states that were asked for" in text
    assert "anna: read 2 activities and 1 event; 1 change planned." in text
    assert ["anna", "Google", "1", "1", "1", "ok"] in table(text)


def test_only_a_complete_comparison_says_equal(world: World, say: Say) -> None:
    world.green()
    world.activity("Call")
    assert ["anna", "Google", "1", "ok"] in table(say())
    incremental = say()
    assert "equal" not in incremental
    assert "Nothing of what was read has to be changed." in incremental
    assert "Everything was compared: both sides are equal in all that is synced." in say(world.reconcile)
    assert "equal" not in say(world.reconcile_days, first=1)


def test_items_that_are_set_aside_are_no_equal_ones(world: World, say: Say) -> None:
    world.green()
    world.sandbox.google.faults.add(Fault("status", method="POST", path="/events$", status=400, times=0))
    world.activity("Poison")
    assert world.sync().failure
    text = say(world.reconcile)
    assert "equal" not in text
    assert "in quarantine, held or waiting: 1 item." in text
    assert ["anna", "Pipedrive", "1", "1", "ok"] in table(text)


def test_every_reason_has_words(root: Path) -> None:
    """The reasons that pull and plan count."""
    found = set()
    for name in ("core/decide", "core/fields", "core/privacy", "flows/pulling/calendar"):
        text = (root / f"include/calsync/{name}.py").read_text()
        found |= set(re.findall(r'skip\([^)]*"(\w+)"\)|reason = (?:reason or )?"(\w+)"', text))
    words = {one or other for one, other in found} | {*Leaves, *Obstacle}
    words |= {rule.outcome.cause for rule in NEW_RULES if rule.outcome.skip} - {Cause.LEAVES, Cause.OBSTACLE}
    assert len(words) >= 14
    assert words <= LEFT_OUT.keys()
