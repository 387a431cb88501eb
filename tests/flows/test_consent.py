"""Connecting from the page, in a browser that follows the redirects: links, consent pages, what comes of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from cryptography.fernet import Fernet
from sqlalchemy import Engine, text

from include.calsync.clients import oauth
from include.calsync.clients.oauth import App
from include.calsync.clients.sessions import Timing
from include.calsync.core.consents import GOOGLE_SCOPES, SCOPE
from include.calsync.errors import CredentialRefused, RetryableError
from include.calsync.flows.consent import Answer, Connected, ConsentError, Consents
from include.sandbox.base import Fault
from include.sandbox.google.state import GoogleState
from include.sandbox.pipedrive.state import PipedriveState
from include.sandbox.server import Sandbox
from tests.store.template import engine_with_schema

ANNA, BEN = "anna@acme.example", "ben@acme.example"
BACK = {"google": "https://airflow.example/calsync/connect/google/done",
        "pipedrive": "https://airflow.example/calsync/connect/pipedrive/done"}  # fmt: skip
FERNET = Fernet(Fernet.generate_key())


def encrypt(plain: str) -> str:
    return FERNET.encrypt(plain.encode()).decode()


def decrypt(sealed: str) -> str:
    return FERNET.decrypt(sealed.encode()).decode()


class Page:
    """The page's part: makes links, opens them, lets a person decide at the service, and takes what comes back."""

    def __init__(self, sandbox: Sandbox, engine: Engine) -> None:
        self.sandbox = sandbox
        self.engine = engine
        self.google: GoogleState = sandbox.google.state
        self.pipedrive: PipedriveState = sandbox.pipedrive.state
        self.now = datetime(2026, 11, 26, 12, tzinfo=UTC)
        self.consents = Consents(
            engine, clock=lambda: self.now, encrypt=encrypt, decrypt=decrypt, timing=Timing(read_s=2, tries_count=1)
        )
        self.saved: list[Connected] = []
        self.id = ""

    def app(self, service: str) -> App:
        if service == "google":
            known, url = self.google.options, self.sandbox.google.url
            made = oauth.google_app(
                known.app_client_id, known.app_client_secret,
                page_url=f"{url}/o/oauth2/v2/auth", token_url=f"{url}/token", api_url=url,
            )  # fmt: skip
        else:
            options, url = self.pipedrive.options, self.sandbox.pipedrive.url
            made = oauth.pipedrive_app(
                options.app_client_id, options.app_client_secret,
                page_url=f"{url}/oauth/authorize", token_url=f"{url}/oauth/token",
            )  # fmt: skip
        return made

    def link(self, service: str = "google", person: str = ANNA) -> str:
        person = person if service == "google" else ""
        self.id, ticket = self.consents.ask(service=service, account="anna", person=person, asked_by="admin")
        return ticket

    def opened(self, ticket: str, service: str = "google") -> tuple[str, str]:
        return self.consents.start(ticket, self.app(service), BACK[service])

    def decided(self, address: str, **fields: str) -> Answer:
        """A person answers on the consent page. Without fields: allows all that is asked for, as who is meant."""
        shown = requests.get(address, timeout=10)
        assert shown.status_code == 200, shown.text
        query = parse_qs(urlsplit(address).query)
        scopes = (each.removeprefix(SCOPE) for each in query.get("scope", [""])[0].split())
        usual = {"action": "allow", "account": query.get("login_hint", [BEN])[0], "user": "11"}
        usual |= {f"scope_{each}": "yes" for each in scopes}
        form = {name: value for name, value in (usual | fields).items() if value}
        went = requests.post(address, data=form, allow_redirects=False, timeout=10)
        back = {name: values[0] for name, values in parse_qs(urlsplit(went.headers["Location"]).query).items()}
        return Answer(back["state"], "", back.get("code", ""), back.get("error", ""))

    def finished(self, answer: Answer, browser: str, service: str = "google", **more: int) -> Connected:
        given = Answer(answer.state, browser, answer.code, answer.error)
        return self.consents.finish(given, self.app(service), BACK[service], self.saved.append, **more)

    def connected(self, service: str = "google", **fields: str) -> Connected:
        """All of it at once."""
        address, browser = self.opened(self.link(service), service)
        return self.finished(self.decided(address, **fields), browser, service)

    def refused(self, service: str = "google", **fields: str) -> ConsentError:
        """All of it, to be refused. Who waits for the link reads the same."""
        with pytest.raises(ConsentError) as caught:
            self.connected(service, **fields)
        attempt = self.consents.progress(self.id)
        assert attempt is not None
        assert (attempt.error, attempt.used_at) == (str(caught.value), None)
        assert self.saved == []
        return caught.value

    def stored(self) -> str:
        """Everything the store keeps of attempts."""
        with self.engine.connect() as conn:
            return repr(conn.execute(text("SELECT * FROM oauth_attempt")).all())


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    engine = engine_with_schema(f"sqlite:///{tmp_path / 'calsync.db'}")
    with Sandbox(seed=1) as sandbox:
        for email in (ANNA, BEN):
            sandbox.google.state.add_user(email)
            sandbox.pipedrive.state.add_user(email.split("@")[0].title(), email)
        sandbox.google.state.options.app_redirect_uris = {BACK["google"]}
        sandbox.pipedrive.state.options.app_redirect_uri = BACK["pipedrive"]
        yield Page(sandbox, engine)
    engine.dispose()


