"""What every flow is given: the store, the two services and the time. Nothing here opens a connection by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from include.calsync.environment import Environment

if TYPE_CHECKING:
    from include.calsync.clients.google_calendar import GoogleCalendarClient
    from include.calsync.clients.pipedrive import PipedriveClient
    from include.calsync.store.leases import Leases
    from include.calsync.store.transaction import Engine


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@dataclass
class Services:
    """The store and the clients of one task.

    `pipedrive(conn_id)` and `google(conn_id, google_user)` return the same client for the same arguments and
    raise AccountError, naming the remedy, if the connection is missing or unusable.
    """

    engine: Engine
    pipedrive: Callable[[str], PipedriveClient]
    google: Callable[[str, str], GoogleCalendarClient]
    sleep: Callable[[float], None]
    environment: Environment
    clock: Callable[[], datetime] = field(default=utc_now)

    def __post_init__(self) -> None:
        self._used_pipedrive: dict[int, PipedriveClient] = {}
        self._used_google: dict[int, GoogleCalendarClient] = {}
        make_pipedrive, make_google = self.pipedrive, self.google

        def pipedrive(conn_id: str) -> PipedriveClient:
            client = make_pipedrive(conn_id)
            client.named(conn_id)
            return self._used_pipedrive.setdefault(id(client), client)

        def google(conn_id: str, google_user: str) -> GoogleCalendarClient:
            client = make_google(conn_id, google_user)
            client.named(conn_id)
            return self._used_google.setdefault(id(client), client)

        self.pipedrive, self.google = pipedrive, google

    def usage(self) -> tuple[int, int, int]:
        """Requests to Pipedrive, requests to Google Calendar, and Pipedrive tokens, since these services were made."""
        pipedrive, google = list(self._used_pipedrive.values()), list(self._used_google.values())
        return (
            sum(client.request_count for client in pipedrive),
            sum(client.request_count for client in google),
            sum(client.tokens_spent for client in pipedrive),
        )

    @property
    def leases(self) -> Leases:
        """The leases of this store."""
        from include.calsync.store.leases import Leases

        return Leases(self.engine, self.clock)


def rotated(account: str, conn_id: str) -> str:
    """What to do about a refresh token that was replaced: tasks can't write into Airflow's connections."""
    return (
        f"account {account}: authorise the connection {conn_id} again, and enter the refresh token that you get. The "
        "service replaced the one that is entered; it may stop working."
    )
