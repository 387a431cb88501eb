"""Two processes start a run in the same moment (F703): one works, the other finds the account in use (law 11)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from include.calsync.flows.closing.close import Summary
from tests.laws.machine import Laws
from tests.store.conftest import Databases


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_two_runs_at_once(dialect: str, databases: Databases) -> None:
    def store(_: Path) -> str:
        return databases.migrated(dialect)

    laws = type("Twice", (Laws,), {"make_store": staticmethod(store)})()
    try:
        laws.connect(skew=(0, 0), limited=False, settings=[], careful=False)
        laws.laws_hold()  # the judge learns what belongs together before anybody edits it
        for seed in range(3):
            laws.busy_day(seed=seed, count=8)
            states = {account["state"] for summary in _at_once(laws.company.sync) for account in summary}
            assert states <= {"ok", "busy"}
            laws.laws_hold()
        laws.settle(now=0)
    finally:
        laws.broken = True  # judged already
        laws.teardown()


def _at_once(sync: Callable[[], Summary]) -> list[list[dict[str, object]]]:
    """What both runs say of their accounts."""
    start = Barrier(2)

    def run() -> list[dict[str, object]]:
        start.wait()
        return list(sync().result["accounts"].values())

    with ThreadPoolExecutor(2) as pool:
        return [each.result() for each in [pool.submit(run), pool.submit(run)]]