def test_google_is_connected(page: Page) -> None:
    found = page.connected()
    assert page.saved == [found]
    assert (found.conn_type, found.who, found.attempt.account) == ("google_calendar", ANNA, "anna")
    assert set(found.extra) == {"client_id", "client_secret", "refresh_token", "token_uri", "api_endpoint"}
    form = {
        "grant_type": "refresh_token",
        **{k: found.extra[k] for k in ("client_id", "client_secret", "refresh_token")},
    }
    made = requests.post(found.extra["token_uri"], data=form, timeout=10).json()
    assert set(made["scope"].split()) == set(GOOGLE_SCOPES)
    attempt = page.consents.progress(page.id)
    assert attempt is not None
    assert (attempt.used_at, attempt.error) == (page.now, None)


def test_pipedrive_is_connected(page: Page) -> None:
    found = page.connected("pipedrive")
    assert (found.conn_type, found.who, found.host) == ("pipedrive", "Anna, Acme GmbH", page.sandbox.pipedrive.url)
    assert set(found.extra) == {"client_id", "client_secret", "refresh_token", "token_url"}
    paths = [each.path for each in page.sandbox.pipedrive.requests if each.operation != "oauth.authorize"]
    assert paths == ["/oauth/token", "/v1/users/me"]


def test_the_address_asks_for_what_is_needed_and_no_more(page: Page) -> None:
    query = parse_qs(urlsplit(page.opened(page.link())[0]).query)
    assert query["scope"][0].split() == list(GOOGLE_SCOPES)
    assert {name: query[name] for name in ("access_type", "prompt", "login_hint", "code_challenge_method")} == {
        "access_type": ["offline"], "prompt": ["consent"], "login_hint": [ANNA], "code_challenge_method": ["S256"],
    }  # fmt: skip
    assert len(query["code_challenge"][0]) == 43
    assert "client_secret" not in query


def test_no_secret_is_stored(page: Page) -> None:
    ticket = page.link()
    address, browser = page.opened(ticket)
    state = parse_qs(urlsplit(address).query)["state"][0]
    for secret in (ticket, browser, state):
        assert len(secret) == 43
        assert secret not in page.stored()
    found = page.finished(page.decided(address), browser)
    assert found.extra["refresh_token"] not in page.stored()
    for each in (found, page.app("google")):
        assert str(found.extra["refresh_token"]) not in repr(each)
        assert page.google.options.app_client_secret not in repr(each)


def test_an_unticked_scope_is_named_and_the_link_can_be_opened_again(page: Page) -> None:
    ticket = page.link()
    address, browser = page.opened(ticket)
    back = page.decided(address, **{"scope_calendar.app.created": ""})
    with pytest.raises(ConsentError, match=r"leave all boxes ticked. Missing: calendar.app.created\.") as caught:
        page.finished(back, browser)
    assert (caught.value.reason, caught.value.missing) == ("scopes", (f"{SCOPE}calendar.app.created",))
    address, browser = page.opened(ticket)
    assert page.finished(page.decided(address), browser).who == ANNA


def test_another_google_account_is_refused(page: Page) -> None:
    error = page.refused(account=BEN)
    assert error.reason == "person"
    assert f"choose {ANNA}" in str(error)
    assert BEN not in str(error)


def test_upper_case_is_the_same_account(page: Page) -> None:
    address, browser = page.opened(page.link(person="Anna@Acme.example"))
    assert page.finished(page.decided(address, account=ANNA), browser).who == ANNA


@pytest.mark.parametrize(("service", "button"), [("google", "Continue"), ("pipedrive", "Allow and install")])
def test_who_denies_is_told_what_to_choose(page: Page, service: str, button: str) -> None:
    error = page.refused(service, action="deny")
    assert (error.reason, button in str(error)) == ("denied", True)


def test_scopes_that_the_app_lacks_are_named(page: Page) -> None:
    page.pipedrive.options.app_scopes = "base activities:full contacts:full users:read"
    error = page.refused("pipedrive")
    assert error.missing == ("deals:read", "leads:read")
    assert "Developer Hub" in str(error)
    page.pipedrive.options.app_scopes += ",deals:read,leads:full"
    assert page.connected("pipedrive").host


