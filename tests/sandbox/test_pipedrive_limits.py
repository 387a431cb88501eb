"""Allowances: burst window, tokens per day, the Cloudflare block. Each test names who says so."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import requests

from include.sandbox.base import Fault, Service
from include.sandbox.pipedrive.routes import ROUTES
from include.sandbox.pipedrive.state import PipedriveState

Call = Callable[..., requests.Response]
PATH = "/api/v2/activities"
ONE = f"{PATH}/1"

# "Pipedrive rate limits page" and `x-token-cost` in both OpenAPI documents.
PRICES = {
    "activities.list": 10, "activities.create": 5, "activities.get": 1, "activities.update": 5, "activities.delete": 3,
    "persons.list": 10, "persons.search": 20, "persons.get": 1, "persons.update": 5,
    "organizations.list": 10, "organizations.get": 1,
    "organizations.update": 5, "deals.list": 10, "deals.archived": 20, "deals.get": 1, "deals.update": 5,
    "users.list": 20, "userConnections.get": 20,
    "users.me": 2, "users.get": 2, "activityTypes.list": 20, "activityFields.get": 1, "leads.list": 20, "leads.get": 2,
}  # fmt: skip


@pytest.fixture
def bursting(company: PipedriveState) -> PipedriveState:
    company.options.burst_enabled = True
    company.add_activity("x")
    return company


def test_price_list() -> None:
    """Pipedrive OpenAPI v1 and v2, x-token-cost."""
    assert {route.operation: route.tokens for route in ROUTES} == PRICES


def test_requests_are_charged_whatever_their_limit(company: PipedriveState, call: Call) -> None:
    """Pipedrive rate limits page: the cost is per request and independent of limit; headers: pdcli project."""
    company.add_activity("x")
    for limit in (1, 500):
        call("GET", PATH, limit=limit)
    call("PATCH", ONE, json={"subject": "y"})
    answer = call("GET", ONE)
    assert company.limits.spent_today == 10 + 10 + 5 + 1
    assert answer.headers["x-daily-ratelimit-token-limit"] == "30000"
    assert answer.headers["x-daily-ratelimit-token-remaining"] == str(30_000 - 26)


def test_daily_headers_may_be_missing(company: PipedriveState, call: Call) -> None:
    """Pipedrive staff in the dev community, 2026-01: they may be missing; undocumented."""
    company.options.daily_headers = False
    assert not [name for name in call("GET", PATH).headers if name.lower().startswith("x-daily")]


@pytest.mark.parametrize(("plan", "factor"), [("lite", 1), ("growth", 2), ("premium", 5), ("ultimate", 7)])
def test_daily_budget_by_plan_and_seats(company: PipedriveState, plan: str, factor: int) -> None:
    """Pipedrive rate limits page: 30,000 tokens times plan multiplier times seats, plus top-ups."""
    company.options.plan = plan
    assert company.limits.daily_limit == 30_000 * factor
    company.add_user("Ben", "ben@acme.example")
    company.add_user("Gone", "gone@acme.example", active_flag=False)
    assert company.limits.daily_limit == 60_000 * factor
    company.options.seats, company.options.top_up_tokens = 3, 500
    assert company.limits.daily_limit == 90_000 * factor + 500


def test_day_is_exhausted_for_the_whole_company_until_midnight(
    pipedrive: Service, company: PipedriveState, call: Call
) -> None:
    """Pipedrive rate limits page: shared by all users and tokens, reset at midnight of the server's zone."""
    pipedrive.clock.freeze(datetime(2026, 11, 22, 23, 0, tzinfo=UTC))
    company.options.burst_enabled = True
    company.options.daily_tokens = 25
    ben = company.token_for(company.add_user("Ben", "ben@acme.example")["id"])
    assert [call("GET", PATH).status_code for _ in range(3)] == [200, 200, 429]
    answer = call("GET", PATH)
    assert answer.headers["x-daily-ratelimit-token-remaining"] == "5"
    assert int(answer.headers["x-ratelimit-remaining"]) > 0
    other = requests.get(pipedrive.url + PATH, headers={"x-api-token": ben}, timeout=10)
    assert other.status_code == 429
    company.limits.exhaust_day()
    assert call("GET", ONE).headers["x-daily-ratelimit-token-remaining"] == "0"
    pipedrive.clock.advance(3600)
    assert call("GET", PATH).status_code == 200
    assert company.limits.spent_today == 10


