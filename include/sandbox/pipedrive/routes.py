"""Every operation: where it lives, its name in the request log, its price in tokens, who may call it.

Prices and scopes: "Pipedrive OpenAPI v1" and "v2" (`x-token-cost`, `security`).
"""

from __future__ import annotations

from dataclasses import dataclass

from include.sandbox.base import Call
from include.sandbox.pipedrive import api_v1, api_v2
from include.sandbox.pipedrive.api_v2 import Handler

ACTIVITIES = ("activities:read", "activities:full")
DEALS = ("deals:read", "deals:full")
CONTACTS = ("contacts:read", "contacts:full")
LEADS = ("leads:read", "leads:full")
USERS = ("users:read",)


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    """`*` stands for one segment."""
    operation: str
    tokens: int
    scopes: tuple[str, ...]
    handle: Handler

    @property
    def is_search(self) -> bool:
        return self.operation.endswith(".search")

    def fits(self, method: str, segments: tuple[str, ...]) -> bool:
        pattern = self.path.split("/")
        same = len(pattern) == len(segments) and all(p in ("*", s) for p, s in zip(pattern, segments, strict=True))
        return method == self.method and same


ROUTES = (
    Route("GET", "api/v2/activities", "activities.list", 10, ACTIVITIES, api_v2.list_rows("activity")),
    Route("POST", "api/v2/activities", "activities.create", 5, ("activities:full",), api_v2.create_activity),
    Route("GET", "api/v2/activities/*", "activities.get", 1, ACTIVITIES, api_v2.get_row("activity")),
    Route("PATCH", "api/v2/activities/*", "activities.update", 5, ("activities:full",), api_v2.edit_activity),
    Route("DELETE", "api/v2/activities/*", "activities.delete", 3, ("activities:full",), api_v2.delete_activity),
    Route("GET", "api/v2/persons", "persons.list", 10, CONTACTS, api_v2.list_rows("person")),
    Route("GET", "api/v2/persons/search", "persons.search", 20, CONTACTS, api_v2.search_persons),
    Route("GET", "api/v2/persons/*", "persons.get", 1, CONTACTS, api_v2.get_row("person")),
    Route("PATCH", "api/v2/persons/*", "persons.update", 5, ("contacts:full",), api_v2.edit_row("person")),
    Route("GET", "api/v2/organizations", "organizations.list", 10, CONTACTS, api_v2.list_rows("organization")),
    Route("GET", "api/v2/organizations/*", "organizations.get", 1, CONTACTS, api_v2.get_row("organization")),
    Route(
        "PATCH",
        "api/v2/organizations/*",
        "organizations.update",
        5,
        ("contacts:full",),
        api_v2.edit_row("organization"),
    ),
    Route("GET", "api/v2/deals", "deals.list", 10, DEALS, api_v2.list_rows("deal")),
    Route("GET", "api/v2/deals/archived", "deals.archived", 20, DEALS, api_v2.list_rows("deal", archived=True)),
    Route("GET", "api/v2/deals/*", "deals.get", 1, DEALS, api_v2.get_row("deal")),
    Route("PATCH", "api/v2/deals/*", "deals.update", 5, ("deals:full",), api_v2.edit_row("deal")),
    Route("GET", "api/v2/activityFields/*", "activityFields.get", 1, ("admin",), api_v2.get_activity_field),
    Route("GET", "v1/users", "users.list", 20, USERS, api_v1.list_users),
    Route("GET", "v1/users/me", "users.me", 2, ("base", *USERS), api_v1.get_me),
    Route("GET", "v1/users/*", "users.get", 2, USERS, api_v1.get_user),
    Route("GET", "v1/userConnections", "userConnections.get", 20, ("base",), api_v1.get_connections),
    Route("GET", "v1/activityTypes", "activityTypes.list", 20, ACTIVITIES, api_v1.list_types),
    Route("GET", "v1/leads", "leads.list", 20, LEADS, api_v1.list_leads),
    Route("GET", "v1/leads/*", "leads.get", 2, LEADS, api_v1.get_lead),
)


def find(call: Call) -> Route | None:
    """The route of a call."""
    return next((route for route in ROUTES if route.fits(call.method, _segments(call))), None)


def is_known_path(call: Call) -> bool:
    """Whether another method would find a route."""
    return any(route.fits(route.method, _segments(call)) for route in ROUTES)


def _segments(call: Call) -> tuple[str, ...]:
    """A company's own host serves v1 below /v1/ and below /api/v1/ alike."""
    return call.segments[1:] if call.segments[:2] == ("api", "v1") else call.segments
