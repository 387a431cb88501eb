"""A large company in a store, quickly: what one account has is inserted, and the database copies it to all others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Integer, Table, insert, select, true

from include.calsync.flows.request import RunRequest
from include.calsync.store.oauth_tables import oauth_attempt
from include.calsync.store.tables import (
    account,
    account_day,
    account_draft,
    change_log,
    cursor,
    hold,
    link,
    quarantine,
    run_account,
    sync_run,
)

DAYS, RUNS_KEPT = 14, 500
LOGGED = 210
"""Items of each account that something was written to; with 200 links the last ones are in no pair any more."""
ACTIONS = ("create_event", "update_event", "update_activity", "delete_event")
SIDES = {"create_event": "events", "update_event": "events", "update_activity": "activities", "delete_event": "events"}
FIRST = 1
NOW = datetime.now(UTC).replace(microsecond=0)
LOST = {"field": "subject", "activity": "Call", "event": "Ring", "winner": "activities", "why": "newest"}


def fill(engine: Engine, accounts: int, links: int, entries: int) -> None:
    """So many accounts, links and entries of the change log, evenly spread. Every 50th account needs somebody."""
    with engine.begin() as conn:
        if engine.dialect.name == "sqlite":
            conn.exec_driver_sql("PRAGMA cache_size = -1000000")  # kB: else it writes its indexes again and again
        conn.execute(insert(account), [_account(number) for number in range(1, accounts + 1)])
        conn.execute(insert(sync_run), [_run(number) for number in range(RUNS_KEPT)])
        conn.execute(insert(link), [_link(number) for number in range(links // accounts)])
        conn.execute(insert(change_log), [_entry(number) for number in range(entries // accounts)])
        conn.execute(insert(account_day), [_day(number) for number in range(DAYS)])
        conn.execute(insert(run_account), [_part(number) for number in range(RUNS_KEPT // 10)])
        conn.execute(insert(cursor), [_cursor(side) for side in ("activities", "events")])
        shifted: dict[str, Any] = {"calendar_id": account.c.calendar_id}
        for table in (link, change_log):
            numbered = {"activity_id": table.c.activity_id + account.c.id * 10_000}
            _for_each_other(conn, table, **shifted, **numbered)
        for table in (account_day, run_account, cursor):
            _for_each_other(conn, table)
        conn.execute(insert(account_draft), _draft())
        conn.execute(insert(oauth_attempt), _attempt())
        troubled = range(1, accounts + 1, 50)
        conn.execute(insert(hold), [_hold(number) for number in troubled])
        conn.execute(insert(quarantine), [_aside(number) for number in troubled])
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.exec_driver_sql("ANALYZE")  # as both databases do by themselves after a while


def _for_each_other(conn: Connection, table: Table, **changed: Any) -> None:
    """What the first account has in this table, for each other account as well."""
    columns = {each.name: each for each in table.c if each.name != "id"} | {"account_id": account.c.id} | changed
    others = table.c.account_id == FIRST, account.c.id != FIRST
    rows = select(*columns.values()).select_from(table.join(account, true())).where(*others)
    conn.execute(insert(table).from_select(list(columns), rows))


def _account(number: int) -> dict[str, Any]:
    name, mail = f"person-{number}", f"person-{number}@acme.example"
    failed = number % 50 == 3
    return {
        "name": name,
        "company_id": "77",
        "user_id": number,
        "calendar_id": mail,
        "state": "failed" if failed else "paused" if number % 50 == 4 else "ok",
        "error": "the calendar does not exist or is not shared. Share it." if failed else None,
        "settings": {"name": name, "pipedrive_user": mail, "google_user": mail, "calendar": "primary"},
        "source": "page",
        "version": 1,
        "updated_at": NOW,
        "updated_by": "admin",
        "last_success_at": NOW - timedelta(days=1 if failed else 0),
        "failing_since": NOW - timedelta(days=1) if failed else None,
    }


def _draft() -> dict[str, Any]:
    settings = {**_account(FIRST)["settings"], "mode": "to_google"}
    row = {"account_id": FIRST, "base_version": 1, "settings": settings, "by": "admin"}
    return {**row, "expires": NOW + timedelta(days=1)}


def _attempt() -> dict[str, Any]:
    who = {"service": "google", "account": "person-1", "person": "person-1@acme.example", "asked_by": "admin"}
    return {"id": "attempt", **who, "expires_at": NOW + timedelta(days=1), "ticket_digest": "0" * 64}


def _run(number: int) -> dict[str, Any]:
    at = NOW - timedelta(minutes=5 * number + 5)
    return {
        "id": f"run-{number}",
        "dag_id": "calendar_sync",
        "kind": "scheduled",
        "dry_run": False,
        "request": RunRequest("calendar_sync", "scheduled", "bench").to_json(),
        "started_at": at,
        "planned_at": at + timedelta(seconds=20),
        "finished_at": at + timedelta(seconds=40),
        "summary": {"failure": None},
    }


def _link(number: int) -> dict[str, Any]:
    view = {"subject": f"Call {number}", "when": {"start": NOW.isoformat(), "duration_s": 1800}, "note": "x" * 150}
    return {
        "account_id": FIRST,
        "company_id": "77",
        "activity_id": number,
        "calendar_id": "person-1@acme.example",
        "event_id": f"event{number}",
        "origin": "pipedrive",
        "base_activity": view,
        "base_event": view,
        "activity_digest": "0" * 64,
        "event_digest": "0" * 64,
        "rendered": {},
        "activity_raw": view,
        "event_raw": view,
        "marked": True,
        "updated_at": NOW,
    }


def _entry(number: int) -> dict[str, Any]:
    action = ACTIONS[number % len(ACTIONS)]
    return {
        "at": NOW - timedelta(minutes=number * DAYS * 1440 // 800),
        "run_id": f"run-{number % RUNS_KEPT}",
        "account_id": FIRST,
        "link_id": number + 1,
        "company_id": "77",
        "activity_id": number % LOGGED,
        "calendar_id": "person-1@acme.example",
        "event_id": f"event{number % LOGGED}",
        "side": SIDES[action],
        "action": action,
        "reason": "edited in Pipedrive",
        "before": {"subject": "Call", "note": "x" * 80},
        "after": {"subject": "Call back", "note": "x" * 80},
        "lost": [LOST] if number % 50 == 0 else None,
    }


def _day(number: int) -> dict[str, Any]:
    counts = {each.name: number for each in account_day.c if type(each.type) is Integer}
    return counts | {"account_id": FIRST, "day": (NOW - timedelta(days=number)).date().isoformat()}


def _part(number: int) -> dict[str, Any]:
    done = dict.fromkeys(("activities_pulled", "events_pulled", "planned"), True)
    return {"run_id": f"run-{number}", "account_id": FIRST, "settings": {}, "notices": [], "counts": {}, **done}


def _cursor(side: str) -> dict[str, Any]:
    where = {"watermark": NOW} if side == "activities" else {"sync_token": "token"}
    nowhere = {"watermark": None, "sync_token": None}
    return {"account_id": FIRST, "side": side, "run_id": "run-0", "saved_at": NOW} | nowhere | where


def _hold(number: int) -> dict[str, Any]:
    message = "48 deletions held: more than max_delete_count = 10 allow."
    limits = {"max_delete_count": 10}
    return {
        "account_id": number, "run_id": "run-1", "rule": "delete", "message": message, "limits": limits,
        "opened_at": NOW, "item_count": 48,
    }  # fmt: skip


def _aside(number: int) -> dict[str, Any]:
    return {
        "account_id": number, "side": "activities", "item_id": "7", "reason": "Look at this item.", "attempts": 2,
        "next_try_at": NOW, "since": NOW,
    }  # fmt: skip
