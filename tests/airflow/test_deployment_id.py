"""Which installation an Airflow is, unless CALSYNC_DEPLOYMENT says so."""

from __future__ import annotations

import pytest

from calsync_airflow.services import deployment_id
from include.calsync.environment import Environment


def test_it_is_the_same_in_every_process_and_another_one_in_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "k" * 43 + "=")
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.acme.example")
    here = deployment_id()
    assert (deployment_id(), len(here)) == (here, 16)
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://staging.acme.example")
    there = deployment_id()
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "j" * 43 + "=")
    assert len({here, there, deployment_id()}) == 3


def test_the_variable_counts_more() -> None:
    assert Environment.from_env({}, deployment="0af3").deployments == ("0af3",)
    assert Environment.from_env({"CALSYNC_DEPLOYMENT": "prod, 0af3"}, deployment="1").deployments == ("prod", "0af3")
