"""The Google Calendar client against the sandbox: what the service's rules make of what the client sends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from google.oauth2 import service_account
from google.oauth2.credentials import Credentials

from include.calsync.clients.google_calendar import GoogleCalendarClient
from include.calsync.errors import (
    BudgetExhausted,
    CredentialRefused,
    Duplicate,
    NotFound,
    PreconditionFailed,
    RecordError,
    SyncTokenExpired,
)
from include.sandbox.base import Fault, SandboxClock, ServerThread, Service
from include.sandbox.google.service import create_google
from include.sandbox.google.state import GoogleState
from tests.clients.local_server import World

Open = Callable[..., GoogleCalendarClient]
ANNA = "anna@acme.example"
BEN = "ben@acme.example"
SCOPES = ["https://www.googleapis.com/auth/calendar"]
START = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
TIMES = {
    "start": {"dateTime": "2026-11-25T10:30:00+01:00", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2026-11-25T11:00:00+01:00", "timeZone": "Europe/Berlin"},
}


@pytest.fixture
def service() -> Iterator[Service]:
    made = create_google(SandboxClock(), seed=1)
    thread = ServerThread()
    thread.serve(made)
    made.state.add_user(ANNA)
    made.state.add_user(BEN)
    yield made
    thread.stop()


@pytest.fixture
def state(service: Service) -> GoogleState:
    state: GoogleState = service.state
    return state


@pytest.fixture
def acting(service: Service, state: GoogleState, world: World, open_google: Open) -> Open:
    """`acting(user)`: a client of the service account, which acts as the user; its sleep moves the sandbox's clock."""

    def sleep(length_s: float) -> None:
        world.slept_s.append(length_s)
        world.now += timedelta(seconds=length_s)
        service.clock.advance(length_s)

    world.sleep = sleep  # type: ignore[method-assign]

    def opened(user: str) -> GoogleCalendarClient:
        info = state.service_account_key()
        credentials = service_account.Credentials.from_service_account_info(info, scopes=SCOPES).with_subject(user)
        return open_google(service.url, credentials=credentials, quota_user=user)

    return opened


@pytest.fixture
def client(acting: Open) -> GoogleCalendarClient:
    return acting(ANNA)


def calls(service: Service) -> list[tuple[str, int]]:
    return [(each.operation, each.status) for each in service.requests if "/calendar/v3/" in each.path]


def test_one_event_from_birth_to_death(client: GoogleCalendarClient, state: GoogleState) -> None:
    made = client.insert_event("primary", {"id": "abcde01", "summary": "Demo", **TIMES})
    assert client.get_event("primary", "abcde01")["summary"] == "Demo"
    changed = client.patch_event("primary", "abcde01", {"summary": "New"}, etag=made["etag"])
    with pytest.raises(PreconditionFailed):
        client.patch_event("primary", "abcde01", {"summary": "Old"}, etag=made["etag"])
    with pytest.raises(PreconditionFailed):
        client.delete_event("primary", "abcde01", etag=made["etag"])
    client.delete_event("primary", "abcde01", etag=changed["etag"])
    client.delete_event("primary", "abcde01", etag=None)
    assert client.get_event("primary", "abcde01")["status"] == "cancelled"
    with pytest.raises(Duplicate):
        client.insert_event("primary", {"id": "abcde01", **TIMES})
    revived = client.patch_event("primary", "abcde01", {"status": "confirmed", "summary": "Again"}, etag=None)
    assert (revived["status"], revived["summary"]) == ("confirmed", "Again")
    for call in (
        lambda: client.get_event("primary", "nowhere"),
        lambda: client.delete_event("primary", "nowhere", etag=None),
        lambda: client.get_calendar("nowhere@group.calendar.google.com"),
    ):
        with pytest.raises(NotFound):
            call()
    assert state.mails == []


def test_a_refused_record(client: GoogleCalendarClient) -> None:
    with pytest.raises(RecordError):
        client.insert_event("primary", {"id": "wxyz", **TIMES})
    with pytest.raises(RecordError, match="timeRangeEmpty"):
        client.insert_event("primary", {"id": "abcde", "start": TIMES["end"], "end": TIMES["start"]})


