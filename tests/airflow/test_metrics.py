"""Metrics through Airflow's interface, and that the dashboard shows exactly what is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk._shared.observability.metrics.base_stats_logger import NoStatsLogger
from airflow.sdk.observability import stats

from calsync_airflow.metrics import emit
from tests.airflow.test_runs import Company, Outcome, company, run
from tests.flows.conftest import world
from tests.flows.test_budgets import left
from tests.flows.test_quarantine import poison
from tests.flows.world import World

__all__ = ["company", "run", "world"]  # fixtures

Sent = dict[tuple[str, ...], float]


class Backend(NoStatsLogger):
    """Where Airflow sends metrics: it keeps them, by name and tags."""

    def __init__(self) -> None:
        self.sent: Sent = {}

    def gauge(self, stat: str, value: float, *_: Any, tags: Any = None, **__: Any) -> None:  # type: ignore[override]
        self.sent[stat, *(tags or {}).values()] = value

    def incr(self, stat: str, count: int = 1, *_: Any, tags: Any = None, **__: Any) -> None:  # type: ignore[override]
        key = (stat, *(tags or {}).values())
        self.sent[key] = self.sent.get(key, 0) + count


@pytest.fixture
def backend() -> Iterator[Backend]:
    made = Backend()
    stats.initialize(factory=lambda: made, export_legacy_names=False)
    yield made
    stats.initialize(factory=NoStatsLogger, export_legacy_names=True)


def names(sent: Sent) -> set[str]:
    return {key[0] for key in sent}


def test_what_is_sent_and_that_the_dashboard_shows_it(world: World, backend: Backend, root: Path) -> None:
    world.limited = True
    world.pipedrive.options.burst_enabled = True
    world.green()
    left(world, 20_000)
    world.activity("Call")
    emit(world.services(), world.sync().result)
    sent = backend.sent
    assert sent["calsync.account.writes", "anna", "events", "created"] == 1
    assert sent["calsync.account.items", "anna", "activities"] == 1
    assert (sent["calsync.account.failed", "anna"], sent["calsync.account.holds", "anna"]) == (0, 0)
    assert 0 <= sent["calsync.account.lag_s", "anna"] < 60
    assert sent["calsync.requests", "pipedrive"] > 0
    assert "Call" not in str(sent)
    shown = (root / "deploy/grafana.json").read_text(encoding="utf-8")
    in_panels = set(re.findall(r"airflow_(calsync_\w+)", shown))
    assert in_panels == {name.replace(".", "_") for name in names(sent)}
    table = (root / "docs/operating.md").read_text(encoding="utf-8").split("## Metrics")[1].split("\n## ")[0]
    assert set(re.findall(r"`(calsync\.[\w.]+)`", table)) == names(sent)
    places = [tuple(panel["gridPos"].values()) for panel in json.loads(shown)["panels"]]
    assert len(set(places)) == len(places)


def test_lag_grows_while_no_run_gets_through(world: World, backend: Backend) -> None:
    world.green()
    poison(world, "POST")
    world.activity("Poison")
    world.sync()
    world.pass_time(3600)
    world.tokens["pipedrive_default"] = "0" * 40
    world.sync()
    emit(world.services())
    sent = backend.sent
    assert sent["calsync.account.lag_s", "anna"] >= 3600
    assert (sent["calsync.account.failed", "anna"], sent["calsync.account.quarantine", "anna"]) == (1, 1)
    assert names(sent) & {"calsync.requests", "calsync.account.writes"} == set(), "no run, no counts"


def test_a_run_and_the_watchdog_send_them(company: Company, run: Callable[..., Outcome], backend: Backend) -> None:
    run()
    assert {"calsync.account.lag_s", "calsync.requests"} <= names(backend.sent)
    backend.sent.clear()
    run("calendar_sync_watchdog")
    assert "calsync.account.lag_s" in names(backend.sent)
    assert "calsync.requests" not in names(backend.sent)
