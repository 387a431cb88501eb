"""Persons, organizations, deals (v2), users, activity types, leads (v1); visibility; what a person does in the app."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from include.sandbox.base import Service
from include.sandbox.pipedrive.state import PipedriveState

Call = Callable[..., requests.Response]
V1_STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
AT = datetime(2026, 11, 22, 8, 0, 0, 123_456, tzinfo=UTC)


def data(answer: requests.Response) -> Any:
    assert answer.status_code == 200, answer.text
    assert answer.json()["success"] is True
    return answer.json()["data"]


def add(company: PipedriveState, kind: str, name: str) -> int:
    method: Callable[[str], dict[str, Any]] = getattr(company, f"add_{kind}")
    return int(method(name)["id"])


def test_person(company: PipedriveState, call: Call) -> None:
    """Pipedrive OpenAPI v2, Person: emails and phones are lists of value, primary, label."""
    org = company.add_organization("Müller GmbH")["id"]
    person = company.add_person("Jürgen Groß", email="j@kunde.example", phone="+49 30 1", org_id=org)
    row = data(call("GET", f"/api/v2/persons/{person['id']}"))
    assert row["emails"] == [{"value": "j@kunde.example", "primary": True, "label": "work"}]
    assert row["phones"] == [{"value": "+49 30 1", "primary": True, "label": "work"}]
    assert (row["name"], row["first_name"], row["last_name"]) == ("Jürgen Groß", "Jürgen", "Groß")
    assert row["org_id"] == org
    assert data(call("GET", "/api/v2/persons", ids=f"{person['id']},99", org_id=org)) == [row]


def test_organization_and_deal(company: PipedriveState, call: Call) -> None:
    """Pipedrive OpenAPI v2, Organization (address with value) and Deal (title, status, is_archived)."""
    org = company.add_organization("Müller GmbH", address="Hauptstr. 1, Köln")["id"]
    deal = company.add_deal("Anlage", org_id=org, value=1200)["id"]
    assert data(call("GET", f"/api/v2/organizations/{org}"))["address"]["value"] == "Hauptstr. 1, Köln"
    row = data(call("GET", f"/api/v2/deals/{deal}"))
    assert (row["title"], row["status"], row["is_archived"], row["org_id"]) == ("Anlage", "open", False, org)
    assert data(call("GET", "/api/v2/deals", org_id=org)) == [row]


@pytest.mark.parametrize(("kind", "name"), [("person", "name"), ("organization", "name"), ("deal", "title")])
def test_renames(pipedrive: Service, company: PipedriveState, call: Call, kind: str, name: str) -> None:
    """Pipedrive OpenAPI v2: PATCH, updated_since; renames leave activities' update_time alone (unconfirmed)."""
    pipedrive.clock.freeze(AT)
    number = add(company, kind, "Alt")
    link = "org_id" if kind == "organization" else f"{kind}_id"
    company.edit_activity(company.add_activity("x")["id"], **{link: number})  # type: ignore[arg-type]
    pipedrive.clock.advance(60)
    row = data(call("PATCH", f"/api/v2/{kind}s/{number}", json={name: "Neu"}))
    assert (row[name], row["update_time"]) == ("Neu", "2026-11-22T08:01:00Z")
    assert data(call("GET", f"/api/v2/{kind}s", updated_since="2026-11-22T08:01:00Z")) == [row]
    assert company.activities[1]["update_time"] == "2026-11-22T08:00:00Z"
    company.options.rename_touches_activities = True
    rename: Callable[[int, str], Any] = getattr(company, f"rename_{kind}")
    assert rename(number, "Noch neuer")[name] == "Noch neuer"
    assert company.activities[1]["update_time"] == "2026-11-22T08:01:00Z"
    assert call("PATCH", f"/api/v2/{kind}s/{number}", json={name: 5}).status_code == 400


