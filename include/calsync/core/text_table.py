"""Tables as plain text, for logs and terminals: nothing is cut off, long cells go on in the next line."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Sequence
from itertools import zip_longest

GAP = "  "
LEAST = 12
"""Characters of a column that may be wrapped."""
LOG_WIDTH = 132
"""Characters of a line that Airflow's log view shows on a common screen."""


def text_table(
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    wrapped: Collection[str] = (),
    width: int = LOG_WIDTH,
    notes: Sequence[Sequence[str]] = (),
) -> list[str]:
    """The lines of a table. Columns named in `wrapped` share what the others leave of `width`; empty ones are left out.

    Numbers stand to the right. `notes`: for each row lines to stand below it, as they are.
    """
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    shown = [at for at in range(len(head)) if any(row[at] for row in cells)]
    names = [head[at] for at in shown]
    columns = [[row[at] for row in cells] for at in shown]
    widths = _widths(names, columns, wrapped, width)
    right = [all(cell.isdigit() or not cell for cell in column) for column in columns]
    lines = [_line(names, widths, right)]
    for row, below in zip_longest(zip(*columns, strict=True), notes, fillvalue=()):
        parts = [_wrapped(cell, limit) for cell, limit in zip(row, widths, strict=True)]
        lines += [_line(each, widths, right) for each in zip_longest(*parts, fillvalue="")]
        lines += [f"{GAP}{line}" for line in below]
    return lines


def _widths(names: Sequence[str], columns: Sequence[Sequence[str]], wrapped: Collection[str], width: int) -> list[int]:
    """How wide each column is: as its longest cell; wrapped ones get equal shares of the rest if that is too much."""
    widths = [max(map(len, (name, *column))) for name, column in zip(names, columns, strict=True)]
    left = width - len(GAP) * (len(widths) - 1)
    left -= sum(size for name, size in zip(names, widths, strict=True) if name not in wrapped)
    flexible = sorted((at for at, name in enumerate(names) if name in wrapped), key=lambda at: widths[at])
    for done, at in enumerate(flexible):
        share = max(left // (len(flexible) - done), LEAST, len(names[at]))
        widths[at] = min(widths[at], share)
        left -= widths[at]
    return widths


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=True, break_on_hyphens=False) or [""]


def _line(cells: Iterable[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    parts = zip(cells, widths, right, strict=True)
    return GAP.join(cell.rjust(width) if to_right else cell.ljust(width) for cell, width, to_right in parts).rstrip()
