"""The pool of connections says nothing in a task's log: it is SQLAlchemy's housekeeping under a name of ours."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from sqlalchemy import text

from include.calsync.store.engine import create_store_engine


def test_a_pool_that_ends_says_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        engine = create_store_engine(f"sqlite:///{tmp_path / 'calsync.db'}")
        with engine.begin() as conn:
            conn.execute(text("SELECT 1"))
        engine.dispose()
    assert [record.getMessage() for record in caplog.records] == []
