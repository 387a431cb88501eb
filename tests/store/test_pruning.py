"""What is dropped because it is old, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, func, select, update

from include.calsync.core.consents import Attempt
from include.calsync.core.run_records import NewHold
from include.calsync.store import changes, configured, consents, holds, pruning, runs
from include.calsync.store.tables import account_draft, change_log, hold, log_guard, oauth_attempt, plan_row, sync_run
from tests.store.conftest import NOON
from tests.store.test_records import new_row

KEPT = timedelta(days=30)


def at(days: float) -> Any:
    return NOON - timedelta(days=days)


def log(conn: Connection, account_id: int, days: float) -> None:
    ids: dict[str, Any] = {"run_id": "r", "account_id": account_id, "company_id": "c", "calendar_id": "k"}
    changes.append(conn, at=at(days), **ids, side="events", action="merge", reason=f"{days} days ago")


def run(conn: Connection, run_id: str, days: float, account_id: int, rows: int = 0, state: str = "confirmed") -> None:
    runs.create(conn, run_id=run_id, dag_id="d", kind="manual", dry_run=False, request={}, at=at(days))
    made = [new_row(account_id, action="merge", payload={"cause": "x"}, state=state) for _ in range(rows)]
    runs.store_plan(conn, run_id, [account_id], made)


def prune(store: Engine) -> None:
    with store.begin() as conn:
        pruning.prune(conn, NOON, KEPT)


def test_old_entries_go_and_the_guard_with_them(store: Engine, account_id: int) -> None:
    with store.begin() as conn:
        for days in (40, 31, 29, 0):
            log(conn, account_id, days)
    prune(store)
    with store.connect() as conn:
        assert conn.execute(select(change_log.c.reason).order_by(change_log.c.id)).scalars().all() == [
            "29 days ago",
            "0 days ago",
        ]
        assert conn.execute(select(log_guard)).all() == []


def test_links_to_consent_pages_go_a_day_after_they_expired(store: Engine) -> None:
    with store.begin() as conn:
        for number, days in enumerate((1.01, 0.99, -0.01)):
            attempt = Attempt(
                str(number), "google", "anna", "anna@acme.example", "admin", at(days), None, None, None, None
            )
            consents.add(conn, attempt, f"ticket {number}", at(days))
    prune(store)
    with store.connect() as conn:
        assert conn.execute(select(oauth_attempt.c.id).order_by(oauth_attempt.c.id)).scalars().all() == ["1", "2"]


def test_only_so_many_go_at_once_the_oldest_first(
    store: Engine, account_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "ROWS_AT_ONCE", 2)
    with store.begin() as conn:
        for _ in range(5):
            log(conn, account_id, 40)
        run(conn, "old", 40, account_id, rows=3)
    left = []
    for _ in range(3):
        prune(store)
        with store.connect() as conn:
            counts = [
                conn.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (change_log, plan_row, sync_run)
            ]
        left.append(counts)
    assert left == [[3, 1, 1], [1, 0, 0], [0, 0, 0]]


def test_a_run_goes_with_what_it_never_carried_out_and_stays_while_its_hold_is_open(
    store: Engine, account_id: int
) -> None:
    with store.begin() as conn:
        run(conn, "dead", 40, account_id, rows=2, state="planned")
        run(conn, "asks", 40, account_id, rows=1, state="held")
        run(conn, "week", 8, account_id, rows=1, state="planned")
        new = NewHold("max_delete", "m", [0.2, 25])
        held = holds.open_hold(conn, new, account_id=account_id, run_id="asks", opened_at=at(40), item_count=1)
    prune(store)
    with store.begin() as conn:
        assert set(conn.execute(select(sync_run.c.id)).scalars()) == {"asks", "week"}
        kept = conn.execute(select(plan_row.c.run_id, plan_row.c.format > 0)).all()
        assert {tuple(row) for row in kept} == {("asks", False), ("week", True)}
        conn.execute(update(hold).where(hold.c.id == held).values(state="rejected"))
    prune(store)
    with store.connect() as conn:
        assert conn.execute(select(sync_run.c.id)).scalars().all() == ["week"]
        assert conn.execute(select(hold.c.id)).all() == []


def test_earlier_settings_and_drafts_go_and_present_ones_stay(store: Engine, account_id: int) -> None:
    def write(days: float, base: int) -> None:
        values: dict[str, Any] = {"settings": {"name": "anna"}, "source": "page", "by": "olga", "at": at(days)}
        with store.begin() as conn:
            assert configured.write(conn, account_id, base=base, **values)

    def kept() -> list[int]:
        with store.connect() as conn:
            return [each.version for each in configured.versions(conn, account_id)]

    for base, days in enumerate((50.0, 40.0, 29.0, 28.0)):
        write(days, base)
    prune(store)
    assert kept() == [4, 3]
    with store.begin() as conn:
        assert not configured.write(conn, account_id, {}, base=3, source="page", by="paul", at=NOON), "it is 4 by now"
        for hours in (2, -2):
            configured.add_draft(conn, account_id=None, base_version=0, settings={}, by="olga", expires=at(hours / 24))
    with store.begin() as conn:
        pruning.prune(conn, at(-20), KEPT)
        assert conn.execute(select(func.count()).select_from(account_draft)).scalar() == 0
    assert kept() == [4]
    with store.begin() as conn:
        assert configured.remove(conn, account_id, base=4, by="olga", at=at(-20))
        pruning.prune(conn, at(-49), KEPT)
        assert configured.get(conn, account_id) is not None
        pruning.prune(conn, at(-51), KEPT)
        assert (configured.get(conn, account_id), configured.versions(conn, account_id)) == (None, [])
