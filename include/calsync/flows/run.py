"""A run as its tasks see it: resumed with its accounts, under their leases, until one of them stops."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from include.calsync.core.planning.row_format import ROW_FORMAT
from include.calsync.core.records import Columns
from include.calsync.core.run_records import StoredRun
from include.calsync.errors import AccountBusy, BudgetExhausted, CalsyncError, Failure, FatalError, LeaseLost
from include.calsync.flows.request import RunRequest
from include.calsync.flows.run_account import RunAccount, run_account
from include.calsync.flows.services import Services
from include.calsync.store import accounts as known_accounts
from include.calsync.store import runs
from include.calsync.store.engine import takes_one_writer
from include.calsync.store.leases import check_fence
from include.calsync.store.transaction import Connection

log = logging.getLogger(__name__)

ALLOCATIONS_PER_COLLECTION = 50_000
"""Python's own is 700 or 2,000: made for programs that keep little."""


@dataclass
class Run:
    """A run and the accounts that it (or one shard of it) works on."""

    id: str
    request: RunRequest
    accounts: list[RunAccount]
    started_at: datetime
    is_planned: bool = False
    """Whether the run's plan is stored: it is not made twice, and nothing is read after it."""
    is_finished: bool = False

    @property
    def remedy(self) -> str:
        """What becomes of what a run left undone."""
        repeated = self.request.syncs and self.request.interval is None and not self.request.dry_run
        return "the next run repeats it" if repeated else "start it again"

    def working(self) -> list[RunAccount]:
        """The accounts that are worked on."""
        return [account for account in self.accounts if account.state == "ok"]


@dataclass(frozen=True)
class Stop:
    """Why an account is not worked on: `busy` (the next runs go on by themselves) or `failed`.

    `passing`: it is only this run that fails, not the account.
    """

    state: str
    error: str
    passing: bool = False
    failure: Failure = Failure.SETTINGS

    @classmethod
    def by(cls, name: str, error: Exception) -> Stop:
        """Who asks in vain of a service hits a pause once and fails; who only finds the pause set waits for its end."""
        paused = isinstance(error, BudgetExhausted) and error.status is None
        failure = error.failure if isinstance(error, CalsyncError) else Failure.OTHER
        return cls("busy" if paused else "failed", named(name, error), failure=failure)


@contextmanager
def at_work(services: Services, run: Run) -> Iterator[None]:
    """What every task does besides its work: count requests, and renew the leases of the accounts it works on."""
    fences = {account.id: account.fence for account in run.working() if account.fence is not None}
    with counted(services, run.id), services.leases.kept(fences), rarely_collected():
        yield


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Look for garbage in cycles less often: objects that a task reads are many and stay, and to walk them all again
    and again took a sixth of its time."""
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], ALLOCATIONS_PER_COLLECTION), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


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


def check_lease(conn: Connection, account: RunAccount) -> None:
    """Inside a writing transaction: raises LeaseLost, unless the account's lease is still ours, or none is needed."""
    if account.fence is not None:
        check_fence(conn, account.id, account.fence)


def check_format(conn: Connection, run: Run, account: RunAccount) -> None:
    """Raises CalsyncError if another version of calsync planned what is left to do: it is not this one's to guess."""
    if runs.has_other_format(conn, run.id, account.id, ROW_FORMAT):
        raise CalsyncError(f"the rest of this run's plan is another version's, and was not carried out; {run.remedy}.")


def mark_failed(conn: Connection, account_id: int, stop: Stop) -> None:
    """Until a run gets through."""
    known_accounts.fail(conn, account_id, stop.error, stop.failure)


def take_leases(services: Services, conn: Connection, run_id: str, owner: str, names: Iterable[str] | None) -> None:
    """Take (or take over from an earlier task of this run) the accounts' leases; a taken one is `busy`.

    `names`: None: of all accounts of the run.
    """
    for account_id, name, fence in runs.fences(conn, run_id, names):
        try:
            changes: Columns = {"fence": services.leases.take(conn, account_id, owner, since=fence)}
        except AccountBusy as busy:
            error = str(busy).replace(f"account {account_id}", f"account {name}", 1)
            changes = {"state": "busy", "error": error}
            log.warning("%s", error)
        runs.set_account(conn, run_id, account_id, **changes)


def _stored(conn: Connection, run_id: str) -> StoredRun:
    stored = runs.get(conn, run_id)
    if stored is None:
        raise FatalError(f"Start a new run: nothing is known of the sync run {run_id} any more.")
    return stored


def load(conn: Connection, run_id: str, names: Iterable[str] | None = None) -> Run:
    """The run as it is stored. Raises FatalError if it is kept no more."""
    stored = _stored(conn, run_id)
    accounts = [run_account(row) for row in runs.accounts(conn, run_id, names)]
    flags = {"is_planned": stored.planned_at is not None, "is_finished": stored.finished_at is not None}
    return Run(run_id, RunRequest.from_json(stored.request), accounts, stored.started_at, **flags)


def resume(services: Services, run_id: str, owner: str, names: Iterable[str] | None = None) -> Run:
    """The run as a later task sees it, with the leases taken over by this task.

    Raises FatalError if the run is over: what it had read is gone, and the world has moved on.
    """
    with services.engine.begin() as conn:
        stored = _stored(conn, run_id)
        if stored.finished_at is None and not stored.dry_run and stored.request["upload"] is None:
            take_leases(services, conn, run_id, owner, names)
        # Only now: an earlier try that lives may have changed it until its leases were taken.
        run = load(conn, run_id, names)
    if run.is_finished:
        raise FatalError(f"Start a new run: the sync run {run_id} is over, and what it had read is gone.")
    return run


def resume_pull(services: Services, run_id: str, owner: str, names: Iterable[str] | None = None) -> Run:
    """As `resume`. Raises FatalError, too, once there is a plan: its own writes would look like people's edits."""
    run = resume(services, run_id, owner, names)
    if run.is_planned:
        raise FatalError(f"Start a new run: the sync run {run_id} is planned, and reads nothing any more.")
    return run


def named(account_name: str, error: Exception) -> str:
    """The message, with the account in front."""
    text = str(error)
    return text if text.startswith("account ") else f"account {account_name}: {text}"


def shards(names: list[str], services: Services) -> list[list[str]]:
    """Names dealt out to parallel tasks, none without a name: SQLite takes one writer, so one shard."""
    if takes_one_writer(services.engine):
        count = 1
    else:
        count = services.environment.shards or min(8, 1 + len(names) // 10)
    return [names[i::count] for i in range(min(count, len(names)))]


def fail_account(services: Services, run: Run, account: RunAccount, error: Exception) -> None:
    """This account stops here, durably and by name; the others go on."""
    stop = Stop.by(account.name, error)
    account.state, account.error = stop.state, stop.error
    log.log(logging.ERROR if stop.state == "failed" else logging.WARNING, "%s", stop.error)
    lost = isinstance(error, LeaseLost)
    # A try that a later one of the same run took over has no say any more.
    with services.engine.begin() as conn:
        stopped = runs.stop_account(
            conn, run.id, account.id, state=stop.state, error=stop.error, fence=account.fence, or_free=not lost
        )
        if stopped and stop.state == "failed" and not lost and not run.request.dry_run:
            mark_failed(conn, account.id, stop)
