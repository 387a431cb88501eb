"""v2 lists: paging, cursors, filters. Each test names who says so."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from include.sandbox.base import Service
from include.sandbox.pipedrive.state import PipedriveState

Call = Callable[..., requests.Response]
PATH = "/api/v2/activities"
START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def fill(company: PipedriveState, count: int, **fields: Any) -> None:
    for number in range(count):
        company.add_activity(f"A{number}", at=START + timedelta(seconds=number), **fields)


def walk(call: Call, **query: object) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        answer = call("GET", PATH, **query, **({"cursor": cursor} if cursor else {})).json()
        rows += answer["data"] or []
        cursor = (answer.get("additional_data") or {}).get("next_cursor")
        if cursor is None:
            return rows


def ids(answer: requests.Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["data"]]


def refused(answer: requests.Response) -> str:
    assert answer.status_code == 400
    assert answer.json()["code"] == "ERR_SCHEMA_VALIDATION_FAILED"
    assert answer.json()["success"] is False
    return str(answer.json()["error"])


def test_envelope_and_default_limit_of_100(company: PipedriveState, call: Call) -> None:
    """Pipedrive OpenAPI v2: limit defaults to 100; {"success", "data", "additional_data": {"next_cursor"}}."""
    fill(company, 101)
    answer = call("GET", PATH).json()
    assert answer["success"] is True
    assert len(answer["data"]) == 100
    assert answer["additional_data"]["next_cursor"]


def test_cursor_is_a_key_set_marker(company: PipedriveState, call: Call) -> None:
    """Pipedrive OpenAPI v2, example: a cursor decodes to field, fieldValue, sortDirection, id."""
    fill(company, 3)
    cursor = call("GET", PATH, limit=2).json()["additional_data"]["next_cursor"]
    marker = json.loads(base64.urlsafe_b64decode(cursor))
    assert marker == {"field": "id", "fieldValue": 2, "sortDirection": "asc", "id": 2}


@pytest.mark.parametrize("sort_by", ["id", "update_time", "add_time", "due_date"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_pages_hold_every_row_once_in_order(company: PipedriveState, call: Call, sort_by: str, direction: str) -> None:
    """Pipedrive OpenAPI v2: sort_by id, update_time, add_time, due_date; sort_direction asc, desc."""
    for number in range(23):
        due = None if number % 5 == 0 else f"2026-12-{1 + number * 7 % 28:02}"
        company.add_activity(f"A{number}", due_date=due, at=START + timedelta(seconds=number // 3))
    company.edit_activity(2, subject="touched")
    rows = walk(call, sort_by=sort_by, sort_direction=direction, limit=4)
    keys = [(row[sort_by] or "", row["id"]) for row in rows]
    assert len(rows) == 23
    assert keys == sorted(keys, reverse=direction == "desc")


def test_record_touched_mid_walk_is_seen_twice_and_none_is_lost(company: PipedriveState, call: Call) -> None:
    """Pipedrive OpenAPI v2, cursor example: key-set, no snapshot; sorted by update_time a touched record moves."""
    fill(company, 6)
    first = call("GET", PATH, sort_by="update_time", limit=3).json()
    company.edit_activity(1, subject="moved")
    rest: list[dict[str, Any]] = []
    cursor = first["additional_data"]["next_cursor"]
    while cursor:
        answer = call("GET", PATH, sort_by="update_time", limit=3, cursor=cursor).json()
        rest += answer["data"]
        cursor = answer["additional_data"]["next_cursor"]
    assert [row["id"] for row in rest] == [4, 5, 6, 1]
    assert rest[-1]["subject"] == "moved"


@pytest.mark.parametrize("cursor", ["nonsense", "bm9uc2Vuc2U=", "e30="])
def test_damaged_cursor_is_refused(company: PipedriveState, call: Call, cursor: str) -> None:
    """Pipedrive OpenAPI v2: the cursor is opaque, only a returned one is meaningful."""
    fill(company, 1)
    refused(call("GET", PATH, cursor=cursor))


def test_cursor_of_another_order_is_refused(company: PipedriveState, call: Call) -> None:
    """Pipedrive OpenAPI v2, cursor example: the marker names its field and direction."""
    fill(company, 2)
    cursor = call("GET", PATH, limit=1).json()["additional_data"]["next_cursor"]
    refused(call("GET", PATH, limit=1, cursor=cursor, sort_by="update_time"))


def test_last_page_in_all_three_shapes(company: PipedriveState, call: Call) -> None:
    """Measured by Airbyte's Pipedrive connector: next_cursor null, or absent, or no additional_data at all."""
    fill(company, 1)
    assert call("GET", PATH).json()["additional_data"] == {"next_cursor": None}
    company.options.last_page = "absent"
    assert call("GET", PATH).json()["additional_data"] == {}
    company.options.last_page = "no_additional_data"
    assert "additional_data" not in call("GET", PATH).json()