def test_archived_deals(company: PipedriveState, call: Call) -> None:
    """Pipedrive OpenAPI v2: archived deals are not in /deals but in /deals/archived; by ids= is unconfirmed."""
    for title in ("a", "b"):
        company.add_deal(title)
    company.archive_deal(1)
    assert [row["id"] for row in data(call("GET", "/api/v2/deals"))] == [2]
    assert [row["id"] for row in data(call("GET", "/api/v2/deals", ids="1,2"))] == [2]
    assert [row["id"] for row in data(call("GET", "/api/v2/deals/archived"))] == [1]
    assert data(call("GET", "/api/v2/deals/1"))["is_archived"] is True
    company.options.archived_by_ids = True
    assert [row["id"] for row in data(call("GET", "/api/v2/deals", ids="1,2"))] == [1, 2]


def test_deleted_deals_by_status(company: PipedriveState, call: Call) -> None:
    """Pipedrive OpenAPI v2: status is a comma list of open, won, lost, deleted; deleted ones only when asked for."""
    for title in ("a", "b"):
        company.add_deal(title)
    company.delete_deal(1)
    assert [row["id"] for row in data(call("GET", "/api/v2/deals"))] == [2]
    assert [row["id"] for row in data(call("GET", "/api/v2/deals", status="deleted,open"))] == [1, 2]
    assert call("GET", "/api/v2/deals", status="gone").status_code == 400


def test_users(pipedrive: Service, company: PipedriveState, call: Call) -> None:
    """Pipedrive OpenAPI v1, User: timezone_name, timezone_offset, is_you; blank-separated UTC time stamps."""
    pipedrive.clock.freeze(AT)
    company.options.access_order = "fixed"
    company.add_user("Asha", "asha@acme.example", "Asia/Kathmandu")
    anna, asha = data(call("GET", "/v1/users"))
    assert (anna["timezone_name"], anna["timezone_offset"], anna["is_you"]) == ("Europe/Berlin", "+01:00", True)
    assert (asha["timezone_name"], asha["timezone_offset"], asha["is_you"]) == ("Asia/Kathmandu", "+05:45", False)
    assert V1_STAMP.fullmatch(asha["created"])
    assert "company_id" not in asha
    assert data(call("GET", f"/v1/users/{asha['id']}")) == asha
    assert call("GET", "/v1/users/99").status_code == 404


def test_me_knows_the_company(company: PipedriveState, call: Call) -> None:
    """Pipedrive OpenAPI v1, /users/me: company_id, company_name, company_domain; served below /api/v1 too."""
    company.options.access_order = "fixed"
    company.company(id=77, name="Groß & Söhne", domain="gross")
    me = data(call("GET", "/v1/users/me"))
    assert (me["company_id"], me["company_name"], me["company_domain"]) == (77, "Groß & Söhne", "gross")
    assert (me["email"], me["is_you"]) == ("anna@acme.example", True)
    assert data(call("GET", "/api/v1/users/me")) == me


def test_users_may_lack_fields(company: PipedriveState, call: Call) -> None:
    """Measured: some live users lack fields."""
    company.edit_user(11, timezone_name=..., lang=...)
    me = data(call("GET", "/v1/users/me"))
    assert {"timezone_name", "timezone_offset", "lang"}.isdisjoint(me)


def test_activity_types(company: PipedriveState, call: Call) -> None:
    """Pipedrive OpenAPI v1, ActivityType; the defaults seen live, a custom one, and an inactive one."""
    company.add_activity_type("visit", "Besuch")
    company.add_activity_type("old", active=False)
    rows = data(call("GET", "/v1/activityTypes"))
    keys = ["call", "meeting", "task", "deadline", "email", "lunch", "visit", "old"]
    assert [row["key_string"] for row in rows] == keys
    assert [row["active_flag"] for row in rows] == [True] * 7 + [False]
    assert V1_STAMP.fullmatch(rows[0]["add_time"])
    assert data(call("POST", "/api/v2/activities", json={"type": "visit"}))["type"] == "visit"


