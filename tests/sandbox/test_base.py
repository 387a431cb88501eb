"""The HTTP base of both services: clock, request log, faults, control API."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from include.sandbox.base import (
    Answer,
    Backend,
    Call,
    Fault,
    SandboxClock,
    ServerThread,
    Service,
    json_answer,
    locked,
)
from include.sandbox.server import Sandbox

FAULTS = [
    Fault("status", status=503),
    Fault("drop"),
    Fault("slow", seconds=0.3),
    Fault("truncate"),
    Fault("html", status=200),
    Fault("drip", seconds=0.01),
    Fault("json", body={"items": []}),
]


class Counter:
    """A state with one number."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.count = 0

    @locked
    def add(self, by: int = 1) -> int:
        self.count += by
        return self.count


class CounterBackend(Backend):
    """POST adds one; GET shows the count, and ten items."""

    def __init__(self, state: Counter) -> None:
        super().__init__(state.lock)
        self.state = state

    def operation(self, call: Call) -> str:
        return f"count.{call.method.lower()}"

    def handle(self, call: Call) -> Answer:
        if call.path == "/broken":
            raise RuntimeError("a defect")
        if call.method == "POST":
            self.state.add()
        shown = json_answer({"count": self.state.count, "items": list(range(10)), "nextPageToken": "x"})
        return Answer(shown.status, shown.body, shown.headers, principal=call.headers.get("X-Who"))

    def error(self, status: int, reason: str | None) -> Answer:
        return json_answer({"error": reason or "none"}, status)

    def credentials(self) -> dict[str, Any]:
        return {"token": "sandbox"}


@pytest.fixture
def service() -> Iterator[Service]:
    state = Counter()
    made = Service("counter", CounterBackend(state), state, SandboxClock())
    thread = ServerThread()
    thread.serve(made)
    yield made
    thread.stop()


def post(service: Service, path: str = "/count", timeout: float = 5, **options: Any) -> requests.Response:
    return requests.post(service.url + path, timeout=timeout, **options)


# ---- clock


def test_the_clock_runs_freezes_and_jumps() -> None:
    clock = SandboxClock()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)
    clock.freeze(datetime(2026, 3, 29, 1, 30, tzinfo=UTC))
    clock.advance(60)
    assert clock.now() == clock.now() == datetime(2026, 3, 29, 1, 31, tzinfo=UTC)
    clock.freeze(datetime(2026, 1, 1, tzinfo=UTC))
    assert clock.now() == datetime(2026, 1, 1, tzinfo=UTC)
    clock.unfreeze()
    clock.offset = timedelta(minutes=-10)
    assert abs(clock.now() - datetime.now(UTC) + timedelta(minutes=10)) < timedelta(seconds=1)


def test_the_date_header_is_the_sandbox_clocks(service: Service) -> None:
    service.clock.offset = timedelta(days=3)
    shown = parsedate_to_datetime(post(service).headers["Date"])
    assert abs(shown - datetime.now(UTC) - timedelta(days=3)) < timedelta(seconds=2)


# ---- request log


def test_requests_are_recorded(service: Service) -> None:
    service.clock.freeze(datetime(2026, 1, 1, tzinfo=UTC))
    post(service, "/a%2Fb?x=1&x=2&y=", json={"n": 1}, headers={"X-Who": "anna"})
    post(service, data="text")
    first, second = service.requests
    assert (first.service, first.method, first.path, first.status) == ("counter", "POST", "/a/b", 200)
    assert first.query == {"x": ["1", "2"], "y": [""]}
    assert (first.body, first.principal, first.operation) == ({"n": 1}, "anna", "count.post")
    assert (first.at, first.fault) == (datetime(2026, 1, 1, tzinfo=UTC), None)
    assert (second.body, second.principal) == ("text", None)
    service.reset_requests()
    assert service.requests == []


