"""What a person is told of a refusal: the remedy first, which field or connection, and nothing that was typed."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy import select

from include.calsync.store.tables import quarantine
from include.sandbox.base import Fault
from tests.flows.world import World

SECRET = "Salary of Zoë Krause"


def test_a_quarantined_item_says_which_field_and_why(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    error = f"Validation failed: due_time: '{SECRET}' is not a valid time"
    body = {"success": False, "error": error, "code": "ERR_SCHEMA_VALIDATION_FAILED"}
    world.green()
    event = world.event(SECRET)
    world.sandbox.pipedrive.faults.add(Fault("status", method="POST", path="/activities$", status=400, body=body))
    failure = world.sync().failure
    assert failure == (
        f"account anna: event {event['id']} is in quarantine: Correct `due_time`: Pipedrive refuses it, saying "
        "“Validation failed: due_time: … is not a valid time” (activities.create: 400 ERR_SCHEMA_VALIDATION_FAILED)."
    )
    with world.engine.connect() as conn:
        assert conn.execute(select(quarantine.c.reason)).scalar() == failure.partition("quarantine: ")[2]
    assert "Salary" not in caplog.text
    assert "Zoë" not in caplog.text


def test_a_refused_event_says_which_field_and_why(world: World) -> None:
    world.green()
    activity = world.activity(SECRET)
    detail = {"reason": "invalid", "message": f"Invalid Value in summary: {SECRET}", "domain": "global"}
    body = {"error": {"errors": [detail], "code": 400, "message": detail["message"]}}
    world.sandbox.google.faults.add(Fault("status", method="POST", path="/events$", status=400, body=body, times=0))
    assert world.sync().failure == (
        f"account anna: activity {activity['id']} is in quarantine: Correct `summary`: Google Calendar refuses it, "
        "saying “Invalid Value in summary: …” (events.insert: 400 invalid)."
    )


def test_a_refused_token_names_account_and_connection(world: World) -> None:
    world.tokens["pipedrive_default"] = "0" * 40
    assert world.sync().failure == (
        "account anna: Connection pipedrive_default: Enter a valid API token, or authorise again, in the connection. "
        "(Pipedrive, users.list: 401)"
    )


def test_a_token_that_can_be_none_names_account_and_connection(world: World) -> None:
    world.tokens["pipedrive_default"] = "two words"
    failure = str(world.sync().failure)
    assert failure.startswith("account anna: Connection pipedrive_default: ")
    assert "two words" not in failure


def test_a_refused_delegation_names_account_and_connection(world: World) -> None:
    world.anna_is(google_user="nobody@acme.example")
    assert world.sync().failure == (
        "account anna: Connection google_calendar_default: Consent again, or correct the user: the consent expired "
        "or was withdrawn, or there is no such user to act for. (Google token endpoint: 400 invalid_grant)"
    )


def test_a_calendar_without_the_right_names_account_and_connection(world: World) -> None:
    fault = Fault("status", path="/events", status=403, reason="requiredAccessLevel", times=0)
    world.sandbox.google.faults.add(fault)
    failure = str(world.sync().failure)
    assert failure.startswith("account anna: Connection google_calendar_default: Share the calendar with this user")


def test_an_address_without_an_answer_names_the_connection(world: World) -> None:
    world.sandbox.pipedrive.faults.add(Fault("drop", times=0))
    assert "Connection pipedrive_default: " in str(world.sync().failure)
