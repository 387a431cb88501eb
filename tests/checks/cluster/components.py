"""Airflow's components on what stands for several machines, and what restarts them, as Compose and Kubernetes do."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from include.scripts.demo.processes import DemoError, Processes, kill_all_in, working_in

MOST_RESTARTS = 10


class Machine(Processes):
    """Programs that are started again when they end, all in one folder: what is killed with it is the whole machine.

    `name` is what Airflow calls the machine.
    """

    def __init__(self, name: str, env: Mapping[str, str], folder: Path, logs: Path) -> None:
        super().__init__({**env, "CLUSTER_MACHINE": name}, folder / name, logs)
        self.name = name
        self.restarts: Counter[str] = Counter()
        self._commands: dict[str, Sequence[str]] = {}
        self._numbers = itertools.count(2)
        self.killed_at: float | None = None

    def start(self, name: str, command: Sequence[str]) -> None:
        self._commands[name] = command
        super().start(name, command)

    def check(self) -> None:
        """Start again what has ended. Raises DemoError for what ends time and again."""
        for name, process in list(self._started.items()):
            if process.poll() is None:
                continue
            known = name.partition(".")[0]
            self.restarts[known] += 1
            if self.restarts[known] > MOST_RESTARTS:
                raise DemoError(f"{name} ends time and again, last with {process.returncode}:\n{self.tail(name)}")
            del self._started[name]
            self.start(f"{known}.{next(self._numbers)}", self._commands[name])

    def kill(self) -> int:
        """Kill all of it at once (SIGKILL), for good. Returns how many processes it were."""
        self.killed_at = time.time()
        count = len(working_in(self.cwd))
        kill_all_in(self.cwd)
        for process in self._started.values():
            process.wait()
        self._started.clear()
        return count
