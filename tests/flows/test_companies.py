"""Two companies in one run: ids of Pipedrive mean something within their company only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from include.calsync.clients.auth import ApiToken
from include.calsync.clients.pipedrive import PipedriveClient
from include.calsync.clients.transport import NoLimiter
from include.calsync.flows.services import Services
from include.sandbox.server import Sandbox
from tests.flows.world import World, day

BERT = "bert@beta.example"


@pytest.fixture
def other() -> Iterator[Sandbox]:
    """Another company's Pipedrive."""
    with Sandbox(seed=1) as sandbox:
        sandbox.pipedrive.state.company(id=88, name="Beta", domain="beta")
        yield sandbox


def test_new_activities_with_the_same_id(world: World, other: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each company's activity gets its event, in its own account's calendar."""
    state = other.pipedrive.state
    bert = state.add_user("Bert", BERT, "Europe/Berlin")["id"]
    token = state.token_for(bert)
    world.google.add_user(BERT, time_zone="Europe/Berlin")
    calendar = world.google.add_calendar(BERT, "Sales")
    ids = {"pipedrive_user": BERT, "google_user": BERT, "calendar": calendar}
    world.account(name="bert", pipedrive_conn_id="pipedrive_beta", **ids)
    services = world.services

    def with_beta() -> Services:
        made = services()

        def pipedrive(conn_id: str) -> PipedriveClient:
            if conn_id != "pipedrive_beta":
                return made.pipedrive(conn_id)
            client: PipedriveClient = world._cached(
                conn_id,
                lambda: PipedriveClient(
                    base_url=other.pipedrive.url,
                    auth=ApiToken(token),
                    limiter=NoLimiter(),
                    key=conn_id,
                    sleep=world.sleep,
                    clock=world.clock,
                ),
            )
            return client

        return replace(made, pipedrive=pipedrive)

    monkeypatch.setattr(world, "services", with_beta)
    world.green()
    fields: dict[str, Any] = {"type": "call", "due_date": day(1), "due_time": "09:00", "duration": "00:30"}
    first = world.activity("For Anna")
    second = state.add_activity("For Bert", owner_id=bert, **fields)
    assert first["id"] == second["id"]
    world.green()
    assert [event["summary"] for event in world.events()] == ["For Anna"]
    assert [event["summary"] for event in world.events(calendar)] == ["For Bert"]
