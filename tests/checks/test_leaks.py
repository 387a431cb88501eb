"""The search for what leaked finds it, however it is written; the demo itself is searched by `make proofs`."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from include.scripts.demo.company import Company
from tests.checks.leaks import in_database, in_logs, needles, texts


@pytest.fixture(scope="module")
def company() -> Company:
    return Company(0, 0)


@pytest.mark.parametrize(
    "kind", ["user", "address", "token", "person", "organization", "deal", "lead", "activity", "event"]
)
def test_a_text_of_each_kind_is_found_however_it_is_written(company: Company, tmp_path: Path, kind: str) -> None:
    known = needles(company)
    text = next(found for found, what in known.items() if what == kind)
    for written in (text, f"x{text}y", json.dumps({"title": text})):
        (tmp_path / "task.log").write_text(f"before\n{written}\n", encoding="utf-8")
        assert [hit for hit in in_logs(tmp_path, known) if hit.startswith(f"task.log: {kind} ")], written


def test_an_address_is_found_in_a_url(company: Company, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "task.log").write_text(f"GET /calendars/{quote(company.first.email)}/events")
    assert any("a/task.log: address" in hit for hit in in_logs(tmp_path, needles(company)))


def test_the_database_is_searched_but_for_what_a_person_enters(company: Company, tmp_path: Path) -> None:
    address = company.first.email
    with closing(sqlite3.connect(tmp_path / "airflow.db")) as conn:
        for table in ("connection", "xcom"):
            conn.execute(f"CREATE TABLE {table} (id INTEGER, value TEXT)")
            conn.execute(f"INSERT INTO {table} VALUES (1, ?), (2, NULL)", (json.dumps([address]),))
        conn.commit()
    found = list(in_database(tmp_path / "airflow.db", needles(company)))
    assert len(found) == 1
    assert "table xcom: address" in found[0]


def test_all_kinds_are_looked_for(company: Company) -> None:
    assert {kind for kind, _ in texts(company)} >= {"person", "emails", "phones", "token", "key", "guest", "lead"}
