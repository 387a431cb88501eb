"""What the page reads, on both databases: how things stand, the accounts with their problems and days, one account."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, insert, update

from include.calsync.flows.page import account, accounts, aside, connections, frame, history
from include.calsync.flows.page.accounts import Filter, State, Trouble
from include.calsync.flows.page.frame import Banner
from include.calsync.flows.page.history import Asked, Did
from include.calsync.store.tables import account as account_table
from include.calsync.store.tables import budget_reset, change_log, pause, quarantine, token_budget
from tests.airflow.web.team import add_run, fill, minutes_ago, now


@pytest.fixture
def team(store: Engine) -> Engine:
    fill(store)
    return store


def test_how_things_stand(team: Engine) -> None:
    found = frame.read(team, now(), paused=False)
    counts = found.standing
    assert (counts.known_count, counts.ok_count, counts.failed_count, counts.held_count) == (7, 5, 1, 1)
    assert (counts.tokens_left, counts.tokens_spent, counts.used_up_until) == (213_000, 87_000, None)
    assert counts.others_share is None
    assert found.last_at is not None
    assert minutes_ago(3) < found.last_at <= minutes_ago(2)
    assert found.running is not None
    assert found.progress is not None
    assert (found.progress.done_count, found.progress.planned_count) == (120, 380)
    assert found.banner is Banner.FAILED
    assert frame.read(team, now(), paused=True).banner is Banner.PAUSED
    assert frame.read(team, now() + timedelta(hours=3), paused=False).banner is Banner.NO_RUN


def test_tokens_that_are_used_up_come_back_when_the_pause_ends(team: Engine) -> None:
    until = now() + timedelta(hours=2)
    with team.begin() as conn:
        conn.execute(insert(budget_reset).values(key="pipedrive:77", exhausted_since=now()))
        conn.execute(insert(pause).values(key="pipedrive:77", until=until, reason="used up"))
        conn.execute(update(token_budget).values(day="2026-01-01", seen_at=minutes_ago(2000)))
        today = {"key": "pipedrive:77", "day": now().date().isoformat(), "spent": 78_000, "remaining": 0}
        conn.execute(insert(token_budget).values(**today, seen_at=minutes_ago(3)))
    found = frame.read(team, now(), paused=False)
    assert (found.banner, found.standing.used_up_until) == (Banner.USED_UP, until)
    assert found.standing.others_share == 74, "300,000 were known the day before"
    assert frame.read(team, until, paused=False).standing.used_up_until is None


def test_the_accounts_with_their_problems_pairs_and_days(team: Engine) -> None:
    found = accounts.read(team, now(), running="r-now")
    assert {row.account.name: row.state for row in found.table.rows} == {
        "anna": State.HELD,
        "ben": State.RUNNING,
        "carla": State.OK,
        "deniz": State.FAILED,
        "emil": State.OK,
        "greta": State.PAUSED,
        "hugo": State.UNTRIED,
    }
    problems = [(each.trouble, each.account.name) for each in found.problems]
    assert problems == [(Trouble.HELD, "anna"), (Trouble.FAILED, "deniz"), (Trouble.ASIDE, "emil")]
    assert {row.account.name: row.pair_count for row in found.table.rows}["ben"] == 1106
    assert found.pair_count == 80 + 412 + 1106 + 655 + 203 + 377
    assert (len(found.days), found.today.events, found.today.activities, found.today.conflicts) == (14, 25, 20, 5)
    assert found.table.counts == {Filter.ALL: 7, Filter.ATTENTION: 3, Filter.RUNNING: 1, Filter.PAUSED: 1}
    assert [row.account.name for row in accounts.search(team, now(), "CARLA@", running=None).rows] == ["carla"]


def test_what_is_set_aside_with_its_pairs(team: Engine) -> None:
    row = {"reason": "refused", "next_try_at": now(), "since": now()}
    items = [(1, "activities", "10003", 1), (1, "events", "e1-4", 2), (1, "activities", "9", 1), (1, "events", "x", 0)]
    with team.begin() as conn:
        conn.execute(update(account_table).where(account_table.c.id == 1).values(calendar_id="c1"))
        names = ("account_id", "side", "item_id", "attempts")
        conn.execute(insert(quarantine), [dict(zip(names, item, strict=True)) | row for item in items])
    found = aside.read(team, 1, "", lambda _: True)
    assert {each.entry.item_id: each.link_id is not None for each in found.items} == {
        "10003": True,
        "e1-4": True,
        "9": False,
    }
    assert [each.entry.item_id for each in aside.read(team, 1, "events", lambda _: True).items] == ["e1-4"]
    assert {each.account.name for each in aside.read(team, None, "", lambda _: True).items} == {"anna", "emil"}
    assert aside.try_again(team, 1, "events", "e1-5", now()) is None
    assert aside.try_again(team, 1, "events", "e1-4", now()) == "anna"


def test_runs_in_which_somebody_lost_what_they_had_typed(team: Engine) -> None:
    row = {"company_id": "77", "calendar_id": "c1", "side": "store", "action": "merge", "reason": "", "at": now()}
    whys = {"r-a": ("adopting", '"newest"'), "r-b": ("newest", "Call"), "r-c": ("setting", "Call")}
    with team.begin() as conn:
        for run_id, (why, value) in whys.items():
            lost = {"field": "subject", "activity": value, "event": "", "winner": "events", "why": why}
            add_run(conn, run_id, 5, 4)
            conn.execute(insert(change_log).values(**row, run_id=run_id, account_id=1, lost=[lost]))
    found = history.read(team, Asked(did=Did.CONFLICTS), lambda _: True)
    assert {line.run.id for line in found.lines} == {"r-b", "r-c"}
    assert {write.entry.run_id for write in found.conflicts} == {"r-b", "r-c"}
    assert not history.read(team, Asked(account_id=2, did=Did.CONFLICTS), lambda _: True).lines


def test_one_account_and_the_connections_of_all(team: Engine) -> None:
    found = account.read(team, 3, running="r-now")
    assert found is not None
    assert found.settings is not None
    assert (found.account.name, found.state, found.pair_count, found.settings.mode) == (
        "ben",
        State.RUNNING,
        1106,
        "pipedrive_only",
    )
    assert account.read(team, 99, running=None) is None
    with team.begin() as conn:
        conn.execute(account_table.update().where(account_table.c.id == 3).values(removed_at=now(), state="paused"))
    assert account.read(team, 3, running=None) is None
    assert [(each.conn_id, each.account_count) for each in connections.read(team).google] == [
        ("google_calendar_default", 6)
    ]
