"""What is sent again and when, when an answer is over, over which connections."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from include.calsync.clients.google_calendar import GoogleCalendarClient
from include.calsync.clients.pipedrive import PipedriveClient
from include.calsync.clients.transport import Timing
from include.calsync.errors import (
    BudgetExhausted,
    Duplicate,
    PreconditionFailed,
    RateLimited,
    RetryableError,
)
from tests.clients.local_server import LocalServer, RecordingLimiter, Reply, World

OpenPipedrive = Callable[..., PipedriveClient]
ACTIVITY = Reply(200, {"success": True, "data": {"id": 1}})
EVENT = Reply(200, {"id": "e", "etag": '"1"'})
BROKEN = Reply(503, {})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


# What is sent again


def test_a_read_is_repeated_with_growing_waits(server: LocalServer, pipedrive: PipedriveClient, world: World) -> None:
    server.answers(BROKEN, Reply(drop=True), BROKEN, ACTIVITY)
    assert pipedrive.activity(1) == {"id": 1}
    assert world.slept_s == [1.5, 2.5, 4.5]
    assert pipedrive.request_count == len(server.seen) == 4


def test_a_read_is_given_up_after_four_tries(server: LocalServer, pipedrive: PipedriveClient) -> None:
    server.otherwise = BROKEN
    with pytest.raises(RetryableError) as caught:
        pipedrive.activity(1)
    assert (caught.value.status, len(server.seen)) == (503, 4)


def test_a_minute_is_the_longest_patience(server: LocalServer, open_pipedrive: OpenPipedrive, world: World) -> None:
    def slow_clock() -> datetime:
        world.now += timedelta(seconds=20)
        return world.now

    world.clock = slow_clock  # type: ignore[method-assign]
    server.otherwise = BROKEN
    with pytest.raises(RetryableError):
        open_pipedrive(server.url).activity(1)
    assert len(server.seen) == 2


@pytest.mark.parametrize("lost", [Reply(drop=True), BROKEN, Reply(200, b"<html>")])
def test_a_creation_in_pipedrive_is_never_repeated(
    server: LocalServer, pipedrive: PipedriveClient, lost: Reply
) -> None:
    server.answers(lost)
    with pytest.raises(RetryableError) as caught:
        pipedrive.create_activity({"subject": "x"})
    assert caught.value.unknown_outcome
    assert len(server.seen) == 1


def test_a_creation_that_never_left_is_repeated(open_pipedrive: OpenPipedrive, world: World) -> None:
    """The connection is refused: nothing was sent. The third try finds a server."""
    port = free_port()
    started: list[LocalServer] = []

    def sleep(length_s: float) -> None:
        world.slept_s.append(length_s)
        if len(world.slept_s) == 2:
            started.append(LocalServer(port))
            started[0].answers(ACTIVITY)

    world.sleep = sleep  # type: ignore[method-assign]
    client = open_pipedrive(f"http://127.0.0.1:{port}")
    assert client.create_activity({"subject": "x"}) == {"id": 1}
    assert [len(each.seen) for each in started] == [1]
    started[0].stop()


def test_no_connection_at_all_is_a_known_outcome(open_pipedrive: OpenPipedrive, world: World) -> None:
    with pytest.raises(RetryableError, match="not sent") as caught:
        open_pipedrive(f"http://127.0.0.1:{free_port()}").create_activity({"subject": "x"})
    assert not caught.value.unknown_outcome
    assert len(world.slept_s) == 3


def test_a_creation_that_was_refused_for_its_rate_is_repeated(
    server: LocalServer, pipedrive: PipedriveClient, world: World
) -> None:
    """A 429 says that nothing was carried out."""
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2"}
    server.answers(Reply(429, {"success": False}, headers), ACTIVITY)
    assert pipedrive.create_activity({"subject": "x"}) == {"id": 1}
    assert world.slept_s[0] >= 2


def test_an_insert_with_its_own_id_is_repeated(server: LocalServer, google: GoogleCalendarClient) -> None:
    """The first try was carried out, its answer lost: the repetition says so, and that it may have been us."""
    server.answers(Reply(drop=True), Reply(409, {"error": {"errors": [{"reason": "duplicate"}]}}))
    with pytest.raises(Duplicate) as caught:
        google.insert_event("c", {"id": "abcde"})
    assert caught.value.unknown_outcome
    assert len(server.seen) == 2


def test_an_insert_without_id_is_not_repeated(server: LocalServer, google: GoogleCalendarClient) -> None:
    for call in (lambda: google.insert_event("c", {}), lambda: google.insert_calendar("x", "Europe/Berlin")):
        server.seen.clear()
        server.answers(BROKEN)
        with pytest.raises(RetryableError) as caught:
            call()
        assert caught.value.unknown_outcome
        assert len(server.seen) == 1


def test_a_conditional_change_is_repeated(server: LocalServer, google: GoogleCalendarClient) -> None:
    server.answers(BROKEN, EVENT)
    assert google.patch_event("c", "e", {"summary": "x"}, etag='"1"')["id"] == "e"
    server.answers(Reply(drop=True), Reply(412, {}))
    with pytest.raises(PreconditionFailed) as caught:
        google.patch_event("c", "e", {"summary": "x"}, etag='"1"')
    assert caught.value.unknown_outcome, "the first try may have changed the etag"
    server.answers(Reply(412, {}))
    with pytest.raises(PreconditionFailed) as caught:
        google.patch_event("c", "e", {"summary": "x"}, etag='"1"')
    assert not caught.value.unknown_outcome


def test_a_pause_between_two_tries_leaves_the_outcome_unknown(
    server: LocalServer, google: GoogleCalendarClient, limiter: RecordingLimiter, world: World
) -> None:
    def sleep(length_s: float) -> None:
        limiter.pause("g", world.now + timedelta(hours=1), "another task was told to stop")

    google._transport._sleep = sleep
    server.answers(BROKEN)
    with pytest.raises(BudgetExhausted) as caught:
        google.insert_event("c", {"id": "abcde"})
    assert caught.value.unknown_outcome


def test_a_deletion_is_repeated_until_it_is_gone(server: LocalServer, google: GoogleCalendarClient) -> None:
    gone = Reply(410, {"error": {"errors": [{"reason": "deleted"}]}})
    server.answers(Reply(200, b"<html>"), Reply(drop=True), gone)
    google.delete_event("c", "e", etag='"1"')
    assert [each.method for each in server.seen] == ["DELETE"] * 3
    server.answers(Reply(204))
    google.delete_event("c", "e", etag=None)


# How long it waits


@pytest.mark.parametrize(
    ("headers", "least_s"),
    [
        ({"Retry-After": "7"}, 7),
        ({"x-ratelimit-reset": "2"}, 2),
        ({"Retry-After": "3", "x-ratelimit-reset": "9.5"}, 9.5),
        ({"Retry-After": "soon"}, 1),
        ({}, 1),
    ],
)
def test_it_waits_at_least_as_long_as_asked(
    server: LocalServer, pipedrive: PipedriveClient, world: World, headers: dict[str, str], least_s: float
) -> None:
    server.answers(Reply(429, {}, headers), ACTIVITY)
    pipedrive.activity(1)
    assert least_s <= world.slept_s[0] <= least_s + 1


def test_a_date_in_retry_after_is_read_on_the_servers_clock(
    server: LocalServer, pipedrive: PipedriveClient, world: World
) -> None:
    at = datetime.now(UTC) + timedelta(seconds=20)
    server.answers(Reply(503, {}, {"Retry-After": format_datetime(at, usegmt=True)}), ACTIVITY)
    pipedrive.activity(1)
    assert 18 <= world.slept_s[0] <= 22


def test_a_wait_beyond_all_patience_is_not_begun(
    server: LocalServer, pipedrive: PipedriveClient, world: World, limiter: RecordingLimiter
) -> None:
    server.answers(Reply(429, {}, {"Retry-After": "300"}))
    with pytest.raises(RateLimited) as caught:
        pipedrive.activity(1)
    assert caught.value.retry_at is not None
    assert caught.value.retry_at >= world.now + timedelta(seconds=300)
    assert limiter.paused["pd"][0] == caught.value.retry_at
    assert not world.slept_s


# When an answer is over


@pytest.mark.parametrize(
    ("reply", "read_s", "answer_s"),
    [
        (Reply(200, {"id": "e"}, hold_s=5), 0.3, 5),
        (Reply(200, {"id": "e"}, hold_s=5), 5, 0.3),
        (Reply(200, b"x" * 500, drip_s=0.02), 0.3, 0.4),
        (Reply(200, b"x" * 500, {"Connection": "close"}, drip_s=0.02), 0.3, 0.4),
    ],
)
def test_a_slow_answer_ends_in_time(
    server: LocalServer,
    open_google: Callable[..., GoogleCalendarClient],
    reply: Reply,
    read_s: float,
    answer_s: float,
) -> None:
    """A drip never exceeds the read time-out, only the deadline of the whole answer."""
    server.answers(reply)
    client = open_google(server.url, timing=Timing(read_s=read_s, answer_s=answer_s, tries_count=1))
    begun = time.monotonic()
    with pytest.raises(RetryableError) as caught:
        client.insert_event("c", {"id": "abcde"})
    assert caught.value.unknown_outcome
    assert 0.25 < time.monotonic() - begun < 1.5


def test_dripping_headers_end_in_time(server: LocalServer, open_pipedrive: OpenPipedrive) -> None:
    server.answers(Reply(200, {"x": 1}, {"x-long": "y" * 500}, drip_s=0.02, drip_headers=True))
    client = open_pipedrive(server.url, timing=Timing(read_s=0.3, answer_s=0.4, tries_count=1))
    begun = time.monotonic()
    with pytest.raises(RetryableError):
        client.activity(1)
    assert time.monotonic() - begun < 1.5


def test_a_deadline_does_not_outlive_its_answer(server: LocalServer, open_pipedrive: OpenPipedrive) -> None:
    """The same connection serves the next request with the full time-outs."""
    client = open_pipedrive(server.url, timing=Timing(read_s=2, answer_s=0.6, tries_count=1))
    server.answers(Reply(200, ACTIVITY.body, hold_s=0.4), Reply(200, ACTIVITY.body, hold_s=0.4), ACTIVITY)
    for _ in range(3):
        assert client.activity(1) == {"id": 1}


@pytest.mark.parametrize(
    "broken",
    [
        Reply(200, b'{"success": true, "data": [], "additional_', promised=100),
        Reply(200, b'{"success": true, "data": []}', promised=100),
        Reply(200, b'{"success": true, "data": []}', promised=10),
        Reply(200, b'{"success": true, "data": ['),
        Reply(200, b"<html>maintenance</html>", {"Content-Type": "text/html"}),
        Reply(200, b"<html>maintenance</html>"),
        Reply(200, b""),
        Reply(204),
        Reply(200, b"[" * 100_000),
        Reply(200, []),
        Reply(200, {}),
        Reply(200, {"success": True}),
        Reply(200, {"success": True, "data": {"id": 1}}),
        Reply(200, {"success": True, "data": [{"no": "id"}]}),
        Reply(200, {"success": False, "data": []}),
        Reply(200, {"data": []}),
    ],
)
def test_a_broken_listing_is_never_an_empty_one(server: LocalServer, pipedrive: PipedriveClient, broken: Reply) -> None:
    server.otherwise = broken
    with pytest.raises(RetryableError):
        list(pipedrive.activities())
    assert len(server.seen) == 4


def test_an_answer_with_two_lengths_is_no_answer(pipedrive: PipedriveClient, server: LocalServer) -> None:
    """It was sent, so a write may be done."""
    server.answers(Reply(200, ACTIVITY.body, {"Content-Length": "3"}))
    with pytest.raises(RetryableError) as caught:
        pipedrive.create_activity({})
    assert caught.value.unknown_outcome


# Connections


def test_certificates_are_checked(secure: LocalServer, open_pipedrive: OpenPipedrive) -> None:
    """Nothing was sent to a server that can't prove its name."""
    with pytest.raises(RetryableError, match="not sent") as caught:
        open_pipedrive(secure.url).create_activity({"subject": "x"})
    assert not caught.value.unknown_outcome
    assert not secure.seen