def test_a_defect_of_the_sandbox_is_a_500_and_logged(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    assert post(service, "/broken").status_code == 500
    assert "a defect" in caplog.text


def test_latency(service: Service) -> None:
    service.latency_s = 0.2
    assert post(service).elapsed.total_seconds() >= 0.2


# ---- faults


@pytest.mark.parametrize("fault", [each for each in FAULTS if each.kind not in ("slow", "truncate", "drip")], ids=str)
@pytest.mark.parametrize("when", ["before", "after"])
def test_before_and_after_the_commit(service: Service, fault: Fault, when: str) -> None:
    service.faults.add(Fault(**{**vars(fault), "when": when}))
    try:
        assert post(service).content != json_answer({"count": 1}).body
    except requests.ConnectionError:
        assert fault.kind == "drop"
    assert service.state.count == (1 if when == "after" else 0)
    assert service.requests[0].fault == fault.kind


def test_a_status_fault_has_the_services_shape(service: Service) -> None:
    service.faults.add(Fault("status", status=429, reason="tooMany", headers={"Retry-After": "2"}))
    answer = post(service)
    assert (answer.status_code, answer.json(), answer.headers["Retry-After"]) == (429, {"error": "tooMany"}, "2")
    assert service.requests[0].status == 429
    service.faults.add(Fault("status", status=400, body={"error": "invalid_grant"}))
    assert post(service).json() == {"error": "invalid_grant"}
    service.faults.add(Fault("status", status=302, headers={"Location": "https://elsewhere.example/"}))
    assert post(service, allow_redirects=False).headers["Location"] == "https://elsewhere.example/"


def test_drop_resets_the_connection(service: Service) -> None:
    service.faults.add(Fault("drop", when="after"))
    with pytest.raises(requests.ConnectionError):
        post(service)
    service.faults.add(Fault("drop"))
    with pytest.raises(requests.ConnectionError):
        post(service)
    assert service.state.count == 1
    assert [each.status for each in service.requests] == [200, 0]
    assert post(service).json()["count"] == 2


@pytest.mark.parametrize(("when", "at_once"), [("before", 0), ("after", 1)])
def test_slow_is_carried_out_even_if_the_client_gives_up(service: Service, when: str, at_once: int) -> None:
    service.faults.add(Fault("slow", when=when, seconds=0.5))
    with pytest.raises(requests.ReadTimeout):
        post(service, timeout=0.2)
    assert service.state.count == at_once
    time.sleep(0.6)
    assert service.state.count == 1


def test_drip_outlives_a_read_timeout(service: Service) -> None:
    service.faults.add(Fault("drip", seconds=0.01))
    started = time.monotonic()
    answer = post(service, timeout=0.3)
    assert answer.json()["count"] == 1
    assert time.monotonic() - started > 0.3


def test_truncate_breaks_off_under_the_full_length(service: Service) -> None:
    service.faults.add(Fault("truncate"))
    parts = urlsplit(service.url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=5)
    connection.request("POST", "/count")
    answer = connection.getresponse()
    promised = int(answer.headers["Content-Length"])
    with pytest.raises(http.client.IncompleteRead) as broken:
        answer.read()
    assert len(broken.value.partial) == promised // 2
    assert service.state.count == 1
    service.faults.add(Fault("truncate"))
    with pytest.raises(requests.RequestException):
        post(service)


def test_truncate_that_still_parses(service: Service) -> None:
    service.faults.add(Fault("truncate", still_parses=True))
    assert post(service).json() == {"count": 1, "items": [0, 1, 2, 3, 4]}


def test_html_and_json(service: Service) -> None:
    service.faults.add(Fault("html", status=200, body="<p>Hello</p>"))
    service.faults.add(Fault("json", when="after", body=[]))
    first, second = post(service), post(service)
    assert (first.status_code, first.text, first.headers["Content-Type"]) == (
        200, "<p>Hello</p>", "text/html; charset=UTF-8",
    )  # fmt: skip
    assert (second.json(), service.state.count) == ([], 1)


def test_one_fault_strikes_a_request(service: Service) -> None:
    service.faults.add(Fault("status", status=500))
    service.faults.add(Fault("status", status=501, method="POST"))
    assert [post(service).status_code for _ in range(3)] == [500, 501, 200]
    assert [(fault.status, method) for fault, method, _ in service.faults.struck] == [(500, "POST"), (501, "POST")]
    service.faults.add(Fault("drop"))
    service.faults.clear()
    assert post(service).status_code == 200


# ---- control API


def test_the_control_api(service: Service) -> None:
    control = service.url + "/_sandbox"
    fault = {"kind": "status", "status": 418, "times": 1}
    assert requests.post(f"{control}/faults", json=fault, timeout=5).json() == {"ok": True}
    assert post(service).status_code == 418
    requests.post(f"{control}/faults", json={**fault, "times": 0}, timeout=5)
    requests.delete(f"{control}/faults", timeout=5)
    assert post(service).status_code == 200
    logged = requests.get(f"{control}/requests", timeout=5).json()
    assert [(each["operation"], each["status"], each["fault"]) for each in logged] == [
        ("count.post", 418, "status"), ("count.post", 200, None),
    ]  # fmt: skip
    requests.delete(f"{control}/requests", timeout=5)
    assert requests.get(f"{control}/requests", timeout=5).json() == []
    assert requests.get(f"{control}/credentials", timeout=5).json() == {"token": "sandbox"}


@pytest.mark.parametrize(
    ("wish", "now"),
    [
        ({"freeze": "2026-03-29T01:00:00+01:00"}, "2026-03-29T00:00:00+00:00"),
        ({"freeze": "2026-03-29T01:00:00Z", "advance_s": 90}, "2026-03-29T01:00:00+00:00"),
    ],
)
def test_the_clock_over_http(service: Service, wish: dict[str, Any], now: str) -> None:
    url = f"{service.url}/_sandbox/clock"
    assert requests.post(url, json=wish, timeout=5).json() == {"now": now}
    requests.post(url, json={"advance_s": 60}, timeout=5)
    assert service.clock.now() == datetime.fromisoformat(now) + timedelta(seconds=60)
    requests.post(url, json={"freeze": False, "offset_s": 0}, timeout=5)
    assert abs(service.clock.now() - datetime.now(UTC)) < timedelta(seconds=2)
    assert requests.post(url, json={}, timeout=5).json()["now"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", b"{"),
        ("faults", b"{}"),
        ("faults", b'{"kind": "explode"}'),
        ("faults", b'{"kind": "drop", "odds": 1}'),
        ("faults", b'{"kind": "drop", "path": "("}'),
        ("clock", b'{"speed": 2}'),
        ("clock", b'{"freeze": "noon"}'),
        ("clock", b"[1]"),
    ],
)  # fmt: skip
def test_wrong_wishes_are_400(service: Service, path: str, body: bytes) -> None:
    answer = requests.post(f"{service.url}/_sandbox/{path}", data=body, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_pages_are_neither_logged_nor_struck(service: Service) -> None:
    service.faults.add(Fault("drop", times=0))
    assert requests.get(f"{service.url}/", timeout=5).status_code == 404

    def page(call: Call) -> Answer | None:
        return Answer(200, b"Hello", {"Content-Type": "text/plain"}) if call.path in ("/", "/_sandbox/edit") else None

    service.pages = page
    assert requests.get(f"{service.url}/", timeout=5).text == "Hello"
    assert requests.get(f"{service.url}/_sandbox/edit", timeout=5).text == "Hello"
    assert requests.get(f"{service.url}/_sandbox/other", timeout=5).status_code == 404
    assert service.requests == []


# ---- serving


def test_requests_and_state_methods_do_not_interleave(service: Service) -> None:
    def work() -> None:
        for _ in range(50):
            post(service)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for _ in range(200):
        service.state.add()
    for each in threads:
        each.join()
    assert (service.state.count, len(service.requests)) == (400, 200)


def test_a_large_body_and_a_lone_surrogate(service: Service) -> None:
    assert post(service, data=b"x" * 3_000_000).status_code == 200
    assert json.loads(json_answer({"text": "a\ud800ü"}).body) == {"text": "a\ud800ü"}
    assert json_answer({"text": "ü"}).body == '{"text": "ü"}'.encode()


def test_a_port_in_use_is_an_error(service: Service) -> None:
    thread = ServerThread()
    state = Counter()
    with pytest.raises(OSError, match="in use"):
        thread.serve(Service("other", CounterBackend(state), state, SandboxClock()), service.port)
    thread.stop()


def test_the_sandbox_serves_both_and_stops() -> None:
    with Sandbox() as sandbox:
        urls = (sandbox.pipedrive.url, sandbox.google.url)
        assert len(set(urls)) == 2
        assert all(requests.get(f"{url}/_sandbox/requests", timeout=5).json() == [] for url in urls)
        sandbox.pipedrive.clock.advance(600)  # clocks are apart
        assert abs(sandbox.google.clock.now() - datetime.now(UTC)) < timedelta(seconds=2)
    with pytest.raises(requests.ConnectionError):
        requests.get(urls[0], timeout=5)


def test_the_command_line() -> None:
    """Serves until SIGTERM, with the sample company."""
    command = [sys.executable, "-m", "include.sandbox", "--pipedrive-port", "0", "--google-port", "0", "--sample"]
    with subprocess.Popen([*command, "--latency-ms", "1"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        urls = [process.stdout.readline().rsplit(" ", 1)[1].strip() for _ in range(2)]
        assert [requests.get(f"{url}/_sandbox/credentials", timeout=5).status_code for url in urls] == [200, 200]
        assert len(requests.get(f"{urls[1]}/_sandbox/credentials", timeout=5).json()["users"]) == 3
        process.terminate()
        assert process.wait(timeout=10) == 0
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((urlsplit(urls[0]).hostname, urlsplit(urls[0]).port), timeout=2)
