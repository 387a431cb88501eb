"""The sandbox against the discovery document that google-api-python-client ships (calendar.v3.json)."""

from __future__ import annotations

from typing import Any

import pytest

from include.sandbox.google.bodies import ENUMS, TYPES
from include.sandbox.google.operations import OPERATIONS
from include.sandbox.google.parameters import COMMON, PARAMETERS
from include.sandbox.google.scopes import SCOPE, SCOPES
from include.sandbox.google.service import ROUTES
from tests.sandbox.google.api import ANNA, TIMED, Api
from tests.sandbox.google.discovery import document, method, parameters, problems

EVENT = {"$ref": "Event"}


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_parameters_are_exactly_the_declared_ones(name: str) -> None:
    assert set(COMMON) | set(PARAMETERS[name]) == set(parameters(name))


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_scopes_are_exactly_the_declared_ones(name: str) -> None:
    assert {SCOPE + each for each in SCOPES[name]} == set(method(name)["scopes"])


def test_every_route_is_a_declared_method() -> None:
    assert set(ROUTES.values()) == set(OPERATIONS)
    for (verb, segments), name in ROUTES.items():
        declared = method(name)
        assert declared["httpMethod"] == verb
        assert ["*" if each.startswith("{") else each for each in declared["path"].split("/")] == list(segments)


def test_writable_fields_are_declared_with_these_types() -> None:
    declared = document()["schemas"]["Event"]["properties"]
    names = {str: "string", bool: "boolean", int: "integer", dict: "object", list: "array"}
    for field, kind in TYPES.items():
        assert declared[field].get("type", "object") == names[kind]


@pytest.mark.parametrize("name", ["orderBy", "eventTypes", "sendUpdates", "minAccessRole"])
def test_enumerated_parameters_take_each_declared_value_and_no_other(anna: Api, name: str) -> None:
    operations = {"sendUpdates": "events.insert", "minAccessRole": "calendarList.list"}
    operation = operations.get(name, "events.list")
    path = {"calendarList.list": "users/me/calendarList"}.get(operation, f"calendars/{ANNA}/events")
    verb, body = ("POST", TIMED) if operation == "events.insert" else ("GET", None)
    for value in parameters(operation)[name]["enum"]:
        anna.ok(verb, path, body, **{name: value}, **({"singleEvents": True} if value == "startTime" else {}))
    assert anna.error(verb, path, body, **{name: "sometimes"}) == (400, "invalid")


def test_enumerated_fields_are_those_of_the_reference() -> None:
    """Possible values stand in the descriptions of the fields."""
    declared = document()["schemas"]["Event"]["properties"]
    for field, values in ENUMS.items():
        assert all(f'"{value}"' in declared[field]["description"] for value in values)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"summary": 5}, "$.summary: 5 is no string"),
        ({"colour": "red"}, "$.colour: not in the schema"),
        ({"updated": "2026-11-23T10:00:00"}, "$.updated: '2026-11-23T10:00:00' is no date-time"),
        ({"start": {"date": "20261123"}}, "$.start.date: '20261123' is no date"),
        ({"attendees": [{"optional": "no"}]}, "$.attendees[0].optional: 'no' is no boolean"),
        ({"extendedProperties": {"private": {"a": 1}}}, "$.extendedProperties.private.a: 1 is no string"),
        ({"sequence": True}, "$.sequence: True is no integer"),
    ],
)
def test_the_check_itself_finds_faults(value: dict[str, Any], problem: str) -> None:
    assert problems(value, EVENT) == [problem]


def test_unknown_parameters_and_values_are_refused(anna: Api) -> None:
    """The sandbox is stricter here than Google, so that a misspelt parameter is noticed."""
    for query in ({"maxresults": 5}, {"maxResults": 0}, {"maxResults": "many"}, {"singleEvents": "1"},
                  {"timeMin": "2026-11-23"}, {"timeMin": "2026-11-23T10:00:00"}, {"timeZone": "Mars/Base"},
                  {"privateExtendedProperty": "novalue"}, {"quotaUser": "x" * 41}, {"alt": "xml"}):  # fmt: skip
        status, reason = anna.error("GET", "calendars/primary/events", **query)
        assert (status, reason[:7]) == (400, "invalid")
