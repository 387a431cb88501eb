"""The log of task close, word for word: what is to be done, then what was done, as a table."""

from __future__ import annotations

import logging

import pytest

from include.calsync.core.raw import Json
from include.calsync.flows.closing.summary_text import lines, note
from include.sandbox.base import Fault
from tests.flows.world import World

KINDS = ("listed", "created", "updated", "deleted", "adopted", "skipped", "held", "quarantined")


def did(state: str = "ok", *, activities: Json | None = None, events: Json | None = None, conflicts: int = 0) -> Json:
    """One account's part of a result."""
    nothing = dict.fromkeys(KINDS, 0)
    sides = {"activities": nothing | (activities or {}), "events": nothing | (events or {})}
    return {"state": state, "error": None, **sides, "skipped_by_reason": {}, "conflicts": conflicts}


def result(accounts: Json, *, dry_run: bool = False) -> Json:
    """What a run returns."""
    asked = {"pipedrive": 26, "google_calendar": 16}
    return {"dry_run": dry_run, "accounts": accounts, "api_requests": asked, "pipedrive_tokens": 182}


BUSY_DAY = result(
    {
        "anna": did(
            activities={"listed": 3, "created": 9, "updated": 2, "deleted": 1},
            events={"listed": 150, "created": 1, "updated": 2, "skipped": 40},
            conflicts=1,
        ),
        "asha": did(events={"listed": 139, "skipped": 40}),
        "ben": did("failed"),
        "cem": did(activities={"listed": 61, "held": 61, "quarantined": 1}),
    }
)


def test_the_table_is_known() -> None:
    assert "\n".join(lines(BUSY_DAY)) == (
        "account  in         read  left out  new  changed  removed  kept back  set aside  state\n"
        "anna     Google      150        40    1        2                                 ok\n"
        "anna     Pipedrive     3              9        2        1                        ok\n"
        "ben                                                                              failed\n"
        "cem      Pipedrive    61                                          61          1  ok\n"
        "Nothing to be done: asha.\n"
        "1 change of one side lost to the other's. The change log has the values that lost.\n"
        "Requests: 26 to Pipedrive (182 tokens), 16 to Google Calendar."
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            BUSY_DAY,
            (
                "Google: 1 new, 2 changed. Pipedrive: 9 new, 2 changed, 1 removed. Kept back: 61. Set aside: 1. "
                "Failed: ben. 4 accounts."
            ),
        ),
        (result({"anna": did(), "ben": did("busy")}), "Nothing to be done. Not synced now: ben. 2 accounts."),
        (
            result({"anna": did(events={"created": 3})}, dry_run=True),
            "Dry run, nothing was written. Google: 3 new. 1 account.",
        ),
        (
            result({f"rep{number}": did("failed") for number in range(8)}),
            "Nothing to be done. Failed: rep0, rep1, rep2, rep3, rep4 and 3 more. 8 accounts.",
        ),
    ],
)
def test_the_note_has_the_totals(given: Json, said: str) -> None:
    assert note(given) == said


def test_a_note_is_never_longer_than_airflow_keeps() -> None:
    assert len(note(result({"x" * 300 + str(number): did("failed") for number in range(8)}))) == 1000


def test_remedies_come_first_and_the_result_is_no_dict(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.add_colleague("ben")
    world.green()
    world.tokens["pipedrive_default"] = "0" * 40
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="include.calsync.flows.closing"):
        run_id = world.sync().result["sync_run_id"]
    said = [record.getMessage() for record in caplog.records if "closing" in record.name]
    remedy = (
        "accounts anna, ben: Connection pipedrive_default: Enter a valid API token, or authorise again, in the "
        "connection. (Pipedrive, users.list: 401)"
    )
    done = (
        f"What was done (sync run {run_id}):\n"
        "  account  state\n"
        "  anna     failed\n"
        "  ben      failed\n"
        "  Requests: 2 to Pipedrive (40 tokens), 0 to Google Calendar."
    )
    assert said == [f"To be done:\n  {remedy}", done]


def test_items_that_are_refused_for_the_same_reason_are_named_together(world: World) -> None:
    world.green()
    world.sandbox.google.faults.add(Fault("status", method="POST", path="/events$", status=400, times=0))
    ids = [world.activity(f"Poison {number}")["id"] for number in range(7)]
    failure = str(world.sync().failure)
    assert len(failure.splitlines()) == 1
    named = ", ".join(f"activity {each}" for each in ids[:5])
    assert failure.startswith(f"account anna: {named} and 2 more are in quarantine: ")
