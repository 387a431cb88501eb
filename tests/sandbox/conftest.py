"""A Pipedrive of one company with one user, served on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import requests

from include.sandbox.base import SandboxClock, ServerThread, Service
from include.sandbox.pipedrive.service import create_pipedrive
from include.sandbox.pipedrive.state import PipedriveState


@pytest.fixture
def pipedrive() -> Iterator[Service]:
    """Anna's company, without the burst limit, which has tests of its own."""
    service = create_pipedrive(SandboxClock(), seed=1)
    service.state.add_user("Anna Müller", "anna@acme.example", "Europe/Berlin")
    service.state.options.burst_enabled = False
    thread = ServerThread()
    thread.serve(service)
    yield service
    thread.stop()


@pytest.fixture
def company(pipedrive: Service) -> PipedriveState:
    assert isinstance(pipedrive.state, PipedriveState)
    return pipedrive.state


@pytest.fixture
def call(pipedrive: Service, company: PipedriveState) -> Iterator[Callable[..., requests.Response]]:
    """`call("GET", "/api/v2/activities", limit=5)` with Anna's token; `json` and `data` go to requests."""
    session = requests.Session()
    session.headers["x-api-token"] = company.token_for(next(iter(company.users)))

    def send(method: str, path: str, *, json: object = None, data: object = None, **query: object) -> requests.Response:
        params = {name: str(value) for name, value in query.items()}
        return session.request(method, pipedrive.url + path, params=params, json=json, data=data, timeout=10)  # type: ignore[arg-type]

    yield send
    session.close()
