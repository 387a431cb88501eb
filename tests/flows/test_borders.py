"""A plain defect, or a failure that nobody foresaw, is one item's or one account's (law 6); what is nobody's passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from include.calsync.errors import InfrastructureError
from include.calsync.flows.applying.activity_creation import ActivityCreation
from include.calsync.flows.applying.event_creation import EventCreation
from include.calsync.flows.border import scrubbed
from include.calsync.flows.planning.linked import LinkedPairs
from include.calsync.flows.planning.new_cases import NewCases
from include.calsync.flows.planning.new_items import NewItems
from include.calsync.flows.planning.pairing import Pairing
from include.calsync.flows.planning.rows import FAILED, Rows
from include.calsync.flows.pulling.calendar import CalendarPull
from include.calsync.store.tables import plan_row
from tests.flows.judging import settled
from tests.flows.test_isolation import FIVE_MINUTES_S, aside
from tests.flows.world import World, day

TYPED = "Petra, petra@home.example"


def defect(*_: Any, **__: Any) -> Any:
    raise TypeError(f"unsupported value: '{TYPED}'")


def breaks(
    monkeypatch: pytest.MonkeyPatch, owner: type, method: str, is_bad: Callable[..., bool], error: Any = defect
) -> None:
    """A defect of ours: the method fails for some of its arguments."""
    sound = getattr(owner, method)

    def broken(self: Any, *args: Any, **options: Any) -> Any:
        return (error if is_bad(self, *args) else sound)(self, *args, **options)

    monkeypatch.setattr(owner, method, broken)


def is_bad_row(_: Any, row: Any) -> bool:
    payload = row.payload
    return "Bad" in ((payload["activity"] or {}).get("subject", ""), (payload["event"] or {}).get("title", ""))


def told(text: str, caplog: pytest.LogCaptureFixture) -> None:
    assert "Please report this defect of calsync" in text
    assert "TypeError" in text
    assert "TypeError: unsupported value: …" in caplog.text
    assert "in defect" in caplog.text  # the frames
    for part in ("Petra", "home.example"):
        assert part not in caplog.text + text


@pytest.mark.parametrize("stage", ["pull", "plan", "apply"])
def test_one_account(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, stage: str
) -> None:
    user, calendar = world.add_colleague("bert")
    world.green()
    places: dict[str, tuple[type, str, Callable[..., bool]]] = {
        "pull": (CalendarPull, "pull", lambda pull: pull.account.name == "bert"),
        "plan": (Pairing, "_of_account", lambda _, account: account.name == "bert"),
        "apply": (EventCreation, "handlers", lambda writes: writes.desk.account.name == "bert"),
    }
    with monkeypatch.context() as patch:
        breaks(patch, *places[stage])
        world.activity("For Anna")
        world.activity("For Bert", owner_id=user)
        summary = world.sync()
    states = {name: result["state"] for name, result in summary.result["accounts"].items()}
    assert states == {"anna": "ok", "bert": "failed"}
    assert [row["summary"] for row in world.events()] == ["For Anna"]
    assert world.events(calendar) == []
    told(str(summary.failure), caplog)
    settled(world)
    assert [row["summary"] for row in world.events(calendar)] == ["For Bert"]


@pytest.mark.parametrize("side", ["activity", "event"])
def test_one_item_that_is_written(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, side: str
) -> None:
    world.green()
    for name in ("Bad", "Good"):
        if side == "activity":
            world.activity(name)
        else:
            world.event(name)
    with monkeypatch.context() as patch:
        breaks(patch, EventCreation if side == "activity" else ActivityCreation, "create", is_bad_row)
        summary = world.sync()
    assert summary.result["accounts"]["anna"]["state"] == "ok"
    assert len(world.links()) == 1
    assert [attempts for _, _, attempts in aside(world)] == [1]
    told(str(summary.failure), caplog)
    world.pass_time(FIVE_MINUTES_S)
    settled(world)
    assert len(world.links()) == len(world.events()) == len(world.activities()) == 2
    assert aside(world) == []


@pytest.mark.parametrize("what", ["a pair", "a new one", "facts of a new one"])
def test_one_item_that_is_planned(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    linked = what == "a pair"
    world.green()
    if linked:
        bad, good = world.activity("Bad", due_date=day(2)), world.activity("Good")
        world.green()
        for row in (bad, good):
            world.pipedrive.edit_activity(row["id"], location="Bar")
    else:
        world.activity("Good")
        bad = world.activity("Bad")
    with monkeypatch.context() as patch:
        if linked:
            breaks(patch, LinkedPairs, "_carry_out", lambda _, case, *__: case.link.activity_id == bad["id"])
        else:
            places = {"a new one": (NewItems, "_carry_out"), "facts of a new one": (NewCases, "activity")}
            breaks(patch, *places[what], lambda _, case, *__: case.item.item_id == str(bad["id"]))
        summary = world.sync()
    assert summary.result["accounts"]["anna"]["state"] == "ok"
    assert [row.get("location") for row in world.events() if row["summary"] == "Good"] == ["Bar" if linked else None]
    assert [attempts for _, _, attempts in aside(world)] == [1]
    told(str(summary.failure), caplog)
    world.pass_time(FIVE_MINUTES_S)
    settled(world)
    assert {row["summary"] for row in world.events()} == {"Bad", "Good"}
    if linked:
        assert {row["location"] for row in world.events()} == {"Bar"}


def test_one_pair_that_looks_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can't be linked is set aside, and the rest of its account goes on."""
    world.green()
    for number, name in enumerate(("Bad", "Good"), start=2):
        world.activity(name, due_date=day(number))
        world.event(name, start={"dateTime": f"{day(number)}T09:00:00Z"}, end={"dateTime": f"{day(number)}T09:30:00Z"})
    with monkeypatch.context() as patch:
        breaks(patch, Rows, "merge", lambda _, __, payload, *___: payload["event"]["title"] == "Bad")
        summary = world.sync()
    assert summary.result["accounts"]["anna"]["state"] == "ok"
    assert len(world.links()) == 1
    assert [attempts for _, _, attempts in aside(world)] == [1]
    with world.engine.connect() as conn:
        rules = dict(conn.execute(select(plan_row.c.action, plan_row.c.rule)).tuples().all())
    assert rules["quarantine"] == FAILED
    world.pass_time(FIVE_MINUTES_S)
    settled(world)
    assert len(world.links()) == len(world.events()) == len(world.activities()) == 2


