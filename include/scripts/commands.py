"""What the commands have in common: they run where Airflow runs, and use its connections as a task would."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import Engine

from include.calsync.environment import Environment
from include.calsync.errors import SettingsError
from include.calsync.flows.services import Services, utc_now
from include.calsync.store.engine import create_store_engine, migrate
from include.calsync.store.limits import StoreLimiter
from include.calsync.store.schema import is_current, schema_state

PLUGINS = str(Path(__file__).resolve().parents[2] / "plugins")


@contextmanager
def in_airflow() -> Iterator[None]:
    """Airflow's connections can be had inside, and nobody but the command speaks."""
    # Like `airflow connections`: else connections of Airflow's database are not looked at.
    os.environ["_AIRFLOW_PROCESS_CONTEXT"] = "server"
    if PLUGINS not in sys.path:
        sys.path.append(PLUGINS)
    logging.disable(logging.WARNING)  # libraries have much to tell
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logging.disable(logging.NOTSET)


@contextmanager
def opened_store() -> Iterator[Engine]:
    """The store, which is there and of this version. Raises SettingsError, naming the remedy, if it is not."""
    from calsync_airflow.hooks.store import StoreHook

    url = StoreHook().get_url()
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        raise SettingsError([f"Start a run first: {url.database} does not exist yet."])
    engine = create_store_engine(url.render_as_string(hide_password=False))
    try:
        is_well, state = schema_state(engine)
        if not is_well or not is_current(engine):
            raise SettingsError([f"Connection calsync_db: {state}"])
        yield engine
    finally:
        engine.dispose()


@contextmanager
def reading_services(environment: Environment, store: Engine | None) -> Iterator[Services]:
    """Clients whose requests are counted in a store of their own: nothing is written to `store`. None: there is none
    yet."""
    from calsync_airflow.services import Clients

    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="calsync-"))
        scratch = create_store_engine(f"sqlite:///{folder}/empty.db")
        stack.callback(scratch.dispose)
        migrate(scratch)
        clients = Clients(StoreLimiter(scratch, utc_now, time.sleep), time.sleep, utc_now)
        stack.callback(clients.close)
        yield Services(
            engine=scratch if store is None else store,
            pipedrive=clients.pipedrive,
            google=clients.google,
            sleep=time.sleep,
            environment=environment,
            clock=utc_now,
        )


def environment_now() -> Environment:
    """The environment as a task would read it. Raises SettingsError, all problems at once."""
    from calsync_airflow.services import deployment_id

    return Environment.from_env(os.environ, deployment=deployment_id())
