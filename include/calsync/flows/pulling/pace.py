"""Spending the day's Pipedrive tokens by priority: what is left is made to last until the reset.

All users, tokens and apps of a company share one budget. What is left of it is known from the answers' headers, where
Pipedrive sends them; without them nothing is saved, and the 429 at the end of the budget pauses the company until the
reset, whose time of the day the store learns. Saved first: probes for deletions and fresh names of unchanged links.
Then the runs become fewer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from include.calsync.clients.pipedrive import PipedriveClient
from include.calsync.errors import BudgetExhausted
from include.calsync.flows.run import Run
from include.calsync.flows.run_account import RunAccount
from include.calsync.flows.services import Services
from include.calsync.store import cursors
from include.calsync.store.budgets import budget_of, next_midnight, resets_at
from include.calsync.store.transaction import reading

USUAL_INTERVAL_S = 300.0
FULL_RUN_TOKENS = 40
"""A listing and a probe at 10 each, names at 20."""
LEAST_RUN_TOKENS = 15
"""A listing, and one write at 5."""
LONGEST_INTERVAL_S = 3600.0
NAMES_WAIT = "names were not read anew. New ones are shown within a day by the sync."


@dataclass(frozen=True)
class Pace:
    """How to go about one run: `thrifty` leaves out what can wait; `interval_s` is the least time between runs."""

    thrifty: bool = False
    interval_s: float = 0.0


def pace(remaining: int | None, now: datetime, reset: datetime | None = None) -> Pace:
    """What `remaining` tokens (None: not known) allow from `now` until `reset` (else midnight UTC), spent evenly."""
    if remaining is None:
        return Pace()
    if remaining < LEAST_RUN_TOKENS:
        return Pace(thrifty=True)  # nothing to make last: the refusal says so, once, and pauses the company
    left_s = ((reset or next_midnight(now)) - now).total_seconds()
    full_s, least_s = (left_s * tokens / remaining for tokens in (FULL_RUN_TOKENS, LEAST_RUN_TOKENS))
    scarce = least_s > USUAL_INTERVAL_S
    return Pace(full_s > USUAL_INTERVAL_S, min(least_s, LONGEST_INTERVAL_S) if scarce else 0.0)


def pace_of(services: Services, run: Run, client: PipedriveClient, accounts: list[RunAccount]) -> Pace:
    """The pace of a run for the accounts of one company; notes on each that it is slow.

    Raises BudgetExhausted, with nothing asked, for a scheduled run that comes too early after the last one.
    """
    now = services.clock()
    remaining = budget_of(services.engine, client.key, now).remaining
    reset_at = resets_at(services.engine, client.key, now)
    found = pace(remaining, now, reset_at)
    if not found.thrifty:
        return found
    saving = f"{remaining} tokens of Pipedrive's daily budget are left"
    reset = f"{reset_at:%H:%M} UTC"
    if run.request.kind == "scheduled" and not run.request.full:
        last_at = _last_pull(services, accounts)
        # Whoever ran last may have a clock that is ahead: then nobody knows when that was.
        known = last_at is not None and last_at <= now
        next_at = last_at + timedelta(seconds=found.interval_s) if last_at and known and found.interval_s else now
        if next_at > now:
            text = f"{saving}: until {reset} the sync runs every {found.interval_s / 60:.0f} minutes, next at"
            raise BudgetExhausted(f"{text} {next_at:%H:%M} UTC.", retry_at=next_at)
    for account in accounts:
        account.notices.append(
            f"account {account.name}: {saving}: until {reset} nobody looks for deleted activities or new names."
        )
    return found


def saving_names(services: Services, client: PipedriveClient, accounts: list[RunAccount]) -> bool:
    """Whether tokens are so scarce that a comparison reads no names anew; says so, once."""
    now = services.clock()
    remaining = budget_of(services.engine, client.key, now).remaining
    if not pace(remaining, now, resets_at(services.engine, client.key, now)).thrifty:
        return False
    for account in accounts:
        if not any(notice.endswith(NAMES_WAIT) for notice in account.notices):
            left = f"{remaining} tokens of Pipedrive's daily budget are left"
            account.notices.append(f"account {account.name}: {left}: {NAMES_WAIT}")
    return True


def _last_pull(services: Services, accounts: list[RunAccount]) -> datetime | None:
    """When the activities of all these accounts were last pulled; None: some never were."""
    with reading(services.engine) as conn:
        found = [cursors.get(conn, account.id, "activities") for account in accounts]
    times = [cursor.saved_at for cursor in found if cursor is not None]
    return min(times) if len(times) == len(accounts) and times else None