def test_listings_full_and_incremental(client: GoogleCalendarClient, service: Service, state: GoogleState) -> None:
    ids = [state.add_event(ANNA, summary=f"no. {number}", start=START)["id"] for number in range(5)]
    state.options.page_sizes.extend([2, 0])
    full = client.list_events(ANNA)
    assert [[each["id"] for each in items] for items in full.pages()] == [ids[:2], [], ids[2:]]
    assert (full.access_role, full.time_zone) == ("owner", "Europe/Berlin")
    state.delete_event(ANNA, ids[0])
    state.edit_event(ANNA, ids[1], summary="edited")
    state.options.page_sizes.append(1)
    changed = client.list_events(ANNA, sync_token=full.next_sync_token)
    found = {each["id"]: each["status"] for items in changed.pages() for each in items}
    assert found == {ids[0]: "cancelled", ids[1]: "confirmed"}
    quiet = client.list_events(ANNA, sync_token=changed.next_sync_token)
    assert [item for items in quiet.pages() for item in items] == []
    assert quiet.next_sync_token
    assert quiet.server_time is not None
    assert abs(quiet.server_time - service.clock.now()) < timedelta(seconds=2)
    assert {status for _, status in calls(service)} == {200}


def test_windows(client: GoogleCalendarClient, state: GoogleState) -> None:
    for day in range(4):
        state.add_event(ANNA, summary=str(day), start=START + timedelta(days=day))
    listing = client.list_events(ANNA, time_min=START + timedelta(days=1), time_max=START + timedelta(days=2, hours=1))
    assert [each["summary"] for items in listing.pages() for each in items] == ["1", "2"]
    recent = client.list_events(ANNA, updated_min=datetime.now(UTC) - timedelta(days=1))
    assert sum(len(items) for items in recent.pages()) == 4
    with pytest.raises(SyncTokenExpired):
        list(client.list_events(ANNA, updated_min=datetime.now(UTC) - timedelta(days=40)).pages())


@pytest.mark.parametrize("status", [400, 410])
def test_tokens_that_are_over(client: GoogleCalendarClient, acting: Open, state: GoogleState, status: int) -> None:
    listing = client.list_events(ANNA)
    list(listing.pages())
    state.options.foreign_sync_token_status = status
    with pytest.raises(SyncTokenExpired):
        list(acting(BEN).list_events(BEN, sync_token=listing.next_sync_token).pages())
    state.expire_sync_tokens(ANNA)
    with pytest.raises(SyncTokenExpired):
        list(client.list_events(ANNA, sync_token=listing.next_sync_token).pages())


def test_calendars(client: GoogleCalendarClient, state: GoogleState) -> None:
    made = client.insert_calendar("Pipedrive", "Europe/Berlin", "CRM activities")
    assert client.get_calendar(made["id"])["timeZone"] == "Europe/Berlin"
    for number in range(260):
        state.add_calendar(ANNA, f"no. {number}")
    listed = list(client.calendars())
    assert len(listed) == 262
    assert [each["id"] for each in listed if each.get("primary")] == [ANNA]
    assert [each["id"] for each in listed if each["summary"] == "Pipedrive"] == [made["id"]]


def test_a_calendar_that_may_only_be_read(client: GoogleCalendarClient, service: Service, state: GoogleState) -> None:
    state.share(BEN, ANNA, "reader")
    listing = client.list_events(BEN)
    list(listing.pages())
    assert listing.access_role == "reader"
    with pytest.raises(CredentialRefused, match="Share the calendar"):
        client.insert_event(BEN, {"id": "abcde", **TIMES})
    assert calls(service)[1:] == [("events.insert", 403)]


def test_a_full_quota_is_waited_out(
    client: GoogleCalendarClient, service: Service, state: GoogleState, world: World
) -> None:
    state.quotas.per_user = 2
    service.clock.freeze()
    for _ in range(2):
        list(client.list_events(ANNA).pages())
        service.clock.advance(27)
    list(client.list_events(ANNA).pages())
    assert [status for _, status in calls(service)] == [200, 200, 403, 403, 403, 200]
    assert 6 <= sum(world.slept_s) < 10


