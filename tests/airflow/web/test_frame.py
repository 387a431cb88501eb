"""The frame: rights of each route, forms, headers, words, errors. Walks whatever routes there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from fastapi.routing import APIRoute
from sqlalchemy import Engine

from tests.airflow.conftest import Connect
from tests.airflow.web.conftest import HOST, ROLES, Browser, People
from tests.airflow.web.used_words import WEB, used

PLACEHOLDER = re.compile(r"%\(\w+\)s")
ABSENT = 999_999
"""An id that nothing has."""


def routes() -> list[APIRoute]:
    from calsync_airflow.web.app import app

    return [route for route in app.routes if isinstance(route, APIRoute)]


def page_routes(*methods: str) -> list[APIRoute]:
    """Those of the page, without the health address and the static files."""
    mine = [route for route in routes() if not route.path.startswith(("/health", "/static"))]
    return [route for route in mine if route.methods & set(methods)]


def address(route: APIRoute) -> str:
    """The route with ids that nothing has."""
    return "/calsync" + re.sub(r"{\w+(:\w+)?}", str(ABSENT), route.path)


def calls(dependant: Any) -> Iterator[Any]:
    """All that a route depends on."""
    for each in dependant.dependencies:
        yield each.call
        yield from calls(each)


def test_each_route_says_who_may(airflow_database: None) -> None:
    from calsync_airflow.web.access import GUARDS

    assert len(routes()) > 5
    assert not [route.path for route in routes() if not GUARDS & {*calls(route.dependant)}]


def test_each_route_of_the_page_asks_for_a_login_and_a_right(server: Any, store: Engine) -> None:
    nobody, outsider = Browser(server, None), Browser(server, None)
    nobody.cookies.clear()
    for route in page_routes("GET", "POST"):
        for method in route.methods:
            assert nobody.request(method, address(route)).status_code == 401, route.path
            token = {"form_token": outsider.form_token()} if method == "POST" else None
            answer = outsider.request(method, address(route), data=token)
            assert answer.status_code == 403, route.path
            assert "can read on DAG Runs, calendar_sync" in answer.text


def test_rights_are_airflows(server: Any, airflow_database: None) -> None:
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    from calsync_airflow.web.access import rights_of

    found = {
        role: {str(right) for right in rights_of(SimpleAuthManagerUser(username="olga", role=role))} for role in ROLES
    }
    look, user = {"look"}, {"look", "contents", "sync", "upload", "decide", "undo"}
    assert found == {"VIEWER": look, "USER": user, "OP": user | {"settings", "connect"}, "ADMIN": found["OP"]}
    assert not rights_of(SimpleAuthManagerUser(username="olga", role=None))


def test_an_account_of_ones_own_is_known_by_name_and_mail() -> None:
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    from calsync_airflow.web.access import is_own

    assert is_own(SimpleAuthManagerUser(username="Anna@acme.example", role="VIEWER"), "anna@acme.example")
    assert not is_own(SimpleAuthManagerUser(username="anna", role="VIEWER"), "anna@acme.example")


def posts() -> list[str]:
    return [address(route) for route in page_routes("POST")]


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "none"}],
    ids=lambda headers: headers["sec-fetch-site"],
)
def test_forms_of_other_pages_are_refused(people: People, store: Engine, headers: dict[str, str]) -> None:
    admin = people("ADMIN")
    for path in posts():
        answer = admin.post(path, data={"form_token": admin.form_token()}, headers=headers)
        assert (answer.status_code, "Not sent" in answer.text) == (403, True), path


def test_old_browsers_are_known_by_the_origin(people: People, store: Engine) -> None:
    admin = people("ADMIN")
    del admin.headers["sec-fetch-site"]
    for path in posts():
        data = {"form_token": admin.form_token()}
        assert "Not sent" in admin.post(path, data=data, headers={"origin": "http://evil.example"}).text, path
        assert "Not sent" not in admin.post(path, data=data, headers={"origin": HOST}).text, path
        del admin.headers["origin"]
        assert "Not sent" in admin.post(path, data=data).text, path
        admin.headers["origin"] = HOST


def test_forms_without_the_persons_token_are_refused(people: People, store: Engine) -> None:
    admin, other = people("ADMIN"), people("ADMIN", name="otto")
    for path in posts():
        for token in (None, "", "0" * 64, "ö", other.form_token()):
            answer = admin.post(path, data=None if token is None else {"form_token": token})
            assert "Not sent" in answer.text, (path, token)
        answer = admin.post(path, headers={"x-calsync-form": admin.form_token()})
        assert "Not sent" not in answer.text, "htmx sends it by a header"


def test_a_token_lasts_a_day() -> None:
    from datetime import UTC, datetime, timedelta

    from calsync_airflow.web import csrf

    now = datetime(2026, 11, 26, 12, tzinfo=UTC)
    assert csrf.is_token(csrf.token("olga", now - timedelta(hours=24)), "olga", now)
    assert not csrf.is_token(csrf.token("olga", now - timedelta(hours=25)), "olga", now)


def test_each_answer_has_the_headers(server: Any, people: People, store: Engine) -> None:
    from calsync_airflow.web.assets import ASSETS
    from calsync_airflow.web.headers import HEADERS

    admin, nobody = people("ADMIN"), Browser(server, None)
    nobody.cookies.clear()
    paths = [address(route) for route in page_routes("GET")]
    answers = [*map(admin.get, paths), *map(nobody.get, paths), *(admin.post(path) for path in posts())]
    answers += [admin.get("/calsync/none"), admin.get("/calsync/health")]
    for answer in answers:
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS, answer.request.url
    policy = HEADERS["Content-Security-Policy"]
    assert "'unsafe" not in policy
    assert "default-src 'none'" in policy
    static = nobody.get(f"/calsync/static/{ASSETS['page.css'].address}")
    assert static.status_code == 200
    assert static.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert static.headers["Content-Security-Policy"] == policy
    assert nobody.get("/calsync/static/page.css").status_code == 404, "only by its digest"


def test_templates_leave_nothing_unescaped_and_no_style_or_script_in_line() -> None:
    sources = {path.name: path.read_text("utf-8") for path in sorted((WEB / "templates").glob("*.html"))}
    forbidden = re.compile(
        r"\|\s*safe\b|autoescape|\bstyle=|\son\w+=|hx-on|javascript:|<script(?! src=)|<style|https?://"
    )
    assert sources
    assert {name: found.group() for name, text in sources.items() if (found := forbidden.search(text))} == {}
    code = "\n".join(path.read_text("utf-8") for path in WEB.rglob("*.py"))
    assert "Markup(element).format" in code
    assert len(re.findall(r"\bMarkup\(", code)) == 1, "the one that formats its values"


def test_scripts_are_small() -> None:
    assert sum((WEB / "static" / name).stat().st_size for name in ("boot.js", "page.js")) <= 8192


def catalogs() -> list[Path]:
    return sorted((WEB / "words").glob("*.po"))


def test_the_page_speaks_the_languages_of_the_core(airflow_database: None) -> None:
    from calsync_airflow.web.words import LANGUAGES
    from include.calsync.core import sentences

    assert set(LANGUAGES) == set(sentences.LANGUAGES)


@pytest.mark.parametrize("path", catalogs(), ids=lambda path: path.stem)
def test_each_text_has_its_words_in_each_language(path: Path) -> None:
    said = used()
    with path.open("rb") as file:
        catalog = read_po(file, locale=path.stem, abort_invalid=True)
    known = {message.id: message.string for message in catalog if message.id}
    assert {message: place for message, place in said.items() if message not in known} == {}, "add them"
    assert set(known) - set(said) == set(), "nothing says them any more"
    for message, words in known.items():
        english = [message] if isinstance(message, str) else list(message)
        foreign = [words] if isinstance(words, str) else list(words or ())
        assert all(foreign), message
        places = {frozenset(PLACEHOLDER.findall(text)) for text in [*english, *foreign]}
        assert len(places) == 1 or not isinstance(message, str), (message, places)
        assert set().union(*places) == set(PLACEHOLDER.findall(english[-1])), (message, places)


@pytest.mark.parametrize(
    ("header", "cookie", "language", "zone"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", None, "de", "UTC"),
        ("fr,en;q=0.5,de;q=0.7", None, "de", "UTC"),
        ("fr", None, "en", "UTC"),
        ("", None, "en", "UTC"),
        ("de", "en%7CEurope%2FBerlin", "en", "Europe/Berlin"),
        ("de", "xx%7CNo%2FWhere", "de", "UTC"),
        ("en", "de", "de", "UTC"),
        ("en", "%7CAsia%2FTokyo", "en", "Asia/Tokyo"),
    ],
)
def test_language_and_zone_are_airflows(
    people: People, store: Engine, header: str, cookie: str | None, language: str, zone: str
) -> None:
    viewer = people("VIEWER", **{"accept-language": header})
    if cookie is not None:
        viewer.cookies.set("calsync_page", cookie)
    text = viewer.show("accounts").text
    assert f'<html lang="{language}"' in text
    assert f'data-zone="{zone}"' in text
    assert ("Noch keine Konten" in text) == (language == "de")


def test_errors_say_what_to_do(people: People, store: Engine, server: Any) -> None:
    admin, nobody = people("ADMIN"), Browser(server, None)
    nobody.cookies.clear()
    missing = admin.show("none")
    assert (missing.status_code, "Not found" in missing.text) == (404, True)
    unclear = admin.show("accounts", page=0)
    assert (unclear.status_code, "can’t be understood" in unclear.text) == (422, True)
    signed_out = nobody.show("accounts")
    assert (signed_out.status_code, 'login?next=/calsync/accounts"' in signed_out.text) == (401, True)
    part = admin.get("/calsync/none", headers={"hx-request": "true"})
    assert "<html" not in part.text
    assert "Not found" in part.text
    assert admin.get("/calsync/none", headers={"accept": "*/*"}).json() == {"detail": "Not Found"}


def test_a_database_that_does_not_answer_is_said_without_its_address(
    people: People, connect: Connect, tmp_path: Path
) -> None:
    connect("calsync_db", conn_type="sqlite", host=str(tmp_path / "none" / "calsync.db"))
    answer = people("ADMIN").show("accounts")
    assert (answer.status_code, "Nothing is lost" in answer.text) == (503, True)
    assert str(tmp_path) not in answer.text


def test_addresses_keep_airflows_prefix(airflow_database: None, people: People, store: Engine) -> None:
    viewer = people("VIEWER")
    viewer.root_path = "/af"  # type: ignore[attr-defined]
    viewer._transport.root_path = "/af"  # type: ignore[attr-defined]
    text = viewer.get("/af/calsync/accounts").text
    assert 'data-root="/af/calsync/"' in text
    assert 'href="/af/calsync/accounts"' in text


def test_the_menu_has_the_page_in_the_frame_and_in_a_tab_of_its_own(people: People) -> None:
    from calsync_plugin import CalsyncPlugin

    framed, plain = CalsyncPlugin.external_views
    assert (framed["url_route"], framed["nav_top_level"]) == ("calsync", True)
    assert len(framed["name"]) <= 10
    assert "url_route" not in plain
    assert {framed["href"], plain["href"]} == {"calsync/"}, "relative: Airflow may have a prefix"


def test_first_the_accounts(people: People, store: Engine) -> None:
    answer = people("VIEWER").show("")
    assert (answer.status_code, answer.headers["location"]) == (303, "/calsync/accounts")
