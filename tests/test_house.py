"""Rules of the house that no linter knows. (Import directions: import-linter; parse costs: tests/airflow.)"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CORE = sorted((ROOT / "include/calsync/core").rglob("*.py"))
DAGS = sorted((ROOT / "dags").glob("*.py"))

TOP_LEVEL = {
    ".airflowignore", ".ci", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md",
    "SECURITY.md", "calsync_provider-0.1.0.dist-info", "dags", "deploy", "docs", "examples", "include", "plugins",
    "pyproject.toml",
    "requirements-cluster.in", "requirements-cluster.txt",
    "requirements-dev.in", "requirements-dev.txt", "requirements.in", "requirements.txt", "tests",
}  # fmt: skip
PURE_LIBRARIES = {"numpy", "pandas", "nh3", "dateutil"}
# Parts of the standard library that read or write the world, or the clock.
IMPURE = {
    "asyncio", "ftplib", "http", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "shutil",
    "smtplib",
    "socket", "sqlite3", "ssl", "subprocess", "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip


PURE_PARTS = {"urllib.parse"}  # of packages whose other parts are not


def tracked() -> list[str]:
    """Every file under version control; git is there wherever a checkout is."""
    out = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in out.split("\0") if name]


def imported(path: Path) -> Iterator[str]:
    """Every absolute module name that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield str(node.module)


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_top_level_is_tidy() -> None:
    assert {name.split("/")[0] for name in tracked()} <= TOP_LEVEL


@pytest.mark.parametrize("path", CORE, ids=short)
def test_core_imports_only_what_is_pure(path: Path) -> None:
    for module in imported(path):
        top = module.split(".")[0]
        if top == "include":
            assert module.startswith(("include.calsync.core", "include.calsync.errors")), module
        else:
            assert module in PURE_PARTS or top in (sys.stdlib_module_names - IMPURE) | PURE_LIBRARIES, module


@pytest.mark.parametrize("path", CORE, ids=short)
def test_core_never_asks_the_clock(path: Path) -> None:
    calls = (node.func for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
    asked = {func.attr for func in calls if isinstance(func, ast.Attribute)} & {"now", "utcnow", "today"}
    assert not asked


@pytest.mark.parametrize("path", DAGS, ids=short)
def test_a_dag_file_only_wires(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.For | ast.While | ast.AsyncFor | ast.FunctionDef)]
    assert not loops, "loops and functions belong into operators and flows"
    assert ast.get_docstring(tree), "the docstring is the runbook"
    assert not {module.split(".")[0] for module in imported(path)} - {
        "__future__", "airflow", "calsync_airflow", "datetime", "os",
    }  # fmt: skip


@pytest.mark.parametrize("folder", ["dags", "include", "plugins"])
def test_no_module_or_function_grows_too_long(folder: str) -> None:
    """Past 400 and 50 lines something hides. A migration is a record of columns, written once."""
    long = []
    for path in (path for path in (ROOT / folder).rglob("*.py") if path.parent.name != "versions"):
        text = path.read_text(encoding="utf-8")
        if len(text.splitlines()) > 400:
            long.append(short(path))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno >= 50:
                long.append(f"{short(path)}: {node.name}")
    assert not long


def test_every_requirement_is_locked_and_says_why() -> None:
    for name in ("requirements.in", "requirements-dev.in", "requirements-cluster.in"):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        packages = [line for line in lines if line and not line.startswith(("#", "-r"))]
        assert packages
        assert not [line for line in packages if "#" not in line and not line.startswith("types-")]


def test_locks_name_no_host_and_every_package_has_a_hash() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-cluster.txt"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        assert "--index-url" not in text
        blocks = text.replace("\\\n", "").splitlines()
        pins = [line for line in blocks if line[:1].isalnum()]
        assert len(pins) > 200
        assert all("==" in line and "--hash=sha256:" in line for line in pins)


def public(node: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """Classes, functions and methods whose name is for others."""
    for each in node.body:
        if isinstance(each, ast.FunctionDef | ast.ClassDef) and not each.name.startswith("_"):
            yield each
            if isinstance(each, ast.ClassDef):
                yield from public(each)


def test_what_is_public_says_what_it_does() -> None:
    """All but a few whose base class says it, or whose name and types say all."""
    product = [
        path for path in (ROOT / "include/calsync").rglob("*.py") if path.parent.name != "versions"
    ]  # but migrations
    found = [each for path in product for each in public(ast.parse(path.read_text(encoding="utf-8")))]
    silent = [each.name for each in found if not ast.get_docstring(each)]
    assert len(silent) <= 0.05 * len(found), silent
