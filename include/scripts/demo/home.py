"""The demo's own AIRFLOW_HOME inside the checkout, and Airflow's settings as environment variables."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DEFAULT_FOLDER = ROOT / ".calsync" / "demo"
MARK = "env.sh"
USER = "admin"
LOCAL_SETTINGS = """from sqlalchemy import Engine

from include.scripts.demo.savepoints import install

__all__ = []
install(Engine)
"""
# Airflow's components wait for each other's writes; a busy machine needs longer than SQLite's five seconds.
DATABASE_TIMEOUT_S = 60
# Of the environment of whoever starts the demo, these are not handed on: they would change what it shows.
NOT_INHERITED = ("AIRFLOW", "CALSYNC_", "PYTHONPATH", "_AIRFLOW")


@dataclass(frozen=True)
class Home:
    """AIRFLOW_HOME, the address of Airflow, the login's password, and the environment of every component."""

    folder: Path
    url: str
    password: str
    env: dict[str, str]

    @property
    def store(self) -> Path:
        """The file of calsync's own database."""
        return self.folder / "calsync.db"


def make_home(folder: Path, port: int, accounts_yaml: str, more: Mapping[str, str] | None = None) -> Home:
    """Write the folder; nothing secret is readable by others. `more`: settings that go before the demo's own."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    password = secrets.token_urlsafe(9)
    passwords, accounts, exports = folder / "passwords.json", folder / "accounts.yaml", folder / MARK
    passwords.write_text(json.dumps({USER: password}))
    accounts.write_text(accounts_yaml, encoding="utf-8")
    url = f"http://127.0.0.1:{port}"
    ours = _settings(folder, url, port) | {"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords)}
    ours |= {"AIRFLOW_HOME": str(folder), "PYTHONPATH": str(ROOT), "CALSYNC_ACCOUNTS_FILE": str(accounts)}
    ours |= more or {}
    (folder / "config").mkdir(exist_ok=True)
    (folder / "config" / "airflow_local_settings.py").write_text(LOCAL_SETTINGS)  # read by every component and command
    exports.touch(mode=0o600)
    exports.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in sorted(ours.items())))
    theirs = {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}
    return Home(folder, url, password, theirs | ours)


def _settings(folder: Path, url: str, port: int) -> dict[str, str]:
    sections = {
        "CORE": {
            "DAGS_FOLDER": str(ROOT / "dags"),
            "PLUGINS_FOLDER": str(ROOT / "plugins"),
            # With the other one Airflow 3.3.2 puts a warning of one of its libraries into every task's log.
            "DAG_IGNORE_FILE_SYNTAX": "regexp",
            "LOAD_EXAMPLES": "False",
            "EXECUTOR": "LocalExecutor",
            "PARALLELISM": "4",
            "TEST_CONNECTION": "Enabled",
            "SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            "EXECUTION_API_SERVER_URL": f"{url}/execution/",
        },
        "API": {"HOST": "127.0.0.1", "PORT": str(port), "BASE_URL": url, "SECRET_KEY": secrets.token_hex(32)},
        "API_AUTH": {"JWT_SECRET": secrets.token_hex(64)},
        # A run is a chain of short tasks: between two of them the scheduler sleeps for so long, a second by default.
        "SCHEDULER": {"SCHEDULER_IDLE_SLEEP_TIME": "0.2"},
        "DATABASE": {"SQL_ALCHEMY_CONN": f"sqlite:///{folder / 'airflow.db'}?timeout={DATABASE_TIMEOUT_S}"},
        "USAGE_DATA_COLLECTION": {"ENABLED": "False"},
    }
    return {
        f"AIRFLOW__{section}__{key}": value for section, options in sections.items() for key, value in options.items()
    }


def free_port(wanted: int) -> int:
    """The wanted port of loopback if nobody has it, else any free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")
