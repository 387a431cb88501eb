"""What both sandbox services stand on: a real HTTP server on loopback with its own clock, request log and faults.

A service is a ``Backend``: plain synchronous Python that turns a ``Call`` into an ``Answer`` under the service's
lock. The HTTP part around it is the same for every service: it counts and logs requests, lets faults strike, sets
``Date`` from the sandbox clock, and answers the control API below ``/_sandbox/``, which is neither logged nor struck
by faults.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar
from urllib.parse import unquote

from aiohttp import web

from include.sandbox import control
from include.sandbox.faults import (
    HTML_PAGE,
    ON_ANSWERS,
    Fault,
    Faults,
    html_page,
    repeat,
    shorten,
    without_sync_token,
)
from include.sandbox.wire import Answer, Call, json_answer

__all__ = [
    "Answer", "Backend", "Call", "Fault", "Faults", "Recorded", "SandboxClock", "ServerThread", "Service",
    "json_answer", "locked",
]  # fmt: skip

HOST = "127.0.0.1"
P = ParamSpec("P")
R = TypeVar("R")


class SandboxClock:
    """The time that one service believes in: real time plus ``offset``, or frozen."""

    def __init__(self) -> None:
        self.offset = timedelta()
        self._frozen: datetime | None = None

    def now(self) -> datetime:
        """Aware, UTC."""
        return (self._frozen or datetime.now(UTC)) + self.offset

    def freeze(self, at: datetime | None = None) -> None:
        """Stops at ``at`` (aware; default: now)."""
        self._frozen = (at or self.now()).astimezone(UTC) - self.offset

    def unfreeze(self) -> None:
        self._frozen = None

    def advance(self, seconds: float) -> None:
        self.offset += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Recorded:
    """One served request. ``status`` 0: dropped before it was carried out. ``fault``: the kind of the fault that
    struck."""

    service: str
    method: str
    path: str
    query: dict[str, list[str]]
    status: int
    at: datetime
    principal: str | None
    body: Any
    operation: str
    fault: str | None


class HasLock(Protocol):
    lock: threading.RLock


S = TypeVar("S", bound=HasLock)


def locked(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """A method that holds its object's ``lock``: public state methods and request handling never interleave."""

    @functools.wraps(method)
    def wrapper(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self.lock:
            return method(self, *args, **kwargs)

    return wrapper


class Backend:
    """The rules of one service. Subclasses override all four methods; ``lock`` is shared with the public state."""

    def __init__(self, lock: threading.RLock) -> None:
        self.lock = lock

    def operation(self, call: Call) -> str:
        """The operation's name for the request log (e.g. ``events.list``), without carrying it out."""
        raise NotImplementedError

    def handle(self, call: Call) -> Answer:
        """Carries the request out. Called under ``lock``."""
        raise NotImplementedError

    def error(self, status: int, reason: str | None) -> Answer:
        """An error answer of the service's own shape, for faults."""
        raise NotImplementedError

    def credentials(self) -> dict[str, Any]:
        """What a client in another process needs to log in (``GET /_sandbox/credentials``)."""
        raise NotImplementedError

    def logged_body(self, call: Call) -> Any:
        """The body as the request log keeps it: JSON where it is JSON, else text. Override it to leave secrets out."""
        if not call.body:
            return None
        try:
            return call.json()
        except ValueError:
            return call.body.decode("utf-8", "replace")


class Service:
    """One sandbox service: ``url``, ``state``, ``clock``, ``faults``, ``requests``, ``latency_s`` (of every answer).

    ``pages`` may serve ``/`` and paths below ``/_sandbox/`` that the control API does not know; it returns None for
    404.
    """

    def __init__(self, name: str, backend: Backend, state: Any, clock: SandboxClock, *, latency_s: float = 0.0) -> None:
        self.name = name
        self.backend = backend
        self.state = state
        self.clock = clock
        self.latency_s = latency_s
        self.faults = Faults()
        self.requests: list[Recorded] = []
        self.held_count = 0
        """Requests that a fault keeps waiting, to be carried out yet."""
        self.pages: Callable[[Call], Answer | None] | None = None
        self.port = 0
        self._runner: web.ServerRunner | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def reset_requests(self) -> None:
        with self.backend.lock:
            self.requests.clear()

    async def open(self, port: int) -> None:
        """Listens on loopback; port 0 takes a free one."""
        self._runner = web.ServerRunner(web.Server(self._serve, access_log=None), shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        raw_path = request.rel_url.raw_path
        call = Call(
            method=request.method,
            path=unquote(raw_path),
            segments=tuple(unquote(part) for part in raw_path.strip("/").split("/")),
            query={name: request.rel_url.query.getall(name) for name in request.rel_url.query},
            headers=request.headers,
            body=await request.content.read(),
        )
        if call.path == "/" or call.path.startswith("/_sandbox/"):
            return self._response(control.answer(self, call))
        return await self._serve_logged(request, call)

    async def _serve_logged(self, request: web.BaseRequest, call: Call) -> web.StreamResponse:
        fault = self.faults.strike(call.method, call.path)
        carried_out = fault is None or fault.when == "after" or fault.kind in ("slow", *ON_ANSWERS)
        if fault is not None and fault.kind == "slow" and fault.when == "before":
            self.held_count += 1
            try:
                await asyncio.sleep(fault.seconds)
                answer = self._carry_out(call, fault)
            finally:
                self.held_count -= 1
        else:
            answer = self._carry_out(call, fault) if carried_out else self._skip(call, fault)
        if self.latency_s > 0:
            await asyncio.sleep(self.latency_s)
        if fault is None:
            return self._response(answer)
        if fault.kind == "slow" and fault.when == "after":
            await asyncio.sleep(fault.seconds)
        return await self._send_struck(request, answer, fault)

    def _carry_out(self, call: Call, fault: Fault | None) -> Answer:
        with self.backend.lock:
            try:
                answer = self.backend.handle(call)
            except Exception:
                logging.getLogger(__name__).exception("%s sandbox failed on %s %s", self.name, call.method, call.path)
                answer = Answer(500, b"sandbox defect: see its log", {"Content-Type": "text/plain"})
            shown = self._replaced(answer, fault)
            self._record(call, shown.status, answer.principal, fault)
        return shown

    def _skip(self, call: Call, fault: Fault | None) -> Answer:
        answer = self._replaced(Answer(0), fault)
        with self.backend.lock:
            self._record(call, answer.status, None, fault)
        return answer

    def _record(self, call: Call, status: int, principal: str | None, fault: Fault | None) -> None:
        self.requests.append(
            Recorded(
                self.name, call.method, call.path, call.query, status, self.clock.now(), principal,
                self.backend.logged_body(call), self.backend.operation(call), fault.kind if fault else None,
            )
        )  # fmt: skip

    def _replaced(self, answer: Answer, fault: Fault | None) -> Answer:
        """What the fault makes of the answer (dropped and dripped ones keep it)."""
        if fault is None:
            return answer
        if fault.kind == "html" or (fault.kind == "status" and isinstance(fault.body, str)):
            page = html_page(fault.status or 502, fault.body if isinstance(fault.body, str) else HTML_PAGE)
            return replace(page, headers={**page.headers, **fault.headers})
        if fault.kind == "json" or (fault.kind == "status" and fault.body is not None):
            default = 200 if fault.kind == "json" else 500
            return json_answer(fault.body, fault.status or default, headers=fault.headers)
        if fault.kind == "status":
            error = self.backend.error(fault.status or 500, fault.reason)
            return replace(error, headers={**error.headers, **fault.headers})
        if fault.kind == "truncate" and fault.still_parses:
            return replace(answer, body=shorten(answer.body))
        if fault.kind == "repeat":
            return replace(answer, body=repeat(answer.body))
        if fault.kind == "no_sync_token":
            return replace(answer, body=without_sync_token(answer.body))
        return answer

    async def _send_struck(self, request: web.BaseRequest, answer: Answer, fault: Fault) -> web.StreamResponse:
        whole = self._response(answer)
        if fault.kind == "drop":
            _abort(request)
            return whole
        if fault.kind == "drip":
            return await self._drip(request, answer, fault.seconds)
        if fault.kind == "truncate" and not fault.still_parses:
            stream = web.StreamResponse(status=answer.status, headers=whole.headers)
            stream.content_length = len(answer.body)
            await stream.prepare(request)
            await stream.write(answer.body[: len(answer.body) // 2])
            # A plain close after half of the promised bytes: the reader sees an early end, not a reset.
            if request.transport is not None:
                request.transport.close()
            return stream
        return whole

    async def _drip(self, request: web.BaseRequest, answer: Answer, pause_s: float) -> web.StreamResponse:
        stream = web.StreamResponse(status=answer.status, headers=self._response(answer).headers)
        stream.content_length = len(answer.body)
        await stream.prepare(request)
        for position in range(len(answer.body)):
            await stream.write(answer.body[position : position + 1])
            await asyncio.sleep(pause_s)
        return stream

    def _response(self, answer: Answer) -> web.Response:
        headers = {"Date": format_datetime(self.clock.now(), usegmt=True), **answer.headers}
        return web.Response(status=answer.status or 500, body=answer.body, headers=headers)


def _abort(request: web.BaseRequest) -> None:
    """Resets the connection, whatever has been sent."""
    if request.transport is not None:
        request.transport.abort()


class ServerThread:
    """One asyncio loop in one daemon thread, which serves any number of services."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sandbox", daemon=True)
        self._services: list[Service] = []
        self._thread.start()

    def serve(self, service: Service, port: int = 0) -> None:
        """Raises OSError when the port is taken."""
        self._run(service.open(port))
        self._services.append(service)

    def stop(self) -> None:
        for service in self._services:
            self._run(service.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)
