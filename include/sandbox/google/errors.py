"""Google's error answers: which domain, message and location belong to a (status, reason).

Sources: Google Calendar API guide "Handle API errors" for the bodies it shows; the reference and Google's issue
threads for the others; AIP-193 for the newer form; RFC 6749 for those of the token endpoint.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from include.sandbox.base import Answer, json_answer

BEARER = 'Bearer realm="https://accounts.google.com/"'


@dataclass(frozen=True)
class _Shape:
    domain: str
    message: str
    location_type: str | None = None
    location: str | None = None


SHAPES: dict[tuple[int, str], _Shape] = {
    (400, "badRequest"): _Shape("global", "Bad Request"),
    (400, "invalid"): _Shape("global", "Invalid Value"),
    (400, "invalidParameter"): _Shape("global", "Invalid Parameter"),
    (400, "parseError"): _Shape("global", "Parse Error"),
    (400, "required"): _Shape("global", "Required"),
    (400, "timeRangeEmpty"): _Shape("calendar", "The specified time range is empty.", "parameter", "timeMax"),
    (401, "authError"): _Shape("global", "Invalid Credentials", "header", "Authorization"),
    (403, "accessNotConfigured"): _Shape("usageLimits", "Access Not Configured."),
    (403, "cannotChangeOrganizer"): _Shape("calendar", "The organizer of the event cannot be changed."),
    (403, "dailyLimitExceeded"): _Shape("usageLimits", "Daily Limit Exceeded"),
    (403, "forbidden"): _Shape("global", "Forbidden"),
    (403, "forbiddenForNonOrganizer"): _Shape(
        "calendar", "Shared properties can only be changed by the organizer of the event."
    ),
    (403, "forbiddenForServiceAccounts"): _Shape(
        "calendar", "Service accounts cannot invite attendees without Domain-Wide Delegation of Authority."
    ),
    (403, "insufficientPermissions"): _Shape("global", "Insufficient Permission"),
    (403, "limitExceeded"): _Shape("usageLimits", "Limit Exceeded"),
    (403, "notACalendarUser"): _Shape("calendar", "The user must be signed up for Google Calendar."),
    (403, "quotaExceeded"): _Shape("usageLimits", "Calendar usage limits exceeded."),
    (403, "rateLimitExceeded"): _Shape("usageLimits", "Rate Limit Exceeded"),
    (403, "requiredAccessLevel"): _Shape("calendar", "You need to have writer access to this calendar."),
    (403, "userRateLimitExceeded"): _Shape("usageLimits", "User Rate Limit Exceeded"),
    (404, "notFound"): _Shape("global", "Not Found"),
    (409, "conflict"): _Shape("global", "Conflict"),
    (409, "duplicate"): _Shape("global", "The requested identifier already exists."),
    (410, "deleted"): _Shape("global", "Resource has been deleted"),
    (410, "fullSyncRequired"): _Shape(
        "calendar", "Sync token is no longer valid, a full sync is required.", "parameter", "syncToken"
    ),
    (410, "updatedMinTooLongAgo"): _Shape(
        "calendar", "The requested minimum modification time lies too far in the past.", "parameter", "updatedMin"
    ),
    (412, "conditionNotMet"): _Shape("global", "Precondition Failed", "header", "If-Match"),
    (429, "rateLimitExceeded"): _Shape("usageLimits", "Rate Limit Exceeded"),
    (500, "backendError"): _Shape("global", "Backend Error"),
}

USUAL_REASONS = {
    400: "badRequest", 401: "authError", 403: "forbidden", 404: "notFound", 409: "conflict", 410: "deleted",
    412: "conditionNotMet", 429: "rateLimitExceeded",
}  # fmt: skip


@dataclass(eq=False)
class GoogleError(Exception):
    """An error answer. ``location`` names a query parameter, unless the shape says otherwise."""

    status: int
    reason: str
    message: str | None = None
    location: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        fallback = _Shape("global", "Backend Error" if self.status >= 500 else self.reason)
        shape = SHAPES.get((self.status, self.reason), fallback)
        message = self.message or shape.message
        detail = {"domain": shape.domain, "reason": self.reason, "message": message}
        location = self.location or shape.location
        if location:
            detail |= {"locationType": shape.location_type or "parameter", "location": location}
        return {"error": {"errors": [detail], "code": self.status, "message": message}}


@dataclass(eq=False)
class TokenError(Exception):
    """An error of the token endpoint (RFC 6749, section 5.2)."""

    status: int
    error: str
    description: str


def invalid(message: str = "Invalid Value", *, location: str | None = None) -> GoogleError:
    return GoogleError(400, "invalid", message, location)


def required(message: str) -> GoogleError:
    return GoogleError(400, "required", message)


def not_found() -> GoogleError:
    return GoogleError(404, "notFound")


def auth_error() -> GoogleError:
    return GoogleError(401, "authError", headers={"WWW-Authenticate": f'{BEARER}, error="invalid_token"'})


def insufficient_scope() -> GoogleError:
    headers = {"WWW-Authenticate": f'{BEARER}, error="insufficient_scope"'}
    return GoogleError(403, "insufficientPermissions", headers=headers)


def fault_error(status: int, reason: str | None) -> GoogleError:
    """The error answer that a fault asks for; without a reason the usual one of that status."""
    if status == 401:
        return auth_error()
    return GoogleError(status, reason or USUAL_REASONS.get(status, "backendError"))


def error_answer(error: GoogleError, form: str = "calendar") -> Answer:
    """``form``: see ``Options.error_form``."""
    body = error.body()
    if form != "calendar":
        own = body["error"] if form == "both" else {}
        body = {"error": {**own, **aip_body(error.status, error.reason, error.message)["error"]}}
    return json_answer(body, error.status, headers=error.headers)


AIP_STATUS = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ALREADY_EXISTS",
    410: "FAILED_PRECONDITION", 412: "FAILED_PRECONDITION", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL",
    503: "UNAVAILABLE",
}  # fmt: skip
AIP_REASONS = {"accessNotConfigured": "SERVICE_DISABLED", "insufficientPermissions": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}


def aip_body(status: int, reason: str, message: str | None = None) -> dict[str, Any]:
    """An error in the form of Google's newer APIs (AIP-193): ``status`` and ``details``, no ``errors``."""
    shape = SHAPES.get((status, reason), _Shape("global", reason))
    limit = shape.domain == "usageLimits" and reason not in AIP_REASONS
    name = AIP_REASONS.get(reason) or re.sub(r"(?<!^)(?=[A-Z])", "_", reason).upper()
    return {
        "error": {
            "code": status,
            "message": message or shape.message,
            "status": "RESOURCE_EXHAUSTED" if limit else AIP_STATUS.get(status, "UNKNOWN"),
            "details": [
                {
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": name,
                    "domain": "googleapis.com",
                    "metadata": {"service": "calendar-json.googleapis.com"},
                }
            ],
        }
    }
