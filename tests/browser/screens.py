"""Every route of the page with the right it takes, and every screen that one looks at. It grows with the page."""

from __future__ import annotations

from dataclasses import dataclass

from tests.browser.serve import ROLES

LEAST = {
    "everybody": None,
    "look": "viewer",
    "contents": "user",
    "sync": "user",
    "upload": "user",
    "decide": "user",
    "undo": "user",
    "settings": "op",
    "connect": "op",
}
"""By right: the least of Airflow's roles that has it; None: it takes no login."""
ROUTES = {
    "GET /health": "look",
    "GET /static/{address}": "everybody",
    "GET /": "look",
    "GET /accounts": "look",
    "GET /accounts/live": "look",
    "POST /accounts/search": "look",
    "POST /sync": "sync",
    "GET /accounts/{account_id:int}": "look",
    "POST /preview/title": "look",
    "GET /accounts/new": "settings",
    "POST /accounts/new": "settings",
    "POST /accounts/{account_id:int}": "settings",
    "POST /accounts/{account_id:int}/drafts": "settings",
    "POST /accounts/{account_id:int}/pause": "settings",
    "POST /accounts/{account_id:int}/resume": "settings",
    "POST /accounts/{account_id:int}/remove": "settings",
    "POST /accounts/{account_id:int}/restore": "settings",
    "POST /accounts/{account_id:int}/undo": "settings",
    "GET /accounts/{account_id:int}/versions": "settings",
    "GET /drafts/{draft_id:int}": "settings",
    "POST /drafts/{draft_id:int}/save": "settings",
    "POST /lists/calendars": "settings",
    "POST /connect/{service}/attempts": "connect",
    "GET /connect/{service}/start/{ticket}": "look",
    "GET /connect/{service}/done": "look",
    "GET /connect/attempts/{attempt_id}": "look",
    "GET /welcome": "look",
    "GET /upload": "upload",
    "POST /upload/count": "upload",
    "POST /upload": "upload",
    "GET /runs/{run_id}/progress": "upload",
    "POST /runs/{run_id}/stop": "upload",
    "GET /items": "look",
    "POST /items/find": "look",
    "GET /items/{link_id:int}": "look",
    "GET /items/{link_id:int}/now": "look",
    "POST /items/{link_id:int}/undo/preview": "undo",
    "GET /items/{link_id:int}/undo/{run_id}": "undo",
    "POST /items/{link_id:int}/undo": "undo",
    "POST /items/{link_id:int}/retry": "sync",
    "GET /items/{side}/{item_id}": "look",
    "GET /history": "look",
    "GET /history/{run_id}": "look",
    "POST /undo/preview": "undo",
    "GET /undo/{run_id}": "undo",
    "POST /undo": "undo",
    "POST /conflicts/{entry_id:int}/other": "undo",
    "POST /aside/retry": "sync",
    "GET /holds": "look",
    "GET /holds/{hold_id:int}": "look",
    "GET /holds/{hold_id:int}.csv": "look",
    "POST /holds/{hold_id:int}/search": "look",
    "GET /holds/{hold_id:int}/approve": "decide",
    "POST /holds/{hold_id:int}/approve": "decide",
    "POST /holds/{hold_id:int}/reject": "decide",
    "GET /connect": "connect",
    "POST /connect/{service}/check": "connect",
}
READING_POSTS = {
    "accounts/search": {"q": "person-4"},
    "items/find": {"q": "call"},
    "preview/title": {"title": "person"},
}
"""What only reads, and is a POST as what is looked for stands in no address: with a form that finds something."""


@dataclass(frozen=True)
class Screen:
    """One screen in one state.

    `path`: below `/calsync/`, with the names of `Ids` in braces. `subjects`: it shows the subjects that people gave.
    """

    name: str
    path: str
    status: int = 200
    subjects: bool = False


SCREENS = (
    Screen("accounts", "accounts"),
    Screen("accounts that need somebody", "accounts?state=attention"),
    Screen("account", "accounts/{account}"),
    Screen("account that fails", "accounts/{failed_account}"),
    Screen("account of the page", "accounts/{page_account}"),
    Screen("account, earlier settings", "accounts/{page_account}/versions"),
    Screen("account, changes under review", "drafts/{draft}", subjects=True),
    Screen("account, back from the review", "accounts/{page_account}?draft={draft}"),
    Screen("upload", "upload"),
    Screen("finding an item", "items"),
    Screen("pair", "items/{link}"),
    Screen("pair with markup", "items/{marked_link}", subjects=True),
    Screen("pair as it is now", "items/{marked_link}/now", subjects=True),
    Screen("item that is no pair", "items/activities/{unlinked}", subjects=True),
    Screen("new account", "accounts/new"),
    Screen("history", "history", subjects=True),
    Screen("history, conflicts", "history?what=conflicts", subjects=True),
    Screen("history, what is set aside", "history?what=aside"),
    Screen("history, one run", "history/{run}", subjects=True),
    Screen("undo, tried out", "undo/{run}?since=0"),
    Screen("undo of one item, tried out", "items/{link}/undo/{run}?since=0"),
    Screen("held", "holds", subjects=True),
    Screen("held, one of them", "holds/{hold}", subjects=True),
    Screen("held, whether it is really meant", "holds/{hold}/approve", subjects=True),
    Screen("connections", "connect"),
    Screen("connections, the tab of a consent", "connect/attempts/{attempt}"),
    Screen("first steps", "welcome"),
    Screen("not found", "nothing-is-here", status=404),
)


def has(role: str | None, right: str) -> bool:
    """Whether somebody of this role has the right; None: who is not logged in."""
    least = LEAST[right]
    return least is None or (role is not None and ROLES.index(role) >= ROLES.index(least))
