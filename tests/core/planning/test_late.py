"""Read aloud: what a row was decided by, what its item shows when it is to be written, and what the table says then."""

from __future__ import annotations

import json
from typing import Any

import pytest

from include.calsync.core.planning import late
from include.calsync.core.planning.facts import Facts

MERGED = Facts(activity="edited", activity_change="edited", may_write_event=True, stirred=True)
EVENT_GONE = Facts(activity="same", event="deleted", event_change="deleted", stirred=True)
ACTIVITY_GONE = Facts(activity="deleted", activity_change="deleted", event="same", stirred=True)
BEGUN = Facts(state="removing", why="event_deleted", cause="event_deleted", stirred=True)
ENDING = Facts(state="removing", why="activity_deleted", cause="activity_deleted", stirred=True)
LEFT = Facts(leaves="done", outside=True, goes_along=True, activity="edited", activity_change="edited", stirred=True)
ACTIVITY = dict.fromkeys(("activity", "activity_change"), "edited")
EVENT = dict.fromkeys(("event", "event_change"), "edited")
SAME = dict.fromkeys(("activity", "activity_change"), "same")
UNTOUCHED = dict.fromkeys(("event", "event_change"), "same")
NO_ACTIVITY = dict.fromkeys(("activity", "activity_change"), "deleted")
NO_EVENT = dict.fromkeys(("event", "event_change"), "deleted")
WRITTEN = {"may_write_event": True}

CASES: list[tuple[Facts, dict[str, Any], str]] = [
    # A merge.
    (MERGED, EVENT, "merge"),
    (MERGED, ACTIVITY, "merge"),
    (MERGED, {**UNTOUCHED, "intended": True}, "merge"),
    (MERGED, NO_EVENT, "create_event"),
    (MERGED, {**NO_EVENT, "withdrawn": "declined", "follows": True, "may_write_event": False}, "delete_activity"),
    (MERGED, {**EVENT, "obstacle": "series"}, "wait"),
    (MERGED, NO_ACTIVITY, "delete_event"),
    (MERGED, {**ACTIVITY, "leaves": "other_owner", "outside": True}, "detach"),
    (MERGED._replace(state="held", hold="lapses"), EVENT, "merge"),
    # Two items that become a pair.
    (late.NEW_PAIR, EVENT, "merge"),
    (late.NEW_PAIR, NO_EVENT, "create_event"),
    # An activity is deleted, because its event was.
    (EVENT_GONE, SAME, "delete_activity"),
    (EVENT_GONE, ACTIVITY, "create_event"),
    (EVENT_GONE._replace(follows=True), ACTIVITY, "delete_activity"),
    (EVENT_GONE._replace(on_event_deleted="done"), SAME, "finish_activity"),
    (EVENT_GONE, {**ACTIVITY, "leaves": "other_owner", "outside": True}, "unlink"),
    # … and that was begun before: an edit beats it still.
    (BEGUN, SAME, "delete_activity"),
    (BEGUN, ACTIVITY, "create_event"),
    (BEGUN._replace(event="same", event_change="same"), ACTIVITY, "merge"),
    # An event is deleted, because its activity was, or leaves.
    (ACTIVITY_GONE, UNTOUCHED, "delete_event"),
    (ACTIVITY_GONE, EVENT, "create_activity"),
    (ACTIVITY_GONE._replace(mode="to_google"), EVENT, "delete_event"),
    (ENDING, EVENT, "remove_event"),
    (LEFT, {**EVENT, **WRITTEN}, "remove_event"),
    (LEFT, {**EVENT, "may_write_event": False}, "detach"),
]


@pytest.mark.parametrize(("then", "now", "action"), CASES)
def test_what_is_decided_late(then: Facts, now: dict[str, Any], action: str) -> None:
    payload = json.loads(json.dumps({} if then is late.NEW_PAIR else {"facts": late.facts_json(then)}))
    assert late.decides(late.facts_of(payload)._replace(**now)) == action


def test_facts_read_as_they_were_stored() -> None:
    then = LEFT._replace(withdrawn="private", may_mark=True, stale=True)
    stored = json.loads(json.dumps({"facts": late.facts_json(then)}))
    assert late.facts_of(stored) == then
    assert set(stored["facts"]) == {
        *("leaves", "outside", "goes_along", "activity", "activity_change", "stirred"),
        *("withdrawn", "may_mark", "stale"),
    }
