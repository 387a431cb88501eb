"""The health address: who may ask, by role and status code, and what is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, update

from include.calsync.store.tables import account as accounts
from include.calsync.store.tables import alert, cursor
from tests.airflow.conftest import Connect
from tests.airflow.test_runs import Company, Outcome, company, run

__all__ = ["company", "run"]  # fixtures

HEALTH = "/calsync/health"
TOKEN = "monitor-token"
NOW = datetime.now(UTC)


@pytest.fixture
def server(airflow_database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """Airflow's API server, where one has to log in."""
    from airflow.api_fastapi.app import create_app, purge_cached_app

    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "False")
    monkeypatch.setenv("CALSYNC_HEALTH_TOKEN", TOKEN)
    purge_cached_app()
    with TestClient(create_app(apps="core"), base_url="http://127.0.0.1") as client:
        yield client
    purge_cached_app()


def login(role: str | None) -> dict[str, str]:
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    token = get_auth_manager().generate_jwt(SimpleAuthManagerUser(username="olga", role=role))
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def airflow(airflow_database: None) -> Iterator[Callable[..., None]]:
    """What Airflow knows of its scheduler and of `calendar_sync`: all is well, but for what is given."""
    from airflow.jobs.job import Job
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session

    def known(*, silent_minutes: int = 0, late_minutes: int = 0, paused: bool = False) -> None:
        heartbeat, next_run = (
            datetime.now(UTC) - timedelta(minutes=minutes) for minutes in (silent_minutes, late_minutes)
        )
        with create_session() as session:
            session.query(Job).delete()
            session.add(Job(job_type="SchedulerJob", state="running", latest_heartbeat=heartbeat))
            dag = session.get(DagModel, "calendar_sync")
            assert dag is not None
            dag.is_paused, dag.next_dagrun_create_after = paused, next_run

    yield known
    with create_session() as session:
        session.query(Job).delete()


def ask(server: TestClient, **params: Any) -> tuple[int, list[tuple[str, str | None]]]:
    answer = server.get(HEALTH, headers={"X-Calsync-Token": TOKEN}, params=params)
    body = answer.json()
    assert body["healthy"] == (answer.status_code == 200)
    return answer.status_code, [(each["what"], each["subject"]) for each in body["reasons"]]


def change(company: Company, *statements: Any) -> None:
    engine = create_engine(f"sqlite:///{company.accounts_file.with_name('calsync.db')}")
    with engine.begin() as conn:
        for statement in statements:
            conn.execute(statement)
    engine.dispose()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X-Calsync-Token": "wrong"}, 401),
        ({"X-Calsync-Token": ""}, 401),
        ({"Authorization": "Bearer wrong"}, 403),
        ({"X-Calsync-Token": TOKEN}, 503),
        ({"Authorization": f"Bearer {TOKEN}"}, 503),
    ],
)
def test_monitors_need_the_token(server: TestClient, headers: dict[str, str], status: int) -> None:
    assert server.get(HEALTH, headers=headers).status_code == status
    assert server.get(HEALTH, params={"token": TOKEN}).status_code == 401, "an address is written into logs"


def test_people_need_the_right_to_see_runs(server: TestClient) -> None:
    statuses = {role: server.get(HEALTH, headers=login(role)).status_code for role in (None, "VIEWER", "ADMIN")}
    assert statuses == {None: 403, "VIEWER": 503, "ADMIN": 503}


def test_without_a_token_in_the_environment_none_opens(server: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALSYNC_HEALTH_TOKEN", " ")
    for given in ("", " ", TOKEN):
        assert server.get(HEALTH, headers={"X-Calsync-Token": given}).status_code == 401


def test_all_is_well_until_it_is_not(
    server: TestClient, company: Company, run: Callable[..., Outcome], airflow: Callable[..., None]
) -> None:
    run()
    airflow()
    assert ask(server) == (200, [])
    airflow(silent_minutes=5)
    assert ask(server) == (503, [("scheduler", None)])
    airflow(late_minutes=11)
    assert ask(server) == (503, [("no_runs", None)])
    airflow(paused=True)
    assert ask(server) == (503, [("paused", None)])
    airflow()
    change(company, update(cursor).values(saved_at=NOW - timedelta(minutes=61)))
    assert ask(server) == (503, [("no_success", "anna")])
    assert ask(server, minutes=90) == (200, [])
    assert server.get(HEALTH, headers={"X-Calsync-Token": TOKEN}, params={"minutes": 0}).status_code == 422
    untold = {"notifier": "0: some.Pager", "kind": "failing", "subject": "anna", "text": "Correct it."}
    change(company, alert.insert().values(**untold, since=NOW - timedelta(minutes=16)))
    assert ask(server, minutes=90) == (503, [("unsent_alerts", None)])
    change(company, alert.update().values(told_at=NOW), accounts.update().values(state="paused"))
    assert ask(server) == (200, []), "who is paused is not missed"


def test_a_database_that_can_not_be_read_is_said_without_its_address(
    server: TestClient, connect: Connect, tmp_path: Path, airflow: Callable[..., None]
) -> None:
    connect("calsync_db", conn_type="sqlite", host=str(tmp_path / "none" / "calsync.db"))
    answer = server.get(HEALTH, headers={"X-Calsync-Token": TOKEN})
    assert answer.status_code == 503
    assert "store" in [each["what"] for each in answer.json()["reasons"]]
    assert str(tmp_path) not in answer.text
