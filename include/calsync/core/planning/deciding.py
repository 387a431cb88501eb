"""The table asked for a whole frame of facts at once: a mask per rule and column, on codes instead of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from include.calsync.core.planning.facts import NONE, Hold, Values
from include.calsync.core.planning.new_rules import NEW_RULES
from include.calsync.core.planning.rule import Cause, Rule
from include.calsync.core.planning.rules import BY_CHANGES, RULES

Codes = Mapping[str, NDArray[np.int8]]
UNDECIDED = -1


class UndecidedCase(ValueError):
    """Facts that no rule is for, or a value that a column can't have: a defect, not a case."""


def decide(facts: pd.DataFrame, rules: Sequence[Rule] = RULES) -> pd.DataFrame:
    """The facts, plus of the first rule that fits each line: its number, name (`rule`), action, cause and `released`
    (what was held is let go).

    Raises:
        UndecidedCase: no rule fits a line.
    """
    out = facts.copy()
    out["hold"] = _holds(out)
    numbers = _ask(out, rules)
    known = out[["cause", "leaves", "withdrawn", "obstacle"]].itertuples(index=False, name=None)
    out["known"] = out["cause"]
    out["cause"] = [_cause(rules[number].outcome.cause, *each) for number, each in zip(numbers, known, strict=True)]
    out["released"] = out["hold"].isin((Hold.LAPSES, Hold.OLDER)) & out["stirred"].astype(bool)
    return out


def decide_new(facts: pd.DataFrame, rules: Sequence[Rule] = NEW_RULES) -> pd.DataFrame:
    """The facts of new items, plus of the first rule that fits each line: its number, name (`rule`), action and cause.

    Raises:
        UndecidedCase: no rule fits a line.
    """
    out = facts.copy()
    numbers = _ask(out, rules)
    known = out[["leaves", "obstacle"]].itertuples(index=False, name=None)
    causes = [rules[number].outcome.cause for number in numbers]
    out["cause"] = [
        _cause(cause, NONE, leaves, NONE, obstacle) for cause, (leaves, obstacle) in zip(causes, known, strict=True)
    ]
    return out


def _ask(out: pd.DataFrame, rules: Sequence[Rule]) -> NDArray[np.intp]:
    """The numbers of the rules; adds them with names and actions."""
    numbers = first_fit(_codes(out, rules), len(out), rules)
    if (numbers == UNDECIDED).any():
        line = out.iloc[int(np.flatnonzero(numbers == UNDECIDED)[0])]
        raise UndecidedCase(", ".join(f"{name} {line[name]}" for name in rules[0].domain))
    out["number"] = numbers
    out["rule"] = [rules[number].name for number in numbers]
    out["action"] = [rules[number].outcome.action for number in numbers]
    return numbers


def first_fit(codes: Codes, count: int, rules: Sequence[Rule]) -> NDArray[np.intp]:
    """The number of the first rule that fits each of `count` lines; UNDECIDED where none does."""
    numbers = np.full(count, UNDECIDED, dtype=np.intp)
    left = np.arange(count)
    for number, rule in enumerate(rules):
        if not len(left):
            break
        fits = left
        for column, values in rule.when.items():
            fits = fits[_wanted(rule.domain[column], values)[codes[column][fits]]]
        if len(fits):
            numbers[fits] = number
            left = left[numbers[left] == UNDECIDED]
    return numbers


@cache
def _wanted(domain: Values, values: frozenset[str | bool]) -> NDArray[np.bool_]:
    """Of each value of a column's domain: whether it is one of these."""
    return np.array([value in values for value in domain])


@cache
def _numbers(domain: Values) -> dict[str | bool, int]:
    return {value: number for number, value in enumerate(domain)}


def _codes(facts: pd.DataFrame, rules: Sequence[Rule]) -> Codes:
    """The columns that the rules ask for, each value as its position in the column's domain."""
    codes = {}
    for name, domain in {column: rule.domain[column] for rule in rules for column in rule.when}.items():
        numbers = _numbers(domain)  # an index of pandas takes a hundred times as long for a few lines
        try:
            codes[name] = np.array([numbers[value] for value in facts[name].tolist()], dtype=np.int8)
        except KeyError as error:
            raise UndecidedCase(f"{name} is never {error.args[0]!r}") from None
    return codes


def _holds(facts: pd.DataFrame) -> list[str]:
    """The column with its questions answered: a hold, or what was decided about it, stands if the changes call for what
    was held."""
    holds = [str(hold) for hold in facts["hold"]]
    asked = np.flatnonzero(facts["hold"].to_numpy(dtype=object) == Hold.ASKS)
    if len(asked):
        lines = facts.iloc[asked]
        numbers = first_fit(_codes(lines, BY_CHANGES), len(lines), BY_CHANGES)
        for at, number, held, decided in zip(asked, numbers, lines["held_action"], lines["decided"], strict=True):
            same = number != UNDECIDED and BY_CHANGES[number].outcome.action == held
            holds[at] = str(decided or Hold.STANDS) if same else Hold.LAPSES
    return holds


def _cause(cause: Cause, known: str, leaves: str, withdrawn: str, obstacle: str) -> str:
    found = {
        Cause.GONE: withdrawn or str(Cause.EVENT_DELETED),
        Cause.LEAVES: leaves,
        Cause.OBSTACLE: obstacle,
        Cause.KNOWN: known,
    }
    return str(found.get(cause, cause))
