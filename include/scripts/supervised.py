"""Runs a command and leaves no process behind, however it ends: `python -m include.scripts.supervised COMMAND …`.

Tests start servers that put themselves into the background. A killed test run has no time to end them. Here SIGTERM,
SIGINT and SIGHUP ask the command to end, and what is left of it then is ended.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from types import FrameType

import psutil

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
TIDY_S = 20.0
"""How long the command may take to end by itself."""
STOP_S = 5.0
PR_SET_CHILD_SUBREAPER = 36  # Source: prctl(2), linux/prctl.h.


class Told(BaseException):
    """A signal that asks us to end."""

    def __init__(self, number: int) -> None:
        self.number = number


def main(command: list[str]) -> int:
    """Run the command. Returns its exit code, or 128 + the signal's number as shells do."""
    _adopt_orphans()
    for number in SIGNALS:
        signal.signal(number, _tell)
    # A group of its own: a Ctrl-C of the terminal reaches it through us, once.
    process = subprocess.Popen(command, process_group=0)
    try:
        return _wait_and_reap(process)
    except Told as told:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # an impatient second one would leave processes behind
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, signal.SIGINT)  # pytest ends its fixtures at this one only
            process.wait(TIDY_S)
        return 128 + told.number
    finally:
        end_descendants()


def _wait_and_reap(process: subprocess.Popen[bytes]) -> int:
    """Wait for it. Meanwhile adopted orphans that end are reaped: who killed one waits until it is gone."""
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == process.pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode


def end_descendants() -> None:
    """End every process below this one: politely, then for certain."""
    while found := psutil.Process().children(recursive=True):
        for process in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        for process in psutil.wait_procs(found, timeout=STOP_S)[1]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def _tell(number: int, frame: FrameType | None) -> None:
    raise Told(number)


def _adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ended. Elsewhere than on Linux they are not found."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
