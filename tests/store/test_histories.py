"""What is known of one item, and nothing of another."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, update

from include.calsync.core.policy import Side
from include.calsync.core.run_records import NewHold
from include.calsync.store import changes, formers, histories, holds, quarantine, runs
from include.calsync.store.tables import account
from tests.store.conftest import NOON
from tests.store.test_mapping import add_link
from tests.store.test_records import new_row

ACTIVITY, EVENT = (Side.ACTIVITY, "7"), (Side.EVENT, "e7")


def log(conn: Connection, account_id: int, **values: Any) -> None:
    ids: dict[str, Any] = {"company_id": "c", "activity_id": 7, "calendar_id": "k", "event_id": "e7", "link_id": 1}
    what = {"side": "events", "action": "merge", "reason": "edited", "run_id": "r"}
    changes.append(conn, at=NOON, account_id=account_id, **(ids | what | values))


@pytest.fixture
def conn(store: Engine, account_id: int) -> Any:
    with store.begin() as conn:
        conn.execute(update(account).where(account.c.id == account_id).values(company_id="c", calendar_id="k"))
        yield conn


def test_links_are_found_in_all_companies_and_calendars(conn: Connection, account_id: int) -> None:
    conn.execute(insert(account).values(name="eve", company_id="other", calendar_id="there"))
    mine = add_link(conn, account_id, 7)
    add_link(conn, account_id, 8)
    theirs = add_link(conn, account_id, 7, company_id="other", calendar_id="there")
    assert [link.id for link in histories.links(conn, ACTIVITY)] == [mine, theirs]
    assert [link.id for link in histories.links(conn, EVENT)] == [mine, theirs]
    assert histories.links(conn, (Side.ACTIVITY, "9")) == []


def test_the_last_pair_that_ended_is_found(conn: Connection, account_id: int) -> None:
    formers.remember(conn, add_link(conn, account_id, 7), NOON)
    for item in (ACTIVITY, EVENT):
        found = histories.former(conn, item)
        assert found is not None
        assert (found.activity_id, found.event_id) == (7, "e7")
    assert histories.former(conn, (Side.EVENT, "e8")) is None


def test_the_latest_entries_come_first_and_no_more_than_asked_for(conn: Connection, account_id: int) -> None:
    for number in range(5):
        log(conn, account_id, reason=f"edit {number}", activity_id=7 if number else 8)
    known = histories.accounts(conn)
    assert [entry.reason for entry in histories.entries(conn, ACTIVITY, known, limit=3)] == [
        "edit 4",
        "edit 3",
        "edit 2",
    ]
    assert len(histories.entries(conn, EVENT, known, limit=9)) == 5
    assert histories.entries(conn, (Side.ACTIVITY, "9"), known, limit=9) == []


def test_the_last_decision_of_each_account_counts_and_no_dry_one(conn: Connection, account_id: int) -> None:
    for run_id, hours, rows in (
        ("one", 0, [{"activity_id": 7, "reason": "old"}, {"activity_id": 8, "reason": "another's"}]),
        ("two", 1, [{"event_id": "e7", "reason": "new", "state": "confirmed"}]),
        ("dry", 2, [{"activity_id": 7, "reason": "dry", "state": "shown"}]),
    ):
        at = NOON + timedelta(hours=hours)
        runs.create(conn, run_id=run_id, dag_id="d", kind="manual", dry_run=False, request={}, at=at)
        made = [new_row(account_id, action="merge", payload={}, **row) for row in rows]
        runs.store_plan(conn, run_id, [account_id], made)
    assert [row.reason for row in histories.decisions(conn, ACTIVITY)] == ["old"]
    (last,) = histories.decisions(conn, ACTIVITY, EVENT)
    assert (last.run_id, last.reason, last.started_at) == ("two", "new", NOON + timedelta(hours=1))


def test_what_waits_is_found(conn: Connection, account_id: int) -> None:
    link_id = add_link(conn, account_id, 7)
    opened: dict[str, Any] = {"account_id": account_id, "run_id": "r", "opened_at": NOON, "item_count": 1}
    pairs, new = (
        holds.open_hold(conn, NewHold(rule, rule, [0.2, 25]), **opened) for rule in ("max_delete", "max_create")
    )
    kept = {"activity_id": 7, "event_id": "e7", "action": "delete_event", "payload": {}}
    holds.hold_item(conn, pairs, new_row(account_id, **(kept | {"link_id": link_id})))
    holds.hold_creation(conn, new, new_row(account_id, **kept), side="events", item_id="e7")
    assert [hold.id for hold in histories.holds(conn, [ACTIVITY], [link_id])] == [pairs]
    assert [hold.id for hold in histories.holds(conn, [EVENT], [])] == [new]
    assert [hold.id for hold in histories.holds(conn, [EVENT], [link_id])] == [pairs, new]
    assert {key: (hold and hold.id, aside) for key, (hold, aside) in histories.kept_back(conn, EVENT).items()} == {
        account_id: (new, None)
    }
    quarantine.put_aside(
        conn, account_id=account_id, side="events", item_id="e7", reason="?", attempts=2, next_try_at=NOON, at=NOON
    )
    assert [row.attempts for row in histories.set_aside(conn, [ACTIVITY, EVENT])] == [2]
    assert histories.set_aside(conn, [ACTIVITY]) == []
    ((hold, aside),) = histories.kept_back(conn, EVENT).values()
    assert (hold and hold.id, aside and aside.attempts) == (new, 2)
    holds.decide(conn, new, state="rejected", by="paul", at=NOON)
    assert histories.kept_back(conn, ACTIVITY) == {}
