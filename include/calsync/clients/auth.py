"""Credentials as request headers: a Pipedrive API token, Pipedrive's OAuth refresh token, google-auth credentials.

Token requests go through one table like all others; neither tokens nor subjects appear in messages.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import re
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import google.auth.credentials
import google.auth.exceptions
import google.auth.transport
import requests

from include.calsync.clients.sessions import Session, Timing, exchange, parsed
from include.calsync.clients.statuses import TOKEN_ENDPOINT, rule_for, said, token_reason
from include.calsync.core.consents import KeptTokens
from include.calsync.errors import CredentialRefused, RetryableError, ServiceError

log = logging.getLogger(__name__)

PIPEDRIVE_TOKEN_URL = "https://oauth.pipedrive.com/oauth/token"
EARLY = timedelta(seconds=60)
"""An access token is renewed this long before its end."""


@dataclass(frozen=True, slots=True)
class ApiToken:
    """Pipedrive API token; goes into the header `x-api-token` and nowhere else."""

    token: str = field(repr=False)


class TokenKeeper(Protocol):
    """Where processes share the tokens of a consent, and the refresh token that took the first one's place."""

    def renewed(self, key: str, first: str, refused: str, fetch: Callable[[str], KeptTokens]) -> KeptTokens:
        """Tokens that work: kept ones, or those that `fetch` gets for the refresh token.

        Args:
            first: the refresh token that the consent gave
            refused: an access token that the service refuses, though it should last; "" if there is none
        """


@dataclass(frozen=True, slots=True)
class OAuthRefresh:
    """Pipedrive OAuth application with one company's consent."""

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    token_url: str = PIPEDRIVE_TOKEN_URL


class TokenEndpoint:
    """Sends one token request at a time; a failed one is repeated by the request that needs the token."""

    def __init__(self, name: str, timing: Timing) -> None:
        self._name = name
        self._timing = timing

    def post(self, url: str, body: bytes | str, headers: Mapping[str, str], method: str = "POST") -> dict[str, Any]:
        """The answered JSON object. Raises CredentialRefused, or RetryableError if there was no usable answer."""
        with Session(self._timing) as session:
            try:
                prepared = session.prepare_request(requests.Request(method, url, data=body, headers=dict(headers)))
            except ValueError:
                raise self._error(None, "invalid_address") from None
            response = exchange(session, prepared, self._timing)
        if isinstance(response, str):
            raise self._error(None, response)
        answer = parsed(response.content)
        if response.status_code != 200:
            raise self._error(response.status_code, token_reason(response.status_code, response.headers, answer))
        if not isinstance(answer, dict):
            raise self._error(response.status_code, "unreadable")
        return answer

    def _error(self, status: int | None, reason: str) -> ServiceError:
        rule = rule_for(TOKEN_ENDPOINT, status, reason)
        label = f"{self._name}: {said(status, reason)}"
        message = f"{rule.remedy} ({label})" if rule.remedy else f"{label}."
        return rule.error(message, status=status, reason=reason)


class ApiTokenAuth:
    """`x-api-token`; can't be renewed."""

    is_rotated = False

    def __init__(self, credential: ApiToken) -> None:
        self._token = credential.token.strip()

    def headers(self) -> dict[str, str]:
        """The header of this credential. Raises CredentialRefused if no token looks like it."""
        if not re.fullmatch(r"[!-~]+", self._token):
            raise CredentialRefused(
                "Enter the API token anew: it is empty or has characters that no token has. (Pipedrive)"
            )
        return {"x-api-token": self._token}

    def renew(self, refused: Mapping[str, str]) -> bool:
        """False: another token can only come from a person."""
        return False


