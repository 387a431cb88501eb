"""What each answer means: one table per service from (status, reason) to the error and whether to send again.

Sources: Pipedrive API reference (HTTP status codes, rate limiting), Google Calendar API guides "Handle API errors" and
"Manage quotas", google.aip.dev/193 for the newer form of Google's errors, RFC 6749 section 5.2 for the token endpoints.
Statuses may be a class ("4xx"); "none" is no answer at all; reasons may hold `*`, and "" stands for any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from fnmatch import fnmatchcase
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
    SEARCH = "search"
    PROJECT = "project"
    USER = "user"
    CALENDAR = "calendar"


class Rest(Enum):
    """How long nothing is sent where the answer does not say it."""

    GROWS = "a minute, and longer each time it did not help"
    DAY = "until the daily budget may be there again"


@dataclass(frozen=True, slots=True)
class Rule:
    """`maybe_done`: a write may have been carried out. `on_write`: what holds for a write, where that differs.

    `scope` rests for the length of `rest` (with Again.WAIT: once all tries were refused); None: as between two tries.
    """

    error: type[ServiceError]
    again: Again = Again.NEVER
    remedy: str = ""
    on_write: Rule | None = None
    maybe_done: bool = False
    scope: Scope | None = None
    rest: Rest | timedelta | None = None


Key: TypeAlias = tuple[int | str, str]
Table: TypeAlias = Mapping[Key, Rule]


_REFUSED_RECORD = Rule(FatalError, on_write=Rule(RecordError))
_TROUBLE = Rule(RetryableError, Again.WAIT, maybe_done=True)
# Gone is only what the service itself says is gone: a gateway in trouble answers 404, too.
_NO_PROOF: dict[Key, Rule] = {(status, reason): _TROUBLE for status in (404, 410) for reason in ("html", "unreadable")}
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
        rest=timedelta(minutes=15),
    ),
    **_NO_PROOF,
    (404, ""): Rule(NotFound),
    # Of a deal: "Entity is deleted. You must first restore it before you can edit".
    (400, "deleted"): Rule(NotFound),
    (405, ""): Rule(FatalError),
    (410, ""): Rule(NotFound),
    (415, ""): Rule(FatalError),
    (429, "burst"): Rule(RateLimited, Again.WAIT, scope=Scope.CREDENTIAL, rest=Rest.GROWS),
    (429, "search"): Rule(RateLimited, Again.WAIT, scope=Scope.SEARCH, rest=Rest.GROWS),
    (429, "daily"): Rule(
        BudgetExhausted,
        Again.LATER,
        "The company's daily token budget is used up.",
        scope=Scope.CREDENTIAL,
        rest=Rest.DAY,
    ),
    # Without its header it may just as well be the daily budget.
    (429, ""): Rule(RateLimited, Again.WAIT, scope=Scope.CREDENTIAL, rest=timedelta(minutes=15)),
}

_SHARE = "Share the calendar with this user (or service account) with the right to make changes to events."
_SCOPE = "Allow the credential the Calendar scopes: consent again, or edit the domain-wide delegation."

_API_OFF = "Enable the Google Calendar API in the credential's Cloud project."
_RENEW = "Renew the Google credential in the connection."
_FULL_CALENDAR = "Google allows no more changes to this calendar for some hours."


def _limit(scope: Scope, again: Again = Again.WAIT, rest: Rest | timedelta = Rest.GROWS, remedy: str = "") -> Rule:
    """A limit. Many writes to one calendar are refused like too many requests: those wait first, and only where reads
    are refused as well do all others (guide "Manage quotas").
    """
    rule = Rule(RateLimited if again is Again.WAIT else BudgetExhausted, again, remedy, scope=scope, rest=rest)
    return replace(rule, on_write=replace(rule, scope=Scope.CALENDAR))


_UNKNOWN_LIMIT = _limit(Scope.USER, Again.LATER, timedelta(minutes=15), "A limit of Google's is reached.")

GOOGLE: Table = {
    **_COMMON,
    (401, ""): Rule(CredentialRefused, Again.RENEW, _RENEW),
    # Any other reason is one item's once the credential proved to work: see `ABOUT_CREDENTIAL`.
    (403, ""): Rule(CredentialRefused, remedy=_SHARE),
    (403, "requiredAccessLevel"): Rule(CredentialRefused, remedy=_SHARE),
    (403, "authError"): Rule(CredentialRefused, remedy=_RENEW),
    (403, "insufficientPermissions"): Rule(CredentialRefused, remedy=_SCOPE),
    (403, "accessTokenScopeInsufficient"): Rule(CredentialRefused, remedy=_SCOPE),
    (403, "accessNotConfigured"): Rule(CredentialRefused, remedy=_API_OFF),
    (403, "serviceDisabled"): Rule(CredentialRefused, remedy=_API_OFF),
    (403, "notACalendarUser"): Rule(
        CredentialRefused, remedy="Switch Google Calendar on for this user, or correct `google_user`."
    ),
    (403, "forbiddenForNonOrganizer"): Rule(RecordError),
    (403, "forbiddenForServiceAccounts"): Rule(RecordError),
    (403, "cannotChangeOrganizer"): Rule(RecordError),
    (403, "rateLimitExceeded"): _limit(Scope.PROJECT),
    (403, "userRateLimitExceeded"): _limit(Scope.USER),
    (403, "resourceExhausted"): _limit(Scope.USER),
    (403, "dailyLimitExceeded*"): _limit(
        Scope.PROJECT, Again.LATER, timedelta(hours=1), "The Cloud project's daily limit is reached: raise it there."
    ),
    (403, "quotaExceeded"): replace(
        _limit(Scope.USER, Again.LATER, timedelta(minutes=15), "Google's usage limits are reached."),
        on_write=Rule(BudgetExhausted, Again.LATER, _FULL_CALENDAR, scope=Scope.CALENDAR, rest=timedelta(hours=3)),
    ),
    (403, "*[lL]imitExceeded*"): _UNKNOWN_LIMIT,
    (403, "usageLimits*"): _UNKNOWN_LIMIT,
    (403, "html"): Rule(
        BudgetExhausted, Again.LATER, "Google blocks requests.", scope=Scope.USER, rest=timedelta(minutes=15)
    ),
    **_NO_PROOF,
    (404, ""): Rule(NotFound),
    (409, ""): Rule(Duplicate),
    (409, "duplicate"): Rule(Duplicate),
    (409, "conflict"): Rule(RetryableError, Again.WAIT),
    (409, "aborted"): Rule(RetryableError, Again.WAIT),
    (410, ""): Rule(NotFound),
    (410, "deleted"): Rule(AlreadyDeleted),
    (410, "fullSyncRequired"): Rule(SyncTokenExpired),
    (410, "updatedMinTooLongAgo"): Rule(SyncTokenExpired),
    (412, ""): Rule(PreconditionFailed),
    (429, ""): _limit(Scope.USER),
    (429, "dailyLimitExceeded*"): _limit(
        Scope.PROJECT, Again.LATER, timedelta(hours=1), "The Cloud project's daily limit is reached: raise it there."
    ),
}

ABOUT_CREDENTIAL = frozenset(
    {"scope"}
    | {
        reason
        for (status, reason), rule in GOOGLE.items()
        if status == 403 and reason and issubclass(rule.error, CredentialRefused)
    }
)
"""Reasons of a 403 that are the credential's or the calendar's; any other is one item's if the credential works."""

