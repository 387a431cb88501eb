"""A run in sentences, account by account: what was read, what comes of it, what was left out and why, what to start.

Both sides are called equal only if everything was read and compared, and nothing failed, waits or is in doubt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from include.calsync.core import sentences
from include.calsync.core.decide import Action
from include.calsync.core.policy import Side
from include.calsync.core.row_words import KINDS, Row, kinds_of
from include.calsync.flows.run import Run
from include.calsync.flows.run_account import RunAccount

# What was left out, and may well belong to the other side.
DOUBTFUL = frozenset({"activity_not_found", "ambiguous", "unreadable"})
UPLOAD = "start upload_unsynced_activities"

NAMED_COUNT = 5
ONE = {Side.EVENT: "event", Side.ACTIVITY: "activity"}
SIDES = {Side.EVENT: "to Google", Side.ACTIVITY: "to Pipedrive"}


def pulled(accounts: Sequence[RunAccount], side: Side, since: Mapping[int, datetime | None]) -> Iterator[str]:
    """After a pull: a line for each account of which something was listed; the others are named together.

    `since`: by account from when changes were asked for, if that is a time.
    """
    still = []
    for account in accounts:
        count = account.counts.get(f"{side}_listed", 0)
        if account.state != "ok":
            continue  # why was told when it stopped
        if not count:
            still.append(account.name)
            continue
        asked = since.get(account.id)
        new_count, out_count = account.counts.get(f"{side}_new", 0), sum(skipped(account)[side].values())
        parts = [f"{some(count, ONE[side])} listed", f"{new_count} new" if new_count else ""]
        parts += [f"{out_count} left out" if out_count else ""]
        yield f"{account.name}: {', '.join(filter(None, parts))}" + (f" (since {asked:%H:%M:%S} UTC)" if asked else "")
    if still:
        yield f"Nothing listed: {named(still)}"


def named(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - NAMED_COUNT
    return ", ".join(names[:NAMED_COUNT]) + (f" and {more} more" if more > 0 else "")


def planned(run: Run, account: RunAccount, rows: Sequence[Row]) -> Iterator[str]:
    """After the plan: one account's totals. `rows`: its rows of the plan."""
    if account.state != "ok":
        yield f"  {_stopped(account)}"
        return
    kept_count = sum(row.state == "held" for row in rows)
    kept = f"; {kept_count} kept back" if kept_count else ""
    yield f"  {account.name}: {_read(account)}; {some(len(rows), 'change') if rows else 'no change'} planned{kept}."
    if rows:
        yield f"    {_totals(rows)}"
    if aside := account.counts.get("set_aside"):
        yield f"    in quarantine, held or waiting: {some(aside, 'item')}."
    yield from _left_out(run, account)


def _totals(rows: Sequence[Row]) -> str:
    """What is to be written to each side, in numbers; what is kept back is not."""
    going = [row for row in rows if row.state == "planned"]
    counted = Counter(kind for row in going for kind in kinds_of(row))
    parts = []
    for side, name in SIDES.items():
        found = [f"{counted[side, kind]} {kind}" for kind in KINDS if counted[side, kind]]
        parts.append(f"{name}: {', '.join(found) or 'nothing'}")
    linked_count = sum(row.action == Action.ADOPT for row in going)
    return "   ".join([*parts, *([f"linked: {linked_count}"] if linked_count else [])])


def conclusion(run: Run, *, planned: bool) -> Iterator[str]:
    """After the plan of all accounts. `planned`: whether anything is to be done."""
    if not planned:
        yield f"  {_nothing_planned(run)}"
    if run.request.dry_run:
        yield "  Dry run: nothing will be written."


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
            yield f"    left out: {some(count, one)} {sentences.left_out(reason)}."
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
