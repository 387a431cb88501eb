"""Deletions in Pipedrive, found by asking (law 3): how soon, at what cost, and what is taken for none."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from include.calsync.flows.pulling.probe import SUSPECTS_PER_RUN
from include.calsync.flows.pulling.turns import PAST_SHARE
from include.calsync.store.tables import hold, link
from include.sandbox.base import Fault
from tests.flows.world import World, account_row, day

INTERVAL_S = 300
RUNS_A_DAY = 86_400 // INTERVAL_S


@pytest.fixture
def many(world: World) -> Many:
    return Many(world)


class Many:
    """Linked pairs by the thousand: written into the store and the sandbox, as runs would have left them."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.anna_is(max_delete_count=25, max_delete_ratio=0.2)
        world.green()
        world.activity("Pattern")
        world.green()
        (self.pattern,) = world.links()

    def add(self, count: int, days_ahead: int = 1) -> list[int]:
        """So many pairs, all alike; by the store's `due_at` a minute apart. Returns: ids, the soonest due first."""
        world, rows, ids = self.world, [], []
        template = {name: value for name, value in self.pattern._asdict().items() if name != "id"}
        start = world.clock() + timedelta(days=days_ahead)
        for number in range(count):
            at = start + timedelta(minutes=number)
            raw = world.activity("Pattern")
            ids.append(int(raw["id"]))
            rows.append(template | {"activity_id": raw["id"], "event_id": f"calsync{raw['id']:08}", "due_at": at})
            rows[-1] |= {"probed_at": None, "updated_at": world.clock()}
        with world.engine.begin() as conn:
            for first in range(0, count, 500):
                conn.execute(insert(link), rows[first : first + 500])
        world.pass_time(3600)  # out of the listings
        world.sync()
        return ids

    def run(self) -> tuple[list[Any], str | None]:
        """The next scheduled run: its requests to Pipedrive, and why it is red."""
        self.world.pass_time(INTERVAL_S)
        with self.world.requests():
            summary = self.world.sync()
        return list(self.world.sandbox.pipedrive.requests), summary.failure

    def linked(self) -> set[int]:
        return {row.activity_id for row in self.world.links()}

    def delete(self, ids: list[int]) -> None:
        for activity_id in ids:
            self.world.pipedrive.delete_activity(activity_id)


def asked_ids(requests: list[Any]) -> list[int]:
    return [int(one) for r in requests for ids in r.query.get("ids", []) for one in ids.split(",")]


def gets(requests: list[Any]) -> int:
    return sum(r.path.startswith("/api/v2/activities/") for r in requests)


def test_one_request_asks_for_a_hundred(many: Many) -> None:
    many.add(250)
    requests, _ = many.run()
    assert len([r for r in requests if "ids" in r.query]) == 1
    assert len(asked_ids(requests)) == 100
    assert len(requests) == 2, "the listing and the probe"


def test_the_soonest_due_come_first_and_all_have_their_turn(many: Many) -> None:
    ids = many.add(250)
    # The first hundred were asked for when the pairs were added, the pattern by the run before that too.
    probes = [asked_ids(many.run()[0]) for _ in range(3)]
    assert len(set(probes[0]) & set(ids[100:])) >= 99, "who was never asked comes first"
    assert set(ids[100:200]) - {ids[199]} <= set(probes[0]), "of those the soonest due"
    assert {one for probe in probes for one in probe} == {many.pattern.activity_id, *ids}


@pytest.mark.parametrize("past", [0, 60])
def test_with_a_hundred_upcoming_links_a_deletion_takes_three_runs_at_most(many: Many, past: int) -> None:
    with many.world.engine.begin() as conn:
        conn.execute(update(link).values(due_at=many.world.clock() - timedelta(days=9)))  # the pattern is past
    ids = many.add(100)
    many.add(past, days_ahead=-20)
    latency = {}
    for place in (0, 50, 99):
        many.run()
        many.delete([ids[place]])
        runs = 0
        while ids[place] in many.linked():
            assert many.run()[1] is None
            runs += 1
            assert runs <= 3
        latency[place] = runs
    assert max(latency.values()) <= 3, latency


def test_past_ones_have_their_turn_too(many: Many) -> None:
    many.add(150)
    old = many.add(20, days_ahead=-20)
    many.delete(old[-1:])
    runs = 0
    while old[-1] in many.linked():
        assert many.run()[1] is None
        runs += 1
        assert runs <= 20 // PAST_SHARE + 2
    assert runs


