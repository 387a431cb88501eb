"""Opening a run: which accounts take part, who they are, and that nobody else works on them."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from include.calsync.core.policy import Mode, Policy
from include.calsync.errors import AccountBusy, AccountError, BudgetExhausted, LeaseLost, ServiceError, SettingsError
from include.calsync.flows.accounts import Resolved, clashes, resolve
from include.calsync.flows.services import Services
from include.calsync.settings import Account, load_accounts
from include.calsync.store import runs
from include.calsync.store.directory import Directory
from include.calsync.store.engine import migrate
from include.calsync.store.tables import account as account_table
from include.calsync.store.tables import run_account as run_account_table
from include.calsync.store.transaction import reading

log = logging.getLogger(__name__)
STAGING_KEPT = timedelta(days=2)


@dataclass(frozen=True)
class UploadOptions:
    """What `upload_unsynced_activities` is asked to bring over; dates are inclusive and in UTC."""

    direction: str = "to_google"
    due_from: date | None = None
    due_to: date | None = None
    types: list[str] | None = None
    include_done: bool = True


@dataclass(frozen=True)
class RunRequest:
    """What a DAG run asks for. `owner` names the Airflow run and try, for the leases."""

    dag_id: str
    kind: str
    owner: str
    accounts: list[str] | None = None
    dry_run: bool = False
    full: bool = False
    interval: tuple[datetime, datetime] | None = None
    upload: UploadOptions | None = None

    def to_json(self) -> dict[str, Any]:
        out = asdict(self)
        out["interval"] = [at.isoformat() for at in self.interval] if self.interval else None
        if out["upload"]:
            for key in ("due_from", "due_to"):
                out["upload"][key] = out["upload"][key].isoformat() if out["upload"][key] else None
        return out

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> RunRequest:
        interval, upload = value["interval"], value["upload"]
        if upload:
            dates = {key: date.fromisoformat(upload[key]) if upload[key] else None for key in ("due_from", "due_to")}
            upload = UploadOptions(**{**upload, **dates})
        span = (datetime.fromisoformat(interval[0]), datetime.fromisoformat(interval[1])) if interval else None
        return cls(**{**value, "interval": span, "upload": upload})


@dataclass
class RunAccount:
    """One account in one run, with its settings, ids and rules."""

    id: int
    name: str
    settings: Account
    company_id: str
    user_id: int
    calendar_id: str | None
    policy: Policy
    state: str
    error: str | None
    fence: int | None
    activities_connected_at: datetime | None
    events_connected_at: datetime | None
    settings_changed: bool
    mode_changed: bool
    counts: dict[str, Any] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


@dataclass
class Run:
    """A run and the accounts that it (or one shard of it) works on."""

    id: str
    request: RunRequest
    accounts: list[RunAccount]
    started_at: datetime

    def working(self) -> list[RunAccount]:
        return [account for account in self.accounts if account.state == "ok"]


@dataclass(frozen=True)
class Stop:
    """Why an account is not worked on: `busy` (the next runs go on by themselves) or `failed`."""

    state: str
    error: str

    @classmethod
    def by(cls, name: str, error: Exception) -> Stop:
        """Who asks in vain of a service hits a pause once and fails; who only finds the pause set waits for its end."""
        paused = isinstance(error, BudgetExhausted) and error.status is None
        return cls("busy" if paused else "failed", named(name, error))


def open_run(services: Services, request: RunRequest) -> str:
    """Migrate the store, read the accounts, find out who they are, and take their leases.

    Returns: the sync run's id.

    Raises:
        SettingsError: the accounts file is missing or wrong, or an account asked for is unknown; nothing was requested.
    """
    configured = _configured(services, request.accounts)
    migrate(services.engine)
    run_id = str(uuid.uuid4())
    directory = Directory(services.engine, services.clock, read_only=request.dry_run)
    with services.engine.begin() as conn:
        runs.drop_stale(conn, services.clock() - STAGING_KEPT)
        runs.create(
            conn,
            run_id=run_id,
            dag_id=request.dag_id,
            kind=request.kind,
            dry_run=request.dry_run,
            request=request.to_json(),
            at=services.clock(),
        )
        _pause_others(conn, {account.name for account in configured})
    with counted(services, run_id):
        enabled = [account for account in configured if account.enabled]
        found, problems = _resolve_all(services, directory, enabled, request)
        for account in enabled:
            if request.accounts is None or account.name in request.accounts:
                _enlist(services, run_id, request, account, found.get(account.name), problems.get(account.name))
    return run_id


@contextmanager
def at_work(services: Services, run: Run) -> Iterator[None]:
    """What every task does besides its work: count requests, and renew the leases of the accounts it works on."""
    fences = {account.id: account.fence for account in run.working() if account.fence is not None}
    with counted(services, run.id), services.leases.kept(fences):
        yield


@contextmanager
def counted(services: Services, run_id: str) -> Iterator[None]:
    """Add what is asked of the services inside to the run's usage, whatever happens."""
    before = services.usage()
    try:
        yield
    finally:
        used = [now - then for now, then in zip(services.usage(), before, strict=True)]
        if any(used):
            with services.engine.begin() as conn:
                runs.add_usage(conn, run_id, *used)


