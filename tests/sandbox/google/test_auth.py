"""The token endpoint, access tokens and scopes.

Sources: "Using OAuth 2.0 for server to server applications"; RFC 6749; discovery document for scopes.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from include.sandbox.google.auth import JWT_GRANT, SERVICE_ACCOUNT
from include.sandbox.google.service import GoogleService
from include.sandbox.google.state import GoogleState
from tests.sandbox.google.api import ANNA, BOB, EVE, SCOPE, TIMED, Api

Login = Callable[..., Api]


def assertion(state: GoogleState, *, private_key: str | None = None, algorithm: str = "RS256", **claims: Any) -> str:
    key = state.service_account_key()
    now = int(time.time())
    body = {
        "iss": key["client_email"],
        "aud": key["token_uri"],
        "scope": SCOPE + "calendar",
        "iat": now,
        "exp": now + 3600,
        **claims,
    }
    return jwt.encode(body, private_key or key["private_key"], algorithm, headers={"kid": key["private_key_id"]})


def ask(state: GoogleState, signed: str) -> requests.Response:
    form = {"grant_type": JWT_GRANT, "assertion": signed}
    return requests.post(state.service_account_key()["token_uri"], data=form, timeout=10)


def refresh(client: dict[str, str], **changes: str) -> requests.Response:
    form = {name: value for name, value in client.items() if name != "token_uri"}
    form |= {"grant_type": "refresh_token", **changes}
    return requests.post(client["token_uri"], data=form, timeout=10)


def test_a_signed_assertion_yields_a_bearer_token(state: GoogleState) -> None:
    """Server to server: the answer has access_token, expires_in, token_type."""
    answer = ask(state, assertion(state, sub=ANNA))
    assert answer.status_code == 200
    made = answer.json()
    assert (made["token_type"], made["expires_in"], made["scope"]) == ("Bearer", 3599, SCOPE + "calendar")
    headers = {"Authorization": f"Bearer {made['access_token']}"}
    found = requests.get(f"{state.auth.token_uri[:-6]}/calendar/v3/calendars/primary", headers=headers, timeout=10)
    assert found.json()["id"] == ANNA


def test_a_signature_of_another_key_is_refused(state: GoogleState) -> None:
    """Server to server, JWT error codes: Invalid JWT Signature."""
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    answer = ask(state, assertion(state, sub=ANNA, private_key=other.decode()))
    assert answer.status_code == 400
    assert answer.json() == {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://elsewhere.example/token"},
        {"iss": "other@project.iam.gserviceaccount.com"},
        {"exp": int(time.time()) - 3600, "iat": int(time.time()) - 7200},
        {"iat": int(time.time()) + 3600, "exp": int(time.time()) + 7200},
        {"exp": int(time.time()) + 7200},
    ],
    ids=["audience", "issuer", "expired", "future", "longer than an hour"],
)
def test_wrong_claims_are_invalid_grant(state: GoogleState, claims: dict[str, Any]) -> None:
    answer = ask(state, assertion(state, **claims))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_an_unsigned_assertion_is_refused(state: GoogleState) -> None:
    parts = assertion(state).split(".")
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    for forged in (f"{head}.{parts[1]}.", "nonsense", f"{parts[0]}.{parts[1]}.{parts[2][:-4]}AAAA"):
        assert ask(state, forged).json()["error"] == "invalid_grant"


def test_delegation_only_to_known_users(state: GoogleState) -> None:
    answer = ask(state, assertion(state, sub=EVE))
    assert answer.json() == {"error": "invalid_grant", "error_description": "Invalid email or User ID"}


def test_delegation_only_for_the_scopes_of_the_admin_console(state: GoogleState) -> None:
    """Server to server, JWT error codes: unauthorized_client."""
    state.delegate("calendar.events")
    answer = ask(state, assertion(state, sub=ANNA))
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized_client")
    assert ask(state, assertion(state, sub=ANNA, scope=SCOPE + "calendar.events")).status_code == 200
    assert ask(state, assertion(state)).status_code == 200  # the service account's own login needs no delegation


def test_other_grants_are_refused(state: GoogleState) -> None:
    """RFC 6749, section 5.2."""
    form = {"grant_type": "password", "username": ANNA}
    answer = requests.post(state.auth.token_uri, data=form, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


def test_refresh_token_grant(google: GoogleService, state: GoogleState) -> None:
    """Google identity, "Using OAuth 2.0 for web server applications": refreshing an access token."""
    client = state.oauth_client(BOB, [SCOPE + "calendar.events"])
    made = refresh(client).json()
    assert (made["expires_in"], made["scope"]) == (3599, SCOPE + "calendar.events")
    headers = {"Authorization": f"Bearer {made['access_token']}"}
    url = f"{google.url}/calendar/v3/calendars/primary/events"
    assert requests.get(url, headers=headers, timeout=10).json()["summary"] == BOB


def test_refresh_with_wrong_parts(state: GoogleState) -> None:
    client = state.oauth_client(BOB)
    assert refresh(client, refresh_token="1//other").json()["error"] == "invalid_grant"
    wrong = refresh(client, client_secret="other")
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert refresh(client, scope=SCOPE + "drive").json()["error"] == "invalid_scope"
    state.revoke(BOB)
    assert refresh(client).json() == {
        "error": "invalid_grant",
        "error_description": "Token has been expired or revoked.",
    }
    assert refresh(state.oauth_client(BOB)).status_code == 200  # a new consent


def test_401_without_a_valid_token(google: GoogleService) -> None:
    """Guide "Handle API errors": 401 authError, location Authorization."""
    url = f"{google.url}/calendar/v3/calendars/primary/events"
    for headers in ({}, {"Authorization": "Bearer ya29.other"}, {"Authorization": "Basic eA=="}):
        answer = requests.get(url, headers=headers, timeout=10)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
        message = "Invalid Credentials"
        detail = {"domain": "global", "reason": "authError", "message": message,
                  "locationType": "header", "location": "Authorization"}  # fmt: skip
        assert answer.json() == {"error": {"errors": [detail], "code": 401, "message": message}}


def test_access_tokens_expire_by_the_sandbox_clock(google: GoogleService, state: GoogleState) -> None:
    token = ask(state, assertion(state, sub=ANNA)).json()["access_token"]
    url, headers = f"{google.url}/calendar/v3/calendars/primary", {"Authorization": f"Bearer {token}"}
    google.clock.advance(3590)
    assert requests.get(url, headers=headers, timeout=10).status_code == 200
    google.clock.advance(10)
    assert requests.get(url, headers=headers, timeout=10).status_code == 401


def test_expired_on_demand_is_401_once_for_a_client_that_refreshes(anna: Api, state: GoogleState) -> None:
    anna.page()
    state.expire_access_tokens(ANNA)
    anna.page()
    assert [each.status for each in anna.google.requests[-3:]] == [401, 200, 200]


def test_revoked_delegation(anna: Api, bob: Api, state: GoogleState) -> None:
    anna.page()
    state.revoke(ANNA)
    assert ask(state, assertion(state, sub=ANNA)).json()["error"] == "invalid_grant"
    bob.page()
    state.restore(ANNA)
    assert ask(state, assertion(state, sub=ANNA)).status_code == 200


@pytest.mark.parametrize(
    ("scope", "allowed", "refused"),
    [
        ("calendar.events", ("list", "insert"), ("calendars", "calendarList")),
        ("calendar.events.readonly", ("list",), ("insert", "calendars", "calendarList")),
        ("calendar.calendarlist.readonly", ("calendarList",), ("list", "insert", "calendars")),
        ("calendar.readonly", ("list", "calendarList", "get"), ("insert", "calendars")),
        ("calendar.calendars", ("calendars", "get"), ("list", "insert", "calendarList")),
        ("calendar.freebusy", (), ("list", "insert", "calendars", "calendarList", "get")),
        ("drive", (), ("list", "insert", "calendars", "calendarList", "get")),
    ],
)
def test_scopes(login: Login, scope: str, allowed: tuple[str, ...], refused: tuple[str, ...]) -> None:
    """Discovery document: the scopes of each method. Lacking ones are 403 insufficientPermissions."""
    api = login(ANNA, (scope,))
    calls: dict[str, tuple[str, str, Any]] = {
        "list": ("GET", "calendars/primary/events", None),
        "insert": ("POST", "calendars/primary/events", TIMED),
        "get": ("GET", "calendars/primary", None),
        "calendars": ("POST", "calendars", {"summary": "CRM"}),
        "calendarList": ("GET", "users/me/calendarList", None),
    }
    for name in allowed:
        api.ok(*calls[name])
    for name in refused:
        assert api.error(*calls[name]) == (403, "insufficientPermissions")


def test_scopes_that_reach_some_calendars_only(login: Login, state: GoogleState) -> None:
    """Discovery document, descriptions of calendar.events.owned, calendar.app.created and calendar.events.freebusy."""
    shared = state.add_calendar(BOB, "Bob's")
    state.share(shared, ANNA, "writer")
    state.add_event(ANNA, summary="Secret", **TIMED)
    owned = login(ANNA, ("calendar.events.owned",))
    owned.insert()
    assert owned.error("GET", f"calendars/{shared}/events") == (403, "insufficientPermissions")
    app = login(ANNA, ("calendar.app.created",))
    made = app.ok("POST", "calendars", {"summary": "CRM"})["id"]
    app.insert(calendar=made)
    assert app.error("POST", "calendars/primary/events", TIMED) == (403, "insufficientPermissions")
    busy = login(ANNA, ("calendar.events.freebusy",)).page()
    assert busy["accessRole"] == "freeBusyReader"
    assert "summary" not in busy["items"][0]


def test_a_plain_service_account_is_itself(login: Login, state: GoogleState) -> None:
    """ "primary" is the main calendar of the authenticated user; a calendar it was given is reached by id only."""
    plain = login(None)
    assert plain.ok("GET", "calendars/primary")["id"] == SERVICE_ACCOUNT
    assert plain.error("GET", f"calendars/{ANNA}/events") == (404, "notFound")
    state.share(ANNA, SERVICE_ACCOUNT, "writer")
    made = plain.insert(calendar=ANNA)
    assert made["organizer"] == {"email": ANNA, "self": True}
    assert made["creator"] == {"email": SERVICE_ACCOUNT}
    assert [each["id"] for each in plain.ok("GET", "users/me/calendarList")["items"]] == [SERVICE_ACCOUNT]
    plain.ok("POST", "users/me/calendarList", {"id": ANNA})
    assert [each["id"] for each in plain.ok("GET", "users/me/calendarList")["items"]] == [SERVICE_ACCOUNT, ANNA]


def test_no_secret_reaches_the_request_log(google: GoogleService, state: GoogleState) -> None:
    client = state.oauth_client(ANNA)
    refresh(client)
    ask(state, assertion(state))
    assert [each.body for each in google.requests] == [{"grant_type": "refresh_token"}, {"grant_type": JWT_GRANT}]
    assert [each.operation for each in google.requests] == ["token", "token"]
