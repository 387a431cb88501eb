"""One bad account fails alone and by name, one bad item is set aside alone; neither is hidden (law 6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from include.calsync.errors import (
    AccountError,
    BudgetExhausted,
    Defect,
    Failure,
    LeaseLost,
    RetryableError,
    UnusableSetting,
)
from include.calsync.flows.applying.apply import IN_FLIGHT
from include.calsync.flows.closing.close import Summary
from include.calsync.flows.run import Stop
from include.calsync.flows.trouble import TROUBLES_IN_A_ROW
from include.calsync.store.tables import quarantine
from include.sandbox.base import Fault
from tests.flows.judging import settled
from tests.flows.world import World, account_row, day

BERT = "bert@acme.example"
FIVE_MINUTES_S = 301


@pytest.fixture
def bert(world: World) -> tuple[int, str]:
    """A colleague with connections of his own: (user id, calendar id)."""
    world.tokens["pipedrive_bert"] = ""
    user, calendar = world.add_colleague("bert", pipedrive_conn_id="pipedrive_bert", google_conn_id="google_bert")
    world.tokens["pipedrive_bert"] = world.pipedrive.token_for(user)
    return user, calendar


def without_connection(world: World, name: str) -> Callable[[], None]:
    """The connection does not exist; returns how it is made."""
    attribute = "_pipedrive" if name.startswith("pipedrive") else "_google"
    make = getattr(world, attribute)

    def refuse(conn_id: str, *user: str) -> Any:
        if conn_id == name:
            raise AccountError(f"connection {conn_id} is not defined. Add it in Airflow under Admin, Connections.")
        return make(conn_id, *user)

    setattr(world, attribute, refuse)
    return lambda: setattr(world, attribute, make)


def unknown_user(world: World, user: int, calendar: str) -> Callable[[], None]:
    world.account(name="bert", pipedrive_user="nobody@acme.example")
    return lambda: world.account(name="bert", pipedrive_user=BERT)


def unknown_calendar(world: World, user: int, calendar: str) -> Callable[[], None]:
    world.account(name="bert", calendar="c_unknown@group.calendar.google.com")
    return lambda: world.account(name="bert", calendar=calendar)


def unshared_calendar(world: World, user: int, calendar: str) -> Callable[[], None]:
    world.google.share(calendar, BERT, "none")
    return lambda: world.google.share(calendar, BERT, "owner")


def read_only_calendar(world: World, user: int, calendar: str) -> Callable[[], None]:
    world.google.share(calendar, BERT, "reader")
    return lambda: world.google.share(calendar, BERT, "owner")


def no_pipedrive_connection(world: World, user: int, calendar: str) -> Callable[[], None]:
    return without_connection(world, "pipedrive_bert")


def no_google_connection(world: World, user: int, calendar: str) -> Callable[[], None]:
    return without_connection(world, "google_bert")


def google_consent_withdrawn(world: World, user: int, calendar: str) -> Callable[[], None]:
    world.google.revoke(BERT)
    return lambda: world.google.restore(BERT)


def pipedrive_token_regenerated(world: World, user: int, calendar: str) -> Callable[[], None]:
    world.pipedrive.regenerate_token(user)
    return lambda: world.tokens.update(pipedrive_bert=world.pipedrive.token_for(user))


# What is wrong with an account; of which kind; and words that the message must have: what it is about, and the remedy.
TROUBLE: dict[Callable[[World, int, str], Callable[[], None]], tuple[Failure, str, str]] = {
    unknown_user: (Failure.USER, "pipedrive_user", "Correct the e-mail or id"),
    unknown_calendar: (Failure.CALENDAR, "calendar", "share it"),
    unshared_calendar: (Failure.CALENDAR, "calendar", "hare"),
    read_only_calendar: (Failure.CALENDAR, "reader", "Share it with the right to make changes"),
    no_pipedrive_connection: (Failure.CONNECTION, "pipedrive_bert", "Add it"),
    no_google_connection: (Failure.CONNECTION, "google_bert", "Add it"),
    google_consent_withdrawn: (Failure.REFUSED, "Google", "consent"),
    pipedrive_token_regenerated: (Failure.REFUSED, "Pipedrive", "Enter a valid API token"),
}
CONFIGURED = (unknown_user, unknown_calendar)


def failed_alone(world: World, summary: Summary, kind: Failure, *words: str) -> None:
    states = {name: result["state"] for name, result in summary.result["accounts"].items()}
    assert states == {"anna": "ok", "bert": "failed"}
    assert summary.failure is not None
    assert "account bert" in summary.failure
    assert "anna" not in summary.failure
    assert all(word in summary.failure for word in words), summary.failure
    assert summary.result["accounts"]["bert"]["error"] in summary.failure
    assert (account_row(world).failure, account_row(world, "bert").failure) == (None, kind)


@pytest.mark.parametrize("trouble", TROUBLE, ids=lambda trouble: trouble.__name__)
@pytest.mark.parametrize("known", [False, True], ids=["from the start", "after some runs"])
def test_an_account_fails_alone_and_catches_up(
    world: World, bert: tuple[int, str], trouble: Callable[..., Any], known: bool
) -> None:
    user, calendar = bert
    if known:
        world.green()
        world.activity("Before", owner_id=user)
        world.green()
        world.green()
    repair = trouble(world, user, calendar)
    failed_alone(world, world.sync(), *TROUBLE[trouble])
    world.activity("For Anna")
    world.activity("For Bert", owner_id=user)
    world.event("In Bert's calendar", calendar=calendar)
    bert_before = [row["summary"] for row in world.events(calendar)]
    world.pass_time(FIVE_MINUTES_S)
    failed_alone(world, world.sync(), *TROUBLE[trouble])
    assert [row["summary"] for row in world.events()] == ["For Anna"]
    assert [row["summary"] for row in world.events(calendar)] == bert_before

    repair()
    settled(world)
    assert account_row(world, "bert").failure is None
    wanted = {"For Bert", "In Bert's calendar", *(["Before"] if known else [])}
    if trouble is unknown_calendar and not known:
        # The account is its user and its calendar: it begins when that calendar is named.
        wanted -= {"In Bert's calendar", "For Bert"}
        world.upload(direction="both")
        settled(world)
        wanted = {"For Bert", "In Bert's calendar"}
    assert {row["summary"] for row in world.events(calendar)} == wanted
    assert {row["subject"] for row in world.activities()} == wanted | {"For Anna"}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RetryableError("503"), Failure.UNANSWERED),
        (BudgetExhausted("429", status=429), Failure.LIMITED),
        (Defect("KeyError"), Failure.DEFECT),
        (UnusableSetting("activity_types"), Failure.SETTINGS),
        (LeaseLost("gone"), Failure.OTHER),
    ],
)
def test_each_error_is_of_a_kind(error: Exception, kind: Failure) -> None:
    stop = Stop.by("bert", error)
    assert (stop.state, stop.failure) == ("failed", kind)


def test_a_colleague_who_left(world: World, bert: tuple[int, str]) -> None:
    user, _ = bert
    world.green()
    world.pipedrive.edit_user(user, active_flag=False)
    world.pass_time(86_401)  # users are looked up once a day
    failed_alone(world, world.sync(), Failure.USER, "pipedrive_user")


@pytest.mark.parametrize("shared", ["calendar", "user"])
def test_accounts_that_share_are_refused_by_name_before_any_write(
    world: World, bert: tuple[int, str], shared: str
) -> None:
    world.add_colleague("carla")
    if shared == "calendar":
        world.google.share(world.calendar, BERT, "writer")
        world.account(name="bert", calendar=world.calendar)
    else:
        world.account(name="bert", pipedrive_user=world.anna)
    world.activity("For Anna")
    world.event("Anna's")
    with world.requests():
        summary = world.sync()
    assert world.writes() == 0
    states = {name: result["state"] for name, result in summary.result["accounts"].items()}
    assert states == {"anna": "failed", "bert": "failed", "carla": "ok"}
    assert summary.failure is not None
    assert all(word in summary.failure for word in ("anna", "bert", "disable all but one"))
    assert "carla" not in summary.failure
    kinds = [account_row(world, name).failure for name in ("anna", "bert", "carla")]
    assert kinds == [Failure.CLASH, Failure.CLASH, None]
    world.account(name="bert", enabled=False)
    assert world.sync().failure is None


# Items.


def aside(world: World) -> list[tuple[str, str, int]]:
    with world.engine.connect() as conn:
        return [(row.side, row.item_id, row.attempts) for row in conn.execute(select(quarantine))]


def refuse_once(world: World, side: str) -> None:
    """The next creation on that side is answered 400."""
    path = "/events$" if side == "google" else "/activities$"
    getattr(world.sandbox, side).faults.add(Fault("status", method="POST", path=path, status=400))


@pytest.mark.parametrize("side", ["google", "pipedrive"])
def test_a_refused_item_is_quarantined_and_tried_again(world: World, side: str) -> None:
    world.green()
    for name in ("First", "Second", "Third"):
        if side == "google":
            world.activity(name)
        else:
            world.event(name)
    refuse_once(world, side)
    summary = world.sync()
    anna = summary.result["accounts"]["anna"]
    written = "events" if side == "google" else "activities"
    assert summary.failure is not None
    assert "anna" in summary.failure
    assert "quarantine" in summary.failure
    assert (anna["state"], anna[written]["created"]) == ("ok", 2)
    assert [attempts for _, _, attempts in aside(world)] == [1]
    assert aside(world)[0][1] in summary.failure

    with world.requests():
        world.green()  # its time has not come, and nobody edited it
    assert world.writes() == 0
    assert len(aside(world)) == 1

    world.pass_time(FIVE_MINUTES_S)
    assert world.green()[written]["created"] == 1
    assert aside(world) == []
    settled(world)
    assert len(world.activities()) == len(world.events()) == len(world.links()) == 3


def test_an_item_that_is_refused_again_waits_longer_and_is_reported_again(world: World) -> None:
    world.green()
    world.activity("First")
    for pause_s in (300, 600, 1200):
        refuse_once(world, "google")
        assert world.sync().failure is not None
        world.pass_time(pause_s - 20)
        with world.requests():
            world.green()
        assert world.writes() == 0
        world.pass_time(21)
    world.green()
    assert aside(world) == []
    assert world.the_event()["summary"] == "First"


def test_an_edited_item_is_tried_again_at_once(world: World) -> None:
    world.green()
    activity = world.activity("First")
    refuse_once(world, "google")
    assert world.sync().failure is not None
    world.pass_time(60)
    world.pipedrive.edit_activity(activity["id"], subject="Second")
    world.green()
    assert world.the_event()["summary"] == "Second"
    assert aside(world) == []


def test_a_refused_change_of_a_pair(world: World) -> None:
    world.green()
    for name in ("First", "Second"):
        world.activity(name)
    world.green()
    first, second = world.links()
    for link in (first, second):
        world.google.edit_event(world.calendar, link.event_id, location="Bar")
    path = f"/activities/{first.activity_id}$"
    world.sandbox.pipedrive.faults.add(Fault("status", method="PATCH", path=path, status=400))
    assert world.sync().failure is not None
    places = {row["id"]: row["location"] for row in world.activities()}
    assert places[first.activity_id] is None
    assert places[second.activity_id]["value"] == "Bar"
    world.pass_time(FIVE_MINUTES_S)
    settled(world)
    assert {row["location"]["value"] for row in world.activities()} == {"Bar"}
    assert aside(world) == []


NONSENSE = {"dateTime": "soon"}


def test_unreadable_unlinked_items_are_skipped_with_a_reason(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.green()
    activity, event = world.activity("Odd activity"), world.event("Odd event")
    world.activity("Fine activity")
    world.event("Fine event")
    world.pipedrive.put_raw_activity(activity["id"], due_time="soon")
    world.google.distort_event(world.calendar, event["id"], start=NONSENSE)
    anna = world.green()
    assert anna["skipped_by_reason"] == {"unreadable": 2}
    assert (anna["events"]["created"], anna["activities"]["created"]) == (1, 1)
    assert f"activity {activity['id']} can't be read" in caplog.text
    assert f"event {event['id']} can't be read" in caplog.text
    world.pipedrive.put_raw_activity(activity["id"], due_time="14:00")
    world.google.distort_event(world.calendar, event["id"])
    settled(world)
    assert len(world.links()) == len(world.events()) == len(world.activities()) == 4


@pytest.mark.parametrize("side", ["activity", "event"])
def test_a_pair_with_an_unreadable_side_is_quarantined_untouched(world: World, side: str) -> None:
    world.green()
    for number, name in enumerate(("First", "Second")):
        world.activity(name, due_date=day(1 + number))
    world.green()
    settled(world)
    first, second = world.links()
    if side == "activity":
        world.pipedrive.put_raw_activity(first.activity_id, due_time="soon")
        world.google.edit_event(world.calendar, first.event_id, location="Bar")
    else:
        world.google.distort_event(world.calendar, first.event_id, start=NONSENSE)
        world.pipedrive.edit_activity(first.activity_id, location="Bar")
    world.pipedrive.edit_activity(second.activity_id, location="Fine")
    summary = world.sync()
    assert summary.failure is not None
    assert "quarantine" in summary.failure
    assert world.google.event(world.calendar, second.event_id)["location"] == "Fine"
    with world.requests():
        world.green()
    assert world.writes() == 0
    if side == "activity":
        world.pipedrive.put_raw_activity(first.activity_id, due_time="14:00")
    else:
        world.google.distort_event(world.calendar, first.event_id)
    world.pass_time(FIVE_MINUTES_S)
    settled(world)
    assert {row["location"]["value"] for row in world.activities()} == {"Bar", "Fine"}
    assert {row["location"] for row in world.events()} == {"Bar", "Fine"}
    assert aside(world) == []


def test_a_service_that_is_down_fails_the_account_and_loses_nothing(world: World) -> None:
    """After some failures in a row nothing more is begun; the cursors stay, so the next run goes on."""
    world.green()
    for number in range(20):
        world.activity(f"Demo {number}", due_date=day(1 + number))
    world.sandbox.google.faults.add(Fault("status", method="POST", path="/events$", status=503, times=0))
    with world.requests():
        summary = world.sync()
    assert summary.failure is not None
    assert "anna" in summary.failure
    assert world.writes() <= 4 * (TROUBLES_IN_A_ROW + IN_FLIGHT - 1)  # four tries each, those under way included
    assert world.events() == []
    world.sandbox.google.faults.clear()
    settled(world)
    assert len(world.events()) == len(world.links()) == 20
    assert aside(world) == []
