"""A store with accounts in every state, as if runs had been at work for two weeks. Only rows: no service is asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, insert

from include.calsync.store.tables import (
    account,
    account_day,
    hold,
    link,
    plan_row,
    quarantine,
    sync_run,
    token_budget,
)

COMPANY, CALENDAR = "77", "team@group.calendar.example"


def now() -> datetime:
    """Asked anew each time: a long test run must not make the team's runs older."""
    return datetime.now(UTC).replace(microsecond=0)


def minutes_ago(count: float) -> datetime:
    return now() - timedelta(minutes=count)


def add_account(
    conn: Connection, account_id: int, name: str, *, settings: dict[str, Any] | None = None, **row: Any
) -> None:
    """One account of the page, in sync since two minutes."""
    mail = f"{name}@acme.example"
    known = {"name": name, "pipedrive_user": mail, "google_user": mail, **(settings or {})}
    values = {
        "id": account_id, "name": name, "company_id": COMPANY, "user_id": 1000 + account_id, "calendar_id": mail,
        "settings": known, "source": "page", "version": 1, "last_success_at": minutes_ago(2), "last_run_id": "r-last",
        "activities_connected_at": minutes_ago(20_000), "events_connected_at": minutes_ago(20_000),
    }  # fmt: skip
    conn.execute(insert(account).values(**values | row))


def add_pairs(conn: Connection, account_id: int, count: int) -> None:
    """So many pairs of an account."""
    base = {
        "account_id": account_id, "company_id": COMPANY, "calendar_id": f"c{account_id}", "origin": "pipedrive",
        "base_activity": {}, "base_event": {}, "activity_digest": "x", "event_digest": "x", "rendered": {},
        "marked": True, "updated_at": now(),
    }  # fmt: skip
    rows = [{**base, "activity_id": account_id * 10_000 + n, "event_id": f"e{account_id}-{n}"} for n in range(count)]
    conn.execute(insert(link), rows)


def add_days(conn: Connection, account_id: int, events: list[int], activities: list[int]) -> None:
    """What was written on the last days, the last one today."""
    for back, (to_google, to_pipedrive) in enumerate(zip(reversed(events), reversed(activities), strict=True)):
        if to_google or to_pipedrive:
            counts = {"events_created": to_google, "events_updated": 0, "events_deleted": 0}
            counts |= {"activities_created": 0, "activities_updated": to_pipedrive, "activities_deleted": 0}
            day = (now() - timedelta(days=back)).date().isoformat()
            conn.execute(insert(account_day).values(account_id=account_id, day=day, conflicts=int(back == 0), **counts))


def add_run(conn: Connection, run_id: str, begun: float, ended: float | None, **row: Any) -> None:
    """A run that began, and ended, so many minutes ago."""
    values = {
        "id": run_id, "dag_id": "calendar_sync", "kind": "scheduled", "dry_run": False, "request": {},
        "started_at": minutes_ago(begun), "planned_at": minutes_ago(begun),
        "finished_at": None if ended is None else minutes_ago(ended),
    }  # fmt: skip
    conn.execute(insert(sync_run).values(**values | row))


def add_rows(conn: Connection, run_id: str, account_id: int, *, confirmed: int, planned: int) -> None:
    """Rows of a run's plan, so many of them carried out."""
    row = {"run_id": run_id, "account_id": account_id, "action": "update_event", "side": "events", "reason": "edited"}
    states = ["confirmed"] * confirmed + ["planned"] * planned
    conn.execute(insert(plan_row), [{**row, "payload": {}, "state": state} for state in states])


def add_hold(conn: Connection, hold_id: int, account_id: int, count: int, **row: Any) -> None:
    """Something that waits for a person."""
    values = {
        "id": hold_id, "account_id": account_id, "run_id": "r-last", "rule": "deletions", "message": "Too many.",
        "limits": [], "opened_at": minutes_ago(30), "item_count": count,
    }  # fmt: skip
    conn.execute(insert(hold).values(**values | row))


def add_aside(conn: Connection, account_id: int, count: int) -> None:
    """Items in quarantine."""
    row = {"account_id": account_id, "side": "events", "reason": "refused", "attempts": 2}
    times = {"next_try_at": minutes_ago(-5), "since": minutes_ago(60)}
    conn.execute(insert(quarantine), [{**row, **times, "item_id": f"q{n}"} for n in range(count)])


def fill(engine: Engine) -> None:
    """Seven accounts: held, failed, in work, in sync (two, one of the file), paused, never tried."""
    week = [9, 13, 9, 0, 0, 5, 5, 11, 13, 10, 0, 0, 6, 5], [5, 4, 5, 0, 0, 3, 7, 1, 8, 5, 0, 0, 3, 4]
    with engine.begin() as conn:
        add_account(conn, 1, "anna")
        add_account(
            conn, 2, "deniz", state="failed", failure="refused", failing_since=minutes_ago(240),
            last_success_at=minutes_ago(245), error="account deniz: Google no longer accepts the consent.",
        )  # fmt: skip
        add_account(conn, 3, "ben", settings={"mode": "pipedrive_only", "calendar": {"create": "Pipedrive"}})
        add_account(conn, 4, "carla", settings={"calendar": CALENDAR}, source="file", source_line=14)
        add_account(conn, 5, "emil", settings={"mode": "to_google"})
        add_account(conn, 6, "greta", state="paused", last_success_at=minutes_ago(20_000))
        add_account(
            conn, 7, "hugo", last_success_at=None, last_run_id=None,
            activities_connected_at=None, events_connected_at=None,
        )  # fmt: skip
        for account_id, count in ((1, 80), (2, 412), (3, 1106), (4, 655), (5, 203), (6, 377)):
            add_pairs(conn, account_id, count)
            if account_id != 6:
                add_days(conn, account_id, *week)
        add_run(conn, "r-last", 3, 2)
        add_run(conn, "r-now", 1, None)
        add_rows(conn, "r-now", 3, confirmed=120, planned=260)
        add_hold(conn, 1, 1, 48)
        add_aside(conn, 5, 2)
        today = {"key": "pipedrive:77", "day": now().date().isoformat(), "spent": 87_000, "remaining": 213_000}
        conn.execute(insert(token_budget).values(**today, seen_at=minutes_ago(3)))
