"""The product's flows on a sandbox, without Airflow: what the checks in this folder drive.

Both services are reached by address and credential alone, so the sandbox may be in this process or in another.
"""

from __future__ import annotations

import itertools
import json
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from google.oauth2 import service_account

from include.calsync.clients.auth import ApiToken
from include.calsync.clients.google_calendar import GoogleCalendarClient
from include.calsync.clients.limiter import Limiter, NoLimiter
from include.calsync.clients.pipedrive import PipedriveClient
from include.calsync.environment import Environment
from include.calsync.flows.closing.close import Summary
from include.calsync.flows.request import RunRequest, UploadOptions
from include.calsync.flows.services import Services, utc_now
from include.calsync.flows.sync import sync
from include.calsync.store.engine import create_store_engine
from include.calsync.store.limits import StoreLimiter

SCOPES = ["https://www.googleapis.com/auth/calendar"]


@dataclass(frozen=True)
class Addresses:
    """Where the two services are, and one credential for each."""

    pipedrive_url: str
    api_token: str
    google_url: str
    service_account_key: dict[str, str]

    @classmethod
    def of(cls, pipedrive_url: str, google_url: str) -> Addresses:
        """Ask a running sandbox for its credentials; the token is its first user's."""
        pipedrive, google = (_get(f"{url}/_sandbox/credentials") for url in (pipedrive_url, google_url))
        token = next(iter(pipedrive["api_tokens"].values()))
        return cls(pipedrive_url, token, google_url, google["service_account_key"])


def _get(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=30) as answer:
        content: dict[str, Any] = json.load(answer)
    return content


@dataclass
class Runner:
    """Runs with one store.

    `limited`: stay under the services' documented limits, as in production. `clock`: what the product believes.
    """

    folder: Path
    addresses: Addresses
    limited: bool = False
    clock: Callable[[], datetime] = utc_now
    seconds: dict[str, float] = field(default_factory=dict)
    """How long each step of the last run took."""

    def __post_init__(self) -> None:
        self.engine = create_store_engine(f"sqlite:///{self.folder / 'calsync.db'}")
        self.limiter: Limiter = StoreLimiter(self.engine, self.clock, time.sleep) if self.limited else NoLimiter()
        self._numbers = itertools.count(1)
        self._pipedrive: dict[str, PipedriveClient] = {}
        self._google: dict[tuple[str, str], GoogleCalendarClient] = {}

    @property
    def accounts_file(self) -> Path:
        return self.folder / "accounts.yaml"

    def write_accounts(self, accounts: list[dict[str, Any]]) -> None:
        self.accounts_file.write_text(yaml.safe_dump({"accounts": accounts}, allow_unicode=True), encoding="utf-8")

    def sync(self, **options: Any) -> Summary:
        """One run of `calendar_sync`, all its steps. A run that must not be green returns its summary too."""
        return self._run(RunRequest("calendar_sync", "manual", self._owner(), **options))

    def upload(self, **options: Any) -> Summary:
        """One run of `upload_unsynced_activities`."""
        name = "upload_unsynced_activities"
        return self._run(RunRequest(name, "upload", self._owner(), upload=UploadOptions(**options)))

    def close(self) -> None:
        clients: list[PipedriveClient | GoogleCalendarClient] = [*self._pipedrive.values(), *self._google.values()]
        for client in clients:
            client.close()
        self.engine.dispose()

    def _owner(self) -> str:
        return f"run-{next(self._numbers)}-{time.time_ns()} task"

    def _run(self, request: RunRequest) -> Summary:
        services = self._services()
        self.seconds = {}

        def timed(step: Callable[..., Any], *arguments: Any) -> Any:
            begun = time.monotonic()
            try:
                return step(services, *arguments)
            finally:
                name = step.__name__
                self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - begun

        return sync(request, timed)

    def _services(self) -> Services:
        return Services(
            engine=self.engine,
            pipedrive=self._pipedrive_client,
            google=self._google_client,
            sleep=time.sleep,
            environment=Environment(accounts_file=self.accounts_file),
            clock=self.clock,
        )

    def _pipedrive_client(self, conn_id: str) -> PipedriveClient:
        if conn_id not in self._pipedrive:
            self._pipedrive[conn_id] = PipedriveClient(
                base_url=self.addresses.pipedrive_url,
                auth=ApiToken(self.addresses.api_token),
                limiter=self.limiter,
                clock=self.clock,
                key=f"pipedrive:{conn_id}",
            )
        return self._pipedrive[conn_id]

    def _google_client(self, conn_id: str, user: str) -> GoogleCalendarClient:
        if (conn_id, user) not in self._google:
            key = self.addresses.service_account_key
            own: Any = service_account.Credentials.from_service_account_info(key, scopes=SCOPES)
            self._google[conn_id, user] = GoogleCalendarClient(
                credentials=own.with_subject(user),
                user=user,
                quota_user=user,
                api_endpoint=self.addresses.google_url,
                limiter=self.limiter,
                clock=self.clock,
                project_key=f"google:{conn_id}",
            )
        return self._google[conn_id, user]