def test_deadlines_hold_over_tls(
    secure: LocalServer, open_pipedrive: OpenPipedrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(secure.certificate))
    client = open_pipedrive(secure.url, timing=Timing(read_s=0.3, answer_s=0.4, tries_count=1))
    secure.answers(ACTIVITY, Reply(200, b"x" * 500, drip_s=0.02), ACTIVITY)
    assert client.activity(1) == {"id": 1}
    begun = time.monotonic()
    with pytest.raises(RetryableError, match="no answer"):
        client.activity(1)
    assert time.monotonic() - begun < 1.5
    assert client.activity(1) == {"id": 1}


def test_a_proxy_of_the_environment_is_used_but_not_for_loopback(
    server: LocalServer, open_pipedrive: OpenPipedrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, server.url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    server.answers(ACTIVITY, ACTIVITY)
    assert open_pipedrive(server.url).activity(1) == {"id": 1}
    assert open_pipedrive("http://acme.example").activity(1) == {"id": 1}
    assert [each.headers["host"] for each in server.seen] == [server.url.removeprefix("http://"), "acme.example"]


def test_a_proxy_out_of_reach_is_a_known_outcome(
    open_pipedrive: OpenPipedrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    with pytest.raises(RetryableError, match="not sent") as caught:
        open_pipedrive("http://acme.example").create_activity({"subject": "x"})
    assert not caught.value.unknown_outcome


# Threads


def test_threads_share_a_client(server: LocalServer, pipedrive: PipedriveClient) -> None:
    # No request is answered before another one is under way.
    server.otherwise = Reply(200, ACTIVITY.body, meets=threading.Barrier(2, timeout=20))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(pipedrive.activity, range(32)))
    server.otherwise = ACTIVITY
    assert pipedrive.request_count == len(server.seen) == 32
    assert pipedrive.tokens_spent == 32
    pipedrive.close()
    assert pipedrive.activity(1) == {"id": 1}


def test_a_connection_is_used_again(
    server: LocalServer, pipedrive: PipedriveClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []
    connect = http.client.HTTPConnection.__init__

    def counting(self: http.client.HTTPConnection, *args: object, **kwargs: object) -> None:
        opened.append(threading.current_thread())
        connect(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(http.client.HTTPConnection, "__init__", counting)
    server.otherwise = ACTIVITY
    for _ in range(5):
        pipedrive.activity(1)
    assert len(opened) == 1