# One try each: a token request that failed is made again with the request that needs the token.
TOKEN_ENDPOINT: Table = {
    **_COMMON,
    ("3xx", ""): Rule(CredentialRefused, remedy="Correct the token address: it redirects, which is not followed."),
    ("4xx", ""): Rule(CredentialRefused, remedy="Renew the credential in the connection."),
    ("4xx", "html"): Rule(
        RetryableError, Again.WAIT, "It answers with a web page. If that lasts, correct the token address."
    ),
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
    ("4xx", "redirect_uri_mismatch"): Rule(CredentialRefused, remedy="Register the page's address with the OAuth app."),
    (408, ""): _TROUBLE,
    (429, ""): Rule(RetryableError, Again.WAIT),
}


def rule_for(table: Table, status: int | None, reason: str) -> Rule:
    """The most special row for `status` (None: no answer) and `reason`."""
    key = _key_of(table, status, reason) or _key_of(table, status, "")
    return table[key] if key else _TROUBLE


def _key_of(table: Table, status: int | None, reason: str) -> Key | None:
    """The row that names `reason`: exactly, then by its pattern, of the status before those of its class."""
    kind = "none" if status is None else f"{status // 100}xx"
    for of_status in (kind if status is None else status, kind):
        if (of_status, reason) in table:
            return of_status, reason
        for known, pattern in table:
            if known == of_status and "*" in pattern and fnmatchcase(reason, pattern):
                return known, pattern
    return None


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


