"""What the operator reads in the task logs: the plan as a table. No personal data unless it is asked for."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping

import pandas as pd

from include.calsync.core.planning.wanted import changes_of
from include.calsync.core.policy import Side
from include.calsync.core.run_records import NewRow
from include.calsync.flows import told
from include.calsync.flows.planning.drift import Drift, counts_of
from include.calsync.flows.run import Run
from include.calsync.flows.run_account import RunAccount

log = logging.getLogger(__name__)
SHOWN_ROWS = 200


def show_plan(run: Run, rows: list[NewRow], *, personal: bool) -> None:
    """Log what was compared, and the plan: the fields that change, and if `personal` also what people typed."""
    planned = Counter(row.account_id for row in rows)
    log.info("What was compared:\n%s", "\n".join(told.compared(run, planned)))
    if not rows:
        return
    names = {account.id: account.name for account in run.accounts}
    lines = [
        {
            "account": names[row.account_id],
            "action": row.action,
            "state": row.state,
            "activity": row.activity_id or "",
            "event": row.event_id or "",
            "to event": _fields(row, Side.EVENT, personal=personal),
            "to activity": _fields(row, Side.ACTIVITY, personal=personal),
            "reason": row.reason,
            "rule": row.rule or "",
        }
        for row in rows[:SHOWN_ROWS]
    ]
    dry = " (dry run: nothing will be written)" if run.request.dry_run else ""
    log.info("The plan%s:\n%s%s", dry, table(lines), _more(len(rows)))


def show_drift(drifts: list[Drift], accounts: list[RunAccount]) -> None:
    """Log where both sides and the mapping disagree: how much by account, then item by item."""
    counts = [{"account": account.name, **counts_of(drifts, account)} for account in accounts]
    if counts:
        log.info("Drift:\n%s", table(counts))
    if not drifts:
        return
    lines = [
        {
            "account": drift.account.name,
            "drift": drift.kind,
            "activity": drift.activity_id or "",
            "event": drift.event_id or "",
            "repair": drift.repair,
        }
        for drift in drifts[:SHOWN_ROWS]
    ]
    log.info("What drifted:\n%s%s", table(lines), _more(len(drifts)))


def _more(count: int) -> str:
    return f"\n… and {count - SHOWN_ROWS} more rows" if count > SHOWN_ROWS else ""


def _fields(row: NewRow, side: Side, *, personal: bool) -> str:
    changes = changes_of(row.payload, side)
    return " ".join(f"{name}={value!r}" if personal else name for name, value in changes.items())


def table(lines: Iterable[Mapping[str, object]]) -> str:
    """Rows as aligned text."""
    return str(pd.DataFrame(list(lines)).to_string(index=False))