def test_empty_page_with_a_cursor_goes_on(company: PipedriveState, call: Call) -> None:
    """Pipedrive API v2 migration guide: the end is told by next_cursor, never by an empty page."""
    fill(company, 3)
    company.options.empty_pages = 2
    first = call("GET", PATH, limit=2).json()
    assert first["data"] is None
    assert first["additional_data"]["next_cursor"]
    again = call("GET", PATH, limit=2, cursor=first["additional_data"]["next_cursor"]).json()
    assert again["additional_data"]["next_cursor"] not in (None, first["additional_data"]["next_cursor"])
    company.options.empty_pages = 2
    assert [row["id"] for row in walk(call, limit=2)] == [1, 2, 3]
    company.options.cursor_when_full = True
    assert [row["id"] for row in walk(call, limit=3)] == [1, 2, 3]


@pytest.mark.parametrize("limit", ["0", "-1", "501", "ten", "1.5"])
def test_limit_bounds(call: Call, limit: str) -> None:
    """Pipedrive OpenAPI v2: limit is an integer of at most 500."""
    refused(call("GET", PATH, limit=limit))


def test_limit_over_500_may_be_clamped(company: PipedriveState, call: Call) -> None:
    """Unconfirmed which of the two Pipedrive does, so both can be had."""
    fill(company, 501)
    company.options.limit_over_max = "clamp"
    assert len(call("GET", PATH, limit=1000).json()["data"]) == 500


def test_updated_since_is_inclusive_and_until_exclusive(company: PipedriveState, call: Call) -> None:
    """Pipedrive OpenAPI v2: updated_since is >=, updated_until is <."""
    fill(company, 4)
    assert ids(call("GET", PATH, updated_since="2026-11-22T08:00:02Z")) == [3, 4]
    assert ids(call("GET", PATH, updated_since="2026-11-22T08:00:02Z", sort_by="update_time")) == [3, 4]
    assert ids(call("GET", PATH, updated_until="2026-11-22T08:00:02Z")) == [1, 2]
    assert ids(call("GET", PATH, updated_since="2026-11-22T09:00:01+01:00", updated_until="2026-11-22T08:00:02Z")) == [
        2
    ]


@pytest.mark.parametrize(
    "stamp",
    ["2026-11-22T08:00:00.000Z", "2026-11-22 08:00:00", "2026-11-22T08:00:00", "2026-11-22", "2026-13-01T00:00:00Z"],
)
@pytest.mark.parametrize("name", ["updated_since", "updated_until"])
def test_only_whole_second_rfc3339_stamps(call: Call, name: str, stamp: str) -> None:
    """Measured by Airbyte's Pipedrive connector: a fraction or a blank gives 400 "not a valid datetime"."""
    assert "is not a valid datetime" in refused(call("GET", PATH, **{name: stamp}))


def test_ids_leave_out_what_is_missing_deleted_or_unseen(company: PipedriveState, call: Call) -> None:
    """Pipedrive OpenAPI v2: ids, at most 100; missing or invisible ones are silently omitted."""
    fill(company, 4)
    company.delete_activity(2)
    company.hide(11, "activity", [3])
    assert ids(call("GET", PATH, ids="4,1,2,3,999")) == [1, 4]
    assert ids(call("GET", PATH, ids=",".join(map(str, range(1, 101))))) == [1, 4]
    refused(call("GET", PATH, ids=",".join(map(str, range(1, 102)))))
    refused(call("GET", PATH, ids="1,x"))


