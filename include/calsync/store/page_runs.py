"""What the page reads of one run: how it came about in Airflow, how far it is, and what it counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from include.calsync.core.run_records import StoredRun
from include.calsync.store.columns import columns_of, records
from include.calsync.store.tables import account, observation, plan_row, run_account, sync_run

CANDIDATES = 50
_RUN = columns_of(StoredRun, sync_run)


@dataclass(frozen=True, slots=True)
class Part:
    """One account's part in a run. `error`: why it stopped."""

    name: str
    state: str
    error: str | None
    counts: dict[str, Any]

    @property
    def told(self) -> str:
        """Why it stopped, without its name."""
        return (self.error or "").removeprefix(f"account {self.name}: ")


@dataclass(frozen=True, slots=True)
class Group:
    """So many rows of a plan that are alike. `first`, `last`: the dates they begin at, as text that sorts as time."""

    side: str
    action: str
    state: str
    type: str | None
    count: int
    first: str | None
    last: str | None


def begun_since(conn: Connection, dag_id: str, since: datetime) -> Sequence[StoredRun]:
    """The first runs of a DAG that began since then, the earliest first."""
    mine = sync_run.c.dag_id == dag_id, sync_run.c.started_at >= since
    return records(
        StoredRun, conn.execute(select(*_RUN).where(*mine).order_by(sync_run.c.started_at).limit(CANDIDATES))
    )


def read_count(conn: Connection, run_id: str) -> int:
    """How many items it has read so far."""
    query = select(func.count()).select_from(observation).where(observation.c.run_id == run_id)
    return int(conn.execute(query).scalar_one())


def parts(conn: Connection, run_id: str) -> list[Part]:
    """Its accounts, by name."""
    row = run_account.c
    query = select(account.c.name, row.state, row.error, row.counts).join(account, account.c.id == row.account_id)
    return [Part(*found) for found in conn.execute(query.where(row.run_id == run_id).order_by(account.c.name))]


def groups(conn: Connection, run_id: str) -> list[Group]:
    """Its plan, counted by what is done where, and by the type of the activity."""
    row = plan_row.c
    begins = [
        row.payload[side]["when"][name].as_string() for side in ("activity", "event") for name in ("start", "day")
    ]
    kind, begin = row.payload["activity"]["type"].as_string().label("type"), func.coalesce(*begins).label("begin")
    rows = select(row.side, row.action, row.state, kind, begin).where(row.run_id == run_id).subquery().c
    alike = rows.side, rows.action, rows.state, rows.type
    query = select(*alike, func.count(), func.min(rows.begin), func.max(rows.begin))
    return [Group(*found) for found in conn.execute(query.group_by(*alike))]
