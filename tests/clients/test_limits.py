"""Which limit an answer is about, and who rests for how long: a company must never stand still by mistake."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from include.calsync.clients.google_calendar import GoogleCalendarClient
from include.calsync.clients.pipedrive import PipedriveClient
from include.calsync.errors import BudgetExhausted, CredentialRefused, Hidden, RateLimited, ServiceError
from tests.clients.local_server import LocalServer, RecordingLimiter, Reply, World
from tests.clients.test_statuses import aip_error, google_error, pipedrive_error

NOON = datetime(2026, 11, 22, 15, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
MINUTE, QUARTER = timedelta(minutes=1), timedelta(minutes=15)
FOUND = Reply(200, {"success": True, "data": {"items": []}})


def refused(daily: int | None = None, burst: int | None = None, **headers: str) -> Reply:
    """A 429 of Pipedrive with so much left."""
    told = {"x-daily-ratelimit-token-remaining": daily, "x-ratelimit-remaining": burst}
    given = {name.replace("-", "_"): str(left) for name, left in told.items() if left is not None}
    return pipedrive_error(429, **given, **headers)


# Pipedrive


@pytest.mark.parametrize(
    ("reply", "kind", "tries_count", "rest"),
    [
        (refused(daily=147_468, burst=12), RateLimited, 4, MINUTE),
        (refused(daily=147_468, burst=0), RateLimited, 4, MINUTE),
        (refused(daily=10, burst=0), RateLimited, 4, MINUTE),
        (refused(daily=9, burst=0), BudgetExhausted, 1, None),
        (refused(daily=4, burst=0), BudgetExhausted, 1, None),
        (refused(daily=4, burst=12), BudgetExhausted, 1, None),
        (refused(daily=0), BudgetExhausted, 1, None),
        (refused(burst=12), RateLimited, 4, QUARTER),
        (refused(burst=0), RateLimited, 4, QUARTER),
        (refused(), RateLimited, 4, QUARTER),
        (refused(burst=0, x_ratelimit_reset="2"), RateLimited, 4, QUARTER),
        (refused(daily=500, burst=0, x_ratelimit_reset="86400"), RateLimited, 4, MINUTE),
    ],
)
def test_the_daily_header_alone_tells_a_burst_from_the_end_of_the_day(
    server: LocalServer,
    pipedrive: PipedriveClient,
    limiter: RecordingLimiter,
    world: World,
    reply: Reply,
    kind: type[ServiceError],
    tries_count: int,
    rest: timedelta | None,
) -> None:
    """A listing costs 10 tokens. `rest` None: until the budget comes back."""
    server.otherwise = reply
    with pytest.raises(RateLimited) as caught:
        list(pipedrive.activities())
    assert type(caught.value) is kind
    assert len(server.seen) == tries_count
    until = MIDNIGHT if rest is None else world.now + rest
    assert caught.value.retry_at == until
    assert {key: end for key, (end, _) in limiter.paused.items()} == {"pd": until}


def test_a_burst_ends_within_seconds(server: LocalServer, pipedrive: PipedriveClient, world: World) -> None:
    server.answers(refused(daily=900, burst=0, x_ratelimit_reset="2"), Reply(200, {"success": True, "data": {"id": 1}}))
    assert pipedrive.activity(1) == {"id": 1}
    assert timedelta(seconds=2) <= world.now - NOON < timedelta(seconds=4)


def test_searches_wait_for_a_window_of_their_own(
    server: LocalServer, pipedrive: PipedriveClient, limiter: RecordingLimiter
) -> None:
    """10 per 2 s on every plan: a third in each slice of a second, whatever an answer says of the other window."""
    for limit in ("120", "400", "10", "4"):
        server.answers(Reply(200, {"success": True, "data": {"id": 1}}, {"x-ratelimit-limit": "120"}))
        server.answers(Reply(200, FOUND.body, {"x-ratelimit-limit": limit}))
        pipedrive.activity(1)
        pipedrive.persons_by_email("a@b.example")
    server.answers(Reply(200, FOUND.body))
    pipedrive.persons_by_email("a@b.example")
    assert [rate for key, rate in limiter.acquired if key == "pd/search"] == [3, 3, 3, 3, 1]
    assert [rate for key, rate in limiter.acquired if key == "pd"] == [6, 40, 40, 40, 40, 40, 40, 40, 40]


def test_a_refused_search_pauses_no_other_request(
    server: LocalServer, pipedrive: PipedriveClient, limiter: RecordingLimiter, world: World
) -> None:
    server.otherwise = refused(daily=147_468, burst=0)
    with pytest.raises(RateLimited):
        pipedrive.persons_by_email("a@b.example")
    assert {key: end for key, (end, _) in limiter.paused.items()} == {"pd/search": world.now + MINUTE}
    server.otherwise = Reply(200, {"success": True, "data": {"id": 1}})
    assert pipedrive.activity(1) == {"id": 1}


def test_a_search_that_finds_the_day_at_its_end_pauses_all(
    server: LocalServer, pipedrive: PipedriveClient, limiter: RecordingLimiter
) -> None:
    server.otherwise = refused(daily=19, burst=0)  # a search costs 20
    with pytest.raises(BudgetExhausted):
        pipedrive.persons_by_email("a@b.example")
    assert limiter.paused["pd"][0] == MIDNIGHT


# Google


@pytest.mark.parametrize(
    ("reply", "paused", "paused_by_a_write"),
    [
        (google_error(403, "rateLimitExceeded", "usageLimits"), "g", "g/calendar/"),
        (google_error(403, "userRateLimitExceeded", "usageLimits"), "g/user/", "g/calendar/"),
        (google_error(429, "rateLimitExceeded", "usageLimits"), "g/user/", "g/calendar/"),
        (aip_error(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"), "g/user/", "g/calendar/"),
        (aip_error(403, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"), "g", "g/calendar/"),
        (aip_error(403, "RESOURCE_EXHAUSTED"), "g/user/", "g/calendar/"),
    ],
)
def test_a_rate_limit_on_writes_rests_that_calendar_for_a_minute_and_one_on_reads_the_others(
    server: LocalServer,
    open_google: Callable[..., GoogleCalendarClient],
    world: World,
    reply: Reply,
    paused: str,
    paused_by_a_write: str,
) -> None:
    server.otherwise = reply
    for write, begin in ((False, paused), (True, paused_by_a_write)):
        limiter = RecordingLimiter(world.clock)
        google = open_google(server.url, limiter=limiter)
        with pytest.raises(RateLimited) as caught:
            google.patch_event("c", "e", {}, etag='"1"') if write else google.get_event("c", "e")
        [(key, (until, _))] = limiter.paused.items()
        assert key.startswith(begin)
        assert key.count("/") == begin.count("/")
        assert until == caught.value.retry_at == world.now + MINUTE


@pytest.mark.parametrize(
    ("reply", "rest", "rest_of_writes"),
    [
        (google_error(403, "dailyLimitExceeded", "usageLimits"), timedelta(hours=1), timedelta(hours=1)),
        (google_error(403, "dailyLimitExceededUnreg", "usageLimits"), timedelta(hours=1), timedelta(hours=1)),
        (aip_error(403, "RESOURCE_EXHAUSTED", "DAILY_LIMIT_EXCEEDED"), timedelta(hours=1), timedelta(hours=1)),
        (google_error(403, "limitExceeded", "usageLimits"), QUARTER, QUARTER),
        (google_error(403, "variableTermLimitExceeded", "usageLimits"), QUARTER, QUARTER),
        (google_error(403, "somethingNew", "usageLimits"), QUARTER, QUARTER),
        (google_error(403, "quotaExceeded", "usageLimits"), QUARTER, timedelta(hours=3)),
    ],
)
def test_other_limits_pause_and_are_sent_once(
    server: LocalServer,
    open_google: Callable[..., GoogleCalendarClient],
    world: World,
    reply: Reply,
    rest: timedelta,
    rest_of_writes: timedelta,
) -> None:
    server.otherwise = reply
    for write, length in ((False, rest), (True, rest_of_writes)):
        limiter = RecordingLimiter(world.clock)
        google = open_google(server.url, limiter=limiter)
        server.seen.clear()
        for _ in range(2):
            with pytest.raises(BudgetExhausted) as caught:
                google.patch_event("c", "e", {}, etag='"1"') if write else google.get_event("c", "e")
            assert caught.value.retry_at == world.now + length
            assert "hare" not in str(caught.value), "sharing the calendar would not help"
        assert len(server.seen) == 1
        assert [key.startswith("g/calendar/") for key in limiter.paused] == [write]


@pytest.mark.parametrize(
    "reply",
    [
        google_error(403, "somethingNew"),
        google_error(403, "forbidden"),
        aip_error(403, "PERMISSION_DENIED"),
        Reply(403, {}),
    ],
)
@pytest.mark.parametrize("role", ["owner", "writer", "reader", "writerWithoutPrivateAccess", "freeBusyReader", ""])
def test_an_unknown_403_of_a_read_is_the_events_if_the_calendar_can_be_read(
    server: LocalServer, google: GoogleCalendarClient, reply: Reply, role: str
) -> None:
    rights = Reply(200, {"kind": "calendar#events", "accessRole": role})
    expected = CredentialRefused if role in ("freeBusyReader", "") else Hidden
    server.answers(reply, rights, reply)
    with pytest.raises(ServiceError) as caught:
        google.get_event("c", "e")
    assert type(caught.value) is expected
    if expected is Hidden:
        with pytest.raises(Hidden):
            list(google.instances("c", "e", time_min=NOON, time_max=MIDNIGHT))
        assert len(server.seen) == 3, "it is asked for once"


@pytest.mark.parametrize("reply", [google_error(403, "notACalendarUser"), aip_error(403, "X", "SERVICE_DISABLED")])
def test_a_403_of_the_credential_asks_for_nothing_else(
    server: LocalServer, google: GoogleCalendarClient, reply: Reply
) -> None:
    server.otherwise = reply
    with pytest.raises(CredentialRefused):
        google.get_event("c", "e")
    assert len(server.seen) == 1
