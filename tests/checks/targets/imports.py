"""What a DAG file costs Airflow's parser beyond Airflow itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

from tests.checks.peers.measured import ROOT
from tests.checks.targets.line import Line

PROGRAM = """
import importlib.util, sys, time
import airflow.sdk, airflow.sdk.exceptions, airflow.providers.standard.operators.hitl
from airflow.sdk import DAG, Asset, AssetAlias, BaseOperator, CronDataIntervalTimetable, Param, chain
begun = time.process_time()
spec = importlib.util.spec_from_file_location("dag_file", sys.argv[1])
spec.loader.exec_module(importlib.util.module_from_spec(spec))
print(time.process_time() - begun)
"""


def dag_files(runs: int) -> Iterator[Line]:
    """Milliseconds of CPU of the slowest file; the least of several times each, as noise only adds."""
    found: dict[str, float] = {}
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "plugins")])}  # as Airflow has both
    for path in sorted((ROOT / "dags").glob("*.py")):
        command = [sys.executable, "-c", PROGRAM, str(path)]
        took = [
            float(
                subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()[-1]
            )
            for _ in range(runs)
        ]
        found[path.name] = 1000 * min(took)
    name, slowest = max(found.items(), key=lambda each: each[1])
    yield Line(
        "import of a DAG file beyond Airflow and its operators: the slowest",
        f"{slowest:.0f} ms ({name}; all: {min(found.values()):.0f} to {slowest:.0f} ms)",
        "50 ms",
        slowest < 50,
    )
