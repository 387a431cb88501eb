"""What a mode may create, and which activities an account shows."""

from __future__ import annotations

import pytest

from include.calsync.core.decide import out_of_scope
from include.calsync.core.model import ActivityView
from include.calsync.core.policy import Mode, Policy, Side
from include.calsync.core.when import activity_when


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