@pytest.mark.parametrize(
    ("zone", "hour", "reset"),
    [
        ("UTC", 0, datetime(2026, 11, 23, 0, 0, tzinfo=UTC)),
        ("UTC", 7, datetime(2026, 11, 23, 7, 0, tzinfo=UTC)),
        ("America/New_York", 0, datetime(2026, 11, 23, 5, 0, tzinfo=UTC)),
        ("Europe/Berlin", 3, datetime(2026, 11, 23, 2, 0, tzinfo=UTC)),
    ],
)
def test_when_the_day_begins(
    pipedrive: Service, company: PipedriveState, call: Call, zone: str, hour: int, reset: datetime
) -> None:
    """Rate limits page: midnight of the "server time zone", which nobody knows (F124)."""
    company.options.daily_reset_zone, company.options.daily_reset_hour = zone, hour
    pipedrive.clock.freeze(reset - timedelta(hours=20))
    company.limits.exhaust_day()
    for hours, status in ((0, 429), (19, 429), (1, 200)):
        pipedrive.clock.advance(hours * 3600)
        assert call("GET", ONE).status_code == (status if status == 429 else 404)


@pytest.mark.parametrize("left", [9, 4, 0])
def test_a_rest_that_is_smaller_than_the_cost(company: PipedriveState, call: Call, left: int) -> None:
    """Rate limits page: a request is refused where its tokens are no longer there; the headers tell the rest (F122)."""
    company.options.burst_enabled = True
    company.options.daily_tokens = left
    answer = call("GET", PATH)
    assert answer.status_code == 429
    assert answer.headers["x-daily-ratelimit-token-remaining"] == str(left)
    assert int(answer.headers["x-ratelimit-remaining"]) > 0
    assert call("GET", ONE).status_code == (429 if left == 0 else 404)


def search(call: Call) -> requests.Response:
    return call("GET", "/api/v2/persons/search", term="eva@x.example", fields="email")


@pytest.mark.parametrize("plan", ["lite", "ultimate"])
def test_searches_have_their_own_window(pipedrive: Service, bursting: PipedriveState, call: Call, plan: str) -> None:
    """Rate limits page: 10 per 2 s on every plan, apart from the other requests (F123)."""
    pipedrive.clock.freeze(datetime(2026, 11, 22, 8, 0, tzinfo=UTC))
    bursting.options.plan, bursting.options.search_requests = plan, 10
    assert [search(call).status_code for _ in range(11)] == [200] * 10 + [429]
    answer = call("GET", ONE)
    assert (answer.status_code, answer.headers["x-ratelimit-remaining"]) == (
        200, str(int(answer.headers["x-ratelimit-limit"]) - 1),
    )  # fmt: skip
    pipedrive.clock.advance(2.1)
    assert search(call).status_code == 200
    bursting.options.search_requests = None
    pipedrive.clock.advance(2.1)
    assert [search(call).status_code for _ in range(11)] == [200] * 11


@pytest.mark.parametrize(
    ("whose", "limit", "remaining"), [("own", "10", ["9", "8", "7", "6"]), ("general", "20", ["20"] * 4)]
)
def test_headers_of_a_search(
    pipedrive: Service, bursting: PipedriveState, call: Call, whose: str, limit: str, remaining: list[str]
) -> None:
    """Unconfirmed: which window the headers of a search tell."""
    pipedrive.clock.freeze(datetime(2026, 11, 22, 8, 0, tzinfo=UTC))
    bursting.options.search_requests, bursting.options.search_headers = 10, whose  # type: ignore[assignment]
    answers = [search(call).headers for _ in range(4)]
    assert [each["x-ratelimit-limit"] for each in answers] == [limit] * 4
    assert [each["x-ratelimit-remaining"] for each in answers] == remaining


def test_429_body_and_headers(bursting: PipedriveState, call: Call) -> None:
    """Airbyte's Pipedrive connector: fixture body, relative x-ratelimit-reset, no Retry-After."""
    bursting.options.burst_requests = 2
    first, _, third = (call("GET", ONE) for _ in range(3))
    assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]) == ("2", "1")
    assert third.status_code == 429
    assert (third.json()["success"], third.json()["error"], third.json()["errorCode"]) == (
        False,
        "request over limit",
        429,
    )
    assert third.headers["x-ratelimit-remaining"] == "0"
    assert 1 <= int(third.headers["x-ratelimit-reset"]) <= 2
    assert "Retry-After" not in third.headers
    assert bursting.limits.spent_today == 2


@pytest.mark.parametrize(("plan", "limit"), [("lite", 20), ("growth", 40), ("premium", 100), ("ultimate", 120)])
def test_burst_by_plan(bursting: PipedriveState, call: Call, plan: str, limit: int) -> None:
    """Pipedrive rate limits page: per token and 2 seconds 20, 40, 100, 120; four times as many with OAuth."""
    bursting.options.plan = plan
    assert call("GET", ONE).headers["x-ratelimit-limit"] == str(limit)
    assert bursting.limits.burst_limit(oauth=True) == 4 * limit


def test_burst_window_rolls(pipedrive: Service, bursting: PipedriveState, call: Call) -> None:
    """Pipedrive rate limits page: a rolling 2-second window per token."""
    pipedrive.clock.freeze(datetime(2026, 11, 22, 8, 0, tzinfo=UTC))
    bursting.options.burst_requests = 3
    statuses = [call("GET", ONE).status_code]
    pipedrive.clock.advance(1.5)
    statuses += [call("GET", ONE).status_code for _ in range(3)]
    pipedrive.clock.advance(0.6)
    statuses += [call("GET", ONE).status_code for _ in range(2)]
    assert statuses == [200, 200, 200, 429, 200, 429]


