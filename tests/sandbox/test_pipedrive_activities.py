"""v2 activities, one at a time: what is taken, what is shown. Each test names who says so."""

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
# The writable fields and their types, as "Pipedrive OpenAPI v2" has them.
WRONG_TYPES: dict[str, list[Any]] = {
    "subject": [1, ["x"]],
    "type": [1],
    "owner_id": ["11", 1.5, True],
    "deal_id": ["1"],
    "org_id": ["1"],
    "lead_id": [5],
    "project_id": ["1"],
    "due_date": [20261125, "25.11.2026", "2026-02-30", "2026-11-25T00:00:00Z"],
    "due_time": [930, "9:30", "24:00", "10:60"],
    "duration": [45, "45", "00:61"],
    "busy": [1, 0, "true"],
    "done": [1, 0, "1"],
    "location": ["Berlin", {"value": 1}, {"lat": "1"}, []],
    "participants": [{"person_id": 1}, [{"primary": True}], [{"person_id": "1"}], [{"person_id": 1, "primary": 1}]],
    "attendees": ["a@b.example", [{"mail": "x"}]],
    "public_description": [1],
    "priority": ["high"],
    "outcome": ["good"],
    "note": [{}],
}


def created(answer: requests.Response) -> dict[str, Any]:
    assert answer.status_code in (200, 201), answer.text
    assert answer.json()["success"] is True
    data = answer.json()["data"]
    assert isinstance(data, dict)
    return data


def refused(answer: requests.Response) -> str:
    assert answer.status_code == 400, answer.text
    return str(answer.json()["error"])


def test_create_answers_the_whole_activity(company: PipedriveState, call: Call) -> None:
    """Pipedrive OpenAPI v2: POST answers 200 with the full Activity in data."""
    person, deal = company.add_person("Eva Groß")["id"], company.add_deal("Anlage")["id"]
    body = {
        "subject": "Demo", "type": "meeting", "owner_id": 11, "deal_id": deal,
        "participants": [{"person_id": person, "primary": True}], "due_date": "2026-11-25", "due_time": "09:30",
        "duration": "00:45", "busy": True, "location": {"value": "Hauptstr. 1, Berlin"}, "public_description": "Agenda",
        "note": "<p>intern</p>", "priority": 3, "outcome": None,
    }  # fmt: skip
    row = created(call("POST", PATH, json=body))
    assert row == created(call("GET", f"{PATH}/{row['id']}"))
    assert {name: row[name] for name in body if name != "location"} == {
        k: v for k, v in body.items() if k != "location"
    }
    assert row["person_id"] == person
    assert (row["is_deleted"], row["done"], row["creator_user_id"]) == (False, False, 11)
    assert row["marked_as_done_time"] is None


def test_create_status_may_be_201(company: PipedriveState, call: Call) -> None:
    """v1 answered 201 on create, v2's OpenAPI says 200: any 2xx is a success."""
    company.options.create_status = 201
    assert call("POST", PATH, json={"subject": "x"}).status_code == 201


def test_defaults(company: PipedriveState, call: Call) -> None:
    """Pipedrive v1 documentation of POST /activities: subject "Call", type call, owner = the token's user."""
    row = created(call("POST", PATH, json={}))
    assert (row["subject"], row["type"], row["owner_id"]) == ("Call", "call", 11)
    unset = ("deal_id", "lead_id", "person_id", "org_id", "due_time", "duration", "location", "note")
    assert [row[name] for name in unset] == [None] * len(unset)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG_TYPES.items() for value in values])
def test_strict_types(company: PipedriveState, call: Call, name: str, value: Any) -> None:
    """Pipedrive API v2 migration guide: numbers are numbers and booleans true or false, else a validation error."""
    company.add_activity("x")
    for method, path in (("POST", PATH), ("PATCH", f"{PATH}/1")):
        answer = call(method, path, json={name: value})
        assert name in refused(answer)
        assert answer.json()["code"] in ("ERR_SCHEMA_VALIDATION_FAILED", "ERR_BAD_REQUEST")
    assert len(company.activities) == 1


