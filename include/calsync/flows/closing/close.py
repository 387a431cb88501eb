"""Close: cursors last, then the summary. What failed is named; a run that failed somewhere is not green."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from include.calsync.core.decide import Action, side_of
from include.calsync.core.planning.row_format import ROW_FORMAT
from include.calsync.core.planning.wanted import changes_of
from include.calsync.core.policy import Side
from include.calsync.core.raw import Json
from include.calsync.core.run_records import Held, HeldCreation, PlanRow
from include.calsync.errors import CalsyncError
from include.calsync.flows import told
from include.calsync.flows.border import border
from include.calsync.flows.closing import guests, retired, summary_text, waiting
from include.calsync.flows.run import Run, at_work, check_format, check_lease, fail_account, load, resume
from include.calsync.flows.run_account import RunAccount
from include.calsync.flows.services import Services
from include.calsync.store import accounts as known_accounts
from include.calsync.store import changes, cursors, days, holds, quarantine, runs
from include.calsync.store.transaction import Connection, reading

log = logging.getLogger(__name__)

T = TypeVar("T", Held, HeldCreation)

ITEM_COUNTS = ("listed", "created", "updated", "deleted", "adopted", "skipped", "held", "quarantined")
# (side written, action) in the change log → how the summary counts it.
LOGGED = {
    ("events", Action.CREATE_EVENT): ("events", "created"),
    ("events", Action.MERGE): ("events", "updated"),
    ("events", Action.ADOPT): ("events", "updated"),
    ("events", Action.DELETE_EVENT): ("events", "deleted"),
    ("events", Action.REMOVE_EVENT): ("events", "deleted"),
    ("events", Action.LET_GO): ("events", "updated"),
    ("activities", Action.REMOVE_EVENT): ("events", "deleted"),  # planned for after the inserts of other accounts
    ("activities", Action.CREATE_ACTIVITY): ("activities", "created"),
    ("activities", Action.MERGE): ("activities", "updated"),
    ("activities", Action.ADOPT): ("activities", "updated"),
    ("activities", Action.FINISH_ACTIVITY): ("activities", "updated"),
    ("activities", Action.DELETE_ACTIVITY): ("activities", "deleted"),
    ("activities", Action.TAKE_OVER): ("activities", "updated"),
    ("activities", Action.ATTEND): ("activities", "updated"),
}


@dataclass(frozen=True)
class Summary:
    """`result` is what the run returns; `failure` is why it must not be green, or None."""

    result: Json
    failure: str | None

    @property
    def note(self) -> str:
        """The totals, for the run's note in Airflow; empty if nothing is known of it any more."""
        return summary_text.note(self.result) if self.result else ""


def close(services: Services, run_id: str, owner: str, broken: Sequence[str] = ()) -> Summary:
    """Move the cursors of the accounts that are done, free the leases, and say what happened. Once: then it only says.

    Args:
        broken: ids of the run's tasks that failed, as Airflow knows them, to be named.
    """
    over = _over(services, run_id, broken)
    if over is not None:
        return over
    run = resume(services, run_id, owner)
    with at_work(services, run):
        for account in run.working():
            try:
                with border(f"account {account.name}"):
                    _finish_account(services, run, account)
            except CalsyncError as error:
                fail_account(services, run, account, error)
    for account in run.accounts:
        if account.fence is not None:
            services.leases.release(account.id, account.fence)
    with services.engine.begin() as conn:
        waiting.note(conn, run, services.clock())
    with reading(services.engine) as conn:
        result = result_of(conn, run)
        failure = _failure(conn, run, broken, services.clock())
    now = services.clock()
    with services.engine.begin() as conn:
        runs.finish(conn, run.id, now, result, quiet=_is_quiet(conn, run, failure))
        if not run.request.dry_run:
            note_accounts(conn, run, result, now)
    _say(run, result, failure)
    return Summary(result, failure)


def note_accounts(conn: Connection, run: Run, result: Json, now: datetime, *, stopped: bool = False) -> None:
    """What was done for each account this day, and how it is from now on. `stopped`: not all was done."""
    for account in run.accounts:
        did = result["accounts"][account.name]
        sides = {"activities": did["activities"], "events": did["events"]}
        days.add(conn, account.id, now, conflicts=did["conflicts"], **sides)
    synced = [account.id for account in run.accounts if run.request.syncs and account.state == "ok" and not stopped]
    known_accounts.took_part(conn, run.id, now, [account.id for account in run.accounts], synced)


