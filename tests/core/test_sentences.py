"""Every rule, reason, cause, action and field has its words, in each language."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from include.calsync.core.conflicts import Why
from include.calsync.core.decide import Action
from include.calsync.core.fields import ACTIVITY, BESIDE, EVENT, MERGED
from include.calsync.core.planning.facts import Leaves, Obstacle, State
from include.calsync.core.planning.new_rules import NEW_RULES
from include.calsync.core.planning.rule import Reason
from include.calsync.core.planning.rules import RULES
from include.calsync.core.sentences import LANGUAGES, because, left_out
from include.calsync.core.words import BY_NOBODY, WITHDRAWN, Absence
from include.calsync.flows.creation_limits import MAX_CREATE
from include.calsync.flows.live_look import Found
from include.calsync.flows.planning import retirement, undo
from include.calsync.flows.planning.creations import TWIN
from include.calsync.flows.planning.rows import FAILED
from include.calsync.flows.planning.shared import ATTENDEES, ORGANISER

EN = LANGUAGES["en"]
UNDONE = (undo.ANEW, undo.TAKEN_AWAY, undo.GOES_BACK, undo.JOINED, undo.OTHER)


def test_every_rule_has_a_sentence() -> None:
    names = {rule.name for rule in (*RULES, *NEW_RULES)} | {ORGANISER, ATTENDEES, FAILED, *UNDONE, *retirement.RULES}
    assert EN.rules.keys() == names


def test_every_cause_action_field_and_hold_has_words() -> None:
    assert {*Leaves, *Obstacle, *WITHDRAWN} <= EN.causes.keys()
    assert set(Action) <= EN.actions.keys()
    assert {*MERGED, *BESIDE, "title", "done"} <= EN.fields.keys()
    assert EN.fields.keys() <= {*ACTIVITY, *EVENT, *BESIDE, "subject", "title"}
    assert EN.reasons.keys() >= BY_NOBODY
    holds = {"max_delete", "max_change", MAX_CREATE, TWIN, Absence.HIDDEN, Absence.OTHERS, Absence.LOST}
    assert EN.holds.keys() == holds


def test_all_that_an_explanation_says_has_words() -> None:
    assert EN.wins.keys() == set(Why)
    assert {each for each in Found if each != Found.LIVE} <= EN.looks.keys()
    assert EN.link_states.keys() == set(State)


def test_all_languages_have_the_same_keys() -> None:
    for words in LANGUAGES.values():
        for field in (each for each in fields(words) if each.name != "name"):
            one, other = getattr(EN, field.name), getattr(words, field.name)
            same = one.keys() == other.keys() if hasattr(one, "keys") else len(one) == len(other)
            assert same, field.name


def test_sentences_go_on_after_because() -> None:
    for text in EN.rules.values():
        assert text[0].islower() or text[0] in "`{", text
        assert not text.endswith("."), text
        assert set(re.findall(r"{.*?}", text)) <= {"{why}"}, text
        assert len(text) <= 90, text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rule": "a new activity gets an event", "reason": "new activity"}, "new activity"),
        (
            {"rule": "the activity was edited: merge", "reason": "a deal, person or organization was renamed"},
            "a deal, person or organization was renamed",
        ),
        (
            {"rule": "the activity was edited: merge", "reason": "activity updated, event unchanged"},
            "edited in Pipedrive",
        ),
        (
            {"rule": "the activity was edited: merge", "reason": "activity updated, event updated"},
            "edited on both sides",
        ),
        (
            {
                "rule": "the activity leaves the calendar, and its event with it",
                "reason": "a setting was changed: activity_types",
                "cause": "other_type",
                "setting": "activity_types",
            },
            "`activity_types` was changed: its type is not synced",
        ),
        (
            {"rule": "the removal of an event was begun: it is ended", "reason": "unfinished: no_date"},
            "an earlier run began it: the activity has no date any more",
        ),
        ({"rule": "planning it failed: set aside", "reason": "Report it."}, "it could not be planned: Report it."),
        ({"rule": "a rule of a later version", "reason": "?"}, "a rule of a later version"),
        ({"rule": None, "reason": "edited"}, "edited"),
    ],
)
def test_why_something_is_done(given: dict[str, str], said: str) -> None:
    assert because(**given) == said


def test_sentences_say_what_a_row_knows() -> None:
    """A braced word of a reason was filled in when the row was planned."""
    assert {word for reason in Reason for word in re.findall(r"{(\w+)}", reason)} == {
        "known",
        "error",
        "cause",
        "changes",
    }


def test_what_is_left_out() -> None:
    assert left_out("no_date") == "without a date"
    assert left_out("of_a_later_version") == "of a later version"