def test_burst_window_rolls_in_real_time_under_a_frozen_clock(
    pipedrive: Service, bursting: PipedriveState, call: Call
) -> None:
    """Our own requirement: a client that really waits is let through."""
    pipedrive.clock.freeze()
    bursting.options.burst_requests, bursting.options.burst_window_s = 1, 0.2
    assert [call("GET", ONE).status_code for _ in range(2)] == [200, 429]
    time.sleep(0.25)
    assert call("GET", ONE).status_code == 200


def test_each_token_has_its_own_window(pipedrive: Service, bursting: PipedriveState, call: Call) -> None:
    """Pipedrive rate limits page: per token."""
    bursting.options.burst_requests = 1
    ben = bursting.token_for(bursting.add_user("Ben", "ben@acme.example")["id"])
    assert [call("GET", ONE).status_code for _ in range(2)] == [200, 429]
    assert requests.get(pipedrive.url + ONE, headers={"x-api-token": ben}, timeout=10).status_code == 200


def test_ignoring_429_ends_in_a_cloudflare_page(pipedrive: Service, bursting: PipedriveState, call: Call) -> None:
    """Pipedrive rate limits page: 403 with an HTML page that says Cloudflare produced it."""
    pipedrive.clock.freeze(datetime(2026, 11, 22, 8, 0, tzinfo=UTC))
    bursting.options.burst_requests, bursting.options.ignored_429_count = 1, 3
    assert [call("GET", ONE).status_code for _ in range(6)] == [200, 429, 429, 429, 429, 403]
    pipedrive.clock.advance(600)
    answer = call("GET", ONE)
    assert answer.status_code == 403
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "Cloudflare" in answer.text
    pipedrive.clock.advance(301)
    assert call("GET", ONE).status_code == 200


def test_obeying_429_is_never_punished(pipedrive: Service, bursting: PipedriveState, call: Call) -> None:
    """Pipedrive rate limits page: only ignored 429s lead to the block."""
    pipedrive.clock.freeze(datetime(2026, 11, 22, 8, 0, tzinfo=UTC))
    bursting.options.burst_requests, bursting.options.ignored_429_count = 1, 2
    for _ in range(10):
        assert call("GET", ONE).status_code == 200
        answer = call("GET", ONE)
        assert answer.status_code == 429
        pipedrive.clock.advance(int(answer.headers["x-ratelimit-reset"]))


def test_what_failed_requests_cost(company: PipedriveState, call: Call) -> None:
    """Unconfirmed whether failed requests cost tokens, so both can be had."""
    call("GET", f"{PATH}/99")
    assert company.limits.spent_today == 1
    company.options.failed_requests_cost = False
    call("GET", f"{PATH}/99")
    call("POST", PATH, json={"done": 1})
    assert company.limits.spent_today == 1


@pytest.mark.parametrize(
    ("reason", "limit", "remaining", "daily"),
    [
        ("burst", "20", "0", "147468"),
        ("search", "10", "0", "147468"),
        ("daily", "20", "7", "0"),
        ("burst_left", "20", "7", "147468"),
        ("day_rest", "20", "7", "4"),
        ("day_rest_burst_over", "20", "0", "4"),
        ("burst_undated", "20", "0", None),
        ("burst_left_undated", "20", "7", None),
        ("bare", None, None, None),
    ],
)
def test_a_429_by_its_headers(
    pipedrive: Service, company: PipedriveState, call: Call, reason: str, limit: str, remaining: str, daily: str | None
) -> None:
    """Rate limits page; recorded: all five headers on every answer, staff: the daily ones may be missing (F122)."""
    company.options.daily_tokens = 147_468
    pipedrive.faults.add(Fault(kind="status", status=429, reason=reason))
    answer = call("GET", PATH)
    assert (answer.status_code, answer.json()["errorCode"]) == (429, 429)
    headers = answer.headers
    assert (headers.get("x-ratelimit-limit"), headers.get("x-ratelimit-remaining")) == (limit, remaining)
    assert headers.get("x-daily-ratelimit-token-remaining") == daily
    assert headers.get("x-daily-ratelimit-token-limit") == (daily and "147468")
    assert company.limits.spent_today == 0


def test_other_faults_have_the_general_error_body(pipedrive: Service, call: Call) -> None:
    """Pipedrive documentation "HTTP status codes and responses"."""
    pipedrive.faults.add(Fault(kind="status", status=503))
    pipedrive.faults.add(Fault(kind="status", status=401))
    answer = call("GET", PATH)
    assert (answer.status_code, answer.json()["success"]) == (503, False)
    assert call("GET", PATH).headers["x-401-by-gw"] == "true"
