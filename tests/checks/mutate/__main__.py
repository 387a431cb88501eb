"""Breaks the product one line at a time, in a copy, and looks whether a test notices.

    python -m tests.checks.mutate                     # make mutate: all of them
    python -m tests.checks.mutate --only core/merge   # those whose file or reason holds the text
    python -m tests.checks.mutate --quick             # only by the tests that are named with each
    python -m tests.checks.mutate --list

A mutation counts as killed if a test fails that passes on the same copy unbroken. Exits 1 if one survives, hangs, no
longer fits the code, or makes it no program at all; and if a test fails without any.
"""

from __future__ import annotations

import argparse
import queue
import shlex
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from include.scripts.demo.tables import table
from tests.checks.mutate.mutation import Mutation
from tests.checks.mutate.of_core import CORE
from tests.checks.mutate.of_meetings import MEETINGS
from tests.checks.mutate.of_reading import READING
from tests.checks.mutate.of_store import STORE
from tests.checks.mutate.of_writes import WRITES
from tests.checks.mutate.tree import LIKELY_S, REST, REST_S, BrokenFile, Hangs, Stale, Tree

ROOT = Path(__file__).resolve().parents[3]
SCRATCH = ROOT / ".calsync"
KILLED = "killed"
MUTATIONS = (*CORE, *WRITES, *READING, *MEETINGS, *STORE)


@dataclass(frozen=True)
class Verdict:
    """What became of a mutation; `by`: the test that noticed, or what else is to be said."""

    mutation: Mutation
    state: str
    by: str
    seconds: float


class Court:
    """Judges mutations, several at once, each in a copy of its own. `quick`: only by the tests named with them."""

    def __init__(self, trees: Sequence[Tree], quick: bool) -> None:
        self.quick = quick
        self.red: list[str] = []  # tests that fail without any mutation
        self._free: queue.Queue[Tree] = queue.Queue()
        for tree in trees:
            tree.known_green = trees[0].known_green  # they are all alike
            self._free.put(tree)
        self._jobs = len(trees)

    def judge(self, mutations: Sequence[Mutation]) -> list[Verdict]:
        """All of them, in the order given; each is told as it comes."""
        with ThreadPoolExecutor(self._jobs) as pool:
            return list(pool.map(self._timed, mutations))

    def _timed(self, mutation: Mutation) -> Verdict:
        tree = self._free.get()
        begun = time.monotonic()
        try:
            state, by = self._one(tree, mutation)
        except Stale as error:
            state, by = "stale", str(error)
        except BrokenFile as error:
            state, by = "no program", str(error)
        except Hangs as error:
            state, by = "hangs", str(error)
        finally:
            self._free.put(tree)
        verdict = Verdict(mutation, state, by, time.monotonic() - begun)
        print(f"{state:10} {verdict.seconds:5.0f} s  {mutation.file}: {mutation.why}\n{'':20}{by}", flush=True)
        return verdict

    def _one(self, tree: Tree, mutation: Mutation) -> tuple[str, str]:
        while True:
            with tree.broken(mutation):
                test = tree.failing(shlex.split(mutation.tests), self.red, LIKELY_S)
                if test is None and not self.quick:
                    test = tree.failing(shlex.split(REST), self.red, REST_S)
            if test is None:
                return "survived", ""
            if tree.passes(test):
                return KILLED, test
            self.red.append(test)


def main() -> int:
    options = _options()
    mutations = [m for m in MUTATIONS if not options.only or _fits(m, options.only)]
    if options.list:
        print(table(("file", "what would go wrong"), [(m.file, m.why) for m in mutations]))
        return 0
    begun = time.monotonic()
    SCRATCH.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mutants-", dir=SCRATCH) as folder:
        trees = [Tree.copy(ROOT, Path(folder) / str(number)) for number in range(options.jobs)]
        court = Court(trees, options.quick)
        verdicts = court.judge(mutations)
    return show(verdicts, court.red, time.monotonic() - begun)


def show(verdicts: Sequence[Verdict], red: Sequence[str], seconds: float) -> int:
    """Print the table; returns the exit code."""
    rows = [
        (v.mutation.file, v.mutation.why, v.state, v.by.split("::")[-1][:70], f"{v.seconds:.0f} s") for v in verdicts
    ]
    print("\n" + table(("file", "what would go wrong", "", "noticed by", ""), rows))
    counts = Counter(verdict.state for verdict in verdicts)
    told = ", ".join(f"{count} {state}" for state, count in counts.most_common())
    print(f"\n{len(verdicts)} mutations: {told}; {seconds:.0f} s")
    for test in red:
        print(f"fails without any mutation: {test}")
    return 1 if red or not verdicts or set(counts) != {KILLED} else 0


def _fits(mutation: Mutation, words: Sequence[str]) -> bool:
    return any(word in mutation.file or word in mutation.why for word in words)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="mutate", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", nargs="+", default=[], metavar="TEXT", help="in the file's name or the reason")
    parser.add_argument("--quick", action="store_true", help="judge only by the tests named with each mutation")
    parser.add_argument("--jobs", type=int, default=2, help="mutations judged at once (2)")
    parser.add_argument("--list", action="store_true", help="only show what would be broken")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
