"""Records and their tables: a record has the columns of its table, by name, and is made whole by both databases."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, Table

from include.calsync.core import observations, records, run_records
from include.calsync.core.words import KINDS
from include.calsync.store import changes, copies, cursors, formers, holds, lookups, mapping, runs, tables
from tests.store.conftest import NOON

LINK: dict[str, Any] = {
    "company_id": "c",
    "activity_id": 7,
    "calendar_id": "k",
    "event_id": "e",
    "origin": "google",
    "base_activity": {"subject": "Call"},
    "base_event": {"title": "Call"},
    "activity_digest": "a",
    "event_digest": "e",
    "rendered": {"title": {}},
    "activity_raw": {"id": 7},
    "event_raw": None,
    "marked": True,
    "due_at": NOON + timedelta(days=1),
    "updated_at": NOON,
    "meeting": "m",
}
# Columns that nobody reads by their record.
BESIDE = {
    records.Link: {"is_past", "subject_key", *(f"{kind}_ref" for kind in KINDS)},
    run_records.Cursor: {"run_id"},
    observations.Observation: {"id", "run_id"},
}

OF_ITS_HOLD = {run_records.Held: {"state", "decided_by"}}


STORED = [each.name for each in dataclasses.fields(run_records.NewRow) if each.name != "hold"]


def new_row(account_id: int, **values: Any) -> run_records.NewRow:
    ids: dict[str, Any] = {"account_id": account_id, "link_id": None, "activity_id": None, "event_id": None}
    rest = {"side": "events", "state": "planned", "reason": "new", "conflicts": None, "rule": "new", "format": 2}
    return run_records.NewRow(**(ids | rest | values))


@pytest.mark.parametrize(
    ("record", "table"),
    [
        (records.Link, tables.link),
        (records.Former, tables.former),
        (records.Intent, tables.intent),
        (records.Copy, tables.copy),
        (records.SetAside, tables.quarantine),
        (observations.Observation, tables.observation),
        (run_records.StoredRun, tables.sync_run),
        (run_records.Cursor, tables.cursor),
        (run_records.PlanRow, tables.plan_row),
        (run_records.Entry, tables.change_log),
        (run_records.OpenWrite, tables.open_write),
        (run_records.Held, tables.held_item),
    ],
)
def test_no_column_is_left_out(record: type[Any], table: Table) -> None:
    names = {each.name for each in dataclasses.fields(record)} - OF_ITS_HOLD.get(record, set())
    assert names == {column.name for column in table.c} - BESIDE.get(record, set())


def test_a_row_to_be_stored_has_the_names_of_the_columns() -> None:
    assert {"id", "run_id", *STORED} == {column.name for column in tables.plan_row.c}


def test_a_head_is_a_link_without_what_it_holds(store: Engine, account_id: int) -> None:
    with store.begin() as conn:
        link_id = mapping.add_link(conn, account_id=account_id, **LINK)
        link = mapping.get_link(conn, link_id)
        (head,) = lookups.of_ids(conn, [link_id])
        (base,) = lookups.bases(conn, "c", [7]).values()
    assert link is not None
    assert {name: getattr(link, name) for name in LINK} == LINK
    assert (link.id, link.account_id, link.state, link.cause) == (link_id, account_id, "active", None)
    for each in dataclasses.fields(head):
        assert getattr(head, each.name) == getattr(link, each.name)
    held = {"base_activity", "base_event", "rendered", "activity_raw", "event_raw"}
    assert {each.name for each in dataclasses.fields(link)} - {each.name for each in dataclasses.fields(head)} == held
    assert base == records.ActivityBase(7, account_id, "google", "active", LINK["base_activity"], 1)
    assert records.whole(link) is link
    with pytest.raises(LookupError, match=f"head of link {link_id}"):
        records.whole(head)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(link, "state", "held")  # noqa: B010


def test_other_columns_make_another_record(store: Engine, account_id: int) -> None:
    with store.begin() as conn:
        link = mapping.get_link(conn, mapping.add_link(conn, account_id=account_id, **LINK))
    assert link is not None
    assert records.with_columns(link, None) is link
    moved = records.with_columns(records.with_columns(link, {"event_id": "f"}), {"marked": False})
    assert (moved.event_id, moved.marked, link.event_id, link.marked) == ("f", False, "e", True)
    assert dataclasses.replace(moved, event_id="e", marked=True) == link


def test_what_ended_intended_and_copied_reads_as_it_was_stored(store: Engine, account_id: int) -> None:
    ids: dict[str, Any] = {"company_id": "c", "calendar_id": "k", "event_id": "e"}
    with store.begin() as conn:
        mapping.end_link(conn, mapping.add_link(conn, account_id=account_id, **LINK), NOON)
        former = formers.of_event(conn, "k", "e")
        when = {"day": "2026-01-05", "days": 1}
        rest: dict[str, Any] = {"owner_id": 3, "subject": "Call", "when": when, "attempted_at": NOON}
        mapping.intend(conn, account_id=account_id, run_id="r", meeting="m", **ids, **rest)
        (intent,) = mapping.intents(conn, account_id)
        who = {"account_id": account_id, "email": "a@x.example", "name": "A"}
        copies.put(conn, ids | who | {"meeting": "m"}, waits=True)
        (copy,) = copies.concerned(conn, {"k": ["e"]}, {})
        assert copies.intents_of(conn, ["c"]) == [intent]
    assert former is not None
    names = ("base_event", "activity_raw", "event_raw", "origin")
    assert [getattr(former, name) for name in names] == [LINK[name] for name in names]
    assert (former.ended_at, former.leaves) == (NOON, False)
    assert {name: getattr(intent, name) for name in rest} == rest
    assert (intent.meeting, intent.series_id) == ("m", None)
    assert (copy.state, copy.waits, copy.email) == ("new", True, "a@x.example")


def test_a_run_its_accounts_and_rows_read_as_they_were_stored(store: Engine, account_id: int) -> None:
    request = {"accounts": None, "upload": {"types": ["call"]}}
    row = new_row(account_id, activity_id=7, action="create_event", payload={"a": 1})
    with store.begin() as conn:
        runs.create(conn, run_id="r", dag_id="d", kind="manual", dry_run=True, request=request, at=NOON)
        runs.add_account(conn, run_id="r", account_id=account_id, settings={"name": "anna"}, fence=4)
        runs.set_account(conn, "r", account_id, counts={"activities_listed": 2}, notices=["n"], next_watermark=NOON)
        runs.store_plan(conn, "r", [account_id], [row])
        stored, (account,), (planned,) = runs.get(conn, "r"), runs.accounts(conn, "r"), runs.plan_rows(conn, "r")
        runs.set_row(conn, planned.id, state="confirmed")
        runs.set_account(conn, "r", account_id, activities_pulled=True, events_pulled=True)
        cursors.save(conn, account_id=account_id, side="activities", run_id="r", at=NOON, watermark=NOON)
        cursor = cursors.get(conn, account_id, "activities")
    assert stored == run_records.StoredRun("r", "d", "manual", True, request, NOON, None, None, None, quiet=False)
    assert (account.account_id, account.fence, account.settings) == (account_id, 4, {"name": "anna"})
    assert (account.counts, account.notices, account.next_watermark) == ({"activities_listed": 2}, ["n"], NOON)
    assert (account.planned, account.events_pulled, account.mode) == (True, False, None)
    for name in STORED:
        assert getattr(planned, name) == getattr(row, name)
    assert planned.named_activity == 7
    with pytest.raises(LookupError, match="names no event"):
        _ = planned.named_event
    assert cursor == run_records.Cursor(account_id, "activities", NOON, None, None, NOON)


def test_what_is_held_or_not_heard_of_reads_as_it_was_stored(store: Engine, account_id: int) -> None:
    write = {"company_id": "c", "calendar_id": "k", "event_id": "e", "side": "events", "action": "merge", "reason": "r"}
    with store.begin() as conn:
        link_id = mapping.add_link(conn, account_id=account_id, **LINK)
        hold = run_records.NewHold("max_create", "m", [0.2, 50])
        hold_id = holds.open_hold(conn, hold, account_id=account_id, run_id="r", opened_at=NOON, item_count=2)
        payload = {"cause": "event_deleted", "limits": [0.2, 25]}
        row = new_row(account_id, link_id=link_id, action="delete_activity", state="held", payload=payload)
        holds.hold_item(conn, hold_id, row)
        holds.hold_creation(conn, hold_id, row, side="events", item_id="e2")
        (held,), (new,) = holds.held_items(conn, account_id), holds.held_creations(conn, account_id)
        write_id = changes.note(conn, at=NOON, run_id="r", account_id=account_id, after={"title": "T"}, **write)
        (noted,) = changes.open_writes(conn, account_id)
    assert held.hold_id == hold_id
    for name in holds.KEPT:
        assert getattr(held, name) == getattr(row, name)
    assert (new.hold_id, new.side, new.item_id, new.rule, new.limits) == (
        hold_id,
        "events",
        "e2",
        "max_create",
        [0.2, 50],
    )
    assert (noted.id, noted.at, noted.before, noted.after, noted.seen) == (write_id, NOON, None, {"title": "T"}, None)
    assert {name: getattr(noted, name) for name in write} == write
