"""Every rule, reason, cause, action and field has its words, in each language."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from include.calsync.core.conflicts import CLOSE, Why
from include.calsync.core.decide import Action
from include.calsync.core.fields import ACTIVITY, BESIDE, EVENT, MERGED
from include.calsync.core.model import Change
from include.calsync.core.planning.facts import Leaves, Obstacle, State
from include.calsync.core.planning.new_rules import NEW_RULES
from include.calsync.core.planning.rule import Reason
from include.calsync.core.planning.rules import RULES
from include.calsync.core.sentences import LANGUAGES, because, left_out
from include.calsync.core.words import ANOTHER_ACTIVITY, ANOTHER_EVENT, BY_NOBODY, WITHDRAWN, Absence
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


def test_all_that_the_log_keeps_has_words() -> None:
    fixed = {reason for reason in Reason if "{" not in reason and reason} | {ANOTHER_EVENT, ANOTHER_ACTIVITY}
    assert fixed | {retirement.REASON} <= EN.logged.keys()
    assert {f"activity {one}, event {other}" for one in Change for other in Change} <= EN.logged.keys()


def test_all_that_an_explanation_says_has_words() -> None:
    assert EN.wins.keys() == {*Why, CLOSE}
    assert {each for each in Found if each != Found.LIVE} <= EN.looks.keys()
    assert EN.link_states.keys() == set(State)


def test_all_languages_have_the_same_keys() -> None:
    for words in LANGUAGES.values():
        for field in (each for each in fields(words) if each.name != "name"):
            one, other = getattr(EN, field.name), getattr(words, field.name)
            same = one.keys() == other.keys() if hasattr(one, "keys") else len(one) == len(other)
            assert same, field.name


def test_all_languages_fill_in_the_same_words() -> None:
    for words in LANGUAGES.values():
        for field in (each.name for each in fields(words)):
            one, other = getattr(EN, field), getattr(words, field)
            for key in one if hasattr(one, "keys") else ():
                assert filled(one[key]) == filled(other[key]), (words.name, field, key)
                assert re.findall(r"`\w+`", one[key]) == re.findall(r"`\w+`", other[key]), (words.name, field, key)


def filled(text: str) -> set[str]:
    return set(re.findall(r"{.*?}", text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_go_on_after_because(language: str) -> None:
    for text in LANGUAGES[language].rules.values():
        assert text[0].islower() or text[0] in "`{", text
        assert not text.endswith("."), text
        assert filled(text) <= {"{why}"}, text
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
        ({"rule": None, "reason": "undo of run 7-a"}, "undo of run 7-a"),
        ({"rule": None, "reason": "other_type"}, "its type is not synced"),
        ({"rule": None, "reason": "unfinished: other_type"}, "unfinished: its type is not synced"),
        (
            {"rule": None, "reason": "done, and the event was deleted"},
            "the activity is done, and the event was deleted",
        ),
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


def test_in_german() -> None:
    said = because("the removal of an event was begun: it is ended", "unfinished: no_date", language="de")
    assert said == "ein früherer Lauf hat es begonnen: die Aktivität hat kein Datum mehr"
    assert because("a rule of a later version", "?", language="de") == "a rule of a later version"
    assert left_out("no_date", "de") == "ohne Datum"
    logged = {
        "undo of run 7-a": "Rücknahme des Laufs 7-a",
        "unfinished: done": "unvollendet: die Aktivität ist erledigt",
        "activity deleted, event unchanged": "in Pipedrive gelöscht",
        "new activity; unknown whether it arrived": "neue Aktivität; unbekannt, ob es ankam",
        "refused by a later version": "refused by a later version",
    }
    assert {reason: because(None, reason, language="de") for reason in logged} == logged


def test_what_is_left_out() -> None:
    assert left_out("no_date") == "without a date"
    assert left_out("of_a_later_version") == "of a later version"
