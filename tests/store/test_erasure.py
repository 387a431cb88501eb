"""What is kept of a person, found and blanked on both databases."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select, update

from include.calsync.core.persons import Person
from include.calsync.store import account_erasure, configured, directory, erasure, formers, mapping, runs
from include.calsync.store.tables import account, change_log, former, plan_row, run_account
from tests.store.conftest import NOON
from tests.store.test_histories import log
from tests.store.test_mapping import add_link
from tests.store.test_records import new_row

LENA = "lena.müller@nordwind.example"
HER = Person(address=LENA)
ABOUT_HER: dict[str, Any] = {"attendees": [{"email": LENA.upper()}]}


@pytest.fixture
def conn(store: Engine, account_id: int) -> Any:
    with store.begin() as conn:
        conn.execute(update(account).where(account.c.id == account_id).values(company_id="c", calendar_id="k"))
        log(conn, account_id, activity_id=7, event_id="e7", after=ABOUT_HER)
        log(conn, account_id, activity_id=7, event_id="e7", before={"subject": "a"}, after={"subject": "b"}, actor=LENA)
        log(conn, account_id, activity_id=8, event_id="e8", after={"subject": "other"})
        yield conn


def found(conn: Connection) -> erasure.Items:
    return erasure.items(conn, HER)


def test_all_entries_of_her_items_are_blanked_and_no_others(conn: Connection) -> None:
    mine = found(conn)
    assert (dict(mine.activities), dict(mine.events)) == ({"c": {7}}, {"k": {"e7"}})
    assert erasure.log_entries(conn, mine, do=False) == 2
    assert erasure.log_entries(conn, mine, do=True) == 2
    kept = conn.execute(select(change_log.c.before, change_log.c.after, change_log.c.reason).order_by(change_log.c.id))
    assert [tuple(row) for row in kept] == [
        (None, None, "edited"),
        (None, None, "edited"),
        (None, {"subject": "other"}, "edited"),
    ]
    assert erasure.log_entries(conn, mine, do=True) == 0
    assert erasure.deciders(conn, HER, do=True) == 1
    assert erasure.deciders(conn, HER, do=True) == 0


def test_plans_are_emptied_unless_they_are_still_to_be_carried_out(conn: Connection, account_id: int) -> None:
    runs.create(conn, run_id="r", dag_id="d", kind="manual", dry_run=False, request={}, at=NOON)
    states = ("confirmed", "planned", "held")
    rows = [
        new_row(account_id, activity_id=9, action="merge", payload={"event_raw": ABOUT_HER}, state=state)
        for state in states
    ]
    runs.store_plan(conn, "r", [account_id], rows)
    assert erasure.plans(conn, found(conn), do=True) == 2
    kept = conn.execute(select(plan_row.c.state, plan_row.c.payload, plan_row.c.format).order_by(plan_row.c.id))
    assert [(state, bool(payload), bool(format_)) for state, payload, format_ in kept] == [
        ("confirmed", False, False),
        ("planned", True, True),
        ("held", False, False),
    ]
    assert erasure.stays(conn, found(conn), HER)["unfinished"] == 1


def test_ended_pairs_go_and_living_ones_stay(conn: Connection, account_id: int) -> None:
    ended, leaving, lives = (add_link(conn, account_id, key, event_raw=ABOUT_HER) for key in (1, 2, 3))
    for link_id in (ended, leaving):
        formers.remember(conn, link_id, NOON, leaves=link_id == leaving)
        mapping.drop_link(conn, link_id)
    assert lives
    mine = found(conn)
    assert erasure.ended_pairs(conn, mine, do=True) == 1
    assert conn.execute(select(former.c.event_id)).scalars().all() == ["e2"]
    stays = erasure.stays(conn, mine, HER)
    assert (stays["pairs"], stays["unfinished"]) == (1, 1)


def test_look_ups_and_notices(conn: Connection, account_id: int) -> None:
    directory.keep(conn, "pipedrive:one", "", {"users": [{"email": LENA}]}, NOON)
    directory.keep(conn, directory.calendars_scope("google", LENA.title()), "", [["c", "Doctors"]], NOON)
    directory.keep(conn, "pipedrive:two", "", {"users": [{"email": f"x{LENA}"}]}, NOON)
    directory.keep(conn, f"person:one:{hashlib.sha256(LENA.encode()).hexdigest()[:32]}", "", {"id": 5}, NOON)
    assert erasure.looked_up(conn, HER, do=False) == 3
    assert erasure.looked_up(conn, HER, do=True) == 3
    assert directory.read(conn, "pipedrive:two") is not None
    runs.create(conn, run_id="r", dag_id="d", kind="manual", dry_run=False, request={}, at=NOON + timedelta(days=1))
    runs.add_account(conn, run_id="r", account_id=account_id, settings={}, notices=[f"Ask {LENA}."], error=None)
    assert erasure.notices(conn, HER, do=True) == 1
    assert conn.execute(select(run_account.c.notices)).scalars().all() == [["Ask …."]]
    assert erasure.notices(conn, HER, do=True) == 0


def test_settings_of_accounts_that_are_in_use_stay(conn: Connection, account_id: int) -> None:
    hers: dict[str, Any] = {"settings": {"google_user": LENA}, "source": "page", "at": NOON}
    for base, by in enumerate((LENA, "olga")):
        assert configured.write(conn, account_id, base=base, by=by, **hers)
    configured.add_draft(conn, account_id=None, base_version=0, settings=hers["settings"], by=LENA, expires=NOON)
    assert (account_erasure.settings(conn, HER, do=False), account_erasure.savers(conn, HER, do=False)) == (2, 2)
    assert account_erasure.settings(conn, HER, do=True) == 2
    assert (account_erasure.accounts(conn, HER), account_erasure.savers(conn, HER, do=True)) == (1, 0)
    assert [each.version for each in configured.versions(conn, account_id)] == [2]
    assert configured.remove(conn, account_id, base=2, by=LENA, at=NOON)
    assert (account_erasure.accounts(conn, HER), account_erasure.settings(conn, HER, do=True)) == (0, 2)
    assert (configured.get(conn, account_id), configured.versions(conn, account_id)) == (None, [])