def test_rights_come_in_any_order(company: PipedriveState, call: Call) -> None:
    """Recorded by Nango; changelog 2022-08-09: three entries; their order is not promised (F308)."""
    company.options.access_order = "fixed"
    (first,) = data(call("GET", "/v1/users"))
    assert [each["app"] for each in first["access"]] == ["sales", "global", "account_settings"]
    assert all(each["admin"] is False and isinstance(each["permission_set_id"], str) for each in first["access"])
    assert data(call("GET", "/v1/users/me"))["access"] == first["access"]
    company.options.access_order = "changing"
    orders = [data(call("GET", "/v1/users/me"))["access"] for _ in range(3)]
    assert len({repr(each) for each in orders}) == 3
    assert all(sorted(each, key=repr) == sorted(first["access"], key=repr) for each in orders)


def test_a_deal_that_nobody_edited(pipedrive: Service, company: PipedriveState, call: Call) -> None:
    """Recorded by n8n: update_time is null until the first edit."""
    pipedrive.clock.freeze(AT)
    company.options.unedited_deals = "null"
    old, new = company.add_deal("Old")["id"], company.add_deal("New")["id"]
    company.rename_deal(old, "Older")
    rows = data(call("GET", "/api/v2/deals", updated_since="2026-11-22T08:00:00Z", sort_by="update_time"))
    assert {row["id"]: row["update_time"] for row in rows} == {old: "2026-11-22T08:00:00Z", new: None}
    assert data(call("GET", f"/api/v2/deals/{new}"))["update_time"] is None
    renamed = data(call("PATCH", f"/api/v2/deals/{new}", json={"title": "Newer"}))
    assert renamed["update_time"] == "2026-11-22T08:00:00Z"
    company.options.unedited_deals = "added"
    assert data(call("GET", f"/api/v2/deals/{company.add_deal('x')['id']}"))["update_time"] == "2026-11-22T08:00:00Z"


def test_archived_leads(company: PipedriveState, call: Call) -> None:
    """client-nodejs CHANGELOG 31.1.0, Pipedrive OpenAPI v1: /leads holds those that aren't archived; by id they are
    there, so that a rename of an archived one is in no listing."""
    kept, gone = company.add_lead("Kept", at=AT)["id"], company.add_lead("Gone", at=AT)["id"]
    company.archive_lead(gone)
    company.rename_lead(gone, "Renamed")
    assert [row["id"] for row in data(call("GET", "/v1/leads"))] == [kept]
    assert data(call("GET", "/v1/leads", updated_since="2026-11-22T08:00:01Z")) == []
    row = data(call("GET", f"/v1/leads/{gone}"))
    assert (row["title"], row["is_archived"]) == ("Renamed", True)
    company.archive_lead(gone, archived=False)
    assert len(data(call("GET", "/v1/leads"))) == 2


def test_leads(company: PipedriveState, call: Call) -> None:
    """Pipedrive OpenAPI v1, Lead: uuid; measured by Airbyte's connector: RFC 3339 with a fraction; start/limit."""
    ids = [company.add_lead(f"Lead {number}", at=AT)["id"] for number in range(3)]
    row = data(call("GET", f"/v1/leads/{ids[0]}"))
    assert (row["title"], row["add_time"]) == ("Lead 0", "2026-11-22T08:00:00.123Z")
    answer = call("GET", "/v1/leads", limit=2).json()
    assert [each["id"] for each in answer["data"]] == ids[:2]
    page = answer["additional_data"]["pagination"]
    assert page == {"start": 0, "limit": 2, "more_items_in_collection": True, "next_start": 2}
    assert (
        call("GET", "/v1/leads", start=2).json()["additional_data"]["pagination"]["more_items_in_collection"] is False
    )
    company.rename_lead(ids[1], "Neu")
    assert [each["title"] for each in data(call("GET", "/v1/leads", updated_since="2026-11-22T08:00:01Z"))] == ["Neu"]
    assert call("GET", "/v1/leads/00000000-0000-4000-8000-000000000000").status_code == 404


@pytest.mark.parametrize("kind", ["person", "organization", "deal"])
def test_a_token_sees_what_its_user_may_see(company: PipedriveState, call: Call, kind: str) -> None:
    """Pipedrive documentation: a token sees what its user sees; changelog 2023: 403 for a deal. Others: unconfirmed."""
    number = add(company, kind, "x")
    company.hide(11, kind, [number])
    assert data(call("GET", f"/api/v2/{kind}s", ids=number)) == []
    for option, status in ("404", 403 if kind == "deal" else 404), ("403", 403):
        company.options.get_hidden = option  # type: ignore[assignment]
        assert call("GET", f"/api/v2/{kind}s/{number}").status_code == status
        assert call("PATCH", f"/api/v2/{kind}s/{number}", json={}).status_code == status
    company.unhide(11)
    assert call("GET", f"/api/v2/{kind}s/{number}").status_code == 200


