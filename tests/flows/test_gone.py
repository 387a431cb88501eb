"""What counts as gone: only an answer of the service itself that says so (F126)."""

from __future__ import annotations

import pytest

from tests.flows.killing import before_request
from tests.flows.world import World


@pytest.mark.parametrize("shown", ["404", "200", "400"])
@pytest.mark.parametrize("answer", ["400", "404", "410"])
def test_an_activity_deleted_before_its_edit_arrives_is_no_bad_record(world: World, answer: str, shown: str) -> None:
    """Deleted between what was read and what is written: decided again, nothing in quarantine."""
    options = world.pipedrive.options
    options.edit_deleted, options.get_deleted = answer, shown
    world.green()
    key = world.activity("Call")["id"]
    world.green()
    world.edit_event(world.the_event(), location="Bar")
    with before_request("PATCH", f"/activities/{key}", lambda: world.pipedrive.delete_activity(key)):
        result = world.green()
    assert result["activities"]["quarantined"] == result["events"]["quarantined"] == 0
    for _ in range(4):
        world.pass_time(300)
        world.green()
    # An edit beats a deletion: the event lives on, with what was typed, and so does its activity.
    (event,), (activity,) = world.events(), world.activities()
    assert (event["location"], activity["location"]["value"]) == ("Bar", "Bar")
    assert activity["id"] != key
    world.assert_quiet()
