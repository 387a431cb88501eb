"""What the page finds by subject, and counts of a run, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from include.calsync.core.run_records import NewRow
from include.calsync.store import mapping, page_items, page_runs, quarantine, runs
from include.calsync.store.page_runs import Group
from include.calsync.store.tables import link
from tests.store.conftest import NOON
from tests.store.test_records import LINK, new_row


def add(store: Engine, account_id: int, number: int, subject: str, **values: Any) -> int:
    ids = {"activity_id": number, "event_id": f"e{number}", "due_at": NOON + timedelta(days=number)}
    activity = {"base_activity": {"subject": subject, **values}}
    with store.begin() as conn:
        return mapping.add_link(conn, account_id=account_id, **{**LINK, "meeting": None, **ids, **activity})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("strasse", [3, 1]),
        ("  STRASSE ", [3, 1]),
        ("100%", [2]),
        ("100_", []),
        ("ﬁnal", [2]),
        ("secret", []),
        ("x\ud800\0", []),
    ],
)
def test_pairs_are_found_by_a_part_of_their_subject(
    store: Engine, account_id: int, text: str, found: list[int]
) -> None:
    numbers = {
        add(store, account_id, number, subject): number
        for number, subject in enumerate(("Straße", "100% final", "Zur  STRAßE\n" + "x" * 400), start=1)
    }
    add(store, account_id, 4, "Secret", private=True)
    with store.connect() as conn:
        hits = page_items.by_subject(conn, [account_id], text, 10)
        assert [numbers[each.link_id] for each in hits] == found
        assert len(page_items.by_subject(conn, [account_id], "s", 1)) == 1
        assert page_items.by_subject(conn, [account_id + 1], text, 10) == []


def test_the_key_follows_the_subject(store: Engine, account_id: int) -> None:
    link_id = add(store, account_id, 1, "Before")
    with store.begin() as conn:
        mapping.set_link(conn, link_id, base_activity={"subject": "Übung"})
        assert conn.execute(select(link.c.subject_key)).scalar_one() == "übung"
        mapping.set_link(conn, link_id, marked=False)
        assert conn.execute(select(link.c.subject_key)).scalar_one() == "übung"
        mapping.set_link(conn, link_id, base_activity={"subject": "Übung", "private": True})
        assert conn.execute(select(link.c.subject_key)).scalar_one() is None


def test_a_plan_is_counted_by_what_is_done_and_type(store: Engine, account_id: int) -> None:
    def row(kind: str, when: dict[str, Any], **values: Any) -> NewRow:
        payload = {"activity": {"type": kind, "when": when}}
        rest = {"action": "create_event", "state": "shown", "payload": payload, **values}
        return new_row(account_id, **rest)

    rows = [row("call", {"start": f"2026-03-0{n}T09:00:00+00:00", "duration_s": None}) for n in (3, 2)]
    rows += [row("call", {"day": "2026-03-01", "days": 1}), row("demo", {"day": "2026-03-09", "days": 1})]
    rows += [new_row(account_id, action="adopt", state="shown", payload={"event": {"when": {"day": "2026-03-05"}}})]
    with store.begin() as conn:
        runs.create(conn, run_id="r", dag_id="d", kind="upload", dry_run=True, request={}, at=NOON)
        runs.add_account(conn, run_id="r", account_id=account_id, settings={}, fence=None)
        runs.store_plan(conn, "r", [account_id], rows)
        found = {(group.action, group.type): group for group in page_runs.groups(conn, "r")}
        assert [part.state for part in page_runs.parts(conn, "r")] == ["ok"]
        assert page_runs.read_count(conn, "r") == 0
        assert [run.id for run in page_runs.begun_since(conn, "d", NOON)] == ["r"]
        assert page_runs.begun_since(conn, "d", NOON + timedelta(seconds=1)) == []
    first, last = "2026-03-01", "2026-03-03T09:00:00+00:00"
    assert found["create_event", "call"] == Group("events", "create_event", "shown", "call", 3, first, last)
    assert found["create_event", "demo"].count == 1
    assert found["adopt", None].first == "2026-03-05"


def test_what_is_set_aside_becomes_due_but_never_later(store: Engine, account_id: int) -> None:
    item: dict[str, Any] = {"account_id": account_id, "side": "events", "item_id": "e"}
    later, earlier = NOON + timedelta(hours=1), NOON - timedelta(hours=1)
    with store.begin() as conn:
        quarantine.put_aside(conn, **item, reason="r", attempts=1, next_try_at=later, at=NOON)
        quarantine.due(conn, **{**item, "item_id": "other"}, at=earlier)
        quarantine.due(conn, **item, at=NOON)
        quarantine.due(conn, **item, at=later)
        assert [each.next_try_at for each in quarantine.set_aside(conn, account_id)] == [NOON]
