"""What the review of a draft says beside the plan's rows: which pairs stay as they are, unsynced, and who is mailed."""

from __future__ import annotations

from collections.abc import Iterable

from include.calsync.core.decide import Action
from include.calsync.core.guests import outside_guests
from include.calsync.core.planning.wanted import changes_of
from include.calsync.core.policy import Side
from include.calsync.core.run_records import NewRow
from include.calsync.flows.planning.seen import Seen
from include.calsync.flows.run import Run
from include.calsync.flows.run_account import RunAccount
from include.calsync.store import configured, lookups
from include.calsync.store.transaction import Connection

PARTING = frozenset({Action.DETACH, Action.LET_GO})
"""Both items stay, and are a pair no more."""
MAILING = frozenset({Action.CREATE_EVENT, Action.DELETE_EVENT, Action.REMOVE_EVENT})


def count(conn: Connection, run: Run, seen: Seen, rows: Iterable[NewRow]) -> None:
    """Note both numbers with the accounts of a dry run that tries out a draft."""
    planned = [row for row in rows if row.state == "planned" or row.action in MAILING]
    for account in run.working():
        mine = [row for row in planned if row.account_id == account.id]
        parted = sum(row.action in PARTING for row in mine)
        account.counts["stays"] = parted + _left_behind(conn, run, account, seen, mine)
        account.counts["mailed"] = len({address for row in mine for address in _mailed(account, row)})


def _left_behind(conn: Connection, run: Run, account: RunAccount, seen: Seen, rows: Iterable[NewRow]) -> int:
    """Pairs of the account as it is, if the draft makes another one of it, that do not go along."""
    assert run.request.draft_id is not None
    draft = configured.draft(conn, run.request.draft_id, run.started_at)
    now_id = draft.account_id if draft is not None else None
    if now_id is None or now_id == account.id:
        return 0
    known = {link.id for link in seen.links if link.account_id == now_id}
    taken = {row.link_id for row in rows} & known
    return lookups.live_counts(conn, [now_id]).get(now_id, 0) - len(taken)


def _mailed(account: RunAccount, row: NewRow) -> list[str]:
    """Whom Google mails about a row, by `notify_guests`."""
    whom, event = account.settings.notify_guests, row.payload.get("event_raw") or {}
    if whom == "none" or not (row.action in MAILING or changes_of(row.payload, Side.EVENT)):
        return []
    own = account.policy.own if whom == "external" else frozenset()
    return outside_guests({"attendees": event.get("attendees")}, own)
