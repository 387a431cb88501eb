"""API tokens and OAuth. Each test names who says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from include.sandbox.base import Service
from include.sandbox.pipedrive.state import PipedriveState

Call = Callable[..., requests.Response]
PATH = "/api/v2/activities"


def get(pipedrive: Service, path: str = PATH, **headers: str) -> requests.Response:
    return requests.get(pipedrive.url + path, headers={k.replace("_", "-"): v for k, v in headers.items()}, timeout=10)


def refresh(client: dict[str, str], **changes: str) -> requests.Response:
    merged = {**client, **changes}
    form = {"grant_type": changes.get("grant_type", "refresh_token"), "refresh_token": merged["refresh_token"]}
    login = (merged["client_id"], merged["client_secret"])
    return requests.post(client["token_url"], data=form, auth=login, timeout=10)


def test_401_without_a_valid_token(pipedrive: Service) -> None:
    """Measured by a third party on both hosts: body and x-401-by-gw."""
    for headers in ({}, {"x_api_token": "wrong"}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic wrong"}):
        answer = get(pipedrive, **headers)
        assert answer.status_code == 401
        assert answer.headers["x-401-by-gw"] == "true"
        assert "x-correlation-id" in answer.headers
        assert answer.json() == {
            "success": False,
            "error": "unauthorized access",
            "errorCode": 401,
            "error_info": "Please check developers.pipedrive.com",
        }


def test_token_in_the_header_only(pipedrive: Service, company: PipedriveState) -> None:
    """Pipedrive OpenAPI v2: x-api-token is the only api-key scheme; in the query it would leak into logs."""
    token = company.token_for(11)
    assert get(pipedrive, x_api_token=token).status_code == 200
    assert get(pipedrive, f"{PATH}?api_token={token}").status_code == 401


def test_one_active_token_per_user(pipedrive: Service, company: PipedriveState) -> None:
    """Pipedrive documentation: one API token per user and company, valid until regenerated."""
    token = company.token_for(11)
    assert company.token_for(11) == token
    new = company.regenerate_token(11)
    assert new != token
    assert get(pipedrive, x_api_token=token).status_code == 401
    assert get(pipedrive, x_api_token=new).status_code == 200
    with pytest.raises(KeyError):
        company.token_for(99)


def test_refresh_grant(pipedrive: Service, company: PipedriveState) -> None:
    """Pipedrive OpenAPI v2, /oauth/token: Basic login; marketplace docs: the same refresh token comes back."""
    client = company.oauth_client(11)
    answer = refresh(client)
    body = answer.json()
    assert answer.status_code == 200
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3599)
    assert body["refresh_token"] == client["refresh_token"]
    assert body["api_domain"] == pipedrive.url
    assert "activities:full" in body["scope"]
    assert get(pipedrive, Authorization=f"Bearer {body['access_token']}").status_code == 200
    assert company.limits.spent_today == 10


@pytest.mark.parametrize("rotates", [False, True])
def test_refresh_tokens_may_rotate(pipedrive: Service, company: PipedriveState, rotates: bool) -> None:
    """Marketplace docs: the same one comes back; unconfirmed live. Where it is another one, the old one is dead."""
    company.options.rotate_refresh_tokens = rotates
    client = company.oauth_client(11)
    body = refresh(client).json()
    assert (body["refresh_token"] != client["refresh_token"]) is rotates
    assert refresh(client).status_code == (400 if rotates else 200)
    after = refresh({**client, "refresh_token": body["refresh_token"]})
    assert after.status_code == 200
    assert get(pipedrive, Authorization=f"Bearer {after.json()['access_token']}").status_code == 200
    assert company.oauth_client(11)["refresh_token"] == after.json()["refresh_token"]


def test_access_token_expires(pipedrive: Service, company: PipedriveState) -> None:
    """Pipedrive OpenAPI v2: expires_in, an hour."""
    client = company.oauth_client(11)
    token = refresh(client).json()["access_token"]
    pipedrive.clock.advance(3600)
    assert get(pipedrive, Authorization=f"Bearer {token}").status_code == 401
    token = refresh(client).json()["access_token"]
    assert get(pipedrive, Authorization=f"Bearer {token}").status_code == 200
    company.expire_access_tokens()
    assert get(pipedrive, Authorization=f"Bearer {token}").status_code == 401


def test_refresh_token_dies_after_60_unused_days(pipedrive: Service, company: PipedriveState) -> None:
    """Pipedrive marketplace docs, OAuth authorization: 60 days, renewed by each use."""
    client = company.oauth_client(11)
    for _ in range(2):
        pipedrive.clock.advance(59 * 86_400)
        assert refresh(client).status_code == 200
    pipedrive.clock.advance(61 * 86_400)
    answer = refresh(client)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_withdrawn_consent(pipedrive: Service, company: PipedriveState) -> None:
    """RFC 6749, 5.2: invalid_grant."""
    client = company.oauth_client(11)
    token = refresh(client).json()["access_token"]
    company.revoke_oauth(11)
    assert get(pipedrive, Authorization=f"Bearer {token}").status_code == 401
    assert refresh(client).json()["error"] == "invalid_grant"
    again = company.oauth_client(11)
    assert again["refresh_token"] != client["refresh_token"]
    assert refresh(again).status_code == 200


def test_token_endpoint_refusals(company: PipedriveState) -> None:
    """RFC 6749, 5.2: invalid_client, invalid_grant, unsupported_grant_type; Pipedrive OpenAPI v2: Basic login."""
    client = company.oauth_client(11)
    assert refresh(client, client_secret="wrong").status_code == 401
    assert refresh(client, client_secret="wrong").json()["error"] == "invalid_client"
    assert refresh(client, refresh_token="wrong").json()["error"] == "invalid_grant"
    assert refresh(client, grant_type="password").json()["error"] == "unsupported_grant_type"
    assert requests.post(client["token_url"], data=client, timeout=10).status_code == 401
    assert requests.get(client["token_url"], timeout=10).status_code == 405


def test_scope_mismatch(pipedrive: Service, company: PipedriveState) -> None:
    """Measured by Airbyte's Pipedrive connector: 403 "Scope and URL mismatch"."""
    token = refresh(company.oauth_client(11, "base activities:read")).json()["access_token"]
    bearer = f"Bearer {token}"
    assert get(pipedrive, PATH, Authorization=bearer).status_code == 200
    assert get(pipedrive, "/v1/users/me", Authorization=bearer).status_code == 200
    answer = get(pipedrive, "/api/v2/deals", Authorization=bearer)
    assert (answer.status_code, answer.json()["error"]) == (403, "Scope and URL mismatch")
    answer = requests.post(pipedrive.url + PATH, json={}, headers={"Authorization": bearer}, timeout=10)
    assert answer.status_code == 403


