"""A run in sentences, account by account: what was read, what comes of it, what was left out and why, what to start.

Both sides are called equal only if everything was read and compared, and nothing failed, waits or is in doubt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from include.calsync.core.raw import Json
from include.calsync.flows.run import Run
from include.calsync.flows.run_account import RunAccount

# What was left out, and may well belong to the other side.
DOUBTFUL = frozenset({"activity_not_found", "ambiguous", "unreadable"})
UPLOAD = "start upload_unsynced_activities"

# Why an item is left out, in words that follow a number.
REASONS = {
    "activity_not_found": "whose activity is not found",
    "ambiguous": "that look like several items of the other side",
    "before_connected": "last edited before the account was connected",
    "declined": "that the user declined",
    "done": "done (`done: remove`)",
    "event_type": "of a kind that is not synced (out of office, working location, …)",
    "mode": "that the account's `mode` leaves out",
    "no_date": "without a date",
    "not_asked_for": "that the upload's params leave out (dates, types, done)",
    "other_calendar": "whose activity is in another calendar now",
    "other_company": "of another company's sync",
    "other_owner": "of another owner",
    "other_type": "of types that `activity_types` leaves out",
    "private": "private (`private_events: skip`)",
    "series": "of a series that can't be split",
    "shared": "that another account syncs, too",
    "unreadable": "that can't be read",
}


def compared(run: Run, planned: Mapping[int, int]) -> Iterator[str]:
    """After the plan. `planned`: rows of the plan by account id."""
    for account in run.accounts:
        if account.state != "ok":
            yield f"  {_stopped(account)}"
            continue
        count = planned.get(account.id, 0)
        yield f"  {account.name}: {_read(account)}; {some(count, 'change') if count else 'no change'} planned."
        if aside := account.counts.get("set_aside"):
            yield f"    in quarantine, held or waiting: {some(aside, 'item')}."
        yield from _left_out(run, account)
    if not any(planned.values()):
        yield f"  {_nothing_planned(run)}"
    if run.request.dry_run:
        yield "  Dry run: nothing will be written."


def done(run: Run, result: Json) -> Iterator[str]:
    """After the run. `result`: what it returns."""
    for account in run.accounts:
        if account.state != "ok":
            yield f"  {_stopped(account)}"
            continue
        told = result["accounts"][account.name]
        changes = [_side(side, told[side]) for side in ("activities", "events")]
        yield f"  {account.name}: {_read(account)}; {'; '.join(filter(None, changes)) or 'nothing written'}."
        yield from _left_out(run, account)


def _side(side: str, counts: Mapping[str, int]) -> str:
    names = ("created", "updated", "deleted", "adopted", "held", "quarantined")
    found = [f"{counts[name]} {name}" for name in names if counts[name]]
    return f"{side}: {', '.join(found)}" if found else ""


def _stopped(account: RunAccount) -> str:
    text = account.error or "no reason is known"
    text = text.removeprefix(f"account {account.name}: ")
    return f"{account.name}: {'FAILED' if account.state == 'failed' else 'not synced now'}, nothing compared: {text}"


def _read(account: RunAccount) -> str:
    activities, events = (account.counts.get(f"{side}_listed", 0) for side in ("activities", "events"))
    return f"read {some(activities, 'activity')} and {some(events, 'event')}"


def some(count: int, what: str) -> str:
    """A number with its noun."""
    plural = {"activity": "activities"}.get(what, f"{what}s")
    return f"{count} {what if count == 1 else plural}"


def skipped(account: RunAccount) -> dict[str, Counter[str]]:
    """What was left out by both pull and plan: side → reason → how many."""
    out: dict[str, Counter[str]] = {"activities": Counter(), "events": Counter()}
    for side, key in (("activities", "activities_skipped"), ("events", "events_skipped"), ("events", "skipped")):
        out[side].update(account.counts.get(key) or {})
    return out


def _left_out(run: Run, account: RunAccount) -> Iterator[str]:
    left_out = skipped(account)
    for side, one in (("activities", "activity"), ("events", "event")):
        for reason, count in sorted(left_out[side].items()):
            yield f"    left out: {some(count, one)} {REASONS.get(reason, reason.replace('_', ' '))}."
    yield from _to_start(run, account, left_out)


def _to_start(run: Run, account: RunAccount, left_out: Mapping[str, Counter[str]]) -> Iterator[str]:
    """Older items are not followed, and at the first run not even read: how they come over all the same."""
    request, mode = run.request, account.settings.mode
    first = request.follows_cursors and not request.full and account.begins and not account.settings_changed
    if mode != "to_pipedrive" and (first or left_out["activities"]["before_connected"]):
        unread = "Activities last edited before the account was connected are not read. " if first else ""
        yield f"    {unread}To bring older activities over: {UPLOAD}."
    if mode in ("all_events", "to_pipedrive") and left_out["events"]["before_connected"]:
        yield f"    To bring older events over: {UPLOAD} with direction to_pipedrive."


def _nothing_planned(run: Run) -> str:
    request, accounts = run.request, run.accounts
    if not accounts:
        return "No account took part: none is enabled, or none was named."
    failed = [account.name for account in accounts if account.state != "ok"]
    if len(failed) == len(accounts):
        return "Nothing was compared."
    but = f" Of {', '.join(failed)} nothing is known." if failed else ""
    if request.upload is not None:
        return f"Nothing is to be brought over.{but}"
    if request.reconcile and request.interval is None and not failed and not any(map(_leaves_something, accounts)):
        return "Everything was compared: both sides are equal in all that is synced."
    where = "in the interval" if request.interval else "of what was read"
    return f"Nothing {where} has to be changed.{but}"


def _leaves_something(account: RunAccount) -> bool:
    drift, aside = account.counts.get("drift") or {}, account.counts.get("set_aside", 0)
    return bool(aside or any(drift.values()) or any(DOUBTFUL & reasons.keys() for reasons in skipped(account).values()))
