"""A run's plan as it is stored, whole: for the command, and for pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from include.calsync.core.planning.row_format import ROW_FORMAT
from include.calsync.core.row_words import words_of
from include.calsync.core.run_records import PlanRow
from include.calsync.core.sentences import DEFAULT, LANGUAGES
from include.calsync.errors import FatalError
from include.calsync.flows import plan_text
from include.calsync.flows.run import Run, load
from include.calsync.flows.run_account import RunAccount
from include.calsync.store import runs
from include.calsync.store.transaction import Engine, reading

CSV_HEAD = ("account", *plan_text.HEAD, "state", "error", "rule", "links")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class StoredPlan:
    """A run, and its rows in the order in which they are carried out."""

    run: Run
    rows: list[PlanRow]

    def of_accounts(self) -> Iterator[tuple[RunAccount, list[PlanRow]]]:
        """The rows account by account."""
        mine: dict[int, list[PlanRow]] = defaultdict(list)
        for row in self.rows:
            mine[row.account_id].append(row)
        for account in self.run.accounts:
            yield account, mine[account.id]


def read(engine: Engine, run_id: str) -> StoredPlan:
    """The plan of a run. Raises FatalError if the run is kept no more. What another version stored has no values."""
    with reading(engine) as conn:
        if runs.get(conn, run_id) is None:
            raise FatalError(f"Look for the run's id in the log of its task plan: no sync run {run_id} is kept.")
        run, rows = load(conn, run_id), runs.plan_rows(conn, run_id)
    return StoredPlan(run, [row if row.format == ROW_FORMAT else replace(row, payload={}) for row in rows])


def text(plan: StoredPlan, *, personal: bool) -> Iterator[str]:
    """The plan as lines for a terminal."""
    run = plan.run
    dry = ", a dry run" if run.request.dry_run else ""
    yield f"{run.request.dag_id} ({run.request.kind}{dry}), started {run.started_at:%Y-%m-%d %H:%M:%S} UTC"
    for account, rows in plan.of_accounts():
        yield f"  {account.name}: {len(rows) or 'no'} change{'' if len(rows) == 1 else 's'}"
        yield from (f"  {line}" for line in plan_text.lines(account, rows, personal=personal, whole=True))


def csv_rows(plan: StoredPlan, *, personal: bool) -> Iterator[tuple[str, ...]]:
    """The plan's rows with the columns of CSV_HEAD. No cell is a formula to a spreadsheet."""
    states = LANGUAGES[DEFAULT].states
    for account, rows in plan.of_accounts():
        for row in rows:
            said = words_of(row, account.policy, personal=personal, whole=True)
            cells = (said.what, said.activity, said.event, said.when, said.type, said.changes, said.because)
            known = (states.get(row.state, row.state), row.error or "", row.rule or "", " ".join(said.links))
            yield tuple(_harmless(cell) for cell in (account.name, *cells, *known))


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
