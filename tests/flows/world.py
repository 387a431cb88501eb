"""A small company on the sandbox, and the product's flows at work on it, without Airflow."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

import google.auth.credentials
import google.auth.crypt
import yaml
from google.oauth2 import service_account
from sqlalchemy import Engine, select

from include.calsync.clients.auth import ApiToken
from include.calsync.clients.google_calendar import GoogleCalendarClient
from include.calsync.clients.pipedrive import PipedriveClient
from include.calsync.clients.sessions import DEFAULT_TIMING, Timing
from include.calsync.clients.transport import Limiter, NoLimiter
from include.calsync.core.planning.row_format import ROW_FORMAT
from include.calsync.environment import Environment
from include.calsync.flows.closing.close import Summary
from include.calsync.flows.planning.plan import plan
from include.calsync.flows.pulling.pull import pull_activities
from include.calsync.flows.request import RetireOptions, RunRequest, UndoOptions, UploadOptions
from include.calsync.flows.services import Services
from include.calsync.flows.sync import sync
from include.calsync.store.limits import StoreLimiter
from include.calsync.store.tables import account, change_log, cursor, link, plan_row
from include.sandbox.server import Sandbox
from tests.flows.order import in_order
from tests.store.template import engine_with_schema

T = TypeVar("T")
MINUTES_S = 60
SCOPES = ["https://www.googleapis.com/auth/calendar"]
ANNA = "anna@acme.example"
NOW = datetime.now(UTC).replace(microsecond=0)


def day(offset: int) -> str:
    """A date some days from today, as both services write it."""
    return (NOW + timedelta(days=offset)).date().isoformat()


TASKS = ("pull_events", "plan", "upsert_events", "upsert_activities")


class Tasks:
    """The tasks of one run, some of which have a fate of their own."""

    def __init__(self, fates: Mapping[str, str]) -> None:
        self.fates = dict(fates)
        self.broken: list[str] = []

    def do(self, name: str, work: Callable[[], T]) -> T | None:
        """Carry the task out, as its fate allows. One mapped task that fails does not stop the others of its kind."""
        failed_before = set(self.broken) - {name}
        fate = self.fates.pop(name, "")
        if name != "close" and (failed_before or fate == "skipped"):
            return None
        if fate == "failed":
            self.broken.append(name)
            return None
        if fate == "twice":
            work()
        return work()


@cache
def _signer(private_key: str) -> google.auth.crypt.RSASigner:
    """Reading a key takes longer than a run."""
    return google.auth.crypt.RSASigner.from_string(private_key)  # type: ignore[no-any-return]


@dataclass
class World:
    """One company, its Google users, the accounts file and the store. Time passes only through `pass_time`."""

    sandbox: Sandbox
    folder: Path
    store_url: str
    accounts: list[dict[str, Any]] = field(default_factory=list)
    offset: timedelta = timedelta(0)
    resend_after_s: float = 120.0
    log_personal_data: bool = False
    keep_days: int = 400
    deployments: tuple[str, ...] = ("sandbox",)
    has_file: bool = True
    """Whether an accounts file is named."""
    limited: bool = False
    """Whether the limits of the store are at work: token budget, pauses, requests per second."""
    timing: Timing = DEFAULT_TIMING

    def __post_init__(self) -> None:
        self.pipedrive, self.google = self.sandbox.pipedrive.state, self.sandbox.google.state
        self.pipedrive.options.burst_enabled = False
        self.pipedrive.options.daily_tokens = 10_000_000
        self.google.quotas.on = False
        self.pipedrive.company(id=77, name="Acme", domain="acme")
        self.anna = self.pipedrive.add_user("Anna", ANNA, "Europe/Berlin")["id"]
        self.google.add_user(ANNA, time_zone="Europe/Berlin")
        self.calendar = self.google.add_calendar(ANNA, "Sales")
        self.account(name="anna", pipedrive_user=ANNA, google_user=ANNA, calendar=self.calendar)
        self.tokens = {"pipedrive_default": self.pipedrive.token_for(self.anna)}
        self.engine: Engine = engine_with_schema(self.store_url)
        self._numbers = itertools.count(1)
        self._clients: dict[Any, Any] = {}
        self._begun: set[tuple[str, str, str]] = set()
        self._passing = threading.Lock()

    # The configuration.

    @property
    def accounts_file(self) -> Path:
        return self.folder / "accounts.yaml"

    def account(self, **settings: Any) -> None:
        """Add an account, or change the one of that name."""
        known = [one for one in self.accounts if one["name"] == settings["name"]]
        if known:
            known[0].update(settings)
        else:
            self.accounts.append(settings)
        self.write_accounts()

    def write_accounts(self) -> None:
        """Write the accounts file anew."""
        self.accounts_file.write_text(yaml.safe_dump({"accounts": self.accounts}))

    def anna_is(self, **settings: Any) -> None:
        """Change Anna's account."""
        self.account(name="anna", **settings)

    def add_colleague(self, name: str, **settings: Any) -> tuple[int, str]:
        """Another user with a calendar and an account: (user id, calendar id)."""
        mail = f"{name}@acme.example"
        user = self.pipedrive.add_user(name.title(), mail, "Europe/Berlin")["id"]
        self.google.add_user(mail, time_zone="Europe/Berlin")
        calendar = self.google.add_calendar(mail, "Sales")
        self.account(name=name, pipedrive_user=mail, google_user=mail, calendar=calendar, **settings)
        return user, calendar

    # Time.

    def clock(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def sleep(self, seconds: float) -> None:
        self.pass_time(seconds)

    def pass_time(self, seconds: float) -> None:
        """For us and for both services. No request is under way for minutes."""
        while seconds >= MINUTES_S and self.sandbox.pipedrive.held_count + self.sandbox.google.held_count:
            time.sleep(0.01)
        with self._passing:  # several writes of one account may be about to sleep
            self.offset += timedelta(seconds=seconds)
            self.sandbox.pipedrive.clock.advance(seconds)
            self.sandbox.google.clock.advance(seconds)

    # The product.

    def services(self) -> Services:
        return Services(
            engine=self.engine,
            pipedrive=self._pipedrive,
            google=self._google,
            sleep=self.sleep,
            environment=Environment(
                accounts_file=self.accounts_file if self.has_file else None,
                shards=None,
                resend_after_s=self.resend_after_s,
                log_personal_data=self.log_personal_data,
                schedule="*/5 * * * *",
                deployments=self.deployments,
                keep_days=self.keep_days,
            ),
            clock=self.clock,
        )

    def _pipedrive(self, conn_id: str) -> PipedriveClient:
        return self._cached(
            ("pipedrive", conn_id, self.tokens[conn_id]),
            lambda: PipedriveClient(
                base_url=self.sandbox.pipedrive.url,
                auth=ApiToken(self.tokens[conn_id]),
                limiter=self._limiter(),
                key=conn_id,
                sleep=self.sleep,
                clock=self.clock,
                timing=self.timing,
            ),
        )

    def _google(self, conn_id: str, user: str) -> GoogleCalendarClient:
        return self._cached(
            ("google", conn_id, user),
            lambda: GoogleCalendarClient(
                credentials=self._credentials(user),
                user=user,
                quota_user=user,
                api_endpoint=self.sandbox.google.url,
                limiter=self._limiter(),
                project_key=conn_id,
                sleep=self.sleep,
                clock=self.clock,
                timing=self.timing,
            ),
        )

    def _limiter(self) -> Limiter:
        return StoreLimiter(self.engine, self.clock, self.sleep) if self.limited else NoLimiter()

    def restart(self) -> None:
        """New processes: nothing but the store is remembered (and statements that were compiled)."""
        self.engine.dispose()
        self._clients.clear()

    def lose_store(self) -> None:
        """The database (SQLite) is gone; what comes after begins with an empty one."""
        self.engine.dispose()
        Path(self.store_url.removeprefix("sqlite:///")).unlink()
        self.restart()

    def _credentials(self, user: str) -> google.auth.credentials.Credentials:
        key = self.google.service_account_key()
        return service_account.Credentials(
            _signer(key["private_key"]), key["client_email"], key["token_uri"], scopes=SCOPES, subject=user
        )

    def _cached(self, key: Any, make: Callable[[], T]) -> T:
        if key not in self._clients:
            self._clients[key] = make()
        made: T = self._clients[key]
        return made

    def _begin(self) -> None:
        """Accounts are connected in whole seconds: what was there before is older by one, and never by chance younger.

        So a test that wants to see an item synced connects the account first, by a run."""
        new = {(one["name"], str(one.get("calendar")), str(one.get("google_user"))) for one in self.accounts}
        if new - self._begun:
            self._begun |= new
            self.pass_time(1)

    def request(self, **options: Any) -> RunRequest:
        self._begin()
        number = next(self._numbers)
        return RunRequest(
            **{"dag_id": "calendar_sync", "kind": "scheduled", "owner": f"run-{number} task-1", **options}
        )

    def sync(self, fates: Mapping[str, str] | None = None, **options: Any) -> Summary:
        """One run, all its steps; a run that must not be green still returns its summary.

        Args:
            fates: what becomes of some of its tasks (`TASKS`; of mapped ones the first): `failed` for good, so that
                none but the last follows; `skipped`, as if a person had marked it as success; `twice`, as a try that
                died after its last commit.
        """
        services, tasks = self.services(), Tasks(fates or {})

        def do(step: Callable[..., Any], *arguments: Any) -> Any:
            answer: Any = tasks.do(step.__name__, partial(self.carry_out, step, services, *arguments))
            return (
                [[name] for shard in answer for name in shard]
                if fates and answer and step in (pull_activities, plan)
                else answer
            )

        summary = sync(self.request(**options), do, tasks.broken)
        self.assert_decided()
        return summary

    def carry_out(self, step: Callable[..., Any], services: Services, *arguments: Any) -> Any:
        """Do one step of a run, here and now."""
        return step(services, *arguments)

    def assert_decided(self) -> None:
        """Each row that was planned says which rule decided it."""
        row = plan_row.c
        with self.engine.connect() as conn:
            query = select(row.action, row.reason).where(row.rule.is_(None), row.format == ROW_FORMAT)
            assert conn.execute(query).all() == []

    def upload(self, **options: Any) -> Summary:
        """One run of the upload."""
        run = {key: options.pop(key) for key in ("accounts", "dry_run", "fates") if key in options}
        return self.sync(dag_id="upload_unsynced_activities", kind="upload", upload=UploadOptions(**options), **run)

    def undo(
        self,
        sync_run_id: str = "",
        *,
        link_id: int | None = None,
        conflict_id: int | None = None,
        conflict_field: str | None = None,
        **options: Any,
    ) -> Summary:
        """One run of the undo."""
        asked = UndoOptions(sync_run_id, "olga", link_id, conflict_id, conflict_field)
        return self.sync(dag_id="undo_sync_run", kind="undo", undo=asked, **options)

    def retire(self, name: str = "anna", events: str = "keep", **options: Any) -> Summary:
        """One run of the retirement."""
        asked = RetireOptions(name, events, "olga")
        return self.sync(dag_id="retire_account", kind="retire", retire=asked, **options)

    def upload_options(self, **options: Any) -> UploadOptions:
        """What an upload is asked for, for a run that is taken step by step."""
        return UploadOptions(**options)

    def reconcile(self, **options: Any) -> Summary:
        """One run of the comparison, started by hand unless said otherwise."""
        return self.sync(**{"dag_id": "calendar_reconcile", "kind": "manual", "reconcile": True, **options})

    def reconcile_days(self, first: int, days_count: int = 1, **options: Any) -> Summary:
        """A backfill of the comparison over whole days (UTC), counted from today."""
        since = datetime.fromisoformat(f"{day(first)}T00:00:00+00:00")
        interval = (since, since + timedelta(days=days_count))
        return self.reconcile(kind="backfill", interval=interval, **options)

    def green(self, **options: Any) -> dict[str, Any]:
        """One run that must be green; what it reports of Anna's account."""
        summary = self.sync(**options)
        assert summary.failure is None, summary.failure
        return dict(summary.result["accounts"]["anna"])

    # People at work.

    def activity(self, subject: str = "Call", **fields: Any) -> dict[str, Any]:
        """Somebody adds an activity, tomorrow at nine (UTC) unless said otherwise."""
        fields = {
            "owner_id": self.anna,
            "type": "call",
            "due_date": day(1),
            "due_time": "09:00",
            "duration": "00:30",
        } | fields
        return dict(self.pipedrive.add_activity(subject, **fields))

    def event(self, summary: str = "Lunch", calendar: str | None = None, **fields: Any) -> dict[str, Any]:
        """Somebody adds an event, tomorrow at eleven (UTC) for an hour unless said otherwise."""
        fields = {
            "start": {"dateTime": f"{day(1)}T11:00:00Z", "timeZone": "Europe/Berlin"},
            "end": {"dateTime": f"{day(1)}T12:00:00Z", "timeZone": "Europe/Berlin"},
        } | fields
        return dict(self.google.add_event(calendar or self.calendar, summary=summary, **fields))

    # What there is.

    def cursors(self) -> list[Any]:
        """Where the next runs begin, and which run moved each cursor there."""
        with self.engine.connect() as conn:
            return list(conn.execute(select(cursor).order_by(cursor.c.account_id, cursor.c.side)))

    def events(self, calendar: str | None = None) -> list[dict[str, Any]]:
        """Live events."""
        stored = self.google.events(calendar or self.calendar).values()
        return in_order([event for event in stored if event.get("status") != "cancelled"])

    def the_event(self, calendar: str | None = None) -> dict[str, Any]:
        (event,) = self.events(calendar)
        return event

    def edit_event(self, event: dict[str, Any], **patch: Any) -> None:
        self.google.edit_event(self.calendar, event["id"], **patch)

    def activities(self) -> list[dict[str, Any]]:
        """Live activities."""
        return [dict(row) for row in self.pipedrive.live_activities()]

    def the_activity(self) -> dict[str, Any]:
        (activity,) = self.activities()
        return activity

    def links(self) -> list[Any]:
        """In the order of the activities."""
        with self.engine.connect() as conn:
            return list(conn.execute(select(link).order_by(link.c.activity_id, link.c.id)))

    def changes(self) -> list[Any]:
        with self.engine.connect() as conn:
            return list(conn.execute(select(change_log).order_by(change_log.c.id)))

    # What was asked.

    @contextmanager
    def requests(self) -> Iterator[Counter[str]]:
        """Operations that the services see inside, e.g. {"GET /api/v2/activities": 1}; token requests left out."""
        self.sandbox.pipedrive.reset_requests()
        self.sandbox.google.reset_requests()
        seen: Counter[str] = Counter()
        yield seen
        for service in (self.sandbox.pipedrive, self.sandbox.google):
            seen.update(f"{r.method} {r.operation}" for r in service.requests if "token" not in r.operation)

    def writes(self) -> int:
        """Requests since the last reset that may have changed something."""
        services = (self.sandbox.pipedrive, self.sandbox.google)
        return sum(r.method != "GET" and "token" not in r.path for s in services for r in s.requests)

    def assert_quiet(self) -> None:
        """A run with nothing to do writes nothing (law 4)."""
        with self.requests():
            self.green()
        assert self.writes() == 0


def account_row(world: World, name: str = "anna") -> Any:
    """What the store knows of an account."""
    with world.engine.connect() as conn:
        return conn.execute(select(account).where(account.c.name == name)).one()
