"""Pairs of accounts that take no part in a run: does another account show their activity now?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from include.calsync.core.model import ActivityView
from include.calsync.core.observations import is_live
from include.calsync.core.planning.facts import NONE, Asked, Facts, Hold, Holder, State
from include.calsync.core.planning.row_format import ROW_FORMAT
from include.calsync.core.records import LinkHead, Payload, whole
from include.calsync.core.run_records import Held
from include.calsync.flows import moves
from include.calsync.flows.pairs import payload_of
from include.calsync.flows.planning.guarded import limits_of
from include.calsync.flows.planning.leaving import fill_in
from include.calsync.flows.planning.seen import Seen
from include.calsync.flows.planning.shared import SharedMeetings
from include.calsync.flows.run_account import RunAccount

Rests = Callable[[RunAccount, tuple[str, int | str]], bool]
"""Whether an item of an account (its side and id) is set aside, and not to be tried yet: `Cases.rests`."""


class RestingPairs:
    """The facts of a run's pairs whose account rests."""

    def __init__(self, seen: Seen, shared: SharedMeetings, asked: Asked, now: datetime) -> None:
        self.seen, self.shared, self.asked, self.now = seen, shared, asked, now

    def facts(self, link: LinkHead, rests: Rests) -> tuple[RunAccount | None, Payload, Facts]:
        """Who shows the link's activity now, if anybody does; what a row about it says; and the facts."""
        activity, event = self.seen.of(link)
        held, heir = self.seen.held.get(link.id), None
        payload: Payload = {}
        older = held is not None and held.format != ROW_FORMAT
        copy = link.state == State.ACTIVE and self.shared.has_copy(link)
        if self.asked is Asked.SYNC and ((held is not None and not older) or is_live(activity)):
            payload = payload_of(whole(link), activity, event)
            if held is not None and not is_live(activity):
                fill_in(payload, held, "activity")
            view = ActivityView.from_json(payload["activity"])
            heir = moves.heir(link, view, self.seen.rests, self.seen.accounts.values(), self.now)
        waiting = heir is not None and rests(heir, ("events", link.event_id))
        hold = NONE
        if held is not None:
            hold = _hold(held, heir if not waiting else None, older=older)
        facts = Facts(
            holder=Holder.RESTS,
            asked=self.asked,
            state=State(link.state),
            copy=copy,
            heir=heir is not None,
            hold=hold,
            waiting=waiting,
            stirred=True,
        )
        return heir, payload, facts


def _hold(held: Held, heir: RunAccount | None, *, older: bool) -> Hold:
    """`heir`: None: nobody could carry out now what is decided."""
    if heir is None or held.state == "rejected":
        return Hold.STANDS  # an older one until its activity is seen again
    if held.state == "approved" and not older:
        return Hold.APPROVED
    return Hold.LAPSES if older or held.payload.get("limits") != limits_of(heir) else Hold.STANDS