@pytest.mark.parametrize(
    "name", ["add_time", "update_time", "is_deleted", "creator_user_id", "active_flag", "custom_fields"]
)
def test_what_cannot_be_written(company: PipedriveState, call: Call, name: str) -> None:
    """Pipedrive OpenAPI v2 and migration guide: read-only or gone; no delete or undelete through PATCH."""
    company.add_activity("x")
    assert name in refused(call("PATCH", f"{PATH}/1", json={name: True}))
    company.options.unknown_fields = "ignore"
    before = company.activities[1].get(name)
    row = created(call("PATCH", f"{PATH}/1", json={name: True}))
    assert name == "update_time" or row.get(name) == before


def test_body_must_be_a_json_object(call: Call) -> None:
    """Pipedrive OpenAPI v2: the request body is an application/json object."""
    refused(call("POST", PATH, json=[{"subject": "x"}]))
    refused(call("POST", PATH, data=b"{not json"))


def test_person_id_is_read_only(company: PipedriveState, call: Call) -> None:
    """Pipedrive API v2 migration guide: person_id follows from the primary participant."""
    eva, uwe = company.add_person("Eva")["id"], company.add_person("Uwe")["id"]
    assert "person_id" in refused(call("POST", PATH, json={"person_id": eva}))
    company.options.person_id_in_body = "ignore"
    assert created(call("POST", PATH, json={"person_id": eva}))["person_id"] is None
    both = [{"person_id": eva, "primary": False}, {"person_id": uwe, "primary": True}]
    row = created(call("PATCH", f"{PATH}/1", json={"participants": both}))
    assert (row["person_id"], row["participants"]) == (uwe, both)
    assert created(call("PATCH", f"{PATH}/1", json={"participants": []}))["person_id"] is None


@pytest.mark.parametrize(
    "body",
    [
        {"owner_id": 99},
        {"deal_id": 99},
        {"org_id": 99},
        {"lead_id": "x"},
        {"type": "nap"},
        {"participants": [{"person_id": 9}]},
    ],
)
def test_references_must_exist(call: Call, body: dict[str, Any]) -> None:
    """Pipedrive's reference of activities: ids of existing things, type a key_string of an ActivityType."""
    assert "not found" in refused(call("POST", PATH, json=body))


def test_patch_changes_only_what_is_sent_and_bumps_update_time(
    pipedrive: Service, company: PipedriveState, call: Call
) -> None:
    """Pipedrive OpenAPI v2: PATCH; update_time in RFC 3339, whole seconds."""
    pipedrive.clock.freeze(datetime(2026, 11, 22, 8, 0, 0, 900_000, tzinfo=UTC))
    before = company.add_activity("x", due_date="2026-11-25", due_time="10:00", location="Bonn", note="n")
    pipedrive.clock.advance(61)
    after = created(call("PATCH", f"{PATH}/1", json={"subject": "y"}))
    assert after["update_time"] == "2026-11-22T08:01:01Z"
    assert after["add_time"] == "2026-11-22T08:00:00Z"
    same = set(after) - {"subject", "update_time"}
    assert {name: after[name] for name in same} == {name: before[name] for name in same}


def test_clearing_by_null(company: PipedriveState, call: Call) -> None:
    """Measured: the live API itself sends null for what is unset; whether it takes null is unconfirmed, see below."""
    deal = company.add_deal("d")["id"]
    company.add_activity(
        "x", due_date="2026-11-25", due_time="10:00", duration="01:00", location="Bonn", deal_id=deal, busy=True
    )
    cleared = dict.fromkeys(("due_date", "due_time", "duration", "location", "deal_id", "busy"))
    row = created(call("PATCH", f"{PATH}/1", json=cleared))
    assert {name: row[name] for name in cleared} == cleared
    for name in ("subject", "type", "owner_id", "done"):
        refused(call("PATCH", f"{PATH}/1", json={name: None}))