def _configured(services: Services, wanted: Iterable[str] | None) -> list[Account]:
    path = services.environment.accounts_file
    if path is None:
        raise SettingsError(
            ["CALSYNC_ACCOUNTS_FILE is not set. Write the accounts into a YAML file and name it in this variable."]
        )
    configured = load_accounts(path)
    unknown = sorted(set(wanted or ()) - {account.name for account in configured})
    if unknown:
        names = ", ".join(account.name for account in configured) or "none"
        raise SettingsError([f"accounts: {', '.join(unknown)}: not in {path}. Known: {names}."])
    return configured


def _resolve_all(
    services: Services, directory: Directory, enabled: list[Account], request: RunRequest
) -> tuple[dict[str, Resolved], dict[str, Stop]]:
    found: dict[str, Resolved] = {}
    problems: dict[str, Stop] = {}
    for account in enabled:
        try:
            found[account.name] = resolve(services, directory, account, dry_run=request.dry_run)
            _refuse_forbidden_upload(account, request)
        except (AccountError, ServiceError) as error:
            problems[account.name] = Stop.by(account.name, error)
    clashing = clashes([(account, found[account.name]) for account in enabled if account.name in found])
    return found, {**{name: Stop("failed", text) for name, text in clashing.items()}, **problems}


def _refuse_forbidden_upload(account: Account, request: RunRequest) -> None:
    if request.upload is None:
        return
    forbidden = {Mode.TO_GOOGLE: "to_pipedrive", Mode.TO_PIPEDRIVE: "to_google"}.get(Mode(account.mode))
    if forbidden and request.upload.direction in (forbidden, "both"):
        raise AccountError(
            f"account {account.name}: its mode {account.mode} forbids an upload with direction "
            f"{request.upload.direction}. Choose another direction, or change the mode."
        )


def _enlist(
    services: Services,
    run_id: str,
    request: RunRequest,
    account: Account,
    found: Resolved | None,
    problem: Stop | None,
) -> None:
    connected = None if request.dry_run else _service_times(services, account, found)
    with services.engine.begin() as conn:
        account_id = _account_id(conn, account.name, found)
        if connected is not None:
            _connect(conn, account_id, connected)
        if not request.dry_run:
            paused = account_table.c.id == account_id, account_table.c.state == "paused"
            conn.execute(update(account_table).where(*paused).values(state="ok", error=None))
            if problem and problem.state == "failed":
                _mark_failed(conn, account_id, problem.error)
        settings = {**account.model_dump(mode="json"), "_zone": found.zone if found else "UTC"}
        runs.add_account(
            conn,
            run_id=run_id,
            account_id=account_id,
            settings=settings,
            state=problem.state if problem else "ok",
            error=problem.error if problem else None,
        )
    if not problem and not request.dry_run and request.upload is None:
        take_leases(services, run_id, request.owner, [account.name])


def _account_id(conn: Connection, name: str, found: Resolved | None) -> int:
    """The row of (company, user, calendar), whatever its name was; else the row of this name; else a new one."""
    row = account_table.c
    named = conn.execute(select(account_table).where(row.name == name)).first()
    if found is None:
        if named is not None:
            return int(named.id)
        return int(conn.execute(insert(account_table).values(name=name).returning(row.id)).scalar_one())
    ids = {"company_id": found.company_id, "user_id": found.user_id, "calendar_id": found.calendar_id}
    same = conn.execute(select(account_table).filter_by(**ids)).first() if found.calendar_id else None
    if same is not None and same.name == name:
        return int(same.id)
    unclaimed = named is not None and named.company_id is None
    if named is not None and (same is not None or not unclaimed):
        if named.calendar_id == found.calendar_id and same is None and named.company_id == found.company_id:
            return int(named.id)
        retired = {"name": f"{name}~{named.id}", "state": "paused"}
        conn.execute(update(account_table).where(row.id == named.id).values(**retired))
    if same is not None:
        conn.execute(update(account_table).where(row.id == same.id).values(name=name))
        return int(same.id)
    if unclaimed and named is not None:
        conn.execute(update(account_table).where(row.id == named.id).values(**ids))
        return int(named.id)
    return int(conn.execute(insert(account_table).values(name=name, **ids).returning(row.id)).scalar_one())


def _service_times(services: Services, account: Account, found: Resolved | None) -> tuple[datetime, datetime]:
    """Now by each service's clock, whole seconds: from the answers of this run, else asked for, else ours."""
    now = services.clock()
    times = []
    for side in ("activities", "events"):
        try:
            client: Any = (
                services.pipedrive(account.pipedrive_conn_id)
                if side == "activities"
                else services.google(account.google_conn_id, account.google_user)
            )
            times.append(client.server_time or now)
        except AccountError:
            times.append(now)
    return times[0].replace(microsecond=0), times[1].replace(microsecond=0)


