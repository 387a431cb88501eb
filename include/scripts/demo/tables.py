"""Plain text for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

COUNTS = ("created", "updated", "deleted", "adopted", "skipped", "held", "quarantined")


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Aligned columns: text to the left, numbers to the right, 0 as a dot."""
    cells = [list(head)] + [["·" if cell == 0 else str(cell) for cell in row] for row in rows]
    numeric = [all(cell == "·" or cell.isdigit() for cell in column) for column in zip(*cells[1:], strict=True)] or [
        False
    ] * len(head)
    widths = [max(len(cell) for cell in column) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in cells
    ]
    lines.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join(f"  {line}" for line in lines)


def result_table(result: dict[str, Any]) -> str:
    """What a run's last task returned: one row per account and side."""
    return table(("account", "side", *COUNTS, "state"), _result_rows(result))


def _result_rows(result: dict[str, Any]) -> Iterator[Sequence[Any]]:
    for name, account in sorted(result.get("accounts", {}).items()):
        for side, label in (("activities", "Pipedrive"), ("events", "Google Calendar")):
            counts = account.get(side, {})
            yield (name, label, *(counts.get(key, 0) for key in COUNTS), account["state"])


def skipped(result: dict[str, Any]) -> str:
    """Why items were skipped, over all accounts."""
    reasons: dict[str, int] = {}
    for account in result.get("accounts", {}).values():
        for reason, count in account.get("skipped_by_reason", {}).items():
            reasons[reason] = reasons.get(reason, 0) + count
    return ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
