"""What it costs to parse a DAG file, which Airflow does in a fresh process every 30 seconds or so."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HEAVY = (
    "pandas",
    "numpy",
    "requests",
    "aiohttp",
    "nh3",
    "google.auth",
    "google.oauth2",
    "googleapiclient",
    "airflow.providers.google.common.hooks",
    "calsync_airflow.hooks",
    "include.calsync.clients",
    "include.calsync.core",
    "include.calsync.flows",
    "include.calsync.store",
)
PROBE = """
import json, runpy, sys, time
from airflow.sdk import DAG, BaseOperator, Param, CronDataIntervalTimetable, ExceptionRetryPolicy  # every DAG has these
heavy = tuple(sys.argv[2:])
start = time.perf_counter()
runpy.run_path(sys.argv[1])
cost_ms = (time.perf_counter() - start) * 1000
print(json.dumps({"cost_ms": round(cost_ms, 1), "loaded": [m for m in heavy if m in sys.modules]}))
"""


@pytest.mark.parametrize("name", ["calendar_reconcile", "calendar_sync", "upload_unsynced_activities"])
def test_parsing_loads_nothing_heavy(root: Path, name: str, record_property: Callable[[str, object], None]) -> None:
    command = [sys.executable, "-c", PROBE, str(root / "dags" / f"{name}.py"), *HEAVY]
    answer = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
    record_property("cost_ms", answer["cost_ms"])
    assert answer["loaded"] == []
    assert answer["cost_ms"] < 1000