def test_in_ten_thousand_links_a_deletion_is_found_within_a_day(many: Many, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of the probes alone, run by run: no service is asked ten thousand times here."""
    from include.calsync.flows.pulling.turns import turn

    now = many.world.clock()

    class Link:
        def __init__(self, number: int) -> None:
            self.activity_id, self.due_at = number, now + timedelta(minutes=number + 1)
            self.probed_at: Any = None

    for count, most_runs in ((100, 2), (10_000, 112)):
        links: list[Any] = [Link(number) for number in range(count)]
        past: list[Any] = [Link(-number) for number in range(10_000, 10_200)]
        gaps: dict[int, int] = dict.fromkeys(range(count), 0)
        worst = 0
        for run in range(3 * most_runs):
            asked: list[Any] = turn(links + past, [], set(), now)
            for one in asked:
                one.probed_at = now + timedelta(seconds=run * INTERVAL_S)
                if one.activity_id in gaps:
                    worst = max(worst, run - gaps[one.activity_id])
                    gaps[one.activity_id] = run
        assert worst <= most_runs == math.ceil(count / (100 - PAST_SHARE))
        assert most_runs + 1 < RUNS_A_DAY, "one more run confirms"


def test_a_few_deleted_among_many_are_confirmed_one_by_one(many: Many) -> None:
    ids = many.add(300)
    many.delete(ids[:20])
    cost = []
    while set(ids[:20]) & many.linked():
        requests, failure = many.run()
        assert failure is None
        cost.append((len([r for r in requests if "ids" in r.query]), gets(requests)))
        assert len(cost) <= 6
    assert sum(count for _, count in cost) == 40, "each asked directly in two runs"
    assert max(probes for probes, _ in cost) == 1


def test_a_mass_deletion_is_held_as_a_whole_before_the_first_event_goes(many: Many) -> None:
    """F501, from Pipedrive's side."""
    ids = many.add(1200)
    many.delete(ids)
    requests, failure = many.run()
    assert f"{len(ids)} deletions held" in str(failure)
    assert gets(requests) == SUSPECTS_PER_RUN, "a sample is asked directly"
    assert len(requests) <= 1 + math.ceil(len(ids) / 100) + 2 + SUSPECTS_PER_RUN
    assert len(many.linked()) == len(ids) + 1
    with many.world.requests():
        summary = many.world.sync()
    assert summary.failure is None, "told once"
    assert summary.result["accounts"]["anna"]["events"]["held"] == len(ids)
    for _ in range(3):
        requests, failure = many.run()
        assert failure is None
        assert gets(requests) == 0
    assert len(many.linked()) == len(ids) + 1


def test_raised_limits_let_a_held_mass_deletion_be_proven(many: Many) -> None:
    ids = many.add(60)
    many.delete(ids)
    _, failure = many.run()
    assert "60 deletions held" in str(failure)
    many.world.anna_is(max_delete_count=100)
    for _ in range(4):
        assert many.run()[1] is None
    assert many.linked() == {many.pattern.activity_id}


def test_a_person_deletes_more_than_one_run_may_ask_for(many: Many) -> None:
    """Not held, but too many for one run: in turn, and none is forgotten."""
    many.world.anna_is(max_delete_count=500)
    ids = many.add(260)
    many.delete(ids[:230])
    runs = 0
    while set(ids) & many.linked() != set(ids[230:]):
        requests, failure = many.run()
        assert failure is None
        assert gets(requests) <= SUSPECTS_PER_RUN
        runs += 1
        assert runs <= 7
    assert runs >= 5


# What is no deletion.


def test_a_truncated_probe_deletes_and_holds_nothing(many: Many) -> None:
    ids = many.add(90)
    faults = many.world.sandbox.pipedrive.faults
    # The second list request of each run is the probe.
    for _ in range(3):
        faults.add(Fault(kind="truncate", still_parses=True, nth=2, path="/activities$"))
        _, failure = many.run()
        faults.clear()
        assert failure is None
    assert set(ids) <= many.linked()
    with many.world.engine.connect() as conn:
        assert conn.execute(hold.select()).all() == []
    many.run()
    assert not any(row.missing_since_run for row in many.world.links())


@pytest.mark.parametrize("kind", ["truncate", "html", "drop", "status"])
def test_a_failing_probe_deletes_nothing(many: Many, kind: str) -> None:
    ids = many.add(30)
    faults = many.world.sandbox.pipedrive.faults
    for _ in range(3):
        faults.add(Fault(kind=kind, status=500, path="/activities", times=0))
        _, failure = many.run()
        faults.clear()
        assert "anna" in str(failure)
    assert set(ids) <= many.linked()
    assert many.run()[1] is None


def test_a_direct_answer_that_fails_proves_nothing(many: Many) -> None:
    ids = many.add(3)
    many.delete(ids[:1])
    faults = many.world.sandbox.pipedrive.faults
    failures = []
    for _ in range(3):
        faults.add(Fault(kind="status", status=503, path=r"/activities/\d+$", times=0))
        failures.append(many.run()[1])
        faults.clear()
    assert failures[0] is not None
    assert failures[-1] is None, "it is set aside, and asked for ever more rarely"
    assert set(ids) <= many.linked()
    many.world.pass_time(25 * 3600)
    for _ in range(2):
        assert many.run()[1] is None
    assert ids[0] not in many.linked()


def test_a_reassigned_activity_is_no_deletion(many: Many) -> None:
    ben, calendar = many.world.add_colleague("ben")
    many.world.green()
    activity = many.world.activity("Moves")
    many.world.green()
    many.world.pipedrive.edit_activity(activity["id"], owner_id=ben)
    for _ in range(3):
        assert many.run()[1] is None
    assert activity["id"] in {row["id"] for row in many.world.activities()}
    assert [event["summary"] for event in many.world.events(calendar)] == ["Moves"]
    assert "Moves" not in {event["summary"] for event in many.world.events()}
    many.world.assert_quiet()


def test_rights_that_changed_before_anyone_looked(many: Many) -> None:
    """The activities vanish together with the rights: no 404 was ever seen under the old ones."""
    world, ids = many.world, many.add(3)
    world.pipedrive.edit_user(world.anna, role_id=99)
    world.pipedrive.hide(world.anna, "activity", ids[:2])
    _, failure = many.run()
    assert "2 activities are not found any more" in str(failure)
    for _ in range(4):
        assert many.run()[1] is None, "told once"
    assert set(ids) <= many.linked()
    world.pipedrive.unhide(world.anna)
    for _ in range(2):
        many.run()
    assert {row.state for row in world.links()} == {"active"}
    # What is deleted under the new rights is deleted.
    many.delete(ids[:1])
    for _ in range(3):
        assert many.run()[1] is None
    assert ids[0] not in many.linked()


def test_rights_that_changed_a_day_ago_and_were_noticed_by_the_daily_look(many: Many) -> None:
    world, ids = many.world, many.add(2)
    world.pipedrive.edit_user(world.anna, role_id=99)
    world.pass_time(86_400)
    world.green()
    many.run()
    many.delete(ids[:1])
    for _ in range(3):
        assert many.run()[1] is None, "seen since under these rights"
    assert ids[0] not in many.linked()


def test_rights_in_another_order_are_the_same_rights(many: Many) -> None:
    """GET /users/me does not promise the order of its three `access` entries."""
    world, ids = many.world, many.add(2)
    apps = [("sales", False, "7-a"), ("global", False, "7-b"), ("account_settings", True, "7-c"), ("sales", False, "7")]
    access = [{"app": app, "admin": admin, "permission_set_id": key} for app, admin, key in apps]
    world.pipedrive.edit_user(world.anna, access=access)
    world.pass_time(86_400)
    world.green()
    many.run()
    many.delete(ids[:1])
    for order in ([3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1]):
        shuffled = [dict(reversed(access[at].items())) for at in order]
        world.pipedrive.edit_user(world.anna, access=shuffled)
        assert many.run()[1] is None
    assert ids[0] not in many.linked()


def test_an_activity_that_comes_back_is_sound_again(many: Many) -> None:
    world, ids = many.world, many.add(2)
    world.pipedrive.hide(world.anna, "activity", ids[:1])
    assert many.run()[1] is None
    world.pipedrive.unhide(world.anna)
    assert many.run()[1] is None
    (doubted,) = [row for row in world.links() if row.activity_id == ids[0]]
    assert (doubted.missing_since_run, doubted.missing_rights) == (None, None)
    world.pipedrive.hide(world.anna, "activity", ids[:1])
    assert many.run()[1] is None
    assert ids[0] in many.linked(), "two runs in a row are needed"
    assert account_row(world).state == "ok"


def test_an_activity_that_is_listed_again_is_sound_again(many: Many) -> None:
    """A sign of life between two 404s: an edit that the listing shows."""
    world, activity_id = many.world, many.pattern.activity_id
    world.pipedrive.hide(world.anna, "activity", [activity_id])
    assert many.run()[1] is None
    assert world.links()[0].missing_since_run is not None
    world.pipedrive.unhide(world.anna)
    world.pipedrive.edit_activity(activity_id, location="Bonn")
    assert many.run()[1] is None
    assert (world.links()[0].missing_since_run, world.the_event()["location"]) == (None, "Bonn")
    world.pipedrive.hide(world.anna, "activity", [activity_id])
    assert many.run()[1] is None
    assert len(world.events()) == 1, "two runs in a row are needed"


def test_leaving_a_window_is_no_deletion(many: Many) -> None:
    """Past, done, without an owner of ours: still there."""
    world = many.world
    (activity,) = [row for row in world.activities() if row["id"] == many.pattern.activity_id]
    world.pipedrive.edit_activity(activity["id"], due_date=day(-40), done=True)
    for _ in range(4):
        assert many.run()[1] is None
    assert [row.state for row in world.links()] == ["active"]
