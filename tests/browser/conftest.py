"""Airflow's API server with a filled store, people of each role who are logged in, and a browser for them."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine

from include.calsync.store.engine import create_store_engine
from include.sandbox.server import Sandbox
from include.scripts.chromium import arguments, chromium
from include.scripts.demo.home import free_port, make_home
from include.scripts.demo.processes import Processes
from tests.browser import company
from tests.browser.company import Ids
from tests.browser.looking import Look
from tests.browser.serve import ROLES
from tests.flows.world import ANNA, World

START_TIMEOUT_S = 600.0
MANAGERS = {
    "simple": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
    "fab": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
}


@dataclass(frozen=True, eq=False)
class Server:
    """An API server, and the token of each role's person."""

    url: str
    tokens: Mapping[str, str]

    def ask(self, role: str | None, method: str, path: str, **options: Any) -> requests.Response:
        """One request below `/calsync/`, with the cookie of somebody's login; None: of nobody. Follows no redirect."""
        cookies = {} if role is None else {"_token": self.tokens[role]}
        address = f"{self.url}/calsync/{path}"
        return requests.request(
            method, address, **{"cookies": cookies, "timeout": 60, "allow_redirects": False, **options}
        )

    def store_is(self, path: str | Path, *, new: bool = False) -> None:
        """From now on the page's store is this SQLite file. `new`: no connection named one before."""
        named = {"connection_id": "calsync_db", "conn_type": "sqlite", "host": str(path)}
        address = f"{self.url}/api/v2/connections" + ("" if new else "/calsync_db")
        login = {"Authorization": f"Bearer {self.tokens['admin']}"}
        requests.request("POST" if new else "PATCH", address, json=named, headers=login, timeout=60).raise_for_status()


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("company")
    with Sandbox(seed=1) as sandbox:
        made = World(sandbox, folder, f"sqlite:///{folder / 'calsync.db'}")
        company.fill(made)
        yield made
        made.engine.dispose()


@pytest.fixture(scope="session")
def ids(world: World) -> Ids:
    return company.ids_in(world.engine)


@pytest.fixture(scope="session")
def servers(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    """One under each auth manager, both on the same store."""
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        started = {name: start(world, tmp_path_factory.mktemp(name), name, stack) for name in MANAGERS}
        ready = dict(zip(started, pool.map(_logged_in, started.values()), strict=True))
        for each in ready.values():
            each.store_is(store_of(world), new=True)
        yield ready


def store_of(world: World) -> str:
    return world.store_url.removeprefix("sqlite:///")


@pytest.fixture
def empty(world: World, servers: dict[str, Server], tmp_path: Path) -> Iterator[Engine]:
    """The store of an installation that just begins: nobody has looked at the page yet, and no run was."""
    engine = create_store_engine(f"sqlite:///{tmp_path / 'calsync.db'}")
    servers["simple"].store_is(tmp_path / "calsync.db")
    yield engine
    servers["simple"].store_is(store_of(world))
    engine.dispose()


def start(world: World, folder: Path, manager: str, stack: ExitStack) -> tuple[Processes, str]:
    """Start the server; its address."""
    connections = {
        "pipedrive_default": {
            "conn_type": "pipedrive",
            "host": world.sandbox.pipedrive.url,
            "password": world.tokens["pipedrive_default"],
        },
        "google_calendar_default": {
            "conn_type": "google_calendar",
            "login": ANNA,
            "extra": {"keyfile_dict": world.google.service_account_key(), "api_endpoint": world.sandbox.google.url},
        },
    }
    port = free_port(0)
    passwords = folder / "passwords-of-roles.json"
    passwords.write_text(json.dumps({role: role for role in ROLES}))
    settings = {
        "AIRFLOW__CORE__AUTH_MANAGER": MANAGERS[manager],
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{role}:{role}" for role in ROLES),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "CALSYNC_ACCOUNTS_FILE": str(world.accounts_file),
        **{f"AIRFLOW_CONN_{conn_id.upper()}": json.dumps(fields) for conn_id, fields in connections.items()},
    }
    home = make_home(folder / "home", port, world.accounts_file.read_text(encoding="utf-8"), settings)
    processes = Processes(home.env, folder / "work", folder / "logs")
    stack.callback(processes.stop)
    processes.start("api-server", [sys.executable, "-m", "tests.browser.serve", str(port), manager])
    return processes, home.url


def _logged_in(started: tuple[Processes, str]) -> Server:
    processes, url = started
    deadline = time.monotonic() + START_TIMEOUT_S
    while not _answers(url):
        processes.check()
        assert time.monotonic() < deadline, processes.tail("api-server")
        time.sleep(0.2)
    return Server(url, {role: _token(url, role) for role in ROLES})


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/api/v2/version", timeout=30).ok
    except requests.ConnectionError:
        return False


def _token(url: str, role: str) -> str:
    answer = requests.post(f"{url}/auth/token", json={"username": role, "password": role}, timeout=60)
    answer.raise_for_status()
    return str(answer.json()["access_token"])


@pytest.fixture(params=MANAGERS)
def server(request: pytest.FixtureRequest, servers: dict[str, Server]) -> Server:
    """Under one auth manager after the other."""
    return servers[request.param]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Ends with the module: as long as it lives, nothing else in this thread can run an event loop."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), args=arguments())
        yield running
        running.close()


@pytest.fixture
def look(browser: Browser, servers: dict[str, Server]) -> Iterator[Callable[..., Look]]:
    """`look(role="viewer", theme="dark", language="de", width=288)`: an empty page of somebody who is logged in."""
    with ExitStack() as stack:

        def at(role: str = "admin", **options: Any) -> Look:
            server = servers["simple"]
            return stack.enter_context(Look.at(browser, server.url, server.tokens[role], **options))

        yield at
