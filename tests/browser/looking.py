"""What one sees on a page, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request

HEIGHT = 800
AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
FIND_WIDE = """() => [...document.querySelectorAll("body *")].filter(each => {
    const box = each.getBoundingClientRect();
    if (!box.width || !each.checkVisibility() || box.right <= document.documentElement.clientWidth + 1) return false;
    for (let at = each.parentElement; at; at = at.parentElement)
        if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(at).overflowX)) return false;
    return true;
}).map(each => `${each.tagName.toLowerCase()}.${each.className}: ${Math.round(each.getBoundingClientRect().right)}`)"""
"""Whatever reaches over the right edge, and is not in something that scrolls by itself."""
FOCUS = """() => {
    const at = document.activeElement;
    if (!at || at === document.body) return null;
    window.reached ??= new Map();
    if (!window.reached.has(at)) window.reached.set(at, window.reached.size);
    const ring = style => [style.outlineStyle === "none" ? "" : style.outline, style.boxShadow, style.borderColor,
        style.backgroundColor, style.textDecoration].join();
    const around = at.closest("label");  // of a radio button its frame is marked
    const rings = () => ring(getComputedStyle(at)) + (around ? ring(getComputedStyle(around)) : "");
    const focused = rings(), box = at.getBoundingClientRect();
    const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    at.blur();
    const blurred = rings();
    at.focus({preventScroll: true});
    const label = at.id || at.getAttribute("aria-label") || at.textContent.trim().slice(0, 40) || at.name;
    return {
        number: window.reached.get(at),
        name: `${at.tagName.toLowerCase()} ${label}`,
        shown: focused !== blurred,
        places: at.type === "date" ? 4 : 1,  // day, month, year, and what opens the calendar
        covered: box.width > 2 && top !== null && top !== at && !at.contains(top) && !top.contains(at)
            && !(at.labels && [...at.labels].some(each => each.contains(top))),
    };
}"""
"""The focused control, whether one sees that it is focused, and whether something lies over it."""
REACHABLE = """() => [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")].filter(each =>
    !each.matches(":disabled") && each.checkVisibility({visibilityProperty: true}) && !each.closest("[inert]")
    && !(each.matches("dialog:not([open]) *")) && each.tabIndex >= 0)
    .filter(each => each.type !== "radio" || each.checked || ![...document.getElementsByName(each.name)].some(one =>
        one.checked))
    .filter(each => !(window.reached?.has(each)))
    .map(each => each.outerHTML.slice(0, 120))"""
"""Controls that the tabulator has not come to. Of a group of radio buttons it comes to the chosen one."""


@dataclass
class Look:
    """A browser's page, with all that it asked for and complained of."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    @classmethod
    @contextmanager
    def at(
        cls,
        browser: Browser,
        url: str,
        token: str,
        *,
        theme: str = "light",
        language: str = "en",
        width: int = 1280,
        zone: str = "Europe/Berlin",
    ) -> Iterator[Self]:
        """As somebody who has chosen these in Airflow."""
        context = browser.new_context(
            viewport={"width": width, "height": HEIGHT},
            locale={"de": "de-DE", "en": "en-GB"}[language],
            timezone_id=zone,
            color_scheme="light",
        )
        context.add_cookies([{"name": "_token", "value": token, "url": url, "httpOnly": True, "sameSite": "Lax"}])
        chosen = {"theme": theme, "i18nextLng": language, "timezone": json.dumps(zone)}
        context.add_init_script(
            f"for (const [name, value] of Object.entries({json.dumps(chosen)})) localStorage.setItem(name, value)"
        )
        look = cls(context.new_page(), url)
        look.page.on("console", look._heard)
        look.page.on("pageerror", lambda error: look.complaints.append(str(error)))
        look.page.on("request", look._asked)
        yield look
        context.close()

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith(("data:", "blob:")):
            self.hosts.add(urlsplit(request.url).netloc)

    def go(self, path: str) -> int:
        """Open a path below `/calsync/`, and wait until nothing is under way; the status."""
        answer = self.page.goto(f"{self.url}/calsync/{path}", wait_until="networkidle")
        assert answer is not None
        return answer.status

    def assert_undisturbed(self, status: int = 200) -> None:
        """No error in the console, no violation of the page's policy; but the console repeats a status."""
        repeated = f"Failed to load resource: the server responded with a status of {status} "
        assert [each for each in self.complaints if status == 200 or not each.startswith(repeated)] == []

    def violations(self) -> list[str]:
        """What axe objects to: rules of WCAG 2.2 AA, and good practice."""
        found = Axe().run(self.page, options=AXE).response["violations"]
        return [f"{each['id']}: {node['target']} {node['failureSummary']}" for each in found for node in each["nodes"]]

    def too_wide(self) -> list[str]:
        """What one would have to scroll sideways for, with all that can be unfolded."""
        self.page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
        found: list[str] = self.page.evaluate(FIND_WIDE)
        document = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return found + ([f"the page itself, by {document}"] if document > 0 else [])

    def by_keyboard(self, most: int = 400) -> list[str]:
        """Walk through the page with the tabulator, once; what is wrong on the way, and what it never comes to."""
        self.page.evaluate("() => { window.reached = new Map(); document.activeElement.blur(); scrollTo(0, 0); }")
        wrong, last = [], -1
        for _ in range(most):
            self.page.keyboard.press("Tab")
            at: dict[str, Any] | None = self.page.evaluate(FOCUS)
            if at is None or at["number"] <= last:
                break
            last = at["number"]
            wrong += [f"{at['name']}: one does not see that it is focused"] if not at["shown"] else []
            wrong += [f"{at['name']}: something lies over it"] if at["covered"] else []
            for _ in range(at["places"] - 1):
                self.page.keyboard.press("Tab")
        left: list[str] = self.page.evaluate(REACHABLE)
        return wrong + [f"never reached: {each}" for each in left]
