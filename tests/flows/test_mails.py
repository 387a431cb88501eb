"""Nobody is mailed by a sync unless `notify_guests` says so (law 9): each write to Google says what is to be sent."""

from __future__ import annotations

import pytest

from tests.flows.world import World

ASKED = {"none": "none", "external": "externalOnly", "all": "all"}


@pytest.mark.parametrize("rule", ASKED)
def test_every_write_says_who_is_to_be_mailed(world: World, rule: str) -> None:
    if rule != "none":  # the default
        world.anna_is(notify_guests=rule)
    world.green()
    world.sandbox.google.reset_requests()
    world.activity("Call")
    world.event("Lunch")
    world.green()
    call = next(link for link in world.links() if link.origin == "pipedrive")
    world.pipedrive.edit_activity(call.activity_id, subject="Late call")
    world.green()
    world.pipedrive.edit_activity(call.activity_id, due_date=None, due_time=None)
    world.green()
    writes = [r for r in world.sandbox.google.requests if r.method != "GET" and "token" not in r.path]
    assert sorted(r.method for r in writes) == ["DELETE", "PATCH", "PATCH", "POST"], "one event each, and one mark"
    marks = [r.query["sendUpdates"] for r in writes if set(r.body or {}) == {"extendedProperties"}]
    others = [r.query["sendUpdates"] for r in writes if set(r.body or {}) != {"extendedProperties"}]
    assert (marks, others) == ([["none"]], [[ASKED[rule]]] * 3), "our properties are nobody's concern"
