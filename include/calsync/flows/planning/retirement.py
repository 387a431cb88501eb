"""Planning of a retirement: all pairs of an account that takes no part any more end.

An event is removed if nothing is lost by that: the sync made it, it is as the sync left it, no guest was asked to it,
and its activity is there. All others stay, as do all activities: those are the company's.
"""

from __future__ import annotations

from include.calsync.core.decide import Action
from include.calsync.core.field_sets import completed
from include.calsync.core.marks import read_mark
from include.calsync.core.model import EventView, Origin
from include.calsync.core.observations import Observation, is_live
from include.calsync.core.policy import Side
from include.calsync.core.raw import Raw
from include.calsync.core.records import Link
from include.calsync.flows.pairs import payload_of
from include.calsync.flows.planning.rows import Rows
from include.calsync.flows.planning.seen import Seen
from include.calsync.flows.run import Run
from include.calsync.flows.run_account import RunAccount
from include.calsync.store import lookups, mapping
from include.calsync.store.transaction import Connection

REMOVED = "retired: the event is removed"
KEPT = "retired: events are kept"
AUTHORS = "retired: the author's event stays"
PARTED = "retired: what was parted stays"
LAST = "retired: its activity is gone, and the event stays"
EDITED = "retired: what was edited stays"
GUESTS = "retired: what has guests stays"
GONE = "retired: the event is gone"
RULES = (REMOVED, KEPT, AUTHORS, PARTED, LAST, EDITED, GUESTS, GONE)
"""In place of rules: what becomes of a pair."""
REASON = "the account is retired"
PAIRED = frozenset({"active", "held", "removing"})
BEGUN = ("detached", "event_deleted")
"""State and cause of a pair whose event an earlier run was about to remove."""


class Retirement:
    """Makes the rows of a retirement."""

    def __init__(self, conn: Connection, run: Run, seen: Seen, rows: Rows) -> None:
        assert run.request.retire is not None
        self.asked, self.seen, self.rows = run.request.retire, seen, rows
        heads = {account_id: lookups.all_of(conn, account_id) for account_id in seen.accounts}
        links = mapping.whole(conn, [head.id for each in heads.values() for head in each])
        self.links = {account_id: [links[head.id] for head in each] for account_id, each in heads.items()}

    def plan(self) -> None:
        """Add the rows, by when their items are."""
        for account_id, links in self.links.items():
            account = self.seen.accounts[account_id]
            for link in links:
                with self.rows.alone(account, Side.EVENT, link.event_id, link):
                    self._one(account, link)

    def _one(self, account: RunAccount, link: Link) -> None:
        activity, event = self.seen.of(link)
        payload = payload_of(link, activity, event)
        payload["decided"] = {"hold": None, "by": self.asked.by}
        payload["retires"], payload["cause"] = True, "event_deleted"
        if event is not None and event.status == "unreadable":
            self.rows.set_aside(account, Side.EVENT, link.event_id, event.error or "it can't be read", link)
            return
        rule = self._rule(account, link, activity, event)
        action = Action.UNLINK
        if rule == REMOVED:
            action, payload["takes_back"] = Action.DELETE_EVENT, True
        elif is_live(event) and account.policy.may_write(Side.EVENT) and self._is_named(link, event.raw):
            action = Action.LET_GO
        with self.rows.by(rule):
            self.rows.add(account, action, payload, link, reason=REASON)

    def _rule(self, account: RunAccount, link: Link, activity: Observation | None, event: Observation | None) -> str:
        if not is_live(event):
            return GONE
        if self.asked.events == "keep" or not account.policy.may_write(Side.EVENT):
            return KEPT
        if link.origin != Origin.PIPEDRIVE:
            return AUTHORS
        if link.state not in PAIRED and (link.state, link.cause) != BEGUN:
            return PARTED
        if not is_live(activity):
            return LAST
        view = EventView.from_json(event.view)
        if view != completed(link.base_event, view, link.field_set):
            return EDITED
        return GUESTS if _has_guests(event.raw) else REMOVED

    def _is_named(self, link: Link, event: Raw) -> bool:
        """Whether the event says that it is an installation's, and this pair's."""
        mark = read_mark(event)
        return (
            mark is not None
            and bool(mark.deployment)
            and (mark.event_id, mark.activity_id)
            == (
                link.event_id,
                link.activity_id,
            )
        )


def _has_guests(event: Raw) -> bool:
    """Whether anybody but the calendar itself was asked to come: people, or a room."""
    return any(not each.get("self") for each in event.get("attendees") or ())