class End(BaseException):
    """As Airflow ends a task at its timeout."""


@pytest.mark.parametrize(
    "error",
    [OperationalError("", {}, Exception("disk full")), InfrastructureError("Airflow is away"), End(), MemoryError()],
    ids=lambda error: type(error).__name__,
)
def test_what_is_nobodys_passes(world: World, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """The task fails, and Airflow tries it again; no account is blamed."""
    world.green()
    world.activity("Call")

    def strike(*_: Any) -> Any:
        raise error

    with monkeypatch.context() as patch:
        breaks(patch, CalendarPull, "pull", lambda _: True, strike)
        with pytest.raises(type(error)):
            world.sync()
    world.pass_time(600)
    settled(world)
    assert [row["summary"] for row in world.events()] == ["Call"]


@pytest.mark.parametrize(
    ("message", "left"),
    [
        ("'summary'", "…"),
        ("invalid literal for int() with base 10: 'it's Anna's'", "invalid literal for int() with base 10: …"),
        ('invalid input syntax for type integer: "5 «x»"', "invalid input syntax for type integer: …"),
        ("no such user: anna@acme.example!", "no such user: …"),
        ("value too long for type character varying(200)", "value too long for type character varying(200)"),
        ("first\nDETAIL: Petra", "first"),
        ("x" * 500, "x" * 200),
    ],
)
def test_messages_keep_nothing_that_was_typed(message: str, left: str) -> None:
    assert scrubbed(message) == left
