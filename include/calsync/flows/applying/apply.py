"""Apply: carry the plan out. What has nothing in common is written at the same time, as far as the limits allow.

Order per item: intent, API write, then link, base and log in one transaction. Dying between any two of them is
harmless: the next run finds what was written and completes it. No transaction stays open across a request.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from include.calsync.core.policy import Side
from include.calsync.core.run_records import PlanRow
from include.calsync.errors import (
    AccountBusy,
    AccountError,
    BudgetExhausted,
    CalsyncError,
    CredentialRefused,
    Defect,
    FatalError,
    LeaseLost,
    NotFound,
    PreconditionFailed,
    RateLimited,
    RecordError,
    RetryableError,
    TooLate,
    Unreadable,
)
from include.calsync.flows import aside
from include.calsync.flows.applying.activity_creation import ActivityCreation
from include.calsync.flows.applying.event_creation import EventCreation
from include.calsync.flows.applying.open_writes import recover
from include.calsync.flows.applying.strands import strands
from include.calsync.flows.applying.tell import Teller
from include.calsync.flows.applying.writes import Desk
from include.calsync.flows.border import border
from include.calsync.flows.run import Run, at_work, check_format, fail_account, named, resume
from include.calsync.flows.run_account import RunAccount
from include.calsync.flows.services import Services
from include.calsync.flows.trouble import Troubles
from include.calsync.store import runs
from include.calsync.store.transaction import reading

log = logging.getLogger(__name__)

PARALLEL_ACCOUNTS = 16
IN_FLIGHT = 4
"""Of one account. A user has 10 requests a second, and an answer takes 150 to 300 ms."""
# An upload gives the lease back after so many items, so that the scheduled sync is not starved.
UPLOAD_LEASE_ITEMS = 200
LEASE_WAIT_S = 900.0
LEASE_POLL_S = 5.0


def upsert_events(services: Services, run_id: str, shard: list[str], owner: str) -> dict[str, int]:
    """Carry out the plan's writes to Google Calendar. Returns: rows by what became of them."""
    return _apply(services, run_id, shard, owner, Side.EVENT)


def upsert_activities(services: Services, run_id: str, shard: list[str], owner: str) -> dict[str, int]:
    """Carry out the plan's writes to Pipedrive, and what only the store must learn. Returns: as `upsert_events`."""
    return _apply(services, run_id, shard, owner, Side.ACTIVITY)


def _apply(services: Services, run_id: str, shard: list[str], owner: str, side: Side) -> dict[str, int]:
    run = resume(services, run_id, owner, shard)
    if run.request.dry_run:
        return {}

    def apply(account: RunAccount) -> Counter[str]:
        outcome: Counter[str] = Counter()
        try:
            with border(f"account {account.name}"):
                _AccountApply(services, run, account, side, owner).work(outcome)
        except CalsyncError as error:
            fail_account(services, run, account, error)
        return outcome

    with at_work(services, run), ThreadPoolExecutor(PARALLEL_ACCOUNTS) as pool:
        return dict(sum(pool.map(apply, run.working()), Counter()))


def _weight(error: BaseException) -> int:
    if not isinstance(error, RateLimited):
        return 0
    return 1 if error.status is not None else 2


