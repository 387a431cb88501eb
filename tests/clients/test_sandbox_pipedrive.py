"""The Pipedrive client against the sandbox: what the service's rules make of what the client sends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from include.calsync.clients.pipedrive import ApiToken, OAuthRefresh, PipedriveClient
from include.calsync.errors import BudgetExhausted, CredentialRefused, Hidden, NotFound, RecordError, RetryableError
from include.sandbox.base import Fault, SandboxClock, ServerThread, Service
from include.sandbox.pipedrive.service import create_pipedrive
from include.sandbox.pipedrive.state import PipedriveState
from tests.clients.local_server import World

Open = Callable[..., PipedriveClient]


@pytest.fixture
def service() -> Iterator[Service]:
    made = create_pipedrive(SandboxClock(), seed=1)
    thread = ServerThread()
    thread.serve(made)
    yield made
    thread.stop()


@pytest.fixture
def state(service: Service) -> PipedriveState:
    state: PipedriveState = service.state
    state.add_user("Anna", "anna@acme.example", "Europe/Berlin")
    state.options.burst_enabled = False
    return state


@pytest.fixture
def anna(state: PipedriveState) -> int:
    return next(iter(state.users))


@pytest.fixture
def client(service: Service, state: PipedriveState, anna: int, world: World, open_pipedrive: Open) -> PipedriveClient:
    """Its sleep moves the sandbox's clock."""

    def sleep(length_s: float) -> None:
        world.slept_s.append(length_s)
        world.now += timedelta(seconds=length_s)
        service.clock.advance(length_s)

    world.sleep = sleep  # type: ignore[method-assign]
    return open_pipedrive(service.url, auth=ApiToken(state.token_for(anna)))


def test_one_activity_from_birth_to_death(client: PipedriveClient, state: PipedriveState, anna: int) -> None:
    body = {
        "subject": "Demo",
        "type": "meeting",
        "owner_id": anna,
        "due_date": "2026-11-25",
        "due_time": "09:30",
        "duration": "00:45",
        "location": {"value": "Hauptstr. 1, Berlin"},
        "public_description": None,
    }
    made = client.create_activity(body)
    assert client.activity(made["id"])["due_time"] == "09:30"
    changed = client.update_activity(made["id"], {"due_time": None, "duration": None, "location": None})
    assert (changed["due_time"], changed["duration"], changed["location"]) == (None, None, None)
    assert changed["subject"] == "Demo"
    client.delete_activity(made["id"])
    with pytest.raises(NotFound):
        client.activity(made["id"])
    with pytest.raises(NotFound):
        client.delete_activity(made["id"])
    assert not state.live_activities()


def test_clearing_where_null_is_refused(client: PipedriveClient, service: Service, state: PipedriveState) -> None:
    state.options.null_clears, state.options.empty_clears_times = False, True
    for _ in range(2):
        each = state.add_activity("x", due_date="2026-11-25", due_time="09:30", location="Berlin")
        client.update_activity(each["id"], {"due_time": None, "location": None})
        assert not state.activities[each["id"]]["due_time"]
    assert [each.status for each in service.requests] == [400, 200, 200]


@pytest.mark.parametrize("gone", ["404", "410"])
def test_gone_is_not_found(client: PipedriveClient, state: PipedriveState, gone: str) -> None:
    state.options.get_deleted = gone  # type: ignore[assignment]
    made = state.add_activity("x")
    state.delete_activity(made["id"])
    with pytest.raises(NotFound):
        client.activity(made["id"])


def test_what_the_user_may_not_see(client: PipedriveClient, service: Service, state: PipedriveState, anna: int) -> None:
    """Asked for twice, and once who it is."""
    deals = [state.add_deal(title)["id"] for title in ("Roof", "Wall")]
    state.hide(anna, "deal", deals)
    for deal in deals:
        with pytest.raises(Hidden, match=f"connection's user see it in Pipedrive. .Pipedrive, deals.get {deal}: 403"):
            client.deal(deal)
    assert [each.path.split("/")[-1] for each in service.requests] == ["1", "me", "1", "2", "2"]


def test_a_refused_record(client: PipedriveClient) -> None:
    with pytest.raises(RecordError):
        client.create_activity({"subject": "x", "due_date": "tomorrow"})


@pytest.mark.parametrize("last_page", ["null", "absent", "no_additional_data"])
def test_all_pages(client: PipedriveClient, service: Service, state: PipedriveState, last_page: str) -> None:
    state.options.last_page = last_page  # type: ignore[assignment]
    state.options.empty_pages = 1
    for number in range(1001):
        state.add_activity(f"no. {number}")
    pages = list(client.activities())
    assert [len(each) for each in pages] == [0, 500, 500, 1]
    assert len({each["id"] for items in pages for each in items}) == 1001
    assert len(service.requests) == 4


def test_the_watermark_is_inclusive(client: PipedriveClient, service: Service, state: PipedriveState) -> None:
    at = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    for second in (0, 1, 2):
        state.add_activity("x", at=at + timedelta(seconds=second))
    found = [each["id"] for items in client.activities(updated_since=at + timedelta(seconds=1.9)) for each in items]
    assert found == [2, 3]
    until = at + timedelta(seconds=2)
    assert [len(each) for each in client.activities(updated_since=at, updated_until=until)] == [2]
    assert client.server_time is not None
    assert abs(client.server_time - service.clock.now()) < timedelta(seconds=2)