def test_the_operational_limit(
    client: GoogleCalendarClient, service: Service, state: GoogleState, world: World
) -> None:
    state.refuse_writes(ANNA)
    for _ in range(3):
        with pytest.raises(BudgetExhausted) as caught:
            client.insert_event(ANNA, {"id": "abcde", **TIMES})
    assert caught.value.retry_at == world.now + timedelta(hours=3)
    assert calls(service) == [("events.insert", 403)]
    assert not world.slept_s


@pytest.mark.parametrize("lost", ["drop", "truncate", "html"])
def test_an_insert_whose_answer_is_lost(
    client: GoogleCalendarClient, service: Service, state: GoogleState, lost: str
) -> None:
    service.faults.add(Fault(lost, when="after", method="POST", path="/events$", status=200))
    with pytest.raises(Duplicate) as caught:
        client.insert_event(ANNA, {"id": "abcde", **TIMES})
    assert caught.value.unknown_outcome
    assert list(state.events(ANNA)) == ["abcde"]


def test_a_change_whose_answer_is_lost(client: GoogleCalendarClient, service: Service, state: GoogleState) -> None:
    made = state.add_event(ANNA, summary="x", start=START)
    service.faults.add(Fault("drop", when="after", method="PATCH"))
    with pytest.raises(PreconditionFailed) as caught:
        client.patch_event(ANNA, made["id"], {"summary": "y"}, etag=made["etag"])
    assert caught.value.unknown_outcome
    assert client.get_event(ANNA, made["id"])["summary"] == "y"
    service.faults.add(Fault("drop", when="after", method="DELETE"))
    client.delete_event(ANNA, made["id"], etag=None)
    assert state.event(ANNA, made["id"])["status"] == "cancelled"


@pytest.mark.parametrize("broken", ["drop", "truncate", "html"])
def test_a_broken_listing_is_read_again(
    client: GoogleCalendarClient, service: Service, state: GoogleState, broken: str
) -> None:
    state.add_event(ANNA, summary="x", start=START)
    list(client.list_events(ANNA).pages())
    service.reset_requests()
    service.faults.add(Fault(broken, status=200, times=3))
    assert [len(each) for each in client.list_events(ANNA).pages()] == [1]
    assert len(service.requests) == 4


def test_a_listing_that_lost_its_end(client: GoogleCalendarClient, service: Service, state: GoogleState) -> None:
    """Half of the items under a valid token can't be told from a short page; where a token is gone, none is stored."""
    for number in range(4):
        state.add_event(ANNA, summary=str(number), start=START)
    state.options.page_sizes.extend([2, 2])
    service.faults.add(Fault("truncate", still_parses=True, path="/events$"))
    listing = client.list_events(ANNA)
    assert sum(len(each) for each in listing.pages()) < 4
    assert listing.next_sync_token is None


def test_access_tokens_end_and_are_withdrawn(
    client: GoogleCalendarClient, service: Service, state: GoogleState
) -> None:
    client.get_calendar(ANNA)
    state.expire_access_tokens()
    client.get_calendar(ANNA)
    assert calls(service) == [("calendars.get", 200), ("calendars.get", 401), ("calendars.get", 200)]
    state.revoke(ANNA)
    with pytest.raises(CredentialRefused, match="Consent again"):
        client.get_calendar(ANNA)


def test_an_unknown_subject_and_a_missing_delegation(acting: Open, service: Service, state: GoogleState) -> None:
    with pytest.raises(CredentialRefused, match="no such user"):
        acting("nobody@acme.example").get_calendar("primary")
    state.delegate()
    with pytest.raises(CredentialRefused, match="domain-wide delegation"):
        acting(BEN).get_calendar("primary")
    assert calls(service) == []


def test_a_users_consent(service: Service, state: GoogleState, open_google: Open) -> None:
    client = open_google(service.url, credentials=Credentials(None, **state.oauth_client(ANNA)))
    assert client.get_calendar("primary")["id"] == ANNA
    narrow = state.oauth_client(ANNA, ["https://www.googleapis.com/auth/calendar.events.readonly"])
    client = open_google(service.url, credentials=Credentials(None, **narrow))
    list(client.list_events(ANNA).pages())
    with pytest.raises(CredentialRefused, match="scopes"):
        client.insert_event(ANNA, {"id": "abcde", **TIMES})
