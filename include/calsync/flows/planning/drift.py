"""Drift: where the two sides and the mapping were found to disagree, as a comparison of both sides reports it.

* missing: one item of a pair is gone, or is not found any more
* extra: an item of one side that belongs into a pair and is in none
* differing: a pair whose sides do not show the same, or whose event lost our properties
* orphaned: a link whose items are both gone, or whose account is no longer in use

What people did since the last sync is among it: a comparison can't tell it from what a sync missed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from include.calsync.core.decide import Action
from include.calsync.core.diff import Diff
from include.calsync.core.model import Change
from include.calsync.core.observations import is_live, is_lost, is_missing
from include.calsync.core.planning.wanted import changes_of
from include.calsync.core.policy import Side
from include.calsync.core.records import LinkHead
from include.calsync.core.run_records import NewRow
from include.calsync.flows.planning.seen import Seen
from include.calsync.flows.run_account import RunAccount

KINDS = ("missing", "extra", "differing", "orphaned")
# Written by no merge, but not the same on both sides either.
DIFFERING = frozenset({Action.MARK, Action.REMOVE_EVENT, Action.QUARANTINE, Action.WAIT})


@dataclass(frozen=True)
class Drift:
    """One disagreement, and what the run does about it."""

    account: RunAccount
    kind: str
    activity_id: int | None
    event_id: str | None
    repair: str


def drift_of(seen: Seen, found: Diff, rows: list[NewRow], unused: set[int]) -> list[Drift]:
    """The disagreements behind a plan: first those of links, in their order, then items without one.

    `unused`: accounts that are configured no more.
    """
    planned = {row.link_id: row for row in rows if row.link_id is not None}
    out = list(_of_links(seen, found, planned, unused))
    for row in rows:
        account = seen.accounts.get(row.account_id)
        if row.link_id is None and account is not None:
            out.append(Drift(account, "extra", row.activity_id, row.event_id, _repair(row)))
    return out


def counts_of(drifts: list[Drift], account: RunAccount) -> dict[str, int]:
    """How many of each kind, all kinds named."""
    counted = Counter(drift.kind for drift in drifts if drift.account is account)
    return {kind: counted[kind] for kind in KINDS}


def _of_links(seen: Seen, found: Diff, planned: dict[int, NewRow], unused: set[int]) -> Iterator[Drift]:
    changes = zip(found.links["activity_change"], found.links["event_change"], strict=True)
    for link, (activity, event) in zip(seen.links, changes, strict=True):
        account = seen.accounts.get(link.account_id)
        row = planned.get(link.id)
        if account is None:
            heir = _heir(seen, link) if link.account_id in unused else None
            if heir is not None:
                repair = _repair(row) if row is not None else "none: its account is not in use"
                yield Drift(heir, "orphaned", link.activity_id, link.event_id, repair)
            continue
        kind = _kind(seen, link, Change(activity), Change(event), row)
        if kind is not None:
            yield Drift(account, kind, link.activity_id, link.event_id, _repair(row))


def _kind(seen: Seen, link: LinkHead, activity: Change, event: Change, row: NewRow | None) -> str | None:
    gone = [side for side in (activity, event) if side is Change.DELETED]
    if link.state == "detached":
        return "orphaned" if row is not None and row.action == Action.UNLINK else None
    if len(gone) == 2:
        return "orphaned"
    if gone or is_missing(seen.of(link)[0]) or is_lost(seen.of(link)[1]):
        return "missing"
    if row is None:
        return "differing" if Change.UPDATED in (activity, event) else None
    writes = any(changes_of(row.payload, side) for side in Side)
    return "differing" if writes or row.action in DIFFERING else None


def _heir(seen: Seen, link: LinkHead) -> RunAccount | None:
    """The account of the run whose user owns the activity."""
    activity, _ = seen.of(link)
    if activity is None or not is_live(activity):
        return None
    owner = activity.raw.get("owner_id")
    mine = (one for one in seen.accounts.values() if one.company_id == link.company_id and one.user_id == owner)
    return next(mine, None)


def _repair(row: NewRow | None) -> str:
    if row is None:
        return "none yet"
    return str(row.action) if row.state == "planned" else f"{row.action}: {row.state}"
