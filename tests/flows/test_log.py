"""The change log misses no write, whatever happens to the process that made it (law 12)."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import func, select

from include.calsync.core.fields import activity_view, event_view
from include.calsync.core.model import Context
from include.calsync.core.text import plain
from include.calsync.flows.applying.open_writes import UNKNOWN
from include.calsync.store.tables import open_write
from include.sandbox.base import Fault
from tests.flows.killing import Killed, Killer, Snapshot, before_request
from tests.flows.test_crash import LEASE_S, linked
from tests.flows.world import World, day
from tests.proofs import WHOLE

pytestmark = pytest.mark.timeout(3600 if WHOLE else 300)

Item = tuple[str, Any]
Shown = dict[str, Any]
NO_CONTEXT = dataclasses.asdict(Context())


def all_kinds(world: World) -> None:
    """Every kind of write, each once."""
    names = ["edited here", "edited there", "apart", "conflict", "event gone", "activity gone", "no date"]
    pairs = linked(world, names)
    activity, event = world.pipedrive.edit_activity, world.google.edit_event
    world.pipedrive.delete_activity(pairs["activity gone"][0])
    world.green()  # it takes two runs to be sure that an activity is gone
    activity(pairs["edited here"][0], subject="Edited here", due_time="17:00", public_description="<b>Prices</b>")
    event(world.calendar, pairs["edited there"][1], summary="Edited there", location="Bar", description="Papers")
    activity(pairs["apart"][0], location="Room 7")
    event(world.calendar, pairs["apart"][1], summary="Further apart")
    activity(pairs["conflict"][0], subject="this way", location="Hall")
    event(world.calendar, pairs["conflict"][1], summary="that way", transparency="transparent")
    world.google.delete_event(world.calendar, pairs["event gone"][1])
    activity(pairs["no date"][0], due_date=None, due_time=None, duration=None)
    world.activity("New here")
    world.event("New there")
    world.activity("Same", due_time="15:00")
    start, end = {"dateTime": f"{day(1)}T15:00:00Z"}, {"dateTime": f"{day(1)}T15:30:00Z"}
    world.event("Same", start=start, end=end)


def shown(world: World) -> dict[Item, Shown]:
    """What is there, in canonical form."""
    seen: dict[Item, Shown] = {}
    for row in world.activities():
        seen["activities", row["id"]] = activity_view(row, Context()).to_json()
    for event in world.events():
        seen["events", event["id"]] = event_view(event).to_json()
    return seen


def written(world: World) -> Counter[Item]:
    """How often each item was written since the requests were reset; activities that were added count under None."""
    found: Counter[Item] = Counter()
    for request in world.sandbox.google.requests:
        if request.method != "GET" and "/events" in request.path and request.status in (200, 204):
            found["events", request.body["id"] if request.method == "POST" else request.path.split("/")[-1]] += 1
    for request in world.sandbox.pipedrive.requests:
        if request.method != "GET" and request.status in (200, 201):
            own_id = None if request.method == "POST" else int(request.path.split("/")[-1])
            found["activities", own_id] += 1
    return found


def assert_explained(world: World, before: dict[Item, Shown], known: int, what: str = "") -> None:
    """Each write has one entry, and the entries tell how what was there became what is there."""
    logged: Counter[Item] = Counter()
    state = dict(before)
    for row in world.changes():
        if row.id <= known or row.side == "store":
            continue
        item: Item = (row.side, row.event_id if row.side == "events" else row.activity_id)
        logged[(row.side, None) if row.action == "create_activity" else item] += 1
        assert UNKNOWN not in row.reason, what
        if row.after is None:
            view = event_view(row.before) if row.side == "events" else activity_view(row.before, Context())
            assert view.to_json() == state.pop(item), what
        elif row.before is None:
            assert item not in state, what
            state[item] = row.after | ({} if row.side == "events" else {"context": NO_CONTEXT})
        else:
            was = {name: state[item][name] for name in row.before if name != "mark"}
            assert {name: row.before[name] for name in was} == was, what
            state[item] = state[item] | {name: _as_shown(name, row.after[name]) for name in was}
    assert logged == written(world), what
    assert state == shown(world), what
    with world.engine.connect() as conn:
        assert conn.execute(select(func.count()).select_from(open_write)).scalar() == 0, what


def _as_shown(name: str, value: Any) -> Any:
    return plain(value) if name == "description" else value


def known_entries(world: World) -> int:
    return max((row.id for row in world.changes()), default=0)


def clean_runs(world: World) -> None:
    world.pass_time(LEASE_S)
    for _ in range(3):
        summary = world.sync()
        assert summary.failure is None, summary.failure


@pytest.mark.parametrize("when_deleted", ["delete", "done"])
def test_each_write_has_its_entry_wherever_the_process_died(world: World, when_deleted: str) -> None:
    world.anna_is(on_event_deleted=when_deleted)
    all_kinds(world)
    snapshot, before, known, whole = Snapshot(world), shown(world), known_entries(world), Killer()
    snapshot.restore()
    with whole.on(world):
        assert world.sync().failure is None
    assert_explained(world, before, known, "nobody died")
    writes = [number for number, step in enumerate(whole.steps) if step.writes]
    if when_deleted == "done":  # only writes to activities differ
        writes = [number for number in writes if re.match("PATCH .*/activities/", whole.steps[number].what)]
    near = sorted(number + 1 for number in writes)
    for at in range(len(whole.steps)) if WHOLE else near:
        snapshot.restore()
        with pytest.raises(Killed), Killer(at).on(world):
            world.sync()
        clean_runs(world)
        assert_explained(world, before, known, f"killed before step {at}: {whole.steps[at]}")


def dies(world: World, method: str, *, after: int) -> None:
    """A run that dies before (0) or right after (1) its first such request."""
    snapshot, whole = Snapshot(world), Killer()
    with whole.on(world):
        world.sync()
    at = next(number for number, step in enumerate(whole.steps) if step.what.startswith(method))
    snapshot.restore()
    with pytest.raises(Killed), Killer(at + after).on(world):
        world.sync()


def one_edited(world: World) -> tuple[int, str]:
    pair = linked(world, ["Call"])["Call"]
    world.pipedrive.edit_activity(pair[0], due_time="17:00")
    return pair


def entries_since(world: World, known: int) -> list[tuple[str, str]]:
    return [(row.action, row.reason) for row in world.changes() if row.id > known and row.side != "store"]


def test_an_entry_says_so_if_nobody_can_tell_whether_the_write_arrived(world: World) -> None:
    event_id, known = one_edited(world)[1], known_entries(world)
    dies(world, "PATCH", after=1)
    start, end = {"dateTime": f"{day(3)}T08:00:00Z"}, {"dateTime": f"{day(3)}T08:30:00Z"}
    world.google.edit_event(world.calendar, event_id, start=start, end=end)
    clean_runs(world)
    assert entries_since(world, known)[0] == ("merge", f"activity updated, event unchanged{UNKNOWN}")
    entry = next(row for row in world.changes() if row.id > known)
    assert (entry.before["when"]["start"][11:16], entry.after["when"]["start"][11:16]) == ("09:00", "17:00")


def test_a_write_belongs_to_the_run_that_made_it(world: World) -> None:
    one_edited(world)
    known = known_entries(world)
    dies(world, "PATCH", after=1)
    with world.engine.connect() as conn:
        (noted,) = conn.execute(select(open_write))
    clean_runs(world)
    (entry,) = (row for row in world.changes() if row.id > known)
    assert (entry.run_id, entry.at, entry.link_id) == (noted.run_id, noted.at, noted.link_id)


def test_an_item_that_nobody_touched_was_not_written(world: World) -> None:
    one_edited(world)
    before, known = shown(world), known_entries(world)
    dies(world, "PATCH", after=0)
    world.sandbox.google.reset_requests()
    clean_runs(world)
    assert_explained(world, before, known)


@pytest.mark.parametrize(
    ("service", "method"), [("google", "PATCH"), ("pipedrive", "PATCH"), ("google", "POST"), ("pipedrive", "POST")]
)
def test_a_write_whose_answer_is_lost_has_one_entry(world: World, service: str, method: str) -> None:
    all_kinds(world)
    world.pass_time(2)  # update times are whole seconds
    before, known = shown(world), known_entries(world)
    server = getattr(world.sandbox, service)
    server.reset_requests()
    server.faults.add(Fault("drop", when="after", method=method, path="events|activities", times=9))
    summaries = [world.sync() for _ in range(2)]
    server.faults.clear()
    world.pass_time(600)
    clean_runs(world)
    assert_explained(world, before, known, str(summaries))


def test_an_edit_in_the_middle_of_a_write_is_followed_by_its_own_entry(world: World) -> None:
    activity_id, event_id = linked(world, ["Call"])["Call"]
    world.google.edit_event(world.calendar, event_id, summary="Call Eva")
    known = known_entries(world)
    edit = lambda: world.pipedrive.edit_activity(activity_id, location="Bar")  # noqa: E731
    with before_request("GET", rf"/activities/{activity_id}(\?|$)", edit):
        world.green()
    clean_runs(world)
    changed = [(row.side, row.before, row.after) for row in world.changes() if row.id > known]
    assert changed == [
        ("activities", {"subject": "Call"}, {"subject": "Call Eva"}),
        ("events", {"place": ""}, {"place": "Bar"}),
    ]


def test_an_item_that_cannot_be_read_keeps_its_write_open(world: World) -> None:
    event_id, known = one_edited(world)[1], known_entries(world)
    dies(world, "PATCH", after=1)
    world.pass_time(LEASE_S)
    world.sandbox.google.faults.add(Fault("status", method="GET", path=f"events/{event_id}", status=400, times=2))
    world.sync()
    assert entries_since(world, known) == []
    clean_runs(world)
    assert entries_since(world, known) == [("merge", "activity updated, event unchanged")]
