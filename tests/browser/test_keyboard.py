"""What people do with the keyboard alone: connections are checked, an account is added, a title gets another order."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine

from include.calsync.flows.editing import accounts as editing
from tests.browser.company import Ids
from tests.browser.looking import Look
from tests.flows.world import World

Looking = Callable[..., Look]
pytestmark = pytest.mark.timeout(900)  # two servers start first
ZOE = "zoe@acme.example"
MOST = 200
"""Steps to any control of a screen."""


def to(seen: Look, control: str) -> None:
    """Go on with the tabulator until this control has the focus."""
    for _ in range(MOST):
        seen.page.keyboard.press("Tab")
        if seen.page.evaluate("control => document.activeElement.matches(control)", control):
            return
    raise AssertionError(f"never reached: {control}")


def press(seen: Look, control: str, key: str = "Enter") -> None:
    to(seen, control)
    seen.page.keyboard.press(key)


def fill(seen: Look, control: str, text: str) -> None:
    to(seen, control)
    seen.page.keyboard.type(text)


def test_from_nothing_to_an_account(look: Looking, world: World, empty: Engine) -> None:
    world.pipedrive.add_user("Zoe", ZOE, "Europe/Berlin")
    world.google.add_user(ZOE, time_zone="Europe/Berlin")
    calendar = world.google.add_calendar(ZOE, "Zoe's sales")
    seen = look()
    seen.go("")
    assert seen.page.url.endswith("/calsync/welcome"), "there is no account yet"
    expect(seen.page.locator(".steps .done")).to_have_count(0)
    press(seen, '.steps .now a[href$="/calsync/connect"]')
    seen.page.wait_for_url("**/calsync/connect")
    for service in ("pipedrive", "google"):
        press(seen, f'form[action$="/connect/{service}/check"] button')
        expect(seen.page.locator(f"#{service}-1-result")).to_contain_text("Works")
    press(seen, '.page-head a[href$="/calsync/welcome"]')
    seen.page.wait_for_url("**/calsync/welcome")
    expect(seen.page.locator(".steps .done")).to_have_count(2)
    press(seen, '.steps .now a[href$="/calsync/accounts/new"]')
    seen.page.wait_for_url("**/accounts/new")
    for control, text in (("#name", "zoe"), ("#pipedrive_user", ZOE), ("#google_user", ZOE)):
        fill(seen, control, text)
    press(seen, "[name=calendar]", "ArrowDown")
    press(seen, '[formaction*="/lists/calendars"]')
    expect(seen.page.locator("#calendar_choice")).to_be_visible()
    fill(seen, "#calendar_choice", "Zoe's sales")
    press(seen, ".savebar button")
    seen.page.wait_for_url("**/drafts/*")
    press(seen, "#save button")
    seen.page.wait_for_url("**/accounts/*done=saved*")
    assert seen.complaints == []
    (zoe,) = editing.list_accounts(empty)
    assert zoe.name == "zoe"
    assert (zoe.settings["google_user"], zoe.settings["calendar"]) == (ZOE, calendar)


def test_what_is_not_saved_is_marked_and_counted(look: Looking, ids: Ids) -> None:
    seen = look()
    seen.go(f"accounts/{ids.page_account}")
    unsaved, marks = seen.page.locator("#unsaved"), seen.page.locator(".changed")
    expect(unsaved).to_contain_text("First it is tried out.")
    expect(marks).to_have_count(0)
    press(seen, '[data-move="up"]:not([aria-disabled="true"]):not([hidden])')
    expect(seen.page.locator("#live")).to_have_text(re.compile("position 1 of 4"))
    expect(marks).to_have_text(["Title of the event"])
    press(seen, "#done", "ArrowDown")
    expect(unsaved).to_have_text("Changes not saved yet: 2")
    expect(marks).to_have_count(2)
    seen.page.keyboard.press("ArrowUp")
    expect(unsaved).to_have_text("Changes not saved yet: 1")
    seen.page.locator("#name").focus()
    seen.page.keyboard.press("Enter")
    seen.page.wait_for_url("**/drafts/*")
    expect(seen.page.locator("h1")).to_contain_text("Save 1 change for paula?")  # Enter reviews, and moves no part
    seen.assert_undisturbed()