def test_null_refused_so_that_empty_text_is_needed(company: PipedriveState, call: Call) -> None:
    """Pipedrive OpenAPI v2 marks these fields not nullable, so null may be refused; "" was recorded live in v1."""
    company.options.null_clears, company.options.empty_clears_times = False, True
    company.add_activity("x", due_date="2026-11-25", due_time="10:00", duration="01:00", location="Bonn", note="n")
    for name in ("due_date", "due_time", "duration", "location", "note", "public_description"):
        assert name in refused(call("PATCH", f"{PATH}/1", json={name: None}))
    body = {"due_time": "", "duration": "", "due_date": "", "location": {"value": ""}}
    row = created(call("PATCH", f"{PATH}/1", json=body))
    assert [row[name] for name in body] == [None] * 4


def test_location_is_an_object_with_null_sub_fields(call: Call) -> None:
    """Pipedrive OpenAPI v2: on write only value is needed; sub-fields that are left out become null."""
    row = created(call("POST", PATH, json={"location": {"value": "Königsallee 1", "locality": "Düsseldorf"}}))
    parts = {name: value for name, value in row["location"].items() if value is not None}
    assert parts == {"value": "Königsallee 1", "locality": "Düsseldorf"}
    assert row["location"]["postal_code"] is None
    assert len(row["location"]) == 10


def test_times_are_taken_and_shown_as_hh_mm(company: PipedriveState, call: Call) -> None:
    """v1 documentation "UTC, HH:MM"; Pipedrive OpenAPI v2's example shows 15:00:00, so the option does too."""
    row = created(call("POST", PATH, json={"due_date": "2026-11-25", "due_time": "09:30:00", "duration": "26:15"}))
    assert (row["due_time"], row["duration"]) == ("09:30", "26:15")
    company.options.seconds_in_times = True
    row = created(call("GET", f"{PATH}/1"))
    assert (row["due_time"], row["duration"]) == ("09:30:00", "26:15:00")


def test_unset_times_may_be_shown_as_empty_text(company: PipedriveState, call: Call) -> None:
    """Recorded live from v1 by Airbyte's Pipedrive connector: untimed is "due_time": "", "duration": ""."""
    company.options.unset_as_empty = True
    company.add_activity("untimed", due_date="2026-11-25")
    row = created(call("GET", f"{PATH}/1"))
    assert (row["due_date"], row["due_time"], row["duration"]) == ("2026-11-25", "", "")


def test_stamps_may_have_milliseconds(company: PipedriveState, call: Call) -> None:
    """Pipedrive API v2 migration guide: RFC 3339, some with milliseconds (which updated_since then refuses)."""
    company.add_activity("x", at=datetime(2026, 11, 22, 8, 0, tzinfo=UTC))
    company.options.milliseconds_in_stamps = True
    row = created(call("GET", f"{PATH}/1"))
    assert (row["add_time"], row["update_time"]) == ("2026-11-22T08:00:00.000Z", "2026-11-22T08:00:00.000Z")


def test_done_and_when(pipedrive: Service, company: PipedriveState, call: Call) -> None:
    """Pipedrive OpenAPI v2: marked_as_done_time is null while the activity is open."""
    pipedrive.clock.freeze(datetime(2026, 11, 22, 8, 0, tzinfo=UTC))
    company.add_activity("x")
    assert created(call("PATCH", f"{PATH}/1", json={"done": True}))["marked_as_done_time"] == "2026-11-22T08:00:00Z"
    pipedrive.clock.advance(60)
    assert created(call("PATCH", f"{PATH}/1", json={"subject": "y"}))["marked_as_done_time"] == "2026-11-22T08:00:00Z"
    assert created(call("PATCH", f"{PATH}/1", json={"done": False}))["marked_as_done_time"] is None


def test_delete_is_soft_and_bumps_update_time(pipedrive: Service, company: PipedriveState, call: Call) -> None:
    """Pipedrive OpenAPI v2: DELETE answers {"id"}, the row is kept 30 days; v2 migration guide: update_time is when."""
    pipedrive.clock.freeze(datetime(2026, 11, 22, 8, 0, tzinfo=UTC))
    company.add_activity("x")
    pipedrive.clock.advance(5)
    assert call("DELETE", f"{PATH}/1").json() == {"success": True, "data": {"id": 1}}
    row = company.activities[1]
    assert (row["is_deleted"], row["update_time"]) == (True, "2026-11-22T08:00:05Z")