def test_filters_and_their_combination(company: PipedriveState, call: Call) -> None:
    """Pipedrive OpenAPI v2: owner_id, deal_id, lead_id, person_id (primary participant only), org_id, done."""
    ben = company.add_user("Ben", "ben@acme.example", "America/New_York")["id"]
    person, other = company.add_person("Eva")["id"], company.add_person("Uwe")["id"]
    org, deal, lead = (
        company.add_organization("Org")["id"],
        company.add_deal("Deal")["id"],
        company.add_lead("Lead")["id"],
    )
    company.add_activity("one", deal_id=deal, org_id=org, person_id=person)
    company.add_activity("two", lead_id=lead, owner_id=ben, done=True)
    both = [{"person_id": other, "primary": True}, {"person_id": person, "primary": False}]
    company.add_activity("three", participants=both, deal_id=deal)
    assert ids(call("GET", PATH, owner_id=ben)) == [2]
    assert ids(call("GET", PATH, deal_id=deal)) == [1, 3]
    assert ids(call("GET", PATH, deal_id=deal, person_id=other)) == [3]
    assert ids(call("GET", PATH, person_id=person)) == [1]
    assert ids(call("GET", PATH, org_id=org)) == [1]
    assert ids(call("GET", PATH, lead_id=lead)) == [2]
    assert ids(call("GET", PATH, done="true")) == [2]
    assert ids(call("GET", PATH, done="false")) == [1, 3]
    refused(call("GET", PATH, done="1"))
    refused(call("GET", PATH, owner_id="anna"))


def test_saved_filter_takes_precedence(company: PipedriveState, call: Call) -> None:
    """Pipedrive OpenAPI v2: with filter_id, ids, owner_id, deal_id, lead_id, person_id and org_id are ignored."""
    fill(company, 4)
    saved = company.add_filter(lambda row: row["id"] > 2)
    assert ids(call("GET", PATH, filter_id=saved, ids="1", owner_id=99)) == [3, 4]
    assert ids(call("GET", PATH, filter_id=saved, updated_since="2026-11-22T08:00:03Z")) == [4]
    refused(call("GET", PATH, filter_id=77))


def test_list_covers_all_that_the_user_sees(company: PipedriveState, call: Call) -> None:
    """Pipedrive OpenAPI v2: without owner_id the list is about all activities (v1's default was only one's own)."""
    ben = company.add_user("Ben", "ben@acme.example")["id"]
    fill(company, 1, owner_id=ben)
    fill(company, 1)
    assert ids(call("GET", PATH)) == [1, 2]
    company.hide(11, "user", [ben])
    assert ids(call("GET", PATH)) == [2]


def test_parameters_that_do_not_exist(call: Call) -> None:
    """Pipedrive OpenAPI v2: no parameter for type, due range or deleted ones."""
    for name in ("type", "due_date", "status", "start"):
        refused(call("GET", PATH, **{name: "x"}))
    refused(call("GET", PATH, sort_by="subject"))
    refused(call("GET", PATH, sort_direction="up"))


def test_deleted_ones_are_not_listed(company: PipedriveState, call: Call) -> None:
    """Measured by Airbyte's Pipedrive connector: is_deleted is not a deletion feed; the option shows the other way."""
    fill(company, 2)
    company.delete_activity(1)
    assert ids(call("GET", PATH, updated_since="2026-11-01T00:00:00Z", sort_by="update_time")) == [2]
    company.options.list_deleted = True
    rows = call("GET", PATH, updated_since="2026-11-01T00:00:00Z").json()["data"]
    assert [(row["id"], row["is_deleted"]) for row in rows] == [(1, True), (2, False)]


def test_attendees_only_on_demand(company: PipedriveState, call: Call) -> None:
    """Pipedrive OpenAPI v2: attendees come with include_fields=attendees, its only value."""
    guest = {"email": "eva@kunde.example", "name": "Eva", "status": "accepted", "is_organizer": False}
    company.add_activity("with guests", attendees=[guest])
    assert "attendees" not in call("GET", PATH).json()["data"][0]
    assert call("GET", PATH, include_fields="attendees").json()["data"][0]["attendees"] == [guest]
    assert call("GET", f"{PATH}/1", include_fields="attendees").json()["data"]["attendees"] == [guest]
    refused(call("GET", PATH, include_fields="note"))


def test_date_is_the_services_own_clock(pipedrive: Service, company: PipedriveState, call: Call) -> None:
    """RFC 9110, Date; the services' clocks may differ from ours."""
    pipedrive.clock.freeze(datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC))
    company.add_activity("later")
    answer = call("GET", PATH)
    assert answer.headers["Date"] == "Sat, 02 Jan 2027 03:04:05 GMT"
    assert answer.json()["data"][0]["update_time"] == "2027-01-02T03:04:05Z"


def test_ten_thousand_activities_are_walked_quickly(company: PipedriveState, call: Call) -> None:
    """Our own requirement: big companies are affordable in tests."""
    fill(company, 10_000)
    began = time.monotonic()
    assert len({row["id"] for row in walk(call, limit=500, sort_by="update_time")}) == 10_000
    assert time.monotonic() - began < 5
