"""What a connection's address and credential come to: where links lead, and refresh tokens that are replaced."""

from __future__ import annotations

import pytest

from include.calsync.clients.auth import OAuthRefresh
from include.calsync.clients.pipedrive import PipedriveClient
from include.calsync.clients.transport import NoLimiter
from include.calsync.core.links import site
from tests.flows.world import World

CONN = "pipedrive_default"


@pytest.mark.parametrize(
    ("base_url", "domain", "pages"),
    [
        ("https://acme.pipedrive.com/", "acme", "https://acme.pipedrive.com"),
        ("https://api.pipedrive.com", "Acme", "https://acme.pipedrive.com"),
        ("https://API.pipedrive.com:443", "acme", "https://acme.pipedrive.com"),
        ("https://api.pipedrive.com", "", ""),
        ("http://127.0.0.1:8080", "acme", "http://127.0.0.1:8080"),
        ("https://acme.pipedrive.com", "", "https://acme.pipedrive.com"),
    ],
)
def test_where_the_pages_are(base_url: str, domain: str, pages: str) -> None:
    assert site(base_url, domain) == pages


def test_the_host_of_the_api_is_in_no_link(world: World) -> None:
    world.services().pipedrive(CONN).base_url = "https://api.pipedrive.com"
    world.green()
    deal = world.pipedrive.add_deal("Roof")["id"]
    world.activity("Call", deal_id=deal)
    world.event("Lunch")
    world.green()
    event = next(each for each in world.events() if "Call" in each["summary"])
    page = f"https://acme.pipedrive.com/deal/{deal}"
    assert f"Link: {page}" in event["description"]
    assert event["source"]["url"] == page
    assert all("api.pipedrive.com" not in str(row.base_activity) for row in world.links())
    world.assert_quiet()


def rotating(world: World) -> None:
    """The connection holds an OAuth consent whose refresh token is replaced at every use."""
    world.pipedrive.options.rotate_refresh_tokens = True
    given = OAuthRefresh(**world.pipedrive.oauth_client(world.anna))

    def client(conn_id: str) -> PipedriveClient:
        return world._cached(
            ("oauth", conn_id),
            lambda: PipedriveClient(
                base_url=world.sandbox.pipedrive.url,
                auth=given,
                limiter=NoLimiter(),
                key=conn_id,
                sleep=world.sleep,
                clock=world.clock,
            ),
        )

    world._pipedrive = client  # type: ignore[method-assign]


def test_a_replaced_refresh_token_is_kept_by_the_task_and_told_of(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    rotating(world)
    world.green()
    world.activity("Call")
    world.green()
    said = f"account anna: authorise the connection {CONN} again, and enter the refresh token"
    assert said in caplog.text
    world.pass_time(4000)  # the access token is over
    world.activity("Mail", due_time="15:00")
    world.green()
    assert len(world.events()) == 2
    world.restart()
    failure = world.sync().failure
    assert failure is not None
    assert "consent again" in failure.lower()


def test_the_same_refresh_token_is_nothing_to_tell(world: World, caplog: pytest.LogCaptureFixture) -> None:
    rotating(world)
    world.pipedrive.options.rotate_refresh_tokens = False
    world.green()
    assert "authorise the connection" not in caplog.text
