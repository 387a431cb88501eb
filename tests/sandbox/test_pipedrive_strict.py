"""What v2 refuses or leaves open when activities are written. Each test names who says so, and sets both positions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from include.sandbox.base import Service
from include.sandbox.pipedrive.state import PipedriveState

Call = Callable[..., requests.Response]
PATH = "/api/v2/activities"
ONE = f"{PATH}/1"


def made(answer: requests.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    row: dict[str, Any] = answer.json()["data"]
    return row


def refusal(answer: requests.Response) -> tuple[str, str]:
    """Code and text of a 400."""
    assert answer.status_code == 400, answer.text
    return answer.json()["code"], answer.json()["error"]


# ---- members


@pytest.mark.parametrize("name", ["private", "update_time", "marked_as_done_time"])
def test_a_member_outside_the_list_fails_the_whole_write(company: PipedriveState, call: Call, name: str) -> None:
    """Whalesync, production: 400 `Validation failed: private: Parameter 'private' is not allowed for this request`."""
    company.add_activity("x")
    for method, path in (("POST", PATH), ("PATCH", ONE)):
        answer = call(method, path, json={"subject": "y", name: True})
        assert refusal(answer) == (
            "ERR_BAD_REQUEST", f"Validation failed: {name}: Parameter '{name}' is not allowed for this request",
        )  # fmt: skip
    assert [row["subject"] for row in company.activities.values()] == ["x"]


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("attendees", [{"email": "eva@x.example"}, {"email": "uwe@x.example", "name": None}], "attendees[1].name"),
        ("attendees", [{"email": "eva@x.example", "person_id": None}], "attendees[0].person_id"),
        ("participants", [{"person_id": 1, "primary": None}], "participants[0].primary"),
        ("location", {"value": "Bonn", "country": None}, "location.country"),
    ],
)
def test_nested_nulls(company: PipedriveState, call: Call, name: str, value: Any, path: str) -> None:
    """Unconfirmed, and to be assumed: what was read is refused when it is sent back with its nulls (F128)."""
    company.add_person("Eva")
    company.add_activity("x")
    company.options.nested_nulls = "refuse"
    for method, where in (("POST", PATH), ("PATCH", ONE)):
        code, text = refusal(call(method, where, json={name: value}))
        assert (code, path in text) == ("ERR_BAD_REQUEST", True)
    company.options.nested_nulls = "take"
    made(call("PATCH", ONE, json={name: value}))


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("attendees", [{"email": "eva@x.example", "email_address": "eva@x.example"}], "attendees[0].email_address"),
        ("participants", [{"person_id": 1, "primary_flag": True}], "participants[0].primary_flag"),
        ("location", {"value": "Bonn", "formatted_address": "Bonn, Germany"}, "location.formatted_address"),
    ],
)
def test_nested_members_that_do_not_exist(
    company: PipedriveState, call: Call, name: str, value: Any, path: str
) -> None:
    """Unconfirmed, and to be assumed: legacy and unknown members are refused like those at the top (F128)."""
    company.add_person("Eva")
    company.add_activity("x")
    company.options.nested_unknown = "refuse"
    assert path in refusal(call("PATCH", ONE, json={name: value}))[1]
    company.options.nested_unknown = "ignore"
    shown = made(call("PATCH", f"{ONE}?include_fields=attendees", json={name: value}))
    assert path.rpartition(".")[2] not in repr(shown)


def test_a_number_is_no_boolean_in_attendees_either(company: PipedriveState, call: Call) -> None:
    """Pipedrive API v2 migration guide: booleans are true or false; `is_organizer: 0` was read from v1 (F128)."""
    company.add_activity("x")
    refusal(call("PATCH", ONE, json={"attendees": [{"email": "eva@x.example", "is_organizer": 0}]}))


def test_person_id_is_refused(company: PipedriveState, call: Call) -> None:
    """n8n issue 31684, Whalesync: 400 `'person_id' is a read-only field. Add a primary participant …`."""
    company.options.person_id_in_body = "refuse"
    eva = company.add_person("Eva")["id"]
    for body in ({"person_id": eva}, {"person_id": None}):
        code, text = refusal(call("POST", PATH, json=body))
        assert code == "ERR_BAD_REQUEST"
        assert text.startswith("'person_id' is a read-only field. Add a primary participant")
    assert company.activities == {}


def test_patch_of_participants(company: PipedriveState, call: Call) -> None:
    """Unconfirmed: the sent list replaces the old one, or is added to it."""
    eva, uwe = company.add_person("Eva")["id"], company.add_person("Uwe")["id"]
    for position, expected in (("replace", [uwe]), ("add", [eva, uwe])):
        company.options.participants_patch = position  # type: ignore[assignment]
        number = company.add_activity("x", person_id=eva)["id"]
        row = made(call("PATCH", f"{PATH}/{number}", json={"participants": [{"person_id": uwe, "primary": True}]}))
        assert [each["person_id"] for each in row["participants"]] == expected
        assert [each["person_id"] for each in row["participants"] if each["primary"]] == [uwe]
        assert row["person_id"] == uwe


# ---- clearing


@pytest.mark.parametrize("name", ["due_date", "due_time", "duration"])
@pytest.mark.parametrize("null", [True, False])
@pytest.mark.parametrize("empty", [True, False])
def test_clearing_times(company: PipedriveState, call: Call, name: str, null: bool, empty: bool) -> None:
    """Unconfirmed: null, "", both or neither (F129). client-nodejs issue 661: "This value is not a valid datetime."."""
    company.options.null_clears_times, company.options.empty_clears_times = null, empty
    for value, works in ((None, null), ("", empty)):
        number = company.add_activity(
            "x", due_date="2026-11-25", due_time="10:00", duration="01:00", location="Bonn", note="n"
        )["id"]
        answer = call("PATCH", f"{PATH}/{number}", json={name: value})
        if works:
            assert made(answer)[name] is None
        else:
            assert name in refusal(answer)[1]
        assert made(call("PATCH", f"{PATH}/{number}", json={"location": None, "note": None}))["note"] is None


# ---- defaults


def test_a_date_left_out_is_today(pipedrive: Service, company: PipedriveState, call: Call) -> None:
    """Recorded by n8n (v2) and Nango (v1): due_date defaults to today; null is said, so it stays away."""
    pipedrive.clock.freeze(datetime(2026, 11, 22, 23, 30, tzinfo=UTC))
    company.options.due_date_default = "today"
    assert made(call("POST", PATH, json={"subject": "x"}))["due_date"] == "2026-11-22"
    assert made(call("POST", PATH, json={"subject": "x", "due_date": None}))["due_date"] is None
    assert made(call("PATCH", ONE, json={"due_date": None}))["due_date"] is None
    assert company.add_activity("by a person")["due_date"] is None
    company.options.due_date_default = "none"
    assert made(call("POST", PATH, json={"subject": "x"}))["due_date"] is None


@pytest.mark.parametrize(
    ("position", "timed", "untimed"), [("by_time", True, False), ("false", False, False), ("none", None, None)]
)
def test_busy_left_out(company: PipedriveState, call: Call, position: str, timed: Any, untimed: Any) -> None:
    """Recorded: false without a time (v1, v2), true with one (v1; unconfirmed in v2)."""
    company.options.busy_default = position  # type: ignore[assignment]
    day = {"due_date": "2026-11-25"}
    assert made(call("POST", PATH, json=day | {"due_time": "10:00"}))["busy"] is timed
    assert made(call("POST", PATH, json=day))["busy"] is untimed
    assert made(call("POST", PATH, json=day | {"busy": True}))["busy"] is True


@pytest.mark.parametrize(("follows", "busy"), [(False, True), (True, False)])
def test_busy_when_the_time_goes(company: PipedriveState, call: Call, follows: bool, busy: bool) -> None:
    """Unconfirmed: busy after timed to untimed."""
    company.options.busy_follows_time = follows
    company.add_activity("x", due_date="2026-11-25", due_time="10:00", busy=True)
    assert made(call("PATCH", ONE, json={"due_time": None}))["busy"] is busy
    assert made(call("PATCH", ONE, json={"due_time": None, "busy": True}))["busy"] is True


# ---- rights, privacy, deleted ones


def test_giving_an_activity_away(company: PipedriveState, call: Call) -> None:
    """Changelog 2023-04-03 (v1): 403 for whoever isn't the owner and may not; the owner always may (F120)."""
    ben = company.add_user("Ben", "ben@acme.example")["id"]
    eve = company.add_user("Eve", "eve@acme.example")["id"]
    company.add_activity("Anna's")
    company.add_activity("Ben's", owner_id=ben)
    company.options.owner_change = "refuse"
    answer = call("PATCH", f"{PATH}/2", json={"owner_id": eve, "subject": "y"})
    assert (answer.status_code, answer.json()["error"]) == (403, "You do not have permission to change the owner.")
    assert company.activities[2]["subject"] == "Ben's"
    assert made(call("PATCH", f"{PATH}/2", json={"owner_id": ben, "subject": "y"}))["subject"] == "y"
    assert made(call("PATCH", ONE, json={"owner_id": eve}))["owner_id"] == eve
    company.options.owner_change = "allow"
    assert made(call("PATCH", f"{PATH}/2", json={"owner_id": eve}))["owner_id"] == eve


