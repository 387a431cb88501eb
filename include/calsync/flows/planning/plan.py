"""Plan: the diff of what was seen against the mapping, decided pair by pair, guarded, and stored as rows.

All accounts of the run are planned at once. Nothing is written to a service here, and a dry run ends here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from include.calsync.core.run_records import HeldCreation, NewRow
from include.calsync.errors import CalsyncError
from include.calsync.flows import aside
from include.calsync.flows.planning import alike, drift, report, review, transfers
from include.calsync.flows.planning.creations import guard_creations, held_key
from include.calsync.flows.planning.guarded import guard
from include.calsync.flows.planning.linked import LinkedPairs
from include.calsync.flows.planning.new_items import Formers, NewItems
from include.calsync.flows.planning.retirement import Retirement
from include.calsync.flows.planning.rows import Rows
from include.calsync.flows.planning.seen import Seen
from include.calsync.flows.planning.shared import SharedMeetings
from include.calsync.flows.planning.undo import Undo
from include.calsync.flows.run import Run, at_work, check_lease, fail_account, resume, shards
from include.calsync.flows.services import Services
from include.calsync.store import accounts, changes, formers, holds, mapping, runs
from include.calsync.store.transaction import Connection, reading


def plan(services: Services, run_id: str, owner: str) -> list[list[str]]:
    """Make and store the run's one plan; another try finds it.

    Returns: the names of the accounts of which something is to be written or settled, in shards. Of a quiet run none.
    """
    run = resume(services, run_id, owner)
    if not run.is_planned:
        for account in run.working():
            if not account.pulled:
                error = CalsyncError(f"not everything was read in this run; {run.remedy}.")
                fail_account(services, run, account, error)
        with at_work(services, run):
            if run.request.reaches_resting:
                _plan_asked(services, run)
            else:
                _plan(services, run)
    with reading(services.engine) as conn:
        return shards(runs.names_with_work(conn, run.id), services)


def _plan(services: Services, run: Run) -> None:
    with reading(services.engine) as conn:
        seen = Seen(conn, run)
        found = seen.diff()
        unknown = seen.unlinked_activities(found)
        removed = changes.removed(conn, unknown)
        events = formers.of_events(conn, seen.unlinked_events(found))
        ended = Formers(formers.of_activities(conn, unknown), events)
        unused = accounts.paused(conn)
    _count_set_aside(run, seen)
    rows = Rows(run.request.upload)
    shared = SharedMeetings(seen, rows, found)
    linked = LinkedPairs(seen, rows, services.clock(), shared)
    linked.plan(found)
    resend_after = timedelta(seconds=services.environment.resend_after_s)
    new = NewItems(seen, rows, found, linked, resend_after, removed, ended)
    new.plan()
    _fail_alone(services, run, rows, new.failed)
    released = _guard(services, run, seen, rows)
    _count_skips(run, rows)
    drifts = drift.drift_of(seen, found, rows.out, unused) if run.request.reconcile else []
    if run.request.reconcile:
        for account in run.working():
            account.counts["drift"] = drift.counts_of(drifts, account)
    held_counts = Counter(id(row.hold) for row in rows.out if row.hold is not None)
    with services.engine.begin() as conn:
        if not runs.claim_plan(conn, run.id, services.clock()):
            return
        for account in run.working():
            check_lease(conn, account)
            runs.set_account(conn, run.id, account.id, counts=account.counts, notices=account.notices)
        if not run.request.dry_run:
            seen.rekeying.remember(conn, run.id, services.clock(), seen.accounts)
            seen.followed.remember(conn, run.id, services.clock(), seen.accounts)
            seen.completed.remember(conn)
            linked.remember(conn)
            shared.remember(conn, services.clock())
            new.pairing.intents.remember(conn)
            transfers.remember(conn, seen)
            holds.release_creations(conn, released)
            for row in rows.out:
                _set_aside_or_hold(conn, services, run, row, held_counts)
        _store(conn, run, rows.out)
    if run.request.reconcile:
        report.show_drift(drifts, run.working())
    report.show_plan(run, rows.out, personal=services.environment.log_personal_data)


def _guard(services: Services, run: Run, seen: Seen, rows: Rows) -> list[HeldCreation]:
    """Hold what is too much. Returns: what is held no more."""
    guard(services, run, rows.out, seen.links)
    with reading(services.engine) as conn:
        released = guard_creations(conn, run, seen, rows.out, services.clock())
        if run.request.draft_id is not None:
            review.count(conn, run, seen, rows.out)
    alike.tell(run.working(), rows.out)
    return released


def _plan_asked(services: Services, run: Run) -> None:
    """A person asked for exactly this, an undo or a retirement: it is not guarded, and nothing else is planned."""
    rows = Rows(None)
    with reading(services.engine) as conn:
        seen = Seen(conn, run)
        asked = Undo(conn, run, seen, rows) if run.request.undo is not None else Retirement(conn, run, seen, rows)
    asked.plan()
    with services.engine.begin() as conn:
        if not runs.claim_plan(conn, run.id, services.clock()):
            return
        for account in run.working():
            check_lease(conn, account)
            runs.set_account(conn, run.id, account.id, counts=account.counts, notices=account.notices)
        _store(conn, run, rows.out)
    report.show_plan(run, rows.out, personal=services.environment.log_personal_data)


def _count_set_aside(run: Run, seen: Seen) -> None:
    counts = Counter(row.account_id for row in seen.aside.values())
    counts.update(row.account_id for row in seen.held.values() if row.state == "open")
    for account in run.working():
        account.counts["set_aside"] = counts[account.id]


def _fail_alone(services: Services, run: Run, rows: Rows, failed: dict[int, Exception]) -> None:
    """Accounts that can't be planned stop here, with nothing planned."""
    for account in run.working():
        if account.id in failed:
            fail_account(services, run, account, failed[account.id])
    rows.out[:] = [row for row in rows.out if row.account_id not in failed]


def _count_skips(run: Run, rows: Rows) -> None:
    for account in run.working():
        for (side, reason), count in rows.skipped[account.id].items():
            skips = account.counts.setdefault(f"{side}_skipped", {})
            skips[reason] = skips.get(reason, 0) + count


def _set_aside_or_hold(
    conn: Connection, services: Services, run: Run, row: NewRow, held_counts: Mapping[int, int]
) -> None:
    """What the plan itself keeps back is durable before any cursor moves."""
    now = services.clock()
    if row.state in ("deferred", "quarantined"):
        pause = timedelta(seconds=row.payload.get("look_again_s", 0))
        failed = row.state == "quarantined"
        item = aside.item_of(row.event_id, row.activity_id)
        aside.put(conn, row.account_id, item, row.reason, now, failed=failed, pause=pause)
    held = row.hold
    if held is None:
        return
    if held.id is None:
        held.id = holds.open_hold(
            conn, held, account_id=row.account_id, run_id=run.id, opened_at=now, item_count=held_counts[id(held)]
        )
    if row.link_id is None:
        side, item_id = held_key(row)
        holds.hold_creation(conn, held.id, row, side=side, item_id=item_id)
        return
    holds.hold_item(conn, held.id, row)
    mapping.set_link(conn, row.link_id, state="held", cause=held.rule)


def _store(conn: Connection, run: Run, rows: list[NewRow]) -> None:
    if run.request.dry_run:
        rows = [_shown(row) for row in rows]
    runs.store_plan(conn, run.id, [account.id for account in run.working()], rows)


def _shown(row: NewRow) -> NewRow:
    payload = row.payload
    if row.state == "held":
        payload = {**payload, "waits": True}
    return replace(row, state="shown", payload=payload)
