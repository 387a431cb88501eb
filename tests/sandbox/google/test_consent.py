"""Google's consent page and the swap of its code. Each test names who says so.

Web: "Using OAuth 2.0 for Web Server Applications". Granular: "How to handle granular permissions".
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from include.sandbox.google.consent_page import AUTH_PATH
from include.sandbox.google.scopes import SCOPE
from include.sandbox.google.service import GoogleService
from include.sandbox.google.state import GoogleState
from tests.sandbox.google.api import ANNA, BOB

BACK = "https://airflow.example/calsync/connect/google/done"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
TWO = f"{SCOPE}calendar.events {SCOPE}calendar.calendars.readonly"


@pytest.fixture(autouse=True)
def registered(state: GoogleState) -> None:
    state.options.app_redirect_uris = {BACK}


def asked(state: GoogleState, **changes: str | None) -> dict[str, str]:
    """An authorization request's parameters; None leaves one out."""
    query: dict[str, str | None] = {
        "client_id": state.options.app_client_id, "redirect_uri": BACK, "response_type": "code", "scope": TWO,
        "state": "s&1", "access_type": "offline", "prompt": "consent", **changes,
    }  # fmt: skip
    return {name: value for name, value in query.items() if value is not None}


def show(google: GoogleService, **changes: str | None) -> requests.Response:
    return requests.get(google.url + AUTH_PATH, params=asked(google.state, **changes), timeout=10)


def decide(
    google: GoogleService, *ticked: str, account: str = ANNA, action: str = "allow", **changes: str | None
) -> dict[str, str]:
    """What the app gets back for a person's answer."""
    fields = {f"scope_{each}": "yes" for each in ticked} | {"account": account, "action": action}
    url, params = google.url + AUTH_PATH, asked(google.state, **changes)
    answer = requests.post(url, params=params, data=fields, allow_redirects=False, timeout=10)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{BACK}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def swap(google: GoogleService, code: str, **changes: str | None) -> requests.Response:
    options = google.state.options
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK,
            "client_id": options.app_client_id, "client_secret": options.app_client_secret, **changes}  # fmt: skip
    return requests.post(google.state.auth.token_uri, data=form, timeout=10)


def refusal(answer: requests.Response) -> tuple[int, str, str]:
    body = answer.json()
    return answer.status_code, body["error"], body["error_description"]


ALL = "calendar.events", "calendar.calendars.readonly"


def test_the_page_shows_accounts_and_scopes_and_no_frame_shows_it(google: GoogleService) -> None:
    """Web: login_hint picks the account; measured: accounts.google.com refuses frames."""
    answer = show(google, login_hint=BOB)
    assert answer.status_code == 200
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert 'value="bob@acme.example" required checked' in answer.text
    assert 'value="anna@acme.example" required>' in answer.text
    for scope in ALL:
        assert f'name="scope_{scope}"' in answer.text
    assert "View and edit events on all your calendars" in answer.text


def test_a_code_is_swapped_for_tokens_that_open_the_calendar(google: GoogleService) -> None:
    """Web: code, state and scope come back; access_token, expires_in, refresh_token, scope, token_type."""
    back = decide(google, *ALL, account=BOB)
    assert (back["state"], set(back["scope"].split())) == ("s&1", set(TWO.split()))
    made = swap(google, back["code"]).json()
    assert set(made) == {"access_token", "expires_in", "refresh_token", "scope", "token_type"}
    assert (made["token_type"], made["expires_in"], set(made["scope"].split())) == ("Bearer", 3599, set(TWO.split()))
    headers = {"Authorization": f"Bearer {made['access_token']}"}
    mine = requests.get(f"{google.url}/calendar/v3/calendars/primary", headers=headers, timeout=10).json()
    assert mine["id"] == BOB
    form = {"grant_type": "refresh_token", "refresh_token": made["refresh_token"],
            "client_id": google.state.options.app_client_id,
            "client_secret": google.state.options.app_client_secret}  # fmt: skip
    assert requests.post(google.state.auth.token_uri, data=form, timeout=10).status_code == 200
    assert made["refresh_token"] not in repr(google.requests)
    assert back["code"] not in repr(google.requests)


def test_scopes_can_be_unticked_and_the_answer_says_what_was_granted(google: GoogleService) -> None:
    """Granular: check which scopes were granted."""
    back = decide(google, "calendar.events")
    assert back["scope"] == f"{SCOPE}calendar.events"
    made = swap(google, back["code"]).json()
    assert made["scope"] == f"{SCOPE}calendar.events"
    headers = {"Authorization": f"Bearer {made['access_token']}"}
    assert requests.get(f"{google.url}/calendar/v3/calendars/primary", headers=headers, timeout=10).status_code == 403


def test_one_scope_has_no_box(google: GoogleService) -> None:
    """Granular: boxes only where more than one scope is asked for."""
    one = f"{SCOPE}calendar.events"
    assert "checkbox" not in show(google, scope=one).text
    assert decide(google, scope=one)["scope"] == one


