"""The demo leaves no process behind, whatever its programs do."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from include.scripts.demo.home import free_port
from include.scripts.demo.processes import DemoError, Processes, kill_all_in, working_in

# A parent whose child is deaf to SIGTERM and moves to a session of its own, as task processes may.
STUBBORN = """
import os, signal, sys, time
if os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
open(f"{os.getpid()}.up", "w").close()
time.sleep(600)
"""


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    made = Processes(os.environ, tmp_path / "work", tmp_path / "logs")
    yield made
    kill_all_in(made.cwd)


def _start_stubborn(processes: Processes) -> list[psutil.Process]:
    processes.start("stubborn", [sys.executable, "-c", STUBBORN])
    deadline = time.monotonic() + 30
    while len(list(processes.cwd.glob("*.up"))) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return working_in(processes.cwd)


def test_stop_ends_deaf_grandchildren_too(processes: Processes) -> None:
    found = _start_stubborn(processes)
    assert len(found) == 2
    processes.stop()
    assert not any(process.is_running() for process in found)
    assert working_in(processes.cwd) == []


def test_what_a_killed_demo_left_is_found_by_its_folder(processes: Processes) -> None:
    parent = min(_start_stubborn(processes), key=lambda process: process.pid)
    parent.kill()
    assert kill_all_in(processes.cwd) >= 1
    assert working_in(processes.cwd) == []


def test_a_program_that_ended_is_reported_with_its_last_lines(processes: Processes) -> None:
    processes.start("brief", [sys.executable, "-c", "print('no such table'); raise SystemExit(3)"])
    deadline = time.monotonic() + 30
    with pytest.raises(DemoError, match=r"(?s)brief ended with exit code 3.*no such table"):
        _check_until(processes, deadline)


def _check_until(processes: Processes, deadline: float) -> None:
    while time.monotonic() < deadline:
        processes.check()
        time.sleep(0.05)


def test_a_failed_step_is_reported_with_its_last_lines(processes: Processes) -> None:
    with pytest.raises(DemoError, match=r"(?s)migrate failed with exit code 1.*disk full"):
        processes.run("migrate", [sys.executable, "-c", "raise SystemExit('disk full')"])


def test_a_taken_port_is_avoided() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        other = free_port(port)
        assert other != port
    assert free_port(other) == other
