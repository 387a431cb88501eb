"""Pipedrive's consent page and the swap of its code. Each test names who says so.

Docs: Pipedrive marketplace documentation, "OAuth authorization"; codes: its "OAuth status codes".
"""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from include.sandbox.base import Service
from include.sandbox.pipedrive.consent_page import AUTH_PATH
from include.sandbox.pipedrive.state import PipedriveState

BACK = "https://airflow.example/calsync/connect/pipedrive/done"


@pytest.fixture(autouse=True)
def registered(company: PipedriveState) -> None:
    company.options.app_redirect_uri = BACK


def asked(company: PipedriveState, **changes: str) -> dict[str, str]:
    return {"client_id": company.options.app_client_id, "redirect_uri": BACK, "state": "s&1", **changes}


def decide(pipedrive: Service, action: str = "allow", user: str = "11") -> dict[str, str]:
    """What the app gets back for a person's answer."""
    answer = requests.post(
        pipedrive.url + AUTH_PATH, params=asked(pipedrive.state), data={"action": action, "user": user},
        allow_redirects=False, timeout=10,
    )  # fmt: skip
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{BACK}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def swap(pipedrive: Service, code: str, *, secret: str | None = None, **changes: str) -> requests.Response:
    options = pipedrive.state.options
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, **changes}
    login = options.app_client_id, secret or options.app_client_secret
    return requests.post(f"{pipedrive.url}/oauth/token", data=form, auth=login, timeout=10)


def test_the_page_shows_the_scopes_of_the_registration(pipedrive: Service, company: PipedriveState) -> None:
    """Docs, step 2: title, scopes, "Allow and install" or "Cancel". Frames are refused."""
    answer = requests.get(pipedrive.url + AUTH_PATH, params=asked(company), timeout=10)
    assert answer.status_code == 200
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "Install calsync to Acme GmbH" in answer.text
    for scope in company.options.app_scopes.split():
        assert f"<small>{scope}</small>" in answer.text
    assert "checkbox" not in answer.text


def test_a_code_is_swapped_for_tokens(pipedrive: Service, company: PipedriveState) -> None:
    """Docs, steps 3 to 6: state comes back; tokens, scope, expires_in, api_domain; Bearer opens the API."""
    back = decide(pipedrive)
    assert back["state"] == "s&1"
    assert back["code"].startswith("4711.11.")
    made = swap(pipedrive, back["code"]).json()
    assert set(made) == {"access_token", "token_type", "expires_in", "refresh_token", "scope", "api_domain"}
    assert (made["api_domain"], made["scope"], made["expires_in"]) == (pipedrive.url, company.options.app_scopes, 3599)
    headers = {"Authorization": f"Bearer {made['access_token']}"}
    assert requests.get(f"{pipedrive.url}/v1/users/me", headers=headers, timeout=10).json()["data"]["id"] == 11
    again = swap(pipedrive, "", grant_type="refresh_token", refresh_token=made["refresh_token"])
    assert again.json()["refresh_token"] == made["refresh_token"]
    assert back["code"] not in repr(pipedrive.requests)
    assert company.limits.spent_today == 2  # of users/me alone


def test_who_declines_is_sent_back_with_an_error(pipedrive: Service) -> None:
    """Docs, step 3: error=user_denied; code and error exclude each other."""
    assert decide(pipedrive, "deny") == {"error": "user_denied", "state": "s&1"}


def test_a_code_lives_five_minutes_and_is_taken_once(pipedrive: Service) -> None:
    """Docs, step 4: five minutes; codes: invalid, or exchanged already, or expired."""
    code = decide(pipedrive)["code"]
    pipedrive.clock.advance(299)
    assert swap(pipedrive, code).status_code == 200
    answer = swap(pipedrive, code)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert answer.json()["error_description"] == "Invalid grant: authorization code is invalid"
    code = decide(pipedrive)["code"]
    pipedrive.clock.advance(300)
    answer = swap(pipedrive, code)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert answer.json()["error_description"] == "Invalid grant: authorization code has expired"


@pytest.mark.parametrize("changes", [{"client_id": "another"}, {"redirect_uri": f"{BACK}/"}, {"redirect_uri": ""}])
def test_an_app_or_callback_that_is_not_registered_gets_nothing(
    pipedrive: Service, company: PipedriveState, changes: dict[str, str]
) -> None:
    """Docs, step 1: the code goes to the URL if it matches the registration's."""
    for send in (requests.get, requests.post):
        url, params = pipedrive.url + AUTH_PATH, asked(company, **changes)
        answer = send(url, params=params, allow_redirects=False, timeout=10)
        assert answer.status_code == 400
        assert answer.headers["X-Frame-Options"] == "DENY"


def test_the_swap_names_client_and_callback_again(pipedrive: Service) -> None:
    """RFC 6749, 4.1.3 and 5.2."""
    code = decide(pipedrive)["code"]
    assert swap(pipedrive, code, secret="wrong").json()["error"] == "invalid_client"
    assert swap(pipedrive, code, redirect_uri=f"{BACK}/").json()["error"] == "invalid_request"
    assert swap(pipedrive, code).json()["error"] == "invalid_grant"


def test_two_consents_of_one_user_are_two_refresh_tokens(pipedrive: Service) -> None:
    """Our own requirement: a second connection does not end the first."""
    first, second = (swap(pipedrive, decide(pipedrive)["code"]).json()["refresh_token"] for _ in range(2))
    assert first != second
    for token in (first, second):
        assert swap(pipedrive, "", grant_type="refresh_token", refresh_token=token).status_code == 200
