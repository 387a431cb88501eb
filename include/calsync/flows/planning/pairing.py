"""Who belongs with whom: items that no link knows, matcher after matcher, each with a line of facts.

Nothing is decided here. First comes what can't be read, what earlier runs left, what a lost request created and what
a mark names (`first`); then, once it is known which calendar has each meeting, what looks the same and all that is
only new (`rest`).
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

from include.calsync.core import adopt
from include.calsync.core.diff import Diff
from include.calsync.core.limits import SUBJECT, shorten
from include.calsync.core.marks import Mark, read_mark
from include.calsync.core.model import ActivityView, EventView, Origin
from include.calsync.core.moved_times import move_activity, move_event
from include.calsync.core.observations import Observation
from include.calsync.core.planning.facts import NONE
from include.calsync.core.planning.new_facts import Found, Item, Marked, NewFacts
from include.calsync.core.policy import Side
from include.calsync.core.series import is_occurrence
from include.calsync.core.title import NO_TITLE
from include.calsync.errors import Defect, Unreadable
from include.calsync.flows.border import border
from include.calsync.flows.planning import transfers
from include.calsync.flows.planning.intents import OpenIntents, is_untouched
from include.calsync.flows.planning.linked import LinkedPairs
from include.calsync.flows.planning.new_cases import NewCase, NewCases, alone, belongs, origin_of
from include.calsync.flows.planning.rows import Rows
from include.calsync.flows.planning.seen import Seen
from include.calsync.flows.run_account import RunAccount


class Pairing:
    """The new items of a run. Each is in the cases of an account at most once; what is taken is free no more."""

    def __init__(
        self,
        seen: Seen,
        rows: Rows,
        found: Diff,
        linked: LinkedPairs,
        resend_after: timedelta,
        removed: Collection[tuple[str, int]],
    ) -> None:
        """`removed`: activities (company and id) whose event we once removed; they come back however old they are."""
        self.seen, self.shared = seen, linked.shared
        self.intents = OpenIntents(seen, linked.now, resend_after)
        self.cases = NewCases(seen, rows, linked, self.intents, removed)
        self.asked = self.cases.asked
        activities, events = list(seen.activities.values()), list(seen.events.values())
        self.activities = {
            (activities[at].scope, int(activities[at].item_id)): activities[at] for at in found.new_activities
        }
        self.events = {(events[at].account_id, events[at].item_id): events[at] for at in found.new_events}
        self._owned: dict[tuple[str, object], list[Observation]] = defaultdict(list)
        for row in activities:
            self._owned[row.scope, (row.raw or {}).get("owner_id")].append(row)
        self._events_of: dict[int, list[str]] = defaultdict(list)
        for account_id, event_id in self.events:
            self._events_of[account_id].append(event_id)
        self.failed: dict[int, Exception] = {}
        """Accounts that can't be planned."""

    def first(self) -> list[NewCase]:
        """What is more than just new. What becomes of its meetings is settled next."""
        cases = [*self._unreadable(), *self._left()]
        # Before the marks: what one names may be back after another was made in its place.
        for account in self.seen.accounts.values():
            with self._alone(account):
                cases += self._of_lost_requests(account)
        return [*cases, *self._by_mark()]

    def rest(self) -> list[NewCase]:
        """What looks the same, and what is only new: account by account, first the pairs, then the activities."""
        cases: list[NewCase] = []
        for account in self.seen.accounts.values():
            if account.id not in self.failed:
                with self._alone(account):
                    cases += self._of_account(account)
        return cases

    @contextmanager
    def _alone(self, account: RunAccount) -> Iterator[None]:
        """What fails unforeseen while all of an account's items are looked at fails that account."""
        try:
            with border(f"account {account.name}"):
                yield
        except (Defect, Unreadable) as error:
            self.failed[account.id] = error

    # Matchers.

    def _unreadable(self) -> Iterator[NewCase]:
        """No harm is done, but somebody should hear of them."""
        known = {(link.company_id, str(link.activity_id)) for link in self.seen.links}
        known |= {(link.calendar_id, link.event_id) for link in self.seen.links}
        for row in (*self.seen.activities.values(), *self.seen.events.values()):
            if row.status != "unreadable" or (row.scope, row.item_id) in known:
                continue
            for account in self.seen.accounts.values():
                if row.account_id == account.id or (row.side == Side.ACTIVITY and belongs(account, row)):
                    yield self.cases.unreadable(account, row)

    def _left(self) -> Iterator[NewCase]:
        """What earlier runs were still to remove: it is none of the new ones."""
        for account, former in transfers.left(self.seen):
            event = self.events.pop((account.id, former.event_id), None)
            if event is not None:
                yield self.cases.left(account, event, former)

    def _by_mark(self) -> Iterator[NewCase]:
        """Events that say to whom they belong: the mapping was lost, or a run died before it was stored."""
        homes = {(link.company_id, link.activity_id): link.calendar_id for link in self.seen.links}
        for (account_id, event_id), row in list(self.events.items()):
            mark = read_mark(row.raw)
            account = self.seen.accounts.get(account_id)
            if account is None or mark is None or mark.event_id != event_id or mark.company_id != account.company_id:
                continue
            home = homes.get((mark.company_id, mark.activity_id), account.calendar_id)
            case = alone(NewCase(account, None, row), partial(self._marked, account, row, mark, home))
            if case is not None:
                self.events.pop((account_id, event_id), None)
                yield case

    def _marked(self, account: RunAccount, row: Observation, mark: Mark, home: str | None) -> NewCase | None:
        """The case of an event that has a mark; None: it is like any other event."""
        activity = self.activities.get((account.company_id, mark.activity_id))
        if activity is not None:
            return self._pair(account, activity, row, Found.MARK, mark.origin)
        if self.intents.is_open(account, row.item_id) or self.shared.is_shared(account, row):
            return None
        old, mark_names = self.cases.is_old(account, row), Marked.NOT_FOUND
        if home != account.calendar_id:
            mark_names = Marked.ELSEWHERE  # left behind when its activity went there; found if it is back
        elif not old:
            return None
        return NewCase(account, None, row, NewFacts(item=Item.EVENT, asked=self.asked, mark=mark_names, old=old))

    def _of_lost_requests(self, account: RunAccount) -> Iterator[NewCase]:
        mine = {key[1]: row for key, row in self.activities.items() if key[0] == account.company_id}
        for event_id, activity in self.intents.match(account, mine):
            event = self.events.get((account.id, event_id))
            if event is None or not self.intents.adopts(event_id):
                del self.activities[account.company_id, int(activity.item_id)]
                self.events.pop((account.id, event_id), None)
                facts = NewFacts(item=Item.ACTIVITY, found=Found.LOST_REQUEST, asked=self.asked)
                yield NewCase(account, activity, None, facts)
            else:
                case = self._pair(account, activity, event, Found.LOST_REQUEST, origin_of(account, event))
                yield dataclasses.replace(case, as_sent=is_untouched(activity))

    def _of_account(self, account: RunAccount) -> Iterator[NewCase]:
        yield from self._of_other_types(account)
        mine = self._owned[account.company_id, account.user_id]
        keys = ((row.scope, int(row.item_id)) for row in mine if belongs(account, row))
        activities = {key[1]: self.activities[key] for key in keys if key in self.activities}
        places = ((account.id, event_id) for event_id in self._events_of[account.id])
        events = {place[1]: self.events[place] for place in places if place in self.events}
        found = adopt.look_alikes(
            [(str(key), ActivityView.from_json(row.view)) for key, row in sorted(activities.items())],
            [(key, _comparable(account, row)) for key, row in sorted(events.items())],
            account.policy,
        )
        for key, event_id in found.pairs:
            activity, event = activities.pop(int(key)), events.pop(event_id)
            own_title = EventView.from_json(event.view).title == ActivityView.from_json(activity.view).subject
            origin = Origin.GOOGLE if own_title or is_occurrence(event.raw) else Origin.PIPEDRIVE
            yield self._pair(account, activity, event, Found.LOOKS, origin)
        for activity_id, row in activities.items():
            case, ambiguous = NewCase(account, row, None), str(activity_id) in found.ambiguous_activities
            yield alone(case, partial(self.cases.activity, case, row, ambiguous=ambiguous))
        for event_id, row in events.items():
            case, ambiguous = NewCase(account, None, row), event_id in found.ambiguous_events
            yield alone(case, partial(self.cases.event, case, row, ambiguous=ambiguous))

    def _of_other_types(self, account: RunAccount) -> Iterator[NewCase]:
        """Activities of this user that no account of the run syncs: who set a filter should see that it does it."""
        mine = (account.company_id, account.user_id)
        others = [each for each in self.seen.accounts.values() if (each.company_id, each.user_id) == mine]
        for row in self._owned[mine]:
            unlinked = (row.scope, int(row.item_id)) in self.activities
            if unlinked and not any(belongs(other, row) for other in others):
                yield NewCase(account, row, None, NewFacts(item=Item.ACTIVITY, asked=self.asked, shown=False))

    def _pair(
        self, account: RunAccount, activity: Observation, event: Observation, found: Found, origin: Origin
    ) -> NewCase:
        """What belongs together is free no more, but for an activity that the account does not show."""
        self.events.pop((event.account_id, event.item_id), None)
        case = self.cases.pair(account, activity, event, found, origin)
        if case.facts.leaves == NONE:
            del self.activities[activity.scope, int(activity.item_id)]
        return case


def _comparable(account: RunAccount, event: Observation) -> EventView:
    """An event for the search of look-alikes. Only content tells whose an occurrence is: it is looked for as the
    activity that was made of it, which holds whole minutes, one day, no length of zero and always a subject."""
    view = EventView.from_json(event.view)
    if not is_occurrence(event.raw):
        return view
    when = move_event(move_activity(view.when, None, None), None, None, account.policy.default_duration)
    return dataclasses.replace(view, title=shorten(view.title, SUBJECT) or NO_TITLE, when=when)
