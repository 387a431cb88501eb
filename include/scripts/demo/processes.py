"""Child processes that are gone for certain when the demo ends."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

STOP_TIMEOUT_S = 5.0


class DemoError(Exception):
    """The demo can't go on; the message says why and what to do."""


class Processes:
    """Long-running programs, with a log file each in `logs`, and all working in the otherwise unused folder `cwd`.

    By that folder they and whatever they start are found again: a scheduler's workers outlive a killed parent, and
    have no environment or command line left to know them by, because they rename themselves.
    """

    def __init__(self, env: Mapping[str, str], cwd: Path, logs: Path) -> None:
        self.env = dict(env)
        self.cwd = cwd
        self.logs = logs
        self._started: dict[str, subprocess.Popen[bytes]] = {}
        cwd.mkdir(parents=True, exist_ok=True)
        logs.mkdir(parents=True, exist_ok=True)

    def run(self, name: str, command: Sequence[str]) -> None:
        """Run to the end. Raises DemoError with the end of its log if it fails."""
        with self._log(name).open("wb") as log:
            code = subprocess.run(command, env=self.env, cwd=self.cwd, stdout=log, stderr=subprocess.STDOUT).returncode
        if code:
            raise DemoError(f"{name} failed with exit code {code}:\n{self.tail(name)}")

    def start(self, name: str, command: Sequence[str]) -> None:
        with self._log(name).open("wb") as log:
            self._started[name] = subprocess.Popen(
                command,
                env=self.env,
                cwd=self.cwd,
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
        """Ask each to end, which ends its own children in order; then kill what is left."""
        for process in self._started.values():
            process.terminate()
        deadline = time.monotonic() + STOP_TIMEOUT_S
        for process in self._started.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
        kill_all_in(self.cwd)
        for process in self._started.values():
            process.wait()
        self._started.clear()

    def tail(self, name: str, lines: int = 25) -> str:
        text = self._log(name).read_text(errors="replace")
        return "\n".join(text.splitlines()[-lines:]) + f"\n(all of it: {self._log(name)})"

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"


def kill_all_in(cwd: Path) -> int:
    """Kill every process of this user that works in this folder, until there is none; returns how many it were."""
    count = 0
    while found := working_in(cwd):
        count += len(found)
        for process in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        _, left = psutil.wait_procs(found, timeout=STOP_TIMEOUT_S)
        if left:
            raise DemoError(f"processes {[process.pid for process in left]} can't be killed")
    return count


def working_in(cwd: Path) -> list[psutil.Process]:
    """Every process of this user that works in this folder, even if the folder was removed meanwhile."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.cwd().removesuffix(" (deleted)") == str(cwd):
                found.append(process)
    return found
