"""The mapping's statements that hold more than one row together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, insert, select

from include.calsync.core.observations import Observation
from include.calsync.store import copies, holds, mapping, quarantine, runs
from include.calsync.store.engine import create_store_engine
from include.calsync.store.errors import Taken
from include.calsync.store.tables import held_item, hold, link, observation, sync_run
from tests.store.conftest import NOON, Databases

CONTENT = {"base_activity": {}, "base_event": {}, "activity_digest": "a", "event_digest": "e", "rendered": {}}


def add_link(conn: Connection, account_id: int, number: int, **values: Any) -> int:
    ids = {"company_id": "c", "activity_id": number, "calendar_id": "k", "event_id": f"e{number}"}
    rest = {"origin": "google", "marked": True, "updated_at": NOON}
    return mapping.add_link(conn, account_id=account_id, **{**CONTENT, **ids, **rest, **values})


def add_hold(conn: Connection, account_id: int, link_ids: list[int]) -> int:
    values = {"run_id": "r", "rule": "max_delete", "message": "m", "limits": [], "opened_at": NOON, "item_count": 0}
    hold_id = conn.execute(insert(hold).values(account_id=account_id, **values).returning(hold.c.id)).scalar_one()
    for link_id in link_ids:
        item = {"hold_id": hold_id, "account_id": account_id, "link_id": link_id}
        conn.execute(insert(held_item).values(**item, action="delete_activity", payload={}))
        mapping.set_link(conn, link_id, state="held", cause="max_delete")
    return int(hold_id)


def test_a_hold_lasts_as_long_as_one_of_its_items(store: Engine, account_id: int) -> None:
    with store.begin() as conn:
        ids = [add_link(conn, account_id, number) for number in range(3)]
        first, other = add_hold(conn, account_id, ids[:2]), add_hold(conn, account_id, ids[2:])

    def states() -> list[str]:
        with store.connect() as conn:
            return list(
                conn.execute(select(hold.c.state).where(hold.c.id.in_([first, other])).order_by(hold.c.id)).scalars()
            )

    def links() -> list[tuple[str, str | None]]:
        with store.connect() as conn:
            return [(row.state, row.cause) for row in conn.execute(select(link).order_by(link.c.id))]

    held, active = ("held", "max_delete"), ("active", None)
    for link_id, of_holds, of_links in (
        (ids[0], ["open", "open"], [active, held, held]),
        (ids[1], ["lapsed", "open"], [active, active, held]),
        (ids[2], ["lapsed", "lapsed"], [active, active, active]),
    ):
        with store.begin() as conn:
            holds.release(conn, link_id)
        assert states() == of_holds
        assert links() == of_links


def test_a_decided_hold_is_not_reopened_or_lapsed(store: Engine, account_id: int) -> None:
    with store.begin() as conn:
        link_id = add_link(conn, account_id, 1)
        hold_id = add_hold(conn, account_id, [link_id])
        conn.execute(hold.update().values(state="approved"))
        holds.release(conn, link_id)
        assert conn.execute(select(hold.c.state).where(hold.c.id == hold_id)).scalar_one() == "approved"


def test_releasing_a_pair_that_is_not_held_leaves_its_state(store: Engine, account_id: int) -> None:
    with store.begin() as conn:
        link_id = add_link(conn, account_id, 1, state="removing", cause="no_date")
        holds.release(conn, link_id)
        assert conn.execute(select(link.c.state, link.c.cause)).one() == ("removing", "no_date")


def test_what_is_set_aside_again_is_known_since_the_first_time(store: Engine, account_id: int) -> None:
    item: dict[str, Any] = {"account_id": account_id, "side": "events", "item_id": "e1"}
    for attempt in range(1, 4):
        at = NOON + timedelta(hours=attempt)
        with store.begin() as conn:
            quarantine.put_aside(conn, **item, reason=f"no {attempt}", attempts=attempt, next_try_at=at, at=at)
    with store.begin() as conn:
        (row,) = quarantine.set_aside(conn, account_id)
        assert (row.reason, row.attempts) == ("no 3", 3)
        assert (row.since, row.next_try_at) == (NOON + timedelta(hours=1), NOON + timedelta(hours=3))
        quarantine.take_back(conn, **item)
        assert quarantine.set_aside(conn, account_id) == []


@pytest.mark.parametrize("of_shard", [True, False])
def test_a_repeated_pull_forgets_only_its_own(store: Engine, account_id: int, of_shard: bool) -> None:
    with store.begin() as conn:
        other = account_id + 1
        run = {"dag_id": "d", "kind": "manual", "dry_run": False, "request": {}, "started_at": NOON}
        conn.execute(insert(sync_run), [{"id": "r", **run}, {"id": "q", **run}])
        keys = [
            ("r", account_id, "events"),
            ("r", other, "events"),
            ("r", account_id, "activities"),
            ("q", account_id, "events"),
        ]
        for number, (run_id, whose, side) in enumerate(keys):
            runs.observe(conn, run_id, [Observation(whose, side, "k", str(number), "deleted", None, None, None, None)])
        runs.forget_observations(conn, "r", "events", [account_id] if of_shard else None)
        left = list(conn.execute(select(observation.c.item_id).order_by(observation.c.item_id)).scalars())
        assert left == (["1", "2", "3"] if of_shard else ["2", "3"])


def test_each_new_activity_asks_for_its_meeting_without_reading_the_whole_mapping(databases: Databases) -> None:
    """Asked once for each activity created; SQLite takes the first index that fits, however little it helps."""
    engine = create_store_engine(databases.migrated("sqlite"))
    asked: list[tuple[str, Any]] = []
    event.listen(
        engine, "before_cursor_execute", lambda _c, _k, statement, values, *_: asked.append((statement, values))
    )
    with engine.begin() as conn:
        copies.is_taken(conn, "c", "m", "k")
        copies.attended(conn, "c", "m")
        about = [each for each in asked if "meeting" in each[0]]
        assert len(about) == 4
        for statement, values in about:
            ((*_, how),) = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            assert "meeting=?" in how
    engine.dispose()


def test_not_both_of_two_runs_can_be_about_to_create_the_activity_of_one_meeting(
    store: Engine, account_id: int
) -> None:
    """The second waits for the first one's transaction, and is refused when that is committed."""
    about: dict[str, Any] = {"account_id": account_id, "company_id": "c", "owner_id": 1, "subject": "s", "when": {}}
    about |= {"attempted_at": NOON, "meeting": "one@google.com"}

    def second() -> None:
        with store.begin() as conn:
            mapping.intend(conn, calendar_id="bert", event_id="e", run_id="b", **about)

    with ThreadPoolExecutor(1) as pool:
        with store.begin() as conn:
            mapping.intend(conn, calendar_id="anna", event_id="e", run_id="a", **about)
            other = pool.submit(second)
            with pytest.raises(TimeoutError):
                other.result(timeout=0.3)
        with pytest.raises(Taken):
            other.result(timeout=30)
