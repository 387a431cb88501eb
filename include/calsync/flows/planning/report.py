"""What the operator reads in the log of task plan: totals by account first, then the rows, and what drifted."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence

from include.calsync.core.run_records import NewRow
from include.calsync.core.text_table import text_table
from include.calsync.errors import Defect
from include.calsync.flows import plan_text, told
from include.calsync.flows.border import border
from include.calsync.flows.planning.drift import Drift, counts_of
from include.calsync.flows.run import Run
from include.calsync.flows.run_account import RunAccount

log = logging.getLogger(__name__)
SHOWN_ROWS = 200


def show_plan(run: Run, rows: Sequence[NewRow], *, personal: bool) -> None:
    """Log the plan: the fields that change, and if `personal` also what people typed."""
    dry = " (dry run: nothing will be written)" if run.request.dry_run else ""
    try:
        with border("the plan in words"):
            text = "\n".join(plan_lines(run, rows, personal=personal))
    except Defect as error:  # the plan is stored: that it can't be shown stops nobody
        text = f"  {error} See {plan_text.command(run.id)}"
    log.info("The plan%s:\n%s", dry, text)


def plan_lines(run: Run, rows: Sequence[NewRow], *, personal: bool) -> Iterator[str]:
    """The plan as the log shows it: account by account, at most SHOWN_ROWS rows in all."""
    by_account: dict[int, list[NewRow]] = defaultdict(list)
    for row in rows:
        by_account[row.account_id].append(row)
    left_count = SHOWN_ROWS
    for account in run.accounts:
        mine = by_account[account.id]
        yield from told.planned(run, account, mine)
        shown = mine[:left_count]
        left_count -= len(shown)
        yield from (f"  {line}" for line in plan_text.lines(account, shown, personal=personal))
    if len(rows) > SHOWN_ROWS:
        yield f"  … and {len(rows) - SHOWN_ROWS} more."
    if rows:
        yield f"  All of it, with values whole: {plan_text.command(run.id)} (add --csv for a file)"
    yield from told.conclusion(run, planned=bool(rows))


def show_drift(drifts: Sequence[Drift], accounts: Sequence[RunAccount]) -> None:
    """Log where both sides and the mapping disagree: how much by account, then item by item."""
    counts = [(account, counts_of(list(drifts), account)) for account in accounts]
    if counts:
        rows = [(account.name, *count.values()) for account, count in counts]
        log.info("Drift:\n%s", "\n".join(text_table(("account", *counts[0][1]), rows)))
    if not drifts:
        return
    head = ("account", "drift", "activity", "event", "repair")
    shown = [(each.account.name, each.kind, each.activity_id, each.event_id, each.repair) for each in drifts]
    more = [f"… and {len(drifts) - SHOWN_ROWS} more"] if len(drifts) > SHOWN_ROWS else []
    log.info("What drifted:\n%s", "\n".join([*text_table(head, shown[:SHOWN_ROWS]), *more]))
