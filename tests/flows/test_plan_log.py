"""The log of task plan, word for word. After a change that is meant: python -m tests.flows.test_plan_log"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from include.calsync.core.model import ActivityView, Context, EventView, When
from include.calsync.core.policy import Side
from include.calsync.core.raw import Json
from include.calsync.core.records import Payload
from include.calsync.core.row_words import words_of
from include.calsync.core.run_records import AccountInRun, NewHold, NewRow
from include.calsync.flows.planning.report import plan_lines
from include.calsync.flows.request import RunRequest
from include.calsync.flows.run import Run
from include.calsync.flows.run_account import RunAccount, run_account
from include.calsync.settings import Account

GOLDEN = Path(__file__).with_name("plan_log.txt")
AT = datetime(2026, 11, 26, 13, 0, tzinfo=UTC)
PAGE = "https://www.google.com/calendar/event?eid=dDFvbG0zZ2sgYW5uYQ"
LONG = "Bring the signed offer and the drawings of all three floors; the site manager waits at gate 4, call before"


def account(number: int, name: str, counts: Json) -> RunAccount:
    """One that works, of a company in Berlin."""
    given = {"name": name, "pipedrive_user": 1, "google_user": f"{name}@acme.example", "calendar": "primary"}
    settings = Account.model_validate(given)
    found = {"company_id": "77", "user_id": number, "calendar_id": f"{name}@acme.example", "zone": "Europe/Berlin"}
    return run_account(
        AccountInRun(
            run_id="1",
            account_id=number,
            settings=settings.model_dump(mode="json") | {"_resolved": found},
            fence=None,
            state="ok",
            error=None,
            notices=[],
            next_watermark=None,
            next_sync_token=None,
            params_digest=None,
            counts=counts,
            activities_pulled=True,
            events_pulled=True,
            planned=True,
            name=name,
            activities_connected_at=AT,
            events_connected_at=AT,
            settings_digest=settings.digest(),
            mode=None,
        )
    )


def activity(subject: str = "Product demo", **fields: Any) -> Json:
    """The view of a call, as a payload has it."""
    names = Context(deal="Nordwind roll-out", person="Lena Vogt", url="https://acme.pipedrive.com/deal/9")
    view = ActivityView(subject, When(start=AT), "Hamburg", LONG, busy=True, type="call", context=names)
    return view.to_json() | fields


def event(title: str = "Nordwind roll-out > Lena Vogt > Site visit", **fields: Any) -> Json:
    """The view of an event, as a payload has it."""
    return EventView(title, When(start=AT), "Hamburg", "", busy=True).to_json() | fields


def wanted(side: Side, before: Json, after: Json) -> Json:
    """A merge that writes to one side."""
    changes = {Side.EVENT: {}, Side.ACTIVITY: {}, side: after}
    return {
        "event_changes": changes[Side.EVENT],
        "activity_changes": changes[Side.ACTIVITY],
        "before": {str(side): before},
    }


def row(action: str, rule: str, payload: Payload, **values: Any) -> NewRow:
    """A row of anna's."""
    known: Any = {"account_id": 1, "link_id": None, "activity_id": None, "event_id": None, "side": "events"}
    known |= {"state": "planned", "reason": "activity updated, event unchanged", "conflicts": None, "format": 2}
    return NewRow(**(known | {"action": action, "rule": rule, "payload": payload} | values))


