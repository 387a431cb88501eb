"""The mutation check itself, on a product of one function."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checks.mutate.__main__ import KILLED, MUTATIONS, ROOT, Court, Verdict, show
from tests.checks.mutate.mutation import Mutation, laws_of
from tests.checks.mutate.tree import Tree, fits

PRODUCT = """
def half(number: int) -> int:
    if number > 1000:
        return number >> 1
    return number // 2
"""
TESTS = """
from include.calsync.core.halves import half

def test_half():
    assert half(4) == 2

def test_that_fails_anyway():
    assert half(4) == 3
"""


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A copy of a small checkout."""
    source = tmp_path / "checkout"
    for name in ("include/calsync/core", "plugins", "dags", "tests"):
        (source / name).mkdir(parents=True)
    (source / "include/calsync/core/halves.py").write_text(PRODUCT)
    (source / "tests/test_halves.py").write_text(TESTS)
    (source / "pyproject.toml").write_text('[tool.pytest.ini_options]\naddopts = ["--import-mode=importlib"]\n')
    return Tree.copy(source, tmp_path / "copy")


def judged(tree: Tree, old: str, new: str, tests: str = "tests/test_halves.py::test_half") -> Verdict:
    (verdict,) = Court([tree], quick=True).judge([Mutation("core/halves.py", old, new, "wrong", tests)])
    assert (tree.root / "include/calsync/core/halves.py").read_text() == PRODUCT, "put back"
    return verdict


@pytest.mark.parametrize(
    ("old", "new", "tests", "state"),
    [
        ("// 2", "// 3", "tests/test_halves.py::test_half", KILLED),
        (">> 1", ">> 2", "tests/test_halves.py::test_half", "survived"),
        ("// 9", "// 3", "tests/test_halves.py::test_half", "stale"),
        ("number", "n", "tests/test_halves.py::test_half", "stale"),
        ("// 2", "// 3", "tests/test_halves.py -k nothing", "stale"),
        ("// 2", "// 3", "tests/test_gone.py", "stale"),
        ("return number // 2", "return number //", "tests/test_halves.py", "no program"),
    ],
)
def test_what_becomes_of_a_mutation(tree: Tree, old: str, new: str, tests: str, state: str) -> None:
    verdict = judged(tree, old, new, tests)
    assert verdict.state == state
    if state == KILLED:
        assert verdict.by == "tests/test_halves.py::test_half"
    assert show([verdict], [], 1.0) == (0 if state == KILLED else 1)


def test_a_test_that_fails_anyway_proves_nothing(tree: Tree) -> None:
    court = Court([tree], quick=True)
    broken = Mutation("core/halves.py", ">> 1", ">> 2", "wrong", "tests/test_halves.py")
    (verdict,) = court.judge([broken])
    assert verdict.state == "survived"
    assert court.red == ["tests/test_halves.py::test_that_fails_anyway"]
    assert show([verdict], court.red, 1.0) == 1


def test_the_real_ones_are_told_apart() -> None:
    assert len({(one.file, one.old, one.new) for one in MUTATIONS}) == len(MUTATIONS)
    assert len({(one.file, one.why) for one in MUTATIONS}) == len(MUTATIONS)


def test_each_law_that_a_line_can_break_has_a_mutation_that_fits_the_code() -> None:
    """A reworded line makes its mutation stale: `make mutate` says so, and this test only when a law has none left."""
    laws = {law for one in MUTATIONS for law in laws_of(one)}
    fitting = {law for one in MUTATIONS if fits(ROOT, one) for law in laws_of(one)}
    assert len(laws) >= 10
    assert laws - fitting == set()


def test_each_names_the_law_that_it_would_break() -> None:
    assert [one.why for one in MUTATIONS if not laws_of(one)] == []


def test_the_tests_named_with_the_real_ones_exist() -> None:
    missing = []
    for one in MUTATIONS:
        files, _, word = one.tests.partition(" -k ")
        paths = [ROOT / name.partition("::")[0] for name in files.split() if name.startswith("tests/")]
        text = "".join(path.read_text() for path in paths if path.is_file())
        plain = word.replace('"', "").split(" ")[0]
        if not all(path.exists() for path in paths) or (
            paths and all(p.is_file() for p in paths) and plain not in text
        ):
            missing.append((one.tests, one.why))
    assert missing == []
