"""The laws of the design, by a state machine over the real flows; `make soak` lets it live for minutes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.laws.machine import Laws
from tests.proofs import WHOLE
from tests.store.conftest import Databases

SHORT = settings(
    max_examples=20 if WHOLE else 2,
    stateful_step_count=14,
    derandomize=True,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_the_laws_hold(dialect: str, databases: Databases) -> None:
    def store(_: Path) -> str:
        return databases.migrated(dialect)

    run_state_machine_as_test(type("Watched", (Laws,), {"make_store": staticmethod(store)}), settings=SHORT)
