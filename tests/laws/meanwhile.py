"""Something that happens in the middle of a run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import requests

from include.calsync.clients import transport
from include.calsync.clients.sessions import Session, Timing, exchange


@contextmanager
def before_request(at: int, act: Callable[[], object], pattern: str = "") -> Iterator[None]:
    """Act once, before the request number `at` (from 0) whose "METHOD url" has `pattern` leaves."""
    left = at

    def counted(session: Session, request: requests.PreparedRequest, timing: Timing) -> requests.Response | str:
        nonlocal left
        if re.search(pattern, f"{request.method} {request.url}"):
            left -= 1
            if left == -1:
                act()
        return exchange(session, request, timing)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transport, "exchange", counted)
        yield
