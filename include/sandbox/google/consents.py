"""Users' consents to OAuth clients: authorization codes and refresh tokens.

Sources: "Using OAuth 2.0 for Web Server Applications" (parameters, granted scopes, when a refresh token comes),
RFC 6749 section 5.2 and RFC 7636 section 4.6 (errors of the token endpoint).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from include.sandbox.base import SandboxClock
from include.sandbox.google.errors import TokenError
from include.sandbox.google.options import Options
from include.sandbox.google.scopes import short
from include.sandbox.oauth import CodeExpired, Codes

Client = tuple[str, str]
"""Id and secret."""


@dataclass
class _Consent:
    email: str
    client: Client
    scopes: frozenset[str]
    revoked: bool = False


@dataclass(frozen=True)
class Asked:
    """An authorization request that the user agreed to; `scopes` are those granted."""

    client_id: str
    redirect_uri: str
    email: str
    scopes: frozenset[str]
    challenge: str = ""
    method: str = "plain"
    refresh_token_wanted: bool = False


@dataclass(frozen=True)
class Given:
    """What a token request gets; `refresh_token` None: none comes."""

    email: str
    client_id: str
    scopes: frozenset[str]
    refresh_token: str | None = None


class Consents:
    """Whom users gave which access. Scopes are short names."""

    def __init__(self, clock: SandboxClock, options: Callable[[], Options]) -> None:
        self._clock = clock
        self._options = options
        self._consents: dict[str, _Consent] = {}
        self._codes: Codes[Asked] = Codes()

    def given(self, email: str, scopes: frozenset[str]) -> dict[str, str]:
        """A consent to a client of its own: ``client_id``, ``client_secret``, ``refresh_token``."""
        client = f"{secrets.token_hex(6)}.apps.googleusercontent.com", f"GOCSPX-{secrets.token_urlsafe(12)}"
        names = "client_id", "client_secret", "refresh_token"
        return dict(zip(names, (*client, self._refresh_token(_Consent(email, client, scopes))), strict=True))

    def granted(self, email: str, client_id: str) -> frozenset[str]:
        """All that the user granted this client so far."""
        live = (each for each in self._consents.values() if not each.revoked)
        return frozenset[str]().union(*(c.scopes for c in live if (c.email, c.client[0]) == (email, client_id)))

    def revoke(self, email: str) -> None:
        for consent in self._consents.values():
            consent.revoked = consent.revoked or consent.email == email

    def code_for(self, asked: Asked) -> str:
        """An authorization code for what the user agreed to."""
        until = self._clock.now() + timedelta(seconds=self._options().code_s)
        return self._codes.give(f"4/0A{secrets.token_urlsafe(24)}", asked, until)

    def swapped(self, form: Mapping[str, str], client: Client) -> Given:
        """Of a code. Raises TokenError."""
        self._check_app(client)
        try:
            asked = self._codes.take(form.get("code", ""), self._clock.now())
        except CodeExpired:
            asked = None
        if asked is None or asked.client_id != client[0]:
            raise TokenError(400, "invalid_grant", "Malformed auth code." if not form.get("code") else "Bad Request")
        if form.get("redirect_uri") != asked.redirect_uri:
            raise TokenError(400, "redirect_uri_mismatch", "Bad Request")
        _check_verifier(asked, form.get("code_verifier", ""))
        refresh_token = None
        if asked.refresh_token_wanted:
            refresh_token = self._refresh_token(_Consent(asked.email, client, asked.scopes))
        return Given(asked.email, client[0], asked.scopes, refresh_token)

    def refreshed(self, form: Mapping[str, str], client: Client) -> Given:
        """Of a refresh token, which stays as it is. Raises TokenError."""
        consent = self._consents.get(form.get("refresh_token", ""))
        if consent is None or consent.revoked:
            raise TokenError(400, "invalid_grant", "Token has been expired or revoked.")
        if not secrets.compare_digest(" ".join(client).encode(), " ".join(consent.client).encode()):
            raise TokenError(401, "invalid_client", "The OAuth client was not found.")
        wanted = short(form.get("scope", "")) or consent.scopes
        if not wanted <= consent.scopes:
            raise TokenError(400, "invalid_scope", "Some requested scopes were invalid.")
        return Given(consent.email, client[0], wanted)

    def _check_app(self, client: Client) -> None:
        options = self._options()
        if client[0] != options.app_client_id:
            raise TokenError(401, "invalid_client", "The OAuth client was not found.")
        if not secrets.compare_digest(client[1].encode(), options.app_client_secret.encode()):
            raise TokenError(401, "invalid_client", "Unauthorized")

    def _refresh_token(self, consent: _Consent) -> str:
        token = f"1//sandbox-{secrets.token_urlsafe(12)}"
        self._consents[token] = consent
        return token


def _check_verifier(asked: Asked, verifier: str) -> None:
    if not asked.challenge:
        return
    if not verifier:
        raise TokenError(400, "invalid_grant", "Missing code verifier.")
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    if asked.challenge != (digest if asked.method == "S256" else verifier):
        raise TokenError(400, "invalid_grant", "Invalid code verifier.")
