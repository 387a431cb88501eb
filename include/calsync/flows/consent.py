"""Connecting a service from the page: a link to its consent page, and what comes back from there.

A link (ticket) lasts 15 minutes and until it led to a connection. Each time it is opened it has a state, a verifier and
a browser of its own; a state is taken once. Whoever makes the link lends its right to who opens it.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from include.calsync.clients import oauth
from include.calsync.clients.oauth import App, Granted
from include.calsync.clients.sessions import DEFAULT_TIMING, Timing
from include.calsync.core.consents import GOOGLE, GOOGLE_SCOPES, PIPEDRIVE_SCOPES, SCOPE, Attempt, hashed
from include.calsync.errors import CalsyncError, RetryableError
from include.calsync.store import consents
from include.calsync.store.transaction import Engine, reading

LASTS = timedelta(minutes=15)


class ConsentError(CalsyncError):
    """Nothing was connected; `str()` says what to do. `reason`: its key; `missing`: scopes that were not granted."""

    def __init__(self, reason: str, message: str, missing: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.reason = reason
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser comes back with: the query of the redirect URI, and the secret of the cookie."""

    state: str = field(repr=False)
    browser: str = field(repr=False)
    code: str = field(default="", repr=False)
    error: str = ""


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection to be written, in Airflow's fields. `who`: for the page, like "Anna Müller, Acme GmbH"."""

    attempt: Attempt
    conn_type: str
    who: str
    host: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Consents:
    """Links to consent pages. `encrypt` and `decrypt` are Airflow's; `decrypt` raises ValueError for another key's."""

    def __init__(
        self,
        engine: Engine,
        *,
        clock: Callable[[], datetime],
        encrypt: Callable[[str], str],
        decrypt: Callable[[str], str],
        timing: Timing = DEFAULT_TIMING,
    ) -> None:
        self._engine, self._clock, self._timing = engine, clock, timing
        self._encrypt, self._decrypt = encrypt, decrypt

    def ask(self, *, service: str, account: str | None, person: str, asked_by: str) -> tuple[str, str]:
        """Makes a link. Returns the attempt's id, to wait for it, and the ticket, which is told once."""
        ticket, now = oauth.new_secret(), self._clock()
        attempt = Attempt(
            id=secrets.token_urlsafe(18), service=service, account=account, person=person, asked_by=asked_by,
            expires_at=now + LASTS, browser_digest=None, verifier=None, used_at=None, error=None,
        )  # fmt: skip
        with self._engine.begin() as conn:
            consents.add(conn, attempt, hashed(ticket), now)
        return attempt.id, ticket

    def progress(self, attempt_id: str) -> Attempt | None:
        """How far a link got, for the page that waits for it."""
        with reading(self._engine) as conn:
            return consents.by_id(conn, attempt_id)

    def start(self, ticket: str, app: App, redirect_uri: str) -> tuple[str, str]:
        """Opens a link. Returns the consent page's address, and the secret for the browser's cookie.

        Raises ConsentError.
        """
        state, verifier, browser = (oauth.new_secret() for _ in range(3))
        sealed = self._encrypt(verifier)
        with self._engine.begin() as conn:
            attempt = consents.by_ticket(conn, hashed(ticket))
            if attempt is None or attempt.service != app.service:
                raise ConsentError("unknown", "Make a new link: this one is not known, or was cut off.")
            if attempt.used_at is not None:
                raise ConsentError("used", "Make a new link to connect anew: this one has led to a connection.")
            if not consents.opened(conn, attempt.id, hashed(state), hashed(browser), sealed, self._clock()):
                raise _expired()
        if app.service == GOOGLE:
            sent = {"redirect_uri": redirect_uri, "state": state, "verifier": verifier, "person": attempt.person}
            return oauth.google_page(app, **sent), browser
        return oauth.pipedrive_page(app, redirect_uri=redirect_uri, state=state), browser

    def finish(
        self,
        answer: Answer,
        app: App,
        redirect_uri: str,
        save: Callable[[Connected], None],
        *,
        company_id: int | None = None,
    ) -> Connected:
        """Swaps the code, checks what was granted and by whom, and lets `save` write the connection.

        Args:
            company_id: the company in Pipedrive that the accounts belong to; None: any

        Raises ConsentError, or what the service's clients raise; either way who waits for the link is told, too.
        """
        with self._engine.begin() as conn:
            attempt = consents.take(conn, hashed(answer.state))
        if attempt is None or attempt.service != app.service:
            raise ConsentError("state", "Open the link again: this answer was taken already, or belongs to no link.")
        try:
            got = self._swapped(attempt, answer, app, redirect_uri)
            if app.service == GOOGLE:
                found = _google(attempt, app, got, self._timing)
            else:
                found = _pipedrive(attempt, app, got, company_id, self._timing)
            save(found)
        except Exception as error:
            told = str(error) if isinstance(error, CalsyncError) else "See the log of the API server."
            with self._engine.begin() as conn:
                consents.failed(conn, attempt.id, told)
            raise
        with self._engine.begin() as conn:
            consents.done(conn, attempt.id, self._clock())
        return found

    def _swapped(self, attempt: Attempt, answer: Answer, app: App, redirect_uri: str) -> Granted:
        if attempt.expires_at <= self._clock():
            raise _expired()
        if not hmac.compare_digest(hashed(answer.browser), attempt.browser_digest or ""):
            raise ConsentError("browser", "Open the link again, and go on in the same browser.")
        if answer.error or not answer.code:
            raise _denied(attempt, answer.error)
        if app.service != GOOGLE:
            return oauth.swap_pipedrive(app, answer.code, redirect_uri, clock=self._clock, timing=self._timing)
        try:
            verifier = self._decrypt(attempt.verifier or "")
        except ValueError:
            raise ConsentError("fernet_key", "Open the link again: Airflow's `fernet_key` was changed.") from None
        return oauth.swap_google(app, answer.code, redirect_uri, verifier, clock=self._clock, timing=self._timing)


