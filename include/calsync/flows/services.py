"""What every flow is given: the store, the two services and the time. Nothing here opens a connection by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from include.calsync.settings import Environment

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from include.calsync.clients.google_calendar import GoogleCalendarClient
    from include.calsync.clients.pipedrive import PipedriveClient
    from include.calsync.store.leases import Leases


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

    @property
    def leases(self) -> Leases:
        from include.calsync.store.leases import Leases

        return Leases(self.engine, self.clock)
