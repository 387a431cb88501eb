"""Writes of one account are under way at the same time, as many as allowed, and in order where that matters."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

import pytest
import requests

from include.calsync.clients.sessions import Session, Timing
from include.calsync.clients.sessions import exchange as send
from include.calsync.core.run_records import PlanRow
from include.calsync.flows.applying.apply import IN_FLIGHT
from include.calsync.flows.applying.strands import strands
from include.sandbox.base import Fault
from tests.flows.judging import settled
from tests.flows.killing import Killed, Killer
from tests.flows.world import World, day

TOGETHER_S = 20.0
LEASE_S = 301


class Flight:
    """Lets writes, or what `waits`, leave only together: it waits until `width` of them are there."""

    def __init__(self, width: int, waits: Callable[[requests.PreparedRequest], bool] | None = None) -> None:
        self._waits = waits or (lambda request: request.method != "GET")
        self.most = self.now = 0
        self._lock = threading.Lock()
        self._together = threading.Barrier(width, timeout=TOGETHER_S)

    @contextmanager
    def on(self) -> Iterator[Flight]:
        def exchange(session: Session, request: requests.PreparedRequest, timing: Timing) -> requests.Response | str:
            if not self._waits(request):
                return send(session, request, timing)
            with self._lock:
                self.now += 1
                self.most = max(self.most, self.now)
            try:
                self._together.wait()
                return send(session, request, timing)
            finally:
                with self._lock:
                    self.now -= 1

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("include.calsync.clients.transport.exchange", exchange)
            yield self


def test_as_many_writes_as_allowed_are_under_way(world: World) -> None:
    world.green()
    for number in range(3 * IN_FLIGHT):
        world.activity(f"Call {number}", due_date=day(number))
    with Flight(IN_FLIGHT).on() as flight:
        world.green()
    assert flight.most == IN_FLIGHT
    assert len(world.events()) == 3 * IN_FLIGHT
    world.assert_quiet()


def test_accounts_are_looked_up_at_the_same_time(world: World) -> None:
    """But for the first one, which asks who is in the company."""
    homes = [world.add_colleague(name)[1] for name in ("bert", "carla", "dora")]

    def looks_up(request: requests.PreparedRequest) -> bool:
        return unquote(str(request.url)).partition("?")[0].endswith(tuple(f"/calendars/{home}" for home in homes))

    with Flight(len(homes), looks_up).on() as flight, world.requests() as counts:
        world.green()
    assert flight.most == len(homes)
    assert counts["GET users.list"] == 1


def test_activities_are_created_at_the_same_time_too(world: World) -> None:
    world.green()
    for number in range(2 * IN_FLIGHT):
        world.event(f"Lunch {number}", start={"date": day(number)}, end={"date": day(number + 1)})
    world.anna_is(mode="to_pipedrive")  # no marks are written in between
    with Flight(IN_FLIGHT).on() as flight:
        world.green()
    assert flight.most == IN_FLIGHT
    assert len(world.activities()) == 2 * IN_FLIGHT


def test_occurrences_of_one_series_are_written_one_after_the_other(world: World) -> None:
    world.green()
    start, end = {"dateTime": f"{day(1)}T11:00:00Z"}, {"dateTime": f"{day(1)}T12:00:00Z"}
    zoned = [{**each, "timeZone": "Europe/Berlin"} for each in (start, end)]
    world.event("Weekly", start=zoned[0], end=zoned[1], recurrence=["RRULE:FREQ=DAILY;COUNT=5"])
    with Flight(1).on() as flight:
        world.green()
    assert flight.most == 1
    assert len(world.activities()) == 5


def test_one_refused_item_stops_none_of_the_others(world: World) -> None:
    world.green()
    for number in range(3 * IN_FLIGHT):
        world.activity(f"Call {number}", due_date=day(number))
    world.sandbox.google.faults.add(Fault("status", status=400, reason="invalid", method="POST", path="/events$"))
    assert world.sync().failure is not None
    assert len(world.events()) == 3 * IN_FLIGHT - 1


def test_a_refused_calendar_gets_no_further_writes(world: World) -> None:
    """What is under way ends; nothing else is begun, and all that was left waits."""
    world.green()
    for number in range(5 * IN_FLIGHT):
        world.activity(f"Call {number}", due_date=day(number))
    refused = Fault("status", status=403, reason="quotaExceeded", method="POST", path="/events$", times=99)
    world.sandbox.google.faults.add(refused)
    with world.requests() as requests_seen:
        assert world.sync().failure is not None
    assert requests_seen["POST events.insert"] <= IN_FLIGHT
    world.sandbox.google.faults.clear()
    world.pass_time(24 * 3600)
    settled(world)
    assert len(world.events()) == 5 * IN_FLIGHT


@pytest.mark.parametrize("at", range(1, 3 * IN_FLIGHT * 3, 5))
def test_dying_with_several_alike_under_way_makes_none_twice(world: World, at: int) -> None:
    """Nothing tells their activities apart; each has an intent of its own (law 1)."""
    world.green()
    for _ in range(IN_FLIGHT + 1):
        world.event("Lunch", start={"date": day(2)}, end={"date": day(3)})
        world.activity("Call")
    with pytest.raises(Killed), _only_writes(Killer(), at).on(world):
        world.sync()
    world.pass_time(LEASE_S)
    settled(world)
    assert sorted(row["subject"] for row in world.activities()) == ["Call"] * (IN_FLIGHT + 1) + ["Lunch"] * (
        IN_FLIGHT + 1
    )
    assert len(world.events()) == 2 * (IN_FLIGHT + 1)


def _only_writes(killer: Killer, at: int) -> Killer:
    """The killer counts from the first write on: what comes before is killed elsewhere."""
    step, begun = killer.step, threading.Event()

    def counted(kind: str, what: str) -> None:
        if kind == "request" and what.startswith("POST") and "token" not in what and not begun.is_set():
            begun.set()
            killer.at = len(killer.steps) + at
        step(kind, what)

    killer.step = counted  # type: ignore[method-assign]
    return killer


def row(number: int, **values: Any) -> PlanRow:
    given: dict[str, Any] = dict.fromkeys(PlanRow.__dataclass_fields__)
    given |= {"id": number, "payload": {"event_raw": values.pop("event_raw", None), "copy": values.pop("copy", None)}}
    return PlanRow(**(given | values))


def in_strands(*rows: PlanRow) -> list[list[int]]:
    return [[each.id for each in strand] for strand in strands(rows)]


def test_rows_with_nothing_in_common_are_strands_of_their_own() -> None:
    assert in_strands(row(1, activity_id=1), row(2, activity_id=2, event_id="1"), row(3)) == [[1], [2], [3]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"link_id": 7}, {"link_id": 7}),
        ({"activity_id": 7}, {"activity_id": 7}),
        ({"event_id": "a"}, {"event_id": "a"}),
        ({"event_id": "a"}, {"event_id": "b", "event_raw": {"recurringEventId": "a", "iCalUID": "x"}}),
        ({"event_id": "a"}, {"activity_id": 3, "copy": "a"}),
        (
            {"event_id": "a", "event_raw": {"recurringEventId": "s", "iCalUID": "x"}},
            {"event_id": "b", "event_raw": {"recurringEventId": "s", "iCalUID": "y"}},
        ),
    ],
)
def test_rows_that_touch_the_same_keep_the_order_of_the_plan(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert in_strands(row(1, **one), row(2, activity_id=99), row(3, **other)) == [[1, 3], [2]]
    assert in_strands(row(1, **other), row(2, activity_id=99), row(3, **one)) == [[1, 3], [2]]


def test_what_a_later_row_connects_is_one_strand() -> None:
    rows = row(1, activity_id=1), row(2, event_id="b"), row(3, activity_id=5), row(4, activity_id=1, event_id="b")
    assert in_strands(*rows) == [[1, 2, 4], [3]]
