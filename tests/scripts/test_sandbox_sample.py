"""The sandbox as a process of its own says how to connect to it, and what it says works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def told() -> Iterator[str]:
    """All that it prints at its start."""
    command = [sys.executable, "-m", "include.sandbox", "--sample", "--pipedrive-port=0", "--google-port=0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or not lines[-1].startswith("Ctrl-C"):
            lines.append(process.stdout.readline())
            assert lines[-1], "it ended"
        yield "".join(lines)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_the_lines_for_the_environment_connect_airflow(told: str, tmp_path: Path) -> None:
    exports = [line.strip() for line in told.splitlines() if line.strip().startswith("export ")]
    assert len(exports) == 3
    script = "\n".join([*exports, f"exec {sys.executable} -m include.scripts.check"])
    env = {**os.environ, "PYTHONPATH": str(ROOT), "AIRFLOW_HOME": str(tmp_path)}
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_key_and_accounts_are_its_owners_alone_and_gone_afterwards(told: str) -> None:
    (line,) = (line for line in told.splitlines() if "Service account key file" in line)
    key = Path(line.split()[-1])
    assert key.read_text().startswith("{")
    assert key.parent.stat().st_mode & 0o777 == 0o700
