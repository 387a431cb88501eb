"""The token endpoint and who a request is from.

Sources: "Using OAuth 2.0 for server to server applications" (JWT bearer grant, delegation by ``sub``), RFC 6749 and
7523, and the scopes that the Calendar API's discovery document lists for each method.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from include.sandbox.base import Answer, Call, SandboxClock, json_answer
from include.sandbox.google.consents import Consents
from include.sandbox.google.errors import TokenError, auth_error
from include.sandbox.google.options import Options
from include.sandbox.google.scopes import short, spelled

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
PROJECT = "calendar-sandbox"
SERVICE_ACCOUNT = f"sync@{PROJECT}.iam.gserviceaccount.com"
SERVICE_CLIENT_ID = "100000000000000000017"
KEY_ID = "5a4db0c5a4db0c5a4db0c5a4db0c5a4db0c5a4db"
EXPIRES_IN_S = 3599
SKEW = timedelta(minutes=10)


@cache
def _service_key() -> rsa.RSAPrivateKey:
    """One key for the whole process: making it takes longer than starting a sandbox."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True)
class Principal:
    """Who a request is from. ``email`` is the user acted for, or the service account itself."""

    email: str
    scopes: frozenset[str]
    client: str
    """The service account or OAuth client that asks."""

    @property
    def plain_service_account(self) -> bool:
        return self.email == SERVICE_ACCOUNT

    def may(self, scopes: tuple[str, ...]) -> frozenset[str]:
        """Which of the given scopes (short names) the token has."""
        return self.scopes & frozenset(scopes)


@dataclass
class _Access:
    principal: Principal
    expires: datetime


class Auth:
    """Issues and knows tokens. Access tokens live by the sandbox clock; assertions are judged by real time.

    A client signs an assertion with its own clock, which a test cannot move, so a moved sandbox clock must not refuse
    it.
    """

    def __init__(self, clock: SandboxClock, options: Callable[[], Options]) -> None:
        self.clock = clock
        self.token_uri = ""
        self.consents = Consents(clock, options)
        self.emails: set[str] = set()
        """Users of the domain: whom a service account may act for, and who can consent."""
        self.delegated_scopes: frozenset[str] | None = None
        """Scopes (short names) delegated in the Admin console; None = all. Empty = no delegation."""
        self.refused: set[str] = set()
        """Emails whose tokens were revoked: neither delegation nor the service account's own login works."""
        self._access: dict[str, _Access] = {}

    # ---- credentials handed to clients

    def service_account_key(self) -> dict[str, str]:
        pem = _service_key().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": KEY_ID,
            "private_key": pem.decode(),
            "client_email": SERVICE_ACCOUNT,
            "client_id": SERVICE_CLIENT_ID,
            "token_uri": self.token_uri,
        }

    def oauth_client(self, email: str, scopes: list[str] | None = None) -> dict[str, str]:
        """A user's consent: what an OAuth client keeps of it. Default scope: ``calendar``."""
        return self.consents.given(email, short(" ".join(scopes or ["calendar"]))) | {"token_uri": self.token_uri}

    def revoke(self, email: str) -> None:
        """Withdraws every consent of the user, and the delegation (or the service account's own login)."""
        self.refused.add(email)
        self.consents.revoke(email)
        self.expire_access_tokens(email)

    def restore(self, email: str) -> None:
        """The delegation works again. Consents stay withdrawn: they have to be given anew."""
        self.refused.discard(email)

    def expire_access_tokens(self, email: str | None = None) -> None:
        gone = [token for token, each in self._access.items() if email in (None, each.principal.email)]
        for token in gone:
            del self._access[token]

    # ---- requests

    def authenticate(self, headers: Any) -> Principal:
        """Raises GoogleError 401 ``authError``."""
        kind, _, token = headers.get("Authorization", "").partition(" ")
        access = self._access.get(token) if kind.lower() == "bearer" else None
        if access is None or access.expires <= self.clock.now():
            raise auth_error()
        return access.principal

    def answer_token(self, call: Call) -> Answer:
        """``POST /token``."""
        form = {name: values[-1] for name, values in parse_qs(call.body.decode("utf-8", "replace")).items()}
        refresh_token = None
        try:
            if form.get("grant_type") == JWT_GRANT:
                principal = self._from_assertion(form.get("assertion", ""))
            elif form.get("grant_type") in ("refresh_token", "authorization_code"):
                of_grant = self.consents.refreshed if form["grant_type"] == "refresh_token" else self.consents.swapped
                given = of_grant(form, _client_of(form, call))
                principal, refresh_token = Principal(given.email, given.scopes, given.client_id), given.refresh_token
            else:
                raise TokenError(400, "unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type')}")
        except TokenError as error:
            return json_answer({"error": error.error, "error_description": error.description}, error.status)
        token = f"ya29.sandbox-{secrets.token_urlsafe(24)}"
        self._access[token] = _Access(principal, self.clock.now() + timedelta(seconds=EXPIRES_IN_S))
        made: dict[str, Any] = {"access_token": token, "expires_in": EXPIRES_IN_S}
        made |= {"scope": spelled(principal.scopes), "token_type": "Bearer"}
        made |= {"refresh_token": refresh_token} if refresh_token else {}
        return Answer(**{**vars(json_answer(made)), "principal": principal.email})

    def _from_assertion(self, assertion: str) -> Principal:
        claims = self._claims(assertion)
        scopes = short(str(claims.get("scope", "")))
        if not scopes:
            raise TokenError(400, "invalid_scope", "Missing required parameter: scope")
        subject = claims.get("sub")
        if subject in (None, SERVICE_ACCOUNT):
            subject = SERVICE_ACCOUNT
        elif subject not in self.emails:
            raise TokenError(400, "invalid_grant", "Invalid email or User ID")
        elif self.delegated_scopes is not None and not scopes <= self.delegated_scopes:
            raise TokenError(
                401, "unauthorized_client",
                "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any "
                "of the scopes requested.",
            )  # fmt: skip
        if subject in self.refused or SERVICE_ACCOUNT in self.refused:
            raise TokenError(400, "invalid_grant", "Token has been expired or revoked.")
        return Principal(subject, scopes, SERVICE_ACCOUNT)

    def _claims(self, assertion: str) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                assertion,
                _service_key().public_key(),
                algorithms=["RS256"],
                audience=[self.token_uri, "https://oauth2.googleapis.com/token"],
                issuer=SERVICE_ACCOUNT,
                options={"verify_exp": False, "verify_iat": False, "verify_nbf": False, "require": ["exp", "iat"]},
            )
            issued, expires = (datetime.fromtimestamp(int(claims[name]), UTC) for name in ("iat", "exp"))
        except jwt.InvalidSignatureError as error:
            raise TokenError(400, "invalid_grant", "Invalid JWT Signature.") from error
        except (jwt.PyJWTError, ValueError, OverflowError) as error:
            raise TokenError(400, "invalid_grant", f"Invalid JWT: {error}") from error
        now = datetime.now(UTC)
        if issued > now + SKEW or expires < now - SKEW or expires - issued > timedelta(hours=1, seconds=1):
            raise TokenError(
                400, "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your "
                "iat and exp values in the JWT claim.",
            )  # fmt: skip
        return claims


def _client_of(form: dict[str, str], call: Call) -> tuple[str, str]:
    """Client id and secret, from the form or from HTTP Basic (RFC 6749, section 2.3.1)."""
    kind, _, value = call.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
        except ValueError as error:
            raise TokenError(401, "invalid_client", "Unreadable client credentials.") from error
        return client_id, secret
    return form.get("client_id", ""), form.get("client_secret", "")
