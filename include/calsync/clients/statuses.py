"""What each answer means: one table per service from (status, reason) to the error and whether to send again.

Sources: Pipedrive API reference (HTTP status codes, rate limiting), Google Calendar API guides "Handle API errors" and
"Manage quotas", RFC 6749 section 5.2 for the token endpoints. Statuses may be a class ("4xx"); "none" is no answer at
all; the reason "" stands for any other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import Enum
from typing import Any, TypeAlias

from include.calsync.errors import (
    AlreadyDeleted,
    BudgetExhausted,
    CredentialRefused,
    Duplicate,
    FatalError,
    NotFound,
    PreconditionFailed,
    RateLimited,
    RecordError,
    RetryableError,
    ServiceError,
    SyncTokenExpired,
    TooLate,
)


class Again(Enum):
    """Whether the same request may be sent again."""

    NEVER = "never"
    WAIT = "after waiting"
    RENEW = "once, with a renewed credential"
    LATER = "not before the end of a pause"


class Scope(Enum):
    """Which of a request's limits the answer is about."""

    CREDENTIAL = "credential"
    PROJECT = "project"
    USER = "user"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True)
class Rule:
    """`maybe_done`: a write may have been carried out. `on_write`: the error of a write, where it differs.

    `rest_s`: how long nothing is sent if all tries were refused and the answers did not say for how long.
    """

    error: type[ServiceError]
    again: Again = Again.NEVER
    remedy: str = ""
    on_write: type[ServiceError] | None = None
    maybe_done: bool = False
    scope: Scope | None = None
    until: Callable[[datetime], datetime] | None = None
    rest_s: float = 0.0


Key: TypeAlias = tuple[int | str, str]
Table: TypeAlias = Mapping[Key, Rule]