def test_what_activities_hang_on(client: PipedriveClient, state: PipedriveState, anna: int) -> None:
    organization = state.add_organization("Acme")
    persons = [state.add_person(f"P{number}", org_id=organization["id"])["id"] for number in range(101)]
    deal = state.add_deal("Big", person_id=persons[0])
    archived = state.add_deal("Old")
    state.archive_deal(archived["id"])
    lead = state.add_lead("Maybe", person_id=persons[0])
    activity = state.add_activity("x", deal_id=deal["id"])
    assert len(client.persons([*persons, 9999])) == 101
    assert [each["name"] for each in client.organizations([organization["id"]])] == ["Acme"]
    assert [each["title"] for each in client.deals([deal["id"], archived["id"]])] == ["Big"]
    assert client.deal(archived["id"])["title"] == "Old"
    assert client.lead(lead["id"])["title"] == "Maybe"
    assert [each["id"] for each in client.activities_by_ids([activity["id"], 77])] == [activity["id"]]
    assert client.me()["id"] == anna
    assert [each["email"] for each in client.users()] == ["anna@acme.example"]
    assert "meeting" in [each["key_string"] for each in client.activity_types()]


def test_costs_are_those_of_the_service(client: PipedriveClient, state: PipedriveState) -> None:
    test_what_activities_hang_on(client, state, next(iter(state.users)))
    assert client.tokens_spent == state.limits.spent_today


def test_a_full_burst_is_waited_out(
    client: PipedriveClient, service: Service, state: PipedriveState, world: World
) -> None:
    """Pipedrive blocks who goes on: each 429 is followed by the wait it asks for."""
    state.options.burst_enabled = True
    state.options.burst_requests = 4
    state.options.ignored_429_count = 1
    made = state.add_activity("x")
    for _ in range(20):
        client.activity(made["id"])
    statuses = [each.status for each in service.requests]
    assert statuses.count(200) == 20
    assert statuses.count(429) == len(world.slept_s) > 0


def test_an_exhausted_day_ends_at_midnight(
    client: PipedriveClient, service: Service, state: PipedriveState, world: World
) -> None:
    state.add_activity("x")
    state.limits.exhaust_day()
    for _ in range(3):
        with pytest.raises(BudgetExhausted) as caught:
            list(client.activities())
    assert caught.value.retry_at == datetime(2026, 11, 23, tzinfo=UTC)
    assert len(service.requests) == 1
    assert not world.slept_s


@pytest.mark.parametrize("lost", ["drop", "truncate", "html"])
def test_a_creation_whose_answer_is_lost_is_made_once(
    client: PipedriveClient, service: Service, state: PipedriveState, lost: str
) -> None:
    service.faults.add(Fault(lost, when="after", method="POST", status=200))
    with pytest.raises(RetryableError) as caught:
        client.create_activity({"subject": "x"})
    assert caught.value.unknown_outcome
    assert len(state.activities) == 1


def test_a_change_whose_answer_is_lost(client: PipedriveClient, service: Service, state: PipedriveState) -> None:
    """Carried out: the caller looks. Not carried out: it is sent again."""
    made = state.add_activity("x", at=datetime(2026, 11, 22, 8, 0, tzinfo=UTC))
    seen = client.activity(made["id"])["update_time"]
    service.faults.add(Fault("drop", when="before", method="PATCH"))
    assert client.update_activity(made["id"], {"subject": "y"}, seen_update_time=seen)["subject"] == "y"
    service.clock.advance(10)
    seen = client.activity(made["id"])["update_time"]
    service.faults.add(Fault("drop", when="after", method="PATCH"))
    with pytest.raises(RetryableError) as caught:
        client.update_activity(made["id"], {"subject": "z"}, seen_update_time=seen)
    assert caught.value.unknown_outcome
    assert client.activity(made["id"])["subject"] == "z"


@pytest.mark.parametrize("broken", ["drop", "truncate", "html"])
def test_a_broken_listing_is_read_again(
    client: PipedriveClient, service: Service, state: PipedriveState, broken: str
) -> None:
    state.add_activity("x")
    service.faults.add(Fault(broken, status=200, times=3))
    assert [len(each) for each in client.activities()] == [1]
    assert len(service.requests) == 4


def test_a_replaced_token(client: PipedriveClient, service: Service, state: PipedriveState, anna: int) -> None:
    state.regenerate_token(anna)
    with pytest.raises(CredentialRefused, match="API token"):
        client.me()
    assert len(service.requests) == 1


def test_oauth(service: Service, state: PipedriveState, anna: int, open_pipedrive: Open) -> None:
    client = open_pipedrive(service.url, auth=OAuthRefresh(**state.oauth_client(anna)))
    assert client.me()["id"] == anna
    state.expire_access_tokens()
    made = client.create_activity({"subject": "x"})
    assert [each.status for each in service.requests if each.path != "/oauth/token"] == [200, 401, 200]
    assert list(state.activities) == [made["id"]]
    state.revoke_oauth(anna)
    with pytest.raises(CredentialRefused, match="Consent again"):
        client.me()


def test_a_missing_scope(service: Service, state: PipedriveState, anna: int, open_pipedrive: Open) -> None:
    client = open_pipedrive(service.url, auth=OAuthRefresh(**state.oauth_client(anna, "base")))
    with pytest.raises(CredentialRefused, match="scope"):
        list(client.activities())


def test_no_token_in_any_url(client: PipedriveClient, service: Service, state: PipedriveState, anna: int) -> None:
    test_one_activity_from_birth_to_death(client, state, anna)
    assert service.requests
    assert not [each for each in service.requests if state.token_for(anna) in f"{each.path}{each.query}{each.body}"]
