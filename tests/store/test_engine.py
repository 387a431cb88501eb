"""Engines: what is refused, and that both databases behave alike."""

from __future__ import annotations

import os
import sqlite3
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from include.calsync.errors import SettingsError
from include.calsync.store.engine import create_store_engine, reading
from include.calsync.store.tables import account, directory, lease, pause, token_budget

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2", "postgresql+psycopg"])
def test_postgresql_always_goes_through_psycopg_3(scheme: str) -> None:
    url = create_store_engine(f"{scheme}://anna:pw@db.example:6432/calsync?sslmode=require&connect_timeout=3").url
    assert url.render_as_string(hide_password=False) == (
        "postgresql+psycopg://anna:pw@db.example:6432/calsync?application_name=calsync&connect_timeout=3&sslmode=require"
    )


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("mysql://anna:topsecret@db/calsync", "use PostgreSQL 14 or later, or SQLite"),
        ("topsecret", "an example is postgresql://"),
        ("sqlite://", "name a file"),
        ("sqlite:///:memory:", "name a file"),
        ("sqlite:///calsync.db", "must be absolute"),
        ("sqlite:////nowhere/at/all/calsync.db", "create it"),
    ],
)
def test_unusable_urls_are_refused_with_the_remedy_and_without_the_secret(url: str, remedy: str) -> None:
    with pytest.raises(SettingsError) as raised:
        create_store_engine(url)
    assert remedy in str(raised.value)
    assert "calsync_db" in str(raised.value)
    assert "topsecret" not in "".join(traceback.format_exception(raised.value))


def test_sqlite_is_durable_patient_and_checks_foreign_keys(tmp_path: Path) -> None:
    engine = create_store_engine(f"sqlite:///{tmp_path}/calsync.db")
    with engine.begin() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys", "recursive_triggers")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "busy_timeout": 30000,
        "foreign_keys": 1,
        "recursive_triggers": 1,
    }


def modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277])
def test_only_its_owner_reads_the_sqlite_file(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        engine = create_store_engine(f"sqlite:///{tmp_path}/calsync.db")
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE made (a)")
            assert modes(tmp_path) == dict.fromkeys(("calsync.db", "calsync.db-wal", "calsync.db-shm"), 0o600)
    finally:
        os.umask(before)


def test_a_sqlite_file_that_others_may_read_is_tightened(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "calsync.db", isolation_level=None)
    other.execute("PRAGMA journal_mode=WAL")
    other.execute("CREATE TABLE made (a)")
    for path in tmp_path.iterdir():
        path.chmod(0o664)
    assert len(modes(tmp_path)) == 3
    (tmp_path / "link.db").symlink_to(tmp_path / "calsync.db")
    engine = create_store_engine(f"sqlite:///{tmp_path}/link.db")
    with reading(engine) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM made").scalar() == 0
    assert set(modes(tmp_path).values()) == {0o600}
    other.close()


def test_the_first_connection_waits_for_one_that_is_just_making_the_file(tmp_path: Path) -> None:
    """SQLite's busy timeout does not cover the switch to WAL."""
    other = sqlite3.connect(tmp_path / "calsync.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    other.execute("CREATE TABLE made (a)")
    end = threading.Timer(0.3, other.execute, ["COMMIT"])
    end.start()
    engine = create_store_engine(f"sqlite:///{tmp_path}/calsync.db")
    with reading(engine) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM made").scalar() == 0
    end.join()
    other.close()


def test_a_reader_waits_for_no_writer_and_sees_what_is_committed(store: Engine) -> None:
    with store.begin() as writer:
        writer.execute(insert(account).values(name="anna"))
        with reading(store) as reader:
            assert reader.execute(select(func.count()).select_from(account)).scalar() == 0
    with reading(store) as reader:
        assert reader.execute(select(account.c.name)).scalars().all() == ["anna"]


def test_a_reading_transaction_refuses_to_write_and_leaves_nothing_behind(store: Engine) -> None:
    for _ in range(20):  # more often than the pool has connections
        with pytest.raises(DBAPIError, match=r"read-?only"), reading(store) as reader:
            reader.execute(insert(account).values(name="anna"))
        with store.begin() as connection:
            connection.execute(insert(pause).values(key="k", until=NOON, reason="test"))
            connection.execute(pause.delete())


def test_writers_in_many_threads_lose_no_update(store: Engine) -> None:
    with store.begin() as connection:
        connection.execute(insert(token_budget).values(key="k", day="2026-03-02", spent=0))

    def add_one(_: int) -> None:
        with store.begin() as connection:
            spent = connection.execute(select(token_budget.c.spent).with_for_update()).scalar_one()
            connection.execute(update(token_budget).values(spent=spent + 1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add_one, range(120)))
    with reading(store) as connection:
        assert connection.execute(select(token_budget.c.spent)).scalar_one() == 120


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_64_threads_read_and_write_one_file_and_none_fails_or_starves(store: Engine) -> None:
    """All read at once; then each writes, again and again, and its turn comes as often as that of the others."""
    with store.begin() as connection:
        connection.execute(insert(token_budget).values(key="k", day="2026-03-02", spent=0))
    all_read, end = threading.Barrier(64), threading.Event()

    def work(number: int) -> int:
        with reading(store) as connection:
            connection.execute(select(token_budget.c.spent)).scalar_one()
            all_read.wait(20)
        for count in range(1000):
            if end.is_set():
                return count
            with store.begin() as connection:
                spent = connection.execute(select(token_budget.c.spent)).scalar_one()
                connection.execute(update(token_budget).values(spent=spent + 1))
                if spent + 1 >= 64 * 20:
                    end.set()
        return 1000

    with ThreadPoolExecutor(64) as pool:
        counts = list(pool.map(work, range(64)))
    with reading(store) as connection:
        assert connection.execute(select(token_budget.c.spent)).scalar_one() == sum(counts)
    assert min(counts) >= 5, "an even share is 20"


def test_what_is_not_committed_leaves_nothing(store: Engine) -> None:
    connection = store.connect()
    connection.execute(insert(account).values(name="anna"))
    connection.close()
    with reading(store) as connection:
        assert connection.execute(select(account)).all() == []


def test_foreign_keys_are_enforced(store: Engine) -> None:
    with pytest.raises(IntegrityError), store.begin() as connection:
        connection.execute(insert(lease).values(account_id=77, owner="r", fence=1, expires_at=NOON))


def test_errors_do_not_quote_rows(store: Engine) -> None:
    words = "Dinner with Zoë about her salary"
    with pytest.raises(IntegrityError) as raised, store.begin() as connection:
        connection.execute(insert(account).values(name="anna", error=words, state="no such state"))
    report = "".join(traceback.format_exception(raised.value))
    assert "ck_account_state" in report
    assert words not in report


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_connection_that_the_server_dropped_is_replaced(store: Engine, store_url: str) -> None:
    with store.connect() as connection:
        dropped = connection.execute(select(func.pg_backend_pid())).scalar()
    other = create_store_engine(store_url)
    with other.begin() as connection:
        connection.execute(select(func.pg_terminate_backend(dropped, 5000)))
    other.dispose()
    with store.begin() as connection:
        assert connection.execute(select(func.pg_backend_pid())).scalar() != dropped


@pytest.mark.parametrize(
    "at",
    [
        NOON,
        datetime(2026, 3, 2, 12, 0, 0, 1, tzinfo=UTC),
        datetime(2026, 10, 25, 2, 30, tzinfo=timezone(timedelta(hours=2))),
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(9999, 12, 30, tzinfo=UTC),
    ],
)
def test_instants_come_back_exactly_and_in_utc(store: Engine, at: datetime) -> None:
    with store.begin() as connection:
        connection.execute(insert(pause).values(key="k", until=at, reason="test"))
        back = connection.execute(select(pause.c.until)).scalar_one()
    assert back == at
    assert back.tzinfo is UTC


def test_instants_sort_as_time_whatever_their_offset(store: Engine) -> None:
    east, west = timezone(timedelta(hours=14)), timezone(timedelta(hours=-3, minutes=-30))
    order = [
        datetime(2026, 3, 2, 12, 0, tzinfo=east),
        NOON - timedelta(microseconds=1),
        NOON,
        NOON + timedelta(microseconds=1),
        datetime(2026, 3, 2, 12, 0, tzinfo=west),
    ]
    with store.begin() as connection:
        rows = [{"key": f"{n}", "until": at, "reason": ""} for n, at in enumerate(order)]
        connection.execute(insert(pause), rows[::-1])
        found = connection.execute(select(pause.c.until).order_by(pause.c.until)).scalars().all()
        early = connection.execute(select(func.count()).where(pause.c.until < NOON)).scalar()
    assert found == order
    assert early == 2


def test_instants_without_a_zone_are_refused(store: Engine) -> None:
    with pytest.raises(StatementError, match="aware"), store.begin() as connection:
        connection.execute(insert(pause).values(key="k", until=NOON.replace(tzinfo=None), reason="test"))


@pytest.mark.parametrize("value", ["\ud800 alone", "nul \x00 inside", "😀 ‮ rtl", {"id": 2**63 + 1, "empty": None}])
def test_json_keeps_what_services_may_send(store: Engine, value: object) -> None:
    with store.begin() as connection:
        row = {"scope": "s", "fingerprint": "f", "content": {"value": value}, "fetched_at": NOON}
        connection.execute(insert(directory).values(row))
        assert connection.execute(select(directory.c.content)).scalar_one() == {"value": value}
