"""Which browser the tests take, on machines that have this and that; the download comes from a server of our own."""

from __future__ import annotations

import io
import os
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from include.scripts.chromium import MISSING, NAMES, NoChromium, arguments, chromium

WORKS = "#!/bin/sh\necho Chromium 150\n"
STUB = "#!/bin/sh\necho 'Install the package chromium-browser first.'\nexit 1\n"
Program = Callable[[str, str], str]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """`program(name, script)` is on PATH, where nothing else is; returns its path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def add(name: str, script: str) -> str:
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
        return str(folder / name)

    return add


@pytest.fixture(autouse=True)
def download(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The browser that Playwright finds at the address it downloads from; none: there is none."""
    offered: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = archive(Path(self.path).stem, offered[0]) if offered else b""
            self.send_response(200 if offered else 404)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("PLAYWRIGHT_DOWNLOAD_HOST", f"http://127.0.0.1:{server.server_port}")
        yield offered
        server.shutdown()


def archive(folder: str, script: str) -> bytes:
    """As it is for this platform and for others."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as each:
        for place in (f"{folder}/chrome-headless-shell", "chrome-linux/headless_shell"):
            program = zipfile.ZipInfo(place)
            program.external_attr = 0o755 << 16
            each.writestr(program, script)
    return packed.getvalue()


def test_the_systems_goes_first_and_is_noted(program: Program, tmp_path: Path) -> None:
    program("google-chrome", "#!/bin/sh\necho Google Chrome 150\n")
    first = program("chromium", WORKS)
    assert chromium(tmp_path) == first
    program("chromium", STUB)
    assert chromium(tmp_path) == first, "it is decided once"
    Path(first).unlink()
    assert chromium(tmp_path) == str(tmp_path / "bin/google-chrome"), "until it is gone"


def test_a_stub_that_tells_what_to_install_is_none(program: Program, tmp_path: Path) -> None:
    program("chromium-browser", STUB)
    works = program("google-chrome", WORKS)
    assert chromium(tmp_path) == works


def test_the_package_comes_next_where_it_may_be_installed(
    program: Program, tmp_path: Path, download: list[str]
) -> None:
    asked, installed, brought = tmp_path / "asked", tmp_path / "bin/chromium", tmp_path / "brought"
    brought.write_text(WORKS)
    brought.chmod(0o755)
    program("apt-get", f'#!/bin/sh\necho "$@" >> {asked}\n/bin/cp {brought} {installed}\n')
    download.append(WORKS)
    assert Path(chromium(tmp_path / "a user's", packages=False)).is_relative_to(tmp_path / "a user's/browsers")
    assert not asked.exists()
    assert chromium(tmp_path, packages=True) == str(installed)
    assert asked.read_text() == "-q update\n-q install --yes --no-install-recommends chromium\n"


def test_a_package_without_a_browser_is_followed_by_the_download(
    program: Program, tmp_path: Path, download: list[str]
) -> None:
    program("apt-get", STUB)
    download.append(WORKS)
    assert Path(chromium(tmp_path, packages=True)).is_relative_to(tmp_path / "browsers")


@pytest.mark.parametrize("script", [None, STUB], ids=["no download", "it does not start here"])
def test_without_one_it_is_said_what_to_install(
    program: Program, tmp_path: Path, download: list[str], script: str | None
) -> None:
    download.extend([] if script is None else [script])
    with pytest.raises(NoChromium) as raised:
        chromium(tmp_path, packages=False)
    first, *_ = MISSING.split("{", 1)
    assert str(raised.value).startswith(first)
    assert all(name in str(raised.value) for name in NAMES)
    assert not (tmp_path / "chromium").exists()


def test_root_starts_it_without_its_sandbox() -> None:
    assert ("--no-sandbox" in arguments()) == (os.geteuid() == 0)
