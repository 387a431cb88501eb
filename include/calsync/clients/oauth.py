"""The way of a person's consent at Google or Pipedrive: the address of the consent page, and what its code is worth.

Sources: Google "Using OAuth 2.0 for Web Server Applications" and "How to handle granular permissions"; Pipedrive
"OAuth authorization"; RFC 7636 (PKCE; Pipedrive documents none, and state alone binds the answer to the request).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from google.oauth2.credentials import Credentials

from include.calsync.clients.auth import PIPEDRIVE_TOKEN_URL, OAuthRefresh, TokenEndpoint, basic
from include.calsync.clients.google_calendar import GoogleCalendarClient
from include.calsync.clients.limiter import NoLimiter
from include.calsync.clients.pipedrive import PipedriveClient
from include.calsync.clients.sessions import DEFAULT_TIMING, Timing
from include.calsync.core.consents import GOOGLE, GOOGLE_SCOPES, PIPEDRIVE, KeptTokens
from include.calsync.core.raw import RawItem
from include.calsync.errors import RetryableError


@dataclass(frozen=True, slots=True)
class App:
    """An OAuth client as it is registered with a service. The addresses are the service's."""

    service: str
    client_id: str
    client_secret: str = field(repr=False)
    page_url: str
    token_url: str
    api_url: str = ""
    """Google's; Pipedrive's comes with the consent."""


def google_app(client_id: str, client_secret: str, **addresses: str) -> App:
    """Google's own addresses unless others are given (`page_url`, `token_url`, `api_url`)."""
    known = {
        "page_url": "https://accounts.google.com/o/oauth2/v2/auth",
        "token_url": "https://oauth2.googleapis.com/token",
        "api_url": "https://www.googleapis.com",
    }
    return App(GOOGLE, client_id, client_secret, **{**known, **addresses})


def pipedrive_app(client_id: str, client_secret: str, **addresses: str) -> App:
    """Pipedrive's own addresses unless others are given (`page_url`, `token_url`)."""
    known = {"page_url": "https://oauth.pipedrive.com/oauth/authorize", "token_url": PIPEDRIVE_TOKEN_URL}
    return App(PIPEDRIVE, client_id, client_secret, **{**known, **addresses})


@dataclass(frozen=True, slots=True)
class Granted:
    """What a code was worth. `scopes`: those granted, which may be fewer than were asked for."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    """"" if none came."""
    scopes: frozenset[str]
    expires_at: datetime
    api_domain: str = ""
    """Pipedrive's: the company's address."""


def new_secret() -> str:
    """43 characters of 32 random bytes: a ticket, a state, a verifier (RFC 7636, section 4.1)."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


def google_page(app: App, *, redirect_uri: str, state: str, verifier: str, person: str) -> str:
    """Google's page. `prompt=consent`: a refresh token comes only with a consent that is given anew."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    query = {
        "client_id": app.client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": " ".join(GOOGLE_SCOPES),
        "state": state,
        "access_type": "offline",
        "prompt": "consent",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return _address(app, query | ({"login_hint": person} if person else {}))


def pipedrive_page(app: App, *, redirect_uri: str, state: str) -> str:
    """Pipedrive's page; the scopes are those of the app's registration."""
    return _address(app, {"client_id": app.client_id, "redirect_uri": redirect_uri, "state": state})


def _address(app: App, query: dict[str, str]) -> str:
    return f"{app.page_url}?{urllib.parse.urlencode(query, quote_via=urllib.parse.quote)}"


def swap_google(
    app: App, code: str, redirect_uri: str, verifier: str, *, clock: Callable[[], datetime], timing: Timing
) -> Granted:
    """The code for tokens. Raises CredentialRefused or RetryableError; a code is spent in any case."""
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier,
        "client_id": app.client_id, "client_secret": app.client_secret,
    }  # fmt: skip
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return _swapped(app, form, headers, clock, timing)


def swap_pipedrive(app: App, code: str, redirect_uri: str, *, clock: Callable[[], datetime], timing: Timing) -> Granted:
    """As `swap_google`."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    return _swapped(app, form, basic(app.client_id, app.client_secret), clock, timing)


def _swapped(
    app: App, form: dict[str, str], headers: dict[str, str], clock: Callable[[], datetime], timing: Timing
) -> Granted:
    name = f"{app.service.capitalize()} token endpoint"
    answer = TokenEndpoint(name, timing).post(app.token_url, urllib.parse.urlencode(form).encode(), headers)
    texts = {each: answer.get(each) for each in ("access_token", "refresh_token", "scope", "api_domain")}
    plain = {each: value if isinstance(value, str) else "" for each, value in texts.items()}
    length_s = answer.get("expires_in")
    if not plain["access_token"] or not isinstance(length_s, int):
        raise RetryableError(f"{name}: 200 without a token.", status=200, reason="unreadable")
    # Pipedrive's documentation shows both: separated by commas, and by spaces.
    scopes = frozenset(plain["scope"].replace(",", " ").split())
    until = clock() + timedelta(seconds=length_s)
    return Granted(plain["access_token"], plain["refresh_token"], scopes, until, plain["api_domain"])


def primary_calendar_id(app: App, granted: Granted, *, timing: Timing = DEFAULT_TIMING) -> str:
    """Whose consent it is: the primary calendar's id is the user's address. Raises as any read."""
    client = GoogleCalendarClient(
        credentials=Credentials(granted.access_token),
        user="",
        limiter=NoLimiter(),
        project_key=f"google:{app.client_id}",
        api_endpoint=app.api_url,
        timing=timing,
    )
    try:
        return str(client.get_calendar("primary").get("id") or "")
    finally:
        client.close()


def pipedrive_me(app: App, granted: Granted, *, timing: Timing = DEFAULT_TIMING) -> RawItem:
    """Whose consent it is, and of which company (GET /v1/users/me). Raises as any read."""
    credential = OAuthRefresh(app.client_id, app.client_secret, granted.refresh_token, app.token_url)
    client = PipedriveClient(
        base_url=granted.api_domain,
        auth=credential,
        limiter=NoLimiter(),
        key="pipedrive:consent",
        sleep=time.sleep,
        timing=timing,
        keeper=_Given(granted),
    )
    try:
        return client.me()
    finally:
        client.close()


@dataclass(frozen=True, slots=True)
class _Given:
    """The tokens at hand: nothing is asked for."""

    granted: Granted

    def renewed(self, key: str, first: str, refused: str, fetch: Callable[[str], KeptTokens]) -> KeptTokens:
        return KeptTokens(self.granted.access_token, self.granted.refresh_token, self.granted.expires_at)
