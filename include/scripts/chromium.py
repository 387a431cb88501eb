"""Which Chromium the tests and pictures use, and getting one where there is none.

    python -m include.scripts.chromium    # make test: prints its path; without one says what to install, and exits 1

The system's, if it starts; else, as root where there is apt-get, Debian's package `chromium`; else Playwright's own
download, into `.calsync/browsers`. Which one is decided once, and noted in `.calsync/chromium`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / ".calsync"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
APPLICATIONS = tuple(f"/Applications/{name}.app/Contents/MacOS/{name}" for name in ("Chromium", "Google Chrome"))
START_TIMEOUT_S = 60
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
"""Else it looks for its maker's hosts at each start."""
MISSING = """\
Install Chromium or Google Chrome: the tests of the page need one. (Debian: apt-get install chromium.)
It was looked for on PATH as {names}; Playwright's download failed, too:
{why}"""


class NoChromium(Exception):
    """There is no Chromium, and none could be had. The message says what to install."""


def is_root() -> bool:
    """Whether packages may be installed. Chromium refuses its own sandbox to root."""
    return os.geteuid() == 0


def arguments() -> list[str]:
    """To start it with."""
    return [*QUIET, *(["--no-sandbox"] if is_root() else [])]


def chromium(folder: Path = FOLDER, *, packages: bool | None = None) -> str:
    """The path of one that starts, which is got first where there is none. Raises NoChromium.

    Args:
        folder: for the note of the choice, and for the download.
        packages: whether Debian's may be installed; default: as root.
    """
    note = folder / "chromium"
    if note.is_file() and Path(noted := note.read_text(encoding="utf-8").strip()).is_file():
        return noted
    may = is_root() if packages is None else packages
    found = _of_system() or (_of_packages() if may else None) or _downloaded(folder / "browsers")
    folder.mkdir(parents=True, exist_ok=True)
    note.write_text(f"{found}\n", encoding="utf-8")
    return found


def _of_system() -> str | None:
    """A name on PATH proves nothing: it may be a stub that tells what to install. So each is started."""
    return next((each for each in _candidates() if _starts(each)), None)


def _candidates() -> Iterator[str]:
    yield from (path for path in map(shutil.which, NAMES) if path is not None)
    yield from (path for path in APPLICATIONS if sys.platform == "darwin" and Path(path).is_file())


def _starts(path: str) -> bool:
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=START_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return said.returncode == 0 and "Chrom" in said.stdout


def _of_packages() -> str | None:
    """Debian's package, where we may install one. Elsewhere a package of this name may hold no browser."""
    if shutil.which("apt-get") is None:
        return None
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    _say("installing Debian's package chromium")
    for command in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
        if _failed(["apt-get", "-q", *command], environment):
            return None
    return _of_system()


def _downloaded(folder: Path) -> str:
    environment = os.environ | {"PLAYWRIGHT_BROWSERS_PATH": str(folder)}
    _say(f"downloading Playwright's Chromium into {folder}")
    # The shell alone: the tests need no window, and it is half the size.
    why = _failed([sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"], environment)
    names = ("chrome-headless-shell", "headless_shell")
    found = next((str(path) for name in names for path in sorted(folder.rglob(name)) if _starts(str(path))), None)
    if found is None:
        raise NoChromium(MISSING.format(names=", ".join(NAMES), why=why or "it holds no program that starts here"))
    return found


def _failed(command: list[str], environment: dict[str, str]) -> str:
    """Run it; its last lines if it failed, else nothing."""
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if not done.returncode:
        return ""
    last = "\n".join(done.stdout.strip().splitlines()[-8:])
    _say(f"{' '.join(command[:3])} failed:\n{last}")
    return last or f"exit code {done.returncode}"


def _say(text: str) -> None:
    print(f"browser: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        print(chromium())
    except NoChromium as none:
        sys.exit(f"browser: {none}")