def pipedrive_reason(status: int, headers: Mapping[str, str], body: Any, tokens: int = 0, search: bool = False) -> str:
    """`body` is the parsed JSON object, or None; `tokens`: what the request costs; `search`: it was one.

    Which limit a 429 is about only the daily header tells: what is left of the burst may be another client's, or that
    of another window.
    """
    if status == 429:
        left = _number(headers, "x-daily-ratelimit-token-remaining")
        if left is not None and left < max(tokens, 1):
            return "daily"
        if search:
            return "search"
        return "burst" if left is not None else ""
    if body is None or (status in (404, 410) and body.get("success") is not False):
        return _unreadable(status, headers)
    if status == 403 and str(body.get("error")).startswith("Scope"):  # "Scope and URL mismatch"
        return "scope"
    known = code(body.get("code"))
    return "deleted" if status == 400 and known.endswith("_DELETED") else known


def google_reason(status: int, headers: Mapping[str, str], body: Any) -> str:
    """The first reason of the error body that the table knows, in either form of Google's errors, else the first one.

    A reason of the domain `usageLimits` that nobody knows is called `usageLimits_…`.
    """
    error = body.get("error") if body is not None else None
    if not isinstance(error, dict):
        return "" if status == 410 and not _is_html(headers) else _unreadable(status, headers)
    named = list(_named(error))
    known = (reason for _, reason in named if _key_of(GOOGLE, status, reason))
    unknown = (f"usageLimits_{reason}" if domain == "usageLimits" else reason for domain, reason in named)
    return next(known, "") or next(unknown, "")


def _named(error: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Domain and reason: of `errors` (Calendar API), of `details` (AIP-193), then its `status`.

    The newer form writes DAILY_LIMIT_EXCEEDED where the older has dailyLimitExceeded.
    """
    for member in ("errors", "details"):
        each = error.get(member)
        for one in each if isinstance(each, list) else ():
            if isinstance(one, dict) and code(one.get("reason")):
                yield str(one.get("domain")), _camel(code(one["reason"]))
    if code(error.get("status")):
        yield "", _camel(code(error["status"]))


def _camel(reason: str) -> str:
    if not reason.isupper():
        return reason
    first, *others = reason.lower().split("_")
    return first + "".join(word.title() for word in others)


def token_reason(status: int, headers: Mapping[str, str], body: Any) -> str:
    """The `error` of RFC 6749 section 5.2; "html" for a page, which says nothing of the credential."""
    if isinstance(body, dict):
        return code(body.get("error"))
    return "html" if _is_html(headers) else ""


def _unreadable(status: int, headers: Mapping[str, str]) -> str:
    """How an answer is called that is not the service's own."""
    if _is_html(headers):
        return "html"
    return "unreadable" if status in (404, 410) else ""


def _is_html(headers: Mapping[str, str]) -> bool:
    return "html" in headers.get("content-type", "").lower()