def test_hidden_users_activities_and_leads(company: PipedriveState, call: Call) -> None:
    """Pipedrive documentation: visibility; looks like a deletion from outside."""
    ben = company.add_user("Ben", "ben@acme.example")["id"]
    company.add_activity("x", owner_id=ben)
    lead = company.add_lead("x")["id"]
    company.hide(11, "user", [ben])
    company.hide(11, "lead", [lead])
    assert [row["id"] for row in data(call("GET", "/v1/users"))] == [11]
    assert call("GET", f"/v1/users/{ben}").status_code == 404
    assert call("GET", "/api/v2/activities/1").status_code == 404
    assert call("PATCH", "/api/v2/activities/1", json={}).status_code == 404
    assert call("GET", f"/v1/leads/{lead}").status_code == 404
    company.options.get_hidden = "403"
    assert call("GET", "/api/v2/activities/1").status_code == 403
    assert call("GET", f"/v1/leads/{lead}").status_code == 403
    with pytest.raises(ValueError, match="kind must be"):
        company.hide(11, "pipeline", [1])


def test_a_person_in_the_app(pipedrive: Service, company: PipedriveState) -> None:
    """Pipedrive rate limits page: work in the app costs no tokens; update_time moves all the same."""
    pipedrive.clock.freeze(AT)
    eva = company.add_person("Eva")["id"]
    row = company.add_activity("x", location="Bonn", person_id=eva, due_date="2026-11-25")
    pipedrive.clock.advance(3600)
    company.edit_activity(row["id"], due_time="10:00", duration="00:30", person_id=None, location=None)
    now = company.activities[row["id"]]
    assert (now["due_time"], now["person_id"], now["participants"], now["location"]) == ("10:00", None, [], None)
    assert (row["update_time"], now["update_time"]) == ("2026-11-22T08:00:00Z", "2026-11-22T09:00:00Z")
    assert row["location"]["value"] == "Bonn"
    company.delete_activity(row["id"])
    assert company.live_activities() == []
    company.restore_activity(row["id"])
    assert [each["id"] for each in company.live_activities(owner_id=11)] == [row["id"]]
    pipedrive.clock.advance(60)
    company.touch_activities()
    assert company.activities[row["id"]]["update_time"] == "2026-11-22T09:01:00Z"
    assert company.limits.spent_today == 0
    with pytest.raises(ValueError, match="deal_id 9 not found"):
        company.add_activity("y", deal_id=9)
    with pytest.raises(KeyError):
        company.edit_activity(99, subject="z")


def test_persons_are_found_by_address(call: Call, company: PipedriveState) -> None:
    """OpenAPI v2, GET /persons/search: exact_match is not case sensitive; the item's own shape; 20 tokens."""
    org = company.add_organization("Customer")["id"]
    eva = company.add_person("Eva", email="Eva@customer.example", org_id=org)["id"]
    company.add_person("Evangeline", email="not-eva@customer.example")
    company.edit_entity("person", company.add_person("Gone", email="eva@customer.example")["id"], is_deleted=True)
    spent = company.limits.spent_today

    def search(**params: str) -> requests.Response:
        return call("GET", "/api/v2/persons/search", fields="email", **params)

    (found,) = data(search(term="eva@customer.example", exact_match="true"))["items"]
    assert (found["item"]["id"], found["item"]["emails"]) == (eva, ["Eva@customer.example"])
    assert found["item"]["organization"]["id"] == org
    assert company.limits.spent_today == spent + 20
    assert len(data(search(term="eva@customer.example"))["items"]) == 2
    assert data(search(term="who@customer.example", exact_match="true"))["items"] == []
    assert search(term="e").status_code == 400
