"""The table of new items is complete, and each of its rules is needed; read aloud, it says what is meant."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from include.calsync.core.planning.deciding import UndecidedCase, decide_new
from include.calsync.core.planning.new_facts import NEW_DOMAIN, NewFacts, new_frame
from include.calsync.core.planning.new_rules import NEW_RULES
from include.calsync.core.planning.rules import RULES
from tests.core.planning.asking import both, everything, one_of, outside
from tests.core.planning.new_impossible import NEW_IMPOSSIBLE
from tests.core.planning.table import NEW_GOLDEN, text

NEVER = [box for _, box in NEW_IMPOSSIBLE]
NAMES = [rule.name for rule in NEW_RULES]
EVERYTHING = everything(NEW_DOMAIN)


def test_every_combination_is_decided() -> None:
    assert outside(EVERYTHING, [rule.when for rule in NEW_RULES]) is None


def test_what_is_impossible_has_reasons_of_its_own_and_leaves_something() -> None:
    assert outside(EVERYTHING, NEVER) is not None
    assert len({why for why, _ in NEW_IMPOSSIBLE}) == len(NEW_IMPOSSIBLE)


@pytest.mark.parametrize("number", range(len(NEW_RULES)), ids=NAMES)
def test_each_rule_is_needed(number: int) -> None:
    """Some combination that can occur is decided by it, and differently without it."""
    rule, covered = NEW_RULES[number], [*NEVER, *(each.when for each in NEW_RULES[:number])]
    assert outside(EVERYTHING | dict(rule.when), covered) is not None, "no combination that can occur reaches this rule"
    for instead in NEW_RULES[number + 1 :]:
        start = both(rule.when, instead.when, NEW_DOMAIN)
        if start is not None and instead.outcome != rule.outcome and outside(start, covered) is not None:
            return
        covered.append(instead.when)
    assert outside(EVERYTHING | dict(rule.when), covered) is not None, "whatever it decides, later rules decide alike"


def test_names_are_sentences_of_their_own() -> None:
    everywhere = NAMES + [rule.name for rule in RULES]
    assert len(set(everywhere)) == len(everywhere)
    assert all(len(name) <= 120 and not name.endswith(".") for name in NAMES)


def test_the_table_is_known() -> None:
    """After a change of policy that is meant: python -m tests.core.planning.table"""
    assert text(NEW_RULES) == NEW_GOLDEN.read_text(encoding="utf-8")


def test_a_frame_is_decided_line_by_line_as_the_table_reads() -> None:
    boxes = [
        outside(EVERYTHING | dict(rule.when), [*NEVER, *(each.when for each in NEW_RULES[:at])])
        for at, rule in enumerate(NEW_RULES)
    ]
    points = [one_of(box, NEW_DOMAIN) for box in boxes if box is not None]
    ruled = decide_new(new_frame(NewFacts(**point) for point in points))  # type: ignore[arg-type]
    assert list(ruled["rule"]) == NAMES
    assert list(ruled["action"]) == [rule.outcome.action for rule in NEW_RULES]


def test_without_items_nothing_is_decided() -> None:
    assert decide_new(new_frame([])).empty


def test_what_no_rule_is_for_fails_loudly() -> None:
    with pytest.raises(UndecidedCase, match="item activity"):
        decide_new(new_frame([NewFacts()]), NEW_RULES[:3])


@pytest.mark.parametrize("column", list(NEW_DOMAIN))
def test_a_value_that_a_column_can_not_have_fails_loudly(column: str) -> None:
    assert any(column in rule.when for rule in NEW_RULES), "no rule asks for it"
    facts = new_frame([NewFacts()])
    facts[column] = pd.Series(["surely not"], dtype=object)
    with pytest.raises(UndecidedCase, match=f"{column} is never 'surely not'"):
        decide_new(facts)


# What it is, what the run was asked for, what else is known -> what is done, and why it is left out.
CASES: list[tuple[str, str, dict[str, Any], str, str]] = [
    # Only new.
    ("activity", "sync", {}, "create_event", ""),
    ("event", "sync", {}, "create_activity", ""),
    ("activity", "sync", {"old": True}, "nothing", "before_connected"),
    ("activity", "sync", {"old": True, "removed": True}, "create_event", ""),
    ("event", "sync", {"old": True}, "nothing", "before_connected"),
    ("event", "sync", {"old": True, "request": "old"}, "create_activity", ""),
    ("event", "sync", {"request": "recent"}, "wait", ""),
    ("activity", "sync", {"waiting": True}, "nothing", ""),
    ("event", "sync", {"waiting": True, "request": "recent"}, "nothing", ""),
    # Not shown, not synced, not allowed.
    ("activity", "sync", {"shown": False}, "nothing", "other_type"),
    ("activity", "sync", {"leaves": "no_date", "old": True}, "nothing", "no_date"),
    ("activity", "sync", {"leaves": "done"}, "nothing", "done"),
    ("activity", "sync", {"allowed": False}, "nothing", "mode"),
    ("activity", "sync", {"allowed": False, "old": True}, "nothing", "before_connected"),
    ("event", "sync", {"obstacle": "series"}, "nothing", "series"),
    ("event", "sync", {"obstacle": "event_type", "allowed": False}, "nothing", "event_type"),
    ("event", "sync", {"allowed": False}, "nothing", "mode"),
    ("event", "sync", {"copy": True, "obstacle": "series"}, "nothing", "shared"),
    # In doubt.
    ("activity", "sync", {"ambiguous": True}, "nothing", "ambiguous"),
    ("event", "both", {"ambiguous": True}, "nothing", "ambiguous"),
    ("activity", "sync", {"unread": "nonsense"}, "nothing", "unreadable"),
    ("event", "sync", {"unread": "no_answer"}, "quarantine", ""),
    ("event", "sync", {"unread": "no_answer", "waiting": True}, "nothing", ""),
    # Uploads.
    ("activity", "to_google", {"old": True}, "create_event", ""),
    ("activity", "both", {"named": False}, "nothing", "not_asked_for"),
    ("activity", "to_pipedrive", {"leaves": "no_date"}, "nothing", ""),
    ("event", "to_pipedrive", {"old": True}, "create_activity", ""),
    ("event", "to_google", {"obstacle": "series"}, "nothing", ""),
    ("event", "to_google", {"copy": True}, "nothing", "shared"),
    # Found to belong together.
    ("pair", "sync", {"found": "mark"}, "adopt", ""),
    ("pair", "to_google", {"found": "lost_request"}, "adopt", ""),
    ("pair", "both", {"found": "looks"}, "adopt", ""),
    ("pair", "sync", {"found": "mark", "leaves": "other_owner"}, "nothing", "other_owner"),
    ("activity", "sync", {"found": "lost_request"}, "nothing", ""),
    ("event", "sync", {"mark": "elsewhere"}, "nothing", "other_calendar"),
    ("event", "both", {"mark": "not_found", "old": True}, "nothing", "activity_not_found"),
    # What earlier runs left.
    ("event", "sync", {"found": "left"}, "remove_event", "other_owner"),
    ("event", "sync", {"found": "left", "back": True}, "nothing", ""),
    ("event", "sync", {"found": "left", "allowed": False}, "nothing", ""),
    ("event", "both", {"found": "left"}, "nothing", ""),
]


@pytest.mark.parametrize(("item", "asked", "known", "action", "cause"), CASES)
def test_what_follows(item: str, asked: str, known: dict[str, Any], action: str, cause: str) -> None:
    values: dict[str, Any] = {"item": item, "asked": asked, **known}
    assert all(value in NEW_DOMAIN[name] for name, value in values.items())
    ruled = decide_new(new_frame([NewFacts(**values)]))
    assert (ruled["action"][0], ruled["cause"][0]) == (action, cause), ruled["rule"][0]
