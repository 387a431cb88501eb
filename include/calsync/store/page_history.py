"""What the page's history reads: runs, how much each wrote, and what."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Text, and_, cast, func, or_, select

from include.calsync.core.conflicts import EDITS
from include.calsync.core.raw import Json
from include.calsync.core.run_records import Entry
from include.calsync.store.columns import columns_of, records
from include.calsync.store.tables import change_log, link, plan_row, run_account, sync_run

_ENTRY = columns_of(Entry, change_log)
COLLIDED = and_(
    change_log.c.lost.is_not(None), or_(*(cast(change_log.c.lost, Text).contains(f'"{why}"') for why in sorted(EDITS)))
)
"""Says that a value lost that somebody had typed. In a text of JSON, nothing that people type has such quotes."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run. `quiet`: it had nothing to tell."""

    id: str
    dag_id: str
    kind: str
    started_at: datetime
    finished_at: datetime | None
    quiet: bool
    request: Json


@dataclass(frozen=True, slots=True)
class Count:
    """How often a run did something to a side of an account."""

    run_id: str
    account_id: int
    side: str
    action: str
    count: int


@dataclass(frozen=True, slots=True)
class Logged:
    """A write, with what is known of its pair now; None: the pair is over."""

    entry: Entry
    base_activity: Json | None
    event_raw: Json | None


_RUN = columns_of(Run, sync_run)


def runs(
    conn: Connection,
    *,
    before: datetime | None,
    account_id: int | None,
    side: str,
    actions: Collection[str],
    conflicts: bool,
    limit: int,
) -> list[Run]:
    """The latest runs that write and began before then. With an account, side, actions or `conflicts`: those that did
    such a thing.

    Without, also quiet runs.
    """
    row = change_log.c
    query = select(*_RUN).where(sync_run.c.dry_run.is_(False))
    if before is not None:
        query = query.where(sync_run.c.started_at < before)
    mine = [row.run_id == sync_run.c.id, *([row.account_id == account_id] if account_id is not None else [])]
    did = [*mine, row.side != "store"]
    did += [row.side == side] if side else []
    did += [row.action.in_(actions)] if actions else []
    if len(did) > 2:
        query = query.where(sync_run.c.quiet.is_(False), select(row.id).where(*did).exists())
    if conflicts:  # what lost is told by the store's entry of the merge
        # Run by run, until there are enough: EXISTS is joined with the whole log by PostgreSQL.
        lost = select(func.min(row.id)).where(*mine, COLLIDED).scalar_subquery()
        query = query.where(sync_run.c.quiet.is_(False), lost.is_not(None))
    return records(Run, conn.execute(query.order_by(sync_run.c.started_at.desc()).limit(limit)))


def run(conn: Connection, run_id: str) -> Run | None:
    """One run that writes."""
    found = conn.execute(select(*_RUN).where(sync_run.c.id == run_id, sync_run.c.dry_run.is_(False))).first()
    return None if found is None else Run(*found)


def counts(conn: Connection, run_ids: Collection[str]) -> list[Count]:
    """How much these runs wrote."""
    row = change_log.c
    columns = row.run_id, row.account_id, row.side, row.action
    query = select(*columns, func.count()).where(row.run_id.in_(run_ids), row.side != "store").group_by(*columns)
    return [Count(*found) for found in conn.execute(query)]


def entries(conn: Connection, run_id: str, *, after: int, limit: int) -> list[Logged]:
    """What a run wrote to the two sides, in the order of the log."""
    return _logged(conn, limit, change_log.c.run_id == run_id, change_log.c.id > after, change_log.c.side != "store")


def conflicts(conn: Connection, run_ids: Collection[str], limit: int) -> list[Logged]:
    """Writes of these runs in which a value lost that somebody had typed."""
    return _logged(conn, limit, change_log.c.run_id.in_(run_ids), COLLIDED, latest=True)


def _logged(conn: Connection, limit: int, *which: object, latest: bool = False) -> list[Logged]:
    query = select(*_ENTRY, link.c.base_activity, link.c.event_raw).outerjoin(link, link.c.id == change_log.c.link_id)
    order = change_log.c.id.desc() if latest else change_log.c.id
    found = conn.execute(query.where(*which).order_by(order).limit(limit))  # type: ignore[arg-type]
    return [Logged(Entry(*row[:-2]), row[-2], row[-1]) for row in found]


def undos(conn: Connection, since: datetime) -> list[Run]:
    """The undos that wrote and began since then, oldest first."""
    row = sync_run.c
    mine = row.kind == "undo", row.dry_run.is_(False), row.started_at >= since
    wrote = select(change_log.c.id).where(change_log.c.run_id == row.id, change_log.c.side != "store").exists()
    return records(Run, conn.execute(select(*_RUN).where(*mine, wrote).order_by(row.started_at)))


# Trying out an undo.


@dataclass(frozen=True, slots=True)
class Trial:
    """What a dry run of an undo would do: rows, what it leaves alone (English), and what went wrong."""

    run: Run
    row_count: int
    notices: list[str]
    errors: list[str]


def trials(conn: Connection, since: datetime, limit: int) -> list[Run]:
    """The latest dry runs of undos that began since then."""
    row = sync_run.c
    mine = row.kind == "undo", row.dry_run.is_(True), row.started_at >= since
    return records(Run, conn.execute(select(*_RUN).where(*mine).order_by(row.started_at.desc()).limit(limit)))


def trial(conn: Connection, tried: Run) -> Trial:
    """What it would do. Two queries."""
    row_count = conn.execute(select(func.count()).where(plan_row.c.run_id == tried.id)).scalar_one()
    part = run_account.c
    told = or_(part.state != "ok", part.error.is_not(None))
    found = conn.execute(select(part.notices, part.error, told).where(part.run_id == tried.id)).all()
    notices = [str(text) for row in found for text in row[0] or ()]
    return Trial(tried, int(row_count), notices, [str(row[1] or "") for row in found if row[2]])
