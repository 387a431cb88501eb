"""Laws that the database itself refuses to break."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from include.calsync.store.tables import account, change_log, cursor, link, log_guard, plan_row, run_account, sync_run

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def bert_id(store: Engine) -> int:
    with store.begin() as connection:
        return int(connection.execute(insert(account).values(name="bert").returning(account.c.id)).scalar_one())


DONE = {"activities_pulled": True, "events_pulled": True, "planned": True}


def _run(connection: Connection, run_id: str, **done: bool) -> str:
    """A run of all accounts that read and planned everything, or just `done`."""
    row = {"id": run_id, "dag_id": "calendar_sync", "kind": "manual", "dry_run": False, "request": {}}
    connection.execute(insert(sync_run).values(**row, started_at=NOON))
    for account_id in connection.execute(select(account.c.id)).scalars().all():
        part = {"run_id": run_id, "account_id": account_id, "settings": {}, "notices": [], "counts": {}}
        connection.execute(insert(run_account).values(**part, **(done or DONE)))
    return run_id


def _plan(connection: Connection, run_id: str, account_id: int, state: str) -> None:
    row = {"run_id": run_id, "account_id": account_id, "state": state, "action": "create_event", "side": "events"}
    connection.execute(insert(plan_row).values(**row, reason="created", payload={}))


def _cursor(run_id: str, account_id: int) -> dict[str, Any]:
    row = {"account_id": account_id, "side": "events", "sync_token": f"after {run_id}"}
    return {**row, "run_id": run_id, "saved_at": NOON}


class TestCursorsLast:
    """Law 7."""

    def test_a_cursor_is_not_made_while_its_run_has_planned_rows(self, store: Engine, account_id: int) -> None:
        with store.begin() as connection:
            _plan(connection, _run(connection, "r1"), account_id, "planned")
        with pytest.raises(IntegrityError, match="law 7, cursors last"), store.begin() as connection:
            connection.execute(insert(cursor).values(_cursor("r1", account_id)))

    def test_a_cursor_does_not_move_while_its_run_has_planned_rows(self, store: Engine, account_id: int) -> None:
        with store.begin() as connection:
            connection.execute(insert(cursor).values(_cursor(_run(connection, "r1"), account_id)))
            _plan(connection, _run(connection, "r2"), account_id, "planned")
        with pytest.raises(IntegrityError, match="law 7, cursors last"), store.begin() as connection:
            connection.execute(update(cursor).values(_cursor("r2", account_id)))
        with store.connect() as connection:
            assert connection.execute(select(cursor.c.sync_token)).scalar() == "after r1"

    @pytest.mark.parametrize("undone", [*DONE, "all"])
    @pytest.mark.parametrize("known", [False, True])
    def test_a_cursor_does_not_move_for_what_was_not_done(
        self, store: Engine, account_id: int, undone: str, known: bool
    ) -> None:
        """A run without a plan has no planned rows left either."""
        with store.begin() as connection:
            if known:
                connection.execute(insert(cursor).values(_cursor(_run(connection, "r1"), account_id)))
            done = {name: name != undone for name in DONE} if undone != "all" else dict.fromkeys(DONE, False)
            _run(connection, "r2", **done)
        save = update(cursor) if known else insert(cursor)
        with pytest.raises(IntegrityError, match="law 7, cursors last"), store.begin() as connection:
            connection.execute(save.values(_cursor("r2", account_id)))

    def test_a_cursor_does_not_move_for_an_account_that_took_no_part(self, store: Engine, account_id: int) -> None:
        with pytest.raises(IntegrityError, match="law 7, cursors last"), store.begin() as connection:
            connection.execute(insert(cursor).values(_cursor("unheard of", account_id)))

    @pytest.mark.parametrize("state", ["confirmed", "held", "deferred", "quarantined", "failed", "shown"])
    def test_it_moves_when_all_rows_are_settled(self, store: Engine, account_id: int, state: str) -> None:
        with store.begin() as connection:
            _plan(connection, _run(connection, "r1"), account_id, state)
            connection.execute(insert(cursor).values(_cursor("r1", account_id)))
            _plan(connection, _run(connection, "r2"), account_id, "planned")
            connection.execute(update(plan_row).values(state=state))
            connection.execute(update(cursor).values(_cursor("r2", account_id)))
            assert connection.execute(select(cursor.c.sync_token)).scalar() == "after r2"

    def test_neither_another_account_nor_a_dead_run_stands_in_the_way(
        self, store: Engine, account_id: int, bert_id: int
    ) -> None:
        with store.begin() as connection:
            _plan(connection, _run(connection, "dead"), account_id, "planned")
            _plan(connection, _run(connection, "r1"), bert_id, "planned")
            connection.execute(insert(cursor).values(_cursor("r1", account_id)))
            assert connection.execute(select(cursor.c.run_id)).scalars().all() == ["r1"]


class TestChangeLog:
    """Law 12: append-only."""

    @pytest.fixture(autouse=True)
    def _row(self, store: Engine, account_id: int) -> None:
        with store.begin() as connection:
            row = {"id": 1, "at": NOON, "run_id": "r", "account_id": account_id, "company_id": "c", "calendar_id": "k"}
            connection.execute(insert(change_log).values(**row, side="events", action="create_event", reason="created"))

    @pytest.mark.parametrize("statement", ["UPDATE change_log SET reason = 'other'", "DELETE FROM change_log"])
    def test_rows_are_neither_changed_nor_deleted(self, store: Engine, statement: str) -> None:
        self._refused(store, statement)

    @pytest.mark.parametrize("dialect", ["sqlite"])
    def test_rows_are_not_replaced(self, store: Engine) -> None:
        columns = "id, at, run_id, account_id, company_id, calendar_id, side, action"
        source = f"SELECT {columns}, 'other' FROM change_log"
        self._refused(store, f"INSERT OR REPLACE INTO change_log ({columns}, reason) {source}")

    @pytest.mark.parametrize("dialect", ["postgresql"])
    def test_the_table_is_not_truncated(self, store: Engine) -> None:
        self._refused(store, "TRUNCATE change_log CASCADE")

    @pytest.mark.parametrize(
        ("guard", "statement"),
        [
            ({"before": NOON}, "DELETE FROM change_log"),
            ({"before": NOON + timedelta(days=1)}, "UPDATE change_log SET after = NULL"),
            ({"erasing": True}, "DELETE FROM change_log"),
            ({"erasing": True}, "UPDATE change_log SET reason = 'other', after = NULL"),
            ({"erasing": True}, "UPDATE change_log SET activity_id = 8"),
        ],
    )
    def test_a_guard_allows_no_more_than_it_says(self, store: Engine, guard: dict[str, Any], statement: str) -> None:
        with store.begin() as connection:
            connection.execute(insert(log_guard).values(key="test", **guard))
        self._refused(store, statement)

    def test_entries_from_before_the_time_said_go_and_texts_are_blanked_where_that_is_said(self, store: Engine) -> None:
        with store.begin() as connection:
            connection.execute(insert(log_guard).values(key="test", erasing=True))
            connection.execute(update(change_log).values(before=None, after={"subject": "…"}, lost=None, actor=None))
            assert connection.execute(select(change_log.c.after)).scalars().all() == [{"subject": "…"}]
            connection.execute(update(log_guard).values(before=NOON + timedelta(seconds=1)))
            connection.execute(delete(change_log))
            assert connection.execute(select(change_log.c.id)).all() == []

    def _refused(self, store: Engine, statement: str) -> None:
        with pytest.raises(IntegrityError, match=r"law 12.*append-only"), store.begin() as connection:
            connection.execute(text(statement))
        with store.connect() as connection:
            assert connection.execute(select(change_log.c.reason)).scalars().all() == ["created"]


class TestNoDuplicates:
    """Law 1: one link per (company, activity) and per (calendar, event)."""

    @pytest.mark.parametrize(
        ("second", "accepted"),
        [
            ({"activity_id": 2, "event_id": "e2"}, True),
            ({"activity_id": 1, "event_id": "e1", "company_id": "c2", "calendar_id": "k2"}, True),
            ({"activity_id": 1, "event_id": "e2"}, False),
            ({"activity_id": 2, "event_id": "e1"}, False),
        ],
    )
    def test_a_second_link_for_an_item_is_refused(
        self, store: Engine, account_id: int, bert_id: int, second: dict[str, Any], accepted: bool
    ) -> None:
        first = {"account_id": account_id, "company_id": "c1", "activity_id": 1, "calendar_id": "k1", "event_id": "e1"}
        content = {"base_activity": {}, "base_event": {}, "activity_digest": "a", "event_digest": "e", "rendered": {}}
        rest = {**content, "origin": "google", "marked": True, "updated_at": NOON}
        with store.begin() as connection:
            connection.execute(insert(link).values(**first, **rest))
        try:
            with store.begin() as connection:
                connection.execute(insert(link).values(**{**first, "account_id": bert_id, **second}, **rest))
        except IntegrityError:
            assert not accepted
        else:
            assert accepted
