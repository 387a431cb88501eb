"""The bench of the page, on a few accounts: the company it fills a store with, and what it counts."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Table, func, select

from include.calsync.store.tables import account_day, change_log, link, run_account
from tests.browser.company import ids_in
from tests.checks.page.__main__ import counting
from tests.checks.page.seed import DAYS, fill
from tests.store.template import engine_with_schema


def test_each_account_has_its_part_of_everything(tmp_path: Path) -> None:
    engine = engine_with_schema(f"sqlite:///{tmp_path / 'calsync.db'}")
    fill(engine, accounts=60, links=600, entries=1200)
    with engine.connect() as conn:

        def parts(table: Table) -> set[int]:
            each = select(func.count()).select_from(table).group_by(table.c.account_id)
            counts = conn.execute(each).scalars().all()
            assert len(counts) == 60
            return set(counts)

        assert (parts(link), parts(change_log), parts(account_day)) == ({10}, {20}, {DAYS})
        assert len(parts(run_account)) == 1
    assert vars(ids_in(engine))
    engine.dispose()


def test_statements_are_counted_and_transactions_are_none(tmp_path: Path) -> None:
    engine = engine_with_schema(f"sqlite:///{tmp_path / 'calsync.db'}")
    with counting() as counted, engine.connect() as conn:
        conn.execute(select(link.c.id))
        conn.execute(select(link.c.id))
    engine.dispose()
    assert counted == {"store": 2, "airflow": 0, "asking": 0}