class _AccountApply:
    """One account's rows of one side."""

    def __init__(self, services: Services, run: Run, account: RunAccount, side: Side, owner: str) -> None:
        self.services, self.run, self.account, self.side, self.owner = services, run, account, side, owner
        self.desk = Desk(services, run, account)
        self.handlers: dict[str, Callable[[PlanRow], None]] = (
            EventCreation(self.desk).handlers() if side is Side.EVENT else ActivityCreation(self.desk).handlers()
        )
        self.troubles = Troubles()
        self.counting = threading.Lock()
        self.teller = Teller(account, side)

    def work(self, outcome: Counter[str]) -> None:
        try:
            ids = self._planned()
            if self.run.request.upload is None:
                self._each(self._rows(ids), outcome)
            else:
                self._upload(ids, outcome)
        finally:
            self.teller.numbers(outcome)

    def _upload(self, ids: list[int], outcome: Counter[str]) -> None:
        for start in range(0, len(ids), UPLOAD_LEASE_ITEMS):
            fence = self._wait_for_lease()
            self.account.fence = fence
            try:
                self._check_goes_on()
                with self.services.leases.kept({self.account.id: fence}):
                    self._each(self._rows(ids[start : start + UPLOAD_LEASE_ITEMS]), outcome)
            finally:
                self.services.leases.release(self.account.id, fence)
            if len(ids) > UPLOAD_LEASE_ITEMS:
                self.teller.progress(outcome.total(), len(ids))

    def _check_goes_on(self) -> None:
        with reading(self.services.engine) as conn:
            if runs.is_over(conn, self.run.id):
                raise LeaseLost("Start the upload again if it shall go on: it was stopped.")

    def _planned(self) -> list[int]:
        # Rows for the store alone keep what was read: after a write to the same pair that would be out of date.
        sides = ["events"] if self.side is Side.EVENT else ["store", "activities"]
        with reading(self.services.engine) as conn:
            check_format(conn, self.run, self.account)
            return [row_id for side in sides for row_id in runs.planned_ids(conn, self.run.id, self.account.id, side)]

    def _rows(self, ids: list[int]) -> list[PlanRow]:
        """The rows of these ids, in this order, but for those that are done by now."""
        with reading(self.services.engine) as conn:
            found = {row.id: row for row in runs.planned_rows(conn, ids)}
        return [found[row_id] for row_id in ids if row_id in found]

    def _each(self, rows: list[PlanRow], outcome: Counter[str]) -> None:
        """Carry the rows out, strand beside strand. What stops one of them stops all: no other row is begun."""
        recover(self.desk)
        left = {row.id: row for row in rows}
        stops: list[tuple[PlanRow, BaseException]] = []

        def carry_out(strand: list[PlanRow]) -> None:
            for row in strand:
                if stops:
                    return
                try:
                    became = self._one(row)
                except BaseException as error:  # noqa: BLE001 - raised again once the others have ended
                    stops.append((row, error))
                    return
                del left[row.id]
                with self.counting:
                    outcome[became] += 1

        with ThreadPoolExecutor(IN_FLIGHT) as pool:
            list(pool.map(carry_out, strands(rows)))
        if stops:
            self._stop(stops, list(left.values()), outcome)

    def _stop(self, stops: list[tuple[PlanRow, BaseException]], left: list[PlanRow], outcome: Counter[str]) -> None:
        """Of what stopped the account, a pause counts least, and most of those the one that the service asked for: what
        is paused waits, and Pipedrive's side goes on."""
        row, error = min(stops, key=lambda each: _weight(each[1]))
        may_wait = self.side is Side.EVENT and self.run.request.upload is None
        if not may_wait or not isinstance(error, RateLimited):
            raise error
        self._postpone(left, row, error)
        with self.counting:
            outcome["deferred"] += len(left)

    def _one(self, row: PlanRow) -> str:
        try:
            with border(f"account {self.account.name}: {row.action} of {' '.join(_item(row))}"):
                self.handlers[row.action](row)
            self.troubles.none()
            self.teller.written(row)
            return "done"
        except (RecordError, FatalError, Unreadable, Defect) as error:
            return self._set_aside(row, error, failed=True)
        except (PreconditionFailed, NotFound) as error:
            return self._set_aside(row, error, failed=False)
        except CredentialRefused as error:
            if not self.desk.access.refuses_only_the_item(error, self.side):
                raise
            return self._set_aside(row, self.desk.access.alone(error, self.side), failed=True)
        except (AccountError, RateLimited, LeaseLost):
            raise
        except TooLate as error:  # a pause, not trouble
            return self._set_aside(row, error, failed=False)
        except RetryableError as error:
            self.troubles.met(error)
            return self._set_aside(row, error, failed=False)

    def _set_aside(self, row: PlanRow, error: Exception, *, failed: bool) -> str:
        state = "quarantined" if failed else "deferred"
        log.warning("account %s: %s %s: %s", self.account.name, row.action, state, error)
        with self.desk.commit() as conn:
            runs.set_row(conn, row.id, state=state, error=str(error)[:2000])
            now = self.services.clock()
            item = _item(row)
            aside.put(conn, self.account.id, item, str(error), now, failed=failed)
        return state

    def _postpone(self, rows: list[PlanRow], first: PlanRow, error: RateLimited) -> None:
        """Google takes no more writes to this calendar: they wait, durably, and Pipedrive's side goes on.

        The run that hears that it takes hours is not green; the next ones only find the calendar paused.
        """
        now = self.services.clock()
        pause = max((error.retry_at or now) - now, timedelta(0))
        self.account.error = f"{named(self.account.name, error)} Changes that wait: {len(rows)}."
        log.warning("%s", self.account.error)
        with self.desk.commit() as conn:
            for row in rows:
                refused = row is first and error.status is not None and isinstance(error, BudgetExhausted)
                runs.set_row(conn, row.id, state="failed" if refused else "deferred", error=str(error))
                why = aside.WAITS + str(error)
                aside.put(
                    conn,
                    self.account.id,
                    _item(row),
                    why,
                    now,
                    failed=False,
                    pause=pause,
                )
            runs.set_account(conn, self.run.id, self.account.id, error=self.account.error)

    def _wait_for_lease(self) -> int:
        waited_s = 0.0
        while True:
            try:
                return self.services.leases.acquire(self.account.id, self.owner)
            except AccountBusy:
                if waited_s >= LEASE_WAIT_S:
                    raise
                self.services.sleep(LEASE_POLL_S)
                waited_s += LEASE_POLL_S


def _item(row: PlanRow) -> tuple[str, str]:
    return aside.item_of(row.event_id, row.activity_id)
