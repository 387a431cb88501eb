"""What a flow is given, made of Airflow's connections. Imports of clients and store happen when a task runs."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException, AirflowRuntimeError

from include.calsync.errors import AccountError, InfrastructureError

if TYPE_CHECKING:
    from calsync_airflow.hooks.google_calendar import GoogleCalendarHook
    from include.calsync.clients.auth import TokenKeeper
    from include.calsync.clients.google_calendar import GoogleCalendarClient
    from include.calsync.clients.limiter import Limiter
    from include.calsync.clients.pipedrive import PipedriveClient
    from include.calsync.flows.services import Services


@contextmanager
def open_services() -> Iterator[Services]:
    """Give one task its store and clients. Raises SettingsError if the environment or `calsync_db` is wrong."""
    from calsync_airflow.hooks.store import StoreHook
    from calsync_airflow.hooks.tokens import token_keeper
    from include.calsync.environment import Environment
    from include.calsync.flows.services import Services, utc_now
    from include.calsync.store.limits import StoreLimiter

    environment = Environment.from_env(os.environ, deployment=deployment_id())
    engine = StoreHook().get_conn()
    keeper = token_keeper(engine, utc_now, time.sleep)
    clients = Clients(StoreLimiter(engine, utc_now, time.sleep), time.sleep, utc_now, keeper)
    try:
        yield Services(
            engine=engine,
            pipedrive=clients.pipedrive,
            google=clients.google,
            sleep=time.sleep,
            environment=environment,
            clock=utc_now,
        )
    finally:
        clients.close()
        engine.dispose()


def deployment_id() -> str:
    """Tell this Airflow from a copy of it: made of what all its components have in common, and copies seldom.

    That is its key for secrets and its address, as a digest. Airflow's database would tell more, but a task doesn't
    know it, and the secret of its API has a default that changes with every start.
    """
    from airflow.sdk.configuration import conf

    known = [conf.get("core", "fernet_key", fallback=""), conf.get("api", "base_url", fallback="")]
    return hashlib.sha256("\n".join(map(str, known)).encode()).hexdigest()[:16]


class Clients:
    """One client per connection (and Google user), made on first use. Thread-safe."""

    def __init__(
        self,
        limiter: Limiter,
        sleep: Callable[[float], None],
        clock: Callable[[], datetime],
        keeper: TokenKeeper | None = None,
    ) -> None:
        self._limiter, self._sleep, self._clock, self._keeper = limiter, sleep, clock, keeper
        self._lock = threading.RLock()
        self._pipedrive: dict[str, PipedriveClient] = {}
        self._hooks: dict[str, GoogleCalendarHook] = {}
        self._google: dict[tuple[str, str], GoogleCalendarClient] = {}

    def pipedrive(self, conn_id: str) -> PipedriveClient:
        """Return the connection's client. Raises AccountError, naming the remedy."""
        from calsync_airflow.hooks.pipedrive import PipedriveHook

        with self._lock, _missing_is_the_accounts(conn_id, "Pipedrive"):
            if conn_id not in self._pipedrive:
                self._pipedrive[conn_id] = PipedriveHook(conn_id).get_client(
                    limiter=self._limiter, sleep=self._sleep, clock=self._clock, keeper=self._keeper
                )
            return self._pipedrive[conn_id]

    def google(self, conn_id: str, google_user: str) -> GoogleCalendarClient:
        """Return the connection's client that acts for this user. Raises AccountError, naming the remedy."""
        from calsync_airflow.hooks.google_calendar import GoogleCalendarHook

        with self._lock, _missing_is_the_accounts(conn_id, "Google Calendar"):
            if conn_id not in self._hooks:
                self._hooks[conn_id] = GoogleCalendarHook(conn_id)
            if (conn_id, google_user) not in self._google:
                self._google[conn_id, google_user] = self._hooks[conn_id].get_client(
                    google_user, limiter=self._limiter, sleep=self._sleep, clock=self._clock
                )
            return self._google[conn_id, google_user]

    def close(self) -> None:
        """Close every connection."""
        clients: list[PipedriveClient | GoogleCalendarClient] = [*self._pipedrive.values(), *self._google.values()]
        for client in clients:
            client.close()


@contextmanager
def _missing_is_the_accounts(conn_id: str, kind: str) -> Iterator[None]:
    """Only a connection that is proven missing is; if Airflow can't say, the task has to be tried again."""
    try:
        yield
    except AirflowNotFoundException:
        raise AccountError(
            f"Connection {conn_id} is missing: create it in Airflow (Admin > Connections, type {kind}) "
            f"or set the environment variable AIRFLOW_CONN_{conn_id.upper()}."
        ) from None
    except (AirflowException, AirflowRuntimeError) as error:
        raise InfrastructureError(f"Airflow could not read the connection {conn_id}.") from error
