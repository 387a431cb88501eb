"""API tokens and OAuth: who a request comes from.

Source: "Pipedrive OpenAPI v2" (security scheme `x-api-token`, /oauth endpoints), Pipedrive marketplace documentation
"OAuth authorization" (a code dies after 5 minutes; a refresh token dies after 60 unused days, each use renews it, it
is not rotated; unconfirmed live, so that an option rotates it) and "OAuth status codes" (messages).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from include.sandbox.oauth import CodeExpired, Codes
from include.sandbox.pipedrive.errors import ApiError, OAuthError, Unauthorized
from include.sandbox.pipedrive.limits import Clock
from include.sandbox.pipedrive.options import DEFAULT_SCOPES, Options


@dataclass(frozen=True)
class Caller:
    """Who asks. `key` names the burst window; `scopes` None: an API token, which may do all that its user may."""

    user_id: int
    key: str
    scopes: frozenset[str] | None = None

    @property
    def principal(self) -> str:
        return f"user:{self.user_id}"


@dataclass
class Grant:
    """One user's consent to one app."""

    client_id: str
    client_secret: str
    refresh_token: str
    user_id: int
    scopes: str
    last_used: datetime
    revoked: bool = False


class Tokens:
    """Issues and checks credentials.

    Secrets follow from the seed and the order of asking, so a restarted demo knows them.
    """

    def __init__(self, options: Options, clock: Clock, seed: int | None) -> None:
        self._options = options
        self._clock = clock
        self._seed = seed
        self._counter = 0
        self._api: dict[str, int] = {}
        self._grants: dict[str, Grant] = {}
        self._access: dict[str, tuple[Grant, datetime]] = {}
        self._codes: Codes[tuple[int, str]] = Codes()

    def api_token(self, user_id: int) -> str:
        """The user's one active API token; made when it is first asked for."""
        for token, owner in self._api.items():
            if owner == user_id:
                return token
        token = self._secret(f"api:{user_id}")
        self._api[token] = user_id
        return token

    def regenerate(self, user_id: int) -> str:
        """A new API token; the old one is dead at once."""
        self._api = {token: owner for token, owner in self._api.items() if owner != user_id}
        return self.api_token(user_id)

    def grant(self, user_id: int, scopes: str = DEFAULT_SCOPES) -> Grant:
        """A user's consent, as at the end of the authorization in the browser; the same one until it is revoked."""
        for known in self._grants.values():
            if (known.user_id, known.scopes, known.revoked) == (user_id, scopes, False):
                return known
        secrets = [self._secret(f"{part}:{user_id}") for part in ("client", "secret", "refresh")]
        grant = Grant(secrets[0][:16], secrets[1], secrets[2], user_id, scopes, self._clock.now())
        self._grants[grant.refresh_token] = grant
        return grant

    def revoke(self, user_id: int) -> None:
        """The user withdraws every consent: neither refresh nor access tokens work any more."""
        for grant in self._grants.values():
            grant.revoked = grant.revoked or grant.user_id == user_id

    def expire_access(self) -> None:
        """Every access token is over."""
        self._access.clear()

    def caller(self, headers: Mapping[str, str]) -> Caller:
        """Raises Unauthorized. A token in the query is not looked at: it would end up in logs."""
        api_token = headers.get("x-api-token")
        if api_token in self._api:
            return Caller(self._api[api_token], f"api:{self._api[api_token]}")
        kind, _, token = headers.get("Authorization", "").partition(" ")
        found = self._access.get(token) if kind.lower() == "bearer" else None
        if found is None or found[1] <= self._clock.now() or found[0].revoked:
            raise Unauthorized
        grant = found[0]
        return Caller(grant.user_id, f"oauth:{grant.client_id}:{grant.user_id}", frozenset(grant.scopes.split()))

    def code_for(self, company_id: int, user_id: int, redirect_uri: str) -> str:
        """The authorization code of a user who installed the app."""
        until = self._clock.now() + timedelta(seconds=self._options.code_s)
        code = f"{company_id}.{user_id}.{self._secret('code')}"
        return self._codes.give(code, (user_id, redirect_uri), until)

    def answer(self, headers: Mapping[str, str], form: Mapping[str, str], api_domain: str) -> dict[str, Any]:
        """The token endpoint's answer. Raises OAuthError."""
        client = _basic(headers)
        app = self._options.app_client_id, self._options.app_client_secret
        if client != app and client not in [(each.client_id, each.client_secret) for each in self._grants.values()]:
            raise OAuthError(401, "invalid_client", "Invalid client: client is invalid")
        match form.get("grant_type"):
            case "refresh_token":
                grant = self._refreshed(form.get("refresh_token", ""), client)
            case "authorization_code":
                grant = self._swapped(form, client)
            case None:
                raise OAuthError(400, "invalid_request", "Missing parameter: `grant_type`")
            case _:
                text = "Unsupported grant type: `grant_type` is invalid"
                raise OAuthError(400, "unsupported_grant_type", text)
        token = self._secret("access")
        self._access[token] = (grant, self._clock.now() + timedelta(seconds=self._options.access_token_s))
        return {
            "access_token": token, "token_type": "Bearer", "expires_in": self._options.access_token_s,
            "refresh_token": grant.refresh_token, "scope": grant.scopes, "api_domain": api_domain,
        }  # fmt: skip

    def _swapped(self, form: Mapping[str, str], client: tuple[str, str]) -> Grant:
        try:
            found = self._codes.take(form.get("code", ""), self._clock.now())
        except CodeExpired:
            raise OAuthError(400, "invalid_grant", "Invalid grant: authorization code has expired") from None
        if found is None or client[0] != self._options.app_client_id:
            raise OAuthError(400, "invalid_grant", "Invalid grant: authorization code is invalid")
        user_id, redirect_uri = found
        if form.get("redirect_uri") != redirect_uri:
            raise OAuthError(400, "invalid_request", "Invalid request: `redirect_uri` is invalid")
        refresh_token, scopes = self._secret(f"refresh:{user_id}"), self._options.app_scopes
        grant = Grant(*client, refresh_token, user_id, scopes, self._clock.now())
        self._grants[refresh_token] = grant
        return grant

    def _refreshed(self, refresh_token: str, client: tuple[str, str]) -> Grant:
        grant = self._grants.get(refresh_token)
        now = self._clock.now()
        unused = timedelta(days=self._options.refresh_token_days)
        if grant is None or grant.client_id != client[0] or grant.revoked or now - grant.last_used > unused:
            raise OAuthError(400, "invalid_grant", "Invalid grant: refresh token is invalid")
        grant.last_used = now
        if self._options.rotate_refresh_tokens:
            del self._grants[grant.refresh_token]
            grant.refresh_token = self._secret(f"refresh:{grant.user_id}")
            self._grants[grant.refresh_token] = grant
        return grant

    def _secret(self, purpose: str) -> str:
        self._counter += 1
        return hashlib.sha256(f"{self._seed}:{purpose}:{self._counter}".encode()).hexdigest()[:40]


def require_scope(caller: Caller, allowed: tuple[str, ...]) -> None:
    """403 "Scope and URL mismatch", as Airbyte's Pipedrive connector measured."""
    if caller.scopes is not None and not caller.scopes.intersection(allowed):
        raise ApiError(403, "Scope and URL mismatch")


def _basic(headers: Mapping[str, str]) -> tuple[str, str]:
    """Client id and secret of an HTTP Basic login."""
    kind, _, encoded = headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password
