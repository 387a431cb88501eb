"""Each screen in a real browser: accessible in both themes, as wide as the window, whole without a mouse, by itself."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from include.sandbox import pages
from tests.browser.company import LONG, Ids
from tests.browser.looking import Look
from tests.browser.screens import SCREENS, Screen
from tests.flows.world import World, day

Looking = Callable[..., Look]
PHONE = 288
"""What Airflow's menu leaves of 360 pixels."""
pytestmark = pytest.mark.timeout(900)  # two servers start first
each_screen = pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)


def opened(look: Looking, screen: Screen, ids: Ids, **options: object) -> Look:
    """The screen as somebody sees it; nothing came from elsewhere, and nothing was complained of."""
    seen = look(**options)
    assert seen.go(screen.path.format_map(ids)) == screen.status
    seen.assert_undisturbed(screen.status)
    return seen


@each_screen
def test_on_a_desk(look: Looking, ids: Ids, screen: Screen) -> None:
    seen = opened(look, screen, ids)
    assert seen.page.locator("html").get_attribute("lang") == "en"
    assert seen.violations() == []
    assert seen.too_wide() == []
    assert seen.by_keyboard() == []
    assert seen.hosts == {urlsplit(seen.url).netloc}


@each_screen
def test_on_a_phone_in_german_in_the_dark(look: Looking, ids: Ids, screen: Screen) -> None:
    seen = opened(look, screen, ids, theme="dark", language="de", width=PHONE)
    assert seen.page.locator("html").get_attribute("lang") == "de"
    assert seen.page.locator("html").get_attribute("data-theme") == "dark"
    assert seen.violations() == []
    assert seen.too_wide() == []


@pytest.mark.parametrize("width", [1280, PHONE])
def test_the_demos_week_beside_the_activities(look: Looking, world: World, width: int) -> None:
    pages.install(world.sandbox.pipedrive, world.sandbox.google)
    seen = look(width=width)
    seen.page.goto(f"{world.sandbox.google.url}/_sandbox/week?calendar={world.calendar}&day={day(1)}")
    assert LONG in seen.page.locator("aside").inner_text()
    assert seen.too_wide() == []


def test_each_check_finds_what_it_looks_for(look: Looking) -> None:
    seen = look(width=PHONE)
    seen.page.set_content(BAD)
    assert {each.split(":")[0] for each in seen.violations()} >= {"image-alt", "color-contrast", "html-has-lang"}
    assert [each.split(":")[0] for each in seen.too_wide()] == ["div.wide", "the page itself, by 112"]
    wrong = seen.by_keyboard()
    assert "button Unseen: one does not see that it is focused" in wrong
    assert "button Covered: something lies over it" in wrong
    assert any("never reached" in each and "late" in each for each in wrong)
    assert not any("Good" in each or "Scrolled" in each for each in [*wrong, *seen.too_wide()])
    seen.page.evaluate("console.error('broken')")
    assert any("broken" in each for each in seen.complaints)


BAD = """<!doctype html><html><body style="margin: 0"><img src="data:,">
<p style="color: #999; background: #aaa">Pale</p><div class="wide" style="width: 400px">Wide</div>
<div style="overflow-x: auto"><div style="width: 900px">Scrolled</div></div>
<button>Good</button><button style="outline: none">Unseen</button>
<div style="position: relative"><button>Covered</button><div style="position: absolute; inset: 0"></div></div>
<a id="trap" href="#" tabindex="0" onkeydown="event.preventDefault()">Trap</a><button id="late">Late</button>
</body></html>"""
