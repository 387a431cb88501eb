"""Links by what a run saw, or because they are open: the right ones, and none of the others is so much as looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from include.calsync.core.policy import Side
from include.calsync.store import copies, formers, histories, lookups, mapping, pruning
from include.calsync.store.engine import takes_one_writer
from include.calsync.store.transaction import reader_of
from tests.store.conftest import NOON
from tests.store.test_mapping import add_link

COMPANY, CALENDAR = "c", "k"
TODAY, TOMORROW = NOON, NOON + timedelta(days=1)


def numbers(links: Any) -> list[int]:
    return [link.activity_id for link in links]


@pytest.fixture
def links(store: Engine, account_id: int) -> Engine:
    """Links 1 to 9, each of its own kind but for its ids."""
    with store.begin() as conn:
        add_link(conn, account_id, 1, due_at=TOMORROW, meeting="m")
        add_link(conn, account_id, 2, due_at=TODAY, probed_at=TODAY, intended={})
        add_link(conn, account_id, 3, due_at=TODAY - timedelta(days=9), marked=False)
        add_link(conn, account_id, 4, due_at=TOMORROW, state="removing", cause="done")
        add_link(conn, account_id, 5, due_at=TOMORROW, state="held", cause="max_delete")
        add_link(conn, account_id, 6, missing_since_run="r")
        add_link(conn, account_id, 7, vanished_since_run="r", series_id="s", original_start="2026-03-02")
        add_link(conn, account_id, 8, state="detached", cause="no_date", calendar_id="other")
        add_link(conn, account_id, 9, company_id="other", calendar_id="other", due_at=TOMORROW)
    return store


def test_links_are_found_by_what_was_seen(links: Engine, account_id: int) -> None:
    with links.begin() as conn:
        assert numbers(lookups.of_activities(conn, COMPANY, [9, 2, 1, 2, 77])) == [1, 2]
        assert numbers(lookups.of_events(conn, CALENDAR, ["e9", "e7", "e1"])) == [1, 7]
        assert numbers(lookups.of_events(conn, "other", ["e9", "e1"])) == [9]
        assert numbers(lookups.of_series(conn, CALENDAR, ["s", "e1"])) == [7]
        assert numbers(lookups.of_meetings(conn, COMPANY, ["m", "n"])) == [1]
        assert numbers(lookups.of_ids(conn, range(1000, 5000))) == []
        assert lookups.bases(conn, COMPANY, [1, 9]).keys() == {1}
        assert [lookups.has_series(conn, each) for each in (CALENDAR, "other")] == [True, False]
        assert numbers(lookups.due_at(conn, account_id, TOMORROW)) == [1, 9]
        assert numbers(lookups.of_accounts(conn, [account_id], TODAY)) == [1, 2, 6, 7, 9]


def test_open_ones_are_found_whether_or_not_anything_was_seen(links: Engine, account_id: int) -> None:
    with links.begin() as conn:
        assert numbers(lookups.unfinished(conn, [account_id], [])) == [2, 4]
        assert numbers(lookups.unfinished(conn, [account_id], [account_id])) == [2, 4, 3]
        assert numbers(lookups.unfinished(conn, [account_id + 1], [account_id + 1])) == []
        assert numbers(lookups.apart(conn, [account_id])) == [5]
        assert numbers(lookups.doubted(conn, [account_id])) == [6]
        assert numbers(lookups.vanished(conn, CALENDAR)) == [7]
        assert lookups.live_counts(conn, [account_id]) == {account_id: 8}


def test_a_comparison_asks_for_all_that_begin_in_its_interval(links: Engine, account_id: int) -> None:
    with links.begin() as conn:
        assert sorted(row[1] for row in lookups.compared(conn, [account_id], None)) == [1, 2, 3, 5, 6, 7, 9]
        assert [row[1:] for row in lookups.compared(conn, [account_id], (TODAY, TOMORROW))] == [(2, "e2", None)]


def test_the_longest_unasked_come_first_and_past_ones_apart(links: Engine, account_id: int) -> None:
    def asked(conn: Connection, *, past: bool) -> list[int]:
        return [row[1] for row in lookups.longest_unasked(conn, COMPANY, [account_id], past=past)]

    with links.begin() as conn:
        assert set(asked(conn, past=False)) == {1, 2, 3, 7}
        assert asked(conn, past=False)[-1] == 2, "the only one that was asked for"
        lookups.end(conn, COMPANY, TODAY)
        assert (set(asked(conn, past=False)), asked(conn, past=True)) == ({1, 2, 7}, [3])
        (moved,) = lookups.of_activities(conn, COMPANY, [3])
        mapping.set_link(conn, moved.id, due_at=TOMORROW)
        assert (set(asked(conn, past=False)), asked(conn, past=True)) == ({1, 2, 3, 7}, []), "it is upcoming again"


def test_a_print_is_of_a_pair_about_which_nothing_is_open_and_of_its_base(links: Engine, account_id: int) -> None:
    def known(conn: Connection, *marking_ids: int, field_set: int = 1) -> list[int]:
        found = lookups.prints(conn, Side.ACTIVITY, COMPANY, range(10), marking_ids, field_set)
        assert set(found.values()) <= {("p", account_id)}
        return sorted(found)

    with links.begin() as conn:
        every = lookups.of_activities(conn, COMPANY, range(10))
        assert known(conn) == []
        mapping.touch(conn, [(link.id, {"activity_print": "p"}) for link in every])
        assert known(conn) == [1, 3]
        assert known(conn, account_id) == [1], "an event that is still to get our properties is open"
        assert known(conn, field_set=2) == []
        assert lookups.prints(conn, Side.EVENT, CALENDAR, ["e1"], [], 1) == {}
        mapping.set_link(conn, every[0].id, activity_digest="other", base_activity={"subject": "Other"})
        assert known(conn) == [3], "another base was seen of no object yet"


OF_ACCOUNT = ("ix_link_account (account_id=?)", "ix_link_account (account_id=? AND state=?)")
"""Nearly all links of an account are in one state."""


@contextmanager
def scans(engine: Engine) -> Iterator[list[str]]:
    """Statements that walk a whole table or index, or all links of an account, as SQLite plans them."""
    found: list[str] = []
    asking = False

    def look(conn: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        nonlocal asking
        if asking or not statement.startswith(("SELECT", "UPDATE", "DELETE")):
            return
        asking = True
        plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        asking = False
        walks = [row.detail for row in plan if row.detail.startswith("SCAN") or row.detail.endswith(OF_ACCOUNT)]
        found.extend(f"{walk}: {statement}" for walk in walks)

    both = {engine, reader_of(engine)}
    for each in both:
        event.listen(each, "before_cursor_execute", look)
    try:
        yield found
    finally:
        for each in both:
            event.remove(each, "before_cursor_execute", look)


def test_no_question_walks_all_links(links: Engine, account_id: int) -> None:
    if not takes_one_writer(links):
        with links.begin() as conn:  # PostgreSQL walks small tables, unless it is told that this is dear
            conn.execute(text("SET LOCAL enable_seqscan = off"))
            plan = conn.execute(text("EXPLAIN SELECT id FROM link WHERE account_id IN (1) AND (state = 'held')"))
            assert any("ix_link_a" in row[0] for row in plan)
        return
    with scans(links) as found, links.begin() as conn:
        lookups.of_ids(conn, [1])
        lookups.of_activities(conn, COMPANY, [1])
        lookups.of_events(conn, CALENDAR, ["e1"])
        lookups.of_series(conn, CALENDAR, ["s"])
        lookups.of_meetings(conn, COMPANY, ["m"])
        lookups.bases(conn, COMPANY, [1])
        lookups.has_series(conn, CALENDAR)
        lookups.unfinished(conn, [account_id], [account_id])
        lookups.apart(conn, [account_id])
        lookups.doubted(conn, [account_id])
        lookups.vanished(conn, CALENDAR)
        lookups.due_at(conn, account_id, TOMORROW)
        lookups.prints(conn, Side.EVENT, CALENDAR, ["e1"], [account_id], 1)
        lookups.end(conn, COMPANY, TODAY)
        for past in (False, True):
            next(lookups.longest_unasked(conn, COMPANY, [account_id], past=past), None)
        copies.concerned(conn, {CALENDAR: ["e1"]}, {COMPANY: ["m"]})
        copies.of_events(conn, CALENDAR, ["e1"])
        formers.leaving(conn, company_id=COMPANY)
        known = histories.accounts(conn)
        for item in ((Side.ACTIVITY, "1"), (Side.EVENT, "e1")):
            histories.links(conn, item)
            histories.former(conn, item)
            histories.entries(conn, item, known, limit=5)
            histories.decisions(conn, item)
            histories.holds(conn, [item], [1])
            histories.kept_back(conn, item)
            histories.set_aside(conn, [item])
        histories.decisions(conn, (Side.ACTIVITY, "1"), (Side.EVENT, "e1"))
        pruning.prune(conn, NOON, timedelta(days=30))
    walked = ("SCAN link", "SCAN copy", "SCAN former")
    others = ("plan_row", "change_log", "held_item", "held_creation", "hold", "quarantine")
    long = [each for each in found if each.startswith(tuple(f"SCAN {name}" for name in others))]
    assert [each for each in long if "LIMIT" not in each] == []  # the oldest so many are looked at, and no more
    assert [each for each in found if each.startswith(walked) and "USING INDEX" not in each] == []
    assert not any(each.startswith("SCAN link") for each in found)
    assert [each for each in found if "ix_link_account" in each] == []