def _say(run: Run, result: Json, failure: str | None) -> None:
    """What is to be done comes first, then what was done."""
    problems = failure.split("\n") if failure else []
    if problems:
        log.error("To be done:\n%s", "\n".join(f"  {problem}" for problem in problems))
    for account in run.accounts:
        waits = [account.error] if account.error and account.state == "busy" else []
        for notice in (*account.notices, *waits):
            if notice not in problems:
                log.warning("%s", notice)
    done = "would be" if run.request.dry_run else "was"
    log.info("What %s done (sync run %s):\n%s", done, run.id, "\n".join(f"  {x}" for x in summary_text.lines(result)))


def _is_quiet(conn: Connection, run: Run, failure: str | None) -> bool:
    """Whether the schedule started it, and it found nothing to do, and nothing to tell."""
    told_of = failure is not None or any(account.state != "ok" or account.notices for account in run.accounts)
    return run.request.kind == "scheduled" and not told_of and not runs.has_rows(conn, run.id)


def _over(services: Services, run_id: str, broken: Sequence[str]) -> Summary | None:
    """What is to be said of a run that was closed before."""
    with reading(services.engine) as conn:
        run = load(conn, run_id)
        if not run.is_finished:
            return None
        stored = runs.get(conn, run.id)
        return Summary(dict(stored.summary or {}) if stored else {}, _failure(conn, run, broken, services.clock()))


def _finish_account(services: Services, run: Run, account: RunAccount) -> None:
    if not account.planned:
        missed = "was planned" if account.pulled else "was read to the end"
        raise CalsyncError(f"nothing {missed} in this run, so nothing of it was synced; {run.remedy}.")
    with reading(services.engine) as conn:
        check_format(conn, run, account)
    if run.request.dry_run:
        return
    with services.engine.begin() as conn:
        check_lease(conn, account)
        left_count = runs.unfinished_count(conn, run.id, account.id)
        incremental = run.request.follows_cursors
        if left_count:
            undone = f"{left_count} planned changes were not carried out; {run.remedy}."
            raise CalsyncError(f"{undone} The log of the upsert tasks says why.")
        if incremental:
            _move_cursors(conn, services, run, account)
        if run.request.retire is not None:
            retired.end(conn, account)
        if run.request.syncs:  # others read them, but plan nothing for them
            quarantine.take_back_tried(conn, account_id=account.id, run_id=run.id, due_at=run.started_at)


def _move_cursors(conn: Connection, services: Services, run: Run, account: RunAccount) -> None:
    row = next(row for row in runs.accounts(conn, run.id, [account.name]))
    save = partial(cursors.save, conn, account_id=account.id, run_id=run.id, at=services.clock())
    if row.next_watermark is not None:
        save(side="activities", watermark=row.next_watermark)
    if row.next_sync_token is not None:
        save(side="events", sync_token=row.next_sync_token, params_digest=row.params_digest)
    settings = account.settings
    known_accounts.finish(conn, account.id, settings_digest=settings.digest(), mode=settings.mode, error=account.error)
    if account.counts.get("sync_token_expired"):
        known_accounts.resynced(conn, account.id, services.clock())


def result_of(conn: Connection, run: Run) -> Json:
    """What the run returns."""
    pipedrive, google, tokens = runs.usage(conn, run.id)
    return {
        "sync_run_id": run.id,
        "dry_run": run.request.dry_run,
        "accounts": {account.name: _account_result(conn, run, account) for account in run.accounts},
        "api_requests": {"pipedrive": pipedrive, "google_calendar": google},
        "pipedrive_tokens": tokens,
    }


def _account_result(conn: Connection, run: Run, account: RunAccount) -> Json:
    sides = {side: dict.fromkeys(ITEM_COUNTS, 0) for side in ("activities", "events")}
    skipped: Counter[str] = Counter()
    for side, reasons in told.skipped(account).items():
        sides[side]["skipped"] += reasons.total()
        skipped += reasons
    for side in sides:
        sides[side]["listed"] = account.counts.get(f"{side}_listed", 0)
    for (side, action), items_count in changes.counts(conn, run.id, account.id).items():
        if (side, action) in LOGGED:
            side, kind = LOGGED[side, Action(action)]
            sides[side][kind] += items_count
    for (side, action, state), items_count in runs.plan_counts(conn, run.id, account.id).items():
        if action == Action.ADOPT and state == "confirmed":
            sides["activities" if side == "activities" else "events"]["adopted"] += items_count
    for side, kind in _set_aside(conn, account):
        sides[side][kind] += 1
    if run.request.dry_run:
        for side, kind in _would_do(conn, run, account):
            sides[side][kind] += 1
    drift = {"drift": account.counts.get("drift")} if run.request.reconcile else {}
    return {
        "state": account.state,
        "error": account.error,
        **sides,
        "skipped_by_reason": dict(skipped),
        "conflicts": changes.conflicts_count(conn, run.id, account.id),
        **_not_informed(conn, run, account),
        **drift,
    }


