"""The tables as text. `python -m tests.core.planning.table` writes them anew: what changes in them is a change of
policy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from include.calsync.core.planning.new_rules import NEW_RULES
from include.calsync.core.planning.rule import Rule
from include.calsync.core.planning.rules import RULES

GOLDEN = Path(__file__).with_name("rules.txt")
NEW_GOLDEN = Path(__file__).with_name("new_rules.txt")


def text(rules: Sequence[Rule] = RULES) -> str:
    """All rules in their order."""
    return "\n".join(f"{number}. {rule}\n" for number, rule in enumerate(rules, start=1))


if __name__ == "__main__":
    GOLDEN.write_text(text(), encoding="utf-8")
    NEW_GOLDEN.write_text(text(NEW_RULES), encoding="utf-8")
