"""Airflow connection -> Pipedrive client."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from airflow.sdk.exceptions import AirflowException
from airflow.sdk.log import mask_secret

from calsync_airflow.hooks.connections import StrictHook, oauth_fields, text
from calsync_airflow.hooks.tokens import shared_tokens
from include.calsync.clients.limiter import Limiter, NoLimiter
from include.calsync.clients.pipedrive import ApiToken, OAuthRefresh, PipedriveClient
from include.calsync.clients.sessions import DEFAULT_TIMING, Timing
from include.calsync.clients.transport import utc_now
from include.calsync.errors import AccountError, CalsyncError, RetryableError

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from include.calsync.clients.auth import TokenKeeper

ONE_TRY = replace(DEFAULT_TIMING, tries_count=1)
DEFAULT_TOKEN_URL = "https://oauth.pipedrive.com/oauth/token"


class PipedriveHook(StrictHook):
    """Speaks to the company that a connection of type `pipedrive` names, as the owner of its token."""

    conn_name_attr = "pipedrive_conn_id"
    default_conn_name = "pipedrive_default"
    conn_type = "pipedrive"
    hook_name = "Pipedrive"

    def __init__(self, pipedrive_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.pipedrive_conn_id = pipedrive_conn_id

    def get_client(
        self,
        *,
        limiter: Limiter,
        sleep: Callable[[float], None],
        clock: Callable[[], datetime],
        timing: Timing = DEFAULT_TIMING,
        keeper: TokenKeeper | None = None,
    ) -> PipedriveClient:
        """Return a client. Raises AccountError that says what to fill in. `keeper`: of tokens that all tasks share."""
        conn = self.get_connection(self.pipedrive_conn_id)
        base_url = self._base_url(conn)
        auth, secret = self._auth(conn)
        return PipedriveClient(
            base_url=base_url,
            auth=auth,
            limiter=limiter,
            key=_key(base_url, secret),
            sleep=sleep,
            clock=clock,
            timing=timing,
            keeper=keeper,
        )

    def get_conn(self, keeper: TokenKeeper | None = None) -> PipedriveClient:
        """Return a client for a person who waits: shares its rate limits with nobody, tries once."""
        return self.get_client(limiter=NoLimiter(), sleep=time.sleep, clock=utc_now, timing=ONE_TRY, keeper=keeper)

    def test_connection(self) -> tuple[bool, str]:
        """Ask Pipedrive who we are (GET /v1/users/me). The message names company and user, or the remedy."""
        try:
            consented = text(self.get_connection(self.pipedrive_conn_id).extra_dejson, "refresh_token")
            with shared_tokens() if consented else nullcontext() as keeper:
                me = self.get_conn(keeper).me()
        except RetryableError as error:
            return False, f"{error} Check the company's address and the network."
        except (CalsyncError, AirflowException) as error:
            return False, str(error)
        return True, f"Connected to {me.get('company_name')} as {me.get('name')} ({me.get('email')})."

    def _base_url(self, conn: Connection) -> str:
        host = (conn.host or "").strip().rstrip("/")
        if host and "://" not in host:
            host = f"{conn.schema or 'https'}://{host}"
        if conn.port:
            host = f"{host}:{conn.port}"
        try:
            parts = urlsplit(host)
            usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
        except ValueError:
            usable = False
        if not usable or parts.path or parts.query or parts.username:
            raise self._wrong("give the company's address as host, like https://acme.pipedrive.com")
        return host

    def _auth(self, conn: Connection) -> tuple[ApiToken | OAuthRefresh, str]:
        """Return the credential, and the secret that identifies it."""
        extra = conn.extra_dejson
        if fields := oauth_fields(extra, self.pipedrive_conn_id):
            mask_secret(list(fields[1:]))
            token_url = text(extra, "token_url") or DEFAULT_TOKEN_URL
            client_id, client_secret, refresh_token = fields
            return OAuthRefresh(
                client_id=client_id, client_secret=client_secret, refresh_token=refresh_token, token_url=token_url
            ), refresh_token
        token = (conn.password or "").strip()
        if not token:
            raise self._wrong("give an API token as password (or the OAuth fields)")
        mask_secret(token)
        return ApiToken(token), token

    def _wrong(self, what: str) -> AccountError:
        return AccountError(f"Connection {self.pipedrive_conn_id}: {what}.")


def _key(base_url: str, secret: str) -> str:
    """Return the name under which every task shares this credential's limits; tells nothing about the secret."""
    return "pipedrive:" + hashlib.sha256(f"{base_url}\n{secret}".encode()).hexdigest()[:16]