def test_private_activities(company: PipedriveState, call: Call) -> None:
    """Whalesync: `private` in answers of June 2026, absent in n8n's of April; read only."""
    company.add_activity("x", private=True)
    company.options.show_private = False
    assert "private" not in made(call("GET", ONE))
    company.options.show_private = True
    assert made(call("GET", ONE))["private"] is True
    assert call("GET", PATH).json()["data"][0]["private"] is True
    assert made(call("POST", PATH, json={"subject": "y"}))["private"] is False
    company.edit_activity(1, private=False)
    assert made(call("GET", ONE))["private"] is False


EDITED = {
    "400": (400, "ERR_ACTIVITY_DELETED", "Entity is deleted. You must first restore it before you can edit"),
    "404": (404, None, "Activity not found"),
    "410": (410, None, "Activity is gone"),
    "403": (403, "ERR_FORBIDDEN", "Activity is deleted"),
}


@pytest.mark.parametrize("position", EDITED)
def test_what_is_done_to_deleted_activities(company: PipedriveState, call: Call, position: str) -> None:
    """Whalesync, production: deals answer 400 ERR_DEAL_DELETED (F126); of activities nothing is confirmed."""
    company.add_activity("x")
    company.delete_activity(1)
    company.options.edit_deleted = position  # type: ignore[assignment]
    tries = [call("PATCH", ONE, json={"subject": "y"})]
    if position != "403":
        company.options.get_deleted = company.options.delete_deleted = position  # type: ignore[assignment]
        tries += [call("GET", ONE), call("DELETE", ONE)]
    for answer in tries:
        body = answer.json()
        assert (answer.status_code, body.get("code"), body["error"]) == EDITED[position]
        assert body["success"] is False
    company.options.get_deleted = "200"
    assert made(call("GET", ONE))["is_deleted"] is True
