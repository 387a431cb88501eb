"""Open intents: activities that may have been created although nobody heard of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from include.calsync.core import adopt
from include.calsync.core.field_sets import FIELD_SET
from include.calsync.core.fields import unsupported
from include.calsync.core.model import ActivityView, EventView, Origin, When, digest
from include.calsync.core.observations import Observation, is_vanished
from include.calsync.core.records import Columns, Intent
from include.calsync.core.stamps import stamp
from include.calsync.core.title import Rendered
from include.calsync.core.when import due_at
from include.calsync.core.written import Written
from include.calsync.flows import aside
from include.calsync.flows.planning.seen import Seen, event_key
from include.calsync.flows.run_account import RunAccount
from include.calsync.store import mapping
from include.calsync.store.transaction import Connection

# Clocks may disagree, and a request may take its time.
SENT_BEFORE, SENT_AFTER = timedelta(minutes=1), timedelta(minutes=2)


class OpenIntents:
    """The intents of a run's accounts, and what became of them."""

    def __init__(self, seen: Seen, now: datetime, resend_after: timedelta) -> None:
        self.seen, self.now, self.resend_after = seen, now, resend_after
        self._over: list[Intent] = []
        self._orphans: list[tuple[Intent, Observation]] = []

    def is_open(self, account: RunAccount, event_id: str) -> bool:
        """Whether the event's activity may have been created."""
        return any((row.account_id, row.event_id) == (account.id, event_id) for row in self.seen.intents)

    def waits(self, account: RunAccount, event_id: str) -> bool:
        """Whether the event's activity may still appear, so that it must not be created again yet."""
        mine = (row for row in self.seen.intents if (row.account_id, row.event_id) == (account.id, event_id))
        return any(not self._is_old(row) for row in mine)

    def match(self, account: RunAccount, activities: Mapping[int, Observation]) -> list[tuple[str, Observation]]:
        """Event ids with the activities that were created for them, among unlinked ones (by id)."""
        mine = {row.event_id: row for row in self.seen.intents if self._concerns(row, account)}
        if not mine:
            return []
        own = {key: row for key, row in sorted(activities.items()) if row.raw.get("owner_id") == account.user_id}
        wanted = [(row.event_id, row.subject, When.from_json(row.when)) for row in mine.values()]
        added = [(key, ActivityView.from_json(row.view)) for key, row in own.items() if _in_time(row, mine.values())]
        found = dict(adopt.sent_before(wanted, added))
        rest = [one for one in wanted if one[0] not in found]
        edited = [one for one in added if one[0] not in found.values() and not is_untouched(own[one[0]])]
        found |= dict(adopt.sent_and_edited(rest, edited))
        pairs, orphans = [], []
        for event_id, row in mine.items():
            activity = own[found[event_id]] if event_id in found else None
            event = self.seen.events.get(event_key(row.calendar_id, event_id))
            away = row.account_id != account.id or (event is not None and not _can_be_adopted(event))
            if activity is not None and away:
                orphans.append((row, activity))
            elif activity is not None:
                pairs.append((event_id, activity))
            elif self._is_old(row) and (event is None or event.status == "deleted" or is_vanished(event)):
                self._over.append(row)
        self._orphans += orphans
        return pairs + [(row.event_id, activity) for row, activity in orphans]

    def _concerns(self, intent: Intent, account: RunAccount) -> bool:
        """Whether what was created would be this account's activity: it may have got another calendar since."""
        rests = self.seen.rests.get(intent.account_id)
        return intent.account_id == account.id or (rests is not None and rests.user_id == account.user_id)

    def adopts(self, event_id: str) -> bool:
        """Whether a matched event is one that can be brought together with its activity."""
        return all(row.event_id != event_id for row, _ in self._orphans)

    def remember(self, conn: Connection) -> None:
        """End the intents whose event is gone or not synced here any more.

        What was created for it is linked as it was sent; the next run sees what became of the event since.
        """
        for row in self._over:
            mapping.drop_intent(conn, row.calendar_id, row.event_id)
        for row, activity in self._orphans:
            missed = is_vanished(self.seen.events.get(event_key(row.calendar_id, row.event_id)))
            since = {"vanished_since_run": self.seen.run_id if missed else None}
            mapping.add_link(conn, **_link_values(row, activity, self.now), **since)
            mapping.drop_intent(conn, row.calendar_id, row.event_id)
            reason = "what became of the event is to be seen"
            aside.put(conn, row.account_id, ("events", row.event_id), reason, self.now, failed=False)

    def _is_old(self, row: Intent) -> bool:
        return bool(self.now - row.attempted_at >= self.resend_after)


def _can_be_adopted(event: Observation) -> bool:
    return event.status == "live" and unsupported(event.raw) is None


def is_untouched(activity: Observation) -> bool:
    """Whether nobody edited an activity since it was added."""
    return bool(activity.raw.get("add_time") == activity.raw.get("update_time"))


def _in_time(activity: Observation, intents: Collection[Intent]) -> bool:
    """Whether an activity was added when one of the requests was under way; by our clock, like the intents' times."""
    edited, added = stamp(activity.raw.get("update_time")), stamp(activity.raw.get("add_time"))
    if not (added and edited and activity.stamp):
        return True
    at = added - (edited - activity.stamp)
    return any(row.attempted_at - SENT_BEFORE <= at <= row.attempted_at + SENT_AFTER for row in intents)


def _link_values(intent: Intent, activity: Observation, now: datetime) -> Columns:
    view, when = ActivityView.from_json(activity.view), When.from_json(intent.when)
    event = EventView(title=intent.subject, when=when, place=view.place, description=view.description, busy=view.busy)
    title = Rendered(text=intent.subject, prefix="", suffix="", subject=intent.subject)
    return {
        "account_id": intent.account_id,
        "company_id": intent.company_id,
        "activity_id": int(activity.item_id),
        "calendar_id": intent.calendar_id,
        "event_id": intent.event_id,
        "origin": str(Origin.GOOGLE),
        "base_activity": view.to_json(),
        "base_event": event.to_json(),
        "activity_digest": digest(view),
        "event_digest": digest(event),
        "field_set": FIELD_SET,
        "rendered": Written(title).to_json(),
        "activity_raw": activity.raw,
        "marked": intent.series_id is not None,
        "series_id": intent.series_id,
        "original_start": intent.original_start,
        "meeting": intent.meeting,
        "due_at": due_at(view.when),
        "updated_at": now,
    }