def _connect(conn: Connection, account_id: int, times: tuple[datetime, datetime]) -> None:
    for column, at in zip(("activities_connected_at", "events_connected_at"), times, strict=True):
        unset = account_table.c[column].is_(None)
        conn.execute(update(account_table).where(account_table.c.id == account_id, unset).values(**{column: at}))


def _pause_others(conn: Connection, configured: set[str]) -> None:
    gone = account_table.c.name.notin_(configured)
    conn.execute(update(account_table).where(gone, account_table.c.state != "paused").values(state="paused"))


def _mark_failed(conn: Connection, account_id: int, error: str) -> None:
    """Until a run gets through."""
    mine = account_table.c.id == account_id
    conn.execute(update(account_table).where(mine).values(state="failed", error=error))


def take_leases(services: Services, run_id: str, owner: str, names: Iterable[str]) -> None:
    """Take (or take over from an earlier task of this run) the accounts' leases; a taken one is `busy`."""
    with reading(services.engine) as conn:
        rows = [row for row in runs.accounts(conn, run_id, names) if row.state == "ok"]
    for row in rows:
        try:
            changes: dict[str, Any] = {"fence": services.leases.acquire(row.account_id, owner)}
        except AccountBusy as busy:
            changes = {"state": "busy", "error": str(busy)}
            log.warning("account %s: %s", row.name, busy)
        with services.engine.begin() as conn:
            runs.set_account(conn, run_id, row.account_id, **changes)


def resume(services: Services, run_id: str, owner: str, names: Iterable[str] | None = None) -> Run:
    """The run as a later task sees it, with the leases taken over by this task."""
    with reading(services.engine) as conn:
        stored = runs.get(conn, run_id)
    request = RunRequest.from_json(stored.request)
    if not request.dry_run and request.upload is None:
        with reading(services.engine) as conn:
            known = [row.name for row in runs.accounts(conn, run_id, names)]
        take_leases(services, run_id, owner, known)
    with reading(services.engine) as conn:
        rows = runs.accounts(conn, run_id, names)
    return Run(run_id, request, [run_account(row) for row in rows], stored.started_at)


def run_account(row: Row[Any]) -> RunAccount:
    """A stored row as a value."""
    stored = dict(row.settings)
    zone = stored.pop("_zone")
    settings = Account.model_validate(stored)
    return RunAccount(
        id=row.account_id,
        name=row.name,
        settings=settings,
        company_id=row.company_id or "",
        user_id=row.user_id or 0,
        calendar_id=row.calendar_id,
        policy=policy_of(settings, row.user_id or 0, zone),
        state=row.state,
        error=row.error,
        fence=row.fence,
        activities_connected_at=row.activities_connected_at,
        events_connected_at=row.events_connected_at,
        settings_changed=row.settings_digest is not None and row.settings_digest != settings.digest(),
        mode_changed=row.mode is not None and row.mode != settings.mode,
        counts=dict(row.counts),
        notices=list(row.notices),
    )


def policy_of(settings: Account, user_id: int, zone: str) -> Policy:
    """The settings that the core needs."""
    return Policy(
        user_id=user_id,
        zone=zone,
        mode=Mode(settings.mode),
        activity_types=None if settings.activity_types is None else frozenset(settings.activity_types),
        event_type=settings.event_type,
        title=tuple(settings.title),
        conflict=settings.conflict,
        default_duration=timedelta(minutes=settings.default_duration_minutes),
        include_note=settings.include_note,
        include_context=settings.include_context,
        done=settings.done,
        on_event_deleted=settings.on_event_deleted,
        on_activity_deleted=settings.on_activity_deleted,
    )


def named(account_name: str, error: Exception) -> str:
    """The message, with the account in front."""
    text = str(error)
    return text if text.startswith("account ") else f"account {account_name}: {text}"


def fail_account(services: Services, run: Run, account: RunAccount, error: Exception) -> None:
    """This account stops here, durably and by name; the others go on."""
    stop = Stop.by(account.name, error)
    account.state, account.error = stop.state, stop.error
    log.log(logging.ERROR if stop.state == "failed" else logging.WARNING, "%s", stop.error)
    row, lost = run_account_table.c, isinstance(error, LeaseLost)
    # A try that a later one of the same run took over has no say any more.
    ours = row.fence == account.fence if lost else or_(row.fence.is_(None), row.fence == account.fence)
    this = row.run_id == run.id, row.account_id == account.id, ours
    with services.engine.begin() as conn:
        stopped = conn.execute(update(run_account_table).where(*this).values(state=stop.state, error=stop.error))
        if stopped.rowcount and stop.state == "failed" and not lost and not run.request.dry_run:
            _mark_failed(conn, account.id, stop.error)
