"""A 403 for one item, and one for the whole credential, are told apart (law 6)."""

from __future__ import annotations

from typing import Any

import pytest

from include.sandbox.base import Fault
from tests.flows.killing import before_request
from tests.flows.world import ANNA, World, account_row


def two_edited(world: World, where: str) -> tuple[Any, Any]:
    """Two pairs, both edited on the other side than the one that is to be written; returns their links."""
    world.green()
    world.activity("One", due_time="09:00")
    world.activity("Two", due_time="11:00")
    world.green()
    world.assert_quiet()
    one, two = world.links()
    for link in (one, two):
        if where == "pipedrive":
            world.google.edit_event(world.calendar, link.event_id, location="Bar")
        else:
            world.pipedrive.edit_activity(link.activity_id, location="Bar")
    return one, two


def places(world: World, where: str) -> set[str]:
    if where == "google":
        return {event.get("location") or "" for event in world.events()}
    return {(row["location"] or {}).get("value") or "" for row in world.activities()}


def refused(where: str, link: Any, **fault: Any) -> Fault:
    path = f"/activities/{link.activity_id}$" if where == "pipedrive" else f"/events/{link.event_id}$"
    return Fault("status", status=403, path=path, times=0, **{"method": "PATCH", **fault})


@pytest.mark.parametrize(("where", "reason"), [("pipedrive", None), ("google", "forbidden")])
def test_an_item_that_may_not_be_changed_is_quarantined_alone(world: World, where: str, reason: str | None) -> None:
    one, _ = two_edited(world, where)
    faults = getattr(world.sandbox, where).faults
    faults.add(refused(where, one, reason=reason))
    with world.requests() as seen:
        summary = world.sync()
    result = summary.result["accounts"]["anna"]
    assert (result["state"], result["error"]) == ("ok", None)
    assert "is in quarantine" in str(summary.failure)
    assert one.event_id in str(summary.failure)
    assert account_row(world).state == "ok"
    assert "Bar" in places(world, where), "the other one was written"
    assert seen["GET users.me" if where == "pipedrive" else "GET events.list"] == (1 if where == "pipedrive" else 2)
    faults.clear()
    world.pass_time(400)
    world.green()
    assert places(world, where) == {"Bar"}
    world.assert_quiet()


@pytest.mark.parametrize("form", ["calendar", "aip", "both"])
@pytest.mark.parametrize("reason", ["someNewReason", "forbiddenForServiceAccounts", "cannotChangeOrganizer", ""])
def test_a_reason_that_nobody_listed_is_that_events_alone(world: World, reason: str, form: Any) -> None:
    """F121: every other edit of the account goes through, and the run says which event was refused, and why."""
    world.google.options.error_form = form
    one, two = two_edited(world, "google")
    world.google.options.refused_events[one.event_id] = reason
    world.google.edit_event(world.calendar, two.event_id, description="Bring a cake")
    summary = world.sync()
    result = summary.result["accounts"]["anna"]
    assert (result["state"], result["error"]) == ("ok", None)
    assert one.event_id in str(summary.failure)
    assert "hare the calendar" not in str(summary.failure)
    assert (reason or "403") in str(summary.failure)
    assert places(world, "google") == {"", "Bar"}
    assert "Bring a cake" in {row["public_description"] for row in world.activities()}
    world.google.options.refused_events.clear()
    world.pass_time(400)
    world.green()
    assert places(world, "google") == {"Bar"}
    world.assert_quiet()


@pytest.mark.parametrize("form", ["calendar", "aip"])
def test_an_event_that_may_not_be_read_by_its_id_is_alone(world: World, form: Any) -> None:
    world.google.options.error_form = form
    one, two = two_edited(world, "google")
    world.sandbox.google.faults.add(Fault("status", status=400, method="PATCH", path=f"/events/{one.event_id}$"))
    world.sync()
    world.pass_time(400)
    world.restart()
    hidden = Fault("status", status=403, reason="someNewReason", path=f"/events/{one.event_id}$", times=0)
    world.sandbox.google.faults.add(hidden)
    world.google.edit_event(world.calendar, two.event_id, description="Bring a cake")
    result = world.sync().result["accounts"]["anna"]
    assert world.sandbox.google.faults.struck
    assert (result["state"], result["error"]) == ("ok", None)
    assert "Bring a cake" in {row["public_description"] for row in world.activities()}
    world.sandbox.google.faults.clear()
    world.pass_time(2 * 3600)
    world.green()
    world.green()
    assert places(world, "google") == {"Bar"}
    world.assert_quiet()


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        ("accessNotConfigured", "Enable the Google Calendar API"),
        ("insufficientPermissions", "Allow the credential the Calendar scopes"),
        ("notACalendarUser", "Switch Google Calendar on"),
        ("requiredAccessLevel", "Share the calendar"),
    ],
)
@pytest.mark.parametrize("form", ["calendar", "aip"])
def test_a_reason_of_the_credential_stops_the_account_and_names_the_remedy(
    world: World, reason: str, remedy: str, form: Any
) -> None:
    world.google.options.error_form = form
    one, _ = two_edited(world, "google")
    world.google.options.refused_events[one.event_id] = reason
    summary = world.sync()
    assert summary.result["accounts"]["anna"]["state"] == "failed"
    assert remedy in str(summary.failure)


def test_the_credential_is_asked_once_for_many_refusals(world: World) -> None:
    two_edited(world, "pipedrive")
    world.sandbox.pipedrive.faults.add(Fault("status", status=403, method="PATCH", path="/activities/", times=0))
    with world.requests() as seen:
        summary = world.sync()
    assert (
        summary.result["accounts"]["anna"]["activities"]["quarantined"]
        + summary.result["accounts"]["anna"]["events"]["quarantined"]
        == 2
    )
    assert seen["GET users.me"] == 1


@pytest.mark.parametrize(
    ("check", "answer"),
    [
        ("the user is refused as well", Fault("status", status=403, path="users/me", times=0)),
        ("the token is refused", Fault("status", status=401, path="users/me", times=0)),
    ],
)
def test_a_refused_credential_fails_the_account(world: World, check: str, answer: Fault) -> None:
    one, _ = two_edited(world, "pipedrive")
    world.sandbox.pipedrive.faults.add(refused("pipedrive", one))
    world.sandbox.pipedrive.faults.add(answer)
    summary = world.sync()
    assert summary.result["accounts"]["anna"]["state"] == "failed", check
    assert account_row(world).state == "failed"


def test_a_missing_scope_fails_the_account(world: World) -> None:
    one, _ = two_edited(world, "pipedrive")
    body = {"success": False, "error": "Scope and URL mismatch", "errorCode": 403}
    world.sandbox.pipedrive.faults.add(refused("pipedrive", one, body=body))
    summary = world.sync()
    assert summary.result["accounts"]["anna"]["state"] == "failed"
    assert "missing scope" in str(summary.failure)


def test_a_calendar_that_may_not_be_written_any_more_fails_the_account(world: World) -> None:
    two_edited(world, "google")
    share = lambda: world.google.share(world.calendar, ANNA, "reader")  # noqa: E731
    with before_request("PATCH", "/events/", share):
        summary = world.sync()
    assert summary.result["accounts"]["anna"]["state"] == "failed"
    assert "Share the calendar" in str(summary.failure)
