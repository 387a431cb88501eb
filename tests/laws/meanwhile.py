"""Something that happens in the middle of a run."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import requests

from include.calsync.clients import transport
from include.calsync.clients.sessions import Session, Timing, exchange


@contextmanager
def before_request(at: int, act: Callable[[], object], pattern: str = "") -> Iterator[None]:
    """Act once, before the request number `at` (from 0) whose "METHOD url" has `pattern` leaves."""
    numbers, lock = itertools.count(), threading.Lock()

    def counted(session: Session, request: requests.PreparedRequest, timing: Timing) -> requests.Response | str:
        if re.search(pattern, f"{request.method} {request.url}"):
            with lock:
                number = next(numbers)
            if number == at:
                act()
        return exchange(session, request, timing)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transport, "exchange", counted)
        yield
