"""Whatever text a service sends finds its place: in every column, on both databases, and is found there again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, String, Table, Text, create_engine, insert, make_url, select, text
from sqlalchemy.dialects import postgresql

from include.calsync.core.identifiers import identifier, words
from include.calsync.store import quarantine, tables
from include.calsync.store.engine import create_store_engine
from include.calsync.store.types import Identifier, Prose, Words
from tests.store.conftest import NOON

ODD = {
    "nul": "\x004\x0b\x002",
    "control characters": "\x01\x7f\x9b",
    "lone surrogate": "a\ud800b",
    "too long": "x" * 5000,
    "too long and odd": "\x00" + "ä" * 5000,
}
FROM_OUTSIDE = [
    (table, column)
    for table in tables.metadata.sorted_tables
    for column in table.c
    if isinstance(column.type, Identifier)
]


@pytest.mark.parametrize("odd", ODD)
def test_two_odd_identifiers_stay_two(odd: str) -> None:
    one, other = ODD[odd], ODD[odd] + "."
    assert identifier(one, 200) != identifier(other, 200)
    for length in (40, 200, 1100):
        fit = identifier(one, length)
        assert len(fit) <= length
        assert identifier(fit, length) == fit
        fit.encode()


def test_what_fits_stays_as_it_is() -> None:
    for value in ("", "abc", "ä 😀\t\n", "x" * 200):
        assert identifier(value, 200) == words(value, 200) == value
    assert words("x" * 201, 200) == "x" * 199 + "…"


def test_no_text_from_outside_has_a_plain_column() -> None:
    """A plain one is our own word: of a fixed list, a digest, or an id that we made."""
    own = {
        "state",
        "side",
        "status",
        "kind",
        "mode",
        "origin",
        "action",
        "rule",
        "cause",
        "failure",
        "day",
        "id",
        "run_id",
        "key",
    }
    own |= {"failure", "fingerprint", "missing_since_run", "missing_rights", "vanished_since_run"}
    own |= {"print", "activity_print", "event_print", "service", "source", "last_run_id"}
    plain = {
        column.name
        for table in tables.metadata.sorted_tables
        for column in table.c
        if isinstance(column.type, String | Text) and not column.name.endswith("digest")
    }
    assert plain <= own


@pytest.mark.parametrize("odd", ODD)
def test_every_identifier_is_stored_and_found_again(store: Engine, odd: str) -> None:
    with store.connect() as conn:
        for table, column in FROM_OUTSIDE:
            assert list(conn.execute(select(column).where(column == ODD[odd]))) == [], table.name
            assert list(conn.execute(select(column).where(column.in_([ODD[odd], "x"])))) == []


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    "table", [tables.account, tables.copy, tables.quarantine, tables.directory, tables.observation]
)
def test_odd_text_is_kept_apart_from_other_odd_text(store: Engine, account_id: int, table: Table, odd: str) -> None:
    one, other = ODD[odd], ODD[odd] + "."
    _start_run(store)
    with store.begin() as conn:
        conn.execute(insert(table), [_row(table, account_id, one), _row(table, account_id, other)])
    key = next(column for column in table.c if isinstance(column.type, Identifier))
    with store.connect() as conn:
        for value in (one, other):
            assert len(list(conn.execute(select(table).where(key == value)))) == 1


def _start_run(store: Engine) -> None:
    with store.begin() as conn:
        conn.execute(
            insert(tables.sync_run).values(
                id="r", dag_id="d", kind="manual", dry_run=False, request={}, started_at=NOON
            )
        )


def _row(table: Table, account_id: int, value: str) -> dict[str, Any]:
    """A row that holds `value` in every text from outside."""
    row: dict[str, Any] = {"fingerprint": "f", "content": {}, "fetched_at": NOON, "side": "events", "attempts": 1}
    row |= {"next_try_at": NOON, "since": NOON, "run_id": "r", "status": "live"}
    row |= {"state": "ok" if table is tables.account else "new"}
    if table is not tables.account:
        row["account_id"] = account_id
    texts = {column.name: value for column in table.c if isinstance(column.type, Identifier | Words | Prose)}
    return {name: each for name, each in (row | texts).items() if name in table.c}


def test_json_that_is_none_is_stored_without_it(store: Engine) -> None:
    numbers = {"a": [float("nan"), float("inf"), 1.5], "b": {"c": float("-inf")}}
    with store.begin() as conn:
        row = {"scope": "s", "fingerprint": "f", "content": numbers, "fetched_at": NOON}
        conn.execute(insert(tables.directory).values(row))
        kept = conn.execute(select(tables.directory.c.content)).scalar_one()
    assert kept == {"a": [None, None, 1.5], "b": {"c": None}}


def test_the_ends_of_the_calendar_are_read_back_wherever_the_server_lives(store: Engine, store_url: str) -> None:
    """An activity may be due in the last hour of the year 9999."""
    if store.dialect.name == "postgresql":
        admin = create_engine(make_url(store_url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
        with admin.connect() as conn:
            name = make_url(store_url).database
            conn.execute(text(f"ALTER DATABASE {name} SET timezone TO 'Pacific/Kiritimati'"))
        admin.dispose()
    engine = create_store_engine(store_url)
    ends = datetime(9999, 12, 31, 23, 59, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)
    with engine.begin() as conn:
        for number, at in enumerate(ends):
            conn.execute(insert(tables.pause).values(key=str(number), until=at, reason="r"))
        found = conn.execute(select(tables.pause.c.until).order_by(tables.pause.c.key)).scalars().all()
    engine.dispose()
    assert tuple(found) == ends


def test_the_types_make_the_same_tables() -> None:
    dialect = postgresql.dialect()
    assert Identifier(40).compile(dialect) == Words(40).compile(dialect) == "VARCHAR(40)"
    assert Prose().compile(dialect) == "TEXT"


def test_a_quarantined_item_is_found_by_its_odd_id(store: Engine, account_id: int) -> None:
    for value in ODD.values():
        item: dict[str, Any] = {"account_id": account_id, "side": "events", "item_id": value}
        with store.begin() as conn:
            quarantine.put_aside(conn, **item, reason=value, attempts=1, next_try_at=NOON, at=NOON)
            quarantine.take_back(conn, **item)
            assert quarantine.set_aside(conn, account_id) == []