def next_midnight(now: datetime) -> datetime:
    """The coming midnight UTC: Pipedrive resets its daily budget at a midnight whose zone it does not name."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)


def after(**length: float) -> Callable[[datetime], datetime]:
    """The end of a pause of that length (arguments of timedelta)."""
    return lambda now: now + timedelta(**length)


_REFUSED_RECORD = Rule(FatalError, on_write=RecordError)
_TROUBLE = Rule(RetryableError, Again.WAIT, maybe_done=True)
_REDIRECT = Rule(FatalError, remedy="Correct the address in the connection: it redirects, which is not followed.")

_COMMON: dict[Key, Rule] = {
    ("none", "not_sent"): Rule(RetryableError, Again.WAIT),
    ("none", "too_late"): Rule(TooLate),
    ("none", "no_answer"): _TROUBLE,
    ("none", "too_large"): Rule(RetryableError, maybe_done=True),
    ("none", "invalid_address"): Rule(FatalError, remedy="Correct the address in the connection."),
    ("2xx", "unreadable"): _TROUBLE,
    ("1xx", ""): _TROUBLE,
    ("3xx", ""): _REDIRECT,
    ("4xx", ""): _REFUSED_RECORD,
    (408, ""): _TROUBLE,
    ("5xx", ""): _TROUBLE,
}

PIPEDRIVE: Table = {
    **_COMMON,
    ("2xx", "not_successful"): _TROUBLE,
    (401, ""): Rule(CredentialRefused, Again.RENEW, "Enter a valid API token, or authorise again, in the connection."),
    (402, ""): Rule(CredentialRefused, remedy="Check the subscription: the company's Pipedrive account is not open."),
    (403, ""): Rule(CredentialRefused, remedy="Give the token's user the permission, or the app the missing scope."),
    (403, "html"): Rule(
        BudgetExhausted,
        Again.LATER,
        "See what else uses this credential: requests are blocked for ignoring the rate limit.",
        scope=Scope.CREDENTIAL,
        until=after(minutes=15),
    ),
    (404, ""): Rule(NotFound),
    # Of a deal: "Entity is deleted. You must first restore it before you can edit".
    (400, "deleted"): Rule(NotFound),
    (405, ""): Rule(FatalError),
    (410, ""): Rule(NotFound),
    (415, ""): Rule(FatalError),
    # Without its headers it may just as well be the daily budget.
    (429, "burst"): Rule(RateLimited, Again.WAIT, scope=Scope.CREDENTIAL, rest_s=3600),
    (429, "daily"): Rule(
        BudgetExhausted,
        Again.LATER,
        "The company's daily token budget is used up.",
        scope=Scope.CREDENTIAL,
        until=next_midnight,
    ),
}

_SHARE = "Share the calendar with this user (or service account) with the right to make changes to events."
_SCOPE = "Allow the credential the Calendar scopes: consent again, or edit the domain-wide delegation."

GOOGLE: Table = {
    **_COMMON,
    (401, ""): Rule(CredentialRefused, Again.RENEW, "Renew the Google credential in the connection."),
    (403, ""): Rule(CredentialRefused, remedy=_SHARE),
    (403, "forbidden"): Rule(CredentialRefused, remedy=_SHARE),
    (403, "requiredAccessLevel"): Rule(CredentialRefused, remedy=_SHARE),
    (403, "insufficientPermissions"): Rule(CredentialRefused, remedy=_SCOPE),
    (403, "accessNotConfigured"): Rule(
        CredentialRefused, remedy="Enable the Google Calendar API in the credential's Cloud project."
    ),
    (403, "forbiddenForNonOrganizer"): Rule(RecordError),
    (403, "rateLimitExceeded"): Rule(RateLimited, Again.WAIT, scope=Scope.PROJECT, rest_s=900),
    (403, "userRateLimitExceeded"): Rule(RateLimited, Again.WAIT, scope=Scope.USER, rest_s=900),
    (403, "quotaExceeded"): Rule(
        BudgetExhausted,
        Again.LATER,
        "Google allows no more changes to this calendar for some hours.",
        scope=Scope.CALENDAR,
        until=after(hours=3),
    ),
    (403, "html"): Rule(
        BudgetExhausted, Again.LATER, "Google blocks requests.", scope=Scope.USER, until=after(minutes=15)
    ),
    (404, ""): Rule(NotFound),
    (409, ""): Rule(Duplicate),
    (409, "conflict"): Rule(RetryableError, Again.WAIT),
    (410, ""): Rule(NotFound),
    (410, "deleted"): Rule(AlreadyDeleted),
    (410, "fullSyncRequired"): Rule(SyncTokenExpired),
    (410, "updatedMinTooLongAgo"): Rule(SyncTokenExpired),
    (412, ""): Rule(PreconditionFailed),
    (429, ""): Rule(RateLimited, Again.WAIT, scope=Scope.USER, rest_s=900),
}

# One try each: a token request that failed is made again with the request that needs the token.
TOKEN_ENDPOINT: Table = {
    **_COMMON,
    ("3xx", ""): Rule(CredentialRefused, remedy="Correct the token address: it redirects, which is not followed."),
    ("4xx", ""): Rule(CredentialRefused, remedy="Renew the credential in the connection."),
    ("4xx", "invalid_grant"): Rule(
        CredentialRefused,
        remedy="Consent again, or correct the user: the consent expired or was withdrawn, or there is no such user to "
        "act for.",
    ),
    ("4xx", "unauthorized_client"): Rule(
        CredentialRefused,
        remedy="Allow the service account's client id these scopes: Google Admin console, domain-wide delegation.",
    ),
    ("4xx", "invalid_client"): Rule(CredentialRefused, remedy="Correct client id and client secret in the connection."),
    ("4xx", "invalid_scope"): Rule(CredentialRefused, remedy=_SCOPE),
    (408, ""): _TROUBLE,
    (429, ""): Rule(RetryableError, Again.WAIT),
}


def rule_for(table: Table, status: int | None, reason: str) -> Rule:
    """The most special row for `status` (None: no answer) and `reason`."""
    kind = "none" if status is None else f"{status // 100}xx"
    exact: int | str = kind if status is None else status
    for key in ((exact, reason), (kind, reason), (exact, ""), (kind, "")):
        if key in table:
            return table[key]
    return _TROUBLE


def said(status: int | None, reason: str) -> str:
    """How messages name an answer: `403 forbidden`, `no answer`."""
    return reason.replace("_", " ") if status is None else f"{status} {reason}".strip()


def code(value: object) -> str:
    """`value` if it is a plain word that may be shown, else "": free texts may quote what a person typed."""
    return value if isinstance(value, str) and re.fullmatch(r"\w{1,60}", value, re.ASCII) else ""


def _number(headers: Mapping[str, str], name: str) -> int | None:
    try:
        return int(headers[name])
    except (KeyError, ValueError):
        return None


def pipedrive_reason(status: int, headers: Mapping[str, str], body: Any) -> str:
    """`body` is the parsed JSON, or None. 429 is the burst limit, or the daily budget if the burst is not used up."""
    if status == 429:
        left = _number(headers, "x-ratelimit-remaining")
        return "daily" if left or _number(headers, "x-daily-ratelimit-token-remaining") == 0 else "burst"
    if body is None and _is_html(headers):
        return "html"
    if not isinstance(body, dict):
        return ""
    if status == 403 and str(body.get("error")).startswith("Scope"):  # "Scope and URL mismatch"
        return "scope"
    known = code(body.get("code"))
    return "deleted" if status == 400 and known.endswith("_DELETED") else known


def google_reason(status: int, headers: Mapping[str, str], body: Any) -> str:
    """The first reason of the error body, e.g. `fullSyncRequired`."""
    if body is None:
        return "html" if _is_html(headers) else ""
    try:
        return code(body["error"]["errors"][0]["reason"])
    except (KeyError, IndexError, TypeError):
        return ""


def token_reason(status: int, headers: Mapping[str, str], body: Any) -> str:
    """The `error` of RFC 6749 section 5.2."""
    return code(body.get("error")) if isinstance(body, dict) else ""


def _is_html(headers: Mapping[str, str]) -> bool:
    return "html" in headers.get("content-type", "").lower()
