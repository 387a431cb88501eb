"""Two tasks that write the same row at once: the later one waits, and then goes on; nobody dies of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, func, select

from include.calsync.flows.opening import provisioning
from include.calsync.flows.opening.identity import Resolved
from include.calsync.store import copies, cursors, directory, mapping, quarantine, runs, tables
from include.calsync.store.directory import Directory
from tests.store.conftest import NOON, FakeClock

Write = Callable[[Connection, int, str], Any]


def keep(conn: Connection, account_id: int, who: str) -> None:
    directory.keep(conn, "persons", who, {"by": who}, NOON)


def put_aside(conn: Connection, account_id: int, who: str) -> None:
    item: dict[str, Any] = {
        "side": "events",
        "item_id": "e",
        "reason": who,
        "attempts": 1,
        "next_try_at": NOON,
        "at": NOON,
    }
    quarantine.put_aside(conn, account_id=account_id, **item)


def put_copy(conn: Connection, account_id: int, who: str) -> None:
    ids = {"account_id": account_id, "company_id": "c", "calendar_id": "k", "event_id": "e", "meeting": "m"}
    copies.put(conn, {**ids, "email": "anna@acme.example", "name": who})


def save_cursor(conn: Connection, account_id: int, who: str) -> None:
    cursors.save(conn, account_id=account_id, side="events", run_id=who, at=NOON, sync_token="t")


def intend(conn: Connection, account_id: int, who: str) -> None:
    about: dict[str, Any] = {"account_id": account_id, "company_id": "c", "owner_id": 1, "subject": who, "when": {}}
    mapping.intend(conn, calendar_id="k", event_id="e", run_id=who, attempted_at=NOON, meeting="m", **about)


def find_account(conn: Connection, account_id: int, who: str) -> int:
    return provisioning.row_of(conn, "bert", Resolved("77", 5, "calendar", "UTC"))


def name_account(conn: Connection, account_id: int, who: str) -> int:
    return provisioning.row_of(conn, "bert", None)


def show_account(conn: Connection, account_id: int, who: str) -> int:
    return provisioning.known_row(conn, "bert", None)


WRITES: dict[Write, tuple[Any, Any]] = {
    keep: (tables.directory, tables.directory.c.fingerprint),
    put_aside: (tables.quarantine, tables.quarantine.c.reason),
    put_copy: (tables.copy, tables.copy.c.name),
    save_cursor: (tables.cursor, tables.cursor.c.run_id),
    intend: (tables.intent, tables.intent.c.run_id),
    find_account: (tables.account, None),
    name_account: (tables.account, None),
    show_account: (tables.account, None),
}


@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.__name__)
def test_the_later_of_two_writers_of_one_row_has_the_last_word(store: Engine, account_id: int, write: Write) -> None:
    _start_runs(store, account_id)
    with store.connect() as conn:
        before_count = conn.execute(select(func.count()).select_from(WRITES[write][0])).scalar_one()

    def second() -> Any:
        with store.begin() as conn:
            return write(conn, account_id, "second")

    with ThreadPoolExecutor(1) as pool:
        with store.begin() as conn:
            first = write(conn, account_id, "first")
            other = pool.submit(second)
            with pytest.raises(TimeoutError):
                other.result(timeout=0.3)
        assert other.result(timeout=30) == first
    table, column = WRITES[write]
    with store.connect() as conn:
        assert conn.execute(select(func.count()).select_from(table)).scalar_one() == before_count + 1
        if column is not None:
            assert conn.execute(select(column)).scalar_one() == "second"


def _start_runs(store: Engine, account_id: int) -> None:
    with store.begin() as conn:
        for run_id in ("first", "second"):
            runs.create(conn, run_id=run_id, dag_id="d", kind="manual", dry_run=False, request={}, at=NOON)
            done = {"activities_pulled": True, "events_pulled": True, "planned": True}
            runs.add_account(conn, run_id=run_id, account_id=account_id, settings={}, **done)


def test_one_guest_may_be_looked_up_for_eight_calendars_at_once(store: Engine) -> None:
    cache = Directory(store, FakeClock(), read_only=False)

    def look_up(number: int) -> Any:
        return [cache.get(f"person:{round_}", "f", lambda: {"id": 7}) for round_ in range(20)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(look_up, range(8)))
    assert answers == [[{"id": 7}] * 20] * 8