def test_deleted_ones_by_id(company: PipedriveState, call: Call) -> None:
    """Unconfirmed: 404, 410, or 200 with is_deleted true (all of it: test_what_is_done_to_deleted_activities)."""
    company.add_activity("x")
    company.delete_activity(1)
    assert call("GET", f"{PATH}/1").status_code == 404
    company.options.get_deleted = "410"
    assert call("GET", f"{PATH}/1").status_code == 410
    company.options.get_deleted = "200"
    assert created(call("GET", f"{PATH}/1"))["is_deleted"] is True
    company.restore_activity(1)
    assert created(call("GET", f"{PATH}/1"))["is_deleted"] is False
    company.purge_activity(1)
    assert call("GET", f"{PATH}/1").status_code == 404


def test_not_found_body(call: Call) -> None:
    """Pipedrive documentation "HTTP status codes and responses": success, error, error_info, data, additional_data."""
    for path in (f"{PATH}/1", f"{PATH}/x"):
        answer = call("GET", path)
        assert answer.status_code == 404
        body = answer.json()
        assert set(body) == {"success", "error", "error_info", "data", "additional_data"}
        assert (body["success"], body["data"]) == (False, None)


@pytest.mark.parametrize("path", ["/api/v2/nothing", "/v1/activities", "/api/v2/activities/1/nothing", "/nothing"])
def test_an_unknown_path_is_a_page(call: Call, path: str) -> None:
    """getonbrd/pipedrive-connect issue 40: an HTML page with 404, by a gateway that knows no such service."""
    answer = call("GET", path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


def test_wrong_method(call: Call) -> None:
    """Pipedrive documentation "HTTP status codes and responses": 405; v2 has no PUT and no bulk delete any more."""
    for method, path in (("PUT", f"{PATH}/1"), ("DELETE", PATH), ("POST", "/v1/users")):
        answer = call(method, path)
        assert (answer.status_code, answer.json()["success"]) == (405, False)


def test_posting_twice_makes_two(company: PipedriveState, call: Call) -> None:
    """Pipedrive OpenAPI v2: no idempotency key in any operation."""
    for _ in range(2):
        created(call("POST", PATH, json={"subject": "same", "due_date": "2026-11-25", "due_time": "10:00"}))
    assert len(company.activities) == 2


def test_texts_may_be_rewritten_by_the_server(company: PipedriveState, call: Call) -> None:
    """Pipedrive's reference: note is HTML and is sanitised (exact rules unconfirmed); texts may be trimmed."""
    note = '<p onclick="x()">Hallo <script>x()</script><b>Anna</b></p>'
    assert created(call("POST", PATH, json={"note": note}))["note"] == note
    company.options.sanitise_note = company.options.trim_text = True
    row = created(call("POST", PATH, json={"note": note, "subject": "  Demo "}))
    assert row["note"] == "<p>Hallo <b>Anna</b></p>"
    assert row["subject"] == "Demo"


def test_linking_a_deal_may_link_its_contacts(company: PipedriveState, call: Call) -> None:
    """Pipedrive documentation "About the API": so in v1's semantics; unconfirmed for v2, hence an option."""
    person, org = company.add_person("Eva")["id"], company.add_organization("Org")["id"]
    deal = company.add_deal("d", person_id=person, org_id=org)["id"]
    row = created(call("POST", PATH, json={"deal_id": deal}))
    assert (row["person_id"], row["org_id"]) == (None, None)
    company.options.fill_from_deal = True
    row = created(call("POST", PATH, json={"deal_id": deal}))
    assert (row["person_id"], row["org_id"], row["participants"][0]["primary"]) == (person, org, True)


def test_poisoned_record_is_served_as_it_is(company: PipedriveState, call: Call) -> None:
    """Measured: live data holds nulls where the OpenAPI has none; lone surrogates arrive as JSON escapes."""
    company.add_activity("x")
    company.put_raw_activity(1, subject=None, due_date="nonsense", note="\ud800", extra={"a": 1})
    row = created(call("GET", f"{PATH}/1"))
    assert (row["subject"], row["due_date"], row["note"], row["extra"]) == (None, "nonsense", "\ud800", {"a": 1})