def _expired() -> ConsentError:
    return ConsentError("expired", "Make a new link: this one lasted 15 minutes.")


def _denied(attempt: Attempt, error: str) -> ConsentError:
    if error in ("access_denied", "user_denied"):
        button = "Continue" if attempt.service == GOOGLE else "Allow and install"
        return ConsentError("denied", f"Open the link again and choose «{button}»: access was denied.")
    name = _name(attempt)
    return ConsentError("refused", f"Open the link again: {name} sent no code. If that lasts, check the OAuth app.")


def _google(attempt: Attempt, app: App, got: Granted, timing: Timing) -> Connected:
    """People can untick scopes, and pick another account than the one that was meant."""
    missing = tuple(each for each in GOOGLE_SCOPES if each not in got.scopes)
    if missing:
        named = ", ".join(each.removeprefix(SCOPE) for each in missing)
        raise ConsentError("scopes", f"Open the link again and leave all boxes ticked. Missing: {named}.", missing)
    _check_refresh_token(attempt, got)
    owner = oauth.primary_calendar_id(app, got, timing=timing)
    if attempt.person and owner.casefold() != attempt.person.casefold():
        raise ConsentError("person", f"Open the link again and choose {attempt.person}: another account was chosen.")
    extra = {"client_id": app.client_id, "client_secret": app.client_secret, "refresh_token": got.refresh_token}
    return Connected(
        attempt, "google_calendar", owner, extra=extra | {"token_uri": app.token_url, "api_endpoint": app.api_url}
    )


def _pipedrive(attempt: Attempt, app: App, got: Granted, company_id: int | None, timing: Timing) -> Connected:
    """The scopes are those of the app; a person may be at home in several companies."""
    full = {each.removesuffix(":full") for each in got.scopes if each.endswith(":full")}
    missing = tuple(
        each for each in PIPEDRIVE_SCOPES if each not in got.scopes and each.removesuffix(":read") not in full
    )
    if missing:
        text = f"Add {', '.join(missing)} to the app's scopes in Pipedrive's Developer Hub, then open the link again."
        raise ConsentError("scopes", text, missing)
    _check_refresh_token(attempt, got)
    parts = urlsplit(got.api_domain)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise RetryableError("Open the link again: Pipedrive did not say the company's address.", reason="api_domain")
    me = oauth.pipedrive_me(app, got, timing=timing)
    if company_id is not None and me.get("company_id") != company_id:
        text = "Change to the accounts' company in Pipedrive, then open the link again: another one was chosen."
        raise ConsentError("company", text)
    extra = {"client_id": app.client_id, "client_secret": app.client_secret, "refresh_token": got.refresh_token}
    who, host = f"{me.get('name')}, {me.get('company_name')}", got.api_domain.rstrip("/")
    return Connected(attempt, "pipedrive", who, host=host, extra=extra | {"token_url": app.token_url})


def _check_refresh_token(attempt: Attempt, got: Granted) -> None:
    if not got.refresh_token:
        text = f"Remove the app's access in the settings of the {_name(attempt)} account, then open the link again."
        raise ConsentError("refresh_token", f"{text} No refresh token came.")


def _name(attempt: Attempt) -> str:
    return "Google" if attempt.service == GOOGLE else "Pipedrive"
