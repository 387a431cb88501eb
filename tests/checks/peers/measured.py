"""One contender's run in a process of its own: seconds, CPU and memory of its work alone.

Only the standard library is imported here: the peers' environment has nothing of the project's.
"""

from __future__ import annotations

import contextlib
import gc
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

MIB = 1024 * 1024
ROOT = Path(__file__).resolve().parents[3]
Made = TypeVar("Made")


@dataclass(frozen=True)
class Figure:
    """What one run took. Memory in MiB: of the process before its work, and what the work added at its peak."""

    seconds: float
    cpu_s: float
    memory_before: float
    memory_added: float
    outcome: str = ""
    """What came out, in a form that equal results share."""
    parts: dict[str, float] = field(default_factory=dict)
    """Seconds by part of the work, where it has parts."""
    http_cpu_s: float = 0.0
    """Of the CPU: what sending requests and taking answers took, their JSON left out."""
    counts: dict[str, int] = field(default_factory=dict)


def measured(work: Callable[[], Made]) -> tuple[Figure, Made]:
    """Do the work once. What it works on, and the libraries, were loaded before."""
    gc.collect()
    before = _now_mib()
    with contextlib.suppress(OSError):  # where that can't be done, the peak is the process's since its start
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    begun, cpu = time.perf_counter(), time.process_time()
    made = work()
    seconds, cpu_s = time.perf_counter() - begun, time.process_time() - cpu
    return Figure(seconds, cpu_s, before, max(0.0, _peak_mib() - before)), made


def middle(figures: Sequence[Figure]) -> Figure:
    """The medians of several runs, each figure's own. Raises ValueError if they did not come to the same outcome."""
    outcomes = {each.outcome for each in figures}
    if len(outcomes) != 1:
        raise ValueError(f"runs of one contender differ: {sorted(outcomes)}")
    names = [name for name in figures[0].parts if all(name in each.parts for each in figures)]
    return Figure(
        seconds=median(each.seconds for each in figures),
        cpu_s=median(each.cpu_s for each in figures),
        memory_before=median(each.memory_before for each in figures),
        memory_added=median(each.memory_added for each in figures),
        outcome=outcomes.pop(),
        parts={name: median(each.parts[name] for each in figures) for name in names},
        http_cpu_s=median(each.http_cpu_s for each in figures),
        counts=figures[-1].counts,
    )


def in_process(python: Path, module: str, *arguments: str) -> Figure:
    """Run `module` with that interpreter; its last line is the figure. Raises RuntimeError if it fails."""
    command = [str(python), "-m", f"tests.checks.peers.{module}", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stderr[-4000:]}")
    return Figure(**json.loads(done.stdout.splitlines()[-1]))


def tell(figure: Figure) -> None:
    """Print the figure for `in_process`."""
    print(json.dumps(asdict(figure)), flush=True)


def _now_mib() -> float:
    return _status_mib("VmRSS")


def _peak_mib() -> float:
    return _status_mib("VmHWM")


def _status_mib(name: str) -> float:
    """From Linux's account of this process; elsewhere its peak, which macOS counts in bytes."""
    status = Path("/proc/self/status")
    if not status.exists():
        peak: Any = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return float(peak / (MIB if sys.platform == "darwin" else 1024))
    line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) / 1024
