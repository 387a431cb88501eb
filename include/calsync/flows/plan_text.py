"""A plan's rows as text: what the log of task plan shows, and what the command prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from include.calsync.core.row_words import Row, words_of
from include.calsync.core.run_records import NewRow
from include.calsync.core.sentences import DEFAULT, LANGUAGES
from include.calsync.core.text_table import LOG_WIDTH, text_table
from include.calsync.flows.run_account import RunAccount

HEAD = ("what", "activity", "event", "when", "type", "change", "because")
WRAPPED = ("event", "change", "because")
INDENT = 2


def command(run_id: str) -> str:
    """What shows a stored plan again, whole."""
    return f"python -m include.scripts.plan {run_id}"


def lines(account: RunAccount, rows: Sequence[Row], *, personal: bool, whole: bool = False) -> Iterator[str]:
    """The rows of one account as a table, with links to their items.

    `personal`: titles and values, too. `whole`: values unshortened, and what became of each row.
    """
    if not rows:
        return
    said = [words_of(row, account.policy, personal=personal, hold=_hold(row), whole=whole) for row in rows]
    became = LANGUAGES[DEFAULT].states
    cells = [
        (each.what, each.activity, each.event, each.when, each.type, each.changes, each.because)
        + ((became.get(row.state, row.state),) if whole else ())
        for each, row in zip(said, rows, strict=True)
    ]
    head = (*HEAD, "state") if whole else HEAD
    links = [each.links for each in said]
    yield from text_table(head, cells, wrapped=WRAPPED, width=LOG_WIDTH - INDENT, notes=links)


def _hold(row: Row) -> str:
    return row.hold.rule if isinstance(row, NewRow) and row.hold is not None else ""
