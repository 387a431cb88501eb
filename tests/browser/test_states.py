"""What a page does when nothing answers any more, or nobody is logged in any more."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.company import Ids
from tests.browser.looking import Look

Looking = Callable[..., Look]
pytestmark = pytest.mark.timeout(900)  # two servers start first
TICK = "document.body.dispatchEvent(new Event('tick15'))"


def test_what_was_there_stays_and_says_of_when_it_is(look: Looking, ids: Ids) -> None:
    seen = look()
    seen.go("accounts")
    stale = seen.page.locator("[data-stale]")
    expect(stale).to_be_hidden()
    seen.page.route("**/accounts/live*", lambda route: route.fulfill(status=503, body="no"))
    seen.page.evaluate(TICK)
    expect(stale).to_be_visible()
    expect(stale).to_contain_text("Shown as of")
    expect(seen.page.locator("#accounts-table tbody tr")).not_to_have_count(0)
    assert seen.violations() == []
    seen.page.unroute("**/accounts/live*")
    seen.page.evaluate(TICK)
    expect(stale).to_be_hidden()


def test_who_is_signed_out_hears_of_it_on_the_page(look: Looking, ids: Ids) -> None:
    seen = look()
    seen.go("accounts")
    seen.page.context.clear_cookies(name="_token")
    seen.page.evaluate(TICK)
    expect(seen.page.locator("#signed-out")).to_be_visible()
    expect(seen.page.locator("#live")).to_contain_text("Your session has ended.")


def test_a_search_that_gets_no_answer_says_so_and_keeps_what_was_typed(look: Looking, ids: Ids) -> None:
    seen = look()
    seen.go(f"holds/{ids.hold}")
    seen.page.route("**/search", lambda route: route.abort())
    seen.page.fill("#q", "call")
    expect(seen.page.locator("#unanswered")).to_be_visible()
    assert seen.page.input_value("#q") == "call"
    seen.page.unroute("**/search")
    seen.page.fill("#q", "nothing has this")
    expect(seen.page.locator("#hold-items")).to_contain_text("Nothing held has this subject or date.")
    expect(seen.page.locator("#live")).to_contain_text("0 found")
    assert "nothing has this" not in seen.page.url
    assert seen.violations() == []