def test_another_company_is_refused(page: Page) -> None:
    address, browser = page.opened(page.link("pipedrive"), "pipedrive")
    with pytest.raises(ConsentError, match="Change to the accounts' company"):
        page.finished(page.decided(address), browser, "pipedrive", company_id=1)
    address, browser = page.opened(page.link("pipedrive"), "pipedrive")
    assert page.finished(page.decided(address), browser, "pipedrive", company_id=4711).host


def test_an_answer_is_taken_once(page: Page) -> None:
    ticket = page.link()
    address, browser = page.opened(ticket)
    back = page.decided(address)
    page.finished(back, browser)
    with pytest.raises(ConsentError, match="taken already") as caught:
        page.finished(back, browser)
    assert caught.value.reason == "state"
    with pytest.raises(ConsentError, match="has led to a connection") as caught:
        page.opened(ticket)
    assert caught.value.reason == "used"
    assert len(page.saved) == 1


def test_only_the_browser_that_opened_the_link_last_may_end_it(page: Page) -> None:
    ticket = page.link()
    first, of_first = page.opened(ticket)
    second, _ = page.opened(ticket)
    with pytest.raises(ConsentError, match="belongs to no link"):
        page.finished(page.decided(first), of_first)
    with pytest.raises(ConsentError, match="in the same browser"):
        page.finished(page.decided(second), of_first)
    assert page.saved == []


def test_a_link_lasts_fifteen_minutes(page: Page) -> None:
    ticket = page.link()
    address, browser = page.opened(ticket)
    back = page.decided(address)
    page.now += timedelta(minutes=15)
    for late in (lambda: page.opened(ticket), lambda: page.finished(back, browser)):
        with pytest.raises(ConsentError, match="lasted 15 minutes"):
            late()
    page.now += timedelta(days=1, seconds=1)
    page.link()
    assert page.stored().count("admin") == 1, "old ones are dropped"


def test_unknown_links_and_those_of_the_other_service_are_refused(page: Page) -> None:
    for ticket, service in (("x" * 43, "google"), (page.link("google"), "pipedrive"), ("", "google")):
        with pytest.raises(ConsentError, match="Make a new link"):
            page.opened(ticket, service)
    address, browser = page.opened(page.link())
    with pytest.raises(ConsentError, match="belongs to no link"):
        page.finished(page.decided(address), browser, "pipedrive")


@pytest.mark.parametrize("service", ["google", "pipedrive"])
def test_what_the_service_refuses_is_told_with_its_remedy(page: Page, service: str) -> None:
    def end(app: App, back: str) -> str:
        address, browser = page.opened(page.link(service), service)
        answer = page.decided(address)
        given = Answer(answer.state, browser, answer.code)
        with pytest.raises(CredentialRefused) as caught:
            page.consents.finish(given, app, back, page.saved.append)
        attempt = page.consents.progress(page.id)
        assert attempt is not None
        assert attempt.error == str(caught.value)
        assert answer.code not in str(caught.value)
        return str(caught.value)

    app = page.app(service)
    assert "Correct client id and client secret" in end(replace(app, client_secret="wrong"), BACK[service])
    if service == "google":
        assert "Register the page's address" in end(app, f"{BACK[service]}/")
    assert page.saved == []


def test_a_code_that_is_too_old_can_be_got_again(page: Page) -> None:
    ticket = page.link("pipedrive")
    address, browser = page.opened(ticket, "pipedrive")
    back = page.decided(address)
    page.sandbox.pipedrive.clock.advance(301)
    with pytest.raises(CredentialRefused, match="Consent again"):
        page.finished(back, browser, "pipedrive")
    address, browser = page.opened(ticket, "pipedrive")
    assert page.finished(page.decided(address), browser, "pipedrive").host


def test_a_service_that_does_not_answer_is_passing_trouble(page: Page) -> None:
    address, browser = page.opened(page.link())
    back = page.decided(address)
    page.sandbox.google.faults.add(Fault("status", path="/token", status=503))
    with pytest.raises(RetryableError):
        page.finished(back, browser)


def test_a_connection_that_can_not_be_written_is_not_said_to_be(page: Page) -> None:
    def save(found: Connected) -> None:
        raise OSError("disk full at /secret/place")

    ticket = page.link()
    address, browser = page.opened(ticket)
    answer = page.decided(address)
    with pytest.raises(OSError, match="disk full"):
        page.consents.finish(replace(answer, browser=browser), page.app("google"), BACK["google"], save)
    attempt = page.consents.progress(page.id)
    assert attempt is not None
    assert (attempt.error, attempt.used_at) == ("See the log of the API server.", None)
    assert page.opened(ticket)


def test_another_fernet_key_is_told_of(page: Page) -> None:
    def other(sealed: str) -> str:
        raise ValueError

    consents = Consents(page.engine, clock=lambda: page.now, encrypt=encrypt, decrypt=other)
    address, browser = page.opened(page.link())
    answer = replace(page.decided(address), browser=browser)
    with pytest.raises(ConsentError, match="fernet_key"):
        consents.finish(answer, page.app("google"), BACK["google"], page.saved.append)