def test_request_log_names_operation_and_user_but_no_secret(
    pipedrive: Service, company: PipedriveState, call: Call
) -> None:
    """Our own requirement: tests count requests by operation; credentials stay out of the log."""
    client = company.oauth_client(11)
    refresh(client)
    call("GET", PATH, limit=5)
    call("PATCH", f"{PATH}/1", json={"subject": "x"})
    call("GET", "/v1/nothing")
    log = pipedrive.requests
    assert [(each.operation, each.status) for each in log] == [
        ("oauth.token", 200), ("activities.list", 200), ("activities.update", 404), ("unknown", 404),
    ]  # fmt: skip
    assert [each.principal for each in log[1:]] == ["user:11", "user:11", None]
    assert log[2].body == {"subject": "x"}
    assert client["refresh_token"] not in repr(log)


def test_credentials_for_a_client_in_another_process(pipedrive: Service, company: PipedriveState) -> None:
    """The control API, outside of both API versions."""
    answer = requests.get(f"{pipedrive.url}/_sandbox/credentials", timeout=10).json()
    assert answer["base_url"] == pipedrive.url
    assert answer["api_tokens"] == {"anna@acme.example": company.token_for(11)}
    assert refresh(answer["oauth"]["anna@acme.example"]).status_code == 200
    assert pipedrive.requests[-1].operation == "oauth.token"
