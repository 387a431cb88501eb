"""New items as the rules ask about them: a line of facts each. Nothing is decided here."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypedDict, TypeVar

from include.calsync.core.decide import out_of_scope, too_old
from include.calsync.core.fields import unsupported
from include.calsync.core.model import ActivityView, EventView, Origin
from include.calsync.core.observations import Observation, is_unread
from include.calsync.core.planning.facts import NONE, Asked
from include.calsync.core.planning.new_facts import Found, Item, NewFacts, Request, Unread
from include.calsync.core.policy import Side
from include.calsync.core.records import Former
from include.calsync.core.stamps import stamp
from include.calsync.errors import Defect, Unreadable
from include.calsync.flows.border import border
from include.calsync.flows.planning import transfers
from include.calsync.flows.planning.followed import own_mark
from include.calsync.flows.planning.intents import OpenIntents
from include.calsync.flows.planning.linked import LinkedPairs
from include.calsync.flows.planning.rows import Rows
from include.calsync.flows.planning.seen import Seen
from include.calsync.flows.run_account import RunAccount

Made = TypeVar("Made")
UNKNOWN = NewFacts()


class Ids(TypedDict):
    """The items of a row."""

    activity_id: int | None
    event_id: str | None


@dataclass(frozen=True)
class NewCase:
    """A new item, or two that belong together, and the facts. `error`: the facts can't be had.

    `as_sent`: nobody but us wrote the activity. `former`: the pair that the event is left of.
    """

    account: RunAccount
    activity: Observation | None
    event: Observation | None
    facts: NewFacts = UNKNOWN
    origin: Origin = Origin.PIPEDRIVE
    as_sent: bool = False
    former: Former | None = None
    error: Exception | None = None

    @property
    def item(self) -> Observation:
        """The one item; of two the event: what becomes of them is told of it."""
        item = self.event or self.activity
        assert item is not None
        return item

    @property
    def ids(self) -> Ids:
        """What a row about it names."""
        activity_id = int(self.activity.item_id) if self.activity is not None else None
        if self.former is not None:
            activity_id = self.former.activity_id
        return {"activity_id": activity_id, "event_id": self.event.item_id if self.event is not None else None}

    @property
    def side(self) -> Side:
        """On which side that is."""
        return Side.EVENT if self.event is not None else Side.ACTIVITY


class NewCases:
    """The facts of a run's new items."""

    def __init__(
        self, seen: Seen, rows: Rows, linked: LinkedPairs, intents: OpenIntents, removed: Collection[tuple[str, int]]
    ) -> None:
        """`removed`: activities (company and id) whose event we once removed; they come back however old they are."""
        self.seen, self.rows, self.rests, self.shared = seen, rows, linked.rests, linked.shared
        self.now = linked.now
        self.intents, self.removed = intents, removed
        self.asked = Asked(rows.upload.direction) if rows.upload is not None else Asked.SYNC

    def unreadable(self, account: RunAccount, row: Observation) -> NewCase:
        """The case of an item that can't be read."""
        activity, event = (row, None) if row.side == Side.ACTIVITY else (None, row)
        facts = NewFacts(
            item=Item.EVENT if event is not None else Item.ACTIVITY,
            asked=self.asked,
            unread=Unread.NO_ANSWER if is_unread(row) else Unread.NONSENSE,
            waiting=self.rests(account, (row.side, row.item_id)),
        )
        return NewCase(account, activity, event, facts)

    def left(self, account: RunAccount, event: Observation, former: Former) -> NewCase:
        """The case of an event that an earlier run was still to remove."""
        facts = NewFacts(
            item=Item.EVENT,
            found=Found.LEFT,
            asked=self.asked,
            waiting=self.rests(account, (event.side, event.item_id)),
            back=transfers.is_back(self.seen, account, former),
            allowed=account.policy.of_pair(event.raw, Origin(former.origin)).may_write(Side.EVENT),
        )
        return NewCase(account, None, event, facts, former=former)

    def pair(
        self, account: RunAccount, activity: Observation, event: Observation, found: Found, origin: Origin
    ) -> NewCase:
        """The case of two that belong together. An activity that the account does not show may be another's by now."""
        leaves = out_of_scope(ActivityView.from_json(activity.view), account.policy)
        facts = NewFacts(item=Item.PAIR, found=found, asked=self.asked, leaves=leaves or NONE)
        return NewCase(account, activity, event, facts, origin)

    def activity(self, case: NewCase, row: Observation, *, ambiguous: bool) -> NewCase:
        """The case of an activity that is only new."""
        account, view = case.account, ActivityView.from_json(row.view)
        stamps = (stamp(row.raw.get("update_time")), stamp(row.raw.get("add_time")))
        facts = NewFacts(
            item=Item.ACTIVITY,
            asked=self.asked,
            leaves=out_of_scope(view, account.policy) or NONE,
            old=too_old(stamps, account.activities_connected_at or self.now),
            removed=(row.scope, int(row.item_id)) in self.removed,
            named=self.rows.wanted(view),
            allowed=account.policy.may_create(Side.EVENT),
            ambiguous=ambiguous,
            waiting=self.rests(account, (row.side, row.item_id)),
        )
        return dataclasses.replace(case, facts=facts)

    def event(self, case: NewCase, row: Observation, *, ambiguous: bool) -> NewCase:
        """The case of an event that is only new."""
        account, request = case.account, NONE
        if self.intents.is_open(account, row.item_id):
            request = Request.RECENT if self.intents.waits(account, row.item_id) else Request.OLD
        facts = NewFacts(
            item=Item.EVENT,
            asked=self.asked,
            obstacle=unsupported(row.raw) or NONE,
            copy=(account.id, row.item_id) in self.shared.copies,
            old=self.is_old(account, row),
            request=request,
            named=self.rows.in_range(EventView.from_json(row.view).when),
            allowed=_may_have_an_activity(account, row),
            ambiguous=ambiguous,
            waiting=self.rests(account, (row.side, row.item_id)),
        )
        return dataclasses.replace(case, facts=facts, origin=origin_of(account, row))

    def is_old(self, account: RunAccount, row: Observation) -> bool:
        """Whether nobody created or edited the event since the account was connected."""
        stamps = (stamp(row.raw.get("updated")), stamp(row.raw.get("created")))
        return too_old(stamps, account.events_connected_at or self.now)


def alone(case: NewCase, made: Callable[[], Made]) -> Made | NewCase:
    """What is made of a case of one item; what fails unforeseen is that item's alone."""
    try:
        with border(f"account {case.account.name}: {case.side} {case.item.item_id}"):
            return made()
    except (Defect, Unreadable) as error:
        return dataclasses.replace(case, error=error)


def belongs(account: RunAccount, row: Observation) -> bool:
    """Whether it is an activity of the account's user, and of a type that it shows."""
    if row.scope != account.company_id or (row.raw or {}).get("owner_id") != account.user_id:
        return False
    types = account.policy.activity_types
    return types is None or row.raw.get("type") in types


def _may_have_an_activity(account: RunAccount, row: Observation) -> bool:
    """An event that was made for an activity is Pipedrive's: also where events are not imported it comes back."""
    if account.policy.may_create(Side.ACTIVITY):
        return True
    return account.policy.may_write(Side.ACTIVITY) and origin_of(account, row) is Origin.PIPEDRIVE


def origin_of(account: RunAccount, event: Observation) -> Origin:
    """Where an unlinked event's pair was born, if it had one."""
    mark = own_mark(event, {event.account_id: account})
    return mark.origin if mark is not None else Origin.GOOGLE
