"""Options of both services over the control API."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from include.sandbox.base import Service
from include.sandbox.google.options import Options as GoogleOptions
from include.sandbox.pipedrive.options import Options as PipedriveOptions
from include.sandbox.server import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as served:
        yield served


def ask(service: Service, wish: Any = None) -> requests.Response:
    url = f"{service.url}/_sandbox/options"
    return requests.get(url, timeout=5) if wish is None else requests.patch(url, json=wish, timeout=5)


def test_all_options_are_shown(sandbox: Sandbox) -> None:
    for service, kind in ((sandbox.pipedrive, PipedriveOptions), (sandbox.google, GoogleOptions)):
        assert set(ask(service).json()) == {each.name for each in dataclasses.fields(kind)}


def test_options_are_set(sandbox: Sandbox) -> None:
    wish: dict[str, Any] = {
        "get_deleted": "410",
        "seats": None,
        "daily_reset_hour": 7,
        "block_s": 5,
        "null_clears": False,
    }
    shown = ask(sandbox.pipedrive, wish).json()
    assert {name: shown[name] for name in wish} == wish
    options = sandbox.pipedrive.state.options
    assert (options.get_deleted, options.daily_reset_hour, options.null_clears) == ("410", 7, False)
    wish = {"refused_zones": ["A/B"], "page_sizes": [1, 0], "refused_events": {"abcde": "odd"}, "sync_token_days": 2.5}
    shown = ask(sandbox.google, wish).json()
    assert {name: shown[name] for name in wish} == wish
    sandbox.google.state.options.page_sizes.popleft()
    assert (sandbox.google.state.options.refused_zones, ask(sandbox.google).json()["page_sizes"]) == ({"A/B"}, [0])


@pytest.mark.parametrize(
    "wish",
    [
        {"get_deleted": "418"}, {"get_deleted": 404}, {"speed": 2}, {"null_clears": 1}, {"daily_reset_hour": True},
        {"daily_reset_hour": "7"}, {"seats": "3"}, [1], {"create_status": 201, "speed": 2},
    ],
)  # fmt: skip
def test_wrong_wishes_change_nothing(sandbox: Sandbox, wish: Any) -> None:
    before = ask(sandbox.pipedrive).json()
    answer = ask(sandbox.pipedrive, wish)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert ask(sandbox.pipedrive).json() == before


def test_strict_is_the_default() -> None:
    """What is confirmed, or has to be assumed by whoever writes a client, is what a test meets unless it says so."""
    strict = {
        "search_requests": 10, "unknown_fields": "refuse", "nested_unknown": "refuse", "nested_nulls": "refuse",
        "person_id_in_body": "refuse", "empty_clears_times": False, "due_date_default": "today",
        "busy_default": "by_time", "edit_deleted": "400", "access_order": "changing", "unedited_deals": "null",
        "show_private": True, "limit_over_max": "refuse",
    }  # fmt: skip
    assert {name: getattr(PipedriveOptions(), name) for name in strict} == strict
    google = GoogleOptions()
    assert (google.bounded_sync_token, google.long_description) == (False, "refuse")
