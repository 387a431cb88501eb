"""The decision table is complete, and the account's rules bend it as documented."""

from __future__ import annotations

import itertools

import pytest

from include.calsync.core.decide import DECISIONS, Action, ImpossibleChange, decide, look_up, out_of_scope
from include.calsync.core.model import ActivityView, Change
from include.calsync.core.policy import Mode, Policy, Side
from include.calsync.core.when import activity_when

U, E, D = Change.UNCHANGED, Change.UPDATED, Change.DELETED


def test_every_pair_of_changes_is_in_the_table() -> None:
    assert set(DECISIONS) == set(itertools.product(Change, Change))


def test_impossible_pairs_fail_loudly() -> None:
    for pair, action in DECISIONS.items():
        if action is None:
            with pytest.raises(ImpossibleChange, match=str(pair[0])):
                look_up(*pair)


A, C = Change.ABSENT, Change.CREATED


@pytest.mark.parametrize(
    ("changes", "action"),
    [
        ((C, A), Action.CREATE_EVENT),
        ((A, C), Action.CREATE_ACTIVITY),
        ((C, C), Action.ADOPT),
        # What is new on one side has nothing to do with what is gone on the other.
        ((C, D), Action.CREATE_EVENT),
        ((D, C), Action.CREATE_ACTIVITY),
        ((A, D), Action.NOTHING),
        ((D, A), Action.NOTHING),
    ],
)
def test_what_becomes_of_unlinked_items(changes: tuple[Change, Change], action: Action) -> None:
    assert look_up(*changes) is action


CASES = [
    ("all_events", {}, (U, U), Action.NOTHING),
    ("all_events", {}, (E, U), Action.MERGE),
    ("all_events", {}, (E, E), Action.MERGE),
    ("all_events", {}, (U, D), Action.DELETE_ACTIVITY),
    ("all_events", {"on_event_deleted": "done"}, (U, D), Action.FINISH_ACTIVITY),
    ("all_events", {"on_event_deleted": "keep"}, (U, D), Action.DETACH),
    ("all_events", {}, (D, U), Action.DELETE_EVENT),
    ("all_events", {"on_activity_deleted": "keep"}, (D, U), Action.DETACH),
    ("all_events", {}, (E, D), Action.CREATE_EVENT),
    ("all_events", {}, (D, E), Action.CREATE_ACTIVITY),
    ("all_events", {}, (D, D), Action.UNLINK),
    ("to_google", {}, (U, D), Action.DETACH),
    ("to_google", {}, (E, D), Action.DETACH),
    ("to_google", {}, (D, E), Action.DELETE_EVENT),
    ("to_pipedrive", {}, (D, U), Action.DETACH),
    ("to_pipedrive", {}, (D, E), Action.DETACH),
    ("to_pipedrive", {}, (E, D), Action.DELETE_ACTIVITY),
]


@pytest.mark.parametrize(("mode", "rules", "changes", "action"), CASES)
def test_decisions(mode: str, rules: dict[str, str], changes: tuple[Change, Change], action: Action) -> None:
    policy = Policy(user_id=1, zone="UTC", mode=Mode(mode), **rules)  # type: ignore[arg-type]
    assert decide(*changes, policy) is action


@pytest.mark.parametrize(
    ("mode", "activity", "event"),
    [
        ("all_events", True, True),
        ("pipedrive_only", False, True),
        ("to_google", False, True),
        ("to_pipedrive", True, False),
    ],
)
def test_what_a_mode_may_create(mode: str, activity: bool, event: bool) -> None:
    policy = Policy(user_id=1, zone="UTC", mode=Mode(mode))
    assert (policy.may_create(Side.ACTIVITY), policy.may_create(Side.EVENT)) == (activity, event)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, None),
        ({"owner_id": 2}, "other_owner"),
        ({"when": None}, "no_date"),
        ({"type": "task"}, "other_type"),
        ({"done": True}, "done"),
    ],
)
def test_what_an_account_shows(fields: dict[str, object], reason: str | None) -> None:
    policy = Policy(user_id=1, zone="UTC", activity_types=frozenset({"call"}), done="remove")
    known = {"subject": "A", "when": activity_when("2026-11-22", None, None), "place": "", "description": ""}
    view = ActivityView(**{**known, "busy": True, "type": "call", "owner_id": 1, **fields})  # type: ignore[arg-type]
    assert out_of_scope(view, policy) == reason
