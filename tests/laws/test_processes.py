"""Two processes share the accounts of each run, as workers do: what the soak does with `--processes 2`."""

from __future__ import annotations

from pathlib import Path

from tests.laws.machine import Laws
from tests.laws.processes import CARRIED_OUT, TwoProcesses
from tests.store.conftest import Databases


def test_both_sides_are_equal_after_runs_of_two_processes(databases: Databases) -> None:
    def store(_: Path) -> str:
        return databases.migrated("postgresql")

    made = {"make_store": staticmethod(store), "make_company": TwoProcesses}
    laws = type("Shared", (Laws,), made)()
    before = dict(CARRIED_OUT)
    try:
        laws.connect(skew=(0, 0), limited=True, settings=[], careful=False)
        laws.laws_hold()
        for seed in range(3):
            laws.busy_day(seed=seed, count=8)
            laws.next_run(pause=0)
            laws.laws_hold()
        laws.settle(now=0)
    finally:
        laws.broken = True  # judged already
        laws.teardown()
    assert CARRIED_OUT["pull_events"] > before.get("pull_events", 0)
