"""A server on loopback that answers what a test tells it to, down to the bytes, and the clients' outside world."""

from __future__ import annotations

import json
import ssl
import threading
import time
import urllib.parse
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from include.calsync.clients.limiter import FIRST_REST
from include.calsync.errors import BudgetExhausted
from include.calsync.store.budgets import next_midnight


@dataclass
class Reply:
    """One answer. `body`: bytes as they are, else JSON; None: empty.

    `promised`: the Content-Length to claim. `drop`: close without an answer. `hold_s`: wait first. `meets`: wait for
    another request. `drip_s`: wait after each byte of the body; `drip_headers`: of the headers too.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    promised: int | None = None
    drop: bool = False
    hold_s: float = 0
    meets: threading.Barrier | None = None
    drip_s: float = 0
    drip_headers: bool = False


@dataclass
class Seen:
    """One request as the server saw it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return dict(urllib.parse.parse_qsl(self.body.decode()))


class LocalServer:
    """Gives `replies` in turn, whatever is asked; after the last one `otherwise`."""

    def __init__(self, port: int = 0, certificate: Path | None = None) -> None:
        """`certificate`: a PEM file with certificate and key, for https."""
        self.certificate = certificate
        self.replies: deque[Reply] = deque()
        self.otherwise = Reply(500, {"error": "the test expected no further request"})
        self.seen: list[Seen] = []
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = _Quiet(("127.0.0.1", port), handler)
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://127.0.0.1:{self._server.server_address[1]}"

    def answers(self, *replies: Reply) -> None:
        self.replies.extend(replies)

    def next_reply(self) -> Reply:
        return self.replies.popleft() if self.replies else self.otherwise

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away in the middle of a drip is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    owner: LocalServer

    def handle_any(self) -> None:
        parts = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.owner.seen.append(Seen(self.command, parts.path, query, headers, body))
        self._send(self.owner.next_reply())

    do_GET = do_POST = do_PATCH = do_DELETE = handle_any

    def _send(self, reply: Reply) -> None:
        time.sleep(reply.hold_s)
        if reply.meets is not None:
            reply.meets.wait()
        if reply.drop:
            self.close_connection = True
            return
        content = _encoded(reply.body)
        headers = {"Date": self.date_time_string(), "Content-Type": "application/json"} | reply.headers
        lines = [f"HTTP/1.1 {reply.status} Any", *(f"{name}: {value}" for name, value in headers.items())]
        if reply.status not in (204, 304):
            lines.append(f"Content-Length: {len(content) if reply.promised is None else reply.promised}")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode()
        self._write(head, reply.drip_s if reply.drip_headers else 0)
        self._write(content, reply.drip_s)
        if reply.promised is not None:
            self.close_connection = True

    def _write(self, content: bytes, pause_s: float) -> None:
        if not pause_s:
            self.wfile.write(content)
            return
        for byte in content:
            self.wfile.write(bytes([byte]))
            time.sleep(pause_s)

    def log_message(self, *args: Any) -> None:
        """Nothing: tests look at `seen`."""


def _encoded(body: Any) -> bytes:
    if body is None:
        return b""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


class World:
    """Time that passes only by sleeping, and what the client was told to wait for."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
        self.slept_s: list[float] = []

    def clock(self) -> datetime:
        return self.now

    def sleep(self, length_s: float) -> None:
        self.slept_s.append(length_s)
        self.now += timedelta(seconds=length_s)


class RecordingLimiter:
    """Lets everything pass but what is paused, as the shared limiter would."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.acquired: list[tuple[str, float]] = []
        self.paused: dict[str, tuple[datetime, str]] = {}
        self.spent: list[tuple[str, int, int | None]] = []

    def acquire(self, limits: Mapping[str, float]) -> None:
        for key, per_second in limits.items():
            if key in self.paused and self.paused[key][0] > self._clock():
                raise BudgetExhausted("paused", retry_at=self.paused[key][0])
            self.acquired.append((key, per_second))

    def pause(self, key: str, until: datetime, reason: str) -> None:
        self.paused[key] = (until, reason)

    def back_off(self, key: str, now: datetime, reason: str) -> datetime:
        until = now + FIRST_REST
        self.pause(key, until, reason)
        return until

    def budget_returns(self, key: str, now: datetime) -> datetime:
        return next_midnight(now)

    def spend(self, key: str, tokens: int, remaining: int | None) -> None:
        self.spent.append((key, tokens, remaining))
