"""Read aloud: how a pair stood, what its activity and its event show now, and what follows."""

from __future__ import annotations

from typing import Any

import pytest

from include.calsync.core.planning.deciding import decide
from include.calsync.core.planning.facts import DOMAIN, Facts, Shown, frame

CHANGE = {"same": "same", "edited": "edited", "deleted": "deleted", "long_past": "deleted"}
OUTSIDE = {"why": "scope", "cause": "done"}
LEFT = {"leaves": "other_type", "outside": True, "goes_along": True}
AUTHORS = {"origin": "google", "goes_along": False}
GIVEN_AWAY = {"leaves": "other_owner", "outside": True}
OTHERS_EVENT = {"follows": True, "may_write_event": False}
HIDDEN = {"withdrawn": "private", **OTHERS_EVENT}
DECLINED = {"withdrawn": "declined", **OTHERS_EVENT}
BEGUN = {"why": "event_deleted", "cause": "event_deleted"}
HELD = {"hold": "asks", "held_action": "delete_activity"}
TO_PIPEDRIVE = {"mode": "to_pipedrive", "follows": True, "may_write_event": False, "may_create_event": False}

# Before, activity now, event now, what else is known -> what is done, and the cause that the link keeps.
CASES: list[tuple[str, str, str, dict[str, Any], str, str]] = [
    # Both sides are there.
    ("active", "same", "same", {}, "nothing", ""),
    ("active", "unseen", "unseen", {}, "nothing", ""),
    ("active", "edited", "same", {}, "merge", ""),
    ("active", "same", "edited", {}, "merge", ""),
    ("active", "edited", "edited", {}, "merge", ""),
    ("active", "edited", "unseen", {}, "merge", ""),
    ("active", "same", "same", {"intended": True}, "merge", ""),
    ("active", "same", "same", {"stale": True}, "merge", ""),
    ("active", "same", "same", {"marked": False, "may_mark": True}, "mark", ""),
    ("active", "edited", "edited", {"mode_changed": True}, "rebase", ""),
    # An edit beats a delete.
    ("active", "edited", "deleted", {}, "create_event", ""),
    ("active", "deleted", "edited", {}, "create_activity", ""),
    # One side was deleted.
    ("active", "unseen", "deleted", {}, "delete_activity", "event_deleted"),
    ("active", "same", "deleted", {"on_event_deleted": "done"}, "finish_activity", "event_deleted"),
    ("active", "same", "deleted", {"on_event_deleted": "keep"}, "detach", "event_deleted"),
    ("active", "deleted", "same", {}, "delete_event", "activity_deleted"),
    ("active", "deleted", "same", {"on_activity_deleted": "keep"}, "detach", "activity_deleted"),
    ("active", "deleted", "deleted", {}, "unlink", "event_deleted"),
    ("active", "deleted", "same", {"mode_changed": True}, "delete_event", "activity_deleted"),
    # One-way modes, and events of others.
    ("active", "same", "deleted", {"mode": "to_google"}, "detach", "event_deleted"),
    ("active", "edited", "deleted", {"mode": "to_google"}, "detach", "event_deleted"),
    ("active", "deleted", "edited", {"mode": "to_google"}, "delete_event", "activity_deleted"),
    ("active", "deleted", "same", TO_PIPEDRIVE, "detach", "activity_deleted"),
    ("active", "deleted", "edited", TO_PIPEDRIVE, "detach", "activity_deleted"),
    ("active", "edited", "deleted", TO_PIPEDRIVE, "delete_activity", "event_deleted"),
    ("active", "edited", "deleted", OTHERS_EVENT, "delete_activity", "event_deleted"),
    ("active", "deleted", "same", OTHERS_EVENT, "detach", "activity_deleted"),
    # Events that only count as gone.
    ("active", "edited", "deleted", DECLINED, "delete_activity", "declined"),
    ("active", "same", "deleted", {**DECLINED, "on_event_deleted": "keep"}, "detach", "declined"),
    ("active", "same", "deleted", HIDDEN, "detach", "private"),
    ("active", "same", "deleted", {**HIDDEN, "origin": "google"}, "delete_activity", "private"),
    ("detached", "unseen", "same", {"why": "withdrawn", "cause": "declined"}, "merge", ""),
    # Nothing is proven.
    ("active", "missing", "same", {}, "delete_event", "activity_deleted"),
    ("active", "same", "missing", {}, "delete_activity", "event_deleted"),
    ("active", "missing", "edited", {}, "merge", ""),
    ("active", "unreadable", "same", {}, "quarantine", ""),
    ("active", "edited", "same", {"waiting": True}, "nothing", ""),
    ("active", "edited", "vanished", {}, "wait", ""),
    ("active", "same", "vanished", {}, "nothing", ""),
    ("active", "edited", "long_past", {}, "detach", "event_deleted"),
    # The activity leaves.
    ("active", "edited", "same", LEFT, "remove_event", "other_type"),
    ("active", "edited", "same", {**LEFT, **AUTHORS}, "detach", "other_type"),
    ("active", "edited", "deleted", LEFT, "unlink", "other_type"),
    ("active", "edited", "deleted", {**LEFT, "copy": True}, "take_over", ""),
    ("active", "edited", "same", {**GIVEN_AWAY, "owners_copy": True}, "take_over", ""),
    ("active", "edited", "same", {**GIVEN_AWAY, "goes_along": True}, "remove_event", "other_owner"),
    ("active", "edited", "same", {**GIVEN_AWAY, "goes_along": True, "new_owner": "absent"}, "wait", "other_owner"),
    ("detached", "same", "same", OUTSIDE, "merge", ""),
    ("detached", "same", "edited", {**OUTSIDE, **LEFT}, "nothing", ""),
    ("detached", "same", "deleted", OUTSIDE, "create_event", ""),
    ("detached", "unseen", "deleted", OUTSIDE, "unlink", "done"),
    # What stays apart, and what an upload does.
    ("detached", "edited", "deleted", {"why": "event_deleted"}, "nothing", ""),
    ("detached", "same", "unseen", {"why": "event_deleted", "asked": "both", "asked_for": True}, "create_event", ""),
    ("detached", "same", "unseen", {"why": "event_deleted", "asked": "to_pipedrive"}, "nothing", ""),
    ("active", "edited", "same", {"asked": "to_google", "asked_for": True}, "nothing", ""),
    # A removal that was begun.
    ("removing", "same", "deleted", BEGUN, "delete_activity", "event_deleted"),
    ("removing", "same", "same", BEGUN, "merge", ""),
    ("removing", "deleted", "edited", BEGUN, "create_activity", ""),
    ("removing", "same", "same", OUTSIDE, "remove_event", "done"),
    # What is held.
    ("held", "unseen", "deleted", HELD, "nothing", ""),
    ("held", "edited", "deleted", HELD, "create_event", ""),
    ("held", "unseen", "same", {"hold": "older"}, "wait", ""),
    ("held", "unseen", "deleted", {"hold": "lapses"}, "delete_activity", "event_deleted"),
    # One meeting in several calendars, series, and accounts that rest.
    ("active", "same", "deleted", {"copy": True}, "take_over", ""),
    ("active", "edited", "edited", {"obstacle": "series"}, "wait", "series"),
    ("active", "deleted", "edited", {"obstacle": "series"}, "detach", "series"),
    ("active", "same", "unseen", {"holder": "rests", "heir": True}, "remove_event", "other_account"),
    ("active", "same", "unseen", {"holder": "rests"}, "nothing", ""),
]


@pytest.mark.parametrize(("before", "activity", "event", "known", "action", "cause"), CASES)
def test_what_follows(before: str, activity: str, event: str, known: dict[str, Any], action: str, cause: str) -> None:
    calm = before == "active" and {activity, event} <= {"same", "unseen", "missing"} and not known
    values: dict[str, Any] = {
        "state": before,
        "activity": activity,
        "event": event,
        "activity_change": CHANGE.get(activity, Shown.SAME),
        "event_change": CHANGE.get(event, Shown.SAME),
        "may_write_event": True,
        "may_create_event": True,
        "stirred": not calm,
        **known,
    }
    assert all(value in DOMAIN[name] for name, value in values.items() if name in DOMAIN and value != "asks")
    ruled = decide(frame([Facts(**values)]))
    assert (ruled["action"][0], ruled["cause"][0]) == (action, cause), ruled["rule"][0]
