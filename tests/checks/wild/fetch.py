"""Fetches the source distributions in sources.txt with pip, and reads the calendars out of them."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / ".calsync" / "wild"
SOURCES = Path(__file__).with_name("sources.txt")
PIP = "pip==26.2"  # uv can't download without installing
_SOURCE = re.compile(r"^([\w-]+)==(\S+) --hash=sha256:([0-9a-f]{64})$", re.MULTILINE)


class NotFetched(Exception):
    """The archives are not there; the message says what to do."""


@dataclass(frozen=True)
class CalendarFile:
    """One .ics file: the package it comes from, its path inside, its bytes."""

    package: str
    path: str
    content: bytes


def calendar_files(folder: Path = FOLDER) -> list[CalendarFile]:
    """All calendars, fetched if need be. Raises NotFetched."""
    wanted = {digest: name for name, _, digest in _SOURCE.findall(SOURCES.read_text())}
    archives = _archives(folder, wanted)
    if len(archives) < len(wanted):
        _download(folder, sorted(wanted.values()))
        archives = _archives(folder, wanted)
    if len(archives) < len(wanted):
        missing = sorted(set(wanted.values()) - set(archives))
        raise NotFetched(f"{', '.join(missing)}: pip left no archive with the expected hash in {folder}.")
    return [file for name, path in sorted(archives.items()) for file in _members(name, path)]


def _archives(folder: Path, wanted: dict[str, str]) -> dict[str, Path]:
    digests = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.tar.gz"))}
    return {wanted[digest]: path for path, digest in digests.items() if digest in wanted}


def _download(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    uv = Path(sys.executable).with_name("uv")
    pip = [str(uv), "tool", "run", "--quiet", "--from", PIP, "pip", "download", "--quiet", "--dest", str(folder)]
    what = ["--no-deps", "--no-binary", ",".join(names), "--require-hashes", "--requirement", str(SOURCES)]
    env = {"UV_CACHE_DIR": str(ROOT / ".calsync" / "cache" / "uv"), "UV_PYTHON_DOWNLOADS": "never"} | os.environ
    try:
        done = subprocess.run([*pip, *what], env=env, capture_output=True, text=True, timeout=900)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotFetched(f"{', '.join(names)} can't be fetched: {error}. Run `make setup`, then try again.") from None
    if done.returncode:
        said = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise NotFetched(
            f"{', '.join(names)} can't be fetched. Check the network and pip's configuration, then try again. "
            f"What pip said last:\n{said}"
        )


def _members(package: str, archive: Path) -> Iterator[CalendarFile]:
    with tarfile.open(archive) as opened:
        for member in sorted(opened.getmembers(), key=lambda each: each.name):
            content = opened.extractfile(member) if member.isfile() and member.name.endswith(".ics") else None
            if content is not None:
                yield CalendarFile(package, member.name, content.read())
