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
OURS = 13
"""Modules of calsync that a DAG file may load: packages count. Each is small, and imports of Airflow are all it has."""
PROBE = """
import json, runpy, sys, time
from airflow.sdk import (  # every DAG file has these
    BaseOperator, CronDataIntervalTimetable, DAG, ExceptionRetryPolicy, Param, RetryAction, RetryRule,
    TriggerRule, XComArg,
)
before = set(sys.modules)
start = time.process_time()
runpy.run_path(sys.argv[1])
cost_ms = (time.process_time() - start) * 1000
loaded = sorted(set(sys.modules) - before)
print(json.dumps({"cost_ms": round(cost_ms, 1), "loaded": loaded, "all": sorted(sys.modules)}))
"""


@pytest.mark.parametrize("name", ["calendar_reconcile", "calendar_sync", "upload_unsynced_activities"])
def test_parsing_loads_little(root: Path, name: str, record_property: Callable[[str, object], None]) -> None:
    """Seconds depend on the machine, so modules are counted; the processor's time is in the report (about 50 ms)."""
    command = [sys.executable, "-c", PROBE, str(root / "dags" / f"{name}.py")]
    answer = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
    record_property("cost_ms", answer["cost_ms"])
    assert [module for module in HEAVY if module in answer["all"]] == []
    beyond_airflow = [module for module in answer["loaded"] if module.partition(".")[0] != "airflow"]
    ours = [module for module in beyond_airflow if module.partition(".")[0] in ("calsync_airflow", "include")]
    assert beyond_airflow == ours, "a package that Airflow does not load itself"
    assert len(ours) <= OURS, ours
