"""What every test stands on: a private AIRFLOW_HOME, import paths for child processes, Hypothesis profiles, sandbox.

Sockets other than loopback and Unix ones are closed by pytest-socket (see pyproject.toml).
"""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.memory import use_memory

ROOT = Path(__file__).resolve().parent.parent

use_memory()
gc.disable()  # until all tests are collected: nothing of that goes

# Airflow reads its home once, at import; each test process (xdist worker) has its own. A developer's is never touched.
_home = tempfile.mkdtemp(prefix="calsync-tests-")
atexit.register(shutil.rmtree, _home, ignore_errors=True)
os.environ["AIRFLOW_HOME"] = _home
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "plugins")])
for _name in [name for name in os.environ if name.startswith(("CALSYNC_", "AIRFLOW_CONN_"))]:
    del os.environ[_name]

# Shared machines are slow at times: no deadlines. HYPOTHESIS_PROFILE=long searches for minutes instead of seconds.
_common = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("small", _common, max_examples=30, stateful_step_count=20)
settings.register_profile("long", _common, max_examples=1000, stateful_step_count=60)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "small"))


def pytest_collection_finish() -> None:
    """Let the collector forget what stays: it walked Airflow and 5,000 tests again and again, a fifth of all time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)  # of what tests make little is left: to look for it more often took a seventh of all time
    gc.enable()


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's root folder."""
    return ROOT


@pytest.fixture
def sandbox() -> Iterator[object]:
    """Both services, empty, on free ports of loopback."""
    from include.sandbox.server import Sandbox

    with Sandbox() as running:
        yield running
