"""Who gets what by each route, by role and status code, under both of Airflow's auth managers; with what headers."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from functools import cache

import pytest
from markupsafe import escape

from tests.browser.company import SCRIPT, Ids
from tests.browser.conftest import Server
from tests.browser.screens import ROUTES, SCREENS, Screen, has
from tests.browser.serve import ROLES

FORM = "X-Calsync-Form"
TOKEN = re.compile(rf"{FORM}[^0-9a-f]+([0-9a-f]{{64}})")
FOREIGN = "did not come from the calendar sync page"
NOWHERE = "99999999"
"""An id that nothing has: who may do something to it hears that it is not there, and nothing is done."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
pytestmark = pytest.mark.timeout(900)  # two servers start first
POSTS = [route for route in ROUTES if route.startswith("POST")]
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


def split(route: str) -> tuple[str, str]:
    """Method and path; nothing has the ids in it."""
    method, path = route.split()
    return method, re.sub(r"{[^}]+}", NOWHERE, path).removeprefix("/")


@cache
def form_token(server: Server, role: str) -> str:
    """What a page of this person sends along with its forms."""
    found = TOKEN.search(html.unescape(server.ask(role, "GET", "accounts").text))
    assert found is not None
    return found[1]


def test_the_list_has_every_route() -> None:
    from calsync_airflow.web.app import app

    assert set(_routes(app)) == set(ROUTES)


def _routes(app: object) -> Iterator[str]:
    for route in getattr(app, "routes", ()):
        for method in getattr(route, "methods", ()):
            yield f"{method} {route.path}"


@pytest.mark.parametrize("route", ROUTES)
def test_each_route_opens_for_its_right_alone(server: Server, route: str) -> None:
    method, path = split(route)
    for role in (None, *ROLES):
        headers = {} if method == "GET" or role is None else SAME_ORIGIN | {FORM: form_token(server, role)}
        status = server.ask(role, method, path, headers=headers).status_code
        if has(role, ROUTES[route]):
            assert status not in (401, 403), role
            assert status < 500 or path == "health", role
        else:
            assert status == (401 if role is None else 403), role


@pytest.mark.parametrize("route", POSTS)
def test_nothing_is_done_for_a_page_of_somebody_else(servers: dict[str, Server], route: str) -> None:
    server = servers["simple"]
    _, path = split(route)
    own, other = form_token(server, "admin"), form_token(server, "op")
    refused: dict[str, dict[str, str]] = {
        "no token": SAME_ORIGIN,
        "a wrong token": SAME_ORIGIN | {FORM: "0" * 64},
        "another person's token": SAME_ORIGIN | {FORM: other},
        "another site": {"Sec-Fetch-Site": "cross-site", FORM: own},
        "another host of this site": {"Sec-Fetch-Site": "same-site", FORM: own},
        "another origin": {"Origin": "https://evil.example", FORM: own},
        "no origin": {FORM: own},
    }
    for name, headers in refused.items():
        answer = server.ask("admin", "POST", path, headers=headers)
        assert (answer.status_code, FOREIGN in answer.text) == (403, True), name
    for headers in (SAME_ORIGIN, {"Origin": server.url}):
        assert server.ask("admin", "POST", path, headers=headers | {FORM: own}).status_code not in (401, 403)


@pytest.mark.parametrize("route", [*ROUTES, "GET /nothing-is-here"])
def test_each_answer_tells_browsers_what_not_to_do(servers: dict[str, Server], route: str) -> None:
    method, path = split(route)
    for role in (None, "admin"):
        headers = servers["simple"].ask(role, method, path).headers
        assert headers["Content-Security-Policy"] == POLICY
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store", "but for what has a digest of its content in its name"


def test_what_is_static_is_kept_for_good(servers: dict[str, Server]) -> None:
    server = servers["simple"]
    addresses = re.findall(r"/static/[^\"]+", server.ask("admin", "GET", "accounts").text)
    assert addresses
    for address in set(addresses):
        answer = server.ask(None, "GET", address.removeprefix("/"))
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Security-Policy"] == POLICY


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_what_people_typed_stays_text(servers: dict[str, Server], ids: Ids, screen: Screen) -> None:
    shown = servers["simple"].ask("admin", "GET", screen.path.format_map(ids)).text
    assert SCRIPT not in shown
    assert "<img src=x" not in shown
    assert (str(escape(SCRIPT)) in shown) == screen.subjects
