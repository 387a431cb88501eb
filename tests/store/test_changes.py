"""What the log of writes says of items."""

from __future__ import annotations

from sqlalchemy import Engine, insert

from include.calsync.store import changes
from include.calsync.store.tables import change_log
from tests.store.conftest import NOON


def test_a_removed_event_is_one_company_s(store: Engine, account_id: int) -> None:
    what = {
        "at": NOON,
        "calendar_id": "k",
        "run_id": "r",
        "account_id": account_id,
        "side": "events",
        "action": "remove_event",
        "reason": "done",
    }
    with store.begin() as conn:
        conn.execute(insert(change_log).values(company_id="c", activity_id=7, **what))
        assert changes.removed(conn, {"c": [6, 7], "d": [7]}) == {("c", 7)}