def _not_informed(conn: Connection, run: Run, account: RunAccount) -> dict[str, int]:
    found = guests.not_informed(conn, run, account)
    if not found:
        return {}
    links = ", ".join(map(str, found))
    account.notices.append(
        f"account {account.name}: guests outside the company were not told of a new time (link {links}): tell them, "
        "or set `notify_guests`."
    )
    return {"guests_not_informed": len(found)}


def _set_aside(conn: Connection, account: RunAccount) -> Iterator[tuple[str, str]]:
    """What is still in quarantine or held, since whichever run."""
    for entry in quarantine.set_aside(conn, account.id):
        if entry.attempts:
            yield entry.side, "quarantined"
    for new in _waiting(holds.held_creations(conn, account.id)):
        yield "events" if new.side == "activities" else "activities", "held"
    for row in _waiting(holds.held_items(conn, account.id)):
        written = row.format == ROW_FORMAT and changes_of(row.payload, Side.EVENT)
        yield str(side_of(Action(row.action)) or ("events" if written else "activities")), "held"


def _waiting(held: Iterable[T]) -> Iterator[T]:
    """What waits for a person."""
    return (each for each in held if each.state == "open")


def _would_do(conn: Connection, run: Run, account: RunAccount) -> Iterator[tuple[str, str]]:
    """What a dry run's plan would count as."""
    for row in runs.plan_rows(conn, run.id, account_id=account.id, state="shown"):
        if row.action in (Action.MERGE, Action.ADOPT):
            for side in (Side.EVENT, Side.ACTIVITY):
                if changes_of(row.payload, side):
                    yield str(side), "updated"
            if row.action == Action.ADOPT:
                yield "events", "adopted"
        elif (row.side, row.action) in LOGGED:
            yield LOGGED[row.side, Action(row.action)]


def _failure(conn: Connection, run: Run, broken: Sequence[str], now: datetime) -> str | None:
    problems = _failed_accounts(run)
    problems += waiting.problems(conn, run, now)
    names = {account.id: account.name for account in run.accounts}
    for row in runs.plan_rows(conn, run.id, state="failed"):
        problems.append(f"account {names[row.account_id]}: {row.error}")
    problems += _quarantined(runs.plan_rows(conn, run.id, state="quarantined"), names)
    for row in runs.plan_rows(conn, run.id, state="deferred") if run.request.reaches_resting else ():
        what = "start the undo again, this is not undone" if run.request.undo else "start it again, this is not done"
        problems.append(f"account {names[row.account_id]}: {what} yet: {row.error}")
    problems += holds.messages(conn, run.id)
    if broken:
        problems.append(f"Tasks failed, read their logs: {', '.join(broken)}.")
    return "\n".join(dict.fromkeys(problems)) or None


def _quarantined(rows: Iterable[PlanRow], names: Mapping[int, str]) -> Iterator[str]:
    """Items that are refused for the same reason are named together."""
    items: dict[tuple[int, str], list[str]] = defaultdict(list)
    for row in rows:
        what = f"event {row.event_id}" if row.event_id else f"activity {row.activity_id}"
        items[row.account_id, row.error or row.reason].append(what)
    for (account_id, why), them in items.items():
        verb = "is" if len(them) == 1 else "are"
        yield f"account {names[account_id]}: {told.named(them)} {verb} in quarantine: {why}"


def _failed_accounts(run: Run) -> list[str]:
    """One line per different problem: what strikes all accounts is told once."""
    names: dict[str, list[str]] = defaultdict(list)
    for account in run.accounts:
        if account.state == "failed":
            names[(account.error or "failed").removeprefix(f"account {account.name}: ")].append(account.name)
    return [f"account{'s' if len(them) > 1 else ''} {', '.join(them)}: {text}" for text, them in names.items()]
