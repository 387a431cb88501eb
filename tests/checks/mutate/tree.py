"""A copy of the working tree, in which the product may be broken, and pytest at work on it."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.checks.mutate.mutation import Mutation

COPIED = ("include", "plugins", "dags", "tests", "pyproject.toml")
# Everything that runs the product without Airflow, quick ones first.
REST = "tests/core tests/store tests/flows --numprocesses=2 --dist=loadfile"
LIKELY_S, REST_S = 300.0, 1800.0
GRACE_S = 30.0
SUBJECT = Path("include", "calsync")
# How pytest's closing lines name a test, or a file that can't even be imported.
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+::.+?|\S+\.py)(?: - .*)?$", re.MULTILINE)
ALL_PASSED, TESTS_FAILED, INTERRUPTED, WRONG_ARGUMENTS, NO_TESTS = 0, 1, 2, 4, 5


class Stale(ValueError):
    """The mutation, or the tests named with it, don't fit this code."""


class Hangs(Exception):
    """The tests did not end in time."""


class BrokenFile(Exception):
    """Tests could not be collected: the code is no longer a program, which proves nothing."""


def fits(root: Path, mutation: Mutation) -> bool:
    """Whether the code below `root` has what the mutation replaces, exactly once."""
    path = root / SUBJECT / mutation.file
    return path.exists() and path.read_text("utf-8").count(mutation.old) == 1


@dataclass
class Tree:
    """A copy. `known_green`: tests that are known to pass on it as it is."""

    root: Path
    known_green: set[str] = field(default_factory=set)

    @classmethod
    def copy(cls, source: Path, root: Path) -> Tree:
        """Copy what the tests need."""
        root.mkdir(parents=True)
        for name in COPIED:
            if (source / name).is_dir():
                shutil.copytree(source / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source / name, root / name)
        return cls(root)

    @contextmanager
    def broken(self, mutation: Mutation) -> Iterator[None]:
        """With the mutation applied. Raises: Stale."""
        if not fits(self.root, mutation):
            raise Stale(f"not once in the file: {mutation.old!r}")
        path = self.root / SUBJECT / mutation.file
        whole = path.read_text("utf-8")
        self._write(path, whole.replace(mutation.old, mutation.new))
        try:
            yield
        finally:
            self._write(path, whole)

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text, "utf-8")
        # Compiled code is told from its source by size and whole seconds only.
        for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
            compiled.unlink()

    def passes(self, test: str) -> bool:
        """Whether a test passes here and now."""
        if test not in self.known_green and self.failing([test], [], LIKELY_S) is None:
            self.known_green.add(test)
        return test in self.known_green

    def failing(self, arguments: list[str], ignored: list[str], timeout_s: float) -> str | None:
        """The first of these tests that fails. Raises: Hangs, BrokenFile, Stale."""
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-rfE", "--tb=no", "-p", "no:cacheprovider"]
        command += [*arguments, *(f"--deselect={test}" for test in ignored)]
        code, output = _run(command, self.root, timeout_s)
        if code == ALL_PASSED:
            return None
        if code in (WRONG_ARGUMENTS, NO_TESTS):
            raise Stale(f"these tests don't exist: {shlex.join(arguments)}")
        found = FAILED.search(output)
        if code == INTERRUPTED or (found and "::" not in found[1]):
            raise BrokenFile(output[-500:])
        if code != TESTS_FAILED or found is None:
            raise RuntimeError(f"pytest ended with {code}: {shlex.join(command)}\n{output[-2000:]}")
        return found[1]


def _run(command: list[str], folder: Path, timeout_s: float) -> tuple[int, str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(folder / "plugins")])}
    environment["COLUMNS"] = "1000"  # pytest cuts its lines to the terminal
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            output, _ = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            _end(process)
            raise Hangs(f"no end after {timeout_s:.0f} s") from None
        except BaseException:
            _end(process)
            raise
    return process.returncode, output


def _end(process: subprocess.Popen[str]) -> None:
    """Let the tests stop what they started; then nothing of the session is left."""
    for how in (signal.SIGINT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=GRACE_S)
            return