NEW = row("create_event", "a new activity gets an event", {"activity": activity()}, activity_id=4711)
MOVED = row(
    "merge",
    "the activity was edited: merge",
    {
        "activity": activity(),
        "event": event(),
        "event_raw": {"htmlLink": PAGE},
        "wanted": wanted(
            Side.EVENT,
            {"place": "Hamburg", "when": When(start=AT).to_json(), "description": ""},
            {"place": "Online", "when": When(day=AT.date()).to_json(), "description": LONG},
        ),
    },
    activity_id=4690,
    event_id="t1olq5kp0gm3gk",
)
HELD = row(
    "delete_activity",
    "the event is gone: the activity is deleted, too",
    {"activity": activity("Site visit"), "event": event(), "cause": "event_deleted"},
    activity_id=4512,
    event_id="k8aa7rr2he22e1",
    state="held",
    hold=NewHold("max_delete", "…", []),
)
SECRET = row(
    "merge",
    "the event was edited: merge",
    {
        "activity": activity("Dentist"),
        "event": event("Dentist"),
        "event_raw": {"visibility": "private", "htmlLink": PAGE},
        "wanted": wanted(Side.ACTIVITY, {"when": When(start=AT).to_json()}, {"when": When(day=AT.date()).to_json()}),
    },
    activity_id=4600,
    event_id="p7u3",
)
FINISHED = row(
    "finish_activity",
    "the event is gone: the activity is done",
    {"activity": activity("Reminder"), "event": event("Reminder")},
    activity_id=4601,
    event_id="p7u4",
)
ROWS = [NEW, MOVED, FINISHED, SECRET, HELD]


def shown(*, personal: bool, dry_run: bool = False, rows: list[NewRow] = ROWS) -> str:
    """What the log shows of a run with two accounts."""
    read = {
        "activities_listed": 12,
        "events_listed": 3,
        "activities_skipped": {"no_date": 4},
        "skipped": {"declined": 1},
    }
    accounts = [account(1, "anna", read), account(2, "ben", {"activities_listed": 1, "events_listed": 0})]
    request = RunRequest("calendar_sync", "scheduled", "owner", dry_run=dry_run)
    run = Run("5eb38975-91cb-4785-b761-1bc33d27e1bf", request, accounts, AT)
    return "\n".join(plan_lines(run, rows, personal=personal))


def text() -> str:
    """What the golden file holds."""
    with_values, without = shown(personal=True), shown(personal=False)
    return f"CALSYNC_LOG_PERSONAL_DATA=true\n\n{with_values}\n\nCALSYNC_LOG_PERSONAL_DATA=false\n\n{without}\n"


def test_the_log_is_known() -> None:
    assert text() == GOLDEN.read_text(encoding="utf-8")


def test_nothing_that_was_typed_is_told_unless_asked() -> None:
    told = shown(personal=False)
    typed = ("Nordwind", "Vogt", "demo", "visit", "Hamburg", "Online", "Dentist", "signed", PAGE)
    assert [word for word in typed if word in told] == []


def test_a_private_item_is_told_by_its_ids_and_times_alone() -> None:
    told = shown(personal=True)
    assert "Dentist" not in told
    assert "4600" in told
    assert PAGE in told
    assert told.count(PAGE) == 1, "the link of the private event would tell whose it is"


@pytest.mark.parametrize("personal", [False, True])
def test_no_line_is_wider_than_the_log_view_but_links(personal: bool) -> None:
    lines = shown(personal=personal).splitlines()
    assert [line for line in lines if len(line) > 132 and "://" not in line] == []


def test_what_exceeds_the_log_is_named_with_where_it_is() -> None:
    many = [row("create_event", NEW.rule or "", NEW.payload, activity_id=number) for number in range(1000, 1305)]
    told = shown(personal=False, rows=many)
    assert told.count("new event") == 200
    assert "305 changes planned" in told
    assert "to Google: 305 new" in told
    assert "… and 105 more." in told
    assert "python -m include.scripts.plan 5eb38975-91cb-4785-b761-1bc33d27e1bf" in told


def test_a_long_value_is_whole_where_the_plan_is_asked_for() -> None:
    policy = account(1, "anna", {}).policy
    short = words_of(MOVED, policy, personal=True).changes
    assert LONG not in short
    assert f"{LONG[:79]}…" in short
    assert LONG in words_of(MOVED, policy, personal=True, whole=True).changes


def test_a_dry_run_says_so_first_and_last() -> None:
    assert shown(personal=False, dry_run=True).splitlines()[-1] == "  Dry run: nothing will be written."


if __name__ == "__main__":
    GOLDEN.write_text(text(), encoding="utf-8")
    sys.stdout.write(text())
