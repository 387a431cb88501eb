"""An activity that gets another owner takes its event along: the new one is inserted before the old one is removed.

Two rows, each of the account whose calendar it writes to. The new owner's inserts the event and re-points the link in
one transaction, which also notes that the old event is still to be removed (`former.leaves`). The old owner's removes
it, after all inserts of the run, and only if it is noted so. What dies in between the next run finds noted.
"""

from __future__ import annotations

from collections.abc import Iterator

from include.calsync.core.decide import Action, out_of_scope
from include.calsync.core.model import ActivityView
from include.calsync.core.observations import is_live
from include.calsync.core.planning.facts import NONE, NewOwner
from include.calsync.core.policy import Side
from include.calsync.core.records import Former, Link, LinkHead, Payload
from include.calsync.flows import moves
from include.calsync.flows.planning.rows import Rows
from include.calsync.flows.planning.seen import Seen, activity_key, event_key
from include.calsync.flows.run_account import RunAccount
from include.calsync.store import formers
from include.calsync.store.transaction import Connection

CAUSE = "other_owner"


def taker_of(seen: Seen, link: LinkHead, view: ActivityView) -> RunAccount | None:
    """The account at work that shows the activity from here on."""
    return moves.taker(view, link.company_id, seen.accounts.values())


def new_owner(seen: Seen, link: LinkHead, view: ActivityView) -> str:
    """What the account of the activity's new owner does in this run; none: no account shows it, its event only goes."""
    if taker_of(seen, link, view) is not None:
        return NewOwner.WORKS
    return NewOwner.ABSENT if (link.company_id, view.owner_id) in seen.absent else NONE


def plan(rows: Rows, taker: RunAccount, account: RunAccount, link: Link, payload: Payload) -> None:
    """Plan that the event of this link goes to its activity's new owner."""
    rows.create(taker, Action.CREATE_EVENT, payload.copy(), link, reason="given to this account's user")
    rows.out[-1].event_id = None  # it is yet to be made
    rows.add(account, Action.REMOVE_EVENT, payload, link, reason=CAUSE, side=Side.ACTIVITY)


def left(seen: Seen) -> Iterator[tuple[RunAccount, Former]]:
    """The events that earlier runs left to be removed, with the accounts whose calendars they are in."""
    accounts = {account.calendar_id: account for account in reversed(seen.accounts.values())}
    for former in seen.leaving:
        if former.calendar_id in accounts:
            yield accounts[former.calendar_id], former


def is_back(seen: Seen, account: RunAccount, former: Former) -> bool:
    """Whether the activity belongs here again: then its event is found under its id, and linked."""
    activity = seen.activities.get(activity_key(former.company_id, former.activity_id))
    if activity is None or not is_live(activity):
        return False
    return out_of_scope(ActivityView.from_json(activity.view), account.policy) is None


def remember(conn: Connection, seen: Seen) -> None:
    """What is not there any more is not ours to remove, should a person bring it back."""
    calendars = {account.calendar_id: account.id for account in seen.accounts.values()}
    for former in seen.leaving if not seen.uploads else ():
        event = seen.events.get(event_key(former.calendar_id, former.event_id))
        tried = (calendars.get(former.calendar_id), "events", former.event_id) in seen.aside
        gone = not tried if event is None else event.status == "deleted" and event.error is None
        if gone and former.calendar_id in calendars:
            formers.left(conn, former.calendar_id, former.event_id)
