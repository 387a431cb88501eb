"""A Google Calendar with two users, served on loopback, and clients that hold each answer to the discovery document."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from include.sandbox.base import SandboxClock, ServerThread
from include.sandbox.google.service import GoogleService, create_google
from include.sandbox.google.state import GoogleState
from tests.sandbox.google.api import ANNA, BOB, Api


@pytest.fixture
def google() -> Iterator[GoogleService]:
    service = create_google(SandboxClock())
    service.state.add_user(ANNA, display_name="Anna Müller", time_zone="Europe/Berlin")
    service.state.add_user(BOB, time_zone="America/New_York")
    thread = ServerThread()
    thread.serve(service)
    yield service
    thread.stop()


@pytest.fixture
def state(google: GoogleService) -> GoogleState:
    return google.state


@pytest.fixture
def login(google: GoogleService) -> Callable[..., Api]:
    """``login(email, scopes)``: the service account acting for a user; None = as itself."""

    def log_in(email: str | None = ANNA, scopes: tuple[str, ...] = ("calendar",)) -> Api:
        return Api(google, email, scopes)

    return log_in


@pytest.fixture
def anna(login: Callable[..., Api]) -> Api:
    return login(ANNA)


@pytest.fixture
def bob(login: Callable[..., Api]) -> Api:
    return login(BOB)
