"""The README's pictures, made from the running demo.

    make demo                              # in another terminal; wait until both sides are equal
    python -m tests.checks.pictures        # writes docs/accounts.png and docs/week.png

Always of the same size, in the light theme, in English. Chromium draws them (include/scripts/chromium.py).
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sys
from pathlib import Path

import requests
from playwright.sync_api import Page, sync_playwright

from include.scripts.chromium import arguments, chromium
from include.scripts.demo.home import DEFAULT_FOLDER, MARK, ROOT, USER

DOCS = ROOT / "docs"
WIDTH, HEIGHT = 1280, 860
STILL = "*, *::before, *::after { animation: none !important; transition: none !important; caret-color: transparent }"


def main() -> int:
    """Make both; 1 if no demo runs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--home", type=Path, default=DEFAULT_FOLDER, help="the demo's folder (default: .calsync/demo)")
    parser.add_argument("--into", type=Path, default=DOCS, help="folder of the pictures (default: docs)")
    given = parser.parse_args()
    try:
        airflow, token, google = demo(given.home)
    except (OSError, requests.RequestException) as error:
        print(f"pictures: start `make demo` first, and let it run ({error})", file=sys.stderr)
        return 1
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium(), args=arguments()) as browser,
    ):
        context = browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT},
            color_scheme="light",
            locale="en-GB",
            timezone_id="Europe/Berlin",
            reduced_motion="reduce",
        )
        context.add_init_script("localStorage.theme = 'light'; localStorage.i18nextLng = 'en'")
        context.add_cookies([{"name": "_token", "value": token, "url": airflow}])
        page = context.new_page()
        take(page, f"{airflow}/plugin/calsync", given.into / "accounts.png", framed=True)
        take(page, f"{google}/_sandbox/week", given.into / "week.png")
    return 0


def take(page: Page, address: str, file: Path, *, framed: bool = False) -> None:
    """Open it, wait until nothing moves, and draw what the window shows. `framed`: it stands in Airflow's frame."""
    page.goto(address, wait_until="networkidle")
    shown = page.frame_locator("iframe") if framed else page
    shown.locator("h1").first.wait_for()
    page.add_style_tag(content=STILL)
    page.mouse.move(0, 0)
    page.screenshot(path=file)
    print(f"{file}: {WIDTH} × {HEIGHT}, {file.stat().st_size // 1000} kB")


def demo(home: Path) -> tuple[str, str, str]:
    """Where Airflow is, a login, and where the sandbox's Google is. Raises OSError or RequestException."""
    exports = (home / MARK).read_text(encoding="utf-8")
    found = re.search(r"^export AIRFLOW__API__BASE_URL=(.+)$", exports, re.MULTILINE)
    if found is None:
        raise FileNotFoundError(home / MARK)
    (url,) = shlex.split(found[1])
    password = json.loads((home / "passwords.json").read_text(encoding="utf-8"))[USER]
    session = requests.Session()
    session.trust_env = False  # a proxy for the outside world is none for loopback
    answer = session.post(f"{url}/auth/token", json={"username": USER, "password": password}, timeout=60)
    answer.raise_for_status()
    token = str(answer.json()["access_token"])
    headers = {"Authorization": f"Bearer {token}"}
    known = session.get(f"{url}/api/v2/connections/google_calendar_default", headers=headers, timeout=60)
    known.raise_for_status()
    return url, token, str(json.loads(known.json()["extra"])["api_endpoint"])


if __name__ == "__main__":
    sys.exit(main())
