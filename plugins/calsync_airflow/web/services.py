"""The two services, for what the page asks of them while somebody waits: no long pause is slept through."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from calsync_airflow.hooks.tokens import token_keeper
from calsync_airflow.services import Clients, deployment_id
from include.calsync.environment import Environment
from include.calsync.errors import RetryableError
from include.calsync.flows.services import Services, utc_now
from include.calsync.store.limits import StoreLimiter

PATIENCE_S = 4.0


def _sleep(seconds: float) -> None:
    if seconds > PATIENCE_S:
        raise RetryableError("Try again later: the service does not answer just now.", reason="patience")
    time.sleep(seconds)


@contextmanager
def opened(engine: Engine) -> Iterator[Services]:
    """Clients over this store. Raises SettingsError if the environment is wrong."""
    environment = Environment.from_env(os.environ, deployment=deployment_id())
    limiter = StoreLimiter(engine, utc_now, _sleep, max_wait_s=PATIENCE_S)
    clients = Clients(limiter, _sleep, utc_now, token_keeper(engine, utc_now, time.sleep))
    try:
        yield Services(
            engine=engine,
            pipedrive=clients.pipedrive,
            google=clients.google,
            sleep=_sleep,
            environment=environment,
            clock=utc_now,
        )
    finally:
        clients.close()
