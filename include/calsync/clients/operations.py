"""The requests to Pipedrive, what each costs, and how its answers are taken.

Source: OpenAPI v2 and v1 (paths, `x-token-cost`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from include.calsync.clients.statuses import PIPEDRIVE, Scope, pipedrive_reason
from include.calsync.clients.transport import Call, Service


@dataclass(frozen=True, slots=True)
class Operation:
    """One request of the API. `tokens`: what it costs of the daily budget."""

    method: str
    path: str
    tokens: int


# Tokens: what one request costs of the company's daily budget, whatever its `limit`.
OPERATIONS = {
    "activities.list": Operation("GET", "/api/v2/activities", 10),
    "activities.get": Operation("GET", "/api/v2/activities/{}", 1),
    "activities.create": Operation("POST", "/api/v2/activities", 5),
    "activities.update": Operation("PATCH", "/api/v2/activities/{}", 5),
    "activities.delete": Operation("DELETE", "/api/v2/activities/{}", 3),
    "persons.get": Operation("GET", "/api/v2/persons/{}", 1),
    "organizations.get": Operation("GET", "/api/v2/organizations/{}", 1),
    "persons.list": Operation("GET", "/api/v2/persons", 10),
    "persons.search": Operation("GET", "/api/v2/persons/search", 20),
    "organizations.list": Operation("GET", "/api/v2/organizations", 10),
    "deals.list": Operation("GET", "/api/v2/deals", 10),
    "deals.archived": Operation("GET", "/api/v2/deals/archived", 20),
    "deals.get": Operation("GET", "/api/v2/deals/{}", 1),
    "leads.get": Operation("GET", "/v1/leads/{}", 2),
    "leads.list": Operation("GET", "/v1/leads", 20),
    "users.me": Operation("GET", "/v1/users/me", 2),
    "users.list": Operation("GET", "/v1/users", 20),
    "activityFields.get": Operation("GET", "/api/v2/activityFields/{}", 1),
    "activityTypes.list": Operation("GET", "/v1/activityTypes", 20),
}


def _problem(body: Any) -> str:
    return "" if body.get("success") is True else "not_successful"


def _reason(call: Call, status: int, headers: Mapping[str, str], body: Any) -> str:
    return pipedrive_reason(status, headers, body, call.tokens, Scope.SEARCH in call.limits)


SERVICE = Service("Pipedrive", PIPEDRIVE, _reason, _problem)