class OAuthRefreshAuth:
    """Pipedrive access tokens from a refresh token (Pipedrive OAuth: "Refreshing the tokens").

    The same refresh token is documented to come back each time. If another one does, it is used from then on: the
    `keeper` has it; without one `is_rotated`, and whoever holds the connection has to be told.
    """

    def __init__(
        self,
        credential: OAuthRefresh,
        *,
        clock: Callable[[], datetime],
        timing: Timing,
        keeper: TokenKeeper | None = None,
    ) -> None:
        self._credential = credential
        self._keeper = keeper
        self._refresh_token = credential.refresh_token
        self.is_rotated = False
        self._endpoint = TokenEndpoint("Pipedrive token endpoint", timing)
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._refused = ""
        self._until: datetime | None = None

    def headers(self) -> dict[str, str]:
        """The header with a valid access token; asks for one if none is. Raises as `TokenEndpoint.post`."""
        with self._lock:
            if self._until is None or self._clock() >= self._until:
                self._refresh()
            return {"Authorization": f"Bearer {self._token}"}

    def renew(self, refused: Mapping[str, str]) -> bool:
        """After a 401: the access token that was refused is used no more. True: try again."""
        with self._lock:
            if refused.get("Authorization") == f"Bearer {self._token}":
                self._until, self._refused = None, self._token
        return True

    def _refresh(self) -> None:
        known = self._credential
        if self._keeper is not None:
            of = json.dumps([known.token_url, known.client_id, known.refresh_token])
            key = hashlib.sha256(of.encode()).hexdigest()
            got = self._keeper.renewed(key, known.refresh_token, self._refused, self._fetch)
        else:
            got = self._fetch(self._refresh_token)
            if got.refresh_token != self._refresh_token:
                self._refresh_token, self.is_rotated = got.refresh_token, True
                log.warning("Pipedrive token endpoint: another refresh token came; only this process knows it.")
        self._token, self._until = got.access_token, got.expires_at - EARLY

    def _fetch(self, refresh_token: str) -> KeptTokens:
        known = self._credential
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        headers = basic(known.client_id, known.client_secret)
        answer = self._endpoint.post(known.token_url, urllib.parse.urlencode(form).encode(), headers)
        token, length_s = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not isinstance(length_s, int):
            raise RetryableError("Pipedrive token endpoint: 200 without a token.", status=200, reason="unreadable")
        given = answer.get("refresh_token")
        kept = given if isinstance(given, str) and given else refresh_token
        return KeptTokens(token, kept, self._clock() + timedelta(seconds=length_s))


def basic(client_id: str, client_secret: str) -> dict[str, str]:
    """The headers of a form that a client sends with its login (RFC 6749, section 2.3.1)."""
    client = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
    return {"Authorization": f"Basic {client}", "Content-Type": "application/x-www-form-urlencoded"}


class GoogleAuth:
    """Access tokens of google-auth credentials, from whatever token address they name.

    Only `refresh` and `apply` are used: `before_request` would look up access boundaries at Google in a thread.
    `is_rotated`: as of OAuthRefreshAuth.
    """

    def __init__(self, credentials: google.auth.credentials.Credentials, timing: Timing) -> None:
        self._credentials: Any = credentials
        self.is_rotated = False
        self._request = _TokenRequest(TokenEndpoint("Google token endpoint", timing))
        self._lock = threading.Lock()

    def headers(self) -> dict[str, str]:
        """As of OAuthRefreshAuth."""
        with self._lock:
            if not self._credentials.valid:
                self._refresh()
            headers: dict[str, str] = {}
            self._credentials.apply(headers)
            return headers

    def renew(self, refused: Mapping[str, str]) -> bool:
        """As of OAuthRefreshAuth."""
        with self._lock:
            if refused.get("authorization") == f"Bearer {self._credentials.token}":
                self._credentials.token = None
        return True

    def _refresh(self) -> None:
        before = getattr(self._credentials, "refresh_token", None)
        try:
            self._credentials.refresh(self._request)
            self.is_rotated = self.is_rotated or getattr(self._credentials, "refresh_token", None) != before
        except google.auth.exceptions.GoogleAuthError as error:
            kind = type(error).__name__  # its text may name the user or quote the answer
            if getattr(error, "retryable", False):
                raise RetryableError(f"Google token endpoint: {kind}.", reason="token_endpoint") from None
            message = f"Correct the key or the consent in the connection. (Google token endpoint: {kind})"
            raise CredentialRefused(message, reason="token_endpoint") from None


def is_delegated(credentials: google.auth.credentials.Credentials, timing: Timing) -> bool:
    """Whether a service account may act as these credentials' user, with their scopes. Raises what a token request
    raises for another cause."""
    try:
        GoogleAuth(credentials, timing).headers()
    except CredentialRefused as error:
        if error.reason != "unauthorized_client":
            raise
        return False
    return True


@dataclass(frozen=True, slots=True)
class _TokenResponse(google.auth.transport.Response):
    status: int
    headers: Mapping[str, str]
    data: bytes


class _TokenRequest(google.auth.transport.Request):
    """How google-auth reaches a token endpoint. Errors leave through it, so google-auth's own retries never begin."""

    def __init__(self, endpoint: TokenEndpoint) -> None:
        self._endpoint = endpoint

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> _TokenResponse:
        answer = self._endpoint.post(url, body or b"", headers or {}, method)
        return _TokenResponse(200, {}, json.dumps(answer).encode())


def live(
    auth: ApiToken | OAuthRefresh, clock: Callable[[], datetime], timing: Timing, keeper: TokenKeeper | None = None
) -> ApiTokenAuth | OAuthRefreshAuth:
    """What a connection says, as what gives the headers of requests to Pipedrive."""
    if isinstance(auth, ApiToken):
        return ApiTokenAuth(auth)
    return OAuthRefreshAuth(auth, clock=clock, timing=timing, keeper=keeper)
