"""The table as text. `python -m tests.core.planning.table` writes it anew: what changes in it is a change of policy."""

from __future__ import annotations

from pathlib import Path

from include.calsync.core.planning.rules import RULES

GOLDEN = Path(__file__).with_name("rules.txt")


def text() -> str:
    """All rules in their order."""
    return "\n".join(f"{number}. {rule}\n" for number, rule in enumerate(RULES, start=1))


if __name__ == "__main__":
    GOLDEN.write_text(text(), encoding="utf-8")
