"""Airflow's API server with the page in it, people of each role, and a store for it to show."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event

from include.calsync.store.engine import create_store_engine, migrate
from tests.airflow.conftest import Connect

HOST = "http://127.0.0.1"
ROLES = ("VIEWER", "USER", "OP", "ADMIN")


@pytest.fixture(scope="module")
def server(airflow_database: None) -> Iterator[Any]:
    """Airflow's API server, where one has to log in."""
    from airflow.api_fastapi.app import create_app, purge_cached_app

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "False")
        purge_cached_app()
        yield create_app(apps="core")
        purge_cached_app()


@pytest.fixture(autouse=True)
def nothing_of_other_tests(airflow_database: None) -> None:
    """Airflow's database is one for all tests of a process: no run is left in it, and no DAG is paused."""
    from airflow.models.dag import DagModel
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    with create_session() as session:
        for run in session.query(DagRun).all():
            session.delete(run)
        session.query(DagModel).update({DagModel.is_paused: False})


@pytest.fixture
def store(tmp_path: Path, connect: Connect) -> Iterator[Engine]:
    """An empty store that the page shows."""
    path = tmp_path / "calsync.db"
    connect("calsync_db", conn_type="sqlite", host=str(path))
    engine = create_store_engine(f"sqlite:///{path}")
    migrate(engine)
    yield engine
    engine.dispose()


class Browser(TestClient):
    """Someone at the page, as a browser sends it: HTML wanted, origin told. `role` None: has no right at all."""

    def __init__(self, app: Any, role: str | None, name: str = "olga", **headers: str) -> None:
        from airflow.api_fastapi.app import get_auth_manager
        from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

        token = get_auth_manager().generate_jwt(SimpleAuthManagerUser(username=name, role=role))
        known = {"accept": "text/html", "accept-language": "en", "sec-fetch-site": "same-origin", "origin": HOST}
        super().__init__(app, base_url=HOST, headers={**known, **headers}, follow_redirects=False)
        self.cookies.set("_token", token)
        self.name = name

    def form_token(self) -> str:
        """What the page's forms send along."""
        from datetime import UTC, datetime

        from calsync_airflow.web import csrf

        return csrf.token(self.name, datetime.now(UTC))

    def submit(self, path: str, **fields: Any) -> Any:
        """Send a form of the page."""
        return self.post(f"/calsync/{path}", data={"form_token": self.form_token(), **fields})

    def show(self, path: str, **params: Any) -> Any:
        """Open a screen."""
        return self.get(f"/calsync/{path}", params=params)


People = Callable[..., Browser]
GERMAN = {"accept-language": "de"}


@contextmanager
def counted() -> Iterator[list[str]]:
    """The queries that are made in the store meanwhile."""
    found: list[str] = []

    def note(conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if str(conn.engine.url).endswith("calsync.db") and not statement.startswith(("BEGIN", "PRAGMA")):
            found.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def plain(text: str) -> str:
    """What a page says."""
    return " ".join(re.sub(r"<[^>]+>", " ", text.partition("<main")[2]).split())


@pytest.fixture
def people(server: Any) -> People:
    """`people("OP")`: someone of that role at the page."""
    return lambda role, **about: Browser(server, role, **about)


@pytest.fixture
def airflow_dags(airflow_database: None) -> Iterator[None]:
    """Airflow knows the DAGs, none of them paused."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session

    DagBundlesManager().sync_bundles_to_db()
    sync_bag_to_db(DagBag(), "dags-folder", None)
    with create_session() as session:
        session.query(DagModel).update({DagModel.is_paused: False})
    yield
    with create_session() as session:
        session.query(DagModel).update({DagModel.is_paused: False})
