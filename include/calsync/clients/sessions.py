"""Sessions of `requests` that end in time and never take a credential to another host.

A read time-out alone does not end an answer that drips in byte by byte: each byte starts it anew. Here the socket
reader of every answer also has an overall deadline, for headers and body alike.
"""

from __future__ import annotations

import http.client
import io
import json
import logging
import socket
import ssl
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError, SSLError

# urllib3 logs whole paths, at WARNING too; calendar ids in them are e-mail addresses.
logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)

LOOPBACK = ("127.0.0.1", "::1", "localhost")
"""Never asked through a proxy of the environment."""
MOST_BYTES = 128 * 2**20
"""Of one answer, unpacked: far above the largest page (2500 events, or 500 activities with long notes)."""
PIECE_BYTES = 64 * 2**10


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds for the connection, between two reads, for one whole answer; then how often and how long to try.

    `may_begin` is asked last of all, right before anything is sent.
    """

    connect_s: float = 10
    read_s: float = 30
    answer_s: float = 60
    tries_count: int = 4
    patience_s: float = 60
    may_begin: Callable[[], bool] = lambda: True


DEFAULT_TIMING = Timing()


class _DeadlineReader(io.RawIOBase):
    """Reads a socket until `deadline` (monotonic seconds), then raises TimeoutError."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: float) -> None:
        super().__init__()
        self._raw = raw
        self._sock = sock
        self._deadline = deadline
        self._read_timeout_s = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the answer took too long")
        if self._read_timeout_s is None or left_s < self._read_timeout_s:
            self._sock.settimeout(left_s)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _pool_classes(answer_s: float) -> dict[str, type[HTTPConnectionPool]]:
    class Response(http.client.HTTPResponse):
        def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
            super().__init__(sock, *args, **kwargs)
            raw: Any = self.fp.detach()
            self.fp = io.BufferedReader(_DeadlineReader(raw, sock, time.monotonic() + answer_s))

    class Plain(HTTPConnection):
        response_class = Response

    class Secure(HTTPSConnection):
        response_class = Response

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


class _DeadlineAdapter(HTTPAdapter):
    def __init__(self, answer_s: float) -> None:
        self._answer_s = answer_s
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pool_classes(self._answer_s)

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        manager: Any = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _pool_classes(self._answer_s)
        return manager


class _OwnHeadersOnly(AuthBase):
    """With an auth object set, requests does not look for other credentials in ~/.netrc."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class Session(requests.Session):
    """Follows no redirect, keeps no cookie, ends every answer after `timing.answer_s`."""

    def __init__(self, timing: Timing) -> None:
        super().__init__()
        self.auth = _OwnHeadersOnly()
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.headers["User-Agent"] = "calsync"
        for scheme in ("http://", "https://"):
            self.mount(scheme, _DeadlineAdapter(timing.answer_s))
        self._settings: dict[tuple[str, str | None], dict[str, Any]] = {}

    def settings_for(self, url: str | None) -> dict[str, Any]:
        """Proxies and certificates as the environment says: looked up once for a host, as that takes long."""
        parts = urllib.parse.urlsplit(url or "")
        place = parts.scheme, parts.hostname
        if place not in self._settings:
            found = dict(self.merge_environment_settings(url, {}, True, None, None))
            self._settings[place] = found | ({"proxies": {}} if parts.hostname in LOOPBACK else {})
        return self._settings[place]

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: a redirection is followed nowhere, for the credential would go along."""
        return


def exchange(session: Session, request: requests.PreparedRequest, timing: Timing) -> requests.Response | str:
    """The answer with its whole body read; or why there is none.

    "too_late", "not_sent" (no connection), "no_answer", "too_large" (unpacked, a small answer may be any size). A body
    shorter than its Content-Length is no answer. No exception leaves: they quote the address.
    """
    settings = session.settings_for(request.url)
    if not timing.may_begin():
        return "too_late"
    try:
        timeout = (timing.connect_s, timing.read_s)
        with session.send(request, **settings, timeout=timeout) as response:
            return response if _read(response) else "too_large"
    except (OSError, ValueError, urllib3.exceptions.HTTPError) as error:
        return "not_sent" if _never_sent(error) else "no_answer"


def _read(response: requests.Response) -> bool:
    """Read the body into the answer. False: there is more of it than any answer of the services has."""
    pieces, size_bytes = [], 0
    for piece in response.iter_content(PIECE_BYTES):
        size_bytes += len(piece)
        if size_bytes > MOST_BYTES:
            return False
        pieces.append(piece)
    response._content = b"".join(pieces)
    return True


def _never_sent(error: BaseException) -> bool:
    """Whether the connection failed: refused, unknown host, time-out, proxy out of reach, certificate not trusted."""
    cause = error.args[0] if error.args else None
    cause = getattr(cause, "reason", cause)
    if isinstance(cause, SSLError):
        return bool(cause.args) and isinstance(cause.args[0], ssl.SSLCertVerificationError)
    return isinstance(cause, NewConnectionError | ConnectTimeoutError | ProxyError)


NOT_JSON = object()
"""What `parsed` returns for a body that is neither empty nor JSON; no shape accepts it."""


def parsed(content: bytes) -> Any:
    """The JSON in `content`; None if it is empty; NOT_JSON if it is something else."""
    if not content:
        return None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return NOT_JSON
