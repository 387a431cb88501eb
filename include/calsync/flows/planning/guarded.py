"""The guard over a plan: too many deletions or edits of one account are held until a person decides."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta

from include.calsync.core.decide import DESTRUCTIVE, Action
from include.calsync.core.guard import Limit, message
from include.calsync.core.planning.wanted import changes_of
from include.calsync.core.policy import Side
from include.calsync.core.records import LinkHead
from include.calsync.core.run_records import Held, Limits, NewHold, NewRow
from include.calsync.core.words import BY_NOBODY, Absence
from include.calsync.flows.run import Run
from include.calsync.flows.run_account import RunAccount
from include.calsync.flows.services import Services
from include.calsync.store import changes as change_log
from include.calsync.store import lookups
from include.calsync.store.transaction import reading

log = logging.getLogger(__name__)
WINDOW = timedelta(hours=24)
MAX_DELETE = "max_delete"
"""Rule of a hold of deletions."""
BY_SETTING = "a setting was changed: "
"""Begins the reason of a removal that nobody's edit caused; in the log it counts as a deletion."""
SUSPECTED = "suspected"
"""State of a row whose deletion is not proven: never carried out; held, or dropped from the plan."""


def does_as_held(row: NewRow, held: Held) -> bool:
    """Whether a row does what was held: the same to the same item."""
    if row.action != held.action or row.action == Action.DETACH:
        return row.action == held.action
    if row.action == Action.MERGE:
        return all(changes_of(row.payload, side) == changes_of(held.payload, side) for side in Side)
    removed = "event" if row.action in (Action.DELETE_EVENT, Action.REMOVE_EVENT) else "activity"
    return bool(row.payload[removed] == held.payload[removed])  # type: ignore[literal-required]


def limits_of(account: RunAccount) -> Limits:
    """The account's limits, as stored with a hold: ratio and count of deletions, ratio and count of edits."""
    limits = account.settings
    return [limits.max_delete_ratio, limits.max_delete_count, limits.max_change_ratio, limits.max_change_count]


def guard(services: Services, run: Run, rows: list[NewRow], links: Iterable[LinkHead]) -> None:
    """Mark the rows over a limit as held, each with the hold that it belongs to; drop what is only suspected.

    `links`: heads of those that rows may be about.
    """
    homes = {link.id: link.account_id for link in links}
    rows_of: dict[int, list[NewRow]] = defaultdict(list)
    for row in rows:
        rows_of[row.account_id].append(row)
    for account in run.working():
        ours = rows_of[account.id]
        mine = [row for row in ours if row.state == "planned" and "decided" not in row.payload]
        changed = [row for row in mine if "changed_since" in row.payload]
        mine = [row for row in mine if "changed_since" not in row.payload]
        suspected = [row for row in ours if row.state == SUSPECTED]
        deletions = [row for row in mine + suspected if row.action in DESTRUCTIVE or _by_setting(row)]
        # What another calendar's account leaves behind is a share of that account's links.
        concerned = {account.id} | {homes[row.link_id] for row in deletions if row.link_id in homes}
        settings = account.settings
        limit = Limit(MAX_DELETE, settings.max_delete_ratio, settings.max_delete_count)
        groups = [_Group(limit, "deletions", deletions, DESTRUCTIVE, concerned)]
        if not account.settings_changed:
            limit = Limit("max_change", settings.max_change_ratio, settings.max_change_count)
            typed = [row for row in mine if row.action == Action.MERGE and row.reason not in BY_NOBODY]
            for written, what in (
                (Side.ACTIVITY, "edits made in Google"),
                (Side.EVENT, "edits made in Pipedrive"),
            ):
                edits = [row for row in typed if changes_of(row.payload, written)]
                groups.append(_Group(limit, what, edits, frozenset({Action.MERGE}), {account.id}, written))
        for group in groups:
            _check(services, account, group)
        if changed:
            _hold(account, _Group(Limit(CHANGED, 0, 0), "", changed, DESTRUCTIVE), f"{len(changed)} {CHANGED_TEXT}")
        for unproven, text in _UNPROVEN_TEXTS.items():
            rest = [row for row in suspected if row.state == SUSPECTED and row.payload["unproven"] == unproven]
            if rest:
                _hold(account, _Group(Limit(unproven, 0, 0), "", rest, DESTRUCTIVE), f"{len(rest)} {text}")
    rows[:] = [row for row in rows if row.state != SUSPECTED]


def _by_setting(row: NewRow) -> str | None:
    """The changed setting that an event would be removed for."""
    setting: str | None = row.payload.get("by_setting")
    return setting


CHANGED = "changed"
"""Rule of a hold of what was approved, and is something else by now."""
CHANGED_TEXT = (
    "changes held anew: they were approved, but their items were edited since. Look at them again under "
    "Required Actions."
)
_HIDDEN = (
    "activities are not found any more since what the Pipedrive connection's user may see was changed, or are refused "
    "to that user: they may be hidden, not deleted. Their events stay. Give that user the right to see them, or decide "
    "under Required Actions."
)
_OTHERS = (
    "events are gone that another installation of calsync had written to: it may have removed them. Their activities "
    "stay. Bring the events back, or decide under Required Actions."
)
_NOT_FOUND = (
    "events are not found any more, although their calendar answers and nobody says that they were deleted. Their "
    "activities stay. Bring the events back, or decide under Required Actions."
)
_UNPROVEN_TEXTS = {
    Absence.HIDDEN: _HIDDEN,
    Absence.OTHERS: _OTHERS,
    Absence.LOST: _NOT_FOUND,
}


@dataclass(frozen=True)
class _Group:
    """Rows that count against one limit, which may be a share of these accounts' links. `written`: which side's log
    entries count as recent ones."""

    limit: Limit
    what: str
    rows: list[NewRow]
    actions: frozenset[Action]
    account_ids: Collection[int] = ()
    written: str | None = None


def _check(services: Services, account: RunAccount, group: _Group) -> None:
    if not group.rows:
        return
    recent = _recent_count(services, account.id, group.actions, group.written)
    with reading(services.engine) as conn:
        link_count = sum(lookups.live_counts(conn, group.account_ids).values())
    if group.limit.exceeded(len(group.rows), recent, link_count):
        settings = Counter(setting for row in group.rows if (setting := _by_setting(row)))
        text = message(group.limit, group.what, len(group.rows), recent, link_count, settings)
        _hold(account, group, text)


def _hold(account: RunAccount, group: _Group, text: str) -> None:
    hold = NewHold(group.limit.rule, f"account {account.name}: {text}", limits_of(account))
    log.error("%s", hold.message)
    for row in group.rows:
        row.state, row.hold = "held", hold
        row.payload["limits"] = limits_of(account)
        if group.written is not None:
            row.payload["edited"] = str(Side.EVENT if group.written == Side.ACTIVITY else Side.ACTIVITY)
    account.notices.append(hold.message)


def _recent_count(services: Services, account_id: int, actions: frozenset[Action], side: str | None) -> int:
    also = (str(Action.REMOVE_EVENT), BY_SETTING) if actions == DESTRUCTIVE else None
    counted, since = sorted(str(action) for action in actions), services.clock() - WINDOW
    with reading(services.engine) as conn:
        return change_log.recent_count(conn, account_id, since, counted, also=also, side=side, but=BY_NOBODY)
