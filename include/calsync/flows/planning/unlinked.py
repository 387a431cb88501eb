"""Planning of items that no link knows: found again, recognised, created, or left, each with its reason."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from include.calsync.core import adopt
from include.calsync.core.decide import Action, out_of_scope, too_old
from include.calsync.core.diff import Diff
from include.calsync.core.fields import unsupported
from include.calsync.core.limits import SUBJECT, shorten
from include.calsync.core.marks import Mark, read_mark
from include.calsync.core.model import ActivityView, EventView, Origin
from include.calsync.core.policy import Side
from include.calsync.core.records import Former, Observation, is_unread
from include.calsync.core.series import is_occurrence
from include.calsync.core.stamps import stamp
from include.calsync.core.title import NO_TITLE
from include.calsync.core.when import move_activity, move_event
from include.calsync.errors import Defect, Unreadable
from include.calsync.flows.border import border
from include.calsync.flows.pairs import payload_of
from include.calsync.flows.planning import alike, transfers
from include.calsync.flows.planning.followed import own_mark
from include.calsync.flows.planning.intents import OpenIntents, is_untouched
from include.calsync.flows.planning.linked import LinkedPairs
from include.calsync.flows.planning.rows import Rows
from include.calsync.flows.planning.seen import Seen
from include.calsync.flows.run import Run, RunAccount


@dataclass(frozen=True)
class Formers:
    """What ended pairs of items that no link knows held: by company and activity, and by calendar and event."""

    of_activity: Mapping[tuple[str, int], Former]
    of_event: Mapping[tuple[str, str], Former]


class UnlinkedItems:
    """Items that no link knows: found again, recognised, created, or left, each with its reason."""

    def __init__(
        self,
        run: Run,
        seen: Seen,
        rows: Rows,
        found: Diff,
        linked: LinkedPairs,
        resend_after: timedelta,
        removed: Collection[int] = (),
        formers: Formers | None = None,
    ) -> None:
        """`removed`: activities whose event we once removed; they come back however old they are."""
        self.removed, self.formers = removed, formers or Formers({}, {})
        self.failed: dict[int, Exception] = {}
        """Accounts that can't be planned."""
        self.run, self.seen, self.rows, self.linked = run, seen, rows, linked
        self.now = linked.now
        self.intents = OpenIntents(seen, self.now, resend_after)
        activities, events = list(seen.activities.values()), list(seen.events.values())
        self.activities = {int(activities[at].item_id): activities[at] for at in found.new_activities}
        self.events = {(events[at].account_id, events[at].item_id): events[at] for at in found.new_events}

    def plan(self) -> None:
        self._report_unreadable()
        transfers.plan_left(self.seen, self.rows, self.events, self.linked.rests)
        self._readopt()
        for account in self.seen.accounts.values():
            with self._alone(account):
                self._match_intents(account)
        shared = self.linked.shared
        shared.settle(self.events)
        for account in self.seen.accounts.values():
            if account.id not in self.failed:
                with self._alone(account):
                    self._one_account(account)
        shared.add_reps()
        shared.plan_attendees()

    @contextmanager
    def _alone(self, account: RunAccount) -> Iterator[None]:
        """What fails unforeseen while all of an account's items are looked at fails that account."""
        try:
            with border(f"account {account.name}"):
                yield
        except (Defect, Unreadable) as error:
            self.failed[account.id] = error

    def _report_unreadable(self) -> None:
        """Unlinked items whose time means nothing: no harm is done, but somebody should hear of them."""
        known = {(link.company_id, str(link.activity_id)) for link in self.seen.links}
        known |= {(link.calendar_id, link.event_id) for link in self.seen.links}
        for row in (*self.seen.activities.values(), *self.seen.events.values()):
            if row.status != "unreadable" or (row.scope, row.item_id) in known:
                continue
            for account in self.seen.accounts.values():
                if row.account_id == account.id or (row.side == "activities" and self._belongs(account, row)):
                    if is_unread(row):
                        if not self.linked.rests(account, (row.side, row.item_id)):
                            self.rows.set_aside(account, Side(row.side), row.item_id, str(row.error))
                        continue
                    self.rows.skip(account, Side(row.side), "unreadable")
                    kind = "activity" if row.side == "activities" else "event"
                    account.notices.append(f"account {account.name}: {kind} {row.item_id} can't be read: {row.error}")

    def _readopt(self) -> None:
        """Events that say to whom they belong: the mapping was lost, or a run died before it was stored."""
        homes = {(link.company_id, link.activity_id): link.calendar_id for link in self.seen.links}
        for (account_id, event_id), row in list(self.events.items()):
            mark = read_mark(row.raw)
            account = self.seen.accounts.get(account_id)
            if account is None or mark is None or mark.event_id != event_id or mark.company_id != account.company_id:
                continue
            with self.rows.alone(account, Side.EVENT, event_id):
                home = homes.get((mark.company_id, mark.activity_id), account.calendar_id)
                self._readopt_one(account, row, mark, home)

    def _readopt_one(self, account: RunAccount, row: Observation, mark: Mark, home: str | None) -> None:
        activity = self.activities.get(mark.activity_id)
        if activity is not None and activity.scope == account.company_id:
            self._adopt(account, activity, row, mark.origin, "carries our properties")
        elif self.intents.is_open(account, row.item_id) or self.linked.shared.is_shared(account, row):
            return
        elif home != account.calendar_id:
            del self.events[account.id, row.item_id]  # left behind when its activity went there; found if it is back
            self.rows.skip(account, Side.EVENT, "other_calendar")
        elif too_old((stamp(row.raw.get("updated")), None), account.events_connected_at or self.now):
            del self.events[account.id, row.item_id]
            self.rows.skip(account, Side.EVENT, "activity_not_found")

    def _adopt(
        self,
        account: RunAccount,
        activity: Observation,
        event: Observation,
        origin: Origin,
        reason: str,
        *,
        as_sent: bool = False,
    ) -> None:
        del self.events[event.account_id, event.item_id]
        cause = out_of_scope(ActivityView.from_json(activity.view), account.policy)
        if cause is not None:  # the activity may be another account's by now
            self.rows.skip(account, Side.EVENT, cause)
            return
        del self.activities[int(activity.item_id)]
        payload = payload_of(None, activity, event, origin=origin) | {"as_sent": as_sent}
        activity_id = int(activity.item_id)
        self.rows.merge(account, payload, reason=reason, activity_id=activity_id, event_id=event.item_id)

    def _match_intents(self, account: RunAccount) -> None:
        for event_id, activity in self.intents.match(account, self.activities):
            event = self.events.get((account.id, event_id))
            if event is None or not self.intents.adopts(event_id):
                del self.activities[int(activity.item_id)]  # whatever becomes of it, it is not a new one
                self.events.pop((account.id, event_id), None)
            else:
                ours = is_untouched(activity)
                origin = _origin(account, event)
                self._adopt(account, activity, event, origin, "created by a lost request", as_sent=ours)

    def _one_account(self, account: RunAccount) -> None:
        self._count_other_types(account)
        activities = {key: row for key, row in self.activities.items() if self._belongs(account, row)}
        events = {key[1]: row for key, row in self.events.items() if key[0] == account.id}
        found = adopt.look_alikes(
            [(str(key), ActivityView.from_json(row.view)) for key, row in sorted(activities.items())],
            [(key, _comparable(account, row)) for key, row in sorted(events.items())],
            account.policy,
        )
        for activity_key, event_id in found.pairs:
            activity, event = activities.pop(int(activity_key)), events.pop(event_id)
            own_title = EventView.from_json(event.view).title == ActivityView.from_json(activity.view).subject
            origin = Origin.GOOGLE if own_title or is_occurrence(event.raw) else Origin.PIPEDRIVE
            self._adopt(account, activity, event, origin, alike.LOOKS_THE_SAME)
        for key, row in activities.items():
            with self.rows.alone(account, Side.ACTIVITY, key):
                self._activity(account, key, row, ambiguous=str(key) in found.ambiguous_activities)
        for event_id, row in events.items():
            if (account.id, event_id) in self.linked.shared.copies:
                self.rows.skip(account, Side.EVENT, "shared")
                continue
            with self.rows.alone(account, Side.EVENT, event_id):
                self._event(account, event_id, row, ambiguous=event_id in found.ambiguous_events)

    def _count_other_types(self, account: RunAccount) -> None:
        """Activities of this user that no account of the run syncs: who set a filter should see that it does it."""
        mine = (row for row in self.activities.values() if row.raw.get("owner_id") == account.user_id)
        for row in mine:
            if row.scope == account.company_id and not any(
                self._belongs(other, row) for other in self.seen.accounts.values()
            ):
                self.rows.skip(account, Side.ACTIVITY, "other_type")

    def _belongs(self, account: RunAccount, row: Observation) -> bool:
        if row.scope != account.company_id or (row.raw or {}).get("owner_id") != account.user_id:
            return False
        types = account.policy.activity_types
        return types is None or row.raw.get("type") in types

    def _activity(self, account: RunAccount, activity_id: int, row: Observation, *, ambiguous: bool) -> None:
        view = ActivityView.from_json(row.view)
        connected = account.activities_connected_at or self.now
        stamps = (stamp(row.raw.get("update_time")), stamp(row.raw.get("add_time")))
        options = self.run.request.upload
        reason = out_of_scope(view, account.policy)
        if options is None and not reason and activity_id not in self.removed and too_old(stamps, connected):
            reason = "before_connected"
        if options is not None and options.direction == "to_pipedrive":
            return
        if options is not None and not reason and not self.rows.wanted(view):
            reason = "not_asked_for"
        if not account.policy.may_create(Side.EVENT):
            reason = reason or "mode"
        if reason or ambiguous:
            self.rows.skip(account, Side.ACTIVITY, reason or "ambiguous")
            if ambiguous and not reason:
                account.notices.append(f"account {account.name}: activity {activity_id} may be one of several events")
        elif not self.linked.rests(account, (row.side, row.item_id)):
            former = self.formers.of_activity.get((account.company_id, activity_id))
            payload = payload_of(former, row, None, origin=Origin.PIPEDRIVE)
            make, reason = Action.CREATE_EVENT, "new activity"
            self.rows.create(account, make, payload, former, reason=reason, activity_id=activity_id)

    def _event(self, account: RunAccount, event_id: str, row: Observation, *, ambiguous: bool) -> None:
        options = self.run.request.upload
        if options is not None and options.direction == "to_google":
            return
        connected = account.events_connected_at or self.now
        stamps = (stamp(row.raw.get("updated")), stamp(row.raw.get("created")))
        reason = unsupported(row.raw)
        if not reason and not self.rows.in_range(EventView.from_json(row.view).when):
            reason = "not_asked_for"
        begun = options is not None or self.intents.is_open(account, event_id)
        if reason is None and not begun and too_old(stamps, connected):
            reason = "before_connected"
        if not self._may_have_an_activity(account, row):
            reason = reason or "mode"
        if reason or ambiguous:
            self.rows.skip(account, Side.EVENT, reason or "ambiguous")
            if ambiguous and not reason:
                account.notices.append(f"account {account.name}: event {event_id} may be one of several activities")
        elif not self.linked.rests(account, (row.side, row.item_id)):
            self._create_activity(account, event_id, row)

    def _may_have_an_activity(self, account: RunAccount, row: Observation) -> bool:
        """An event that was made for an activity is Pipedrive's: also where events are not imported it comes back."""
        if account.policy.may_create(Side.ACTIVITY):
            return True
        return account.policy.may_write(Side.ACTIVITY) and _origin(account, row) is Origin.PIPEDRIVE

    def _create_activity(self, account: RunAccount, event_id: str, row: Observation) -> None:
        former = self.formers.of_event.get((row.scope, event_id))
        payload = payload_of(former, None, row, origin=_origin(account, row))
        if self.intents.waits(account, event_id):
            reason = "the outcome of the last request is unknown"
            self.rows.wait(account, payload, reason=reason, event_id=event_id)
            return
        self.rows.create(account, Action.CREATE_ACTIVITY, payload, former, reason="new event", event_id=event_id)


def _origin(account: RunAccount, event: Observation) -> Origin:
    """Where an unlinked event's pair was born, if it had one."""
    mark = own_mark(event, {event.account_id: account})
    return mark.origin if mark is not None else Origin.GOOGLE


def _comparable(account: RunAccount, event: Observation) -> EventView:
    """An event for the search of look-alikes. Only content tells whose an occurrence is: it is looked for as the
    activity that was made of it, which holds whole minutes, one day, no length of zero and always a subject."""
    view = EventView.from_json(event.view)
    if not is_occurrence(event.raw):
        return view
    when = move_event(move_activity(view.when, None, None), None, None, account.policy.default_duration)
    return dataclasses.replace(view, title=shorten(view.title, SUBJECT) or NO_TITLE, when=when)
