"""The table is complete, each of its rules is needed, and what it says is known."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pytest

from include.calsync.core.planning.deciding import UndecidedCase, decide
from include.calsync.core.planning.facts import DOMAIN, Facts, Shown, frame
from include.calsync.core.planning.rule import Outcome, Rule, when
from include.calsync.core.planning.rules import RULES
from tests.core.planning.asking import both, everything, one_of, outside
from tests.core.planning.impossible import IMPOSSIBLE
from tests.core.planning.table import GOLDEN, text

NEVER = [box for _, box in IMPOSSIBLE]
NAMES = [rule.name for rule in RULES]


def first(values: dict[str, str | bool], rules: Sequence[Rule] = RULES) -> Rule | None:
    return next((rule for rule in rules if all(values[name] in wanted for name, wanted in rule.when.items())), None)


def test_every_combination_is_decided() -> None:
    assert outside(everything(), [rule.when for rule in RULES]) is None


def test_what_is_impossible_is_asked_of_columns_that_exist_and_leaves_something() -> None:
    assert outside(everything(), NEVER) is not None
    assert len({why for why, _ in IMPOSSIBLE}) == len(IMPOSSIBLE)


@pytest.mark.parametrize("number", range(len(RULES)), ids=NAMES)
def test_each_rule_is_needed(number: int) -> None:
    """Some combination that can occur is decided by it, and differently without it."""
    rule, covered = RULES[number], [*NEVER, *(each.when for each in RULES[:number])]
    assert outside(everything() | dict(rule.when), covered) is not None, (
        "no combination that can occur reaches this rule"
    )
    for instead in RULES[number + 1 :]:
        start = both(rule.when, instead.when)
        found = None if instead.outcome == rule.outcome or start is None else outside(start, covered)
        if found is not None:
            assert first(one_of(found)) is rule
            return
        covered.append(instead.when)
    assert outside(everything() | dict(rule.when), covered) is not None, "whatever it decides, later rules decide alike"


def test_names_are_sentences_of_their_own() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert all(len(name) <= 120 and not name.endswith(".") for name in NAMES)


def test_the_table_is_known() -> None:
    """After a change of policy that is meant: python -m tests.core.planning.table"""
    assert text() == GOLDEN.read_text(encoding="utf-8")


def test_a_frame_is_decided_line_by_line_as_the_table_reads() -> None:
    boxes = [
        outside(everything() | dict(rule.when), [*NEVER, *(each.when for each in RULES[:at])])
        for at, rule in enumerate(RULES)
    ]
    points = [one_of(box) for box in boxes if box is not None]
    ruled = decide(frame(Facts(**point) for point in points))  # type: ignore[arg-type]
    assert list(ruled["rule"]) == NAMES
    assert list(ruled["action"]) == [rule.outcome.action for rule in RULES]


def test_lines_keep_their_places() -> None:
    edited = {"activity": Shown.EDITED, "activity_change": Shown.EDITED, "stirred": True}
    lines = [Facts(activity=Shown.SAME, event=Shown.SAME), Facts(**edited), Facts(event=Shown.SAME)]  # type: ignore[arg-type]
    assert list(decide(frame(lines))["rule"]) == [
        "nothing stirred",
        "the activity was edited: merge",
        "nothing stirred",
    ]


def test_without_pairs_nothing_is_decided() -> None:
    assert decide(frame([])).empty


def test_what_no_rule_is_for_fails_loudly() -> None:
    rules = [Rule("edits only", when(activity_change=Shown.EDITED), Outcome())]
    with pytest.raises(UndecidedCase, match="activity_change same"):
        decide(frame([Facts()]), rules)


@pytest.mark.parametrize("column", list(DOMAIN))
def test_a_value_that_a_column_can_not_have_fails_loudly(column: str) -> None:
    assert any(column in rule.when for rule in RULES), "no rule asks for it"
    facts = frame([Facts()])
    facts[column] = pd.Series(["surely not"], dtype=object)
    with pytest.raises(UndecidedCase, match=f"{column} is never 'surely not'"):
        decide(facts)


def test_a_rule_can_not_ask_for_what_never_is() -> None:
    with pytest.raises(ValueError, match="activity is never"):
        when(activity=Shown.LONG_PAST)
    with pytest.raises(KeyError):
        when(weather="fine")


def test_what_is_held_stands_while_the_changes_call_for_the_same() -> None:
    held = Facts(state="held", hold="asks", stirred=True, event_change=Shown.DELETED, held_action="delete_activity")
    edited = held._replace(activity=Shown.EDITED, activity_change=Shown.EDITED)
    ruled = decide(frame([held, edited, held._replace(on_event_deleted="keep")]))
    assert list(ruled["hold"]) == ["stands", "lapses", "lapses"]
    assert list(ruled["released"]) == [False, True, True]
    assert list(ruled["action"]) == ["nothing", "create_event", "detach"]
