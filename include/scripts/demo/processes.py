"""Child processes that are gone for certain when the demo ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import psutil

STOP_TIMEOUT_S = 10.0


class DemoError(Exception):
    """The demo can't go on; the message says why and what to do."""


class Processes:
    """Long-running programs, each in a process group of its own, with a log file each in `logs`.

    They are found again by the value of AIRFLOW_HOME in their environment, which nobody else has: a scheduler's workers
    start groups and sessions of their own, and outlive a killed parent.
    """

    def __init__(self, env: Mapping[str, str], logs: Path) -> None:
        self.env = dict(env)
        self.logs = logs
        self._started: dict[str, subprocess.Popen[bytes]] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def run(self, name: str, command: Sequence[str]) -> None:
        """Run to the end. Raises DemoError with the end of its log if it fails."""
        with self._log(name).open("wb") as log:
            code = subprocess.run(command, env=self.env, stdout=log, stderr=subprocess.STDOUT, check=False).returncode
        if code:
            raise DemoError(f"{name} failed with exit code {code}:\n{self.tail(name)}")

    def start(self, name: str, command: Sequence[str]) -> None:
        with self._log(name).open("wb") as log:
            self._started[name] = subprocess.Popen(
                command,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def check(self) -> None:
        """Raise DemoError if one of them has ended."""
        for name, process in self._started.items():
            if process.poll() is not None:
                raise DemoError(f"{name} ended with exit code {process.returncode}:\n{self.tail(name)}")

    def stop(self) -> None:
        """End all of them and whatever they started: asked first, then killed."""
        for process in self._started.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        end(of_home(self.env["AIRFLOW_HOME"]))
        for process in self._started.values():
            process.wait()
        self._started.clear()

    def tail(self, name: str, lines: int = 25) -> str:
        text = self._log(name).read_text(errors="replace")
        return "\n".join(text.splitlines()[-lines:]) + f"\n(all of it: {self._log(name)})"

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"


def of_home(airflow_home: str) -> list[psutil.Process]:
    """Every process of this user, other than this one, whose environment has this AIRFLOW_HOME."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get("AIRFLOW_HOME") == airflow_home:
                found.append(process)
    return found


def end(processes: Iterable[psutil.Process]) -> None:
    """Ask each to end; kill those that have not within STOP_TIMEOUT_S."""
    waiting = list(processes)
    _signal(waiting, signal.SIGTERM)
    _, left = psutil.wait_procs(waiting, timeout=STOP_TIMEOUT_S)
    _signal(left, signal.SIGKILL)
    psutil.wait_procs(left, timeout=STOP_TIMEOUT_S)


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