@pytest.mark.parametrize(("ticked", "action"), [(ALL, "deny"), ((), "allow")])
def test_who_denies_or_ticks_nothing_is_sent_back_with_an_error(
    google: GoogleService, ticked: tuple[str, ...], action: str
) -> None:
    """Web: error=access_denied."""
    assert decide(google, *ticked, action=action) == {"error": "access_denied", "state": "s&1"}


def test_a_code_lives_ten_minutes_and_is_taken_once(google: GoogleService) -> None:
    """RFC 6749, 4.1.2: at most ten minutes, single use."""
    code = decide(google, *ALL)["code"]
    google.clock.advance(599)
    assert swap(google, code).status_code == 200
    assert refusal(swap(google, code)) == (400, "invalid_grant", "Bad Request")
    code = decide(google, *ALL)["code"]
    google.clock.advance(600)
    assert refusal(swap(google, code)) == (400, "invalid_grant", "Bad Request")
    assert refusal(swap(google, "")) == (400, "invalid_grant", "Malformed auth code.")


def test_the_verifier_must_fit_the_challenge(google: GoogleService) -> None:
    """RFC 7636, 4.6; web: code_challenge_method S256 or plain (default)."""

    def tried(verifier: str | None, **challenge: Any) -> requests.Response:
        return swap(google, decide(google, *ALL, **challenge)["code"], code_verifier=verifier)

    hashed = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    assert tried(VERIFIER, **hashed).status_code == 200
    assert refusal(tried(None, **hashed)) == (400, "invalid_grant", "Missing code verifier.")
    assert refusal(tried("w" * 43, **hashed)) == (400, "invalid_grant", "Invalid code verifier.")
    assert tried(VERIFIER, code_challenge=VERIFIER).status_code == 200
    assert show(google, code_challenge=CHALLENGE, code_challenge_method="S512").status_code == 400


def test_a_refresh_token_comes_with_a_new_consent_only(google: GoogleService) -> None:
    """Web: access_type=offline, at the first authorization, or with prompt=consent."""

    def comes(**changes: Any) -> bool:
        return "refresh_token" in swap(google, decide(google, *ALL, **changes)["code"]).json()

    assert not comes(access_type=None, prompt=None)
    assert comes(prompt=None)
    assert not comes(prompt=None)
    assert comes(prompt="consent")
    assert comes(prompt=None, account=BOB)
    assert not comes(access_type="online")


def test_earlier_scopes_are_included_on_request(google: GoogleService) -> None:
    """Web: include_granted_scopes."""
    swap(google, decide(google, "calendar.events")["code"])
    assert decide(google, "calendar.calendars.readonly")["scope"] == f"{SCOPE}calendar.calendars.readonly"
    back = decide(google, "calendar.calendars.readonly", include_granted_scopes="true")
    assert set(back["scope"].split()) == set(TWO.split())


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_id": "another"}, 401, "invalid_client"),
        ({"redirect_uri": f"{BACK}/"}, 400, "redirect_uri_mismatch"),
        ({"redirect_uri": None}, 400, "redirect_uri_mismatch"),
        ({"response_type": "token"}, 400, "unsupported_response_type"),
        ({"scope": None}, 400, "invalid_request"),
        ({"scope": f"{SCOPE}calendar.all"}, 400, "invalid_scope"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_told_to_the_person_not_to_the_app(
    google: GoogleService, changes: dict[str, str | None], status: int, error: str
) -> None:
    """Web: "Authorization errors" are shown by Google; RFC 6749, 4.1.2.1: no redirect to an address not registered."""
    for send in (requests.get, requests.post):
        params = asked(google.state, **changes)
        answer = send(google.url + AUTH_PATH, params=params, allow_redirects=False, timeout=10)
        assert answer.status_code == status
        assert error in answer.text
        assert answer.headers["X-Frame-Options"] == "DENY"


def test_the_swap_names_client_and_redirect_uri_again(google: GoogleService) -> None:
    """RFC 6749, 4.1.3 and 5.2; web: redirect_uri_mismatch."""
    code = decide(google, *ALL)["code"]
    assert refusal(swap(google, code, client_id="another"))[:2] == (401, "invalid_client")
    assert refusal(swap(google, code, client_secret="wrong"))[:2] == (401, "invalid_client")
    assert refusal(swap(google, code, redirect_uri=f"{BACK}/"))[:2] == (400, "redirect_uri_mismatch")
    assert refusal(swap(google, code))[:2] == (400, "invalid_grant")


def test_a_withdrawn_consent_ends_both_tokens(google: GoogleService) -> None:
    """RFC 7009, 2.1; our own switch."""
    made = swap(google, decide(google, *ALL)["code"]).json()
    google.state.revoke(ANNA)
    headers = {"Authorization": f"Bearer {made['access_token']}"}
    assert requests.get(f"{google.url}/calendar/v3/calendars/primary", headers=headers, timeout=10).status_code == 401
    assert "refresh_token" in swap(google, decide(google, *ALL, prompt=None)["code"]).json()
